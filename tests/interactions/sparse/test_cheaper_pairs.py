"""Pairs written the cheaper way: the same function, never at a higher cost."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import symbolscope as sy
from symbolscope.interactions.sparse.cheaper_pairs import cheaper_pairs

PAIRS = st.sampled_from([(0, 1), (0, 2), (1, 2), (2, 3)])
ATOMS = st.one_of(
    st.tuples(st.just("and"), st.sampled_from([(0,), (1,), (2,), (3,), (0, 1, 2)])),
    st.tuples(st.sampled_from(["and", "or"]), PAIRS),
)


def predicted(atoms):
    masks = sy.all_masks(4)
    out = np.zeros(16)
    for (kind, players), effect in atoms:
        here = masks[:, list(players)]
        out += effect * (here.all(axis=1) if kind == "and" else here.any(axis=1))
    return out


def cost(atoms):
    return sum((1 + 0.01 * (len(players) - 1)) * abs(effect) for (_, players), effect in atoms)


@given(st.dictionaries(ATOMS, st.integers(-3, 3).map(float), max_size=8))
def test_the_function_stays_and_the_cost_does_not_rise(atoms):
    found = cheaper_pairs(list(atoms), list(atoms.values()))
    assert np.allclose(predicted(found.items()), predicted(atoms.items()), atol=1e-9)
    assert cost(found.items()) <= cost(atoms.items()) + 1e-9


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_planted_pair_comes_back_as_one_interaction(sign):
    game = sy.Game.from_function(lambda m: 2.0 * m[:, 0] + sign * m[:, 3] * m[:, 5] - 2.0 * m[:, 7] * m[:, 8], 40)
    model = sy.explain(game, max_calls=1_500)
    assert {(str(k), tuple(np.flatnonzero(m).tolist())) for k, m in zip(model.kinds, model.masks, strict=True)} == {
        ("and", (0,)), ("and", (3, 5)), ("and", (7, 8)),
    }  # fmt: skip
