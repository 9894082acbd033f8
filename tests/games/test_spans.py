import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.games.causal_networks import causal_network, word_tokenizer

import symbolscope as sy
from symbolscope.games.spans import LONGEST_NAME, choose_spans, short_name, split_sentences
from symbolscope.games.words import split_words

pytest.importorskip("transformers")

TEXT = "the film is bad. it was not bad at all! the film is bad, it was"


@pytest.fixture(scope="module")
def tokenizer():
    return word_tokenizer()


@pytest.fixture(scope="module")
def gpt2():
    return causal_network("gpt2")


@given(text=st.text(alphabet="ab .!?…。！\n\"')”3,", max_size=60))
def test_sentences_hold_every_word_once(text):
    sentences = split_sentences(text)
    for sentence in sentences:
        assert text[sentence.start : sentence.end] == sentence.text == sentence.text.strip() != ""
    assert all(a.end <= b.start for a, b in itertools.pairwise(sentences))
    assert "".join("".join(s.text for s in sentences).split()) == "".join(text.split())


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("One. Two", ["One.", "Two"]),
        ("What?! No...", ["What?!", "No..."]),
        ("It costs 3.5, says www.a.org now", ["It costs 3.5, says www.a.org now"]),
        ("(He left.) She stayed.", ["(He left.)", "She stayed."]),
        ("他来了。她走了！", ["他来了。", "她走了！"]),
        ("a title\n\nand a text\nwrapped", ["a title", "and a text\nwrapped"]),
        ("e.g. this", ["e.g.", "this"]),  # abbreviations are not known, as documented
        ("  \n ", []),
    ],
)
def test_sentences(text, sentences):
    assert [sentence.text for sentence in split_sentences(text)] == sentences


@given(text=st.text(max_size=80))
def test_names_are_short_and_begin_like_the_span(text):
    name = short_name(text)
    assert len(name) <= LONGEST_NAME
    assert " ".join(text.split()).startswith(name.removesuffix("…"))


def test_a_string_named_twice_is_its_first_two_occurrences():
    assert [(s.start, s.end) for s in choose_spans("the film, the film", ["the film", "the film"])] == [
        (0, 8),
        (10, 18),
    ]


def test_a_string_takes_the_next_occurrence_where_another_span_has_the_first():
    assert [(s.start, s.end) for s in choose_spans("a film, a film too", ["a", "a film"])] == [(0, 1), (8, 14)]


def test_ranges_of_numpy_integers():
    for span in ((np.int64(0), np.int64(8)), np.array([0, 8]), [0, 8]):
        assert [word.text for word in choose_spans("the film, the film", [span])] == ["the film"]


def test_sentences_as_players(gpt2, tokenizer):
    by_word = sy.Game.from_text(gpt2, tokenizer, TEXT, target=4)
    game = sy.Game.from_text(gpt2, tokenizer, TEXT, spans="sentence", target=4)
    assert game.player_names == ("the film is bad.", "it was not bad at all!", "the film is bad, it was")
    assert game.settings["players"] == "3 sentences of a text of 19 words, hidden by token"
    of_word = np.repeat([0, 1, 2], [5, 7, 7])
    masks = sy.all_masks(3)
    assert by_word.n_players == len(of_word) == len(split_words(TEXT))
    np.testing.assert_allclose(game(masks), by_word(masks[:, of_word]), atol=1e-9, rtol=0)


def test_the_view_gives_the_text_back_with_a_piece_per_span(gpt2, tokenizer):
    game = sy.Game.from_text(gpt2, tokenizer, TEXT, spans="sentence", target=4)
    fragments = game.view.fragments
    assert "".join(text for text, _ in fragments) == TEXT
    assert [(text, player) for text, player in fragments if player >= 0] == [
        (name, player) for player, name in enumerate(game.player_names)
    ]


def test_named_spans_leave_the_rest_as_background(gpt2, tokenizer):
    by_word = sy.Game.from_text(gpt2, tokenizer, TEXT, target=4)
    start = TEXT.index("not bad")
    game = sy.Game.from_text(gpt2, tokenizer, TEXT, spans=[(start, start + 7), "the film"], target=4)
    assert game.player_names == ("the film", "not bad")
    words = [word.text for word in split_words(TEXT)]
    masks = sy.all_masks(2)
    fine = np.ones((4, by_word.n_players), dtype=bool)
    fine[:, :2] = masks[:, :1]
    fine[:, words.index("not") : words.index("not") + 2] = masks[:, 1:]
    np.testing.assert_allclose(game(masks), by_word(fine), atol=1e-9, rtol=0)


def test_a_span_that_cuts_a_word_has_it_whole(gpt2, tokenizer):
    whole = sy.Game.from_text(gpt2, tokenizer, TEXT, spans=["the film"], target=4)
    cut = sy.Game.from_text(gpt2, tokenizer, TEXT, spans=[(2, 6)], target=4)
    np.testing.assert_array_equal(whole(sy.all_masks(1)), cut(sy.all_masks(1)))


def test_spans_survive_another_network_and_baseline(gpt2, tokenizer):
    game = sy.Game.from_text(gpt2, tokenizer, TEXT, spans="sentence", target=4)
    assert game.with_network(causal_network("llama")).player_names == game.player_names
    assert game.with_baseline("pad").player_names == game.player_names


@pytest.mark.parametrize(
    ("spans", "message"),
    [
        ("paragraph", "'word', 'sentence', or a list of strings.*got 'paragraph'$"),
        ("the film", r"got 'the film'\. Type \['the film'\]"),
        (["a film"], "'a film' is not in the text: 'the film"),
        (["it was", "it was", "it was"], "'it was' is in the text 2 times, fewer than it is named"),
        ([(3, 3)], r"\(3, 3\) is empty or outside the text of 63 characters"),
        ([(0, 64)], r"\(0, 64\) is empty or outside"),
        ([(0, True)], r"a \(start, end\) pair of integers; got \(0, True\)"),
        ([(0, 3.0)], r"a \(start, end\) pair of integers; got \(0, 3\.0\)"),
        ([5], r"a \(start, end\) pair of integers; got 5"),
        (None, r"'word', 'sentence', or a list of strings.*got None$"),
        (3, r"'word', 'sentence', or a list of strings.*got 3$"),
        (["not", "not bad"], r"'not' \(24, 27\) and 'not bad' \(24, 31\) overlap"),
        (["not bad", "not"], r"'not' \(24, 27\) and 'not bad' \(24, 31\) overlap"),
        ([(24, 31), "not"], r"'not' \(24, 27\) and 'not bad' \(24, 31\) overlap"),
        ([(3, 4)], "holds no word, only ' '"),
        ([], "spans is empty"),
        (["the film is", "is bad"], r"'the film is' \(0, 11\) and 'is bad' \(9, 15\) overlap"),
        ([(0, 6), (6, 10)], "'the fi' and 'lm i' share the word 'film'"),
    ],
)
def test_refusals(spans, message, gpt2, tokenizer):
    with pytest.raises(sy.SymbolscopeError, match=message):
        sy.Game.from_text(gpt2, tokenizer, TEXT, spans=spans)


def test_words_and_spans_are_two_ways_to_say_who_plays(gpt2, tokenizer):
    with pytest.raises(sy.SymbolscopeError, match=r"words= names single words.*give one of the two"):
        sy.Game.from_text(gpt2, tokenizer, TEXT, spans="sentence", words=["film"])
