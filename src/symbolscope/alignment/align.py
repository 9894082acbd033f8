"""Search for a program's variables in a network's hidden state."""

import itertools
from collections.abc import Collection, Mapping, Sequence

from torch import nn

from symbolscope.alignment.alignment import Alignment
from symbolscope.alignment.counterfactual import check_task, check_variables, check_vocabulary
from symbolscope.alignment.jobs import Amounts, Job, run_jobs
from symbolscope.alignment.learned import check_program
from symbolscope.alignment.search import SearchSettings
from symbolscope.core.argument_checks import Flag, Network, Number, Seed, WholeNumber
from symbolscope.core.checked_call import takes
from symbolscope.core.random_streams import small_seed
from symbolscope.core.sequence_checks import Anything, ListOf, Names
from symbolscope.errors import SymbolscopeError
from symbolscope.featurizers.featurizer import FEATURIZER, Featurizer
from symbolscope.programs.causal_model import ANY_PROGRAM, CausalModel
from symbolscope.programs.program import Program
from symbolscope.sites.find_site import find_site
from symbolscope.sites.site import SITE, Site
from symbolscope.tasks.classification import ANY_TASK, Classification
from symbolscope.tasks.task import Task

Variables = str | tuple[str, ...]


@takes(
    {
        "network": Network(),
        "program": ANY_PROGRAM,
        "task": ANY_TASK,
        "featurizer": FEATURIZER,
        "site": SITE,
        "steps": WholeNumber(),
        "batch": WholeNumber(most=10_000_000),
        "rate": Number(finite=False),
        "n_pairs": WholeNumber(most=10_000_000),
        "n_validation": WholeNumber(most=10_000_000),
        "counts": ListOf(WholeNumber(), "whole numbers", ordered=False),
        "restarts": WholeNumber(),
        "null_weight": Number(finite=False),
        "latent_weight": Number(finite=False),
        "check_every": WholeNumber(),
        "patience": WholeNumber(),
        "seed": Seed(),
        "force": Flag(),
        "progress": Flag(),
    }
)
def align(
    network: nn.Module,
    program: Program | CausalModel,
    task: Task | Classification,
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
        Any module that maps tokens [b, L] to logits [b, L, V], or inputs [b, d] to logits [b, classes]; put into evaluation mode
        meanwhile and handed back as it was.
    program
        The causal model, such as ``sy.programs.UpDown(task)``; for a network without time a
        :class:`symbolscope.programs.CausalModel`, whose inputs and variables can both be looked for.
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


@takes(
    {
        "network": Network(),
        "program": ANY_PROGRAM,
        "task": ANY_TASK,
        "site": SITE,
        "steps": WholeNumber(),
        "batch": WholeNumber(most=10_000_000),
        "rate": Number(finite=False),
        "n_pairs": WholeNumber(most=10_000_000),
        "n_validation": WholeNumber(most=10_000_000),
        "counts": ListOf(WholeNumber(), "whole numbers", ordered=False),
        "restarts": WholeNumber(),
        "null_weight": Number(finite=False),
        "latent_weight": Number(finite=False),
        "check_every": WholeNumber(),
        "patience": WholeNumber(),
        "seed": Seed(),
        "force": Flag(),
        "progress": Flag(),
    }
)
def align_many(
    network: nn.Module,
    program: Program | CausalModel,
    task: Task | Classification,
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
    listed = ListOf(Anything(), "names of variables").read("variables", variables)
    wanted = [
        (one,) if isinstance(one, str) else Names().read("variables that are swapped together", one) for one in listed
    ]
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
    check_task(program, task)
    check_program(program, task)
    if isinstance(task, Task):
        check_vocabulary(network, task)
    site = find_site(network) if site is None else site
    amounts = Amounts(n_pairs, n_validation, None if counts is None else tuple(counts))
    jobs = [
        Job(network, program, task, site, names, featurizer, settings, amounts, _seeds(seed, restarts), seed, force)
        for names, featurizer in itertools.product(wanted, featurizers)
    ]
    return run_jobs(jobs, progress=progress)


def _seeds(seed: int, restarts: int) -> tuple[int, ...]:
    """Seed of each restart; the first is the seed itself."""
    return (seed, *(small_seed(seed, "restart of a search", restart) for restart in range(1, restarts)))


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
