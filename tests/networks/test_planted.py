"""A network that is a sum of AND and OR interactions: against its formula, and read back from outside."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import symbolscope as sy
from symbolscope.interactions.model import interaction_prices
from symbolscope.networks.planted import Planted

few = settings(max_examples=40)


def by_definition(network, masks):
    """One row and one interaction at a time."""
    out = np.full(len(masks), network.intercept)
    for row, mask in enumerate(masks):
        for members, kind, effect in zip(network.masks, network.kinds, network.effects, strict=True):
            there = [bool(present) for present, member in zip(mask, members, strict=True) if member]
            out[row] += effect * (all(there) if kind == "and" else any(there))
    return out


def terms(masks, kinds, effects):
    return {
        (str(kind), *np.flatnonzero(mask).tolist()): float(effect)
        for mask, kind, effect in zip(masks, kinds, effects, strict=True)
    }


def explained(network):
    n = network.masks.shape[1]
    return sy.explain(sy.Game(network, torch.ones(n, dtype=torch.float64), score="output"))


@few
@given(
    n=st.integers(2, 7),
    n_and=st.integers(0, 2),
    n_or=st.integers(0, 1),
    intercept=st.floats(-3, 3),
    seed=st.integers(0, 1000),
)
def test_it_equals_the_formula_on_every_mask(n, n_and, n_or, intercept, seed):
    drawn = Planted.random(n, n_and=n_and, n_or=n_or, seed=seed)
    network = Planted(drawn.masks, drawn.kinds, drawn.effects, intercept=intercept)
    masks = sy.all_masks(n)
    values = np.random.default_rng(seed).choice([-2.0, 0.5, 3.0], size=masks.shape)  # presence is all that counts
    out = network(torch.from_numpy(masks * values))
    assert out.dtype == torch.float64
    np.testing.assert_allclose(out.numpy(), by_definition(network, masks), atol=1e-12)


def test_float32_inputs_give_float32_outputs():
    network = Planted.random(6, n_and=4, n_or=3, seed=0)
    masks = torch.from_numpy(sy.all_masks(6))
    out = network(masks.float())
    assert out.dtype == torch.float32
    torch.testing.assert_close(out, network(masks.double()).float(), rtol=0, atol=0)


@pytest.mark.parametrize(("n", "n_and", "n_or"), [(8, 3, 2), (9, 5, 3), (10, 4, 4)])
@pytest.mark.parametrize("seed", range(3))
def test_a_few_planted_interactions_are_read_back(n, n_and, n_or, seed):
    network = Planted.random(n, n_and=n_and, n_or=n_or, seed=seed)
    model = explained(network)
    found, planted = (terms(one.masks, one.kinds, one.effects) for one in (model, network))
    assert found.keys() == planted.keys()
    assert found == pytest.approx(planted, abs=1e-6)
    assert model.intercept == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize(("seed", "saved"), [(4, 0.0), (5, 1.0), (6, 1.0), (14, 1.0)])
def test_where_many_overlap_the_explanation_may_be_another_sum_never_a_dearer_one(seed, saved):
    network = Planted.random(8, n_and=8, n_or=8, seed=seed)
    model = explained(network)
    assert terms(model.masks, model.kinds, model.effects).keys() != terms(*_parts(network)).keys()
    planted_cost = float(interaction_prices(network.masks.sum(axis=1)) @ np.abs(network.effects))
    assert model.objective <= planted_cost - saved + 1e-9
    masks = sy.all_masks(8)
    np.testing.assert_allclose(model.predict(masks), by_definition(network, masks), atol=1e-9)


def _parts(network):
    return network.masks, network.kinds, network.effects


@few
@given(
    n=st.integers(5, 12),
    n_and=st.integers(0, 6),
    n_or=st.integers(0, 6),
    most=st.integers(2, 5),
    seed=st.integers(0, 99),
)
def test_random_sets_are_different_and_of_the_orders_asked_for(n, n_and, n_or, most, seed):
    network = Planted.random(n, n_and=n_and, n_or=n_or, largest_order=most, seed=seed)
    assert network.kinds.tolist() == ["and"] * n_and + ["or"] * n_or
    assert network.masks.shape == (n_and + n_or, n)
    assert len({mask.tobytes() for mask in network.masks}) == n_and + n_or
    orders = network.masks.sum(axis=1)
    assert (orders <= most).all()
    assert (orders[:n_and] >= 1).all()
    assert (orders[n_and:] >= 2).all()
    assert (np.abs(network.effects) >= 0.5).all()
    assert (np.abs(network.effects) <= 1.5).all()
    assert network.intercept == 0.0


def test_random_draws_vary_and_follow_the_seed():
    draw = [Planted.random(8, n_and=20, n_or=20, seed=seed) for seed in (0, 0, 1)]
    np.testing.assert_array_equal(draw[0].masks, draw[1].masks)
    np.testing.assert_array_equal(draw[0].effects, draw[1].effects)
    assert (draw[0].effects != draw[2].effects).all()
    assert {*np.sign(draw[0].effects)} == {-1.0, 1.0}
    assert {*draw[0].masks.sum(axis=1).tolist()} == {1, 2, 3, 4}
    generator = np.random.default_rng(0)
    first, second = (Planted.random(8, n_and=2, n_or=2, seed=generator) for _ in range(2))
    assert (first.effects != second.effects).all()


def test_every_set_there_is_can_be_drawn():
    network = Planted.random(4, n_and=7, n_or=8, largest_order=9, seed=0)
    assert len({mask.tobytes() for mask in network.masks}) == 15


def test_nothing_is_trained_and_a_state_dict_carries_it_all():
    network = Planted.random(5, n_and=2, n_or=1, seed=0)
    assert list(network.parameters()) == []
    other = Planted.random(5, n_and=3, n_or=0, seed=1)
    other.load_state_dict(network.state_dict())
    assert terms(*_parts(other)) == terms(*_parts(network))
    network.masks[:] = False
    network.effects[:] = 0.0
    assert terms(*_parts(other)) == terms(*_parts(network))  # attributes are copies


def test_no_interaction_at_all_is_a_constant():
    network = Planted(np.zeros((0, 3), dtype=bool), [], [], intercept=2.0)
    assert network(torch.ones(2, 3)).tolist() == [2.0, 2.0]


PAIR = [[True, True, False], [False, True, True]]


@pytest.mark.parametrize(
    ("masks", "kinds", "effects", "message"),
    [
        (np.eye(2), ["and", "or"], [1.0, 1.0], r"masks bool \[k, n\].* got masks float64 \[2, 2\]"),
        ([True, False], ["and", "or"], [1.0, 1.0], r"got masks bool \[2\]"),
        (PAIR, ["and"], [1.0, 1.0], r"kinds \[1\] and effects \[2\]"),
        (PAIR, ["and", "or"], [[1.0, 1.0]], r"kinds \[2\] and effects \[1, 2\]"),
        (PAIR, ["and", "xor"], [1.0, 1.0], 'must each be "and" or "or"; got \'xor\''),
        (PAIR, ["and", "or"], [1.0, float("nan")], "effects and intercept must be finite"),
        ([[True, False], [False, False]], ["and", "or"], [1.0, 1.0], r"masks\[1\] is the empty set; add its effect"),
        (
            [*PAIR, PAIR[0]],
            ["and", "or", "and"],
            [1.0] * 3,
            r'masks\[2\] is the same "and" set as masks\[0\]; give it once',
        ),
    ],
)
def test_terms_that_do_not_fit_are_refused(masks, kinds, effects, message):
    with pytest.raises(sy.SymbolscopeError, match=message):
        Planted(masks, kinds, effects)


def test_an_intercept_that_is_not_finite_is_refused():
    with pytest.raises(sy.SymbolscopeError, match="effects and intercept must be finite"):
        Planted(PAIR, ["and", "or"], [1.0, 1.0], intercept=float("inf"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_inputs": 0, "n_and": 1, "n_or": 0}, "got n_inputs=0"),
        ({"n_inputs": 3, "n_and": -1, "n_or": 0}, "n_and=-1"),
        ({"n_inputs": 3, "n_and": 1, "n_or": 0, "largest_order": 0}, "largest_order=0"),
        ({"n_inputs": 3, "n_and": 0, "n_or": 5}, "3 players have 7 sets of order 1 to 3, 4 of them of order 2 or more"),
        ({"n_inputs": 3, "n_and": 4, "n_or": 4}, "too few for n_and=4 and n_or=4"),
        ({"n_inputs": 9, "n_and": 1, "n_or": 1, "largest_order": 1}, "0 of them of order 2 or more"),
    ],
)
def test_draws_that_cannot_be_are_refused(arguments, message):
    with pytest.raises(sy.SymbolscopeError, match=message):
        Planted.random(**arguments, seed=0)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (torch.ones(2, 4), r"x must be floating \[b, 3\].* got torch.float32 \[2, 4\]"),
        (torch.ones(3), r"got torch.float32 \[3\]; a single input needs a first axis: x\[None\]"),
        (torch.ones(2, 3, dtype=torch.int64), "got torch.int64"),
    ],
)
def test_inputs_that_do_not_fit_are_refused(x, message):
    with pytest.raises(sy.SymbolscopeError, match=message):
        Planted(PAIR, ["and", "or"], [1.0, 1.0])(x)
