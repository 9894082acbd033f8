"""What an output means: of forty kinds of model, called as they are, the value of the full input is the model's own number."""

import lightgbm
import numpy as np
import pytest
import torch
import xgboost
from sklearn import (
    calibration,
    discriminant_analysis,
    ensemble,
    linear_model,
    mixture,
    model_selection,
    multiclass,
    multioutput,
    naive_bayes,
    neighbors,
    neural_network,
    pipeline,
    preprocessing,
    svm,
    tree,
)
from sklearn.cluster import KMeans
from torch import nn

import symbolscope as sy

GENERATOR = np.random.default_rng(5)
X = GENERATOR.normal(size=(120, 4))
ROW = X[7]
BASELINE = X.mean(0)
CLASS = (X[:, 0] + 0.5 * X[:, 1] * X[:, 2] + 0.7 * GENERATOR.normal(size=120) > 0).astype(int)
CLASSES = np.array(["low", "middle", "high"])[np.digitize(X[:, 0] + 0.8 * GENERATOR.normal(size=120), [-0.5, 0.5])]
LABELS = np.stack([CLASS, (X[:, 1] + 0.5 * GENERATOR.normal(size=120) > 0).astype(int), (X[:, 3] > 0.4).astype(int)], 1)
NUMBER = 3 * X[:, 0] - 40 + X[:, 1] * X[:, 2]
ONE = ROW[None]


def log_odds(p, smallest=0.0):
    p = np.clip(np.asarray(p, dtype=np.float64), smallest, 1 - smallest)
    return np.log(p) - np.log1p(-p)


def most_probable(model, smallest=0.0):
    return float(log_odds(model.predict_proba(ONE)[0].max(), smallest))


def first(answers):
    return float(np.ravel(answers)[0])


# A fitted model and its own number for the row, computed here from what the model itself says.
CLASSIFIERS = {
    "logistic": (linear_model.LogisticRegression(), most_probable),
    "logistic of three": (linear_model.LogisticRegression(), most_probable),
    "pipeline": (
        pipeline.make_pipeline(preprocessing.StandardScaler(), linear_model.LogisticRegression()),
        most_probable,
    ),
    "grid search": (model_selection.GridSearchCV(linear_model.LogisticRegression(), {"C": [0.1, 1.0]}), most_probable),
    "calibrated": (calibration.CalibratedClassifierCV(svm.LinearSVC(), cv=3), most_probable),
    "naive Bayes": (naive_bayes.GaussianNB(), most_probable),
    "discriminant": (discriminant_analysis.LinearDiscriminantAnalysis(), most_probable),
    "boosting": (ensemble.GradientBoostingClassifier(n_estimators=5, random_state=0), most_probable),
    "histogram boosting": (ensemble.HistGradientBoostingClassifier(max_iter=5, random_state=0), most_probable),
    "multilayer": (neural_network.MLPClassifier(5, max_iter=30, random_state=0), most_probable),
    "forest": (ensemble.RandomForestClassifier(30, random_state=0), lambda m: most_probable(m, 1 / 60)),
    "neighbours": (neighbors.KNeighborsClassifier(7), lambda m: most_probable(m, 1 / 14)),
    "LightGBM": (lightgbm.LGBMClassifier(n_estimators=5, verbose=-1), most_probable),
    "LightGBM of three": (lightgbm.LGBMClassifier(n_estimators=5, verbose=-1), most_probable),
    "XGBoost": (xgboost.XGBClassifier(n_estimators=5, n_jobs=1), most_probable),
    "soft votes": (
        ensemble.VotingClassifier(
            [("a", linear_model.LogisticRegression()), ("b", naive_bayes.GaussianNB())], voting="soft"
        ),
        most_probable,
    ),
    "support vectors": (svm.SVC(), lambda m: first(m.decision_function(ONE))),
    "linear support vectors": (svm.LinearSVC(), lambda m: first(m.decision_function(ONE))),
    "ridge": (linear_model.RidgeClassifier(), lambda m: first(m.decision_function(ONE))),
    "perceptron": (linear_model.Perceptron(), lambda m: first(m.decision_function(ONE))),
    "hinge": (linear_model.SGDClassifier(random_state=0), lambda m: first(m.decision_function(ONE))),
    "support vectors of three": (svm.SVC(), lambda m: m.decision_function(ONE)[0].max()),
    "one against one": (multiclass.OneVsOneClassifier(svm.LinearSVC()), lambda m: m.decision_function(ONE)[0].max()),
    "one against the rest": (multiclass.OneVsRestClassifier(linear_model.LogisticRegression()), most_probable),
}
OF_THREE = {
    "logistic of three", "LightGBM of three", "support vectors of three", "one against one", "one against the rest", "boosting",
}  # fmt: skip


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("name", CLASSIFIERS)
def test_classifiers(name):
    model, right = CLASSIFIERS[name]
    model.fit(X, CLASSES if name in OF_THREE else CLASS)
    game = sy.Game(model, ROW, baseline=BASELINE)
    assert game([[True] * 4])[0] == pytest.approx(right(model), abs=1e-6)
    assert game.settings["outputs"]
    if game.settings["score"] == "log-odds":
        assert game.settings["target_name"] == str(model.predict(ONE)[0])


