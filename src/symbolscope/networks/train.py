"""Train a sequence network on a task until it answers it."""

import math
import time
from collections.abc import Callable
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from symbolscope.core.argument_checks import (
    LARGEST_SEED,
    FilePath,
    Flag,
    Function,
    Network,
    Number,
    OneOf,
    WholeNumber,
)
from symbolscope.core.checked_call import takes
from symbolscope.core.gradient_mode import check_trainable, gradients
from symbolscope.core.random_streams import stream, stream_seed
from symbolscope.core.whole_file import as_path, check_writable
from symbolscope.errors import SymbolscopeError
from symbolscope.games.progress import ProgressBar
from symbolscope.networks.checkpoint import Progress, load_training, save_training
from symbolscope.networks.evaluation_mode import evaluation_mode, training_mode
from symbolscope.networks.history import Check, History, Snapshot
from symbolscope.networks.learning_rate import learning_rate
from symbolscope.networks.next_token import logits_at
from symbolscope.networks.reads_ahead import check_reads_no_later
from symbolscope.networks.self_fed import self_fed
from symbolscope.networks.sequence_network import SequenceNetwork
from symbolscope.networks.trial_accuracy import trial_accuracy
from symbolscope.tasks.described import described_task
from symbolscope.tasks.task import TASK, Task
from symbolscope.tasks.trials import Trials

_LARGEST_GRADIENT = 1.0
# Trials of a check; only one that finds the accuracy asked for is repeated on the full number.
_CHECK_TRIALS = 1_000
# A network that swings may pass one check by luck: so many in a row end the training.
_PASSED_IN_A_ROW = 2


