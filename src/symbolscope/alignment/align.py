"""Search for a program's variables in a network's hidden state."""

import itertools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from symbolscope.alignment.alignment import Alignment, Restart
from symbolscope.alignment.counterfactual import check_task, check_variables, check_vocabulary, counterfactual_pairs
from symbolscope.alignment.frozen import frozen
from symbolscope.alignment.interchange import Interchange
from symbolscope.alignment.learned import check_learned
from symbolscope.alignment.pairs import Pairs
from symbolscope.alignment.search import Material, Run, SearchSettings, search
from symbolscope.errors import SymbolscopeError
from symbolscope.featurizers.featurizer import Featurizer
from symbolscope.programs.program import Program
from symbolscope.sites.find_site import find_site
from symbolscope.sites.site import Site
from symbolscope.tasks.task import Task

Variables = str | tuple[str, ...]

# Natural states averaged for one counterfactual latent.
_NATURAL_STATES = 16


def align(
    network: nn.Module,
    program: Program,
    task: Task,
    *,
    variable: Variables = "count",
    featurizer: Featurizer,
    site: Site | None = None,
    steps: int = 1_000,
    batch: int = 128,
    rate: float = 1e-2,
    n_pairs: int = 10_000,
    n_validation: int = 1_000,
    counts: Collection[int] | None = None,
    restarts: int = 1,
    null_weight: float = 0.0,
    latent_weight: float = 0.0,
    check_every: int = 100,
    patience: int = 10,
    seed: int = 0,
    force: bool = False,
    progress: bool | None = None,
) -> Alignment:
    """Find the part of a network's state that carries a variable of a program, by swapping it between runs.

    Distributed alignment search: over pairs of runs the featurizer's features of the source's state replace those of the
    target's, the frozen network goes on from there, and the featurizer is trained so that its answer is the one that the program
    gives with the variable swapped:

        minimise  E [ cross-entropy of network(inverse(features(source), error(target))) against program(variable <- source) ]

    over the tokens after the swap that the task determines. The network itself never changes.

    Parameters
    ----------
    network
        Any module that maps tokens [b, L] to logits [b, L, V]; put into evaluation mode meanwhile and handed back as it was.
    program
        The causal model, such as ``sy.programs.UpDown(task)``.
    task
        Where the runs come from.
    variable
        A variable of the program; or several, which one featurizer with as many blocks carries at once.
    featurizer
        An alignment function, such as ``sy.featurizers.Linear(size=8)``; used as a template, never changed.
    site
        Where the state is read and written; None finds the recurrent state, or the output of a transformer's first block.
    steps, batch, rate, check_every, patience
        Of the search: Adam's steps, pairs per step, rate at the start (it falls to a tenth), steps between validations, and
        validations without improvement before a restart stops.
    n_pairs, n_validation
        Training and validation pairs; they share no trial.
    counts
        Quantities of their trials; None leaves out those held out from training the network. Written values that occur only with
        other quantities (and those that are held out) are kept from training too, so that they can test the result.
    restarts
        Starts from different seeds, trained together; the best by validation is kept, all are recorded.
    null_weight
        Above 0: also ask that the rest of the state, swapped alone, changes nothing. Meant for all of a program's variables at
        once: one that is left out is in the rest, and does change something.
    latent_weight
        Above 0: also ask that patched states be near natural states with the same values (arXiv 2511.04638).
    seed
        Of pairs, first weights and batches.
    force
        Go on even if the network has not learned the task.
    progress
        Show a progress bar; None shows one where the work is long and a person is watching.

    Raises
    ------
    SymbolscopeError
        Before any training: an unknown variable, a size larger than the state, a network that has not learned the task, no pairs.

    Source: Geiger et al., arXiv 2303.02536; Grant, Goodman, McClelland, arXiv 2501.06141, section 4.

    Examples
    --------
    A network built to count along one direction of its state, found again:

    >>> import symbolscope as sy
    >>> task = sy.tasks.MultiObject(max_count=6)
    >>> network, program = sy.networks.Toy1d(task), sy.programs.UpDown(task)
    >>> found = align(network, program, task, featurizer=sy.featurizers.Orthogonal(size=1), rate=0.03, progress=False)
    >>> found.validation_iia
    1.0
    """
    (alignment,) = align_many(
        network,
        program,
        task,
        variables=(variable,),
        featurizers=(featurizer,),
        site=site,
        steps=steps,
        batch=batch,
        rate=rate,
        n_pairs=n_pairs,
        n_validation=n_validation,
        counts=counts,
        restarts=restarts,
        null_weight=null_weight,
        latent_weight=latent_weight,
        check_every=check_every,
        patience=patience,
        seed=seed,
        force=force,
        progress=progress,
    )
    return alignment


