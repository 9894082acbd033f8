"""Pipelines and functions that take strings: hidden words are removed, and the network is asked about what remains."""

import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

import symbolscope as sy
from symbolscope.games.remaining_text import RemainingText
from symbolscope.games.words import split_words

DOCUMENTS = ["good film", "bad film", "not bad at all", "awful", "great plot", "boring plot, not good"] * 5
SIGNS = ["pos", "neg", "pos", "neg", "pos", "neg"] * 5
TEXT = "not bad film"
# Written by hand, in the order of the masks: bit i is word i.
REMAINING = ["", "not", "bad", "not bad", "film", "not film", "bad film", "not bad film"]

CLASSIFIERS = {
    "tf-idf": make_pipeline(TfidfVectorizer(), LogisticRegression()),
    "bigrams": make_pipeline(CountVectorizer(ngram_range=(1, 2)), LogisticRegression()),
    "characters": make_pipeline(CountVectorizer(analyzer="char_wb", ngram_range=(2, 3)), LogisticRegression()),
    "hashing": make_pipeline(HashingVectorizer(n_features=64), LogisticRegression()),
    "bayes": make_pipeline(CountVectorizer(), MultinomialNB()),
    "calibrated": CalibratedClassifierCV(make_pipeline(TfidfVectorizer(), LogisticRegression()), cv=2),
    "grid search": GridSearchCV(
        make_pipeline(TfidfVectorizer(), LogisticRegression()), {"logisticregression__C": [1, 9]}, cv=2
    ),
}


@pytest.fixture(scope="module", params=CLASSIFIERS)
def classifier(request):
    return CLASSIFIERS[request.param].fit(DOCUMENTS, SIGNS)


def test_values_are_those_of_the_remaining_strings(classifier):
    game = sy.Game.from_text(classifier, None, TEXT, target="pos")
    probabilities = classifier.predict_proba(REMAINING)
    assert list(classifier.classes_) == ["neg", "pos"]
    expected = np.log(probabilities[:, 1] / probabilities[:, 0])
    np.testing.assert_allclose(game(sy.all_masks(3)), expected, atol=1e-9, rtol=0)
    assert game.settings["target_name"] == "pos"
    assert game.settings["baseline"] == "removed"


def test_a_text_given_to_game_is_the_same(classifier):
    masks = sy.all_masks(3)
    values = sy.Game(classifier, TEXT, target="neg")(masks)
    np.testing.assert_array_equal(values, sy.Game.from_text(classifier, None, TEXT, target="neg")(masks))


def test_several_classes_and_the_predicted_one():
    documents = ["red apple", "green pear", "blue plum", "red cherry", "green apple", "blue sky"] * 4
    colours = [0, 1, 2, 0, 1, 2] * 4
    classifier = make_pipeline(CountVectorizer(), LogisticRegression()).fit(documents, np.array(colours) * 10)
    game = sy.Game.from_text(classifier, None, "a green plum")
    rest = classifier.predict_proba(["a green plum", "green", "a plum"])
    values = game([[True, True, True], [False, True, False], [True, False, True]])
    assert game.settings["target"] == rest[0].argmax()
    np.testing.assert_allclose(values, np.log(rest[:, 1] / (1 - rest[:, 1])), atol=1e-9, rtol=0)
    named = sy.Game.from_text(classifier, None, "a green plum", target=20)
    assert named.settings["target"] == 2
    assert named.with_network(classifier).settings["target"] == 2
    with pytest.raises(sy.SymbolscopeError, match="7 is not one of"):
        sy.Game.from_text(classifier, None, "a green plum", target=7)


@pytest.mark.parametrize("how", [{}, {"score": "output"}])
def test_regressors(how):
    regressor = make_pipeline(TfidfVectorizer(), Ridge()).fit(DOCUMENTS, np.arange(30.0))
    game = sy.Game.from_text(regressor, None, TEXT, **how)
    np.testing.assert_allclose(game(sy.all_masks(3)), regressor.predict(REMAINING), atol=1e-9, rtol=0)


def test_margins():
    machine = make_pipeline(TfidfVectorizer(), LinearSVC()).fit(DOCUMENTS, SIGNS)
    game = sy.Game.from_text(machine, None, TEXT, target="pos", outputs="margin", score="output")
    np.testing.assert_allclose(game(sy.all_masks(3)), machine.decision_function(REMAINING), atol=1e-9, rtol=0)
    assert "margin" in game.settings["outputs"]


@pytest.mark.parametrize("answer", [list, np.asarray, lambda values: np.asarray(values)[:, None]])
def test_functions_of_lists_of_strings(answer):
    def service(texts):
        assert type(texts) is list
        return answer([3.0 * ("bad" in text) + len(text) for text in texts])

    game = sy.Game.from_text(service, None, TEXT, score="output")
    expected = [3.0 * ("bad" in text) + len(text) for text in REMAINING]
    np.testing.assert_allclose(game(sy.all_masks(3)), expected, atol=1e-6, rtol=0)


def test_a_bound_method_is_read_as_its_estimator(classifier):
    game = sy.Game.from_text(classifier.predict_proba, None, TEXT, target="pos", score="probability")
    expected = classifier.predict_proba(REMAINING)[:, 1]
    np.testing.assert_allclose(game(sy.all_masks(3)), expected, atol=1e-6, rtol=0)


