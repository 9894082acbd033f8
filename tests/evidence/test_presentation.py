"""A report in every form that it is shown in, and the sentence, branch by branch."""

import dataclasses
import math
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from rich.console import Console
from tests.evidence.instances import reading

import symbolscope as sy
from symbolscope.evidence.divergence import Divergence
from symbolscope.evidence.faithfulness import Faithfulness, OffTarget, Rival
from symbolscope.evidence.null import Null
from symbolscope.evidence.nulls import registry

NAN = float("nan")
NASTY = "<script>alert(1)</script>"


def of_swaps(*, score=0.99, low=0.97, nulls=None, margin=0.5, least=0.4, rivals=None, skipped=None, subject=None):
    """A report of an alignment, by hand."""
    scores = {"random-init": (0.2, 0.49), "permuted-outputs": (0.1, 0.3)} if nulls is None else nulls
    return Faithfulness(
        subject="count of UpDown in GRU" if subject is None else subject,
        measure="IIA over 500 fresh pairs",
        score=score,
        interval=(low, 1.0),
        floor=0.25,
        complexity={"features": 2.0, "trained numbers": 1234.0},
        details={"ceiling": 1.0, "chance-corrected": 0.95},
        null_scores=scores,
        margin=dict.fromkeys(scores, margin),
        margin_interval=dict.fromkeys(scores, (least, margin + 0.1)),
        rivals={} if rivals is None else rivals,
        skipped={} if skipped is None else skipped,
        seed=0,
        restarts=2,
        off_target=OffTarget(0.91, (0.88, 0.94), 0.61, score),
        divergence=Divergence(0.5, 0.01, 1.5, 0.5, 0.75, 0.25, 4.0, 0.005, 500, 1000),
    )


def of_sizes(own=4, *, nulls=None, score=0.97, restarts=2, subject="12 interactions of 5 players"):
    """A report of interactions, by hand: terms for R^2 of 0.9, per restart of each null."""
    counts = {"random-init": (8, 9), "permuted-outputs": (20, 21)} if nulls is None else nulls
    least = {name: min((one for one in each if one is not None), default=None) for name, each in counts.items()}
    ratio = {name: NAN if few is None or own is None else few / max(own, 1) for name, few in least.items()}
    return Faithfulness(
        subject=subject,
        measure="R^2 over all 32 masks",
        score=score,
        interval=(0.95, 0.98),
        floor=0.0,
        complexity={"interactions": 12.0},
        details={"unfaithfulness": 0.01, "largest error": 0.2},
        null_scores=dict.fromkeys(counts, (0.4, 0.5)),
        margin=dict.fromkeys(counts, score - 0.5),
        margin_interval=dict.fromkeys(counts, (0.3, 0.6)),
        rivals={"Fourier": Rival(0.8, (0.8, 0.8), 0.0, 0.17, (0.15, 0.18))},
        skipped={},
        seed=0,
        restarts=restarts,
        sizes={"network": ((own, None),)} | {name: tuple((one, None) for one in each) for name, each in counts.items()},
        size_ratio={name: (one, NAN) for name, one in ratio.items()},
        alternatives="two splits cost the same",
    )


def rival(low, margin=0.3, score=0.6):
    return Rival(score, (score - 0.05, score + 0.05), 0.31, margin, (low, margin + 0.1))


# The sentence


def test_interactions_without_controls():
    said = of_sizes(nulls={}).sentence
    assert said == (
        "12 interactions of 5 players reproduce 97.0% of the output's variance over all masks. Nothing was controlled: any table "
        "of outputs is reproduced by enough interactions."
    )


def test_interactions_that_reproduce_too_little():
    said = of_sizes(None, score=0.5).sentence
    assert said.endswith(", too little for R² of 0.9, so there is no size to compare with the nulls.")