VALUES = {
    "linear": (linear_model.LinearRegression(), NUMBER),
    "forest": (ensemble.RandomForestRegressor(10, random_state=0), NUMBER),
    "LightGBM L2": (lightgbm.LGBMRegressor(n_estimators=5, verbose=-1), NUMBER),
    "LightGBM Poisson": (lightgbm.LGBMRegressor(n_estimators=5, objective="poisson", verbose=-1), CLASS + 1),
    "LightGBM quantile": (lightgbm.LGBMRegressor(n_estimators=5, objective="quantile", verbose=-1), NUMBER),
    "XGBoost": (xgboost.XGBRegressor(n_estimators=5, n_jobs=1), NUMBER),
    "XGBoost Poisson": (xgboost.XGBRegressor(n_estimators=5, objective="count:poisson", n_jobs=1), CLASS + 1),
    "XGBoost Tweedie": (xgboost.XGBRegressor(n_estimators=5, objective="reg:tweedie", n_jobs=1), CLASS + 1),
}


@pytest.mark.parametrize("name", VALUES)
def test_regressors_are_read_as_they_are(name):
    model, y = VALUES[name]
    model.fit(X, y)
    game = sy.Game(model, ROW, baseline=BASELINE)
    expected = model.predict(np.stack([ROW, BASELINE]))
    np.testing.assert_allclose(game([[True] * 4, [False] * 4]), expected, atol=1e-9)
    assert game.settings["score"] == "output"
    for score in ("log-odds", "logit", "probability"):
        with pytest.raises(sy.SymbolscopeError, match="regressor"):
            sy.Game(model, ROW, score=score)


def test_rankers_are_read_as_they_are():
    model = lightgbm.LGBMRanker(n_estimators=5, verbose=-1).fit(X, CLASS, group=[60, 60])
    game = sy.Game(model, ROW, baseline=BASELINE)
    assert game([[True] * 4])[0] == pytest.approx(model.predict(ONE)[0])
    assert "ranking" in game.settings["outputs"]
    other = xgboost.XGBRanker(n_estimators=5, n_jobs=1).fit(X, CLASS, group=[60, 60])
    assert sy.Game(other, ROW)([[True] * 4])[0] == pytest.approx(float(other.predict(ONE)[0]), abs=1e-6)


@pytest.mark.parametrize(
    "model",
    [
        ensemble.IsolationForest(n_estimators=10, random_state=0),
        svm.OneClassSVM(),
        neighbors.LocalOutlierFactor(novelty=True),
        pipeline.make_pipeline(preprocessing.StandardScaler(), svm.OneClassSVM()),
    ],
)
def test_outlier_detectors_are_read_as_they_are(model):
    model.fit(X)
    odd = np.array([4.0, 4.0, -4.0, 0.0])
    game = sy.Game(model, odd)
    assert game([[True] * 4])[0] == pytest.approx(first(model.decision_function(odd[None])))
    assert game([[True] * 4])[0] < 0
    assert game.settings["score"] == "output"
    with pytest.raises(sy.SymbolscopeError, match="anomaly"):
        sy.Game(model, odd, score="probability")


