"""A game seen by another network: the values of one built from scratch, with everything else as it was."""

import numpy as np
import pytest
import torch
from sklearn.datasets import load_diabetes, load_iris
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.svm import SVC
from torch import nn

import symbolscope as sy

SAMPLE, BASELINE = torch.tensor([1.0, -2.0, 0.5, 3.0]), [0.1, 0.2, 0.3, 0.4]
MASKS = sy.all_masks(4)


def mlp(seed, outputs=3, inputs=4):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return nn.Sequential(nn.Linear(inputs, 16), nn.Tanh(), nn.Linear(16, outputs)).eval()


def difference(outputs):
    return outputs[:, 0] - outputs[:, 1]


@pytest.mark.parametrize(
    ("score", "target"),
    [("log-odds", 2), ("logit", 1), ("probability", 0), ("output", 1), (difference, None), ("log-odds", None)],
)
def test_values_of_a_row_with_each_score(score, target):
    mine, other = mlp(0), mlp(1)
    game = sy.Game(mine, SAMPLE, baseline=BASELINE, score=score, target=target)
    again = game.with_network(other)
    resolved = game.settings["target"]
    scratch = sy.Game(other, SAMPLE, baseline=BASELINE, score=score, target=resolved)
    np.testing.assert_array_equal(again(MASKS), scratch(MASKS))
    assert again.settings == scratch.settings
    assert not np.allclose(again(MASKS), game(MASKS), atol=0.1)
    with torch.no_grad():
        outputs = other(torch.tensor(np.where(MASKS, SAMPLE.numpy(), np.float32(BASELINE)))).double()
    by_hand = {
        "log-odds": lambda: (
            outputs[:, resolved] - torch.logsumexp(outputs[:, [i for i in range(3) if i != resolved]], 1)
        ),
        "logit": lambda: outputs[:, resolved],
        "output": lambda: outputs[:, resolved],
        "probability": lambda: torch.softmax(outputs, 1)[:, resolved],
    }.get(score, lambda: difference(outputs))()
    np.testing.assert_allclose(again(MASKS), by_hand.numpy(), atol=1e-5)


def test_the_target_stays_where_the_other_network_predicts_another_class():
    games = [sy.Game(mlp(seed), SAMPLE) for seed in range(12)]
    first = games[0]
    other = next(game for game in games if game.settings["target"] != first.settings["target"])
    again = first.with_network(other.network)
    assert again.settings["target"] == first.settings["target"]
    given = sy.Game(other.network, SAMPLE, target=first.settings["target"])
    np.testing.assert_array_equal(again(MASKS), given(MASKS))
    assert not np.allclose(again(MASKS), other(MASKS))


def test_a_network_of_one_logit_keeps_its_class():
    mine, other = mlp(0, outputs=1), mlp(5, outputs=1)
    for target in (0, 1):
        game = sy.Game(mine, SAMPLE, target=target, outputs="logits")
        again, one = game.with_network(other), sy.Game(other, SAMPLE, target=1)
        np.testing.assert_allclose(again(MASKS), one(MASKS) * (1 if target else -1), atol=1e-6)
        assert again.settings["target"] == target


def test_settings_names_and_view_are_kept():
    class Other(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = mlp(1)

        def forward(self, x):
            return self.inner(x)

    game = sy.Game(mlp(0), SAMPLE, baseline=BASELINE, target=1, players=[[0, 1], 3], player_names=["pair", "last"])
    network = Other().eval()
    again = game.with_network(network)
    assert again.player_names == ("pair", "last")
    assert again.view is game.view
    assert again.settings == game.settings | {"network": "Other"}
    assert again.network is network
    assert game.network is not network
    assert repr(again) == "Game(Other, 2 players, score 'log-odds' of target 1)"
    assert repr(game).startswith("Game(Sequential")
    scratch = sy.Game(network, SAMPLE, baseline=BASELINE, target=1, players=[[0, 1], 3])
    np.testing.assert_array_equal(again(sy.all_masks(2)), scratch(sy.all_masks(2)))
    # And on from there, and back.
    back = again.with_network(game.network)
    np.testing.assert_array_equal(back(sy.all_masks(2)), game(sy.all_masks(2)))
    assert (back.settings, back.player_names) == (game.settings, game.player_names)


def test_the_other_network_is_left_as_it_is():
    network = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Linear(8, 3)).train()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    sy.Game(mlp(0), SAMPLE).with_network(network)(MASKS)
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())
    assert all(module.training for module in network.modules())