@pytest.mark.parametrize(
    ("own", "nulls", "ending"),
    [
        (4, {"random-init": (15, 16), "permuted-outputs": (20, 21)}, "at least 3.8 times as many, so this sparsity was learned."),
        (4, {"random-init": (14, 14)}, "at least 3.5 times as many, so this sparsity was learned."),
        (4, {"random-init": (13, 99)},
         "at least 3.2 times as many, weak evidence that this sparsity was learned, for untrained networks differ nearly as much "
         "among themselves (more restarts say more)."),
        (4, {"random-init": (6, 9)}, "differ nearly as much among themselves (more restarts say more)."),
        (4, {"random-init": (5, 9), "permuted-outputs": (30, 30)},
         "a network that learned nothing is about as sparse here, so the sparsity alone is no evidence of what was learned."),
        (4, {"random-init": (3, None)}, "about as sparse here, so the sparsity alone is no evidence of what was learned."),
        (9, {"random-init": (4, 9), "permuted-outputs": (30, 30)},
         "what learned nothing is sparser, so the sparsity is no evidence of anything learned."),
        (4, {"random-init": (None, None)}, "against no number in the same network untrained: the nulls never get there."),
        (4, {"random-init": (None, None), "permuted-outputs": (16, 17)},
         "at least 4.0 times as many, so this sparsity was learned."),
    ],
)  # fmt: skip
def test_sparsity_beside_that_of_the_nulls(own, nulls, ending):
    said = of_sizes(own, nulls=nulls).sentence
    assert said.endswith(ending)
    assert f"{own} interactions give R² of 0.9, against " in said
    assert "Nothing was controlled" not in said
    verdicts = (
        "was learned.",
        "what was learned.",
        "anything learned.",
        "never get there.",
        "(more restarts say more).",
    )
    assert sum(said.endswith(verdict) for verdict in verdicts) >= 1


@pytest.mark.parametrize(("restarts", "least"), [(1, 24), (2, 14), (5, 8), (10, 6)])
def test_the_fewer_untrained_networks_the_more_they_must_differ(restarts, least):
    def said(count):
        return of_sizes(4, nulls={"random-init": (count,) * restarts}, restarts=restarts).sentence

    assert said(least).endswith("so this sparsity was learned.")
    assert not said(least - 1).endswith("so this sparsity was learned.")


def test_nothing_is_said_of_learning_without_an_untrained_network():
    said = of_sizes(nulls={"permuted-outputs": (20, 21)}).sentence
    assert said.endswith("No untrained network was compared, so this says nothing of what was learned.")
    assert "(as many of the nulls' strongest: at most 50.0%)" in said


def test_what_is_worse_than_the_mean_and_what_is_constant():
    assert "predict worse than the mean output does (R² of -0.50)" in of_sizes(score=-0.5).sentence
    assert of_sizes(0, score=1.0).sentence.endswith("so there is nothing to explain.")


def test_terms_of_every_null_are_named():
    nulls = {
        "random-init": (8, 9), "permuted-outputs": (1_000, 2_000), "shuffled-labels": (7, 7), "random-core": (5, 6),
        "random-subset": (11, None), "a null of mine": (6, 6),
    }  # fmt: skip
    said = of_sizes(nulls=nulls).sentence
    for part in (
        "8 to 9 in the same network untrained", "1,000 to 2,000 once its outputs are permuted",
        "7 in the network trained on shuffled labels", "5 to 6 with a random core and a trained readout",
        "11 of random sets of players", "6 for a null of mine",
    ):  # fmt: skip
        assert part in said


def test_a_registered_null_is_described_by_what_it_is_about(monkeypatch):
    class Mine(Null):
        name, about = "mine", "nothing at all"

        def variation(self, reading, *, seed):
            raise NotImplementedError

    monkeypatch.setitem(registry, "mine", Mine)
    assert "6 to 7 for nothing at all" in of_sizes(nulls={"mine": (6, 7)}).sentence


def test_one_interaction_is_one():
    said = of_sizes(1, subject="1 interaction of 5 players", nulls={"random-init": (3, 3)}).sentence
    assert said.startswith("1 interaction of 5 players reproduces 97.0%")
    assert "1 interaction gives R² of 0.9" in said


def test_an_alignment_without_controls():
    said = of_swaps(nulls={}).sentence
    assert said == (
        "count of UpDown in GRU: the answer follows the swapped features in 99.0% of pairs (97.0% to 100.0%; 25.0% with nothing "
        "swapped). Nothing was controlled: a rich enough alignment function gives this for any network."
    )


@pytest.mark.parametrize(
    ("settings", "ending"),
    [
        ({}, ", so the network carries the variable because of what it learned."),
        ({"score": 0.8, "low": 0.75}, ", so the network carries the variable in part because of what it learned."),
        ({"margin": 0.201, "least": 0.15}, ", so the network carries the variable because of what it learned."),
        (
            {"margin": 0.199, "least": 0.15},
            ": a small margin over random-init, weak evidence that anything was learned.",
        ),
        (
            {"margin": 0.09, "least": 0.02},
            ": a small margin over random-init, weak evidence that anything was learned.",
        ),
        ({"margin": 0.0, "least": -0.02}, ": no margin, so this is no evidence of a variable."),
        ({"margin": -0.2, "least": -0.3}, ": no margin, so this is no evidence of a variable."),
        ({"margin": 0.3, "least": -0.01}, ": no margin, so this is no evidence of a variable."),
    ],
)
def test_margins_of_an_alignment(settings, ending):
    said = of_swaps(**settings).sentence
    assert said.endswith(ending)
    assert "25.0% with nothing swapped" in said
    assert "the same search reaches at most 49.0% on nulls" in said


