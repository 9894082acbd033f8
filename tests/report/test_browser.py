"""The page in a browser, under its own policy: poked by mouse and keyboard, its numbers are Python's numbers."""

import numpy as np
import pytest

from symbolscope.games.masks import all_masks, mask_index
from symbolscope.report.page import write_report
from symbolscope.report.sentences import default_count, known_curve

pytestmark = pytest.mark.browser
VIEWS = ["table_model", "text_model", "image_model", "plain_model"]


@pytest.fixture
def look(chromium, tmp_path):
    """Open a page of the given models and insist, at the end, that the console stayed silent."""

    def opened(models, **options):
        chromium.get(write_report(tmp_path / "page.html", models, **options).as_uri())
        assert chromium.execute_script("return document.documentElement.dataset.ready") == "true"
        return chromium

    chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    chromium.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    chromium.get_log("browser")
    yield opened
    assert chromium.get_log("browser") == []


def find(browser, selector):
    from selenium.webdriver.common.by import By

    return browser.find_element(By.CSS_SELECTOR, selector)


def number(browser, section, role):
    place = find(browser, f"#model-{section}-{role}")
    value = float(place.get_attribute("data-value"))
    assert place.text.replace("\u2212", "-").lstrip("+") in (f"{value:.4f}", f"{abs(value):.4f}")
    return value


def assert_numbers(browser, model, hidden, *, section=1, count=None):
    mask = np.ones((1, model.n_players), dtype=np.bool_)
    mask[0, list(hidden)] = False
    network = float(model.values[mask_index(mask)[0]])
    symbols = float(model.top(default_count(model, known_curve(model)) if count is None else count).predict(mask)[0])
    assert number(browser, section, "network") == network
    assert number(browser, section, "symbols") == pytest.approx(symbols, abs=1e-9)
    assert number(browser, section, "difference") == pytest.approx(symbols - network, abs=1e-9)
    for player in range(model.n_players):
        toggle = find(browser, f"#model-{section}-player-{player}")
        assert toggle.get_attribute("aria-pressed") == str(player not in hidden).lower()


@pytest.mark.parametrize("view", VIEWS)
def test_hiding_three_players_by_click_gives_the_numbers_of_python(look, request, view):
    model = request.getfixturevalue(view)
    browser = look(model)
    assert_numbers(browser, model, [])
    hidden: list[int] = []
    for player in (1, 4, 3):
        find(browser, f"#model-1-player-{player}").click()
        hidden.append(player)
        assert_numbers(browser, model, hidden)
    find(browser, "#model-1-player-4").click()
    assert_numbers(browser, model, [1, 3])


@pytest.mark.parametrize("view", VIEWS)
def test_hiding_three_players_by_keyboard_gives_the_numbers_of_python(look, request, view):
    from selenium.webdriver import ActionChains, Keys

    model = request.getfixturevalue(view)
    browser = look(model)
    hidden: list[int] = []
    # Tab must reach every player: nothing is focused by the script.
    for _ in range(60):
        ActionChains(browser).send_keys(Keys.TAB).perform()
        focused = browser.switch_to.active_element.get_attribute("id")
        if focused in {f"model-1-player-{player}" for player in (0, 2, 4)}:
            ActionChains(browser).send_keys(Keys.SPACE if hidden else Keys.ENTER).perform()
            hidden.append(int(focused.rsplit("-", 1)[1]))
            assert_numbers(browser, model, hidden)
        if len(hidden) == 3:
            break
    assert sorted(hidden) == [0, 2, 4]
    assert "Hidden: " in find(browser, "#model-1-status").text


