"""Emergence over a data set: what is averaged over which samples, and an account of the rest."""

import math

import numpy as np
import pytest
import torch

import symbolscope as sy
from symbolscope.emergence.check_emergence import check_emergence
from symbolscope.emergence.emergence_over import emergence_over, summarise_emergence
from symbolscope.emergence.emergence_summary import wilson_interval
from symbolscope.games.progress import ProgressBar


@pytest.fixture(scope="module")
def samples():
    """Random walks over the masks: most rise on average, some fall."""
    generator = np.random.default_rng(0)
    rising = np.cumsum(np.abs(generator.normal(size=(12, 32))), axis=1)
    return np.concatenate([rising, generator.normal(size=(8, 32))])


def test_every_figure_is_the_mean_over_exactly_its_samples(samples):
    summary = emergence_over(samples, xi=24.0)
    reports = [check_emergence(values, xi=24.0) for values in samples]
    monotone = [r for r in reports if r.monotone]
    used = [r for r in monotone if r.full_output > 24.0]
    assert 0 < len(used) < len(monotone) < len(reports)
    assert summary.monotone_share == len(monotone) / 20
    assert summary.salient_monotone.mean == pytest.approx(np.mean([r.n_salient for r in monotone]))
    assert summary.salient_monotone.std == pytest.approx(np.std([r.n_salient for r in monotone]))
    assert summary.salient_other.mean == pytest.approx(np.mean([r.n_salient for r in reports if not r.monotone]))
    assert summary.exponent_order1.mean == pytest.approx(np.mean([r.exponent_order1 for r in monotone]))
    assert summary.exponent_all.mean == pytest.approx(np.mean([r.exponent_all for r in monotone]))
    assert summary.salient_count.mean == pytest.approx(np.mean([r.counts.sum() for r in used]))
    assert summary.bound_exact.mean == pytest.approx(np.mean([r.bound_exact for r in used]))
    have = [r for r in used if not math.isnan(r.bound_upper)]
    assert summary.bound_upper.mean == pytest.approx(np.mean([r.bound_upper for r in have]))
    assert summary.salient_count.mean <= summary.bound_exact.mean


def test_every_sample_is_accounted_for_in_every_figure(samples):
    flat = np.zeros(32)
    summary = emergence_over([*samples, flat], names=[f"s{j}" for j in range(21)], xi=24.0)
    for figure in (
        summary.salient_monotone, summary.salient_other, summary.exponent_order1, summary.exponent_all,
        summary.salient_count, summary.bound_exact, summary.bound_upper,
    ):  # fmt: skip
        assert figure.count + len(figure.left_out) == 21
        assert set(figure.left_out) <= set(summary.names)
        assert all(figure.left_out.values())
    assert summary.salient_monotone.count + summary.salient_other.count == 21
    assert "not above xi" in summary.bound_exact.left_out["s20"]
    assert "not above 0" in summary.exponent_order1.left_out["s20"]
    text = summary.to_text()
    assert "21 samples" in text
    assert "left out: not monotone" in text
    assert repr(summary) == text
    frame = summary.to_frame()
    assert list(frame["name"]) == list(summary.names)
    assert frame["monotone"].sum() == round(summary.monotone_share * 21)


def test_samples_whose_upper_bound_is_below_the_count_are_named():
    """Found by search: interactions above M = 2 are there, and the bound on delta does not know of them."""
    generator = np.random.default_rng(0)
    size = np.bitwise_count(np.arange(32))
    games = sy.inverse_mobius(np.where(size <= 2, 1.0, 0.2) * generator.normal(size=(500, 32)))
    summary = emergence_over(games, max_order=2, threshold=1.0)
    below = [r for r in summary.reports if r.applies and r.counts.sum() > r.bound_upper * (1 + 1e-9)]
    assert len(summary.exceeded) == len(below)
    assert ("below the real count" in summary.to_text()) == bool(below)


def test_reports_can_be_summarised_afterwards_and_in_any_order(samples):
    collected = []
    summary = emergence_over(samples, on_report=collected.append)
    assert collected == list(summary.reports)
    backwards = summarise_emergence(collected[::-1], names=summary.names[::-1])
    assert backwards.bound_exact.mean == pytest.approx(summary.bound_exact.mean)
    assert backwards.salient_other.left_out == summary.salient_other.left_out


def test_what_is_done_before_an_interruption_is_kept(samples):
    collected = []

    def stop_after_three(report):
        collected.append(report)
        if len(collected) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        emergence_over(samples, on_report=stop_after_three)
    assert len(summarise_emergence(collected).reports) == 3


