import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression, RidgeClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

import symbolscope as sy


@pytest.fixture(scope="module")
def iris():
    return load_iris()


def classifier(iris, labels=None):
    y = iris.target if labels is None else np.asarray(labels)[iris.target]
    return make_pipeline(StandardScaler(), LogisticRegression()).fit(iris.data, y)


def test_log_odds_of_a_linear_classifier_equal_its_logits(iris):
    keep = iris.target < 2
    model = LogisticRegression().fit(iris.data[keep], iris.target[keep])
    game = sy.Game(model, iris.data[0], target=1)
    masks = sy.all_masks(4)
    expected = (masks * iris.data[0]) @ model.coef_[0] + model.intercept_[0]
    assert np.allclose(game(masks), expected, atol=1e-6)
    assert np.allclose(sy.Game(model, iris.data[0], target=1, score="logit")(masks), expected, atol=1e-10)
    assert np.allclose(sy.Game(model, iris.data[0], target=0, score="logit")(masks), -expected, atol=1e-10)


def test_target_is_a_class_label(iris):
    model = classifier(iris, ["setosa", "versicolor", "virginica"])
    game = sy.Game(model, iris.data[100], baseline=sy.baselines.mean_baseline(iris.data), target="virginica")
    assert game.settings["target"] == 2
    assert game.settings["target_name"] == "virginica"
    shifted = classifier(iris, [1, 2, 3])
    assert sy.Game(shifted, iris.data[0], target=3).settings["target"] == 2
    with pytest.raises(sy.SymbolscopeError, match="target 0 is not one of the network's 3 classes: 1, 2, 3"):
        sy.Game(shifted, iris.data[0], target=0)


def test_default_target_is_the_predicted_class(iris):
    assert sy.Game(classifier(iris), iris.data[100]).settings["target"] == 2


def test_probability_score(iris):
    model = classifier(iris)
    game = sy.Game(model, iris.data[60], target=1, score="probability")
    masks = sy.all_masks(4)
    assert np.allclose(game(masks), model.predict_proba(masks * iris.data[60])[:, 1])


@pytest.mark.parametrize("make", [SVC, RidgeClassifier])
def test_decision_function_where_there_are_no_probabilities(iris, make):
    for keep in (iris.target < 2, iris.target < 3):
        model = make().fit(iris.data[keep], iris.target[keep])
        assert np.isfinite(sy.Game(model, iris.data[0])(sy.all_masks(4))).all()


def test_certain_forests_have_finite_log_odds():
    data = load_breast_cancer()
    model = RandomForestClassifier(n_estimators=5, random_state=0).fit(data.data[:, :6], data.target)
    assert np.isfinite(sy.Game(model, data.data[0, :6])(sy.all_masks(6))).all()


def test_regression():
    data = load_diabetes()
    model = LinearRegression().fit(data.data, data.target)
    with pytest.raises(sy.SymbolscopeError, match="LinearRegression is a regressor; give score='output'"):
        sy.Game(model, data.data[0], score="log-odds")
    masks = sy.all_masks(10)
    for score in ("output", "auto"):
        assert np.allclose(sy.Game(model, data.data[0], score=score)(masks), model.predict(masks * data.data[0]))


def test_a_batch_axis_is_refused(iris):
    with pytest.raises(sy.SymbolscopeError, match=r"such as X\[3\]"):
        sy.Game(classifier(iris), iris.data[:1], players=[[(0, 1)]])


def test_unfitted_estimators_are_refused(iris):
    with pytest.raises(sy.SymbolscopeError, match="NotFittedError"):
        sy.Game(LogisticRegression(), iris.data[0])


def test_data_frames_give_names(iris):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(iris.data, columns=["a", "b", "c", "d"])
    model = LogisticRegression(max_iter=500).fit(frame, iris.target)
    game = sy.Game(model, frame.iloc[3], target=1)  # warnings are errors here: the names must reach the estimator
    assert game.player_names == ("a", "b", "c", "d")
    plain = sy.Game(LogisticRegression(max_iter=500).fit(iris.data, iris.target), iris.data[3], target=1)
    assert np.allclose(game(sy.all_masks(4)), plain(sy.all_masks(4)), atol=1e-6)
