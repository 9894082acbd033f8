"""Explanations with planted interactions, one for each kind of input, and a browser that can open their pages."""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from symbolscope.games.masks import all_masks
from symbolscope.games.view import ImageView, InputView, TableView, TextView
from symbolscope.interactions.model import InteractionModel

Term = tuple[tuple[int, ...], str, float]
SETTINGS = {"score": "log-odds", "target": "malignant", "baseline": "mean", "method": "exact", "seed": 0}


def plant(
    terms: list[Term],
    names: list[str],
    *,
    view: InputView | None = None,
    settings: dict[str, Any] | None = None,
    noise: int = 20,
    known: bool = True,
) -> InteractionModel:
    """A model of ``terms`` and some weak interactions, whose outputs differ a little from its predictions."""
    rng = np.random.default_rng(0)
    n = len(names)
    drawn = rng.choice(np.arange(1, 1 << n), size=min(noise, (1 << n) - 1), replace=False)
    weak = [
        (tuple(i for i in range(n) if index >> i & 1), str(rng.choice(["and", "or"])), 0.01 * float(rng.normal()))
        for index in drawn.tolist()
    ]
    ranked = sorted([*terms, *weak], key=lambda term: -abs(term[2]))
    masks = np.zeros((len(ranked), n), dtype=np.bool_)
    for row, (players, _, _) in enumerate(ranked):
        masks[row, list(players)] = True
    effects = np.array([effect for _, _, effect in ranked])
    cost = float(np.abs(effects).sum())
    model = InteractionModel(
        masks=masks,
        kinds=np.array([kind for _, kind, _ in ranked]),
        effects=effects,
        intercept=-1.25,
        player_names=tuple(names),
        objective=cost,
        lower_bound=cost * 0.9995,
        tolerance=0.01,
        settings=SETTINGS if settings is None else settings,
        view=view,
    )
    if not known:
        return model
    values = model.predict(all_masks(n)) + 0.001 * rng.normal(size=1 << n)
    return replace(model, values=values)


@pytest.fixture
def make_model() -> Callable[..., InteractionModel]:
    return plant


@pytest.fixture
def table_model() -> InteractionModel:
    names = [f"feature {letter}" for letter in "abcdefgh"]
    rows = tuple((name, f"{3.5 * i:.3g}", "1.25") for i, name in enumerate(names))
    terms = [((0, 1), "and", 2.0), ((2, 3, 4), "or", -1.5), ((5,), "and", 0.75), ((1, 6, 7), "and", -0.5)]
    return plant(terms, names, view=TableView(rows))


@pytest.fixture
def text_model() -> InteractionModel:
    words = ["The", "acting", "was", "not", "bad", "at", "all"]
    pieces: list[tuple[str, int]] = []
    for player, word in enumerate(words):
        pieces += [(word, player), (" ", -1)]
    terms = [((3, 4), "and", 2.5), ((4,), "and", -2.0), ((3, 5, 6), "or", -0.5)]
    return plant(terms, words, view=TextView((*pieces, ("!", -1))))


@pytest.fixture
def image_model() -> InteractionModel:
    across, down = np.meshgrid(np.arange(12), np.arange(12))
    pixels = np.stack([20 * across, 20 * down, 0 * across], axis=2).astype(np.uint8)
    terms = [((1, 4), "and", 1.5), ((4,), "and", -1.0), ((0, 8), "or", 0.5)]
    names = [f"row {i // 3 + 1}, column {i % 3 + 1}" for i in range(9)]
    return plant(terms, names, view=ImageView(pixels, (down // 4 * 3 + across // 4).astype(np.int64)))


@pytest.fixture
def plain_model() -> InteractionModel:
    terms = [((0, 1), "and", 1.0), ((2, 3), "or", -2.0)]
    return plant(terms, ["<script>alert(1)</script>", "x1", "x2", "x3", "x4", "x5"])


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A headless browser that talks to nobody, driven by the chromedriver of this machine."""
    browser, driver = (shutil.which(name) for name in ("chromium", "chromedriver"))
    if browser is None or driver is None:
        missing = (
            "THE BROWSER TESTS DID NOT RUN: chromium or chromedriver is not on the PATH (apt install chromium-driver)"
        )
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = browser
    profile: Path = tmp_path_factory.mktemp("profile")
    for argument in (
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--window-size=1240,1400",
        f"--user-data-dir={profile}",
    ):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    # Naming both programs keeps selenium from looking for downloads of its own.
    opened = webdriver.Chrome(options=options, service=Service(executable_path=driver))
    yield opened
    opened.quit()
