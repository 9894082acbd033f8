"""Whether a network carries its answer in a state, or reads it anew from the whole context.

A program with a count is Markovian: what follows depends on the past through its variables alone. A recurrent network must be so.
A causal transformer of L blocks cannot pass a state along positions for more than L steps, since block l at position t reads only
block l - 1 at positions up to t; a deep count has to be worked out from the tokens at every step. The tests here tell the two apart
by what a network does, on trials of the task:

    state      at a response step the whole state of another run is written: is the rest of the answer then the other run's
               (Markovian), or does it stay this run's, whose tokens are still in view (anti-Markovian)? Both runs have a
               response to come, and the rest is all that follows it: what the state passes on to later steps.
    decision   the same where only one run has a response to come: whose token follows at once? A state that is used at its
               own step alone carries this decision and nothing further.
    objects    k of the shown objects are replaced by void tokens: is the answer k shorter?
    response   one more response token is inserted: is what follows one shorter?
    window     attention is cut to the last w tokens (transformers): how many trials are still right?
    tokens     what each token contributes to the logit of one more response, by attention weight times value (transformers)

Source: Grant, Goodman, McClelland, arXiv 2501.06141 (anti-Markovian solutions).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from symbolscope.alignment.counterfactual import check_vocabulary, counterfactual_pairs
from symbolscope.alignment.frozen import frozen
from symbolscope.alignment.iia import bootstrap_interval
from symbolscope.alignment.interchange import Interchange
from symbolscope.alignment.token_contributions import Contribution, token_contributions
from symbolscope.core.argument_checks import Network, Seed, WholeNumber
from symbolscope.core.checked_call import takes
from symbolscope.core.random_streams import stream
from symbolscope.errors import SymbolscopeError
from symbolscope.networks.transformer import Transformer
from symbolscope.networks.trial_accuracy import right_trials, trial_accuracy
from symbolscope.programs.up_down import UpDown
from symbolscope.sites.find_site import find_site
from symbolscope.sites.site import SITE, Site
from symbolscope.tasks.number_task import NumberTask
from symbolscope.tasks.task import TASK, Task
from symbolscope.tasks.trials import Trials

_DECIDED = 0.9
_WINDOWS = (1, 2, 5, 10)


@dataclass(frozen=True)
class MarkovReport:
    """What the tests of :func:`markov_test` showed.

    Attributes
    ----------
    follows_source, follows_target
        bool [n]: whether the answer after the whole state was swapped at a response step is the source's, or still the target's.
        The two answers differ in every pair, and neither is over.
    decision_follows_source
        bool [m]: whether the very next token is the source's, where one run is at its end and the other is not.
    objects_removed
        Number of objects replaced by voids -> bool [m]: answer shorter by exactly that many. Empty for a task
        without voids: a network that never met one need not pass over it.
    response_inserted
        bool [m]: answer shorter by one after one response token more.
    window_accuracy
        Attention window -> share of trials right; empty for networks without attention.
    contributions
        What each kind of token adds to the logit of one more response; empty for networks without attention.
    accuracy
        Share of the task's trials that the network answers right.
    site
        Where the state was swapped.
    """

    site: Site
    accuracy: float
    follows_source: NDArray[np.bool_] = field(repr=False)
    follows_target: NDArray[np.bool_] = field(repr=False)
    decision_follows_source: NDArray[np.bool_] = field(repr=False)
    objects_removed: Mapping[int, NDArray[np.bool_]] = field(repr=False)
    response_inserted: NDArray[np.bool_] = field(repr=False)
    window_accuracy: Mapping[int, float]
    contributions: tuple[Contribution, ...]

    @property
    def verdict(self) -> str:
        """One of "Markovian", "anti-Markovian" and "undecided": whose answer at least 90 % of the swaps give."""
        if self.follows_source.mean() >= _DECIDED:
            return "Markovian"
        return "anti-Markovian" if self.follows_target.mean() >= _DECIDED else "undecided"

    def __str__(self) -> str:
        lines = [
            f"{self.verdict}: after the whole state at {self.site} is swapped at a response step, the rest of the answer is",
            f"  the source's  {_share(self.follows_source)}",
            f"  the target's  {_share(self.follows_target)}",
            f"  (the token decided at the step itself is the source's  {_share(self.decision_follows_source)})",
        ]
        lines += [
            f"{k} object{'s' if k > 1 else ''} replaced by void: answer {k} shorter  {_share(right)}"
            for k, right in self.objects_removed.items()
        ]
        lines.append(f"one response inserted: answer one shorter  {_share(self.response_inserted)}")
        if self.window_accuracy:
            shares = ", ".join(f"{window}: {share:.1%}" for window, share in self.window_accuracy.items())
            lines.append(f"trials right with attention to the last w tokens only  {shares} (all: {self.accuracy:.1%})")
        lines += [str(contribution) for contribution in self.contributions]
        if self.verdict == "Markovian":
            lines.append("For a recurrent network this holds by construction: the whole state is all it passes on.")
        return "\n".join(lines)


def _share(right: NDArray[np.bool_]) -> str:
    low, high = bootstrap_interval(right)
    return f"{right.mean():.1%} [{low:.1%}, {high:.1%}] of {len(right):,}"


@takes({"network": Network(), "task": TASK, "site": SITE, "n": WholeNumber(most=10_000_000), "seed": Seed()})
def markov_test(
    network: nn.Module, task: Task, *, site: Site | None = None, n: int = 1_000, seed: int = 0
) -> MarkovReport:
    """Test whether a network carries the count in its state or recomputes it from the tokens in view.

    Parameters
    ----------
    network
        Trained on the task.
    task
        With a demonstration, a trigger and a response.
    site
        Where a whole state is swapped; None finds the recurrent state, or the output of a transformer's first block.
    n
        Swaps and trials per test.
    seed
        Of pairs and trials.

    Examples
    --------
    >>> import symbolscope as sy
    >>> task = sy.tasks.MultiObject(max_count=6)
    >>> report = markov_test(sy.networks.Toy1d(task), task, n=200)
    >>> report.verdict
    'Markovian'
    """
    if not isinstance(task, NumberTask):
        raise SymbolscopeError(
            "markov_test needs a task with a demonstration, a trigger and a response (MultiObject and the like); "
            f"got {type(task).__name__}"
        )
    if n < 1:
        raise SymbolscopeError(f"n must be at least 1; got {n}")
    check_vocabulary(network, task)
    quiet = task.without_void()
    chosen = find_site(network) if site is None else site
    with frozen(network):
        accuracy = trial_accuracy(network, quiet, n_trials=2_000, seed=seed)
        source, target, decision = _state_swaps(network, quiet, chosen, n, seed)
        windows: dict[int, float] = {}
        contributions: tuple[Contribution, ...] = ()
        if isinstance(network, Transformer):
            windows = {w: trial_accuracy(network.windowed(w), quiet, n_trials=n, seed=seed) for w in _WINDOWS}
            contributions = token_contributions(network, quiet, n=min(n, 200), seed=seed)
        return MarkovReport(
            site=chosen,
            accuracy=accuracy,
            follows_source=source,
            follows_target=target,
            decision_follows_source=decision,
            objects_removed=_objects_removed(network, quiet, n, seed) if task.void_probability > 0 else {},
            response_inserted=_response_inserted(network, quiet, n, seed),
            window_accuracy=windows,
            contributions=contributions,
        )


def _state_swaps(
    network: nn.Module, task: NumberTask, site: Site, n: int, seed: int
) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
    """Whether the rest of the answer follows the source, and the target; and whether the decision at the step does."""
    own = stream(seed, "state swaps of the Markov test")
    pairs = counterfactual_pairs(
        network, UpDown(task), task, variable="count", n=8 * n, counts=task.trained, seed=own
    )  # about a quarter are in the response in both runs
    mine, theirs = pairs.target_values["count"], pairs.source_values["count"]
    responding = (pairs.target_values["phase"] == 1) & (pairs.source_values["phase"] == 1) & (mine != theirs)
    going_on = np.flatnonzero(responding & (mine > 0) & (theirs > 0))[:n]
    deciding = np.flatnonzero(responding & ((mine == 0) | (theirs == 0)))[:n]
    if len(going_on) == 0 or len(deciding) == 0:
        raise SymbolscopeError(
            f"no two response steps with different counts to come among {8 * n:,} pairs of trials: the task needs a max_count of "
            f"at least 3, and the test enough pairs; type n={4 * n}"
        )
    assert pairs.natural is not None
    assert pairs.whole is not None
    as_target = Interchange.of(network, site, pairs.natural.subset(going_on))
    as_source = Interchange.of(network, site, pairs.whole.subset(going_on))
    at_once = Interchange.of(network, site, pairs.whole.subset(deciding))
    for rest in (as_target, as_source):
        rest.scored[:, 0] = False
    at_once.scored[:, 1:] = False
    with torch.no_grad():
        return (
            as_source.all_right(as_source.source),
            as_target.all_right(as_target.source),
            at_once.all_right(at_once.source),
        )


def _objects_removed(network: nn.Module, task: NumberTask, n: int, seed: int) -> dict[int, NDArray[np.bool_]]:
    """For k = 1, 2: k objects of a trial become voids, and its answer the one to k fewer."""
    out: dict[int, NDArray[np.bool_]] = {}
    for k in (1, 2):
        quantities = [quantity for quantity in task.quantities if quantity > k and quantity - k in task.trained]
        if not quantities:
            continue
        generator = stream(seed, "objects removed in the Markov test", k)
        trials = task.sample(n, seed=generator, counts=quantities)
        fewer = task.write(trials.quantities - k, generator)
        demonstration = 1 + trials.quantities  # position of T
        width = int((demonstration + fewer.lengths - fewer.quantities).max())
        tokens = np.full((n, width), task.pad, dtype=np.int64)
        scored = np.zeros((n, width), dtype=np.bool_)
        lengths = demonstration + fewer.lengths - 1 - fewer.quantities
        for row in range(n):
            shown, begin = int(trials.quantities[row]), 1 + int(fewer.quantities[row])
            tokens[row, : shown + 1] = trials.tokens[row, : shown + 1]
            tokens[row, 1 + generator.choice(shown, size=k, replace=False)] = task.void
            rest = slice(shown + 1, int(lengths[row]))
            tokens[row, rest] = fewer.tokens[row, begin : int(fewer.lengths[row])]
            scored[row, rest] = fewer.scored[row, begin : int(fewer.lengths[row])]
        out[k] = right_trials(network, Trials(tokens, scored, fewer.quantities, lengths))
    return out


def _response_inserted(network: nn.Module, task: NumberTask, n: int, seed: int) -> NDArray[np.bool_]:
    """A response token comes before the first of the network's own: the rest of the answer is one shorter."""
    quantities = [quantity for quantity in task.trained if int(task.answer(np.array([quantity]))[0]) >= 1]
    trials = task.sample(n, seed=stream(seed, "responses inserted in the Markov test"), counts=quantities)
    # The inserted one is data; what follows it, one response fewer than the answer, is scored.
    scored = trials.scored.copy()
    scored[np.arange(n), trials.quantities + 2] = False
    return right_trials(network, Trials(trials.tokens, scored, trials.quantities, trials.lengths))
