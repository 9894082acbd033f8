"""Distributed alignment search: many alignment functions of one frozen network trained as one batched job.

Each run owns a featurizer and draws its own batches; all runs share the pairs' states, computed once, and one pass through the
rest of the network per step:

    patched = inverse(features(source), error(target))            per run, small matrices
    loss    = mean cross-entropy of the scored tokens             one pass over all runs' rows

The sum of the runs' losses has for each run the gradient of its own, so the runs do not see one another.
Source: Geiger et al., arXiv 2303.02536 (the search); Grant, Goodman, McClelland, arXiv 2501.06141 (programs that count).
"""

import itertools
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import torch
from torch import Tensor

from symbolscope.alignment.interchange import Interchange
from symbolscope.alignment.threads import run_all
from symbolscope.featurizers.featurizer import Featurizer
from symbolscope.games.progress import ProgressBar

# Rows of one pass through the network: more fall out of the processor's cache.
_ROWS_AT_ONCE = 4_096


@dataclass(frozen=True)
class SearchSettings:
    """How an alignment is searched for.

    Attributes
    ----------
    steps
        Optimiser steps at most.
    batch
        Pairs per step and variable.
    rate
        Adam's rate at the start; it falls to a tenth along half a cosine.
    check_every
        Steps between validations.
    patience
        Validations without a better accuracy after which a run stops.
    null_weight
        Weight of the loss that the rest of the state, swapped alone, must change nothing.
    latent_weight
        Weight of the counterfactual-latent loss: the patched state should be near the natural states with the same values.
    """

    steps: int = 1_000
    batch: int = 128
    rate: float = 1e-2
    check_every: int = 100
    patience: int = 10
    null_weight: float = 0.0
    latent_weight: float = 0.0


@dataclass(frozen=True)
class Material:
    """What the runs of one variable train on and are validated on.

    ``null`` and ``latents`` are there where the settings give those losses a weight: the same runs with their natural answers, and
    for each training pair the mean of natural states with the values that the patched state should have (rows of nan: none seen).
    """

    training: Interchange
    validation: Interchange
    null: Interchange | None = None
    latents: Tensor | None = None


@dataclass
class Run:
    """One alignment function on its way: the variables it is trained for, and the best it has been.

    Attributes
    ----------
    featurizer
        Initialised; trained in place.
    parts
        (index of the material, block of the featurizer) per variable.
    trained
        Whether the weights may change; those of a control may not.
    """

    featurizer: Featurizer
    parts: tuple[tuple[int, int | None], ...]
    generator: torch.Generator
    trained: bool = True
    best_iia: float = -1.0
    best_loss: float = float("inf")
    best_weights: dict[str, Tensor] = field(default_factory=dict[str, Tensor])
    losses: list[float] = field(default_factory=list[float])
    validation: list[float] = field(default_factory=list[float])
    steps: int = 0
    failures: int = 0
    done: bool = False


@dataclass(frozen=True)
class Batch:
    """Runs on one network: they share its passes."""

    materials: Sequence[Material]
    runs: Sequence[Run]
    settings: SearchSettings

    @property
    def reentrant(self) -> bool:
        """Whether several threads may run the network at once."""
        return all(one.training.continuation.reentrant for one in self.materials)


