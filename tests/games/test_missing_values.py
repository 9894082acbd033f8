"""Missing values: given where the estimator answers on them, refused by the name of the column everywhere else."""

import numpy as np
import pytest
import torch
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

import symbolscope as sy
from symbolscope.games.missing_values import is_missing

pandas = pytest.importorskip("pandas")
N = 100


def with_gaps():
    rng = np.random.default_rng(0)
    values = rng.normal(size=(N, 3))
    values[rng.random(values.shape) < 0.2] = np.nan
    return values, (np.nan_to_num(values[:, 0]) + 2 * np.isnan(values[:, 1]) > 0.5).astype(int)


def log_odds(estimator, rows):
    shares = estimator.predict_proba(rows)
    return np.log(shares[:, 1] / shares[:, 0])


def estimators():
    lightgbm = pytest.importorskip("lightgbm")
    return [
        HistGradientBoostingClassifier(max_iter=10, random_state=0),
        lightgbm.LGBMClassifier(n_estimators=10, verbose=-1),
        make_pipeline(SimpleImputer(), LogisticRegression()),
    ]


@pytest.mark.parametrize("which", range(3))
@pytest.mark.parametrize(
    ("sample", "baseline"),
    [
        ([0.5, None, 1.0], [0.1, 0.2, 0.3]),
        ([0.5, float("nan"), 1.0], [None, None, None]),
        ([0.5, -0.5, 1.0], float("nan")),
        (np.ma.array([0.5, 0.0, 1.0], mask=[False, True, False]), 0.0),
        ([0.5, pandas.NA, 1.0], pandas.NA),
        ({"a": 0.5, "b": pandas.NA, "c": pandas.NaT}, {"c": 1.0, "b": None, "a": -1.0}),
    ],
)
def test_gaps_reach_estimators_that_take_them(which, sample, baseline):
    values, labels = with_gaps()
    estimator = estimators()[which].fit(values, labels)
    # by hand: every cell that is no number is NaN
    cells = list(sample.values()) if isinstance(sample, dict) else sample
    hidden = [baseline[name] for name in sample] if isinstance(baseline, dict) else baseline
    hidden = hidden if isinstance(hidden, list) else [hidden] * 3
    row, base = (
        np.array([np.nan if is_missing(cell) else cell for cell in some], dtype=float) for some in (cells, hidden)
    )
    masks = sy.all_masks(3)
    game = sy.Game(estimator, sample, baseline=baseline, target=1)
    assert np.allclose(game(masks), log_odds(estimator, np.where(masks, row, base)), atol=1e-9)
    same = (row == base) | (np.isnan(row) & np.isnan(base))
    assert (game.source.relevant == ~same).all()
    assert ("missing" in [cell for _, cell, _ in game.view.rows]) == bool(np.isnan(row).any())


def test_gaps_of_texts_and_nullable_columns():
    rng = np.random.default_rng(1)
    frame = pandas.DataFrame(
        {
            "city": rng.choice(["Lyon", "Oslo", None], N),
            "age": pandas.array(np.where(rng.random(N) < 0.2, None, rng.integers(20, 60, N)), dtype="Int64"),
            "smokes": pandas.array(rng.choice([True, False, None], N), dtype="boolean"),
        }
    )
    columns = make_column_transformer(
        (make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder()), ["city"]),
        (SimpleImputer(), ["age", "smokes"]),
    )
    labels = rng.integers(0, 2, N)
    frame["city"] = frame["city"].astype(object).where(frame["city"].notna(), np.nan)
    pipeline = make_pipeline(columns, LogisticRegression()).fit(frame.astype({"smokes": "Float64"}), labels)
    row, gone = frame.iloc[[3]], pandas.DataFrame({"city": [np.nan], "age": [np.nan], "smokes": [np.nan]})
    row = row.assign(city=["Oslo"])
    masks = sy.all_masks(3)
    rows = [
        pandas.concat(
            [(row if keep else gone)[[name]].reset_index(drop=True) for name, keep in zip(row, mask, strict=True)],
            axis=1,
        )
        for mask in masks
    ]
    expected = np.concatenate(
        [log_odds(pipeline, one.astype({"city": object, "age": "Float64", "smokes": "Float64"})) for one in rows]
    )
    game = sy.Game(pipeline, row, baseline=float("nan"), target=1)
    assert np.allclose(game(masks), expected, atol=1e-9)