MULTI_LABEL = {
    "one against the rest": (
        multiclass.OneVsRestClassifier(linear_model.LogisticRegression()),
        lambda m: m.predict_proba(ONE)[0],
    ),
    "multi-output": (
        multioutput.MultiOutputClassifier(linear_model.LogisticRegression()),
        lambda m: [p[0, 1] for p in m.predict_proba(ONE)],
    ),
    "chain": (multioutput.ClassifierChain(linear_model.LogisticRegression()), lambda m: m.predict_proba(ONE)[0]),
    "multilayer": (neural_network.MLPClassifier(5, max_iter=30, random_state=0), lambda m: m.predict_proba(ONE)[0]),
    "forest": (
        ensemble.RandomForestClassifier(20, max_depth=3, random_state=0),
        lambda m: [p[0, 1] for p in m.predict_proba(ONE)],
    ),
    "neighbours": (neighbors.KNeighborsClassifier(9), lambda m: [p[0, 1] for p in m.predict_proba(ONE)]),
}


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("name", MULTI_LABEL)
@pytest.mark.parametrize("label", [0, 2])
def test_labels_do_not_compete(name, label):
    model, right = MULTI_LABEL[name]
    model.fit(X, LABELS)
    p = right(model)[label]
    for score, value in (("auto", log_odds(p, 1 / 1000)), ("probability", p)):
        game = sy.Game(model, ROW, baseline=BASELINE, target=label, score=score)
        if 0.07 < p < 0.93:  # else it may be cut at the model's resolution
            assert game([[True] * 4])[0] == pytest.approx(value, abs=1e-6)
    assert "independent" in game.settings["outputs"]


REFUSED = {
    "clusters": lambda: KMeans(2, n_init=1, random_state=0).fit(X),
    "hard votes": lambda: ensemble.VotingClassifier(
        [("a", linear_model.LogisticRegression()), ("b", tree.DecisionTreeClassifier())]
    ).fit(X, CLASS),
    "predict of a classifier": lambda: linear_model.LogisticRegression().fit(X, CLASS).predict,
    "raw boosting": lambda: xgboost.XGBClassifier(n_estimators=3, objective="binary:logitraw", n_jobs=1).fit(X, CLASS),
    "several outputs of several classes": lambda: tree.DecisionTreeClassifier(max_depth=2).fit(
        X, np.stack([CLASS, np.arange(120) % 3], 1)
    ),
    "one column": lambda: nn.Linear(4, 1),
    "a service": lambda: lambda rows: np.full(len(rows), 0.4),
    "columns within the unit interval": lambda: lambda rows: np.full((len(rows), 3), 0.2),
    "two heads": lambda: _TwoHeads(),
}


class _TwoHeads(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(4, 2), nn.Linear(4, 3)

    def forward(self, rows):
        return self.a(rows), self.b(rows)


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_known_is_asked(name):
    model = REFUSED[name]()
    row = ROW.astype(np.float32) if isinstance(model, nn.Module) else ROW
    with pytest.raises(sy.SymbolscopeError, match=r"outputs=|lambda"):
        sy.Game(model, row, baseline=0.0)


def test_mixtures_are_exclusive():
    model = mixture.GaussianMixture(2, random_state=0).fit(X)
    game = sy.Game(model, ROW, baseline=BASELINE)
    assert game([[True] * 4])[0] == pytest.approx(most_probable(model), abs=1e-6)


def last_layer(last, width=3):
    torch.manual_seed(3)
    return nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, width), last).eval()


class Functional(nn.Module):
    """Ends in a function of torch, not in a layer."""

    def __init__(self, last, width=1):
        super().__init__()
        self.inner, self.last = last_layer(nn.Identity(), width), last

    def forward(self, rows):
        return self.last(self.inner(rows))


TORCH = {
    "logits": (lambda: last_layer(nn.Identity()), lambda z: z.max() - torch.logsumexp(z[z < z.max()], 0)),
    "softmax": (lambda: last_layer(nn.Softmax(dim=1)), lambda p: log_odds(p.max())),
    "log-softmax": (lambda: last_layer(nn.LogSoftmax(dim=1)), lambda p: log_odds(p.max().exp())),
    "sigmoid of one": (lambda: last_layer(nn.Sigmoid(), 1), lambda p: abs(log_odds(p[0]))),
    "sigmoids": (lambda: last_layer(nn.Sigmoid()), lambda p: log_odds(p.max())),
    "functional sigmoid": (lambda: Functional(lambda z: torch.sigmoid(z).squeeze(1)), lambda p: abs(log_odds(p[0]))),
    "two columns of a sigmoid": (
        lambda: Functional(lambda z: torch.cat([1 - torch.sigmoid(z), torch.sigmoid(z)], dim=1)),
        lambda p: log_odds(p.max()),
    ),
    "a column of a softmax": (lambda: Functional(lambda z: z.softmax(1)[:, 0], 3), lambda p: abs(log_odds(p[0]))),
    "rectified": (
        lambda: last_layer(nn.ReLU()),
        lambda z: z.max() - torch.logsumexp(z[[i for i in range(3) if i != int(z.argmax())]], 0),
    ),
}


