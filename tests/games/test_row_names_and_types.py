"""Rows whose columns have names and types, against the estimator itself on frames that are made by hand for every mask."""

from decimal import Decimal

import numpy as np
import pytest
import torch
from scipy import sparse
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

import symbolscope as sy

pandas = pytest.importorskip("pandas")
N = 120


def mixed_table():
    rng = np.random.default_rng(0)
    days = pandas.to_timedelta(rng.integers(0, 900, N), unit="D")
    table = pandas.DataFrame(
        {
            "age": pandas.array(rng.integers(18, 80, N), dtype="Int64"),
            "income": rng.normal(50, 15, N),
            "city": rng.choice(["Lyon", "Oslo", "Turin"], N),
            "owner": rng.random(N) < 0.3,
            "joined": pandas.Timestamp("2020-01-01") + days,
            "kind": pandas.Categorical(rng.choice(["a", "b", "c"], N)),
        }
    )
    table.loc[::7, "age"] = pandas.NA
    labels = ((table["age"].fillna(40) > 40) & (table["city"] == "Oslo")) ^ (table["income"] > 55) ^ table["owner"]
    return table, labels.astype(int).to_numpy()


def of_date(frame):
    return np.c_[frame["joined"].dt.year, frame["joined"].dt.month]


@pytest.fixture(scope="module")
def mixed():
    table, labels = mixed_table()
    columns = make_column_transformer(
        (OneHotEncoder(), ["city", "kind"]),
        (SimpleImputer(), ["age", "income"]),
        ("passthrough", ["owner"]),
        (FunctionTransformer(of_date), ["joined"]),
    )
    return table, make_pipeline(columns, StandardScaler(), LogisticRegression()).fit(table, labels)


def log_odds(estimator, row, baseline, masks):
    """The estimator's own answers: each mask's frame is put together cell by cell, every column in the dtype it has."""
    frames = [
        pandas.concat(
            [
                (row if present else baseline)[[name]].reset_index(drop=True)
                for name, present in zip(row.columns, mask, strict=True)
            ],
            axis=1,
        )
        for mask in masks
    ]
    shares = np.concatenate([estimator.predict_proba(frame) for frame in frames])
    return np.log(shares[:, 1] / shares[:, 0])


@pytest.mark.parametrize("form", ["frame", "series", "dict", "reversed frame", "shuffled dict"])
def test_a_mixed_row_in_every_form(mixed, form):
    table, pipeline = mixed
    row, baseline = table.iloc[[4]], sy.baselines.typical(table)
    given, hidden = {
        "frame": (row, baseline),
        "series": (table.iloc[4], baseline),
        "dict": (table.iloc[4].to_dict(), baseline.iloc[0].to_dict()),
        "reversed frame": (row.iloc[:, ::-1], baseline),
        "shuffled dict": ({name: table.iloc[4][name] for name in sorted(table)}, baseline.iloc[:, ::-1]),
    }[form]
    masks = sy.all_masks(6)
    game = sy.Game(pipeline, given, baseline=hidden, target=1)
    assert game.player_names == tuple(table.columns)
    assert np.allclose(game(masks), log_odds(pipeline, row, baseline, masks), atol=1e-10)


def test_the_page_shows_the_values_of_the_row(mixed):
    table, pipeline = mixed
    shown = {
        name: (value, hidden)
        for name, value, hidden in sy.Game(pipeline, table.iloc[7], baseline=table.iloc[3]).view.rows
    }
    assert shown["age"] == ("missing", str(table["age"].iloc[3]))
    assert shown["city"] == (table["city"].iloc[7], table["city"].iloc[3])
    assert shown["joined"][0] == str(table["joined"].iloc[7].date())
    assert shown["owner"][0] == str(table["owner"].iloc[7])


