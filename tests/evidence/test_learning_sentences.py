"""Whatever nulls were run, left out or trivial: "learned" is said only over a network that could have had a score."""

import dataclasses
import itertools

import pytest
from tests.evidence.test_presentation import of_swaps

NETWORKS = ("random-init", "random-core", "shuffled-labels")
OTHERS = ("permuted-outputs", "wrong-program", "random-features")
STATES = ("absent", "there", "trivial", "left out")


def report_with(states, others, *, margin=0.5, least=0.4):
    there = [name for name, state in states.items() if state in ("there", "trivial")]
    scores = dict.fromkeys((*there, *others), (0.3, 0.4))
    skipped = {name: "its own network answers 3.0% right" for name, state in states.items() if state == "left out"}
    report = of_swaps(nulls=scores, margin=margin, least=least, skipped=skipped)
    return dataclasses.replace(
        report,
        null_accuracy={name: (0.0, 0.0) if states[name] == "trivial" else (1.0, 0.995) for name in there},
        trivial=tuple(name for name in there if states[name] == "trivial"),
    )


@pytest.mark.parametrize("others", [(), OTHERS[:1], OTHERS])
@pytest.mark.parametrize("states", list(itertools.product(STATES, repeat=3)), ids="-".join)
def test_every_combination_of_nulls(states, others):
    states = dict(zip(NETWORKS, states, strict=True))
    report = report_with(states, others)
    said = report.sentence
    compared = [name for name, state in states.items() if state == "there"]
    trivial = [name for name, state in states.items() if state == "trivial"]
    assert ("because of what it learned" in said) == bool(compared)
    if not report.controlled:
        assert "Nothing was controlled" in said
    elif not compared:
        assert "says nothing of what was learned" in said
        assert ("trivial" in said) == bool(trivial)
        assert ("No untrained network was compared" in said) == (not trivial)
    weak = report_with(states, others, margin=0.05, least=0.01).sentence
    assert "because of what it learned" not in weak
    none = report_with(states, others, margin=-0.1, least=-0.2).sentence
    assert "because of what it learned" not in none
    assert ("no evidence of a variable" in none) == report.controlled


def test_a_trivial_null_is_called_so_wherever_it_is_shown():
    report = report_with({"random-init": "trivial"}, ())
    for shown in (repr(report), report._repr_html_(), " ".join(report.to_frame()["note"])):
        assert "trivial" in shown
        assert "0.0%" in shown
