"""Pairs of texts, as entailment models and cross-encoders take them."""

import numpy as np
import pytest
import torch
from tests.games.text_networks import classifier, pair_tokenizer

import symbolscope as sy

pytest.importorskip("transformers")

PAIR = ("it rains", "it is wet")
IDS = [3, 5, 6, 4, 5, 7, 8, 4]  # [CLS] it rains [SEP] it is wet [SEP]
TYPES = [0, 0, 0, 0, 1, 1, 1, 1]
PLAYERS = {1: 0, 2: 1, 4: 2, 5: 3, 6: 4}  # place -> player


@pytest.fixture(scope="module")
def bert():
    return classifier("bert")


@pytest.fixture(scope="module")
def tokenizer():
    return pair_tokenizer()


def expected_log_odds(network, masks, target, *, types):
    """Ids made by hand, row by row."""
    rows = []
    for mask in masks:
        rows.append([token if place not in PLAYERS or mask[PLAYERS[place]] else 2 for place, token in enumerate(IDS)])
    given = {"input_ids": torch.tensor(rows)}
    if types:
        given["token_type_ids"] = torch.tensor([TYPES] * len(rows))
    with torch.inference_mode():
        logits = network(**given).logits
    others = [column for column in range(logits.shape[1]) if column != target]
    return (logits[:, target] - torch.logsumexp(logits[:, others], dim=1)).numpy()


@pytest.mark.parametrize("given", [PAIR, list(PAIR)])
@pytest.mark.parametrize("level", ["token", "embedding"])
def test_values_are_those_of_ids_and_token_types_made_by_hand(given, level, bert, tokenizer):
    game = sy.Game.from_text(bert, tokenizer, given, level=level, target=2)
    masks = sy.all_masks(5)
    expected = expected_log_odds(bert, masks, 2, types=True)
    assert np.ptp(expected - expected_log_odds(bert, masks, 2, types=False)) > 1e-3  # they matter
    np.testing.assert_allclose(game(masks), expected, atol=1e-6 if level == "embedding" else 1e-9, rtol=0)


@pytest.mark.parametrize("kind", ["roberta", "distilbert", "electra"])
@pytest.mark.parametrize("token_types", [True, False])
def test_networks_with_and_without_token_types(kind, token_types):
    network = classifier(kind)
    game = sy.Game.from_text(network, pair_tokenizer(token_types=token_types), PAIR, target=0)
    masks = sy.all_masks(5)
    expected = expected_log_odds(network, masks, 0, types=token_types and kind == "electra")
    np.testing.assert_allclose(game(masks), expected, atol=1e-9, rtol=0)


def test_players_tell_the_texts_apart(bert, tokenizer):
    game = sy.Game.from_text(bert, tokenizer, PAIR, target=1)
    assert game.player_names == ("text 1: it", "text 1: rains", "text 2: it", "text 2: is", "text 2: wet")
    assert "pair of texts of 2 and 3" in game.settings["players"]
    assert "".join(text for text, _ in game.view.fragments) == "it rains\n\nit is wet"
    assert [(text, player) for text, player in game.view.fragments if player >= 0] == [
        ("it", 0), ("rains", 1), ("it", 2), ("is", 3), ("wet", 4),
    ]  # fmt: skip
    twice = sy.Game.from_text(bert, tokenizer, ("it it", "it"), target=1)
    assert twice.player_names == ("text 1: it", "text 1: it (2)", "text 2: it")


@pytest.mark.parametrize(
    ("how", "groups"),
    [
        ({"words": ["it"]}, [[0], [2]]),
        ({"words": ["it", 4]}, [[0], [2], [4]]),
        ({"spans": "sentence"}, [[0, 1], [2, 3, 4]]),
        ({"spans": ["it rains", "is wet"]}, [[0, 1], [3, 4]]),
        ({"spans": ["it", "it"]}, [[0], [2]]),
        ({"spans": ([(3, 8)], ["it", (6, 9)])}, [[1], [2], [4]]),
        ({"spans": [["rains"], []]}, [[1]]),
        ({"spans": (None, ["it is"])}, [[2, 3]]),
    ],
)
def test_words_and_spans_in_both_texts(how, groups, bert, tokenizer):
    game = sy.Game.from_text(bert, tokenizer, PAIR, target=1, **how)
    assert game.n_players == len(groups)
    masks = sy.all_masks(len(groups))
    fine = np.ones((len(masks), 5), dtype=bool)
    for player, members in enumerate(groups):
        fine[:, members] = masks[:, [player]]
    np.testing.assert_allclose(game(masks), expected_log_odds(bert, fine, 1, types=True), atol=1e-9, rtol=0)


