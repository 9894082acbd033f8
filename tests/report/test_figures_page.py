"""Conditions of emergence and dynamics of a training on the page: what is said, what is drawn, and a silent console."""

import html
import re

import numpy as np
import pytest
import torch

import symbolscope as sy


def planted(n):
    masks = sy.all_masks(n)
    return sum(1.0 * masks[:, players].all(axis=1) for players in ([0, 1, 2], [0, 1], [1, 2], [1], [2]))


@pytest.fixture(scope="module")
def report():
    return sy.check_emergence(planted(5))


@pytest.fixture(scope="module")
def sampled():
    game = sy.Game.from_function(lambda m: 1.0 * m[:, :3].all(axis=1) + 0.1 * m.sum(axis=1), 30)
    return sy.check_emergence(game, max_calls=1500)


@pytest.fixture(scope="module")
def summary():
    rng = np.random.default_rng(0)
    games = [planted(5), -planted(5), np.zeros(32), *(rng.normal(size=32).cumsum() for _ in range(4))]
    return sy.emergence_over(games)


@pytest.fixture(scope="module")
def dynamics():
    torch.manual_seed(0)
    networks = [torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 2)) for _ in range(5)]
    games = [sy.Game(networks[0], torch.randn(4), target=1) for _ in range(4)]
    losses = {step: (0.5 - 0.1 * step, 0.5 + 0.02 * step) for step in range(5)}
    return sy.interaction_dynamics(list(enumerate(networks)), games, losses=losses)


def text_of(page):
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page.read_text(encoding="utf-8"))))


def test_the_conditions_of_one_input(report, tmp_path):
    text = text_of(sy.write_report(tmp_path / "page.html", report))
    assert "The mean output never falls as players appear, and is bounded with p = 1.57 (2.00 over all pairs)" in text
    assert "An untrained network can meet them too" in text
    for order, value in enumerate(report.mean_output):
        assert f" {order} {value:.4g} exact " in text
    assert "5 salient interactions in all (left, filled), at most 100 by Theorem 3" in text


def test_sampled_conditions_show_intervals_and_no_total_bound(sampled, tmp_path):
    text = text_of(sy.write_report(tmp_path / "page.html", sampled))
    assert "sampled masks" in text
    assert "95 % interval" in text
    assert "Theorem 3" not in text


def test_a_data_set_accounts_for_every_sample(summary, tmp_path):
    text = text_of(sy.write_report(tmp_path / "page.html", summary))
    assert f"of {len(summary.reports)} samples" in text
    assert "Nothing was controlled here" in text
    for figure in (summary.salient_monotone, summary.exponent_all, summary.bound_exact):
        assert figure.count + len(figure.left_out) == len(summary.reports)
        assert str(figure) in text


def test_the_course_of_a_training(dynamics, tmp_path):
    text = text_of(sy.write_report(tmp_path / "page.html", [dynamics]))
    assert "5 checkpoints, 4 samples of 4 players." in text
    assert "untrained" in text
    for line in dynamics.conclusions():
        assert line in text
    assert "gap: test minus training" in text


def test_without_losses_there_is_no_chart_of_them(dynamics, tmp_path):
    from dataclasses import replace

    bare = replace(dynamics, losses=np.full((5, 2), np.nan))
    page = sy.write_report(tmp_path / "page.html", bare).read_text(encoding="utf-8")
    assert 'data-chart="mean-order"' in page
    assert 'data-chart="losses"' not in page


def test_a_falling_output_has_a_negative_exponent_and_a_page(tmp_path):
    report = sy.check_emergence([0.0, 3.0, 3.0, 2.9])
    assert report.exponent_order1 < 0
    assert "m^-0.05 times" in text_of(sy.write_report(tmp_path / "page.html", report))


def test_a_bound_that_is_not_there_is_not_replaced(tmp_path):
    summary = sy.emergence_over([[0.0, 0, 0, 1], [0.0, 1, 1, 4], [0.0, 1, 1, 1, 2, 2, 2, 5]])
    assert summary.salient_count.count == summary.bound_exact.count == 2
    assert "no exponent p" in summary.bound_exact.left_out["0"]
    text = text_of(sy.write_report(tmp_path / "page.html", summary))
    assert "(0 do not, 1 have another number of players" in text


def test_something_else_is_refused_with_what_can_be_shown(tmp_path):
    with pytest.raises(sy.SymbolscopeError, match=r"item 0 is a dict.*sy\.check_emergence"):
        sy.write_report(tmp_path / "page.html", [{}])


@pytest.mark.browser
def test_in_a_browser(chromium, table_model, report, sampled, summary, dynamics, tmp_path):
    page = sy.write_report(tmp_path / "page.html", [table_model, report, sampled, summary, dynamics], nulls=False)
    chromium.get_log("browser")
    chromium.get(page.as_uri())
    tabs = chromium.find_elements("css selector", "[role=tab]")
    assert [tab.text for tab in tabs[1:]] == ["Conditions 1", "Conditions 2", "Conditions over 7 samples", "Training 1"]
    for tab in tabs:
        tab.click()
        shown = [one for one in chromium.find_elements("css selector", "[role=tabpanel]") if one.is_displayed()]
        assert [one.get_attribute("aria-labelledby") for one in shown] == [tab.get_attribute("id")]
        for drawing in shown[0].find_elements("css selector", "svg.chart"):
            if drawing.is_displayed():
                assert drawing.size["width"] > 200
    assert chromium.get_log("browser") == []


@pytest.mark.parametrize("samples", [1, 2])
def test_few_samples_have_no_interval_but_a_page(dynamics, tmp_path, samples):
    from dataclasses import replace

    few = replace(
        dynamics,
        positive=dynamics.positive[:, :samples],
        negative=dynamics.negative[:, :samples],
        n_salient=dynamics.n_salient[:, :samples],
    )
    page = sy.write_report(tmp_path / "page.html", few).read_text(encoding="utf-8")
    assert 'data-chart="mean-order"' in page
    assert "nan" not in text_of(tmp_path / "page.html").split("function")[0]
