"""What the evidence supports, in words that claim no more than the numbers do."""

import math

from symbolscope.evidence.faithfulness import Faithfulness
from symbolscope.evidence.left_out import left_out_text

# A margin below this, and a ratio between this and one over it, are within what another draw of the null might give.
_MARGIN = 0.1
_RATIO = 1.5
_CARRIED = 0.95
# Nulls that are networks; without one of them nothing can be said of learning.
_NETWORKS = {"random-init", "random-core", "shuffled-labels"}


def sentence(report: Faithfulness) -> str:
    """One honest sentence, or two where a rival or the rest of the state speaks against it, and what was left out and why."""
    said = _of_sizes(report) if report.sizes else _of_swaps(report)
    left_out = "" if _nothing_to_explain(report) else left_out_text(report.skipped)
    return f"{said} {left_out}" if left_out else said


def _nothing_to_explain(report: Faithfulness) -> bool:
    """Whether no term at all gives the network's outputs."""
    return "network" in report.sizes and report.sizes["network"][0][0] == 0


def _of_sizes(report: Faithfulness) -> str:
    own = report.sizes["network"][0][0]
    verb = "reproduces" if report.subject.startswith("1 ") else "reproduce"
    said = f"{report.subject.capitalize()} {verb} {report.score:.1%} of the output's variance over {_over(report)}"
    if report.score < 0:
        said = f"{report.subject.capitalize()} predict worse than the mean output does (R² of {report.score:.2f})"
    if own == 0:
        return f"{said}; hiding players changes nothing, so there is nothing to explain."
    if report.controlled and report.score < 1.0:
        said += f" (as many of the nulls' strongest: at most {report.best_null:.1%})"
    if not report.controlled:
        return f"{said}. Nothing was controlled: any table of outputs is reproduced by enough interactions."
    if own is None:
        return f"{said}, too little for R² of 0.9, so there is no size to compare with the nulls."
    parts = [f"{_amount(report, name)} {_about(name)}" for name in report.size_ratio]
    ratios = [ratio for ratio, _ in report.size_ratio.values() if not math.isnan(ratio)]
    many = "1 interaction gives" if own == 1 else f"{own:,} interactions give"
    how = "split exactly" if _over(report) == "all masks" else "strongest first"
    compared = f"{how}, {many} R² of 0.9, against {' and '.join(parts)}"
    if not ratios:
        return f"{said}; {compared}: the nulls never get there."
    least = min(ratios)
    if not set(report.size_ratio) & _NETWORKS:
        return f"{said}; {compared}. No untrained network was compared, so this says nothing of what was learned."
    if least >= learned_ratio(report.restarts):
        return f"{said}; {compared}: at least {least:.1f} times as many, so this sparsity was learned."
    if least >= _RATIO:
        return (
            f"{said}; {compared}: at least {least:.1f} times as many, weak evidence that this sparsity was learned, for untrained "
            "networks differ nearly as much among themselves (more restarts say more)."
        )
    if least >= 1 / _RATIO:
        return (
            f"{said}; {compared}: a network that learned nothing is about as sparse here, so the sparsity alone is no evidence of "
            "what was learned."
        )
    return f"{said}; {compared}: what learned nothing is sparser, so the sparsity is no evidence of anything learned."


def learned_ratio(restarts: int) -> float:
    """Times as many terms as the network takes that the sparsest of so many untrained networks must take.

    An untrained network is the sparsest of itself and r others in one of r + 1 cases, so a ratio above 1 says little. With this
    one at most about one untrained network in twenty is said to have learned (benchmarks/untrained.py: 0 to 4.5 %, by family).
    """
    return 1.0 + 5.0 / restarts


def learned_margin(restarts: int) -> float:
    """How far above the best of so many networks that learned nothing the IIA must be for the variable to be called learned.

    The same caution for swaps as :func:`learned_ratio` (benchmarks/untrained_cores.py: 0 to 5.3 % of random cores pass, by search).
    """
    return 0.1 + 0.2 / restarts


