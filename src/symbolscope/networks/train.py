"""Train a sequence network on a number task until it answers it."""

import time
from collections.abc import Callable
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from symbolscope.errors import SymbolscopeError
from symbolscope.games.progress import ProgressBar
from symbolscope.networks.checkpoint import Progress, load_training, save_training
from symbolscope.networks.history import Check, History, Snapshot
from symbolscope.networks.trial_accuracy import trial_accuracy
from symbolscope.tasks.task import Task
from symbolscope.tasks.trials import Trials

_LARGEST_GRADIENT = 1.0
_CHECK_TRIALS = 1_000


def train(
    network: nn.Module,
    task: Task,
    *,
    steps: int = 20_000,
    batch: int = 128,
    rate: float = 5e-3,
    warm_up: int = 100,
    mode: str = "teacher-forced",
    n_fixed: int | None = None,
    stop_accuracy: float = 0.9999,
    check_every: int = 50,
    n_check: int = 10_000,
    seed: int = 0,
    checkpoint: str | PathLike[str] | None = None,
    checkpoint_every: int = 500,
    snapshots: bool = False,
    progress: bool | None = None,
    on_check: Callable[[Check], None] | None = None,
) -> History:
    """Train ``network`` in place on trials of ``task``, until it answers nearly all of them.

    Next-token cross-entropy over all tokens but padding (those that cannot be foreseen too), Adam with gradients of norm 1 at most
    and the rate

        rate * min(t / W, (t / W)^(-1/4))       at step t, W = warm_up

    Parameters
    ----------
    network
        Tokens int64 [b, L] to logits [b, L, V]; left in evaluation mode.
    task
        Trials come from its trained quantities.
    steps, batch, rate, warm_up
        At most so many optimiser steps of so many trials; largest rate and the step at which it is reached.
    mode
        "teacher-forced": the inputs are the trial's own tokens. "self-fed": the inputs at response positions are the network's own
        most likely tokens, so that it learns to go on from its mistakes; no gradient flows through the choice.
    n_fixed
        Train on this many trials drawn once; None draws fresh ones at every step.
    stop_accuracy
        Stop when this share of ``n_check`` fresh trials is answered right; asked every ``check_every`` steps.
    seed
        Of trials and dropout.
    checkpoint
        File to write every ``checkpoint_every`` steps. If it exists, training goes on from it, and ends with the same weights, bit
        for bit, as if it had never been interrupted.
    snapshots
        Keep the weights at every check, to see when a variable emerges.
    progress
        Show a progress bar; None shows one where the work is long and a person is watching.
    on_check
        Called with each check.

    Raises
    ------
    SymbolscopeError
        For settings that make no sense, or a checkpoint of another training.

    Source: the schedule and self-feeding are those of Grant, Goodman, McClelland, arXiv 2501.06141.

    Examples
    --------
    >>> import symbolscope as sy
    >>> task = sy.tasks.SingleObject(max_count=4)
    >>> network = sy.networks.GRU(task.vocabulary, width=16)
    >>> history = train(network, task, steps=400, progress=False)
    >>> history.accuracy > 0.9
    True
    """
    _check_settings(steps, batch, rate, warm_up, mode, n_fixed, check_every, checkpoint_every)
    device = next((parameter.device for parameter in network.parameters()), torch.device("cpu"))
    generator = np.random.default_rng(seed)
    fixed = None if n_fixed is None else task.sample(n_fixed, seed=generator)
    parameters = [parameter for parameter in network.parameters() if parameter.requires_grad]
    if not parameters:
        raise SymbolscopeError(f"{type(network).__name__} has no parameters to train")
    optimiser = torch.optim.Adam(parameters, lr=rate)
    settings: dict[str, Any] = {
        "network": f"{type(network).__name__} with {sum(parameter.numel() for parameter in parameters):,} parameters",
        "task": repr(task), "batch": batch, "rate": rate, "warm_up": warm_up, "mode": mode, "n_fixed": n_fixed,
        "check_every": check_every, "n_check": n_check, "stop_accuracy": stop_accuracy, "seed": seed,
    }  # fmt: skip
    began = time.perf_counter()
    state = Progress(0, (), 0.0)
    kept: list[Snapshot] = []
    reached = False
    with (
        torch.random.fork_rng(devices=[] if device.type == "cpu" else [device]),
        ProgressBar(steps, label="training steps", show=progress) as bar,
    ):
        torch.manual_seed(seed)
        if checkpoint is not None and Path(checkpoint).exists():
            state = load_training(checkpoint, network, optimiser, generator, settings)
        elif checkpoint is not None and not Path(checkpoint).parent.is_dir():
            raise SymbolscopeError(f"cannot write {checkpoint}: its folder does not exist; create it first")
        checks, step, before = list(state.checks), state.step, state.seconds
        # A training that had ended ends again at once: its last check is the one that ended it.
        reached = (
            bool(checks)
            and checks[-1].step == step
            and _confirmed(network, task, checks[-1], stop_accuracy, n_check, seed)
        )
        while step < steps and not reached:
            step += 1
            for group in optimiser.param_groups:
                group["lr"] = rate * min(step / warm_up, (step / warm_up) ** -0.25)
            trials = task.sample(batch, seed=generator) if fixed is None else _drawn(fixed, batch, generator)
            loss = _step(network, optimiser, parameters, trials, task.pad, mode, device)
            if step % check_every == 0 or step == steps:
                check = _check(network, task, step, loss, seed)
                checks.append(check)
                if snapshots:
                    weights = {name: tensor.detach().clone() for name, tensor in network.state_dict().items()}
                    kept.append(Snapshot(step, check.accuracy, weights))
                if on_check is not None:
                    on_check(check)
                reached = _confirmed(network, task, check, stop_accuracy, n_check, seed)
            if checkpoint is not None and (step % checkpoint_every == 0 or step == steps or reached):
                so_far = Progress(step, tuple(checks), before + time.perf_counter() - began)
                save_training(checkpoint, network, optimiser, generator, so_far, settings)
            bar.update(step, time.perf_counter())
    network.eval()
    held = (
        trial_accuracy(network, task, n_trials=n_check, counts=task.held_out, seed=seed + 2) if task.held_out else None
    )
    return History(
        checks=tuple(checks),
        steps=step,
        accuracy=trial_accuracy(network, task, n_trials=n_check, seed=seed + 1),
        held_out_accuracy=held,
        reached=reached,
        seconds=before + time.perf_counter() - began,
        snapshots=tuple(kept),
    )