@pytest.mark.parametrize("name", TORCH)
@pytest.mark.parametrize("form", ["module", "function", "exported"])
def test_last_layers(name, form):
    make, right = TORCH[name]
    network = make()
    row = torch.tensor(ROW, dtype=torch.float32)
    own = network(row[None]).detach().double()[0]
    if form == "function":
        given = lambda rows: network(rows)  # noqa: E731
    elif form == "exported":
        batch = torch.export.Dim("batch", min=2, max=4096)
        given = torch.export.export(network, (torch.ones(3, 4),), dynamic_shapes=({0: batch},), strict=False).module()
    else:
        given = network
    game = sy.Game(given, row)
    assert game([[True] * 4])[0] == pytest.approx(float(right(own.reshape(-1))), abs=1e-4)


@pytest.mark.parametrize(
    ("problem", "width", "right"),
    [
        ("regression", 1, lambda z: z[0]),
        (None, 1, lambda z: z[0]),
        ("multi_label_classification", 3, lambda z: z[1]),
        ("single_label_classification", 3, lambda z: z[1] - torch.logsumexp(z[[0, 2]], 0)),
        (None, 3, lambda z: z[1] - torch.logsumexp(z[[0, 2]], 0)),
    ],
)
@pytest.mark.parametrize("family", ["bert", "gpt2"])
def test_hugging_face_heads(problem, width, right, family):
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(1)
    if family == "bert":
        configuration = transformers.BertConfig(
            vocab_size=9, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8,
            num_labels=width, problem_type=problem,
        )  # fmt: skip
        network = transformers.BertForSequenceClassification(configuration).eval()
    else:
        configuration = transformers.GPT2Config(
            vocab_size=9, n_positions=8, n_embd=8, n_layer=1, n_head=2, num_labels=width, problem_type=problem, pad_token_id=0,
        )  # fmt: skip
        network = transformers.GPT2ForSequenceClassification(configuration).eval()
    tokens = torch.tensor([3, 5, 2, 7])
    z = network(tokens[None]).logits[0].detach().double()
    game = sy.Game(network, tokens, baseline=1, target=None if width == 1 else 1)
    assert game([[True] * 4])[0] == pytest.approx(float(right(z)), abs=1e-5)
    assert game.with_network(network)([[True] * 4])[0] == pytest.approx(float(right(z)), abs=1e-5)


def test_one_row_of_logits_per_token_is_the_next_token_only_of_a_causal_network():
    transformers = pytest.importorskip("transformers")
    configuration = transformers.BertConfig(
        vocab_size=9, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8
    )
    for kind in (transformers.BertForMaskedLM, transformers.BertForTokenClassification):
        with pytest.raises(sy.SymbolscopeError, match="per token"):
            sy.Game(kind(configuration).eval(), torch.tensor([3, 5, 2, 7]), baseline=1)


BOOSTERS = {
    "binary": (CLASS, lambda p: abs(log_odds(p[0]))),
    "multiclass": (np.arange(120) % 3, lambda p: log_odds(p.max())),
    "regression": (NUMBER, lambda v: v[0]),
    "poisson": (CLASS + 1, lambda v: v[0]),
    "cross_entropy": (CLASS * 0.8 + 0.1, lambda p: abs(log_odds(p[0]))),
}


@pytest.mark.parametrize("objective", BOOSTERS)
@pytest.mark.parametrize("method", [False, True])
def test_lightgbm_boosters(objective, method):
    y, right = BOOSTERS[objective]
    parameters = {"objective": objective, "verbose": -1, "num_threads": 1}
    if objective == "multiclass":
        parameters["num_class"] = 3
    booster = lightgbm.train(parameters, lightgbm.Dataset(X, label=y), 5)
    game = sy.Game(booster.predict if method else booster, ROW, baseline=BASELINE)
    assert game([[True] * 4])[0] == pytest.approx(float(right(np.ravel(booster.predict(ONE)))), abs=1e-6)