@pytest.mark.parametrize("missing", [None, float("nan"), np.float32("nan"), pandas.NA, pandas.NaT, np.ma.masked])
@pytest.mark.parametrize("where", ["sample", "baseline"])
def test_others_refuse_them_by_name(missing, where):
    values = np.nan_to_num(with_gaps()[0])
    frame = pandas.DataFrame(values, columns=["age", "bmi", "dose"])
    model = LogisticRegression().fit(frame, with_gaps()[1])
    full = {"age": 0.5, "bmi": 1.0, "dose": 2.0}
    given = {"sample": full, "baseline": full} | {where: full | {"bmi": missing}}
    for network in (model, torch.nn.Linear(3, 2)):
        with pytest.raises(sy.SymbolscopeError, match="bmi"):
            sy.Game(network, given["sample"], baseline=given["baseline"])


def test_the_column_that_takes_no_gaps_is_the_one_named():
    values, labels = with_gaps()
    frame = pandas.DataFrame(np.nan_to_num(values), columns=["age", "bmi", "dose"])
    columns = make_column_transformer((SimpleImputer(), ["age", "bmi"]), ("passthrough", ["dose"]))
    pipeline = make_pipeline(columns, LogisticRegression()).fit(frame, labels)
    with pytest.raises(sy.SymbolscopeError, match="column 'dose' of the baseline"):
        sy.Game(pipeline, frame.iloc[3], baseline=float("nan"))


def test_an_answer_that_is_missing_too_is_refused():
    class Passes(HistGradientBoostingRegressor):
        def predict(self, X):
            return np.asarray(X)[:, 0]

    model = Passes(max_iter=1).fit(np.arange(40.0).reshape(20, 2), np.arange(20.0))
    with pytest.raises(sy.SymbolscopeError, match=r"column 0 of the sample.*not finite"):
        sy.Game(model, [None, 1.0], score="output")


@pytest.mark.parametrize("infinite", [float("inf"), -np.inf, np.float32("inf")])
def test_infinity_is_refused_by_name(infinite):
    values, labels = with_gaps()
    model = HistGradientBoostingClassifier(max_iter=2).fit(pandas.DataFrame(values, columns=["a", "b", "c"]), labels)
    row = {"a": 0.0, "b": infinite, "c": 1.0}
    for network in (model, torch.nn.Linear(3, 2)):
        with pytest.raises(sy.SymbolscopeError, match="'b'"):
            sy.Game(network, row)
        with pytest.raises(sy.SymbolscopeError, match="'b'"):
            sy.Game(network, row | {"b": 1.0}, baseline=row)
    with pytest.raises(sy.SymbolscopeError, match=r"column 1.*infinite"):
        sy.Game(torch.nn.Linear(3, 2), np.array([0.0, 1e300, 0.0]))


def test_means_and_typical_rows_skip_gaps():
    values = with_gaps()[0]
    assert np.allclose(sy.baselines.mean_baseline(values), np.nanmean(values, axis=0))
    frame = pandas.DataFrame(values, columns=["a", "b", "c"])
    pandas.testing.assert_series_equal(sy.baselines.mean_baseline(frame), frame.mean())
    frame["city"] = ["Oslo", None, "Lyon", "Lyon"] * (N // 4)
    frame["day"] = pandas.to_datetime(["2026-01-03", "2026-01-01", None, "2026-01-02"] * (N // 4))
    frame["nothing"] = None
    row = sy.baselines.typical(frame)
    assert row["city"].item() == "Lyon"
    assert row["day"].item() == pandas.Timestamp("2026-01-02")
    assert is_missing(row["nothing"].item())
    assert row[["a", "b", "c"]].iloc[0].to_numpy(dtype=float) == pytest.approx(frame[["a", "b", "c"]].mean().to_numpy())
    with pytest.raises(sy.SymbolscopeError, match=r"'city', 'day'.*typical"):
        sy.baselines.mean_baseline(frame)
    with pytest.raises(sy.SymbolscopeError, match="'a' holds infinity"):
        sy.baselines.typical(frame.assign(a=np.inf))
    with pytest.raises(sy.SymbolscopeError, match="two columns named 'a'"):
        sy.baselines.typical(frame[["a", "a"]])
