"""Model-to-model alignment: one featurizer per network, so that a variable can be carried from any of them into any other."""

import itertools
import time
from collections.abc import Sequence
from contextlib import ExitStack

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from symbolscope.alignment.align import check_amounts, check_featurizers
from symbolscope.alignment.counterfactual import check_task, check_variables, check_vocabulary, counterfactual_pairs
from symbolscope.alignment.frozen import frozen
from symbolscope.alignment.interchange import Interchange, source_states
from symbolscope.alignment.learned import check_learned
from symbolscope.alignment.measure import whole_state_right
from symbolscope.alignment.model_alignment import ModelAlignment, carried
from symbolscope.alignment.similarity import linear_cka, representational_similarity
from symbolscope.alignment.stitching import Stitch
from symbolscope.core.argument_checks import Flag, Network, Number, OrNone, Seed, WholeNumber
from symbolscope.core.checked_call import takes
from symbolscope.core.gradient_mode import check_trainable, gradients
from symbolscope.core.random_streams import small_seed, stream, torch_stream
from symbolscope.core.sequence_checks import ListOf
from symbolscope.errors import SymbolscopeError
from symbolscope.featurizers.featurizer import FEATURIZER, Featurizer
from symbolscope.featurizers.linear import Linear
from symbolscope.games.progress import ProgressBar
from symbolscope.programs.program import PROGRAM, Program
from symbolscope.sites.find_site import find_site
from symbolscope.sites.site import SITE, Site
from symbolscope.tasks.task import TASK, Task

_STATES_COMPARED = 1_000


@takes(
    {
        "networks": ListOf(Network(), "networks"),
        "program": PROGRAM,
        "task": TASK,
        "featurizer": FEATURIZER,
        "sites": ListOf(OrNone(SITE), "sites"),
        "steps": WholeNumber(),
        "batch": WholeNumber(most=10_000_000),
        "rate": Number(finite=False),
        "n_pairs": WholeNumber(most=10_000_000),
        "n_validation": WholeNumber(most=10_000_000),
        "restarts": WholeNumber(),
        "seed": Seed(),
        "force": Flag(),
        "progress": Flag(),
    }
)
def align_models(
    networks: Sequence[nn.Module],
    program: Program,
    task: Task,
    *,
    variable: str = "count",
    featurizer: Featurizer | None = None,
    sites: Sequence[Site | None] | None = None,
    steps: int = 1_000,
    batch: int = 128,
    rate: float = 1e-2,
    n_pairs: int = 5_000,
    n_validation: int = 1_000,
    restarts: int = 1,
    seed: int = 0,
    force: bool = False,
    progress: bool | None = None,
) -> ModelAlignment:
    """Find features that mean the same in several networks: a variable read in any can be written into any other.

        patched_t = inverse_t( features_s(h_s), error_t(h_t) )      for all ordered pairs (s, t) of networks, s = t included

    One featurizer per network (n, not n squared), all with one size, trained together so that network t answers as the program
    does with the variable taken from network s's run.

    Parameters
    ----------
    networks
        Two or more, of any kind and width, that know the same task.
    program, task, variable
        As for :func:`symbolscope.align`; the labels come from the program.
    featurizer
        Template for all of them; None takes ``Linear(size=8)``.
    sites
        One per network; None finds them.
    restarts
        Starts from different seeds, one after the other; the one with the best mean accuracy is kept. With few features two
        networks may start with opposite signs and stay there: give several.
    steps, batch, rate, n_pairs, n_validation, seed, force, progress
        As for :func:`symbolscope.align`; ``batch`` pairs per ordered pair of networks.

    Raises
    ------
    SymbolscopeError
        Before any training, for what :func:`symbolscope.align` refuses, and for fewer than two networks or another number of sites.

    Source: Grant, Model Alignment Search, arXiv 2501.06164.

    Examples
    --------
    >>> import symbolscope as sy
    >>> task = sy.tasks.MultiObject(max_count=6)
    >>> networks = [sy.networks.Toy1d(task), sy.networks.Toy1d(task, scale=2.0)]
    >>> found = align_models(networks, sy.programs.UpDown(task), task, featurizer=sy.featurizers.Linear(size=1), rate=0.03,
    ...                      progress=False)
    >>> found.between > 0.9
    True
    """
    if len(networks) < 2:
        raise SymbolscopeError(f"align_models needs at least two networks; got {len(networks)}")
    check_variables(program, (variable,))
    check_amounts(
        {"steps": steps, "batch": batch, "n_pairs": n_pairs, "n_validation": n_validation, "restarts": restarts}, rate
    )
    for network in networks:
        check_vocabulary(network, task)
    check_task(program, task)
    program.check()
    template = Linear(size=8) if featurizer is None else featurizer
    check_featurizers([template])
    if len(template.sizes) != 1:
        raise SymbolscopeError(f"align_models carries one variable: give size={template.size}, not {template.sizes}")
    given = [None] * len(networks) if sites is None else sites
    if len(given) != len(networks):
        raise SymbolscopeError(f"sites must be one per network ({len(networks)}), None to find it; got {len(given)}")
    chosen = tuple(find_site(network) if site is None else site for network, site in zip(networks, given, strict=True))
    with ExitStack() as unfrozen:
        unfrozen.enter_context(gradients())
        for network in networks:
            check_trainable(network)
            unfrozen.enter_context(frozen(network))
        for network in networks:
            check_learned(network, task, seed=seed, force=force)
        data = [
            _Data(networks, chosen, program, task, variable, target, n_pairs, "training", seed)
            for target in range(len(networks))
        ]
        held = [
            _Data(networks, chosen, program, task, variable, target, n_validation, "validation", seed)
            for target in range(len(networks))
        ]
        found: list[tuple[list[Featurizer], NDArray[np.float64]]] = []
        for start in range(restarts):
            featurizers = [
                template.initialise(
                    one.sources[number].shape[1],
                    seed=torch_stream(seed, "first weights of align_models", start, number),
                    states=one.sources[number],
                )
                for number, one in enumerate(data)
            ]
            for one, datum in zip(featurizers, data, strict=True):
                _check_fixed_size(one, datum.interchange.target[:1])
            generator = torch_stream(seed, "batches of align_models", start)
            reached = _train(data, held, featurizers, steps, batch, rate, generator, progress=progress)
            found.append((featurizers, reached))
        featurizers, best = max(found, key=lambda one: float(one[1].mean()))
        states = [source.double().cpu().numpy()[:_STATES_COMPARED] for source in held[0].sources]
        stitching = _stitched(data, held, seed)
    several = range(len(networks))
    cka = np.array([[linear_cka(states[i], states[j]) for j in several] for i in several])
    similarity = np.array([[representational_similarity(states[i], states[j]) for j in several] for i in several])
    return ModelAlignment(
        tuple(networks), program, task, chosen, variable, tuple(featurizers), best, cka, similarity, stitching,
        tuple(float(reached.mean()) for _, reached in found),
    )  # fmt: skip


