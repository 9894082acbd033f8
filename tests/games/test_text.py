import itertools
import json

import numpy as np
import pytest
import torch
from hypothesis import given, seed
from hypothesis import strategies as st
from torch import nn

import symbolscope as sy
from symbolscope.games.words import split_words

transformers = pytest.importorskip("transformers")

VOCABULARY = ["[UNK]", "[PAD]", "[MASK]", "[CLS]", "[SEP]", "the", "film", "is", "not", "bad", "at", "all", ",", "!"]


@pytest.fixture(scope="module")
def tokenizer():
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    words = Tokenizer(models.WordLevel({word: i for i, word in enumerate(VOCABULARY)}, unk_token="[UNK]"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    words.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 3), ("[SEP]", 4)]
    )
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=words, unk_token="[UNK]", pad_token="[PAD]", mask_token="[MASK]", cls_token="[CLS]"
    )


@pytest.fixture(scope="module")
def bert():
    config = transformers.BertConfig(
        vocab_size=len(VOCABULARY),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=16,
        id2label={0: "negative", 1: "positive", 2: "neutral"},
        initializer_range=0.5,
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return transformers.BertForSequenceClassification(config).eval()


@pytest.fixture(scope="module")
def gpt2():
    config = transformers.GPT2Config(
        vocab_size=len(VOCABULARY), n_embd=16, n_layer=2, n_head=2, n_positions=16, initializer_range=0.5
    )
    with torch.random.fork_rng():
        torch.manual_seed(1)
        return transformers.GPT2LMHeadModel(config).eval()


def log_odds(z, target):
    z = z.detach().double()
    return (z[target] - torch.logsumexp(torch.cat([z[:target], z[target + 1 :]]), 0)).item()


def test_classifier_by_token(bert, tokenizer):
    game = sy.Game.from_text(bert, tokenizer, "the film is not bad!", target="positive")
    assert game.player_names == ("the", "film", "is", "not", "bad", "!")
    assert game.settings["target"] == 1
    assert game.settings["target_name"] == "positive"
    json.dumps(game.settings)
    masks = sy.all_masks(6)
    values = game(masks)
    ids = torch.tensor([5, 6, 7, 8, 9, 13])
    for row in (0, 21, 63):
        hidden = torch.where(torch.from_numpy(masks[row]), ids, 2)
        full = torch.cat([torch.tensor([3]), hidden, torch.tensor([4])])[None]
        z = bert(input_ids=full, attention_mask=torch.ones_like(full)).logits[0]
        assert values[row] == pytest.approx(log_odds(z, 1), abs=1e-4)


def test_token_and_embedding_levels_agree(bert, tokenizer):
    masks = sy.all_masks(4)
    by_token = sy.Game.from_text(bert, tokenizer, "film is not bad", target=0, baseline="mask")
    by_embedding = sy.Game.from_text(bert, tokenizer, "film is not bad", target=0, baseline="mask", level="embedding")
    assert np.allclose(by_token(masks), by_embedding(masks), atol=1e-4)
    vector = bert.get_input_embeddings().weight[2].detach()
    by_vector = sy.Game.from_text(bert, tokenizer, "film is not bad", target=0, baseline=vector, level="embedding")
    assert np.allclose(by_token(masks), by_vector(masks), atol=1e-4)
    zero = sy.Game.from_text(bert, tokenizer, "film is not bad", target=0, baseline="zero", level="embedding")
    assert np.isfinite(zero(masks)).all()
    assert not np.allclose(zero(masks), by_token(masks), atol=1e-4)


def test_other_words_are_background(bert, tokenizer):
    text = "the film is not bad at all, not!"
    game = sy.Game.from_text(bert, tokenizer, text, words=["not", "bad"], target=0)
    assert game.player_names == ("not", "bad", "not (2)")
    whole = sy.Game.from_text(bert, tokenizer, text, target=0)
    masks = sy.all_masks(3)
    expanded = np.ones((8, 10), dtype=bool)
    expanded[:, [3, 4, 8]] = masks
    assert np.allclose(game(masks), whole(expanded), atol=1e-4)
    assert "".join(fragment for fragment, _ in game.view.fragments) == text
    assert [player for _, player in game.view.fragments if player >= 0] == [0, 1, 2]


def test_causal_language_model_scores_the_next_token(gpt2, tokenizer):
    game = sy.Game.from_text(gpt2, tokenizer, "the film is not", target="bad", baseline="unk")
    assert game.settings["target"] == 9
    assert "bad" in game.settings["target_name"]
    masks = sy.all_masks(4)
    values = game(masks)
    ids = torch.tensor([5, 6, 7, 8])
    for row in (0, 5, 15):
        hidden = torch.where(torch.from_numpy(masks[row]), ids, 0)
        z = gpt2(torch.cat([torch.tensor([3]), hidden, torch.tensor([4])])[None]).logits[0, -1]
        assert values[row] == pytest.approx(log_odds(z, 9), abs=1e-4)
    default = sy.Game.from_text(gpt2, tokenizer, "the film is not", baseline="unk")
    full = torch.tensor([[3, 5, 6, 7, 8, 4]])
    assert default.settings["target"] == gpt2(full).logits[0, -1].argmax().item()


def test_training_mode_with_dropout_is_refused(bert, tokenizer):
    bert.train()
    try:
        with pytest.raises(sy.SymbolscopeError, match="dropout left on"):
            sy.Game.from_text(bert, tokenizer, "not bad")
    finally:
        bert.eval()


def test_own_modules_that_take_ids(tokenizer):
    class Bag(nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding = nn.Embedding(len(VOCABULARY), 3)

        def forward(self, ids):
            return self.embedding(ids).sum(dim=1)

    game = sy.Game.from_text(Bag(), tokenizer, "not bad", target=2)
    assert game(sy.all_masks(2)).shape == (4,)
    with pytest.raises(sy.SymbolscopeError, match="level='token'"):
        sy.Game.from_text(Bag(), tokenizer, "not bad", level="embedding")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"text": ""}, "is empty"),
        ({"text": "  \n"}, "is empty"),
        ({"words": ["good"]}, "'good' is not in the text; its words are 0 'not', 1 'bad'"),
        ({"words": [2]}, "not in the text"),
        ({"words": []}, "0 players"),
        ({"words": "not"}, r"Type \['not'\]"),
        ({"baseline": "eos"}, "has no eos token; it has 'mask', 'unk', 'pad'"),
        ({"baseline": "blank"}, "'blank' does not suit"),
        ({"baseline": "zero"}, "level='embedding'"),
        ({"baseline": 99}, "not in the vocabulary"),
        ({"baseline": [0.0, 1.0]}, "needs level='embedding'"),
        ({"baseline": [0.0, 1.0], "level": "embedding"}, r"shape \(16,\)"),
        ({"target": "glad"}, "'glad' is neither one of the network's labels"),
        ({"target": 3}, "out of range"),
        ({"text": "bad " * 20}, "22 tokens and the network takes at most 16"),
    ],
)
def test_refusals(bert, tokenizer, options, message):
    given_options = {"text": "not bad", **options}
    text = given_options.pop("text")
    with pytest.raises(sy.SymbolscopeError, match=message):
        sy.Game.from_text(bert, tokenizer, text, **given_options)


def test_tokens_shared_by_two_words_join_them(bert):
    from tokenizers import Tokenizer, models, pre_tokenizers

    joined = Tokenizer(models.WordLevel({"[UNK]": 0, "not,": 1, "bad": 2}, unk_token="[UNK]"))
    joined.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_object=joined, unk_token="[UNK]")
    assert sy.Game.from_text(bert, tokenizer, "not, bad").player_names == ("not,", "bad")


@seed(8)
@given(text=st.text(max_size=60))
def test_words_lose_nothing_but_spaces(text):
    words = split_words(text)
    assert "".join(word.text for word in words) == "".join(text.split())
    assert all(text[word.start : word.end] == word.text for word in words)
    assert all(first.end <= second.start for first, second in itertools.pairwise(words))


def test_words_of_several_scripts():
    assert [word.text for word in split_words("l'été don\u2019t हिन्दी 你好 👩\u200d🔬!")] == [
        "l'été",
        "don\u2019t",
        "हिन्दी",
        "你",
        "好",
        "👩\u200d🔬",
        "!",
    ]