@pytest.mark.parametrize(
    ("text", "present", "remaining"),
    [
        ("a bad, bad film.", "110100", "a bad bad"),
        ("a bad, bad film.", "010010", "bad film"),
        ("  end!Start  ", "111", "  end!Start  "),
        ("end!Start", "101", "end Start"),  # and not the one word endStart
        ("3.14%of 5", "1010", "3.14 of"),
        ("不坏的电影", "10011", "不电影"),  # no space is put between signs that are words of their own
        ("👍🏽👨‍👩‍👧x", "101", "👍🏽x"),
        ("one\ntwo three", "101", "one\nthree"),
        ("don't go", "01", "go"),
    ],
)
def test_what_remains(text, present, remaining):
    rows = RemainingText(text, tuple(split_words(text))).rows(np.array([[sign == "1" for sign in present]]))
    assert rows == [remaining]


def test_spans_cut_anywhere_between_grapheme_clusters():
    seen = []

    def lengths(texts):
        seen.extend(texts)
        return [float(len(text)) for text in texts]

    game = sy.Game.from_text(lengths, None, "Krankenversicherung ja", spans=["Kranken", "versicherung"], score="output")
    seen.clear()
    game([[True, False], [False, True], [False, False]])
    assert seen[:3] == ["Kranken ja", "versicherung ja", "ja"]
    assert "".join(text for text, _ in game.view.fragments) == "Krankenversicherung ja"
    with pytest.raises(sy.SymbolscopeError, match="share"):
        sy.Game.from_text(lengths, None, "e\u0301a", spans=[(0, 1), (1, 3)], score="output")


def test_words_that_are_not_players_stay():
    game = sy.Game.from_text(
        lambda texts: [float(len(text)) for text in texts], None, TEXT, words=["bad"], score="output"
    )
    np.testing.assert_array_equal(game([[True], [False]]), [len("not bad film"), len("not film")])


def test_many_texts_are_explained_stored_and_resumed(tmp_path):
    classifier = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(DOCUMENTS, SIGNS)
    texts = ["good film", "not bad film", "awful boring plot"]
    store = tmp_path / "run.sqlite"
    found = sy.explain_many(classifier, texts, target="pos", store=store)
    assert found.failures == {}
    again = sy.explain_many(classifier, np.array(texts), target="pos", store=store)
    for number, text in enumerate(texts):
        one = sy.explain(sy.Game.from_text(classifier, None, text, target="pos"))
        np.testing.assert_allclose(found[number].predict_all(), one.predict_all(), atol=1e-9, rtol=0)
        np.testing.assert_array_equal(again[number].effects, found[number].effects)
        assert found[number].player_names == tuple(text.split())


def test_two_texts_have_two_fingerprints():
    from symbolscope.games.store.fingerprint import game_fingerprint

    classifier = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(DOCUMENTS, SIGNS)
    texts = ["good film", "bad film", "good  film"]
    games = [sy.Game.from_text(classifier, None, text, target="pos") for text in texts]
    games += [sy.Game.from_text(len_of_each, None, text, score="output") for text in texts]
    assert len({game_fingerprint(game) for game in games}) == 6
    assert game_fingerprint(games[0]) == game_fingerprint(
        sy.Game.from_text(classifier, None, "good film", target="pos")
    )


def len_of_each(texts):
    return [float(len(text)) for text in texts]


def test_another_network_and_baseline():
    classifier = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(DOCUMENTS, SIGNS)
    forest = make_pipeline(CountVectorizer(), RandomForestClassifier(5, random_state=0)).fit(DOCUMENTS, SIGNS)
    game = sy.Game.from_text(classifier, None, TEXT, target="neg", score="probability")
    other = game.with_network(forest)
    np.testing.assert_allclose(other(sy.all_masks(3)), forest.predict_proba(REMAINING)[:, 0], atol=1e-9, rtol=0)
    np.testing.assert_array_equal(game.with_baseline(None)(sy.all_masks(3)), game(sy.all_masks(3)))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"baseline": "mask"}, "removed"),
        ({"baseline": 0.0}, "removed"),
        ({"text": ("good film", "bad film")}, "pair"),
        ({"text": ""}, "is empty"),
        ({"level": "embedding"}, "tokenizer"),
        ({"prefix_sharing": True}, "tokenizer"),
        ({"words": ["worse"]}, "not in the text"),
    ],
)
def test_refusals(options, message):
    given = {"text": TEXT, "target": 0, **options}
    text = given.pop("text")
    with pytest.raises(sy.SymbolscopeError, match=message):
        sy.Game.from_text(lambda texts: np.tile([0.25, 0.75], (len(texts), 1)), None, text, **given)


def test_there_is_no_baseline_to_learn():
    game = sy.Game.from_text(len_of_each, None, TEXT, score="output")
    with pytest.raises(sy.SymbolscopeError, match="no baseline to learn"):
        sy.learn_baseline(game)


@pytest.mark.parametrize("answer", ["words", [["a"]], None, {"score": 1}])
def test_answers_that_are_no_numbers(answer):
    with pytest.raises(sy.SymbolscopeError, match="numbers"):
        sy.Game.from_text(lambda texts: answer, None, TEXT, score="output")