@takes(
    {
        "network": Network(),
        "task": TASK,
        "steps": WholeNumber(),
        "batch": WholeNumber(most=10_000_000),
        "rate": Number(finite=False),
        "warm_up": WholeNumber(),
        "decay": Number(finite=False),
        "mode": OneOf(("teacher-forced", "self-fed")),
        "loss": OneOf(("all", "scored")),
        "n_fixed": WholeNumber(most=10_000_000),
        "stop_accuracy": Number(finite=False),
        "check_every": WholeNumber(),
        "n_check": WholeNumber(most=10_000_000),
        "seed": WholeNumber(most=LARGEST_SEED),
        "checkpoint": FilePath(),
        "checkpoint_every": WholeNumber(),
        "snapshots": Flag(),
        "progress": Flag(),
        "on_check": Function(),
    }
)
def train(
    network: nn.Module,
    task: Task,
    *,
    steps: int = 20_000,
    batch: int = 128,
    rate: float = 5e-3,
    warm_up: int = 100,
    decay: float = 0.25,
    mode: str = "teacher-forced",
    loss: str = "all",
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
    device: str | torch.device | None = None,
) -> History:
    """Train ``network`` in place on trials of ``task``, until it answers nearly all of them.

    Mean next-token cross-entropy, Adam, gradients of norm 1 at most, and the rate

        rate * min(t / W, (t / W)^-decay)       at step t = 1, 2, .., W = warm_up

    Trials and dropout of step t depend on the seed and t alone, so a training that was killed and is called again goes on from
    its checkpoint to the same weights, bit for bit, as if nothing had happened (on the same machine and number of threads).

    Parameters
    ----------
    network
        Tokens int64 [b, L] to logits [b, L, V]; left in evaluation mode, without gradients.
    task
        Trials come from its trained quantities.
    steps, batch
        At most so many optimiser steps of so many trials.
    rate, warm_up, decay
        Largest rate, the step at which it is reached, and the power with which it falls from there.
    mode
        "teacher-forced": the inputs are the trial's own tokens. "self-fed": the inputs at response positions are the network's own
        most likely tokens, so that it learns to go on from its mistakes; no gradient flows through the choice.
    loss
        "all": over all tokens but padding, those that nobody can foresee too. "scored": over those that the task determines.
    n_fixed
        Train on this many trials drawn once; None draws fresh ones at every step.
    stop_accuracy, check_every, n_check
        Stop when at least this share of ``n_check`` fresh trials is answered right at two checks in a row, each after
        ``check_every`` further steps.
    seed
        Of trials and dropout.
    checkpoint, checkpoint_every
        File to write every so many steps and in the end; if it exists, training goes on from it.
    snapshots
        Keep the weights at every check, to see when a variable emerges.
    progress
        Show a progress bar; None shows one where the work is long and a person is watching.
    on_check
        Called with each check.
    device
        Move the network there first; None leaves it where it is.

    Returns
    -------
    History.

    Raises
    ------
    SymbolscopeError
        For settings that make no sense, a network without parameters, a vocabulary other than the task's, a checkpoint of another
        network, task or settings (``checkpoint_every``, ``device`` and ``steps`` may differ) or further on than ``steps``, or a
        folder that does not exist.
    KeyboardInterrupt
        On Ctrl-C. The checkpoint, written whole or not at all, is that of the last multiple of ``checkpoint_every``.

    Source: the loss, the schedule and self-feeding are those of Grant, Goodman, McClelland, arXiv 2501.06141; fresh trials and the
    early end are not.

    Examples
    --------
    >>> import symbolscope as sy
    >>> task = sy.tasks.SingleObject(max_count=4)
    >>> network = sy.networks.LSTM(task.vocabulary, width=16)
    >>> history = train(network, task, n_check=1_000, progress=False)
    >>> history.reached, history.accuracy > 0.99
    (True, True)
    """
    settings: dict[str, Any] = {
        "batch": batch, "rate": rate, "warm_up": warm_up, "decay": decay, "mode": mode, "loss": loss,
        "n_fixed": n_fixed, "stop_accuracy": stop_accuracy, "check_every": check_every, "n_check": n_check, "seed": seed,
        "snapshots": snapshots,
    }  # fmt: skip
    _check_settings(settings | {"steps": steps, "checkpoint_every": checkpoint_every})
    path = _checked_path(checkpoint)
    vocabulary = getattr(network, "vocabulary", task.vocabulary)
    if vocabulary != task.vocabulary:
        raise SymbolscopeError(
            f"the network was made for the tokens {' '.join(vocabulary.tokens)}, the task has {' '.join(task.vocabulary.tokens)}; "
            "make it with task.vocabulary"
        )
    check_trainable(network)
    network = network if device is None else network.to(device)
    parameters = [parameter for parameter in network.parameters() if parameter.requires_grad]
    if not parameters:
        raise SymbolscopeError(f"{type(network).__name__} has no parameters to train")
    where = parameters[0].device
    check_reads_no_later(network, task)
    told = {f"task {name}": value for name, value in described_task(task).items()} if path is not None else {}
    settings = {"training": settings | told, "network": _described(network)}
    optimiser = torch.optim.Adam(parameters, lr=rate)
    state = Progress()
    if path is not None and path.exists():
        state = load_training(path, network, optimiser, settings, most_steps=steps)
    fixed = None if n_fixed is None else task.sample(n_fixed, seed=stream(seed, "fixed trials of a training"))
    begun = time.perf_counter() - state.seconds
    step, passed, checks, kept = state.step, state.passed, list(state.checks), list(state.snapshots)
    try:
        with (
            gradients(),
            training_mode(network),
            torch.random.fork_rng(devices=[] if where.type == "cpu" else [where], device_type=where.type),
            ProgressBar(steps, label="training steps", show=progress) as bar,
        ):
            while step < steps and passed < _PASSED_IN_A_ROW:
                step += 1
                for group in optimiser.param_groups:
                    group["lr"] = learning_rate(step, rate=rate, warm_up=warm_up, decay=decay)
                generator = stream(seed, "trials of a training step", step)
                trials = task.sample(batch, seed=generator) if fixed is None else _drawn(fixed, batch, generator)
                torch.manual_seed(stream_seed(seed, "dropout of a training step", step))
                mean_loss = _loss(network, trials, mode=mode, loss=loss, device=where)
                optimiser.zero_grad(set_to_none=True)
                mean_loss.backward()
                nn.utils.clip_grad_norm_(parameters, _LARGEST_GRADIENT)
                optimiser.step()
                if step % check_every == 0:
                    check = _check(network, task, step, float(mean_loss.detach()), n_check, seed)
                    checks.append(check)
                    if snapshots:
                        weights = {name: tensor.detach().cpu().clone() for name, tensor in network.state_dict().items()}
                        kept.append(Snapshot(step, check.accuracy, weights))
                    passed = passed + 1 if _passes(network, task, check, stop_accuracy, n_check, seed) else 0
                    if on_check is not None:
                        on_check(check)
                ended = step == steps or passed == _PASSED_IN_A_ROW
                if path is not None and (step % checkpoint_every == 0 or ended):
                    so_far = Progress(step, tuple(checks), tuple(kept), passed, time.perf_counter() - begun)
                    save_training(path, network, optimiser, so_far, settings)
                bar.update(step, time.perf_counter())
    finally:
        optimiser.zero_grad(set_to_none=True)
    seconds = time.perf_counter() - begun
    fresh = stream(seed, "trials after a training")
    return History(
        checks=tuple(checks),
        steps=step,
        accuracy=trial_accuracy(network, task, n_trials=n_check, seed=fresh),
        held_out_accuracy=_held_out(network, task, n_check, fresh),
        reached=passed == _PASSED_IN_A_ROW,
        seconds=seconds,
        snapshots=tuple(kept),
    )