def test_one_control_is_worth_less_than_two():
    two = of_swaps(margin=0.29)
    assert dataclasses.replace(two, restarts=1).sentence.endswith(
        ": a small margin over random-init, weak evidence that anything was learned."
    )
    assert two.sentence.endswith("because of what it learned.")


def test_the_smallest_margin_decides():
    report = of_swaps()
    closest = dataclasses.replace(
        report,
        margin={"random-init": 0.5, "permuted-outputs": 0.05},
        margin_interval={"random-init": (0.4, 0.6), "permuted-outputs": (-0.01, 0.1)},
    )
    assert "(permuted-outputs): no margin" in closest.sentence


@pytest.mark.parametrize(
    ("cores", "permuted", "ending"),
    [
        (0.4, 0.15, ", so the network carries the variable because of what it learned."),
        (0.4, 0.09, ": a small margin over permuted-outputs, weak evidence that anything was learned."),
        (0.19, 0.12, ": a small margin over random-core, weak evidence that anything was learned."),
        (0.15, 0.09, ": a small margin over random-core, weak evidence that anything was learned."),
    ],
)
def test_networks_differ_more_among_themselves_than_permutations(cores, permuted, ending):
    margin = {"random-core": cores, "permuted-outputs": permuted}
    report = dataclasses.replace(
        of_swaps(nulls=dict.fromkeys(margin, (0.4, 0.5))),
        margin=margin,
        margin_interval={null: (one - 0.05, one + 0.05) for null, one in margin.items()},
    )
    assert report.sentence.endswith(ending)


def test_a_rival_that_does_as_well_is_named():
    rivals = {"UpUp": rival(0.2), "Mine": rival(-0.01), "Other": rival(0.0)}
    said = of_swaps(rivals=rivals).sentence
    assert said.endswith("because of what it learned. Mine and Other do as well, so the program is not identified.")
    assert "UpUp" not in said
    assert "identified" not in of_swaps(rivals={"UpUp": rival(0.2)}).sentence


def test_features_elsewhere_that_do_as_well_are_no_other_program():
    said = of_swaps(rivals={"features elsewhere": rival(-0.01), "UpUp": rival(0.2)}).sentence
    assert said.endswith(" As many features elsewhere in the state do as well, so the place is not identified.")
    assert "program is not identified" not in said


# What is shown

REPORTS = {
    "swaps": lambda: of_swaps(
        rivals={"UpUp": rival(0.2), NASTY: rival(0.1)}, skipped={"random-core": "no [red]core[/red]"}
    ),
    "sizes": of_sizes,
    "no controls": lambda: of_swaps(nulls={}),
    "assessed": lambda: sy.assess(reading("decomposed")),
    "assessed alignment": lambda: sy.assess(reading("toy"), nulls=("random-subset",), n=30),
}
every = pytest.mark.parametrize("make", REPORTS.values(), ids=REPORTS)


def names(report):
    return [*report.null_scores, *report.skipped, *report.rivals, *report.details, *report.complexity]


@every
def test_text_has_every_number_and_the_sentence(make):
    report = make()
    text = repr(report)
    assert text.startswith(f"Faithfulness of {report.subject}")
    assert text.endswith(report.sentence)
    for name in names(report):
        assert name in text
    for scores in report.null_scores.values():
        assert f"all {', '.join(f'{score:.3f}' for score in scores)}" in text
    assert "floor" in text
    assert f"{report.score:.3f}" in text
    assert ("nothing swapped" if report.off_target else "the mean output") in text
    if report.alternatives is not None:
        assert f"identifiability: {report.alternatives}" in text


@every
@pytest.mark.parametrize("width", [80, 120])
def test_the_table_fits_the_terminal(make, width):
    report = make()
    console = Console(width=width, record=True, file=open("/dev/null", "w", encoding="utf-8"))  # noqa: SIM115
    with console.file:
        console.print(report)
        text = console.export_text()
    assert max(len(line) for line in text.splitlines()) <= width
    assert "…" not in text
    squeezed = "".join(text.split())
    for name in names(report) if width == 120 else []:
        assert "".join(name.split()) in squeezed
    assert "".join(report.sentence.split()) in squeezed
    assert "[red]" in text if "random-core" in report.skipped and width == 120 else True


