"""Evaluation in chunks: bits that depend on nothing, nothing paid for twice, clear refusals."""

from contextlib import suppress

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import symbolscope as sy
from symbolscope.errors import SymbolscopeError
from symbolscope.games.asking import asking
from symbolscope.games.chunks import scores_in_chunks
from symbolscope.games.executors.score_chunk import score_chunk
from symbolscope.games.fixed_batch import fixed_batch
from symbolscope.games.store import RunFile, game_fingerprint

SAMPLE = np.arange(1, 10, dtype=np.float32) / 5


class Counted:
    """A game of a function that counts the masks it is asked for, and may fail after some."""

    def __init__(self, n=10, fail_after=None):
        self.asked, self.fail_after = 0, fail_after
        self.weights = np.random.default_rng(0).integers(-9, 9, size=n).astype(float)
        self.game = sy.Game.from_function(self._values, n, key="counted")

    def _values(self, masks):
        if self.fail_after is not None and self.asked >= self.fail_after:
            raise KeyboardInterrupt
        self.asked += len(masks)
        return masks @ self.weights + masks[:, 0] * masks[:, 1]


def in_any_order(source, batch_size, order):
    """A runner that keeps chunks back and answers them in another order."""

    def run(chunks):
        waiting = []
        for number, masks in chunks:
            waiting.append((number, score_chunk(source, masks, batch_size=batch_size)))
            if len(waiting) == 4:
                yield waiting.pop(order % 4)
        while waiting:
            yield waiting.pop(order % len(waiting))

    return run


@given(order=st.integers(0, 7), workers=st.integers(1, 4), size=st.sampled_from([1, 7, 64]))
def test_values_do_not_depend_on_the_order_in_which_chunks_come_back(order, workers, size):
    game = Counted(n=7).game
    masks = np.random.default_rng(order).permutation(np.concatenate([sy.all_masks(7), sy.all_masks(7)[:50]]))
    run = in_any_order(game.source, size, order)
    values = scores_in_chunks(
        game.source, masks, run, batch_size=size, workers=workers, player_names=game.player_names, store=None, progress=False,
    )  # fmt: skip
    assert np.array_equal(values, game(masks))


def network_game(**changes):
    torch.manual_seed(0)
    network = torch.nn.Sequential(torch.nn.Linear(9, 33), torch.nn.Tanh(), torch.nn.Linear(33, 3))
    return sy.Game(network, SAMPLE, **({"target": 1} | changes))


def test_a_store_answers_the_second_run_with_the_same_bits(tmp_path):
    counted = Counted()
    first = sy.evaluate(counted.game, sy.all_masks(10), store=tmp_path / "run.sqlite")
    assert counted.asked == 1024
    again = sy.evaluate(counted.game, sy.all_masks(10)[::-1], store=tmp_path / "run.sqlite")
    assert counted.asked == 1024
    assert np.array_equal(first, again[::-1])


def test_a_larger_run_pays_only_for_what_is_missing(tmp_path):
    counted = Counted()
    some = np.random.default_rng(1).choice(1024, 300, replace=False)
    sy.evaluate(counted.game, sy.all_masks(10)[some], store=tmp_path / "run.sqlite")
    values = sy.evaluate(counted.game, sy.all_masks(10), store=tmp_path / "run.sqlite")
    assert counted.asked == 1024
    assert np.array_equal(values, Counted().game(sy.all_masks(10)))


@pytest.mark.parametrize("stop", [0, 64, 100, 500, 1000])
def test_an_interrupted_run_continues_with_the_same_bits_and_pays_twice_for_one_chunk_at_most(tmp_path, stop):
    game = network_game()
    whole = sy.evaluate(game, sy.all_masks(9), executor="local")
    asked = 0
    outputs = game.source.outputs

    def counting(masks):
        nonlocal asked
        if asked >= stop:
            raise KeyboardInterrupt
        asked += len(masks)
        return outputs(masks)

    game.source.outputs = counting
    with suppress(KeyboardInterrupt):
        sy.evaluate(game, sy.all_masks(9), store=tmp_path / "run.sqlite", executor="local")
    del game.source.outputs
    with RunFile.open(tmp_path / "run.sqlite") as file:
        kept = len(file.values(game_fingerprint(game), 9, about=""))
    assert kept % 64 == 0
    stop = 10**9
    before, asked = kept, 0
    game.source.outputs = counting
    resumed = sy.evaluate(game, sy.all_masks(9), store=tmp_path / "run.sqlite", executor="local")
    assert asked == 512 - before
    assert np.array_equal(resumed, whole)