def _loss(network: nn.Module, trials: Trials, *, mode: str, loss: str, device: torch.device) -> torch.Tensor:
    """Mean cross-entropy of the tokens that count."""
    tokens = torch.from_numpy(trials.tokens).to(device)
    inputs, labels = tokens[:, :-1].contiguous(), tokens[:, 1:]
    scored = torch.from_numpy(trials.scored).to(device)
    network.train()
    if mode == "self-fed":
        with evaluation_mode(network):
            inputs = self_fed(network, inputs, scored[:, :-1])
    if loss == "scored":
        counted = scored[:, 1:]
    else:
        counted = torch.from_numpy(np.arange(1, trials.tokens.shape[1]) < trials.lengths[:, None]).to(device)
    return nn.functional.cross_entropy(logits_at(network, inputs, counted), labels[counted])


def _drawn(fixed: Trials, batch: int, generator: np.random.Generator) -> Trials:
    drawn = fixed.subset(generator.integers(len(fixed), size=batch))
    longest = int(drawn.lengths.max())
    return Trials(drawn.tokens[:, :longest], drawn.scored[:, :longest], drawn.quantities, drawn.lengths)


def _check(network: nn.Module, task: Task, step: int, mean_loss: float, n_check: int, seed: int) -> Check:
    n_trials, fresh = min(_CHECK_TRIALS, n_check), stream(seed, "trials that check a training", step)
    accuracy = trial_accuracy(network, task, n_trials=n_trials, seed=fresh)
    return Check(step, mean_loss, accuracy, _held_out(network, task, n_trials, fresh))


def _held_out(network: nn.Module, task: Task, n_trials: int, fresh: np.random.Generator) -> float | None:
    return trial_accuracy(network, task, n_trials=n_trials, counts=task.held_out, seed=fresh) if task.held_out else None


def _passes(network: nn.Module, task: Task, check: Check, stop_accuracy: float, n_check: int, seed: int) -> bool:
    """Whether a promising check holds on ``n_check`` fresh trials."""
    if check.accuracy < stop_accuracy:
        return False
    fresh = stream(seed, "trials that confirm a check", check.step)
    return trial_accuracy(network, task, n_trials=n_check, seed=fresh) >= stop_accuracy


def _described(network: nn.Module) -> dict[str, Any]:
    """What must be the same for a checkpoint to fit; parameters of the same shapes alone do not make the same network."""
    described: dict[str, Any] = {"network": type(network).__name__}
    if isinstance(network, SequenceNetwork):
        described |= network.configuration
    else:
        described["dropout"] = [module.p for module in network.modules() if isinstance(module, nn.Dropout)]
    frozen = {name for name, parameter in network.named_parameters() if not parameter.requires_grad}
    return described | {
        name: f"{str(tensor.dtype).removeprefix('torch.')} {list(tensor.shape)}{' frozen' if name in frozen else ''}"
        for name, tensor in network.state_dict().items()
    }


def _checked_path(checkpoint: str | PathLike[str] | None) -> Path | None:
    if checkpoint is None:
        return None
    check_writable(checkpoint)
    return as_path(checkpoint)


def _check_settings(given: dict[str, Any]) -> None:
    for name in ("steps", "batch", "warm_up", "n_fixed", "check_every", "n_check", "checkpoint_every"):
        value = given[name]
        if value is not None and value < 1:
            raise SymbolscopeError(f"{name} must be at least 1; got {value}")
    if not (given["rate"] > 0 and math.isfinite(given["rate"])):
        raise SymbolscopeError(f"rate must be positive; got {given['rate']}")
    if not 0 <= given["decay"] <= 1:
        raise SymbolscopeError(f"decay must be in 0..1, the power with which the rate falls; got {given['decay']}")
    if not given["stop_accuracy"] > 0:
        raise SymbolscopeError(
            f"stop_accuracy must be positive, above 1 to go on to the end; got {given['stop_accuracy']}"
        )
    if given["seed"] < 0:
        raise SymbolscopeError(f"seed must be at least 0; got {given['seed']}")
    for name, known in (("mode", ("teacher-forced", "self-fed")), ("loss", ("all", "scored"))):
        if given[name] not in known:
            raise SymbolscopeError(f'{name} must be "{known[0]}" or "{known[1]}"; got {given[name]!r}')
