import numpy as np
import pytest
from hypothesis import given, seed
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import symbolscope as sy
from symbolscope.games.choose_players import choose_players


@seed(1)
@given(
    shape=st.tuples(st.integers(1, 12), st.integers(1, 12)),
    rows=st.integers(1, 5),
    cols=st.integers(1, 5),
    data=st.data(),
)
def test_grid_patches_cover_the_image_and_differ_by_one_pixel(shape, rows, cols, data):
    height, width = shape
    rows, cols = min(rows, height), min(cols, width)
    full = data.draw(st.sampled_from([shape, (3, *shape), (*shape, 3)]))
    if len(full) == 3 and (full[0] in (1, 3, 4)) and full[2] in (1, 3, 4):
        full = shape  # either axis could be the channels
    players = sy.Players.grid(full, rows, cols)
    assert players.labels.shape == full
    assert len(players) == rows * cols
    sizes = np.bincount(players.labels.ravel())
    assert (sizes > 0).all()
    assert sizes.sum() == np.prod(full)


@seed(2)
@given(labels=hnp.arrays(np.int64, st.tuples(st.integers(1, 6), st.integers(1, 6)), elements=st.integers(-1, 9)))
def test_segments_keep_the_partition(labels):
    if (labels < 0).all():
        with pytest.raises(sy.SymbolscopeError, match="at least one player"):
            sy.Players.segments(labels)
        return
    players = sy.Players.segments(labels)
    assert ((labels < 0) == (players.labels < 0)).all()
    for player, name in enumerate(players.names):
        assert set(labels[players.labels == player]) == {int(name.removeprefix("segment "))}


def test_groups_of_points_take_whole_points():
    players = sy.Players.groups((5, 3), [[0, 1], [3]])
    assert players.labels.tolist() == [[0] * 3, [0] * 3, [-1] * 3, [1] * 3, [-1] * 3]


def test_groups_by_index_tuples_and_by_booleans():
    corner = np.zeros((2, 2), dtype=bool)
    corner[0, 0] = True
    players = sy.Players.groups((2, 2), [corner, [(0, 1), (1, 0)]])
    assert players.labels.tolist() == [[0, 1], [1, -1]]


def test_columns_in_groups():
    players = sy.Players.columns(["a", "b", "c", "d"], groups={"bd": ["b", 3]})
    assert players.names == ("a", "bd", "c")
    assert players.labels.tolist() == [0, 1, 2, 1]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: sy.Players.columns(0), "at least one player"),
        (lambda: sy.Players.columns(["a"], groups={"g": ["b"]}), "not one of: a"),
        (lambda: sy.Players.columns(["a", "b"], groups={"g": ["a"], "h": ["a"]}), "in two groups"),
        (lambda: sy.Players.groups((4,), [[0, 1], [1]]), "share a position"),
        (lambda: sy.Players.groups((4,), [[4]]), r"indices 0 .. 3"),
        (lambda: sy.Players.groups((4,), [[-1]]), "has index -1"),
        (lambda: sy.Players.groups((4,), [[]]), "empty"),
        (lambda: sy.Players.groups((4,), [[0.5]]), "integer indices"),
        (lambda: sy.Players.groups((4,), [[0]], names=["a", "b"]), "one per group"),
        (lambda: sy.Players.grid((8, 8), 9, 1), "does not fit"),
        (lambda: sy.Players.grid((8,), 2, 2), r"\(H, W\)"),
        (lambda: sy.Players(("a", "b"), np.array([0, 0])), "has no position"),
        (lambda: sy.Players(("a",), np.array([0, 1])), "-1 .. 0"),
        (lambda: sy.Players.segments([0.5]), "integer array"),
        (lambda: sy.Players.columns(2).renamed(["a"]), "2 names"),
    ],
)
def test_refusals(make, message):
    with pytest.raises(sy.SymbolscopeError, match=message):
        make()


def test_labels_fit_pixels_and_points():
    pixels = np.array([[0, 1], [1, -1]])
    assert choose_players(sy.Players.segments(pixels), (3, 2, 2)).labels.shape == (3, 2, 2)
    assert choose_players(np.array([0, 1, 1, 0]), (4, 3)).labels[:, 2].tolist() == [0, 1, 1, 0]
    with pytest.raises(sy.SymbolscopeError, match="does not fit the sample"):
        choose_players(np.array([0, 1, 1]), (4, 5))
    with pytest.raises(sy.SymbolscopeError, match="say what its players are"):
        choose_players(None, (4, 5))


def test_names_given_as_players_are_shown_their_place():
    with pytest.raises(sy.SymbolscopeError, match=r"give the names as player_names=\['age', ...\]"):
        choose_players(["age", "dose"], (2,))