@pytest.mark.parametrize("baseline", ["zero", "blur"])
def test_patches_of_an_image(baseline):
    def network(seed):
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            return nn.Sequential(nn.Conv2d(1, 3, 3), nn.ReLU(), nn.Flatten(), nn.Linear(3 * 36, 4)).eval()

    image = torch.rand(1, 8, 8, generator=torch.Generator().manual_seed(0))
    mine, other = network(0), network(1)
    game = sy.Game(mine, image, players=(2, 2), baseline=baseline)
    again = game.with_network(other)
    scratch = sy.Game(other, image, players=(2, 2), baseline=baseline, target=game.settings["target"])
    np.testing.assert_array_equal(again(MASKS), scratch(MASKS))
    assert not np.allclose(again(MASKS), game(MASKS), atol=1e-3)
    assert again.settings == game.settings == scratch.settings
    assert again.player_names == game.player_names
    assert again.view is game.view


@pytest.fixture(scope="module")
def iris():
    return load_iris()


NAMED = np.array(["setosa", "versicolor", "virginica"])


def fitted(iris, rows, kind=LogisticRegression, labels=NAMED, **settings):
    return kind(**settings).fit(iris.data[rows], labels[iris.target[rows]])


@pytest.mark.parametrize(
    ("kind", "settings", "score"),
    [
        (LogisticRegression, {"max_iter": 500}, "log-odds"),
        (LogisticRegression, {"max_iter": 500}, "probability"),
        (SVC, {}, "output"),
    ],
)
def test_an_estimator_fitted_on_other_data(iris, kind, settings, score):
    mine, other = (fitted(iris, slice(start, None, 2), kind, **settings) for start in (0, 1))
    baseline = sy.baselines.mean_baseline(iris.data)
    game = sy.Game(mine, iris.data[100], baseline=baseline, target="versicolor", score=score)
    again = game.with_network(other)
    scratch = sy.Game(other, iris.data[100], baseline=baseline, target="versicolor", score=score)
    np.testing.assert_array_equal(again(MASKS), scratch(MASKS))
    assert not np.array_equal(again(MASKS), game(MASKS))
    assert again.settings == scratch.settings
    assert again.settings["target_name"] == "versicolor"


def test_the_class_label_counts_and_not_its_column(iris):
    """Fitted without one class the other estimator has the label in another column."""
    mine = fitted(iris, slice(None), max_iter=500)
    other = fitted(iris, iris.target > 0, max_iter=500)
    game = sy.Game(mine, iris.data[100], target="virginica")
    again, scratch = game.with_network(other), sy.Game(other, iris.data[100], target="virginica")
    np.testing.assert_array_equal(again(MASKS), scratch(MASKS))
    assert (game.settings["target"], again.settings["target"]) == (2, 1)
    assert again.settings["target_name"] == game.settings["target_name"] == "virginica"
    # Back again it is the old column.
    np.testing.assert_array_equal(again.with_network(mine)(MASKS), game(MASKS))
    gone = fitted(iris, iris.target < 2, max_iter=500)
    with pytest.raises(sy.SymbolscopeError, match=r"target .*virginica.* is not one of the network's 2 classes"):
        game.with_network(gone)


def test_a_predicted_class_is_kept_as_a_label(iris):
    mine, other = fitted(iris, slice(None), max_iter=500), fitted(iris, iris.target > 0, max_iter=500)
    game = sy.Game(mine, iris.data[60])
    assert game.settings["target_name"] == "versicolor"
    scratch = sy.Game(other, iris.data[60], target="versicolor")
    np.testing.assert_array_equal(game.with_network(other)(MASKS), scratch(MASKS))


def test_numbers_as_class_labels(iris):
    labels = np.array([3, 5, 9])
    mine = fitted(iris, slice(0, None, 2), labels=labels, max_iter=500)
    other = fitted(iris, slice(1, None, 2), labels=labels, max_iter=500)
    game = sy.Game(mine, iris.data[100], target=5)
    np.testing.assert_array_equal(game.with_network(other)(MASKS), sy.Game(other, iris.data[100], target=5)(MASKS))


def test_regressions():
    data = load_diabetes()
    mine, other = (
        LinearRegression().fit(data.data[rows, :4], data.target[rows]) for rows in (slice(200), slice(200, None))
    )
    game = sy.Game(mine, data.data[0, :4], score="output")
    expected = other.predict(MASKS * data.data[0, :4])
    np.testing.assert_allclose(game.with_network(other)(MASKS), expected)