def align_many(
    network: nn.Module,
    program: Program,
    task: Task,
    *,
    variables: Sequence[Variables] = ("count",),
    featurizers: Sequence[Featurizer],
    site: Site | None = None,
    steps: int = 1_000,
    batch: int = 128,
    rate: float = 1e-2,
    n_pairs: int = 10_000,
    n_validation: int = 1_000,
    counts: Collection[int] | None = None,
    restarts: int = 1,
    null_weight: float = 0.0,
    latent_weight: float = 0.0,
    check_every: int = 100,
    patience: int = 10,
    seed: int = 0,
    force: bool = False,
    progress: bool | None = None,
) -> list[Alignment]:
    """Every variable with every featurizer, all restarts, searched as one batched job; see :func:`align` for the rest.

    Returns
    -------
    One :class:`Alignment` per (variable, featurizer), variables outermost.

    Examples
    --------
    >>> import symbolscope as sy
    >>> task = sy.tasks.MultiObject(max_count=6)
    >>> network, program = sy.networks.Toy1d(task), sy.programs.UpDown(task)
    >>> sizes = [sy.featurizers.Orthogonal(size=size) for size in (1, 2)]
    >>> found = align_many(network, program, task, variables=("count", "phase"), featurizers=sizes, steps=20, progress=False)
    >>> [(one.variables[0], one.featurizer.size) for one in found]
    [('count', 1), ('count', 2), ('phase', 1), ('phase', 2)]
    """
    wanted = [(one,) if isinstance(one, str) else tuple(one) for one in variables]
    for names in wanted:
        check_variables(program, names)
    settings = SearchSettings(steps, batch, rate, check_every, patience, null_weight, latent_weight)
    check_amounts(
        {
            "steps": steps, "batch": batch, "check_every": check_every, "patience": patience, "restarts": restarts,
            "n_pairs": n_pairs, "n_validation": n_validation,
        },
        rate,
    )  # fmt: skip
    if null_weight < 0 or latent_weight < 0:
        raise SymbolscopeError(f"null_weight and latent_weight must be at least 0; got {null_weight}, {latent_weight}")
    check_featurizers(featurizers)
    _check_sizes(wanted, featurizers)
    check_vocabulary(network, task)
    check_task(program, task)
    program.check()
    site = find_site(network) if site is None else site
    with frozen(network):
        accuracy = check_learned(network, task, seed=seed, force=force)
        materials: dict[str, Material] = {}
        for name in dict.fromkeys(itertools.chain.from_iterable(wanted)):
            own = (seed, program.names.index(name))  # whatever else is searched for beside it
            materials[name] = _material(
                network, program, task, site, name, settings, n_pairs, n_validation, counts, own
            )
        order = list(materials)
        runs: list[Run] = []
        for names, featurizer in itertools.product(wanted, featurizers):
            states = materials[names[0]].training.source
            for start in _seeds(seed, restarts):
                fresh = featurizer.initialise(states.shape[1], seed=start, states=states).to(states.device)
                parts = tuple((order.index(name), i if len(names) > 1 else None) for i, name in enumerate(names))
                runs.append(Run(fresh, parts, torch.Generator().manual_seed(start)))
        search(list(materials.values()), runs, settings, progress=progress)
    record: dict[str, float | int | str] = dict(asdict(settings)) | {
        "n_pairs": n_pairs, "n_validation": n_validation, "restarts": restarts, "seed": seed,
    }  # fmt: skip
    found: list[Alignment] = []
    groups = [runs[begin : begin + restarts] for begin in range(0, len(runs), restarts)]
    for (names, _), group in zip(itertools.product(wanted, featurizers), groups, strict=True):
        best = max(group, key=lambda run: run.best_iia)
        records = tuple(
            Restart(start, run.best_iia, run.steps, tuple(run.validation), tuple(run.losses))
            for start, run in zip(_seeds(seed, restarts), group, strict=True)
        )
        found.append(Alignment(network, program, task, site, names, best.featurizer, records, accuracy, record))
    return found


