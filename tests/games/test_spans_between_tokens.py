"""Spans and words that a caller names may cut a word wherever two tokens meet, in whatever script."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.games.text_networks import byte_tokenizer, classifier

import symbolscope as sy
from symbolscope.games.input_text import InputText
from symbolscope.games.text_players import TextPlayers
from symbolscope.games.text_segmentation import visible

pytest.importorskip("transformers")

# K-r-a-n-k, e-n, v-e-r: merges of letters to pieces.
MERGES = [("K", "r"), ("Kr", "a"), ("n", "k"), ("Kra", "nk"), ("e", "n"), ("v", "e"), ("ve", "r")]

COMPOUNDS = [
    ("Krankenversicherung", ["Kranken", "versicherung"]),
    ("die Krankenversicherungskarte", ["die", "Kranken", "versicherungs", "karte"]),
    ("ไม่ชอบหนังเรื่องนี้เลย", ["ไม่", "ชอบ", "หนัง", "เรื่อง", "นี้", "เลย"]),
    ("ຂ້ອຍບໍ່ມັກຮູບເງົານີ້", ["ຂ້ອຍ", "ບໍ່", "ມັກ", "ຮູບເງົາ", "ນີ້"]),
    ("ဒီရုပ်ရှင်ကိုမကြိုက်ဘူး", ["ဒီ", "ရုပ်ရှင်", "ကို", "မကြိုက်", "ဘူး"]),
    ("ខ្ញុំមិនចូលចិត្ត", ["ខ្ញុំ", "មិន", "ចូលចិត្ត"]),
    ("不坏的电影", ["不坏", "的", "电影"]),
    ("לא־רע", ["לא", "־", "רע"]),
    ("👩\u200d🔬👍🏽🇩🇪🇫🇷", ["👩\u200d🔬", "👍🏽", "🇩🇪", "🇫🇷"]),
    ("unbelievable!", ["un", "believ", "able", "!"]),
]


@pytest.fixture(scope="module")
def tokenizer():
    return byte_tokenizer(MERGES)


@pytest.fixture(scope="module")
def network(tokenizer):
    return classifier("distilbert", vocabulary=len(tokenizer), labels=2, places=128)


def values_by_hand(network, tokenizer, text, places, masks):
    """Log-odds of class 1, every token that lies in a hidden place replaced, token by token."""
    encoded = tokenizer(text, return_offsets_mapping=True)
    values = []
    for mask in masks:
        ids = []
        for token, (start, end) in zip(encoded["input_ids"], encoded["offset_mapping"], strict=True):
            hidden = any(a < end and start < b and not kept for (a, b), kept in zip(places, mask, strict=True))
            ids.append(tokenizer.mask_token_id if hidden else token)
        with torch.inference_mode():
            logits = network(input_ids=torch.tensor([ids])).logits[0]
        values.append(float(logits[1] - logits[0]))
    return values


@pytest.mark.parametrize(("text", "parts"), COMPOUNDS)
@pytest.mark.parametrize("by", ["spans", "words", "ranges"])
def test_parts_of_words(by, text, parts, network, tokenizer):
    places = []
    for part in parts:
        start = text.index(part, places[-1][1] if places else 0)
        places.append((start, start + len(part)))
    how = {"spans": {"spans": parts}, "words": {"words": parts}, "ranges": {"spans": places}}[by]
    game = sy.Game.from_text(network, tokenizer, text, target=1, **how)
    assert game.player_names == tuple(parts)
    assert [fragment for fragment, player in game.view.fragments if player >= 0] == parts
    assert "".join(fragment for fragment, _ in game.view.fragments) == text
    masks = np.random.default_rng(0).random((6, len(parts))) < 0.5
    np.testing.assert_allclose(game(masks), values_by_hand(network, tokenizer, text, places, masks), atol=1e-9, rtol=0)


def test_by_default_no_cluster_is_cut_and_every_token_has_a_player(network, tokenizer):
    for text, _ in COMPOUNDS:
        game = sy.Game.from_text(network, tokenizer, text, target=1)
        assert len(set(game.player_names)) == game.n_players
        assert (game.source.inputs.relevant).all()
        assert "".join(fragment for fragment, _ in game.view.fragments) == text


@settings(max_examples=60)
@given(
    text=st.text(alphabet="ab.'- \u200b\u0301กาเខ្ញុំ不カ한👩\u200d🔬🇩🇪", max_size=25).filter(visible),
    second=st.one_of(st.none(), st.text(alphabet="ab.ก不 ", max_size=9)),
    lengths=st.lists(st.integers(1, 4), min_size=1, max_size=40),
)
def test_whatever_the_tokens_each_has_one_player_and_the_view_gives_the_text_back(text, second, lengths):
    """Tokens of any lengths, cut without regard to words."""
    given_text = InputText.read(text if second is None else (text, second))
    whole, tokens, at = given_text.whole, [(0, 0)], 0
    for length in itertools.islice(itertools.cycle(lengths), len(whole)):
        tokens.append((at, min(at + length, len(whole))))
        at += length
    players = TextPlayers.choose(given_text, tokens, words=None, spans="word")
    assert len(set(players.names)) == len(players.names)
    assert "".join(fragment for fragment, _ in players.view(given_text).fragments) == whole
    for (start, end), player in zip(tokens, players.of_token, strict=True):
        inside = [i for i, word in enumerate(players.stretches) if start < word.end and word.start < end]
        assert inside == ([player] if player >= 0 else [])
        if player < 0 and start < end:
            assert not visible(whole[start:end])


def test_a_token_that_two_spans_share_is_named(network, tokenizer):
    with pytest.raises(sy.SymbolscopeError, match="'Kra' and 'nken' share the token 'Krank'"):
        sy.Game.from_text(network, tokenizer, "Krankenversicherung", spans=["Kra", "nken"], target=1)


def test_a_token_that_one_span_touches_is_hidden_whole_and_shown_so(network, tokenizer):
    game = sy.Game.from_text(network, tokenizer, "Krankenversicherung", spans=[(0, 3)], target=1)
    assert game.player_names == ("Krank",)
    expected = values_by_hand(network, tokenizer, "Krankenversicherung", [(0, 5)], [[False], [True]])
    np.testing.assert_allclose(game([[False], [True]]), expected, atol=1e-9, rtol=0)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["Kra"], "'Kra' begins or ends inside 'Krank', one token"),
        (["nken"], "inside 'Krank'"),
        (["Kranken", "en"], "overlap"),
        (["Haus"], "'Haus' is not in the text"),
        ([" "], "not in the text"),
        ([""], "not in the text"),
    ],
)
def test_words_that_tokens_do_not_allow(words, message, network, tokenizer):
    with pytest.raises(sy.SymbolscopeError, match=message):
        sy.Game.from_text(network, tokenizer, "Krankenversicherung", words=words, target=1)


def test_a_string_that_is_a_word_stands_for_words_only(network, tokenizer):
    game = sy.Game.from_text(network, tokenizer, "not nothing, Not", words=["not"], target=1)
    assert [fragment for fragment, player in game.view.fragments if player >= 0] == ["not"]
    game = sy.Game.from_text(network, tokenizer, "nothing else, nothing", words=["not"], target=1)
    assert game.player_names == ("not", "not (2)")


def test_the_first_sentence_has_a_token_that_covers_the_border(network):
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    text = "It was。It ends."
    pieces = Tokenizer(models.WordLevel({"[UNK]": 0, "It": 1, "was。It": 2, "ends.": 3}, unk_token="[UNK]"))
    pieces.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    shared = PreTrainedTokenizerFast(tokenizer_object=pieces, unk_token="[UNK]", mask_token="[UNK]")
    game = sy.Game.from_text(network, shared, text, spans="sentence", target=1)
    assert game.player_names == ("It was。It", "ends.")
    expected = values_by_hand(network, shared, text, [(0, 9), (10, 15)], sy.all_masks(2))
    np.testing.assert_allclose(game(sy.all_masks(2)), expected, atol=1e-9, rtol=0)
