"""What an explanation says in words: how few interactions suffice, what the score is, what the certificate proves."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from symbolscope.evidence.left_out import NotAssessed
from symbolscope.games.unchanged_players import EVERY
from symbolscope.games.view import TableView
from symbolscope.report.charts import SALIENT
from symbolscope.report.numerals import percent, plain, several

if TYPE_CHECKING:
    from symbolscope.evidence.faithfulness import Faithfulness
    from symbolscope.interactions.fidelity import FidelityCurve
    from symbolscope.interactions.model import InteractionModel

ENOUGH = 0.95  # of the output's variance over all masks
_MOST_BY_DEFAULT = 30  # more bars than this cannot be read at once

_SCORES = {
    "log-odds": ("the log-odds", ": 0 means even odds, and +1 multiplies the odds by about 2.7"),
    "logit": ("the logit", ", the number that the network feeds into its softmax"),
    "probability": ("the probability", ", as the network states it"),
    "output": ("the number that the network puts out", ""),
}


def known_curve(model: "InteractionModel") -> "FidelityCurve | None":
    """Fidelity against the number of interactions, or None where the output is not known on every mask."""
    return None if model.values is None else model.curve()


def default_count(model: "InteractionModel", curve: "FidelityCurve | None") -> int:
    """Fewest strongest interactions with R^2 of at least 0.95, if at most 30 do; else 30 (or all)."""
    every = len(model.effects)
    if curve is not None:
        reached = np.flatnonzero(curve.r2 >= ENOUGH)
        if reached.size and int(curve.counts[reached[0]]) <= _MOST_BY_DEFAULT:
            return int(curve.counts[reached[0]])
    return min(_MOST_BY_DEFAULT, every)


def headline(model: "InteractionModel", count: int, curve: "FidelityCurve | None") -> str:
    """One honest sentence: how much of the output the chosen interactions reproduce."""
    if not len(model.effects) and model.sampled is not None:
        unchanged = f" {said}" if (said := unchanged_sentence(model)) else ""
        return f"No interaction was found.{unchanged} {model.sampled.statement}"
    if not len(model.effects):
        if model.settings.get("equals_baseline"):
            return f"No interaction is found, for hiding changes nothing. {unchanged_sentence(model)}"
        within = f" by more than the tolerance, {plain(model.tolerance)}," if model.tolerance > 0 else ""
        return f"No interaction is needed: the output does not depend{within} on which players are present."
    if model.values is None and model.sampled is not None and model.sampled.held_out:
        fresh = model.sampled.held_out[model.sampled.sampling]
        return (
            f"{_several_strong(len(model.effects), len(model.effects))} predict {percent(max(fresh.r2, 0.0))} of the variance of "
            f"the output over {several(fresh.masks, 'masked input')} that played no part in finding them."
        )
    if model.values is None or curve is None:
        return (
            f"{_several_strong(count, len(model.effects))} of {several(model.n_players, 'player')}. How well they "
            "reproduce the output is not shown, because the output is not known on every mask."
        )
    if float(np.ptp(model.values)) == 0.0:
        return "The output is the same on every mask, so there is nothing to explain."
    r2 = float(curve.r2[max(int(np.searchsorted(curve.counts, count, side="right")) - 1, 0)])
    over = f"of the variance of the output over all {several(len(model.values), 'masked input')}"
    if r2 >= ENOUGH:
        verb = "reproduces" if count == 1 else "reproduce"
        return f"{several(count, 'interaction')} {verb} {percent(r2)} {over}."
    reached = np.flatnonzero(curve.r2 >= ENOUGH)
    # Beyond the first few dozen the curve has not every count.
    skipped = reached.size and curve.counts[reached[0]] > curve.counts[max(int(reached[0]) - 1, 0)] + 1
    rest = (
        f" {percent(ENOUGH)} takes {'about ' if skipped else ''}{int(curve.counts[reached[0]]):,}."
        if reached.size
        else ""
    )
    if r2 <= 0.0:
        return f"{_several_strong(count, len(model.effects))} predict the output no better than its mean does.{rest}"
    return f"{_several_strong(count, len(model.effects))} reproduce only {percent(r2)} {over}.{rest}"


def unchanged_sentence(model: "InteractionModel") -> str:
    """Which players equal their baseline, so that hiding them changes nothing whatever the network is; nothing if none does."""
    names = model.settings.get("equals_baseline")
    if not names:
        return ""
    one_row = str(model.settings.get("baseline", "")).startswith("mean of 1 row")
    if names == EVERY:
        what = "column" if isinstance(model.view, TableView) or one_row else "player"
        why = ", since the table has one row and its mean is that row" if one_row else ""
        return (
            f"Every {what} equals its baseline{why}. This says nothing of the network: give another baseline"
            f"{' or more rows' if one_row else ''}."
        )
    return f"Some equal their baseline, so that hiding them changes nothing: {names}."


def _several_strong(count: int, every: int) -> str:
    return f"All {several(every, 'interaction')}" if count == every else f"The {count:,} strongest interactions"


def sparsity_sentence(model: "InteractionModel") -> str:
    """How many interactions stand out."""
    if not len(model.effects):
        return "There are no interactions."
    unchanged = f" {said}" if (said := unchanged_sentence(model)) else ""
    sizes = np.abs(model.effects)
    salient = int((sizes >= SALIENT * sizes.max()).sum())
    return (
        f"{salient:,} of {several(sizes.size, 'interaction')} {'is' if salient == 1 else 'are'} salient "
        f"(at least 5\u00a0% as strong as the strongest).{unchanged}"
    )


def report_of(evidence: "Faithfulness | NotAssessed | None") -> "Faithfulness | None":
    """The report, if the controls could be run."""
    return None if isinstance(evidence, NotAssessed) else evidence


def evidence_sentence(model: "InteractionModel", evidence: "Faithfulness | NotAssessed | None") -> str:
    """What the controls say of the sparsity, or that there were none."""
    if evidence is not None:
        return evidence.sentence
    if not len(model.effects) or model.values is None:
        return "Nothing was controlled."
    return (
        "Nothing was controlled: any table of outputs is reproduced by enough interactions. sy.assess(model) compares with an "
        "untrained network and with permuted outputs."
    )


def sampled_sentence(model: "InteractionModel") -> str:
    """How the interactions were learned from some of the masks, and how they predict others; nothing after the exact method."""
    return "" if model.sampled is None else model.sampled.statement


def score_sentence(model: "InteractionModel") -> str:
    """Say what number is explained."""
    score, target = model.settings.get("score"), model.settings.get("target_name")
    if target is None:
        target = model.settings.get("target")
    name, meaning = _SCORES.get(str(score), (f"“{score}”", "") if score else _SCORES["output"])
    of = (
        ""
        if target is None or score == "output"
        else f" of target {target}"
        if isinstance(target, int)
        else f" of “{target}”"
    )
    outputs, cut = model.settings.get("outputs"), model.settings.get("cut")
    read = f" The network's outputs are read as {outputs}." if outputs else ""
    return f"The score is {name}{of}{meaning}.{read}" + (f" It was cut on {cut}." if cut else "")


@dataclass(frozen=True)
class Certificate:
    """How far the split between AND and OR is from the best possible one, in words and numbers."""

    claim: str
    facts: tuple[tuple[str, str, str], ...]  # (name, number, what it means)


def certificate(model: "InteractionModel") -> Certificate:
    """Words for the objective, the lower bound, the gap, the tolerance and the largest error."""
    objective, bound = float(model.objective), float(model.lower_bound)
    gap = float(model.gap) if math.isfinite(bound) else math.nan
    if model.sampled is not None:
        claim = model.sampled.statement
    elif not math.isfinite(gap):
        claim = "No certificate: this explanation was not compared with other splits between AND and OR."
    elif gap <= 1e-9:
        claim = "No split between AND and OR, whatever it is, costs less than this one."
    else:
        claim = f"No split between AND and OR, whatever it is, could cost less than this one by more than {_gap(gap)}."
    if model.sampled is not None:
        return Certificate(
            claim,
            (("Model calls", f"{model.sampled.calls:,}", "masked inputs evaluated, those of the check included"),),
        )
    error = float(model.largest_error) if model.values is not None else math.nan
    tolerance = float(model.tolerance)
    facts = (
        (
            "Cost of this split",
            plain(objective, 6),
            "sizes of all effects, summed; 1 % more per player beyond the first",
        ),
        ("Certified lower bound", plain(bound, 6), "proved: no split within the tolerance costs less"),
        ("Gap", _gap(gap), "what a better split could still save"),
        (
            "Tolerance",
            plain(tolerance),
            "all interactions together must reproduce the output exactly"
            if tolerance == 0
            else "error allowed on each mask, taken as noise, in units of the score",
        ),
        ("Largest error", _error(error), "of all interactions together, on the mask where they are worst"),
    )
    return Certificate(claim, facts)


def certificate_line(model: "InteractionModel") -> str:
    """Write the certificate in one line, for a terminal or a notebook."""
    said = certificate(model)
    numbers = "; ".join(f"{name.lower()} {number}" for name, number, _ in said.facts)
    return f"{said.claim} {numbers[:1].upper()}{numbers[1:]}."


def _gap(gap: float) -> str:
    if not math.isfinite(gap):
        return "unknown"
    if gap <= 1e-9:
        return "0\u00a0%"
    return f"{plain(gap * 100.0, 2)}\u00a0%"


def _error(error: float) -> str:
    return "unknown" if not math.isfinite(error) else plain(error)
