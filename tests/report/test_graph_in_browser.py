"""The And-Or graph in the page: it follows hidden players, folds by mouse and keyboard, and can be read."""

import re

import numpy as np
import pytest

import symbolscope as sy
from symbolscope.graphs.and_or_graph import AndOrGraph
from symbolscope.report.page import write_report
from symbolscope.report.sentences import default_count, known_curve

VIEWS = ["table_model", "text_model", "image_model", "plain_model"]
in_browser = pytest.mark.browser


@pytest.fixture
def look(chromium, tmp_path):
    """Open a page of a model and insist, at the end, that the console stayed silent."""

    def opened(model):
        chromium.get(write_report(tmp_path / "page.html", model, nulls=False).as_uri())
        assert chromium.execute_script("return document.documentElement.dataset.ready") == "true"
        return chromium

    chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    chromium.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    chromium.get_log("browser")
    yield opened
    assert chromium.get_log("browser") == []


@pytest.fixture
def nested_model(make_model):
    terms = [
        ((0, 1, 2, 3, 4), "and", 8.0), ((0, 1, 2, 3, 5), "and", 7.0), ((0, 1, 6), "and", 6.0), ((0, 1, 7), "and", -5.0),
        ((4, 5, 6), "or", 4.0), ((4, 5, 7), "or", -3.0), ((2,), "and", 2.0),
    ]  # fmt: skip
    return make_model(terms, list("abcdefgh"), noise=1)


def find(browser, selector):
    from selenium.webdriver.common.by import By

    return browser.find_element(By.CSS_SELECTOR, selector)


def drawn(model):
    return AndOrGraph.from_interactions(model.top(default_count(model, known_curve(model))))


def off(browser, what):
    """Indices of the nodes or edges that are drawn as inactive."""
    script = (
        "return Array.from(document.querySelectorAll(arguments[0])).map((one) => Number(one.dataset[arguments[1]]))"
    )
    return set(browser.execute_script(script, f"#model-1 [data-{what}].aog-off", what))


def hidden(browser, what):
    script = (
        "return Array.from(document.querySelectorAll(arguments[0])).map((one) => Number(one.dataset[arguments[1]]))"
    )
    return set(browser.execute_script(script, f"#model-1 [data-{what}][hidden]", what))


def assert_follows(browser, model, graph, absent):
    mask = np.ones(model.n_players, dtype=bool)
    mask[list(absent)] = False
    path = graph.active(mask)
    assert off(browser, "node") == set(np.flatnonzero(~path.nodes).tolist())
    assert off(browser, "edge") == set(np.flatnonzero(~path.edges).tolist())
    shown = find(browser, "#model-1-graph-sum")
    assert float(shown.get_attribute("data-value")) == pytest.approx(float(graph.predict(mask)[0]), abs=1e-9)
    assert shown.text == find(browser, "#model-1-symbols").text


def below(graph, folded):
    """Nodes that can be reached from the sum without entering a folded coalition."""
    seen, waiting = set(), [len(graph.nodes) - 1]
    while waiting:
        index = waiting.pop()
        if index not in seen:
            seen.add(index)
            waiting += [] if index in folded else graph.nodes[index].children
    return seen


def assert_folded(browser, graph, folded):
    seen = below(graph, folded)
    assert hidden(browser, "node") == set(range(len(graph.nodes))) - seen
    gone = {place for place, (parent, _) in enumerate(graph.edges) if parent not in seen or parent in folded}
    assert hidden(browser, "edge") == gone
    for index in graph.coalitions:
        if index in seen:
            expanded = find(browser, f"#model-1 [data-node='{index}']").get_attribute("aria-expanded")
            assert expanded == str(index not in folded).lower()


@in_browser
@pytest.mark.parametrize("view", [*VIEWS, "nested_model"])
def test_the_graph_follows_hidden_players(look, request, view):
    model = request.getfixturevalue(view)
    browser, graph = look(model), drawn(model)
    assert_follows(browser, model, graph, [])
    absent = []
    for player in (1, 4, 3):
        find(browser, f"#model-1-player-{player}").click()
        absent.append(player)
        assert_follows(browser, model, graph, absent)
    find(browser, "#model-1-hide-all").click()
    assert_follows(browser, model, graph, range(model.n_players))
    find(browser, "#model-1-show-all").click()
    assert_follows(browser, model, graph, [])


@in_browser
def test_players_can_be_hidden_in_the_graph_itself(look, nested_model):
    from selenium.webdriver import Keys

    browser, graph = look(nested_model), drawn(nested_model)
    player = next(index for index, node in enumerate(graph.nodes) if node.players == (4,) and node.kind == "player")
    place = find(browser, f"#model-1 [data-node='{player}']")
    place.click()
    assert_follows(browser, nested_model, graph, [4])
    assert find(browser, "#model-1-player-4").get_attribute("aria-pressed") == "false"
    place.send_keys(Keys.ENTER)
    assert_follows(browser, nested_model, graph, [])
    assert place.get_attribute("aria-pressed") == "true"


