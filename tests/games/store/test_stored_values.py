import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import symbolscope as sy
from symbolscope.games.store import RunFile
from symbolscope.games.store.known_masks import KnownMasks


@pytest.fixture
def run_file(tmp_path):
    with RunFile.open(tmp_path / "run.sqlite") as opened:
        yield opened


@pytest.mark.parametrize("n", [1, 8, 20, 63, 64, 65, 1000])
def test_values_come_back_bit_for_bit_for_any_number_of_players(tmp_path, n):
    rng = np.random.default_rng(n)
    masks = np.unique(rng.random((300, n)) < 0.5, axis=0)
    masks = masks[rng.permutation(len(masks))]
    values = rng.normal(size=len(masks)) * 10.0 ** rng.integers(-300, 300, len(masks))
    values[: min(len(values), 6)] = [-0.0, 0.0, np.inf, 5e-324, -np.inf, 1.0][: min(len(values), 6)]
    some = len(masks) // 2 + 1
    path = tmp_path / "run.sqlite"
    with RunFile.open(path) as run_file:
        run_file.values("f", n, about="").add(masks[:some], values[:some])
    with RunFile.open(path) as run_file:
        stored = run_file.values("f", n, about="")
        found, is_known = stored.known(masks)
        assert len(stored) == some
        assert is_known.tolist() == [i < some for i in range(len(masks))]
        assert found[:some].tobytes() == values[:some].tobytes()
        assert np.isnan(found[some:]).all()


def test_nan_can_be_stored(run_file):
    stored = run_file.values("f", 2, about="")
    stored.add(np.ones((1, 2), dtype=bool), np.array([np.nan]))
    found, is_known = stored.known(np.ones((1, 2), dtype=bool))
    assert is_known.all()
    assert np.isnan(found).all()


def test_the_first_value_of_a_mask_stays(tmp_path):
    path = tmp_path / "run.sqlite"
    masks = sy.all_masks(3)
    with RunFile.open(path) as run_file:
        stored = run_file.values("f", 3, about="")
        stored.add(masks[[1, 2, 1]], np.array([1.0, 2.0, 3.0]))
        stored.add(masks[[2, 3]], np.array([9.0, 4.0]))
        stored.add(masks[[1, 2]], np.array([7.0, 7.0]))
        assert len(stored) == 3
    with RunFile.open(path) as run_file:
        np.testing.assert_array_equal(run_file.values("f", 3, about="").known(masks[[1, 2, 3]])[0], [1.0, 2.0, 4.0])


def test_games_do_not_mix(run_file):
    first, second = run_file.values("f", 3, about="one"), run_file.values("g", 4, about="two")
    first.add(np.ones((1, 3), dtype=bool), np.ones(1))
    assert not second.known(np.ones((1, 4), dtype=bool))[1].any()
    assert run_file.values("f", 3, about="another name") is first


def test_nothing_is_added_and_looked_up_without_complaint(run_file):
    stored = run_file.values("f", 3, about="")
    stored.add(np.zeros((0, 3), dtype=bool), np.zeros(0))
    found, is_known = stored.known(np.zeros((0, 3), dtype=bool))
    assert len(stored) == len(found) == len(is_known) == 0


def test_more_masks_than_a_row_holds_are_one_transaction(tmp_path, monkeypatch):
    monkeypatch.setattr("symbolscope.games.store.stored_values.MOST_MASKS", 100)
    masks = sy.all_masks(10)
    path = tmp_path / "run.sqlite"
    with RunFile.open(path) as run_file:
        run_file.values("f", 10, about="").add(masks, np.arange(1024.0))
        with run_file.transaction() as connection:
            assert connection.execute("SELECT count(*) FROM chunks").fetchone() == (11,)
    with RunFile.open(path) as run_file:
        np.testing.assert_array_equal(run_file.values("f", 10, about="").known(masks)[0], np.arange(1024.0))


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda s: s.add(np.ones((2, 3)), np.ones(2)), r"masks.astype\(bool\)"),
        (lambda s: s.known(np.ones((2, 4), dtype=bool)), r"shape \[m, 3\]"),
        (lambda s: s.add(np.ones((2, 3), dtype=bool), np.ones(3)), r"values must be float64 \[2\]"),
        (lambda s: s.add(np.ones((2, 3), dtype=bool), np.ones(2, dtype=np.float32)), r"got float32 \[2\]"),
    ],
)
def test_wrong_shapes_and_types_are_refused(tmp_path, act, message):
    with RunFile.open(tmp_path / "run.sqlite") as run_file:
        stored = run_file.values("f", 3, about="")
        with pytest.raises(sy.SymbolscopeError, match=message):
            act(stored)


def test_another_number_of_players_is_refused(tmp_path):
    path = tmp_path / "run.sqlite"
    for _ in range(2):  # first within one opening, then when the file is read again
        with RunFile.open(path) as run_file:
            if not _:
                run_file.values("f", 3, about="")
            with pytest.raises(sy.SymbolscopeError, match="holds the game f with 3 players; got n_players=4"):
                run_file.values("f", 4, about="")


@given(
    st.integers(1, 80),
    st.lists(st.lists(st.integers(0, 40), max_size=30), max_size=12),
    st.integers(0, 2**32),
)
def test_known_masks_are_a_dictionary(n, batches, seed):
    """Whatever is added in whatever order, it finds what a dictionary finds."""
    rng = np.random.default_rng(seed)
    pool = np.unique(rng.random((41, n)) < 0.5, axis=0)
    known, expected = KnownMasks(n), {}
    for batch in batches:
        fresh = sorted({i % len(pool) for i in batch} - expected.keys(), key=lambda i: (i * 7) % 41)
        values = rng.normal(size=len(fresh))
        known.add(known.keys(pool[fresh]), values)
        expected |= dict(zip(fresh, values, strict=True))
        found, is_known = known.find(known.keys(pool))
        assert is_known.tolist() == [i in expected for i in range(len(pool))]
        assert [found[i] for i in expected] == list(expected.values())
        assert len(known) == len(expected)
