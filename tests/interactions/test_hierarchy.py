import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import symbolscope as sy
from symbolscope.games.view import ImageView, TableView, TextView
from symbolscope.interactions.hierarchy import explain_hierarchy
from symbolscope.interactions.hierarchy_groups import GroupedGame, PlayerGroup, choose_groups


def game_of(function, n, **how):
    return sy.Game.from_function(function, n, **how)


@settings(max_examples=25)
@given(seed=st.integers(0, 2**32 - 1), sizes=st.lists(st.integers(1, 3), min_size=2, max_size=4))
def test_levels_agree_where_opened_groups_are_whole(seed, sizes):
    rng = np.random.default_rng(seed)
    n = sum(sizes)
    table = rng.normal(size=2**n)
    game = game_of(lambda masks: table[masks @ (1 << np.arange(n))], n)
    owner = rng.permutation(np.repeat(np.arange(len(sizes)), sizes))
    groups = [np.flatnonzero(owner == g).tolist() for g in range(len(sizes))]
    hierarchy = explain_hierarchy(game, groups, threshold=0.3)
    first, finest = hierarchy.levels[0], hierarchy.finest
    masks = sy.all_masks(len(sizes))
    np.testing.assert_allclose(first.values, game(masks[:, owner]), atol=1e-12)
    opened = {group.name for group in hierarchy.opened}
    assert bool(opened) == (len(hierarchy.levels) == 2)
    # A player of the finest level is a group of the first or a player of an opened one.
    column = [
        next(g for g, name in enumerate(first.player_names)
             if name == player or (name in opened and int(player.removeprefix("x")) in groups[g]))
        for player in finest.player_names
    ]  # fmt: skip
    at = masks[:, column] @ (1 << np.arange(finest.n_players))
    np.testing.assert_allclose(finest.values[at], first.values, atol=1e-12)


def test_what_is_opened_and_why():
    def value(masks):
        return 4.0 * masks[:, 0] * masks[:, 3] - 1.0 * masks[:, 3] + 0.1 * masks[:, 6] + 5.0 * masks[:, 9]

    groups = {"a": [0, 1, 2], "b": [3, 4, 5], "c": [6, 7, 8], "single": [9]}
    hierarchy = explain_hierarchy(game_of(value, 10), groups, kinds="and")
    b, a = hierarchy.opened
    assert (b.name, b.players, b.strength) == ("b", ("x3", "x4", "x5"), pytest.approx(5.0))
    assert (a.name, a.strength, a.interactions) == ("a", pytest.approx(4.0), ("+4.0000 and a, b",))
    assert b.interactions == ("+4.0000 and a, b", "-1.0000 and b")
    assert hierarchy.finest.player_names == ("x0", "x1", "x2", "x3", "x4", "x5", "c", "single")
    assert hierarchy.calls == 2**4 + 2**8
    found = {
        hierarchy.finest.label(i): effect for i, effect in enumerate(hierarchy.finest.effects) if abs(effect) > 1e-6
    }
    assert found == pytest.approx({"single": 5.0, "x0, x3": 4.0, "x3": -1.0, "c": 0.1}, abs=1e-6)
    text = hierarchy.to_text()
    assert "opened: b (3 players; 5.0000 in 2 salient interactions)" in text
    assert text.endswith("272 masked inputs evaluated")
    only = explain_hierarchy(game_of(value, 10), groups, most_opened=1)
    assert [group.name for group in only.opened] == ["b"]
    assert only.finest.n_players == 6


def test_nothing_to_open():
    hierarchy = explain_hierarchy(game_of(lambda masks: 1.0 * masks[:, 0], 4), [[1, 2]])
    assert hierarchy.levels[0].player_names == ("x1 + x2", "(rest)")
    assert [group.name for group in hierarchy.opened] == ["(rest)"]
    constant = explain_hierarchy(game_of(lambda masks: np.ones(len(masks)), 4), [[1, 2]])
    assert (constant.opened, len(constant.levels), constant.calls) == ((), 1, 4)
    assert "opened: none; no group of several players" in constant.to_text()


def test_a_text_by_sentence_then_by_word():
    pytest.importorskip("transformers")
    from tests.games.causal_networks import causal_network, word_tokenizer

    text = "the film is bad. it was not bad! the film"
    network, tokenizer = causal_network("gpt2"), word_tokenizer()
    game = sy.Game.from_text(network, tokenizer, text, target=4)
    hierarchy = explain_hierarchy(game, most_opened=1)
    by_sentence = sy.Game.from_text(network, tokenizer, text, target=4, spans="sentence")
    first, finest = hierarchy.levels
    assert first.player_names == by_sentence.player_names
    np.testing.assert_allclose(first.values, by_sentence(sy.all_masks(3)), atol=1e-9, rtol=0)
    assert first.view == by_sentence.view
    assert finest.values[-1] == pytest.approx(first.values[-1], abs=1e-9)
    assert "".join(fragment for fragment, _ in finest.view.fragments) == text
    assert [player for _, player in finest.view.fragments if player >= 0] == list(range(finest.n_players))
    assert finest.settings["target"] == 4
    spans = explain_hierarchy(game, ["the film is", "not bad"], most_opened=1)
    assert spans.levels[0].player_names == ("the film is", "not bad", "(rest)")


def test_numbers_of_numpy_are_numbers():
    game = game_of(lambda masks: 1.0 * masks[:, 0] * masks[:, 1], 4)
    one = explain_hierarchy(game, np.array([[0, 1], [2, 3]]), most_opened=np.int64(1), threshold=np.float32(0.5))
    other = explain_hierarchy(game, [[0, 1], [2, 3]], most_opened=1, threshold=0.5)
    assert one.to_text() == other.to_text()