class Cells(HTMLParser):
    """Text of every cell, and every tag that was opened."""

    def __init__(self):
        super().__init__()
        self.tags, self.open, self.rows, self.words = [], [], [], []

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.open.append(tag)
        assert not any(name.startswith("on") or name in ("src", "href") for name, _ in attributes)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)
        if self.open and self.open[-1] in ("td", "th"):
            self.rows[-1][-1] += data


def parsed(report):
    page = Cells()
    page.feed(report._repr_html_())
    page.close()
    assert page.open == []
    return page


@every
def test_html_is_a_table_with_every_number(make):
    report = make()
    page = parsed(report)
    assert "script" not in page.tags
    assert "".join(page.words).count(report.sentence) == 1
    cells = {cell for row in page.rows for cell in row}
    for name in names(report):
        assert name in cells
    assert {len(row) for row in page.rows} == {5}
    assert len(page.rows) == 1 + len(report.to_frame())


def test_nasty_names_are_only_names():
    model = sy.decompose([0.0, 1.0, 1.0, 4.0], player_names=["<script>", "b"])
    for html in (of_swaps(subject=NASTY, rivals={NASTY: rival(-0.1)}, skipped={NASTY: NASTY})._repr_html_(),
                 sy.assess(model)._repr_html_(), model._repr_html_()):  # fmt: skip
        assert "<script>alert" not in html
    report = of_swaps(subject=NASTY, rivals={NASTY: rival(-0.1)}, nulls={NASTY: (0.1, 0.2)}, skipped={"b": NASTY})
    page = parsed(report)
    assert "script" not in page.tags
    assert [NASTY, f"over {NASTY}", NASTY] == [row[1] for row in page.rows if NASTY in row[1]]
    assert NASTY in "".join(page.words)


@every
def test_the_frame_has_a_row_per_number(make):
    report = make()
    frame = report.to_frame()
    assert list(frame.columns) == ["section", "name", "value", "low", "high", "note"]
    assert frame["section"].iloc[0] == "score"
    for section, expected in (("null", [*report.null_scores, *report.skipped]), ("rival", [*report.rivals])):
        assert sorted(frame.loc[frame["section"] == section, "name"]) == sorted(expected)
    margins = frame[frame["section"] == "margin"].set_index("name")
    for name, margin in report.margin.items():
        row = margins.loc[f"over {name}"]
        assert (row["value"], row["low"], row["high"]) == (margin, *report.margin_interval[name])
    by_name = frame.set_index("name")["value"]
    assert by_name[report.measure] == report.score
    assert by_name["floor"] == report.floor
    for name, scores in report.null_scores.items():
        assert frame.loc[(frame["section"] == "null") & (frame["name"] == name), "value"].tolist() == [max(scores)]
    assert ("off-target" in set(frame["section"])) == (report.off_target is not None)
    assert (frame["section"] == "divergence").sum() == (3 if report.divergence else 0)
    assert pd.api.types.is_float_dtype(frame["value"])


def plain(one):
    """Whether it holds nothing but numbers, words and arrays: no network travels with a report."""
    if dataclasses.is_dataclass(one):
        return all(plain(getattr(one, entry.name)) for entry in dataclasses.fields(one))
    if isinstance(one, dict):
        return all(plain(key) and plain(value) for key, value in one.items())
    if isinstance(one, tuple | list):
        return all(plain(value) for value in one)
    return one is None or isinstance(one, str | bool | int | float | np.ndarray)


@every
def test_a_report_is_numbers_and_words(make):
    assert plain(make())


def test_numbers_that_are_not_there_are_dashes():
    never = of_sizes(nulls={"random-init": (None, None)})
    assert math.isnan(never.size_ratio["random-init"][0])
    text = repr(never)
    assert "R² 0.9 / 0.99: never / never" in text
    assert "for R² of 0.9 / 0.99: never / never; never / never" in text
    assert "nan" not in text
    assert "nan" not in never._repr_html_()
    skipped = repr(of_swaps(skipped={"random-core": "nothing to train"}))
    assert "not run: nothing to train" in skipped


def test_large_numbers_are_grouped():
    assert "1,234" in repr(of_swaps())
