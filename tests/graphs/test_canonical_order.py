"""The order of players that does not depend on how they were numbered: the same as plain colour refinement, and fast."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symbolscope.graphs.canonical_order import canonical_order


def plainly_ordered(masks, is_or, strengths):
    """By the definition: every class looked at in every round, the first of those alike set apart when no class splits."""

    def ranked(keys):
        places = {key: place for place, key in enumerate(sorted(set(keys)))}
        return [places[key] for key in keys]

    def refined(colours):
        while True:
            rows = ranked(
                [(fixed[r], tuple(sorted(colours[p] for p in np.flatnonzero(masks[r])))) for r in range(len(masks))]
            )
            finer = ranked(
                [(colours[p], tuple(sorted(rows[r] for r in np.flatnonzero(masks[:, p])))) for p in range(n)]
            )
            if len(set(finer)) == len(set(colours)):
                return finer
            colours = finer

    n, largest = masks.shape[1], strengths.max(initial=0.0) or 1.0
    fixed = [
        (-round(float(strengths[r]) / largest, 10), bool(is_or[r]), int(masks[r].sum())) for r in range(len(masks))
    ]
    colours = refined(ranked([tuple(sorted(fixed[r] for r in np.flatnonzero(masks[:, p]))) for p in range(n)]))
    while len(set(colours)) < n:
        first = colours.index(min(c for c in colours if colours.count(c) > 1))
        colours = refined(ranked([(colour, player != first) for player, colour in enumerate(colours)]))
    rows = sorted(range(len(masks)), key=lambda r: (fixed[r], sorted(colours[p] for p in np.flatnonzero(masks[r]))))
    return sorted(range(n), key=lambda player: colours[player]), rows


@st.composite
def cases(draw):
    n, k = draw(st.integers(1, 8)), draw(st.integers(0, 10))
    masks = np.array([[draw(st.booleans()) for _ in range(n)] for _ in range(k)], dtype=bool).reshape(k, n)
    strengths = np.array([draw(st.sampled_from([1.0, 1.0, 2.0])) for _ in range(k)])
    return masks, [draw(st.booleans()) for _ in range(k)], strengths, draw(st.permutations(range(n)))


@settings(max_examples=300, deadline=None, derandomize=True)
@given(cases())
def test_the_same_as_looking_at_everything_again(case):
    masks, is_or, strengths, _ = case
    assert canonical_order(masks, is_or, strengths) == plainly_ordered(masks, is_or, strengths)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(cases())
def test_renumbered_players_come_in_the_same_places(case):
    masks, is_or, strengths, renumbered = case

    def table(masks):
        players, rows = canonical_order(masks, is_or, strengths)
        return masks[np.ix_(rows, players)].tolist(), [is_or[row] for row in rows], strengths[rows].tolist()

    assert table(masks) == table(masks[:, renumbered])


def ring(n):
    return np.eye(n, dtype=bool) | np.roll(np.eye(n, dtype=bool), 1, axis=1)


ALIKE = {
    "one each": lambda n: np.eye(n, dtype=bool),
    "pairs": lambda n: np.repeat(np.eye(n // 2, dtype=bool), 2, axis=1),
    "all in one": lambda n: np.ones((1, n), dtype=bool),
    "none": lambda n: np.zeros((1, n), dtype=bool),
    "ring": ring,
    "chain": lambda n: ring(n)[:-1],
    "tens": lambda n: np.repeat(np.eye(n // 10, dtype=bool), 10, axis=1),
}


@pytest.mark.parametrize("kind", ALIKE)
def test_thousands_that_are_alike_take_seconds(kind):
    """n^2 steps of these would take minutes, n^3 days."""
    masks = ALIKE[kind](4_000)
    begun = time.process_time()
    players, rows = canonical_order(masks, [False] * len(masks), np.ones(len(masks)))
    assert time.process_time() - begun < 15.0
    assert sorted(players) == list(range(4_000))
    assert sorted(rows) == list(range(len(masks)))
