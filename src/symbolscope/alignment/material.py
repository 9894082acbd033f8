"""What a search for one variable works on: pairs, the network's states in them, and what the extra losses need."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from symbolscope.alignment.counterfactual import counterfactual_pairs
from symbolscope.alignment.interchange import Interchange
from symbolscope.alignment.pairs import Pairs
from symbolscope.alignment.search import Material, SearchSettings
from symbolscope.core.random_streams import stream
from symbolscope.programs.causal_model import CausalModel
from symbolscope.programs.program import Program
from symbolscope.sites.site import Site
from symbolscope.tasks.classification import Classification
from symbolscope.tasks.task import Task

# Natural states averaged for one counterfactual latent.
_NATURAL_STATES = 16


def material(
    network: nn.Module,
    program: Program | CausalModel,
    task: Task | Classification,
    site: Site,
    variable: str,
    *,
    settings: SearchSettings,
    n_pairs: int,
    n_validation: int,
    counts: tuple[int, ...] | None,
    shuffled: bool,
    seed: int,
) -> Material:
    """Pairs of one variable with the network's states; ``shuffled`` gives each pair the source of another."""
    training, validation = search_pairs(
        network,
        program,
        task,
        variable,
        n_pairs=n_pairs,
        n_validation=n_validation,
        counts=counts,
        shuffled=shuffled,
        seed=seed,
    )
    interchange = Interchange.of(network, site, training)
    null = None
    if settings.null_weight > 0 and training.natural is not None:
        null = Interchange.of(network, site, training.natural)
    latents = _latents(training, interchange) if settings.latent_weight > 0 else None
    return Material(interchange, Interchange.of(network, site, validation), null, latents)


def search_pairs(
    network: nn.Module,
    program: Program | CausalModel,
    task: Task | Classification,
    variable: str,
    *,
    n_pairs: int,
    n_validation: int,
    counts: tuple[int, ...] | None,
    shuffled: bool,
    seed: int,
) -> tuple[Pairs, Pairs]:
    """The pairs that a search for one variable trains on, and those that it is validated on; each from a stream of its own."""
    own = program.names.index(variable)  # whatever else is searched for beside it
    allowed, values = _allowed(program, task, variable, counts)
    drawn = [
        counterfactual_pairs(
            network, program, task, variable=variable, n=n, counts=allowed, values=values,
            seed=stream(seed, f"{part} pairs of a search", own),
        )
        for part, n in (("training", n_pairs), ("validation", n_validation))
    ]  # fmt: skip
    if shuffled:
        drawn = [
            pairs.with_shuffled_sources(stream(seed, f"shuffled sources of the {part} pairs of a search", own))
            for part, pairs in zip(("training", "validation"), drawn, strict=True)
        ]
    training, validation = drawn
    return training, validation


def _allowed(
    program: Program | CausalModel, task: Task | Classification, variable: str, counts: tuple[int, ...] | None
) -> tuple[tuple[int, ...] | None, list[int | float] | None]:
    """Quantities of the trials, and values of the variable that the sources may carry; None is any."""
    if isinstance(task, Classification) or isinstance(program, CausalModel):
        return counts, None
    allowed = tuple(task.trained if counts is None else counts)
    unseen = set(task.quantities) - set(allowed)
    domain = next(one.values for one in program.variables if one.name == variable)
    # A held-out quantity is held out as a value too, where the variable counts at all: a phase of 1 is no count of 1.
    counted = all(isinstance(value, int) for value in domain) and set(task.quantities) <= set(domain) and bool(unseen)
    return allowed, [value for value in domain if value not in unseen] if counted else None


def _latents(pairs: Pairs, interchange: Interchange) -> Tensor:
    """For each pair the mean of natural states whose variables are what the patched state's should be, [n, d]; nan where none."""
    names = list(pairs.target_values)
    after = pairs.values_after
    natural = np.concatenate(
        [np.stack([values[name] for name in names], axis=1) for values in (pairs.source_values, pairs.target_values)]
    )  # [2n, variables]
    wanted = np.stack([after[name] for name in names], axis=1)  # [n, variables]
    _, groups = np.unique(np.concatenate([natural, wanted]), axis=0, return_inverse=True)
    groups = groups.reshape(-1)
    states = torch.cat([interchange.source, interchange.target])
    group = torch.from_numpy(groups[: len(natural)]).to(states.device)
    ranks = _rank_within(groups[: len(natural)])
    few = torch.from_numpy(ranks < _NATURAL_STATES).to(states.device)
    n_groups = int(groups.max()) + 1
    sums = states.new_zeros(n_groups, states.shape[1]).index_add(0, group[few], states[few])
    numbers = states.new_zeros(n_groups).index_add(0, group[few], states.new_ones(int(few.sum())))
    means = sums / torch.where(numbers > 0, numbers, torch.nan)[:, None]
    return means[torch.from_numpy(groups[len(natural) :]).to(states.device)]


def _rank_within(groups: NDArray[np.int64]) -> NDArray[np.int64]:
    """Position of each entry among those of its group."""
    order = np.argsort(groups, kind="stable")
    begins = np.searchsorted(groups[order], groups[order])
    ranks = np.empty(len(groups), dtype=np.int64)
    ranks[order] = np.arange(len(groups)) - begins
    return ranks