XGBOOST = {
    "binary:logistic": (CLASS, lambda p: abs(log_odds(p[0]))),
    "binary:logitraw": (CLASS, lambda z: abs(z[0])),
    "multi:softprob": (np.arange(120) % 3, lambda p: log_odds(p.max())),
    "reg:squarederror": (NUMBER, lambda v: v[0]),
    "count:poisson": (CLASS + 1, lambda v: v[0]),
    "rank:pairwise": (CLASS, lambda v: v[0]),
}


@pytest.mark.parametrize("objective", XGBOOST)
def test_xgboost_boosters(objective):
    y, right = XGBOOST[objective]
    parameters = {"objective": objective, "nthread": 1} | ({"num_class": 3} if objective == "multi:softprob" else {})
    booster = xgboost.train(parameters, xgboost.DMatrix(X, label=y), 4)
    game = sy.Game(booster, ROW, baseline=BASELINE)
    own = np.ravel(booster.predict(xgboost.DMatrix(ONE))).astype(np.float64)
    assert game([[True] * 4])[0] == pytest.approx(float(right(own)), abs=1e-5)


@pytest.mark.parametrize("objective", ["multi:softmax", "binary:hinge"])
def test_boosters_of_labels_are_asked(objective):
    parameters = {"objective": objective, "nthread": 1} | ({"num_class": 3} if objective == "multi:softmax" else {})
    booster = xgboost.train(
        parameters, xgboost.DMatrix(X, label=np.arange(120) % (3 if "num_class" in parameters else 2)), 4
    )
    with pytest.raises(sy.SymbolscopeError, match="labels"):
        sy.Game(booster, ROW, baseline=BASELINE)


def test_what_was_said_is_checked():
    network = last_layer(nn.Identity())
    row = torch.tensor(ROW, dtype=torch.float32) * 20
    with pytest.raises(sy.SymbolscopeError, match="range from"):
        sy.Game(network, row, outputs="probabilities")
    with pytest.raises(sy.SymbolscopeError, match="unknown"):
        sy.Game(network, row, outputs="logit")
    with pytest.raises(sy.SymbolscopeError, match="sums to"):
        sy.Game(last_layer(nn.Sigmoid()), row, outputs="probabilities")
    value = sy.Game(network, row, outputs="value", target=1)([[True] * 4])[0]
    assert value == pytest.approx(network(row[None])[0, 1].item(), rel=1e-5)
    one = last_layer(nn.Identity(), 1)
    z = one(row[None]).item()
    for outputs, target, right in (
        ("logits", 1, z), ("logits", 0, -z), ("margin", None, z), ("margin", 0, -z), ("value", None, z),
    ):  # fmt: skip
        assert sy.Game(one, row, outputs=outputs, target=target)([[True] * 4])[0] == pytest.approx(right, rel=1e-5)


@pytest.mark.parametrize("trees", [3, 40])
def test_log_odds_end_where_the_trees_do(trees):
    separable = np.where(X[:, 0] > 0, "yes", "no")
    forest = ensemble.RandomForestClassifier(trees, random_state=0).fit(X, separable)
    model = sy.explain(sy.Game(forest, ROW * 3, baseline=-3 * ROW))
    p = forest.predict_proba(np.where(sy.all_masks(4), 3 * ROW, -3 * ROW))
    column = list(forest.classes_).index(model.settings["target_name"])
    np.testing.assert_allclose(model.values, log_odds(p[:, column], 1 / (2 * trees)), atol=1e-9)
    cut = int(((p == 0) | (p == 1)).any(axis=1).sum())
    assert cut
    assert model.settings["cut"].startswith(f"{cut} of 16 masks")


def test_certain_probabilities_without_a_known_resolution_are_never_the_explanation():
    def certain(rows):
        p = (np.asarray(rows)[:, 0] > 0).astype(float)
        return np.stack([1 - p, p], axis=1)

    game = sy.Game(certain, ROW, baseline=-ROW)
    with pytest.raises(sy.SymbolscopeError, match="probability"):
        sy.explain(game)
    assert len(sy.explain(sy.Game(certain, ROW, baseline=-ROW, score="probability")).effects) == 1