def test_images_and_tables():
    image = sy.Game(lambda x: x.sum((1, 2, 3)), torch.rand(1, 4, 6), players=(2, 3), score="output")
    left_right = explain_hierarchy(image, {"left": [0, 3], "right": [1, 2, 4, 5]}, most_opened=1)
    view = left_right.levels[0].view
    assert isinstance(view, ImageView)
    assert (view.labels == np.array([[0, 0, 1, 1, 1, 1]] * 4)).all()
    table = sy.Game(lambda x: x.sum(1), [1.0, 2.0, 3.0], score="output", player_names=["age", "sun", "rain"])
    weather = explain_hierarchy(table, [["sun", "rain"]])
    assert weather.levels[0].player_names == ("sun + rain", "(rest)")
    view = weather.levels[0].view
    assert isinstance(view, TableView)
    assert view.rows == (("sun + rain", "2; 3", "0; 0"), ("(rest)", "1", "0"))


def test_grouped_games_keep_what_identifies_them():
    network = torch.nn.Linear(3, 2)
    grouped = GroupedGame(
        sy.Game(network, [1.0, 2.0, 3.0], target=1), (PlayerGroup("a", (0, 1)), PlayerGroup("b", (2,)))
    )
    assert grouped.game.network is network
    assert grouped.game.settings["target"] == 1
    assert grouped.game.settings["players"] == "2 groups of 3 players"


def test_equal_names_are_told_apart():
    game = game_of(lambda masks: masks.sum(axis=1), 2, player_names=["a", "b"])
    assert explain_hierarchy(game, {"b": ["a"], "c": ["b"]}).levels[0].player_names == ("b", "c")
    assert choose_groups(game, [["a"]])[1].name == "(rest)"


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        ([[0, 1], [1, 2]], "'x1' is in two groups, 'x0 \\+ x1' and 'x1 \\+ x2'"),
        ([["x9"]], "no player 'x9'; its players are 'x0', 'x1', 'x2'"),
        ([[3]], "no player 3; its players are"),
        ([[]], "holds no player; leave it out"),
        ([], "groups is empty"),
        ("sentence", "'sentence' names parts of a text, but .* is not of one; give lists of players"),
        (["not bad"], "names parts of a text, but"),
        ([0, 1], r"a group must be a list of players; got 0\. For a group of this one type \[0\]"),
        ({"all": "x0"}, "a group must be a list of players; got 'x0'"),
        ([[0.0, 1]], r"no player 0\.0; its players are"),
        ([[0, None]], "no player None; its players are"),
        (3, "groups must be 'sentence', a list of lists of players, or a mapping .* got 3"),
    ],
)
def test_refusals(groups, message):
    with pytest.raises(sy.SymbolscopeError, match=message):
        explain_hierarchy(game_of(lambda masks: masks.sum(axis=1), 3), groups)


def test_refusals_of_a_text_and_of_numbers():
    game = game_of(lambda masks: masks.sum(axis=1), 2, player_names=["not", "bad"])
    game.view = TextView((("it", -1), (" ", -1), ("not", 0), (" ", -1), ("bad", 1)))
    assert choose_groups(game, "sentence")[0].members == (0, 1)
    with pytest.raises(sy.SymbolscopeError, match="larger than words"):
        explain_hierarchy(game, "word")
    with pytest.raises(sy.SymbolscopeError, match="no player of the game begins in 'it'; its players are 'not', 'bad'"):
        explain_hierarchy(game, ["it"])
    with pytest.raises(sy.SymbolscopeError, match="most_opened must be a whole number of at least 1; got 0"):
        explain_hierarchy(game, most_opened=0)
    with pytest.raises(sy.SymbolscopeError, match=r"most_opened must be a whole number of at least 1; got 1\.5"):
        explain_hierarchy(game, most_opened=1.5)
    with pytest.raises(sy.SymbolscopeError, match=r"threshold must be a number between 0 and 1, .* got '5%'"):
        explain_hierarchy(game, threshold="5%")
    with pytest.raises(sy.SymbolscopeError, match=r"threshold must be a number between 0 and 1, .* got 1\.5"):
        explain_hierarchy(game, threshold=1.5)


def test_the_levels_can_be_asked_of_another_network_and_kept_in_a_file(tmp_path):
    torch.manual_seed(0)
    networks = [torch.nn.Sequential(torch.nn.Linear(12, 16), torch.nn.Tanh(), torch.nn.Linear(16, 2)) for _ in range(2)]
    game = sy.Game(networks[0], torch.ones(12), target=1)
    groups = [range(4), range(4, 8), range(8, 12)]
    hierarchy = sy.explain_hierarchy(game, groups, most_opened=1, store=tmp_path / "run.sqlite", executor="local")
    again = sy.explain_hierarchy(game, groups, most_opened=1, store=tmp_path / "run.sqlite")
    assert np.array_equal(hierarchy.finest.effects, again.finest.effects)
    assert sy.assess(hierarchy.finest, restarts=1).null_scores.keys() == {"random-init", "permuted-outputs"}
    level = hierarchy.levels[0].game.with_network(networks[1])
    other = sy.Game(networks[1], torch.ones(12), target=1)
    expected = other(np.repeat(sy.all_masks(3), 4, axis=1))
    assert np.allclose(level(sy.all_masks(3)), expected, atol=1e-6)
