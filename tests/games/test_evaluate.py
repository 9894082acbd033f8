import math

import numpy as np
import pytest
import torch
from hypothesis import given, seed, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from torch import nn

import symbolscope as sy
from symbolscope.games.batch_sizes import BatchSizes
from symbolscope.games.distinct import distinct_masks


def game_of(n, rng_seed=0, sample=None, names=None, order=None):
    generator = torch.Generator().manual_seed(rng_seed)
    first, second = torch.randn(n, 8, generator=generator), torch.randn(8, 3, generator=generator)
    given_sample = torch.randn(n, generator=generator) if sample is None else sample
    if order is not None:
        first, given_sample = first[order], given_sample[order]
    return sy.Game(lambda x: torch.relu(x @ first) @ second, given_sample, target=1, player_names=names)


MASKS = hnp.arrays(np.bool_, st.tuples(st.integers(0, 40), st.just(5)))


@seed(4)
@settings(max_examples=50, deadline=None)
@given(masks=MASKS, batch_size=st.integers(1, 50))
def test_values_do_not_depend_on_batch_size(masks, batch_size):
    game = game_of(5)
    expected = game(sy.all_masks(5))[masks @ (1 << np.arange(5))]
    assert np.allclose(sy.evaluate(game, masks, batch_size=batch_size), expected, atol=1e-5)
    assert np.allclose(sy.evaluate(game, masks), expected, atol=1e-5)


@seed(5)
@settings(max_examples=50, deadline=None)
@given(masks=MASKS, data=st.data())
def test_values_do_not_depend_on_the_order_of_masks(masks, data):
    game = game_of(5)
    order = np.array(data.draw(st.permutations(range(len(masks)))), dtype=np.int64)
    assert np.allclose(game(masks[order]), game(masks)[order], atol=1e-5)


@seed(6)
@settings(max_examples=30, deadline=None)
@given(order=st.permutations(range(5)))
def test_permuting_players_permutes_names_and_values(order):
    names = [f"player {i}" for i in range(5)]
    game = game_of(5, names=names)
    permuted = game_of(5, names=[names[i] for i in order], order=list(order))
    masks = sy.all_masks(5)
    assert permuted.player_names == tuple(names[i] for i in order)
    assert np.allclose(permuted(masks[:, order]), game(masks), atol=1e-4)


@seed(7)
@settings(max_examples=100, deadline=None)
@given(
    masks=st.integers(1, 70).flatmap(lambda n: hnp.arrays(np.bool_, st.tuples(st.integers(0, 30), st.just(n)))),
    data=st.data(),
)
def test_distinct_masks(masks, data):
    relevant = np.array(data.draw(st.lists(st.booleans(), min_size=masks.shape[1], max_size=masks.shape[1])))
    kinds = distinct_masks(masks, relevant)
    seen = {tuple(row): i for i, row in reversed(list(enumerate((masks & relevant).tolist())))}
    if kinds is None:
        assert len(seen) == len(masks)
        return
    first, inverse = kinds
    assert first.tolist() == sorted(seen.values())
    assert ((masks & relevant)[first][inverse] == (masks & relevant)).all()


def test_each_distinct_input_is_computed_once():
    rows = []

    def network(x):
        rows.append(len(x))
        return torch.stack([x.sum(1), x.prod(1)], dim=1)

    game = sy.Game(network, [1.0, 0.0, 2.0, 3.0], target=0)  # player 1 equals the zero baseline
    rows.clear()
    values = game(np.concatenate([sy.all_masks(4)] * 3))
    assert sum(rows) == 8
    assert values.reshape(3, 2, 2, 2, 2).std(axis=0).max() == 0
    assert (values.reshape(3, 4, 2, 2)[:, :, 0] == values.reshape(3, 4, 2, 2)[:, :, 1]).all()


def test_a_sample_equal_to_its_baseline_is_computed_once():
    game = sy.Game(nn.Linear(3, 2), [0.0, 0.0, 0.0], target=0)
    assert len(set(game(sy.all_masks(3)))) == 1


def test_many_players():
    game = game_of(100)
    masks = np.random.default_rng(0).random((50, 100)) < 0.5
    repeated = np.concatenate([masks, masks[::-1]])
    values = game(repeated)
    assert (values[:50] == values[50:][::-1]).all()


def test_no_masks():
    assert game_of(5)(np.zeros((0, 5), dtype=bool)).shape == (0,)


@pytest.mark.parametrize("kind", ["list", "array", "tensor", "strided"])
def test_forms_of_masks(kind):
    masks = sy.all_masks(5)
    forms = {
        "list": masks.tolist(),
        "array": masks,
        "tensor": torch.from_numpy(masks),
        "strided": np.asfortranarray(np.repeat(masks, 2, axis=1))[:, ::2],
    }
    assert np.allclose(game_of(5)(forms[kind]), game_of(5)(masks), atol=1e-6)


