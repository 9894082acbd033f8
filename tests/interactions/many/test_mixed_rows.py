"""Everything that is done with a game, done with rows of mixed columns."""

import numpy as np
import pytest
import torch
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import symbolscope as sy
from symbolscope.games.store.fingerprint import game_fingerprint

pandas = pytest.importorskip("pandas")


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    return pandas.DataFrame(
        {
            "age": rng.integers(18, 80, 60),
            "city": rng.choice(["Lyon", "Oslo", "Turin"], 60),
            "kind": pandas.Categorical(rng.choice(["a", "b"], 60)),
        }
    )


@pytest.fixture(scope="module")
def pipeline(table):
    columns = make_column_transformer((OneHotEncoder(), ["city", "kind"]), (StandardScaler(), ["age"]))
    return make_pipeline(columns, LogisticRegression()).fit(table, (table["age"] > 45) ^ (table["city"] == "Oslo"))


def log_odds(pipeline, frame):
    shares = pipeline.predict_proba(frame)
    return np.log(shares[:, 1] / shares[:, 0])


def by_hand(pipeline, row, hidden):
    frames = [
        pandas.DataFrame(
            {name: [(row if keep else hidden)[name].iloc[0]] for name, keep in zip(row, mask, strict=True)}
        )
        for mask in sy.all_masks(3)
    ]
    return log_odds(pipeline, pandas.concat(frames))


@pytest.mark.parametrize("form", ["frame", "reordered frame", "series", "dicts in any order", "generator"])
def test_explain_many(table, pipeline, form):
    rows, hidden = table.head(4), sy.baselines.typical(table)
    order = ["kind", "age", "city"]
    samples = {
        "frame": lambda: rows,
        "reordered frame": lambda: rows[order],
        "series": lambda: [rows.iloc[i] for i in range(4)],
        "dicts in any order": lambda: [
            {name: rows.iloc[i][name] for name in (order if i % 2 else rows)} for i in range(4)
        ],
        "generator": lambda: (rows.iloc[[i]] for i in range(4)),
    }[form]()
    found = sy.explain_many(pipeline, samples, baseline=hidden, target=True, progress=False)
    assert found.failures == {}
    for number, model in found.items():
        assert model.player_names == ("age", "city", "kind")
        assert np.allclose(model.predict(sy.all_masks(3)), by_hand(pipeline, rows.iloc[[number]], hidden), atol=1e-9)


def test_rows_of_a_network_that_knows_no_names_keep_the_order_of_the_first():
    torch.manual_seed(0)
    network = torch.nn.Linear(2, 2)
    samples = [{"a": 1.0, "b": 2.0}, {"b": 3.0, "a": 4.0}, {"b": 1.0}]
    with pytest.warns(UserWarning, match="1 of 3"):
        found = sy.explain_many(network, samples, target=1, score="logit")
    with torch.no_grad():
        expected = network(torch.tensor([[4.0, 3.0]]))[0, 1].item()
    assert found[1].player_names == ("a", "b")
    assert found[1].predict([[True, True]])[0] == pytest.approx(expected, abs=1e-6)
    assert list(found.failures) == [2]
    assert "'a'" in found.failures[2]
    with pytest.raises(sy.SymbolscopeError, match="dict"):
        sy.explain_many(network, {"a": [1.0], "b": [2.0]}, target=1)


def test_sparse_samples():
    from scipy import sparse

    network = torch.nn.Linear(3, 2)
    dense = np.array([[0.0, 1.0, 0.0], [2.0, 0.0, 3.0]], dtype=np.float32)
    found, same = (
        sy.explain_many(network, rows, target=1, score="logit") for rows in (sparse.csr_matrix(dense), dense)
    )
    assert np.allclose(found[1].predict(sy.all_masks(3)), same[1].predict(sy.all_masks(3)), atol=1e-6)


def test_a_store_knows_rows_by_their_cells(table, pipeline, tmp_path):
    hidden = sy.baselines.typical(table)
    game = sy.Game(pipeline, table.iloc[[3]], baseline=hidden, target=True)
    again = sy.Game(pipeline, table.iloc[[3]][["kind", "city", "age"]], baseline=hidden, target=True)
    other = sy.Game(
        pipeline, table.iloc[[3]].assign(city="Turin" if table["city"].iloc[3] != "Turin" else "Lyon"), baseline=hidden
    )
    assert game_fingerprint(game) == game_fingerprint(again)
    assert len({game_fingerprint(one) for one in (game, other, game.with_baseline(table.iloc[[5]]))}) == 3
    values = sy.evaluate(game, sy.all_masks(3), store=tmp_path / "values.sqlite")
    assert np.allclose(values, by_hand(pipeline, table.iloc[[3]], hidden), atol=1e-9)
    rows = table.head(3)
    for _ in range(2):
        found = sy.explain_many(pipeline, rows, baseline=hidden, target=True, store=tmp_path / "run.sqlite")
        assert found.failures == {}
    changed = rows.assign(city=["Turin", "Turin", "Turin"])
    found = sy.explain_many(pipeline, changed, baseline=hidden, target=True, store=tmp_path / "run.sqlite")
    assert np.allclose(found[2].predict(sy.all_masks(3)), by_hand(pipeline, changed.iloc[[2]], hidden), atol=1e-9)


def test_worker_processes(table, pipeline):
    game = sy.Game(pipeline, table.iloc[3], baseline=sy.baselines.typical(table), target=True)
    values = sy.evaluate(game, sy.all_masks(3), executor=sy.executors.Processes(workers=1))
    assert np.allclose(values, game(sy.all_masks(3)), atol=1e-12)


def test_other_networks_baselines_and_controls(table, pipeline):
    hidden = sy.baselines.typical(table)
    game = sy.Game(pipeline, table.iloc[3], baseline=hidden, target=True)
    columns = make_column_transformer((OneHotEncoder(), ["kind", "city"]), ("passthrough", ["age"]))
    other = make_pipeline(columns, LogisticRegression(max_iter=2000)).fit(
        table[["city", "kind", "age"]], table["age"] > 45
    )
    theirs = game.with_network(other)
    full = log_odds(other, table.iloc[[3]][["city", "kind", "age"]])[0]
    assert theirs([[True, True, True]])[0] == pytest.approx(full, abs=1e-9)
    assert theirs([[True, False, False]])[0] == pytest.approx(
        log_odds(other, hidden.assign(age=[float(table["age"].iloc[3])])[["city", "kind", "age"]])[0], abs=1e-9
    )
    moved = game.with_baseline(table.iloc[[9]])
    assert np.allclose(moved(sy.all_masks(3)), by_hand(pipeline, table.iloc[[3]], table.iloc[[9]]), atol=1e-9)
    model = sy.explain(game)
    assert np.allclose(model.predict(sy.all_masks(3)), game(sy.all_masks(3)), atol=1e-9)
    evidence = sy.assess(model, nulls=["permuted-outputs", "random-subset"])
    assert set(evidence.null_scores) == {"permuted-outputs", "random-subset"}
    with pytest.raises(sy.SymbolscopeError, match="gradients"):
        sy.learn_baseline(game)