def _seeds(seed: int, restarts: int) -> list[int]:
    """Seed of each restart; the first is the seed itself."""
    return [seed + 1_000_003 * restart for restart in range(restarts)]


def _material(
    network: nn.Module,
    program: Program,
    task: Task,
    site: Site,
    variable: str,
    settings: SearchSettings,
    n_pairs: int,
    n_validation: int,
    counts: Collection[int] | None,
    seed: tuple[int, int],
) -> Material:
    allowed = tuple(task.trained if counts is None else counts)
    unseen = set(task.quantities) - set(allowed)
    generators = [np.random.default_rng([*seed, part]) for part in range(2)]
    domain = next(one.values for one in program.variables if one.name == variable)
    # A held-out quantity is held out as a value too, where the variable counts at all: a phase of 1 is no count of 1.
    counted = all(isinstance(value, int) for value in domain) and set(task.quantities) <= set(domain) and bool(unseen)
    values = [value for value in domain if value not in unseen] if counted else None
    training, validation = (
        counterfactual_pairs(
            network, program, task, variable=variable, n=n, counts=allowed, values=values, seed=generator
        )
        for n, generator in zip((n_pairs, n_validation), generators, strict=True)
    )
    interchange = Interchange.of(network, site, training)
    null = None
    if settings.null_weight > 0 and training.natural is not None:
        null = Interchange.of(network, site, training.natural)
    latents = _latents(training, interchange) if settings.latent_weight > 0 else None
    return Material(interchange, Interchange.of(network, site, validation), null, latents)


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


def check_amounts(amounts: Mapping[str, int], rate: float) -> None:
    """Refuse amounts below 1 by their names, and a rate that is not positive."""
    for name, amount in amounts.items():
        if amount < 1:
            raise SymbolscopeError(f"{name} must be at least 1; got {amount}")
    if not rate > 0:
        raise SymbolscopeError(f"rate must be positive; got {rate}")


def check_featurizers(featurizers: object) -> None:
    """Refuse what is no list of featurizers, such as one alone, or their class."""
    if isinstance(featurizers, Featurizer):
        raise SymbolscopeError(f"featurizers must be a list of them; type featurizers=[{featurizers!r}]")
    for one in featurizers if isinstance(featurizers, Sequence) else (featurizers,):
        if not isinstance(one, Featurizer):
            got = f"the class {one.__name__}" if isinstance(one, type) else type(one).__name__
            raise SymbolscopeError(f"a featurizer is an instance such as sy.featurizers.Linear(size=8); got {got}")


def _check_sizes(wanted: Sequence[tuple[str, ...]], featurizers: Sequence[Featurizer]) -> None:
    if not all(wanted) or not wanted or not featurizers:
        raise SymbolscopeError("nothing to align: give at least one variable and one featurizer")
    for names, featurizer in itertools.product(wanted, featurizers):
        if len(names) > 1 and len(featurizer.sizes) != len(names):
            raise SymbolscopeError(
                f"{len(names)} variables ({', '.join(names)}) need a featurizer with as many blocks, such as "
                f"{type(featurizer).__name__}(size=({', '.join(['4'] * len(names))})); it has sizes {featurizer.sizes}"
            )
        if len(names) == 1 and len(featurizer.sizes) != 1:
            raise SymbolscopeError(
                f"{type(featurizer).__name__} has {len(featurizer.sizes)} blocks for one variable; "
                f"give size={featurizer.size}, or as many variables"
            )