@pytest.mark.parametrize(
    ("masks", "message"),
    [
        (np.zeros((3, 4), dtype=bool), r"shape \[m, 5\].*got shape \(3, 4\)"),
        (np.zeros(5, dtype=bool), r"masks\[None\]"),
        (np.zeros((3, 5)), "boolean"),
        (np.zeros((3, 5), dtype=int), r"masks.astype\(bool\)"),
        ([[True], [True, False]], "bool array"),
    ],
)
def test_wrong_masks_are_refused(masks, message):
    with pytest.raises(sy.SymbolscopeError, match=message):
        game_of(5)(masks)


@pytest.mark.parametrize("executor", [None, "local"])
@pytest.mark.parametrize("batch_size", [0, True, "64", 6.0, np.float64(6.0), np.array([6, 7])])
def test_wrong_batch_size_is_refused(batch_size, executor):
    with pytest.raises(sy.SymbolscopeError, match="batch_size must be a whole number of at least 1; got"):
        sy.evaluate(game_of(5), sy.all_masks(5), batch_size=batch_size, executor=executor)


@pytest.mark.parametrize("executor", [None, "local"])
def test_batch_sizes_of_numpy_are_numbers(executor):
    masks = sy.all_masks(5)
    found = sy.evaluate(game_of(5), masks, batch_size=np.int64(6), executor=executor)
    assert np.array_equal(found, sy.evaluate(game_of(5), masks, batch_size=6, executor=executor))


def test_nan_names_the_mask_as_soon_as_it_shows():
    calls = []

    def network(x):
        calls.append(len(x))
        z = torch.stack([x.sum(1), x[:, 0]], dim=1)
        z[(x[:, 1] == 0) & (x[:, 0] != 0)] = float("nan")
        return z

    game = sy.Game(network, [1.0, 2.0, 3.0], target=0, player_names=["age", "dose", "sex"])
    calls.clear()
    with pytest.raises(sy.SymbolscopeError, match=r"nan with 'dose', 'sex' hidden \(mask 100\)"):
        sy.evaluate(game, sy.all_masks(3), batch_size=1)
    with pytest.raises(sy.SymbolscopeError, match="inf with all players hidden"):
        sy.Game.from_function(lambda masks: np.where(masks.any(axis=1), 0.0, np.inf), 3)(sy.all_masks(3))


def test_a_slow_network_stops_at_the_first_nan():
    calls = []

    def values(masks):
        calls.append(len(masks))
        return np.where(masks.any(axis=1), 0.0, np.nan)

    with pytest.raises(sy.SymbolscopeError, match="all players hidden"):
        sy.evaluate(sy.Game.from_function(values, 3), sy.all_masks(3), batch_size=1)
    assert len(calls) == 1


def test_functions_must_return_one_number_per_mask():
    with pytest.raises(sy.SymbolscopeError, match=r"8 masks need values of shape \(8,\); got \(8, 2\)"):
        sy.Game.from_function(lambda masks: np.zeros((len(masks), 2)), 3)(sy.all_masks(3))
    with pytest.raises(sy.SymbolscopeError, match="must return numbers"):
        sy.Game.from_function(lambda masks: ["a"] * len(masks), 3)(sy.all_masks(3))


def test_too_little_memory_halves_the_batch():
    def values(masks):
        if len(masks) > 16:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory")
        return masks.sum(axis=1)

    game = sy.Game.from_function(values, 8)
    assert (game(sy.all_masks(8)) == sy.all_masks(8).sum(axis=1)).all()
    with pytest.raises(RuntimeError):
        sy.evaluate(game, sy.all_masks(8), batch_size=64)


def test_progress_bar_and_interrupt(capsys):
    def values(masks):
        if not masks[0].any():
            raise KeyboardInterrupt
        return masks.sum(axis=1)

    game = sy.Game.from_function(values, 3)
    with pytest.raises(KeyboardInterrupt):
        sy.evaluate(game, sy.all_masks(3), progress=True)
    values_there = sy.evaluate(sy.Game.from_function(lambda m: m.sum(axis=1), 3), sy.all_masks(3), progress=True)
    assert values_there[-1] == 3
    sy.evaluate(game, sy.all_masks(3)[1:], progress=False)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("best", [32, 64, 128, 256, 512, 1024])
def test_batch_sizes_find_a_single_peak(best):
    sizes = BatchSizes(start=64, smallest=32, largest=1024)
    for _ in range(200):
        size = sizes.next()
        sizes.record(size, size / (1e4 * 0.8 ** abs(math.log2(size / best))))
    assert sizes.settled
    assert sizes.next() == best


def test_batch_sizes_ignore_one_interrupted_batch():
    sizes = BatchSizes(start=64, smallest=32, largest=1024)
    for batch in range(200):
        size = sizes.next()
        slow = 50 if batch in (1, 4) else 1
        sizes.record(size, slow * size / (1e5 * 0.8 ** abs(math.log2(size / 256))))
    assert sizes.next() == 256