def test_groups_of_columns_by_name_and_by_position(mixed):
    table, pipeline = mixed
    row, baseline = table.iloc[[4]], table.iloc[[9]]
    masks = sy.all_masks(3)
    expected = log_odds(pipeline, row, baseline, np.repeat(masks, 2, axis=1))
    names = [["age", "income"], ["city", "owner"], ["joined", "kind"]]
    by_name = sy.Game(pipeline, row, baseline=baseline, target=1, players=names)
    by_place = sy.Game(
        pipeline, row, baseline=baseline, target=1, players=[[0, 1], [2, 3], [4, 5]], player_names=list("uvw")
    )
    players = sy.Players.columns(list(table), groups={"u": names[0], "v": names[1], "w": names[2]})
    by_players = sy.Game(pipeline, row, baseline=baseline, target=1, players=players)
    for game in (by_name, by_place, by_players):
        assert np.allclose(game(masks), expected, atol=1e-10)
    assert by_name.player_names == ("age + income", "city + owner", "joined + kind")
    assert by_place.player_names == by_players.player_names == ("u", "v", "w")


@pytest.mark.parametrize("form", ["frame", "series"])
def test_categories_of_gradient_boosting(form):
    lightgbm = pytest.importorskip("lightgbm")
    table, labels = mixed_table()
    table = table.drop(columns="joined").rename(columns={"income": "income of 2025"})
    table["city"] = table["city"].astype("category")
    table["code"] = pandas.Categorical(np.arange(N) % 4 + 3)  # codes that are no positions
    boosted = HistGradientBoostingClassifier(max_iter=10, categorical_features="from_dtype", random_state=0)
    masks = sy.all_masks(6)
    for estimator in (boosted, lightgbm.LGBMClassifier(n_estimators=10, verbose=-1)):
        estimator.fit(table, labels)
        row, baseline = table.iloc[[4]], sy.baselines.typical(table)
        game = sy.Game(estimator, row if form == "frame" else table.iloc[4], baseline=baseline.iloc[0], target=1)
        assert np.allclose(game(masks), log_odds(estimator, row, baseline, masks), atol=1e-9)


def test_a_column_of_categories_refuses_others_by_name(mixed):
    table, pipeline = mixed
    baseline = sy.baselines.typical(table).iloc[0].to_dict()
    for name, value in (("kind", "z"), ("city", 3), ("joined", 0.0)):
        with pytest.raises(sy.SymbolscopeError, match=f"column '{name}'.*typical"):
            sy.Game(pipeline, table.iloc[[4]], baseline=baseline | {name: value})
    for number in ("zero", 0.5):
        with pytest.raises(sy.SymbolscopeError, match=r"column 'city' and 2 more.*typical"):
            sy.Game(pipeline, table.iloc[[4]], baseline=number)


def numbers():
    rng = np.random.default_rng(1)
    values = rng.normal(size=(60, 3))
    return values, (values[:, 0] + 2 * values[:, 1] > 0).astype(int)


def linear(model, rows):
    return rows @ model.coef_[0] + model.intercept_[0]


@pytest.mark.parametrize("search", [False, True])
def test_names_are_matched_wherever_the_estimator_keeps_them(search):
    values, labels = numbers()
    frame = pandas.DataFrame(values, columns=["a", "b", "c"])
    inner = LogisticRegression()
    model = (GridSearchCV(inner, {"C": [1.0]}, cv=2) if search else make_pipeline("passthrough", inner)).fit(
        frame, labels
    )
    fitted = model.best_estimator_ if search else model[-1]
    game = sy.Game(
        model, frame[["c", "a", "b"]].iloc[3], baseline=sy.baselines.mean_baseline(frame)[["b", "c", "a"]], target=1
    )
    masks = sy.all_masks(3)
    assert np.allclose(game(masks), linear(fitted, np.where(masks, values[3], values.mean(axis=0))), atol=1e-8)
    again = game.with_baseline({"c": 3.0, "b": 2.0, "a": 1.0})
    assert np.allclose(again(masks), linear(fitted, np.where(masks, values[3], [1.0, 2.0, 3.0])), atol=1e-8)