class _Data:
    """Pairs for one target network, with the source states of every network in the same runs."""

    def __init__(
        self,
        networks: Sequence[nn.Module],
        sites: Sequence[Site],
        program: Program,
        task: Task,
        variable: str,
        target: int,
        n: int,
        part: str,
        seed: int,
    ) -> None:
        generator = stream(seed, f"{part} pairs of align_models", target)
        pairs = counterfactual_pairs(
            networks[target], program, task, variable=variable, n=n, counts=task.trained, seed=generator
        )
        self.interchange = Interchange.of(networks[target], sites[target], pairs)
        _, held = whole_state_right(networks[target], sites[target], pairs, self.interchange)
        self.whole = Interchange.of(networks[target], sites[target], held)
        self.sources = [source_states(network, site, pairs) for network, site in zip(networks, sites, strict=True)]


def _check_fixed_size(featurizer: Featurizer, states: Tensor) -> None:
    """Refuse a featurizer that learns how many features it has: those of two networks would not be as many."""
    with torch.no_grad():
        n_features = featurizer(states)[0].shape[-1]
    if n_features != featurizer.size:
        raise SymbolscopeError(
            f"{type(featurizer).__name__} learns its own size, and all networks need one; give Linear(size={featurizer.size})"
        )


def _train(
    data: Sequence[_Data],
    held: Sequence[_Data],
    featurizers: Sequence[Featurizer],
    steps: int,
    batch: int,
    rate: float,
    generator: torch.Generator,
    *,
    progress: bool | None,
) -> NDArray[np.float64]:
    """Train in place, leave the weights with the best mean accuracy, and return the accuracies of those [source, target]."""
    parameters = [parameter for one in featurizers for parameter in one.parameters() if parameter.requires_grad]
    if not parameters:
        return _accuracies(held, featurizers)
    optimiser = torch.optim.Adam(parameters, lr=rate, foreach=True)
    best, weights = np.full((len(data), len(data)), -1.0), [one.state_dict() for one in featurizers]
    check_every = max(1, steps // 10)
    with ProgressBar(steps, label="alignment steps", show=progress) as bar:
        for step in range(1, steps + 1):
            share = (step - 1) / steps
            for group in optimiser.param_groups:
                group["lr"] = rate * (0.1 + 0.9 * 0.5 * (1 + np.cos(np.pi * share)))
            optimiser.zero_grad(set_to_none=True)
            for taker, one in zip(featurizers, data, strict=True):
                rows = [torch.randint(len(one.interchange), (batch,), generator=generator) for _ in data]
                patched = [
                    carried(giver, taker, source[drawn], one.interchange.target[drawn])
                    for giver, source, drawn in zip(featurizers, one.sources, rows, strict=True)
                ]
                losses, _ = one.interchange.losses(torch.cat(rows), torch.cat(patched))
                (losses.mean() + taker.penalty()).backward()
            optimiser.step()
            bar.update(step, time.perf_counter())
            if step % check_every == 0 or step == steps:
                reached = _accuracies(held, featurizers)
                if reached.mean() > best.mean():
                    best = reached
                    weights = [
                        {name: tensor.detach().clone() for name, tensor in one.state_dict().items()}
                        for one in featurizers
                    ]
    for one, kept in zip(featurizers, weights, strict=True):
        one.load_state_dict(kept)
        one.eval()
    return best


def _accuracies(held: Sequence[_Data], featurizers: Sequence[Featurizer]) -> NDArray[np.float64]:
    several = range(len(featurizers))
    out = np.empty((len(featurizers), len(featurizers)))
    with torch.no_grad():
        for source, target in itertools.product(several, several):
            one = held[target]
            patched = carried(featurizers[source], featurizers[target], one.sources[source], one.interchange.target)
            out[source, target] = one.interchange.all_right(patched).mean()
    return out


def _stitched(data: Sequence[_Data], held: Sequence[_Data], seed: int) -> NDArray[np.float64]:
    several = range(len(data))
    out = np.empty((len(data), len(data)))
    for source, target in itertools.product(several, several):
        trained, tested = data[target], held[target]
        if source == target:
            out[source, target] = tested.whole.all_right(tested.sources[target]).mean()
            continue
        stitch = Stitch(trained.sources[source], trained.sources[target])
        stitch.train(trained.sources[source], trained.whole, seed=small_seed(seed, "stitching", source, target))
        out[source, target] = stitch.accuracy(tested.sources[source], tested.whole)
    return out
