"""One flipped bit anywhere in a run file: it is refused by name, or all in it loads equal; nothing is forgotten in silence."""

import os
import sqlite3
from contextlib import suppress

import numpy as np
import pytest

import symbolscope as sy
from symbolscope.games.store import RunFile
from symbolscope.games.store.read_rows import ReadRows

SMALL = sy.all_masks(5)
SMALL_VALUES = np.random.default_rng(0).normal(size=32)
WIDE = np.random.default_rng(1).random((300, 70)) < 0.5
WIDE_VALUES = np.random.default_rng(2).normal(size=300)
FIRST, SECOND = "f" * 64, "0123456789abcdef" * 4


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "run.sqlite"
    with RunFile.open(path) as file:
        file.values(FIRST, 5, about="a small game").add(SMALL, SMALL_VALUES)
        file.values(SECOND, 70, about="a wide game, höhe").add(WIDE, WIDE_VALUES)
        file.results("one run").put_many({0: b"abc", 3: b"x" * 5000})
        file.results("another run").fail(1, "why")
    return path


def contents(path):
    """All that was stored, as it is read back."""
    with RunFile.open(path) as file:
        small, known = file.values(FIRST, 5, about="").known(SMALL)
        wide, known_too = file.values(SECOND, 70, about="").known(WIDE)
        assert known.all()
        assert known_too.all()
        results = file.results("one run")
        return small.tolist(), wide.tolist(), results.get(0), results.get(3), file.results("another run").failures()


def flipped(whole, bit):
    damaged = bytearray(whole)
    damaged[bit // 8] ^= 1 << bit % 8
    return damaged


def test_flipped_bits_are_refused_or_change_nothing(path):
    right, whole = contents(path), path.read_bytes()
    used = [place for place, byte in enumerate(whole) if byte]  # most of a file of few rows is empty space
    bits = np.random.default_rng(0).choice(8 * len(used), 150, replace=False)
    for at in bits:
        path.write_bytes(flipped(whole, 8 * used[at // 8] + at % 8))
        with suppress(sy.SymbolscopeError):
            assert contents(path) == right


@pytest.mark.parametrize(
    "word",
    [
        FIRST.encode(),
        SECOND.encode(),
        b"one run",
        b"another run",
        b"a small game",
        "höhe".encode(),
        b"INTEGER PRIMARY",
        b"BLOB NOT NULL",
    ],
)
def test_no_name_can_be_damaged_unseen(path, word):
    """Names by which rows are looked up, and the definitions of the tables, at each of their bytes."""
    whole = path.read_bytes()
    start = whole.find(word)
    assert start > 0
    for place in range(start, start + min(len(word), 6)):
        path.write_bytes(flipped(whole, 8 * place + place % 7))
        with pytest.raises(sy.SymbolscopeError, match=r"damaged|not a run file"):
            RunFile.open(path)
        with pytest.raises(sy.SymbolscopeError, match=r"damaged|not a run file"):
            ReadRows(path)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE games SET id = 7 WHERE id = 2",
        "DELETE FROM games WHERE id = 1",
        "DELETE FROM runs WHERE id = 2",
        "UPDATE runs SET run_key = 'other' WHERE id = 1",
        "UPDATE games SET n_players = 6 WHERE id = 1",
        "UPDATE games SET checksum = checksum + 1 WHERE id = 2",
        "INSERT INTO chunks VALUES (77 << 32, 0, x'', 0)",
        "INSERT INTO results VALUES (5, 0, x'', 0)",
        "CREATE INDEX more ON games (about)",
        "CREATE TRIGGER more AFTER INSERT ON chunks BEGIN DELETE FROM chunks; END",
        "DROP TABLE results",
        "ALTER TABLE chunks ADD COLUMN more TEXT",
    ],
)
def test_other_tables_and_rows_are_refused(path, change):
    connection = sqlite3.connect(path)
    connection.execute(change)
    connection.commit()
    connection.close()
    with pytest.raises(sy.SymbolscopeError, match=r"damaged: .*(checksum|not there|not defined)"):
        RunFile.open(path)


def test_a_symbolic_link_leads_to_the_same_lock(path, tmp_path):
    elsewhere = tmp_path / "folder"
    elsewhere.mkdir()
    link = elsewhere / "link.sqlite"
    link.symlink_to(path)
    with RunFile.open(link) as file:
        assert len(file.values(FIRST, 5, about="")) == 32
        with pytest.raises(sy.SymbolscopeError, match="already open in this process"):
            RunFile.open(path)
        assert os.listdir(elsewhere) == ["link.sqlite"]  # lock and log lie beside the file, not beside the link
        assert (tmp_path / "run.sqlite-owner").exists()
    link.unlink()
    link.symlink_to(tmp_path / "new.sqlite")  # a link to a file that is yet to be made
    RunFile.open(link).close()
    assert link.is_symlink()
    assert (tmp_path / "new.sqlite").stat().st_size > 0


def test_a_file_with_two_names_is_refused(path, tmp_path):
    os.link(path, tmp_path / "other.sqlite")
    with pytest.raises(sy.SymbolscopeError, match="hard link"):
        RunFile.open(tmp_path / "other.sqlite")
    (tmp_path / "other.sqlite").unlink()
    RunFile.open(path).close()