def test_another_estimator_gets_the_columns_in_its_own_order():
    values, labels = numbers()
    frame = pandas.DataFrame(values, columns=["a", "b", "c"])
    model, other = (LogisticRegression().fit(frame[order], labels) for order in (["a", "b", "c"], ["c", "a", "b"]))
    game = sy.Game(model, frame.iloc[3], baseline=[0.5, 1.0, 2.0], target=1, players=[[0], [1, 2]])
    masks = np.array([[True, False], [False, True]])
    rows = np.where(masks[:, [0, 1, 1]], values[3], [0.5, 1.0, 2.0])
    assert np.allclose(game.with_network(other)(masks), linear(other, rows[:, [2, 0, 1]]), atol=1e-8)


def test_names_given_as_player_names_say_which_column_is_which():
    values, labels = numbers()
    model = LogisticRegression().fit(pandas.DataFrame(values, columns=["a", "b", "c"]), labels)
    order = [2, 0, 1]
    game = sy.Game(model, values[3][order], baseline=[3.0, 1.0, 2.0], target=1, player_names=["c", "a", "b"])
    masks = sy.all_masks(3)
    rows = np.where(masks, values[3][order], [3.0, 1.0, 2.0])[:, [1, 2, 0]]
    assert game.player_names == ("c", "a", "b")
    assert np.allclose(game(masks), linear(model, rows), atol=1e-8)


