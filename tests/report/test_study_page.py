"""The page of a counting study in a browser: every swap looked up there is the one worked out here."""

import dataclasses
import io

import numpy as np
import pytest

import symbolscope as sy
from symbolscope.report.counting_study import study_counting
from symbolscope.report.swap_table import swap_table

TASK = sy.tasks.MultiObject(max_count=5)


@pytest.fixture(scope="module")
def study():
    network = sy.networks.GRU(TASK.vocabulary, width=12)
    history = sy.train(network, TASK, steps=150, snapshots=True, check_every=50, progress=False)
    return study_counting(
        network, sy.programs.UpDown(TASK), TASK, variables=("count", "phase"), history=history, n_moments=2, steps=60,
        featurizers=[sy.featurizers.Linear(size=2), sy.featurizers.Orthogonal(size=4)], n_pairs=500, n_test=300, force=True,
        progress=False,
    )  # fmt: skip


def slowly(study, table, variable, target, source):
    """One swap, token by token, with the network run anew from the beginning at every token."""
    import torch

    best = max(
        (pair for pair in zip(study.alignments, study.results, strict=True) if pair[1].variables[0] == variable),
        key=lambda pair: pair[1].value,
    )[0]
    vocabulary = TASK.vocabulary
    runs = []
    for trial, step in (target, source):
        ids = torch.from_numpy(vocabulary.encode(table.tokens[trial][: step + 1]))[None]
        runs.append(study.network.states(ids)[:, -1])
    state = best.swap(*runs, variable=variable)
    said = table.continuations[table.program[variable][table.places.index(target), table.places.index(source)]]
    done = []
    trial, step = source if variable == "phase" else target
    phase = table.values["phase"][trial][step]
    answering = phase > 0
    for position in range(60):
        with torch.no_grad():
            chosen = vocabulary.tokens[int(study.network.readout(state).argmax())]
        word = chosen if answering or position >= len(said) else said[position]
        answering = answering or word == "T"
        done.append(word)
        if word == "E":
            break
        state = study.network.resume(state, torch.from_numpy(vocabulary.encode([word]))[None])[:, 0].detach()
    return tuple(done)


def test_the_table_is_what_the_network_does(study):
    table = swap_table(study, n_trials=3)
    generator = np.random.default_rng(0)
    for variable in ("count", "phase"):
        for _ in range(12):
            target, source = (table.places[i] for i in generator.integers(len(table.places), size=2))
            at = (table.places.index(target), table.places.index(source))
            found = table.continuations[table.network[variable][at]]
            expected = slowly(study, table, variable, target, source)
            assert found[: len(expected)] == expected[: len(found)]


@pytest.mark.browser
def test_clicks_show_the_swaps_of_python(study, chromium, tmp_path):
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.ui import Select

    table = swap_table(study)
    chromium.get_log("browser")
    chromium.get(sy.write_report(tmp_path / "study.html", study, title="A <b>study</b>").as_uri())

    def find(selector):
        return chromium.find_element(By.CSS_SELECTOR, selector)

    assert chromium.title == "A <b>study</b>"
    generator = np.random.default_rng(1)
    for variable in ("count", "phase", "count"):
        find(f'[data-variable="{variable}"]').click()
        for _ in range(3):
            chosen = {}
            for side in ("target", "source"):
                place = int(generator.integers(len(table.places)))
                trial, step = table.places[place]
                Select(find(f'[data-trial="{side}"]')).select_by_value(str(trial))
                find(f"#study-1-{side}-{step}").click()
                chosen[side] = place
            at = (chosen["target"], chosen["source"])
            shown = {role: find(f'[data-role="{role}"]').text.split() for role in ("program", "network", "unswapped")}
            assert tuple(shown["program"]) == table.continuations[table.program[variable][at]]
            assert tuple(shown["network"]) == table.continuations[table.network[variable][at]]
            assert tuple(shown["unswapped"]) == table.continuations[table.unswapped[at[0]]]
            agrees = bool(table.program[variable][at] == table.network[variable][at])
            assert find('[data-role="verdict"]').get_attribute("data-agree") == str(agrees).lower()
    assert chromium.get_log("browser") == []


@pytest.mark.browser
def test_steps_can_be_chosen_by_keyboard(study, chromium, tmp_path):
    from selenium.webdriver import Keys
    from selenium.webdriver.common.by import By

    chromium.get(sy.write_report(tmp_path / "study.html", study).as_uri())
    pressed = chromium.find_element(By.CSS_SELECTOR, '[data-tokens="target"] [aria-pressed="true"]')
    before = pressed.get_attribute("id")
    pressed.click()
    chromium.switch_to.active_element.send_keys(Keys.ARROW_LEFT)
    after = chromium.switch_to.active_element.get_attribute("id")
    assert after != before
    assert chromium.find_element(By.ID, after).get_attribute("aria-pressed") == "true"
    assert chromium.get_log("browser") == []


def test_a_study_never_shows_a_score_alone(study, tmp_path):
    page = sy.write_report(tmp_path / "study.html", study).read_text(encoding="utf-8")
    for word in ("with nothing swapped", "95 % interval", "best null", "margin", "random-core", "off-target"):
        assert word in page
    assert "Nothing was controlled" not in page
    uncontrolled = dataclasses.replace(study, evidence=())
    page = sy.write_report(tmp_path / "study.html", uncontrolled).read_text(encoding="utf-8")
    assert "Nothing was controlled" in page
    assert "best null" not in page
    assert len(page) < 1_000_000


def test_a_study_and_an_explanation_share_a_page(study, tmp_path):
    model = sy.decompose(np.array([0.0, 1.0, 1.0, 4.0]))
    page = sy.write_report(tmp_path / "both.html", [model, study]).read_text(encoding="utf-8")
    assert 'id="model-1-tab"' in page
    assert 'id="study-1-tab"' in page


def test_the_terminal_table_fits_a_terminal(study):
    from rich.console import Console

    from symbolscope.report.alignment_table import print_study

    console = Console(width=80, record=True, file=io.StringIO())
    print_study(study, console)
    text = console.export_text()
    for word in ("floor", "ceiling", "Orthogonal", "nothing swapped"):
        assert word in text
    assert "…" not in text