def search(batches: Sequence[Batch], *, progress: bool | None = None) -> None:
    """Train every run in place, and leave in it the weights that were best on its validation pairs.

    Where a network allows for it (:attr:`symbolscope.networks.RecurrentNetwork.reentrant`), groups of its runs are searched on as
    many threads as torch has; those on another network go one after another, beside those of the others.
    """
    n_threads = torch.get_num_threads()
    total = sum(batch.settings.steps * len(batch.runs) for batch in batches)
    with ProgressBar(total, label="alignment steps", show=progress) as bar:
        done = _Done(bar)
        pieces: list[Callable[[threading.Event], None]] = []
        for batch in batches:
            most = max(1, _ROWS_AT_ONCE // batch.settings.batch)
            # Several networks fill the cores by themselves; small groups would share fewer passes.
            wanted = -(-n_threads // len(batches)) if batch.reentrant else 1
            groups = _groups(batch.runs, most, wanted)
            calls = [partial(_search_group, batch.materials, group, batch.settings, done) for group in groups]
            pieces.extend(calls if batch.reentrant else [partial(_one_by_one, calls)])
        run_all(pieces, n_threads=min(n_threads, len(pieces)))
    for batch in batches:
        for run in batch.runs:
            run.featurizer.load_state_dict(run.best_weights)
            run.featurizer.eval()


def _one_by_one(calls: "Sequence[Callable[[threading.Event], None]]", stop: threading.Event) -> None:
    for call in calls:
        if not stop.is_set():
            call(stop)


def _groups(runs: Sequence[Run], most: int, n_threads: int) -> list[Sequence[Run]]:
    """Groups of at most ``most`` runs and nearly one size, as many as keep every thread busy to the end."""
    rounds = max(1, -(-len(runs) // (most * n_threads)))
    n_groups = min(len(runs), rounds * n_threads)
    edges = [round(len(runs) * group / n_groups) for group in range(n_groups + 1)]
    return [runs[begin:end] for begin, end in itertools.pairwise(edges)]


class _Done:
    """Steps done by all groups, shown as they come."""

    def __init__(self, bar: ProgressBar) -> None:
        self._bar, self._steps, self._lock = bar, 0, threading.Lock()

    def add(self, steps: int) -> None:
        with self._lock:
            self._steps += steps
            self._bar.update(self._steps, time.perf_counter())


class _Joined:
    """The training pairs of all materials as one set of rows, so that all runs go through the network together."""

    def __init__(self, materials: Sequence[Material]) -> None:
        sets = [material.training for material in materials]
        nulls = [material.null for material in materials if material.null is not None]
        self.interchange = Interchange.concatenate([*sets, *nulls])
        sizes = [len(one) for one in (*sets, *nulls)]
        self.begins = np.cumsum([0, *sizes])
        self.null_of = {}
        position = len(sets)
        for index, material in enumerate(materials):
            if material.null is not None:
                self.null_of[index] = position
                position += 1


def _search_group(
    materials: Sequence[Material], runs: Sequence[Run], settings: SearchSettings, done: _Done, stop: threading.Event
) -> None:
    joined = _Joined(materials)
    parameters = [
        parameter for run in runs if run.trained for parameter in run.featurizer.parameters() if parameter.requires_grad
    ]
    optimiser = torch.optim.Adam(parameters, lr=settings.rate, foreach=True) if parameters else None
    for run in runs:
        run.featurizer.train()
        if not run.trained or not any(parameter.requires_grad for parameter in run.featurizer.parameters()):
            run.done = True
            _validate(materials, run, settings)
    for step in range(1, settings.steps + 1):
        active = [run for run in runs if not run.done]
        if not active or optimiser is None or stop.is_set():
            break
        share = (step - 1) / settings.steps
        for group in optimiser.param_groups:
            group["lr"] = settings.rate * (0.1 + 0.9 * 0.5 * (1 + np.cos(np.pi * share)))
        optimiser.zero_grad(set_to_none=True)
        losses = _losses(materials, joined, active, settings, share)
        torch.stack(losses).sum().backward()
        optimiser.step()
        for run, loss in zip(active, losses, strict=True):
            run.steps = step
            if step % settings.check_every == 0 or step == settings.steps:
                run.losses.append(float(loss.detach()))
                _validate(materials, run, settings)
        done.add(len(active))
    done.add(sum(settings.steps - run.steps for run in runs))


def _losses(
    materials: Sequence[Material], joined: _Joined, runs: Sequence[Run], settings: SearchSettings, share: float
) -> list[Tensor]:
    """One loss per run, from one pass over all their rows."""
    everything = joined.interchange
    states: list[Tensor] = []
    rows: list[Tensor] = []
    owners: list[int] = []
    weights: list[float] = []
    extra: list[Tensor] = []
    for number, run in enumerate(runs):
        run.featurizer.anneal(share)
        apart = run.featurizer.penalty()
        for index, block in run.parts:
            begin = int(joined.begins[index])
            drawn = torch.randint(len(materials[index].training), (settings.batch,), generator=run.generator).to(
                everything.target.device
            )
            target, source = everything.target[begin + drawn], everything.source[begin + drawn]
            patched = run.featurizer.swap(target, source, block=block)
            rows.append(begin + drawn)
            states.append(patched)
            owners.append(number)
            weights.append(1.0 / len(run.parts))
            if settings.null_weight > 0 and index in joined.null_of:
                # The rest of the source with the target's features: the behaviour must stay the target's.
                rows.append(int(joined.begins[joined.null_of[index]]) + drawn)
                states.append(run.featurizer.swap(source, target, block=None))
                owners.append(number)
                weights.append(settings.null_weight / len(run.parts))
            latents = materials[index].latents
            if settings.latent_weight > 0 and latents is not None:
                apart = apart + settings.latent_weight / len(run.parts) * _latent_loss(patched, latents[drawn])
        extra.append(apart)
    losses, row = everything.losses(torch.cat(rows), torch.cat(states))
    part = row // settings.batch  # [k]
    counts = torch.bincount(part, minlength=len(owners)).clamp(min=1)
    means = losses.new_zeros(len(owners)).index_add(0, part, losses) / counts
    weighted = means * means.new_tensor(weights)
    owner = torch.tensor(owners, device=weighted.device)
    per_run = weighted.new_zeros(len(runs)).index_add(0, owner, weighted)
    return [per_run[number] + extra[number] for number in range(len(runs))]


def _latent_loss(patched: Tensor, latents: Tensor) -> Tensor:
    """Half of (mean squared distance + 1 - cosine) to the natural states; pairs without any are left out.

    Source: Grant, Han, Tartaglini, Potts, arXiv 2511.04638.
    """
    known = ~latents.isnan().any(dim=-1)
    if not bool(known.any()):
        return patched.new_zeros(())
    near, natural = patched[known], latents[known]
    distance = (near - natural).square().mean()
    return 0.5 * (distance + 1.0 - torch.nn.functional.cosine_similarity(near, natural, dim=-1).mean())


def _validate(materials: Sequence[Material], run: Run, settings: SearchSettings) -> None:
    """Note the validation accuracy; keep the weights if they are the best, and stop the run if it no longer improves."""
    run.featurizer.eval()
    shares: list[float] = []
    with torch.no_grad():
        for index, block in run.parts:
            held = materials[index].validation
            patched = run.featurizer.swap(held.target, held.source, block=block)
            rows = torch.arange(len(held), device=patched.device)
            shares.append(float(held.right(rows, patched).double().mean()))
    run.featurizer.train()
    iia = float(np.mean(shares))
    run.validation.append(iia)
    loss = run.losses[-1] if run.losses else 0.0
    run.failures = 0 if iia > run.best_iia else run.failures + 1
    # Among equally accurate weights those of the lower loss: what it asks for besides, the accuracy does not see.
    if (iia, -loss) > (run.best_iia, -run.best_loss):
        run.best_iia, run.best_loss = iia, loss
        run.best_weights = {name: tensor.detach().clone() for name, tensor in run.featurizer.state_dict().items()}
    more = settings.null_weight > 0 or settings.latent_weight > 0 or float(run.featurizer.penalty().detach()) > 0
    run.done = run.done or run.failures >= settings.patience or (iia >= 1.0 and not more)
