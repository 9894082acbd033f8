"""Everything known about how one network counts: what the page and the terminal show together."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from torch import nn

from symbolscope.alignment.align import align_many
from symbolscope.alignment.alignment import Alignment
from symbolscope.alignment.counterfactual import counterfactual_pairs
from symbolscope.alignment.iia import IIA
from symbolscope.alignment.pairs import Pairs
from symbolscope.core.argument_checks import Flag, Network, Seed, WholeNumber
from symbolscope.core.checked_call import takes
from symbolscope.core.random_streams import stream
from symbolscope.core.sequence_checks import Anything, ListOf
from symbolscope.evidence.assess import assess_many, check_controls
from symbolscope.evidence.faithfulness import Faithfulness
from symbolscope.evidence.left_out import NotAssessed, assessed
from symbolscope.evidence.null import Null
from symbolscope.featurizers.featurizer import Featurizer
from symbolscope.featurizers.linear import Linear
from symbolscope.networks.history import History
from symbolscope.programs.program import PROGRAM, Program
from symbolscope.sites.site import SITE, Site
from symbolscope.tasks.task import TASK, Task

_MOMENT_SIZE = 8  # features swapped in a network as it was during its training


@dataclass(frozen=True)
class Moment:
    """A network during its training: steps taken, share of trials right, the IIA that a search reached then, and its floor."""

    step: int
    accuracy: float
    iia: float
    floor: float


@dataclass(frozen=True)
class CountingStudy:
    """A trained network, the alignments of a program's variables in it, and how they hold on fresh pairs.

    Attributes
    ----------
    network, task, program
        What was studied.
    alignments
        One per variable, featurizer and size.
    results
        IIA of each alignment on the same fresh pairs of its variable, in the same order.
    held_out_results
        The same on trials whose quantities neither network nor alignment were trained on; empty if there are none.
    history
        Course of the network's training, if known.
    moments
        The network at several moments of its training, each aligned anew; empty if not asked for.
    evidence
        What the controls say of each alignment, in the same order; empty if nothing was controlled.
    not_assessed
        Why there is no evidence, where the controls as a whole failed.
    """

    network: nn.Module = field(repr=False)
    task: Task
    program: Program
    alignments: tuple[Alignment, ...]
    results: tuple[IIA, ...]
    held_out_results: tuple[IIA, ...] = ()
    history: History | None = None
    moments: tuple[Moment, ...] = ()
    evidence: tuple[Faithfulness, ...] = ()
    not_assessed: str = ""

    @property
    def controlled(self) -> bool:
        """Whether any null was run."""
        return any(report.controlled for report in self.evidence)


@takes(
    {
        "network": Network(),
        "program": PROGRAM,
        "task": TASK,
        "variables": ListOf(Anything(), "names of variables"),
        "site": SITE,
        "n_moments": WholeNumber(least=0),
        "steps": WholeNumber(least=0),
        "restarts": WholeNumber(least=1),
        "n_pairs": WholeNumber(least=1, most=10_000_000),
        "n_test": WholeNumber(least=1, most=10_000_000),
        "null_restarts": WholeNumber(least=1),
        "seed": Seed(),
        "force": Flag(),
        "progress": Flag(),
    }
)
def study_counting(
    network: nn.Module,
    program: Program,
    task: Task,
    *,
    variables: Sequence[str],
    featurizers: Sequence[Featurizer],
    site: Site | None = None,
    history: History | None = None,
    n_moments: int = 0,
    steps: int = 1_000,
    restarts: int = 1,
    n_pairs: int = 10_000,
    n_test: int = 2_000,
    nulls: Sequence[str | Null] | None = None,
    null_restarts: int | None = None,
    rivals: Sequence[object] = (),
    seed: int = 0,
    force: bool = False,
    progress: bool | None = None,
) -> CountingStudy:
    """Align every variable with every featurizer and test each on fresh pairs.

    Parameters
    ----------
    network, program, task, variables, featurizers, site, steps, restarts, n_pairs, seed, force, progress
        As for :func:`symbolscope.align_many`.
    history
        Of the network's training; its snapshots are aligned too, at ``n_moments`` of them.
    n_test
        Fresh pairs per variable.
    nulls, null_restarts, rivals
        As ``nulls``, ``restarts`` and ``rivals`` of :func:`symbolscope.assess`, with as many restarts as the search itself unless
        given; nulls=() controls nothing, and the page says so. Controls that fail cost no alignment: the study says why.

    Examples
    --------
    >>> import symbolscope as sy
    >>> task = sy.tasks.MultiObject(max_count=5)
    >>> study = study_counting(sy.networks.Toy1d(task), sy.programs.UpDown(task), task, variables=("count",),
    ...     featurizers=[sy.featurizers.Orthogonal(size=1)], steps=20, n_pairs=500, n_test=200, nulls=("permuted-outputs",),
    ...     progress=False)
    >>> len(study.alignments), study.results[0].n, study.controlled
    (1, 200, True)
    """
    check_controls(nulls, rivals)
    alignments = align_many(
        network,
        program,
        task,
        variables=variables,
        featurizers=featurizers,
        site=site,
        steps=steps,
        restarts=restarts,
        n_pairs=n_pairs,
        seed=seed,
        force=force,
        progress=progress,
    )

    def fresh(counts: tuple[int, ...], part: str) -> dict[str, Pairs]:
        drawn: dict[str, Pairs] = {}
        for number, name in enumerate(variables):
            own = stream(seed, f"{part} pairs of a counting study", number)
            drawn[name] = counterfactual_pairs(network, program, task, variable=name, n=n_test, counts=counts, seed=own)
        return drawn

    tests = fresh(task.trained, "test")
    held = fresh(task.held_out, "held-out") if task.held_out else {}
    evidence: list[Faithfulness] | NotAssessed = []
    if nulls is None or len(nulls) or rivals:
        again = null_restarts or restarts
        evidence = assessed(
            lambda: assess_many(alignments, nulls=nulls, rivals=rivals, restarts=again, seed=seed, progress=progress)
        )
    return CountingStudy(
        network=network,
        task=task,
        program=program,
        alignments=tuple(alignments),
        results=tuple(one.iia(tests[one.variables[0]]) for one in alignments),
        held_out_results=tuple(one.iia(held[one.variables[0]]) for one in alignments) if held else (),
        history=history,
        moments=_moments(
            network,
            program,
            task,
            variables[0],
            history,
            n_moments,
            seed,
            size=min(_MOMENT_SIZE, max(1, alignments[0].featurizer.width - 1)),  # the whole state would prove nothing
            progress=progress,
        ),
        evidence=() if isinstance(evidence, NotAssessed) else tuple(evidence),
        not_assessed=evidence.why if isinstance(evidence, NotAssessed) else "",
    )


def _moments(
    network: nn.Module,
    program: Program,
    task: Task,
    variable: str,
    history: History | None,
    n_moments: int,
    seed: int,
    *,
    size: int,
    progress: bool | None,
) -> tuple[Moment, ...]:
    """The network as it was at several checks of its training, aligned with a small linear featurizer each time."""
    if history is None or n_moments < 1 or not history.snapshots:
        return ()
    last = len(history.snapshots) - 1
    chosen = sorted({round(index * last / max(1, n_moments - 1)) for index in range(n_moments)})
    final = {name: tensor.detach().clone() for name, tensor in network.state_dict().items()}
    found: list[Moment] = []
    try:
        for index in chosen:
            snapshot = history.snapshots[index]
            network.load_state_dict(dict(snapshot.weights))
            (one,) = align_many(
                network, program, task, variables=(variable,), featurizers=(Linear(size=size),), steps=300, n_pairs=3_000,
                seed=seed, force=True, progress=progress,
            )  # fmt: skip
            own = stream(seed, "test pairs of the moments of a training")
            pairs = counterfactual_pairs(
                network, program, task, variable=variable, n=500, counts=task.trained, seed=own
            )
            iia = one.iia(pairs)
            found.append(Moment(snapshot.step, snapshot.accuracy, iia.value, iia.floor))
    finally:
        network.load_state_dict(final)
    return tuple(found)