def test_columns_of_a_frame_keep_their_names(iris):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(iris.data, columns=["a", "b", "c", "d"])
    mine = LogisticRegression(max_iter=500).fit(frame[::2], iris.target[::2])
    other = LogisticRegression(max_iter=500).fit(frame[1::2], iris.target[1::2])
    game = sy.Game(mine, frame.iloc[3], target=1)
    again = game.with_network(other)
    assert again.player_names == ("a", "b", "c", "d")
    np.testing.assert_array_equal(again(MASKS), sy.Game(other, frame.iloc[3], target=1)(MASKS))
    # A network that knows no names keeps those of the game.
    assert game.with_network(mlp(0)).player_names == ("a", "b", "c", "d")


# Texts

VOCABULARY = ["[UNK]", "[PAD]", "[MASK]", "[CLS]", "[SEP]", "the", "film", "is", "not", "bad", "at", "all"]
TEXT = "film is not bad"


@pytest.fixture(scope="module")
def tokenizer():
    import transformers
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    words = Tokenizer(models.WordLevel({word: i for i, word in enumerate(VOCABULARY)}, unk_token="[UNK]"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    words.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 3), ("[SEP]", 4)]
    )
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=words, unk_token="[UNK]", pad_token="[PAD]", mask_token="[MASK]", cls_token="[CLS]"
    )


def bert(seed, labels=("negative", "positive", "neutral")):
    import transformers

    config = transformers.BertConfig(
        vocab_size=len(VOCABULARY),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=16,
        id2label=dict(enumerate(labels)),
        initializer_range=0.5,
    )
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return transformers.BertForSequenceClassification(config).eval()


@pytest.mark.parametrize("level", ["token", "embedding"])
@pytest.mark.parametrize("target", ["positive", None])
def test_a_text_at_both_levels(tokenizer, level, target):
    mine, other = bert(0), bert(1)
    game = sy.Game.from_text(mine, tokenizer, TEXT, level=level, baseline="mask", target=target)
    again = game.with_network(other)
    scratch = sy.Game.from_text(other, tokenizer, TEXT, level=level, baseline="mask", target=game.settings["target"])
    # At the embedding level the words are embedded by the other network, which is the one that reads them.
    np.testing.assert_array_equal(again(MASKS), scratch(MASKS))
    assert not np.allclose(again(MASKS), game(MASKS), atol=1e-2)
    assert again.settings == game.settings == scratch.settings
    assert again.player_names == ("film", "is", "not", "bad")
    assert again.view is game.view
    assert again.network is other


def test_some_words_under_names_of_their_own(tokenizer):
    options = {"words": ["not", "bad"], "player_names": ["negation", "judgement"], "target": 0, "score": "probability"}
    game = sy.Game.from_text(bert(0), tokenizer, TEXT, **options)
    again = game.with_network(bert(1))
    assert again.player_names == ("negation", "judgement")
    masks = sy.all_masks(2)
    np.testing.assert_array_equal(again(masks), sy.Game.from_text(bert(1), tokenizer, TEXT, **options)(masks))
    np.testing.assert_array_equal(again.with_network(game.network)(masks), game(masks))


def test_a_class_of_a_text_is_kept_by_its_place(tokenizer):
    """Networks of the same kind have their classes in the same places, whatever they call them."""
    game = sy.Game.from_text(bert(0), tokenizer, TEXT, target="positive")
    other = bert(1, labels=("LABEL_0", "LABEL_1", "LABEL_2"))
    scratch = sy.Game.from_text(other, tokenizer, TEXT, target=1)
    np.testing.assert_array_equal(game.with_network(other)(MASKS), scratch(MASKS))


def test_a_function_has_no_network():
    game = sy.Game.from_function(lambda masks: masks.sum(axis=1), 3)
    assert game.network is None
    with pytest.raises(
        sy.SymbolscopeError,
        match=r"3 players, .* was made from a function, so no other network can take its place; make it with sy\.Game",
    ):
        game.with_network(mlp(0, inputs=3))


def test_a_network_that_does_not_suit_is_refused():
    game = sy.Game(mlp(0), SAMPLE, target=2)
    with pytest.raises(sy.SymbolscopeError, match="Sequential raised RuntimeError on its first call"):
        game.with_network(mlp(0, inputs=5))
    with pytest.raises(sy.SymbolscopeError, match=r"target 2 .* out of range"):
        game.with_network(mlp(0, outputs=2))


def test_classes_that_are_true_and_false(iris):
    mine, other = (
        fitted(iris, rows, labels=np.array([False, True, True]), max_iter=500)
        for rows in (slice(None), slice(0, None, 2))
    )
    game = sy.Game(mine, iris.data[100])
    assert game.settings["target_name"] == "True"
    np.testing.assert_array_equal(game.with_network(other)(MASKS), sy.Game(other, iris.data[100], target=True)(MASKS))
    with pytest.raises(sy.SymbolscopeError, match="target 1 is not one of"):
        sy.Game(mine, iris.data[100], target=1)