def test_interactions_that_switch_off_say_so(look, table_model):
    browser = look(table_model)
    states = ".interactions [data-role='on']"

    def state(row):
        return find(browser, f"[data-interaction='{row}'] [data-role='on']").text

    assert find(browser, states).text == "on"
    find(browser, "#model-1-player-0").click()  # one player of the AND of 0 and 1 (row 0)
    find(browser, "#model-1-player-2").click()  # one player of the OR of 2, 3 and 4 (row 1)
    assert (state(0), state(1)) == ("off", "on")
    assert "off" in find(browser, "[data-interaction='0']").get_attribute("class").split()
    assert "1 of 3 interactions is off" in find(browser, "#model-1-status").text
    find(browser, "#model-1-player-3").click()
    find(browser, "#model-1-player-4").click()
    assert state(1) == "off"


def test_the_number_of_interactions_can_be_chosen(look, table_model):
    from selenium.webdriver import Keys

    browser = look(table_model)
    field, slider = find(browser, "#model-1-count"), find(browser, "#model-1-slider")
    for count in (1, 0, len(table_model.effects)):
        field.send_keys(Keys.CONTROL, "a")
        field.send_keys(str(count), Keys.ENTER)
        assert_numbers(browser, table_model, [], count=count)
    slider.send_keys(Keys.HOME, Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    assert field.get_attribute("value") == "2"
    assert slider.get_attribute("aria-valuetext") == "2 interactions"
    assert_numbers(browser, table_model, [], count=2)
    r2 = float(table_model.curve().r2[2])
    shown = find(browser, "[data-role='r2']").text
    assert float(shown.split()[2]) == pytest.approx(100 * r2, abs=0.1)


def test_accuracy_is_right_between_the_points_of_the_curve(look, make_model):
    from selenium.webdriver import Keys

    names = list("abcdefghij")
    terms = [((i, j), "and", 1.0 + 0.01 * i + 0.02 * j) for i in range(10) for j in range(i)]
    model = make_model(terms, names, noise=400)
    between = next(count for count in range(41, 60) if count not in model.curve().counts)
    browser = look(model)
    field = find(browser, "#model-1-count")
    field.send_keys(Keys.CONTROL, "a")
    field.send_keys(str(between), Keys.ENTER)
    error = model.top(between).predict(all_masks(10)) - model.values
    r2 = 1.0 - float(np.mean(error**2)) / float(np.var(model.values))
    shown = float(find(browser, "[data-role='r2']").text.replace("\u2212", "-").split()[2])
    assert shown == pytest.approx(100 * r2, abs=0.1)


def test_all_none_and_one_interaction_alone(look, text_model):
    browser = look(text_model)
    find(browser, "#model-1-hide-all").click()
    assert_numbers(browser, text_model, range(7))
    find(browser, "#model-1-show-all").click()
    assert_numbers(browser, text_model, [])
    find(browser, "[data-only='0']").click()
    assert_numbers(browser, text_model, [0, 1, 2, 5, 6])


def test_a_script_for_a_name_is_shown_as_text(look, plain_model):
    from selenium.common.exceptions import NoAlertPresentException

    browser = look(plain_model, title="<script>alert(2)</script>")
    assert find(browser, "#model-1-player-0").text == "<script>alert(1)</script>"
    assert find(browser, "h1").text == "<script>alert(2)</script>"
    find(browser, "#model-1-player-0").click()
    assert "Hidden: <script>alert(1)</script>." in find(browser, "#model-1-status").text
    with pytest.raises(NoAlertPresentException):
        _ = browser.switch_to.alert.text


def test_explanations_in_one_page_keep_their_own_state(look, table_model, text_model, image_model):
    from selenium.webdriver import Keys

    browser = look([table_model, text_model, image_model])
    find(browser, "#model-1-player-1").click()
    assert not find(browser, "#model-2").is_displayed()
    find(browser, "#model-1-tab").send_keys(Keys.ARROW_RIGHT)
    assert find(browser, "#model-2").is_displayed()
    assert not find(browser, "#model-1").is_displayed()
    find(browser, "#model-2-player-3").click()
    find(browser, "#model-2-player-4").click()
    assert_numbers(browser, text_model, [3, 4], section=2)
    find(browser, "#model-3-tab").click()
    find(browser, "#model-3-player-0").click()
    assert_numbers(browser, image_model, [0], section=3)
    find(browser, "#model-1-tab").click()
    assert_numbers(browser, table_model, [1], section=1)


def test_players_beyond_those_with_outputs_are_known_only_symbolically(look, make_model):
    model = make_model([((0, 14), "and", 1.0)], [f"x{i}" for i in range(15)], known=False)
    browser = look(model)
    find(browser, "#model-1-player-14").click()
    mask = np.ones((1, 15), dtype=np.bool_)
    mask[0, 14] = False
    symbols = model.top(default_count(model, None)).predict(mask)[0]
    assert number(browser, 1, "symbols") == pytest.approx(symbols, abs=1e-9)
    assert find(browser, "#model-1-network").text == "unknown"
    assert "known only symbolically" in find(browser, ".figure.network").text


_CONTRAST = """
const rgb = (text) => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  canvas.fillStyle = text; canvas.fillRect(0, 0, 1, 1);
  return Array.from(canvas.getImageData(0, 0, 1, 1).data);
};
const light = (colour) => {
  const [r, g, b] = colour.map((c) => c / 255).map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const behind = (element) => {
  for (let at = element; at !== null; at = at.parentElement) {
    const colour = rgb(getComputedStyle(at).backgroundColor);
    if (colour[3] === 255) return colour;
  }
  return [255, 255, 255, 255];
};
const worst = [];
for (const element of document.querySelectorAll("p, th, td, button, h1, h2, h3, h4, label, summary, span, a, text")) {
  if (element.getClientRects().length === 0 || element.textContent.trim() === "") continue;
  const style = getComputedStyle(element);
  const ink = light(rgb(element.tagName === "text" ? style.fill : style.color).slice(0, 3));
  const paper = light(behind(element).slice(0, 3));
  const contrast = (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
  const name = element.className.baseVal ?? element.className;
  if (contrast < 4.5) worst.push([name, element.textContent.slice(0, 30), contrast]);
}
return worst;
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read_in_both_schemes(look, table_model, text_model, scheme):
    browser = look([table_model, text_model])
    feature = {"name": "prefers-color-scheme", "value": scheme}
    browser.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"features": [feature, {"name": "prefers-reduced-motion", "value": "reduce"}]}
    )
    paper = browser.execute_script("return getComputedStyle(document.body).backgroundColor")
    assert (sum(int(part) for part in paper[4:-1].split(",")) < 200) == (scheme == "dark")
    find(browser, "#model-1-player-0").click()
    assert browser.execute_script(_CONTRAST) == []
    find(browser, "#theme").click()
    assert browser.execute_script("return getComputedStyle(document.body).backgroundColor") != paper
    assert browser.execute_script(_CONTRAST) == []


@pytest.mark.parametrize("view", VIEWS)
def test_a_phone_needs_no_sideways_scrolling(look, request, view):
    browser = look(request.getfixturevalue(view))
    screen = {"width": 360, "height": 740, "deviceScaleFactor": 2, "mobile": True}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    assert browser.execute_script("return document.documentElement.scrollWidth") <= 360
    find(browser, "#model-1-player-0").click()
    assert_numbers(browser, request.getfixturevalue(view), [0])


def test_the_policy_stops_what_the_page_itself_would_never_do(chromium, tmp_path, plain_model):
    chromium.get(write_report(tmp_path / "page.html", plain_model).as_uri())
    attempt = """
    const done = arguments[arguments.length - 1];
    const script = document.createElement("script");
    script.textContent = "document.title = 'broken in'";
    document.body.append(script);
    fetch("data:,x").then(() => done("fetched"), () => done(document.title));
    """
    assert chromium.execute_async_script(attempt) not in ("fetched", "broken in")
    assert any("Content Security Policy" in entry["message"] for entry in chromium.get_log("browser"))