@pytest.mark.parametrize("pair", [("it rains", ""), ("it rains", "  "), ("", "it rains"), ("it rains", "\u200b")])
def test_one_text_may_be_empty(pair, bert, tokenizer):
    game = sy.Game.from_text(bert, tokenizer, pair, target=1)
    given = tokenizer(*pair, return_tensors="pt")
    with torch.inference_mode():
        logits = bert(**given).logits[0]
    assert game([[True, True]])[0] == pytest.approx(float(logits[1] - torch.logsumexp(logits[[0, 2]], 0)), abs=1e-9)
    assert [name[8:] for name in game.player_names[:2]] == ["it", "rains"]


def test_many_pairs(bert, tokenizer, tmp_path):
    pairs = [PAIR, ("the film", "not bad"), ["it", "is"]]
    found = sy.explain_many(bert, pairs, tokenizer=tokenizer, target=1, store=tmp_path / "pairs.sqlite")
    assert found.failures == {}
    masks = sy.all_masks(5)
    np.testing.assert_allclose(found[0].predict_all(), expected_log_odds(bert, masks, 1, types=True), atol=1e-9, rtol=0)
    assert found[2].player_names == ("text 1: it", "text 2: is")
    again = sy.explain_many(bert, pairs, tokenizer=tokenizer, target=1, store=tmp_path / "pairs.sqlite")
    np.testing.assert_array_equal(again[1].effects, found[1].effects)


def test_another_network_and_baseline(bert, tokenizer):
    game = sy.Game.from_text(bert, tokenizer, PAIR, target=1)
    other = classifier("bert", initializer_range=0.3)
    masks = sy.all_masks(5)
    expected = expected_log_odds(other, masks, 1, types=True)
    np.testing.assert_allclose(game.with_network(other)(masks), expected, atol=1e-9, rtol=0)
    assert game.with_baseline("pad")([[False] * 5])[0] != game([[False] * 5])[0]


def test_the_page_and_the_hierarchy_show_both_texts(bert, tokenizer, tmp_path):
    model = sy.explain(sy.Game.from_text(bert, tokenizer, PAIR, target=1))
    sy.write_report(tmp_path / "page.html", model, nulls=False)
    page = (tmp_path / "page.html").read_text()
    assert all(word in page for word in ("rains", "wet", "text 2: it"))
    coarse = sy.explain_hierarchy(sy.Game.from_text(bert, tokenizer, PAIR, target=1), "sentence")
    assert coarse.levels[0].player_names == ("it rains", "it is wet")


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        (None, {}, "one string.*got NoneType"),
        (5, {}, "got int"),
        (2.5, {}, "got float"),
        (b"it rains", {}, r"bytes.*decode"),
        ({"a": "b"}, {}, "got dict"),
        (["it"], {}, "explain_many"),
        (["it", "is", "wet"], {}, "list of 3.*explain_many"),
        (("it", 3), {}, "tuple of 2"),
        (("it", None), {}, "tuple of 2"),
        (np.array(["it", "is"]), {}, "got ndarray"),
        (("", " "), {}, "is empty"),
        ("\u200b \u200d", {}, "is empty"),
        ("half \ud83d", {}, "surrogate.*place 5"),
        (("it", "\udc00"), {}, "surrogate.*place 0"),
        (PAIR, {"spans": [(0, 2)]}, "two lists"),
        (PAIR, {"spans": ([(0, 2)], 5)}, "two lists"),
        (PAIR, {"spans": ([], [])}, "spans is empty"),
        (PAIR, {"spans": ["it", "it", "it"]}, "2 times"),
        (PAIR, {"words": [5]}, "not in the text"),
        (PAIR, {"words": 3}, "a list of words"),
        (PAIR, {"words": [None]}, "not in the text"),
        (PAIR, {"words": [True]}, "not in the text"),
    ],
)
def test_refusals(text, options, message, bert, tokenizer):
    with pytest.raises(sy.SymbolscopeError, match=message):
        sy.Game.from_text(bert, tokenizer, text, target=1, **options)