def _asked_of(null: str, restarts: int) -> float:
    """The margin over a null that another draw of it would hardly have given."""
    return learned_margin(restarts) if null in _NETWORKS else _MARGIN


def _over(report: Faithfulness) -> str:
    """Which masks the score is over."""
    return "fresh masks" if "fresh" in report.measure else "all masks"


def _amount(report: Faithfulness, name: str) -> str:
    counts = sorted(count for count, _ in report.sizes[name] if count is not None)
    if not counts:
        return "no number"
    return f"{counts[0]:,}" if counts[0] == counts[-1] else f"{counts[0]:,} to {counts[-1]:,}"


def _about(name: str) -> str:
    from symbolscope.evidence.nulls import registry

    described = {
        "random-init": "in the same network untrained",
        "permuted-outputs": "once its outputs are permuted",
        "shuffled-labels": "in the network trained on shuffled labels",
        "random-core": "with a random core and a trained readout",
        "random-subset": "of random sets of players",
    }
    return described.get(name, f"for {registry[name].about}" if name in registry else f"for {name}")


def _nothing_of_learning(report: Faithfulness) -> str | None:
    """Why an alignment's margins say nothing of learning, or None if a network that learned nothing could have had a score."""
    networks = [null for null in report.null_scores if null in _NETWORKS or null in report.null_accuracy]
    if any(null not in report.trivial for null in networks):
        return None
    if not networks:
        left_out = [null for null in report.skipped if null in _NETWORKS]
        named = f" ({' and '.join(left_out)} left out)" if left_out else ""
        return f"No untrained network was compared{named}, so this says nothing of what was learned."
    right = max(max(report.null_accuracy.get(null, (0.0,))) for null in networks)
    one = len(networks) == 1
    return (
        f"{' and '.join(networks)} {'is a trivial null' if one else 'are trivial nulls'}: {'its' if one else 'their'} own networks "
        f"answer {right:.1%} of the trials right, so this says nothing of what was learned."
    )


def _of_swaps(report: Faithfulness) -> str:
    low, high = report.interval
    said = (
        f"{report.subject}: the answer follows the swapped features in {report.score:.1%} of pairs "
        f"({low:.1%} to {high:.1%}; {report.floor:.1%} with nothing swapped)"
    )
    if not report.controlled:
        return f"{said}. Nothing was controlled: a rich enough alignment function gives this for any network."
    name = min(report.margin, key=lambda one: report.margin[one])
    margin, (least, _) = report.margin[name], report.margin_interval[name]
    against = f"the same search reaches at most {report.best_null:.1%} on nulls ({name})"
    missing = {
        null: _asked_of(null, report.restarts) - over
        for null, over in report.margin.items()
        if null not in report.trivial
    }
    short = max(missing, key=lambda null: missing[null], default=name)
    silent = _nothing_of_learning(report)
    if margin <= 0 or least <= 0:
        verdict = f"{said}; {against}: no margin, so this is no evidence of a variable."
    elif silent is not None:
        small = f": a small margin over {short}" if missing.get(short, 0.0) > 0 else ""
        verdict = f"{said}; {against}{small}. {silent}"
    elif missing[short] > 0:
        verdict = f"{said}; {against}: a small margin over {short}, weak evidence that anything was learned."
    else:
        how = "carries the variable" if low >= _CARRIED else "carries the variable in part"
        verdict = f"{said}; {against}, so the network {how} because of what it learned."
    equal = [
        rival for rival, one in report.rivals.items() if one.margin_interval[0] <= 0 and rival != "features elsewhere"
    ]
    elsewhere = report.rivals.get("features elsewhere")
    if elsewhere is not None and elsewhere.margin_interval[0] <= 0:
        verdict += " As many features elsewhere in the state do as well, so the place is not identified."
    if equal:
        verdict += (
            f" {' and '.join(equal)} {'does' if len(equal) == 1 else 'do'} as well, so the program is not identified."
        )
    return verdict