@in_browser
def test_coalitions_fold_by_click_and_by_key(look, nested_model):
    from selenium.webdriver import Keys

    browser, graph = look(nested_model), drawn(nested_model)
    assert len(graph.coalitions) >= 3
    outer = max(graph.coalitions, key=lambda index: graph.nodes[index].depth)
    place = find(browser, f"#model-1 [data-node='{outer}'] .aog-symbol")
    assert_folded(browser, graph, set())
    place.click()
    assert_folded(browser, graph, {outer})
    folded = {outer}
    for index in graph.coalitions:
        if index not in folded and index in below(graph, folded):
            find(browser, f"#model-1 [data-node='{index}']").send_keys(Keys.ENTER)
            folded.add(index)
            assert_folded(browser, graph, folded)
    assert hidden(browser, "node")  # some players are used by coalitions only
    find(browser, f"#model-1 [data-node='{outer}']").send_keys(Keys.SPACE)
    assert_folded(browser, graph, folded - {outer})
    find(browser, "#model-1-player-0").send_keys(Keys.ENTER)
    assert_follows(browser, nested_model, graph, [0])  # what is folded is worked out all the same
    find(browser, "#model-1 .graph summary").click()
    assert not find(browser, "#model-1 .symbolscope-graph").is_displayed()


@in_browser
def test_another_number_of_interactions_is_said_not_drawn(look, table_model):
    from selenium.webdriver import Keys

    browser, graph = look(table_model), drawn(table_model)
    note = "#model-1 [data-role='graph-note']"
    assert find(browser, note).text == ""
    field = find(browser, "#model-1-count")
    field.send_keys(Keys.CONTROL, "a")
    field.send_keys("1", Keys.ENTER)
    assert find(browser, note).text == f"It always draws {graph.complexity} interactions; the numbers above now use 1."
    mask = np.ones(table_model.n_players, dtype=bool)
    shown = float(find(browser, "#model-1-graph-sum").get_attribute("data-value"))
    assert shown == pytest.approx(float(graph.predict(mask)[0]), abs=1e-9)
    field.send_keys(Keys.CONTROL, "a")
    field.send_keys(str(graph.complexity), Keys.ENTER)
    assert find(browser, note).text == ""


_OVERLAPS = """
const boxes = Array.from(document.querySelectorAll("#model-1 .symbolscope-graph text"))
  .map((one) => [one.textContent, one.getBoundingClientRect()]);
const found = [];
boxes.forEach(([name, a], i) => boxes.slice(0, i).forEach(([other, b]) => {
  const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
  const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
  if (across > 0.5 && down > 0.5) found.push([name, other, across, down]);
}));
const frame = document.querySelector("#model-1 .symbolscope-graph").getBoundingClientRect();
const outside = boxes.filter(([, a]) => a.left < frame.left || a.right > frame.right
  || a.top < frame.top || a.bottom > frame.bottom);
return [boxes.length, found, outside.map(([name]) => name)];
"""


@in_browser
@pytest.mark.parametrize("names", ["short", "long"])
def test_fifty_interactions_can_be_read(look, make_model, monkeypatch, names):
    monkeypatch.setattr("symbolscope.report.sentences._MOST_BY_DEFAULT", 60)
    generator = np.random.default_rng(0)
    terms = []
    while len({(players, kind) for players, kind, _ in terms}) < 70:
        size = int(generator.integers(1, 5))
        players = tuple(sorted(generator.choice(12, size, replace=False).tolist()))
        terms.append(
            (
                players,
                str(generator.choice(["and", "or"])),
                float(generator.choice([-1, 1]) * generator.uniform(0.8, 1.2)),
            )
        )
    called = [f"x{i}" if names == "short" else f"a feature with a long name {i}" for i in range(12)]
    browser = look(make_model(terms, called))
    drawn_ones, overlapping, outside = browser.execute_script(_OVERLAPS)
    assert drawn_ones >= 50
    assert overlapping == []
    assert outside == []
    assert "for 50 interactions" in find(browser, "#model-1 .graph summary").text


@in_browser
def test_a_phone_scrolls_the_drawing_and_not_the_page(look, nested_model):
    browser = look(nested_model)
    screen = {"width": 360, "height": 740, "deviceScaleFactor": 2, "mobile": True}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    assert browser.execute_script("return document.documentElement.scrollWidth") <= 360
    frame = "return [arguments[0].scrollWidth, arguments[0].clientWidth]"
    inside, seen = browser.execute_script(frame, find(browser, "#model-1 .drawing"))
    assert inside > seen


# The page as text


def test_the_graph_is_there_without_a_script(tmp_path, nested_model):
    text = write_report(tmp_path / "page.html", nested_model, nulls=False).read_text(encoding="utf-8")
    graph = drawn(nested_model)
    before = text.split('<script type="application/json"')[0]
    assert len(re.findall(r'data-node="\d+"', before)) == len(graph.nodes)
    assert len(re.findall(r'data-edge="\d+"', before)) == len(graph.edges)
    said = f"{len(graph.nodes)} nodes and {len(graph.edges)} edges for {graph.complexity} interactions"
    assert said in before
    assert f"({graph.plain_edges} edges without shared coalitions)" in before
    assert f'data-role="graph-sum" data-value="{float(graph.predict(np.ones(8, bool))[0])!r}"'[:40] in before


def test_no_interactions_have_no_graph(tmp_path):
    text = write_report(tmp_path / "page.html", sy.decompose(np.full(8, 2.0)), nulls=False).read_text(encoding="utf-8")
    assert 'class="symbolscope-graph"' not in text
    assert "And-Or graph</h4>" not in text
