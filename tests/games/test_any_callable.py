"""Any function of rows is a network: of tensors, of NumPy arrays, a bound method, one that returns lists or data frames."""

import functools

import lightgbm
import numpy as np
import pandas
import pytest
import torch
from sklearn.ensemble import IsolationForest, RandomForestRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

import symbolscope as sy

GENERATOR = np.random.default_rng(8)
X = GENERATOR.normal(size=(80, 3))
LABELS = np.where(X[:, 0] > 0.2, "yes", "no")
ROW, BASELINE = X[5], X.mean(0)
MASKS = sy.all_masks(3)
MASKED = np.where(MASKS, ROW, BASELINE)
MODEL = LogisticRegression().fit(X, LABELS)
P = MODEL.predict_proba(MASKED)
RIGHT = np.log(P[:, 1]) - np.log(P[:, 0])


class Service:
    """A client of something elsewhere: takes lists of lists only."""

    def __call__(self, rows):
        assert isinstance(rows, np.ndarray)
        return MODEL.predict_proba(np.array(rows.tolist())).tolist()

    def ask(self, rows):
        return self(rows)


def only_arrays(rows):
    if not isinstance(rows, np.ndarray):
        raise TypeError(f"arrays only, no {type(rows).__name__}")
    return MODEL.predict_proba(rows)


CALLABLES = {
    "lambda of an array": lambda rows: MODEL.predict_proba(np.asarray(rows)),
    "arrays only": only_arrays,
    "NumPy methods": lambda rows: MODEL.predict_proba(rows.astype(np.float64)),
    "callable object that returns lists": Service(),
    "bound method of a plain object": Service().ask,
    "partial": functools.partial(lambda rows, scale: MODEL.predict_proba(np.asarray(rows) * scale), scale=1.0),
    "data frame": lambda rows: pandas.DataFrame(MODEL.predict_proba(np.asarray(rows)), columns=["no", "yes"]),
    "tensor": lambda rows: torch.from_numpy(MODEL.predict_proba(rows.numpy())),
    "mapping with logits": lambda rows: {"logits": torch.from_numpy(MODEL.predict_log_proba(rows.numpy()))},
    "tuple with states": lambda rows: (torch.from_numpy(MODEL.predict_proba(rows.numpy())), None),
}


@pytest.mark.parametrize("name", CALLABLES)
def test_functions_of_every_make(name):
    game = sy.Game(CALLABLES[name], ROW, baseline=BASELINE, target=1)
    np.testing.assert_allclose(game(MASKS), RIGHT, atol=1e-9)


def test_which_entry_of_a_tuple_was_read_is_shown():
    game = sy.Game(CALLABLES["tuple with states"], ROW, baseline=BASELINE, target=1)
    assert "entry 0 of a tuple of 2" in game.settings["outputs"]


def test_one_column_as_a_series_or_list_is_asked_about():
    for answer in (pandas.Series, list, np.asarray):
        ask = lambda rows, answer=answer: answer(MODEL.predict_proba(np.asarray(rows))[:, 1])  # noqa: E731
        with pytest.raises(sy.SymbolscopeError, match="outputs='probabilities'"):
            sy.Game(ask, ROW, baseline=BASELINE, target=1)
        game = sy.Game(ask, ROW, baseline=BASELINE, target=1, outputs="probabilities")
        np.testing.assert_allclose(game(MASKS), RIGHT, atol=1e-9)


@pytest.mark.parametrize("method", ["predict_proba", "predict_log_proba", "decision_function"])
def test_methods_of_an_estimator_know_its_labels(method):
    game = sy.Game(getattr(MODEL, method), ROW, baseline=BASELINE, target="yes")
    np.testing.assert_allclose(game(MASKS), RIGHT, atol=1e-9)
    assert game.settings["target_name"] == "yes"


def test_methods_of_other_estimators_are_read_as_what_they_are():
    margin = LinearSVC().fit(X, LABELS)
    forest = IsolationForest(n_estimators=5, random_state=0).fit(X)
    numbers = RandomForestRegressor(5, random_state=0).fit(X, X[:, 0])
    for method, right in (
        (margin.decision_function, margin.decision_function(MASKED)),
        (forest.decision_function, forest.decision_function(MASKED)),
        (forest.score_samples, forest.score_samples(MASKED)),
        (numbers.predict, numbers.predict(MASKED)),
    ):
        game = sy.Game(method, ROW, baseline=BASELINE)
        np.testing.assert_allclose(game(MASKS), right, atol=1e-9)
        assert game.settings["score"] == "output"


def test_boosters_and_their_methods():
    booster = lightgbm.train(
        {"objective": "binary", "verbose": -1}, lightgbm.Dataset(X, label=(LABELS == "yes") * 1), 5
    )
    p = booster.predict(MASKED)
    for network in (booster, booster.predict):
        np.testing.assert_allclose(
            sy.Game(network, ROW, baseline=BASELINE, target=1)(MASKS), np.log(p) - np.log1p(-p), atol=1e-9
        )


def test_explain_many_and_other_processes_take_functions():
    rows = X[:3]
    for network in (only_arrays, MODEL.predict_proba):
        found = sy.explain_many(
            network, rows, baseline=BASELINE, target=1 if network is only_arrays else "yes", progress=False
        )
        for number, model in found.items():
            p = MODEL.predict_proba(rows[number][None])[0]
            assert model.predict([[True] * 3])[0] == pytest.approx(np.log(p[1] / p[0]), abs=1e-6)


def test_what_a_function_returns_is_told_where_it_is_no_number():
    for answer in ("yes", None, object(), [["a"], ["b"]]):
        with pytest.raises(sy.SymbolscopeError):
            sy.Game(lambda rows, answer=answer: answer, ROW)
    with pytest.raises(sy.SymbolscopeError, match=r"model\.predict"):
        sy.Game(type("Keras", (), {"predict": lambda self, rows: rows})(), ROW)


def test_a_function_that_fails_both_ways_shows_why():
    def broken(rows):
        raise RuntimeError(f"the service is down for {type(rows).__name__}")

    with pytest.raises(sy.SymbolscopeError, match="the service is down"):
        sy.Game(broken, ROW)