def test_progress_counts_samples(samples, monkeypatch):
    seen = []
    monkeypatch.setattr(ProgressBar, "update", lambda self, done, now: seen.append(done))
    emergence_over(samples[:4])
    assert seen == [1, 2, 3, 4]


def test_sampled_games_are_left_out_of_what_they_cannot_tell():
    games = [sy.Game.from_function(lambda masks: masks.sum(axis=1) ** 2.0, 30) for _ in range(2)]
    summary = emergence_over([*games, sy.all_masks(4).sum(axis=1) * 1.0], max_calls=1_000)
    assert summary.exponent_order1.count == 3
    assert summary.bound_exact.count == 1
    assert all("every mask" in why or "not" in why for why in summary.bound_exact.left_out.values())
    assert summary.reports[0].sampled
    assert not summary.reports[2].sampled


def test_undecided_samples_are_neither_monotone_nor_not():
    """Steps far smaller than their scatter."""
    weights = np.where(np.arange(40) % 2, 1.0, -1.0)
    weights[0] += 0.05 + 1.0
    game = sy.Game.from_function(lambda masks: masks @ weights + 0.3 * np.sin(7 * (masks @ np.arange(40))), 40)
    summary = emergence_over([game, [0.0, 1.0, 1.0, 4.0]], max_calls=1_500)
    assert summary.reports[0].monotone is None
    assert summary.undecided == ("0",)
    assert summary.monotone_share == 1.0
    assert "undecided" in summary.salient_monotone.left_out["0"]
    assert "undecided" in summary.salient_other.left_out["0"]
    assert "undecided" in summary.reports[0].to_text()


def test_wilson_intervals():
    """Both ends solve |share - p| = 1.96 sqrt(p (1 - p) / n)."""
    for successes, trials in ((1, 7), (30, 60), (59, 60)):
        for end in wilson_interval(successes, trials):
            assert abs(successes / trials - end) == pytest.approx(
                1.959964 * math.sqrt(end * (1 - end) / trials), rel=1e-5
            )
    assert wilson_interval(0, 10)[0] == 0
    assert wilson_interval(10, 10)[1] == pytest.approx(1.0)
    assert math.isnan(wilson_interval(0, 0)[0])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: summarise_emergence([]), "one or more that check_emergence returned; got none"),
        (lambda: summarise_emergence([1.0]), "got float"),
        (lambda: emergence_over([]), "needs one or more samples"),
        (lambda: emergence_over([[0.0, 1.0], [0.0, 1.0, 2.0]], names=["a", "b"]), r"sample b: values must be \[2\^n\]"),
        (lambda: emergence_over([[0.0, 1.0]], names=["a", "b"]), "names must be 1 different names"),
        (lambda: emergence_over([[0.0, 1.0]] * 2, names=["a", "a"]), "names must be 2 different names.*1 different"),
        (lambda: emergence_over([[0.0, 1.0]], threshold=2.0), "sample 0: threshold must be"),
        (
            lambda: emergence_over(sy.Game.from_function(lambda m: m[:, 0], 2)),
            r"takes values \[samples, 2\^n\] or a list of games; got one Game",
        ),
    ],
)
def test_refusals(call, message):
    with pytest.raises(sy.SymbolscopeError, match=message):
        call()


@pytest.mark.parametrize("names", ["ab", 7, iter(["a", "b"]), {"a", "b"}])
def test_names_are_a_list(names):
    samples = [[0.0, 1.0, 1.0, 4.0], [0.0, 1.0, 1.0, 5.0]]
    with pytest.raises(sy.SymbolscopeError, match="names must be a list of 2 different names, such as"):
        emergence_over(samples, names=names)


def test_names_are_made_text():
    samples = [[0.0, 1.0, 1.0, 4.0], [0.0, 1.0, 1.0, 0.5]]
    assert list(emergence_over(samples, names=[3, 5]).bound_upper.left_out) == ["5"]
    assert list(emergence_over(samples, names=np.array(["x", "y"])).bound_upper.left_out) == ["y"]


@pytest.mark.parametrize("values", [[0, 1, 1, 4], np.array([0.0, 1.0, 1.0, 4.0]), torch.tensor([0.0, 1.0, 1.0, 4.0])])
def test_one_row_of_numbers_is_no_list_of_samples(values):
    with pytest.raises(sy.SymbolscopeError, match=r"one sample\? type sy\.check_emergence\(values\)"):
        emergence_over(values)