def _step(
    network: nn.Module,
    optimiser: torch.optim.Optimizer,
    parameters: list[nn.Parameter],
    trials: Trials,
    pad: int,
    mode: str,
    device: torch.device,
) -> float:
    tokens = torch.from_numpy(trials.tokens).to(device)
    inputs, labels = tokens[:, :-1], tokens[:, 1:]
    if mode == "self-fed":
        inputs = _self_fed(network, inputs, torch.from_numpy(trials.scored[:, :-1]).to(device))
    network.train()
    logits = network(inputs)
    loss = nn.functional.cross_entropy(logits.flatten(0, 1), labels.flatten(), ignore_index=pad)
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    nn.utils.clip_grad_norm_(parameters, _LARGEST_GRADIENT)
    optimiser.step()
    return float(loss.detach())


def _self_fed(network: nn.Module, tokens: Tensor, own: Tensor) -> Tensor:
    """The tokens with the network's own choices where ``own`` is True.

    Choices are made for all positions at once and again with those choices as inputs, until none changes: in a causal network the
    first k choices are final after k rounds, and mostly all are after one or two.
    """
    network.eval()
    fed = tokens
    with torch.no_grad():
        for _ in range(tokens.shape[1]):
            chosen = nn.functional.pad(network(fed).argmax(dim=-1)[:, :-1], (1, 0))
            again = torch.where(own, chosen, tokens)
            if torch.equal(again, fed):
                break
            fed = again
    return fed


def _drawn(fixed: Trials, batch: int, generator: np.random.Generator) -> Trials:
    drawn = fixed.subset(generator.integers(len(fixed), size=batch))
    longest = int(drawn.lengths.max())
    return Trials(drawn.tokens[:, :longest], drawn.scored[:, :longest], drawn.quantities, drawn.lengths)


def _check(network: nn.Module, task: Task, step: int, loss: float, seed: int) -> Check:
    network.eval()
    fresh = np.random.default_rng([seed, step, 1])
    accuracy = trial_accuracy(network, task.sample(_CHECK_TRIALS, seed=fresh))
    held = None
    if task.held_out:
        held = trial_accuracy(network, task.sample(_CHECK_TRIALS, seed=fresh, counts=task.held_out))
    return Check(step, loss, accuracy, held)


def _confirmed(network: nn.Module, task: Task, check: Check, stop_accuracy: float, n_check: int, seed: int) -> bool:
    """Whether a promising check holds on ``n_check`` fresh trials."""
    if check.accuracy < stop_accuracy:
        return False
    network.eval()
    fresh = np.random.default_rng([seed, check.step, 2])
    return trial_accuracy(network, task.sample(n_check, seed=fresh)) >= stop_accuracy


def _check_settings(
    steps: int,
    batch: int,
    rate: float,
    warm_up: int,
    mode: str,
    n_fixed: int | None,
    check_every: int,
    checkpoint_every: int,
) -> None:
    given = {
        "steps": steps,
        "batch": batch,
        "warm_up": warm_up,
        "check_every": check_every,
        "checkpoint_every": checkpoint_every,
    }
    if n_fixed is not None:
        given["n_fixed"] = n_fixed
    for name, value in given.items():
        if value < 1:
            raise SymbolscopeError(f"{name} must be at least 1; got {value}")
    if not rate > 0:
        raise SymbolscopeError(f"rate must be positive; got {rate}")
    if mode not in ("teacher-forced", "self-fed"):
        raise SymbolscopeError(f'mode must be "teacher-forced" or "self-fed"; got {mode!r}')