def test_masks_that_differ_only_in_players_without_influence_are_stored_once(tmp_path):
    game = sy.Game(torch.nn.Linear(3, 2), [1.0, 0.0, 3.0], target=1)  # the second equals its baseline
    first = sy.evaluate(game, [[True, False, True]], store=tmp_path / "run.sqlite")
    game.source.outputs = lambda masks: pytest.fail("the network was called")
    assert np.array_equal(sy.evaluate(game, [[True, True, True]], store=tmp_path / "run.sqlite"), first)


@pytest.mark.parametrize("change", ["weight", "baseline", "score", "target", "sample", "players"])
def test_whatever_changes_the_values_never_meets_old_ones(tmp_path, change):
    store = tmp_path / "run.sqlite"
    game = network_game()
    sy.evaluate(game, sy.all_masks(9), store=store)
    if change == "weight":
        with torch.no_grad():
            weight = game.network[0].weight
            weight[0, 0] = torch.nextafter(weight[0, 0], torch.tensor(9.0))
        other = sy.Game(game.network, SAMPLE, target=1)
    elif change == "sample":
        torch.manual_seed(0)
        other = sy.Game(network_game().network, SAMPLE + 1, target=1)
    else:
        changes = {
            "baseline": {"baseline": 0.5}, "score": {"score": "logit"}, "target": {"target": 2},
            "players": {"players": [[8], [7], [6], [5], [4], [3], [2], [1], [0]]},
        }  # fmt: skip
        other = network_game(**changes[change])
    asked = 0
    outputs = other.source.outputs

    def counting(masks):
        nonlocal asked
        asked += len(masks)
        return outputs(masks)

    other.source.outputs = counting
    values = sy.evaluate(other, sy.all_masks(9), store=store)
    assert asked == 512
    del other.source.outputs
    assert np.allclose(values, other(sy.all_masks(9)), rtol=0, atol=1e-5)


def test_a_score_that_is_not_finite_is_refused_and_not_stored(tmp_path):
    game = sy.Game.from_function(lambda masks: np.where(masks.all(axis=1), np.nan, 1.0), 3, key="nan")
    with pytest.raises(SymbolscopeError, match=r"score is nan with all players present \(mask 111\)"):
        sy.evaluate(game, sy.all_masks(3), store=tmp_path / "run.sqlite")
    with RunFile.open(tmp_path / "run.sqlite") as file:
        assert len(file.values(game_fingerprint(game), 3, about="")) == 0


def test_workers_start_only_when_something_is_missing(tmp_path):
    counted = Counted()
    sy.evaluate(counted.game, sy.all_masks(10), store=tmp_path / "run.sqlite")
    unstarted = "processes"
    with asking(counted.game, store=tmp_path / "run.sqlite", executor=unstarted) as ask:
        values = ask(
            sy.all_masks(10)
        )  # the function counts in this process, so it could not be evaluated elsewhere unseen
    assert counted.asked == 1024
    assert np.isfinite(values).all()


def test_an_unknown_executor_names_the_known_ones():
    with pytest.raises(SymbolscopeError, match=r"local.*processes.*ray"):
        sy.evaluate(Counted().game, sy.all_masks(10), executor="cluster")


def test_the_fixed_batch_is_small_for_large_samples():
    network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.LazyLinear(2))
    network(torch.zeros(1, 3, 1500, 1500))
    game = sy.Game(network, torch.zeros(3, 1500, 1500), players=(2, 2), target=0)
    assert fixed_batch(game.source) == (128 << 20) // (3 * 1500 * 1500 * 4)
    assert fixed_batch(network_game().source) == 64