@pytest.mark.parametrize("labels_of_columns", [[0, 1, 2], [("u", "a"), ("u", "b"), ("v", "c")], ["a", "a", "b"]])
def test_names_that_the_estimator_does_not_know(labels_of_columns):
    values, labels = numbers()
    frame = pandas.DataFrame(values)
    frame.columns = (
        pandas.MultiIndex.from_tuples(labels_of_columns)
        if isinstance(labels_of_columns[0], tuple)
        else labels_of_columns
    )
    model = LogisticRegression().fit(values, labels)
    masks = sy.all_masks(3)
    game = sy.Game(model, frame.iloc[[3]], baseline=frame.mean(), target=1)
    assert np.allclose(game(masks), linear(model, np.where(masks, values[3], values.mean(axis=0))), atol=1e-8)
    if labels_of_columns == [0, 1, 2]:
        moved = sy.Game(model, frame[[2, 0, 1]].iloc[3], baseline=frame.mean(), target=1)
        assert np.allclose(moved(masks), game(masks), atol=1e-12)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda model, row: sy.Game(model, row.rename({"a": "height"})), "lacks 'a'.*'height' besides"),
        (lambda model, row: sy.Game(model, row.to_dict() | {"label": 1.0}), "'label' besides"),
        (lambda model, row: sy.Game(model, row.to_dict(), baseline={"a": 0.0, "b": 0.0}), "baseline.*lacks 'c'"),
        (lambda model, row: sy.Game(model, row.set_axis(["a", "a", "b"])), "'a' more than once"),
        (lambda model, row: sy.Game(model, [1.0, 2.0]), "2 columns.*3: 'a', 'b', 'c'"),
        (lambda model, row: sy.Game(model, row[["c", "a", "b"]], baseline=np.ones(3)), "carries no names"),
        (lambda model, row: sy.Game(model, row[["c", "a", "b"]], players=[[0], [1, 2]]), "players counts"),
        (lambda model, row: sy.Game(model, row, player_names=["b", "x", "y"]), "'b' on the column 'a'"),
        (lambda model, row: sy.Game(model, row, players=[["a", "z"]]), "'z'"),
        (lambda model, row: sy.Game(model, pandas.DataFrame([row, row])), "frame of 2 rows"),
        (lambda model, row: sy.Game(model, row, baseline=pandas.DataFrame([row, row])), "typical"),
        (lambda model, row: sy.Game(model, {"a": 1.0, "b": [1.0, 2.0], "c": 0.0}), "list at column 'b'"),
        (lambda model, row: sy.Game(model, {"a": 1.0, "b": 1j, "c": 0.0}), "column 'b'"),
        (lambda model, row: sy.Game(model, row, baseline=None), "baseline is None"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(make, message):
    values, labels = numbers()
    frame = pandas.DataFrame(values, columns=["a", "b", "c"])
    with pytest.raises(sy.SymbolscopeError, match=message):
        make(LogisticRegression().fit(frame, labels), frame.iloc[3])


@pytest.mark.parametrize(
    "row",
    [
        np.array([1, 0, 1], dtype=bool),
        np.array([200, 3, 255], dtype=np.uint8),
        np.array([-5, 3, 7], dtype=np.int8),
        np.array([0.5, 1.25, -3], dtype=np.float16),
        np.array([0.1, 0.2, 0.3], dtype=np.longdouble),
        np.array([1, 2.5, True], dtype=object),
        [Decimal("0.5"), 1, True],
        np.matrix([1.5, 2.0, 3.0]),
        np.ma.array([1.0, 2.0, 3.0], mask=[False, False, False]),
        sparse.csr_matrix([[0.0, 2.0, 0.0]]),
        torch.tensor([1, 2, 3], dtype=torch.int16),
        torch.tensor([[0.5, 1.5, 2.5]], dtype=torch.bfloat16),
        np.array([(1.5, 2, True)], dtype=[("a", "f4"), ("b", "i8"), ("c", "?")])[0],
    ],
    ids=lambda row: f"{type(row).__name__} {getattr(row, 'dtype', '')}",
)
def test_every_dtype_hides_at_fractions(row):
    values, labels = numbers()
    model = LogisticRegression().fit(values, labels)
    hidden = np.array([0.3175, 35.8, -1.5])
    dense = row.toarray() if sparse.issparse(row) else row.float().numpy() if isinstance(row, torch.Tensor) else row
    plain = np.array(dense.tolist() if hasattr(dense, "tolist") else dense).astype(np.float64).reshape(3)
    masks = sy.all_masks(3)
    game = sy.Game(model, row, baseline=hidden, target=1, score="logit")  # log-odds end where a probability is 1
    assert np.allclose(game(masks), linear(model, np.where(masks, plain, hidden)), rtol=1e-9, atol=1e-8)
    assert not game.source.relevant[plain == hidden].any()


class KnowsItsColumns:
    """An estimator of no library, which reads a frame's columns and keeps XGBoost's way to tell them."""

    def __init__(self, names, types):
        self.feature_names, self.feature_types = names, types
        self.classes_ = np.array([0, 1])
        self._estimator_type = "classifier"

    def fit(self, X, y):
        return self

    def __sklearn_tags__(self):
        return LogisticRegression().__sklearn_tags__()

    def get_booster(self):
        return self

    def predict_proba(self, X):
        share = ((X["id"].to_numpy() % 7) + 1) / (9 + 0.0 * X["x"].to_numpy())
        return np.stack([1 - share, share], axis=1)


def test_whole_numbers_beyond_float64_stay_whole():
    model = KnowsItsColumns(["id", "x"], ["int", "float"])
    ids = (2**60 + 3, 2**60 + 5)
    game = sy.Game(model, {"x": 1.0, "id": ids[0]}, baseline={"id": ids[1], "x": 0.0}, target=1, score="probability")
    expected = [(number % 7 + 1) / 9 for number in (ids[1], ids[0], ids[1], ids[0])]
    assert len(set(expected)) == 2
    assert np.allclose(game(sy.all_masks(2)), expected, atol=1e-12)
    with pytest.raises(sy.SymbolscopeError, match=r"column 'id'.*X.iloc\[\[3\]\]"):
        sy.Game(KnowsItsColumns(["id", "x"], ["c", "float"]), {"x": 1.0, "id": 3}, baseline={"x": 0.0, "id": 3})


def test_time_stamps_of_a_list_keep_their_seconds():
    rng = np.random.default_rng(2)
    values = np.c_[1.7e9 + rng.integers(0, 3600, 80), rng.normal(size=80)]
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(values, values[:, 0] > 1.7e9 + 1800)
    expected = model.decision_function(values[:5])
    found = [
        sy.Game(model, row.tolist(), baseline=values.mean(axis=0), target=True)([[True, True]])[0] for row in values[:5]
    ]
    assert np.allclose(found, expected, atol=1e-7)


def test_torch_networks_take_names_and_their_own_dtype():
    network = torch.nn.Linear(3, 2).double()
    row, hidden = {"a": 0.1, "b": 0.2, "c": 0.3}, pandas.Series([3.3, 1.1, 2.2], index=["c", "a", "b"])
    game = sy.Game(network, row, baseline=hidden, target=1, score="logit")
    masks = sy.all_masks(3)
    with torch.no_grad():
        expected = network(torch.from_numpy(np.where(masks, [0.1, 0.2, 0.3], [1.1, 2.2, 3.3])))[:, 1].numpy()
    assert game.player_names == ("a", "b", "c")
    assert np.allclose(game(masks), expected, atol=1e-14)  # float32 would be off by 1e-8
    bools = sy.Game(network, np.array([True, False, True]), baseline=0.25, target=1, score="logit")
    with torch.no_grad():
        expected = network(torch.from_numpy(np.where(masks, [1.0, 0.0, 1.0], 0.25)))[:, 1].numpy()
    assert np.allclose(bools(masks), expected, atol=1e-14)
    with pytest.raises(sy.SymbolscopeError, match="column 'b' holds no number"):
        sy.Game(network, row | {"b": "Oslo"})
    with pytest.raises(sy.SymbolscopeError, match="lacks 'c'"):
        sy.Game(network, row, baseline={"a": 0.0, "b": 0.0, "d": 0.0})


def test_token_ids_stay_whole_and_refuse_fractions():
    network = torch.nn.Sequential(torch.nn.Embedding(10, 2), torch.nn.Flatten(), torch.nn.Linear(6, 2))
    assert np.isfinite(sy.Game(network, np.array([1, 2, 3]), baseline=9, target=1)(sy.all_masks(3))).all()
    with pytest.raises(sy.SymbolscopeError, match="fractions"):
        sy.Game(network, np.array([1, 2, 3]), baseline=0.5)
    with pytest.raises(sy.SymbolscopeError, match=r"beyond 0 \.\. 255"):
        sy.Game(network, np.array([1, 2, 3], dtype=np.uint8), baseline=300)


def test_batch_axes_of_length_one():
    torch.manual_seed(0)
    image = torch.rand(1, 3, 8, 8)
    network = torch.nn.Sequential(torch.nn.Conv2d(3, 2, 3), torch.nn.Flatten(), torch.nn.Linear(72, 2))
    masks = sy.all_masks(4)
    whole, single = (
        sy.Game(network, one, baseline=torch.zeros_like(one), players=(2, 2), target=1) for one in (image, image[0])
    )
    assert np.allclose(whole(masks), single(masks), atol=1e-6)
    assert "batch" in str(whole.settings["sample"])
    assert "sample" not in single.settings
    gray = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.Flatten(), torch.nn.Linear(72, 2))
    assert "sample" not in sy.Game(gray, image[:, 0], players=(2, 2), target=1).settings  # one channel, no batch
    values, labels = numbers()
    model = LogisticRegression().fit(values, labels)
    for row in (values[3:4], torch.from_numpy(values[3:4]), values[3:4].tolist(), sparse.csr_array(values[3:4])):
        game = sy.Game(model, row, baseline=values[:1], target=1)
        assert np.allclose(
            game(sy.all_masks(3)), linear(model, np.where(sy.all_masks(3), values[3], values[0])), atol=1e-8
        )
    with pytest.raises(sy.SymbolscopeError, match="without a batch axis"):
        sy.Game(model, values[3:5])


def test_polars_rows_are_read_by_their_names():
    class Frame:  # polars, as far as a row is concerned
        columns = ("c", "a", "b")
        shape = (1, 3)

        def to_dicts(self):
            return [{"c": 3.0, "a": 1.0, "b": 2.0}]

    values, labels = numbers()
    model = LogisticRegression().fit(pandas.DataFrame(values, columns=["a", "b", "c"]), labels)
    assert sy.Game(model, Frame(), target=1)([[True] * 3])[0] == pytest.approx(linear(model, np.array([1.0, 2.0, 3.0])))
