import os
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import numpy as np
import pytest

import symbolscope as sy
from symbolscope.games.store import RunFile

SCRIPT_BEGIN = "import sys, time\nimport numpy as np\nfrom symbolscope.games.store.run_file import RunFile\n"


def values_of(masks):
    return masks @ np.arange(1.0, masks.shape[1] + 1)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "run.sqlite"


@pytest.fixture
def filled(path):
    """A run file of two games and a run, of some hundred pages, closed."""
    rng = np.random.default_rng(0)
    with RunFile.open(path) as run_file:
        for name, n in (("a" * 64, 12), ("b" * 64, 300)):
            stored = run_file.values(name, n, about=f"{n} players")
            for _ in range(4):
                masks = rng.random((500, n)) < 0.5
                stored.add(masks, values_of(masks))
        run_file.results("run 1").put_many({i: rng.bytes(5000) for i in range(20)})
    return path


def read_all(path):
    with RunFile.open(path) as run_file:
        return (
            len(run_file.values("a" * 64, 12, about="")),
            len(run_file.values("b" * 64, 300, about="")),
            len(run_file.results("run 1")),
        )


def test_a_new_file_is_ours_and_alone_when_closed(path):
    with RunFile.open(path) as run_file:
        assert repr(run_file) == f"RunFile({str(path)!r})"
    assert repr(run_file).endswith("closed)")
    assert [p.name for p in path.parent.iterdir()] == ["run.sqlite"]
    run_file.close()
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA user_version").fetchone() == (1,)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()


def test_a_file_that_is_not_closed_is_closed_with_its_last_reference(path):
    run_file = RunFile.open(path)
    del run_file
    with RunFile.open(path):
        pass


def test_a_closed_file_says_so(path):
    with RunFile.open(path) as run_file:
        stored = run_file.values("f", 2, about="")
    with pytest.raises(sy.SymbolscopeError, match=r"run.sqlite is closed; open it again"):
        stored.add(np.ones((1, 2), dtype=bool), np.ones(1))


def test_a_second_open_in_this_process_is_refused(path):
    with (
        RunFile.open(path),
        pytest.raises(sy.SymbolscopeError, match=rf"already open in this process \(pid {os.getpid()}\)"),
    ):
        RunFile.open(path.parent / "." / path.name)
    with RunFile.open(path):
        pass


def test_another_process_is_named_and_its_death_frees_the_file(path):
    script = SCRIPT_BEGIN + "run_file = RunFile.open(sys.argv[1])\nprint('open', flush=True)\ntime.sleep(60)\n"
    with subprocess.Popen([sys.executable, "-c", script, path], stdout=subprocess.PIPE, text=True) as other:
        try:
            assert other.stdout.readline() == "open\n"
            with pytest.raises(sy.SymbolscopeError, match=rf"open in process {other.pid} on .*wait for it, end it, or"):
                RunFile.open(path)
        finally:
            other.send_signal(signal.SIGKILL)
    with RunFile.open(path) as run_file:
        assert len(run_file.values("f", 2, about="")) == 0


def test_a_forked_child_may_not_write_and_harms_nothing(path):
    script = (
        SCRIPT_BEGIN
        + """
import os
run_file = RunFile.open(sys.argv[1])
stored = run_file.values("f", 2, about="")
stored.add(np.eye(2, dtype=bool), np.ones(2))
child = os.fork()
if child == 0:
    try:
        stored.add(np.ones((1, 2), dtype=bool), np.ones(1))
    except ValueError as error:
        print(error, flush=True)
    run_file.close()
    del run_file, stored
    import gc
    gc.collect()
    os._exit(0)
os.waitpid(child, 0)
stored.add(np.zeros((1, 2), dtype=bool), np.zeros(1))
run_file.close()
"""
    )
    ran = subprocess.run([sys.executable, "-c", script, path], capture_output=True, text=True, check=True)
    assert "was opened by another process" in ran.stdout
    with RunFile.open(path) as run_file:
        assert len(run_file.values("f", 2, about="")) == 3


def test_threads_share_a_file(path):
    masks = sy.all_masks(16)[:2048]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)  # so that they meet
    failed = []
    try:
        with RunFile.open(path) as run_file:

            def add(start):
                try:
                    for i in range(start, 2048, 64):
                        stored = run_file.values("f", 16, about="")
                        stored.add(masks[i : i + 16], values_of(masks[i : i + 16]))
                        assert stored.known(masks[i : i + 16])[1].all()
                        run_file.results("a run").put(i, b"payload")
                        assert i in run_file.results("a run").done()
                except Exception as error:
                    failed.append(error)

            threads = [threading.Thread(target=add, args=(start,)) for start in (0, 16, 32, 48)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert failed == []
    with RunFile.open(path) as run_file:
        found, is_known = run_file.values("f", 16, about="").known(masks)
        assert is_known.all()
        np.testing.assert_array_equal(found, values_of(masks))
        assert len(run_file.results("a run")) == 128


def test_missing_folders_folders_and_foreign_files_are_refused(tmp_path):
    with pytest.raises(sy.SymbolscopeError, match=r"folder .*none does not exist; make it first"):
        RunFile.open(tmp_path / "none" / "run.sqlite")
    with pytest.raises(sy.SymbolscopeError, match="is a folder; give the path of a file in it"):
        RunFile.open(tmp_path)
    text = tmp_path / "notes.txt"
    text.write_text("these are no values " * 100)
    with pytest.raises(sy.SymbolscopeError, match="is not a run file, nor any SQLite file"):
        RunFile.open(text)
    assert text.read_text().startswith("these")
    other = tmp_path / "other.sqlite"
    connection = sqlite3.connect(other)
    connection.execute("CREATE TABLE mine (x)")
    connection.close()
    with pytest.raises(sy.SymbolscopeError, match="SQLite file of another program"):
        RunFile.open(other)


@pytest.mark.parametrize("given", [True, None, 5, b"run.sqlite", 1.5])
def test_what_is_no_path_is_refused(given):
    with pytest.raises(sy.SymbolscopeError, match=r"a run file is given by its path, such as 'run.sqlite'; got"):
        RunFile.open(given)


def test_a_null_character_and_store_true_are_refused():
    with pytest.raises(sy.SymbolscopeError, match="holds a null character"):
        RunFile.open("run\0.sqlite")
    with pytest.raises(sy.SymbolscopeError, match=r"given by its path, .*got True"):
        sy.evaluate(sy.Game.from_function(np.ravel, 1, key="first"), sy.all_masks(1), store=True)


def test_a_folder_that_may_not_be_written_is_refused():
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o555)
        is_root = os.geteuid() == 0
        try:
            if is_root:
                os.seteuid(65534)
            with pytest.raises(
                sy.SymbolscopeError, match=r"cannot be opened for writing: .*a folder that you may write"
            ):
                RunFile.open(folder / "run.sqlite")
        finally:
            if is_root:
                os.seteuid(0)
            folder.chmod(stat.S_IRWXU)


def test_a_file_that_may_not_be_written_is_refused():
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "run.sqlite"
        RunFile.open(path).close()
        path.chmod(0o444)
        path.parent.chmod(0o777)
        is_root = os.geteuid() == 0
        try:
            if is_root:
                os.seteuid(65534)
            with pytest.raises(sy.SymbolscopeError, match=r"cannot be written .*give a path that you may write"):
                RunFile.open(path)
        finally:
            if is_root:
                os.seteuid(0)


def test_a_newer_format_is_refused(path):
    RunFile.open(path).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 2")
    connection.close()
    with pytest.raises(
        sy.SymbolscopeError, match=r"has format 2 and this symbolscope reads format 1; upgrade symbolscope"
    ):
        RunFile.open(path)


def test_changes_without_their_file_are_not_given_to_another(path):
    RunFile.open(path).close()
    path.with_name("run.sqlite-wal").write_bytes(b"frames")
    path.unlink()
    with pytest.raises(sy.SymbolscopeError, match=r"does not exist but run.sqlite-wal does"):
        RunFile.open(path)


def test_truncation_anywhere_is_refused(filled):
    whole = read_all(filled)
    content = filled.read_bytes()
    pages = len(content) // 4096
    assert pages > 50
    for size in [0, 1, 60, 4000, *(4096 * k for k in range(1, pages)), len(content) - 1]:
        filled.write_bytes(content[:size])
        with pytest.raises(sy.SymbolscopeError, match=r"run.sqlite is (truncated|empty).*delete it to start over"):
            RunFile.open(filled)
    filled.write_bytes(content)
    assert read_all(filled) == whole


def test_no_flipped_byte_gives_a_wrong_value_or_drops_one_silently(filled):
    """Whatever byte changes, either everything is read as it was, or an error says what is wrong."""
    content = filled.read_bytes()
    whole = read_all(filled)
    rng = np.random.default_rng(1)
    refused = 0
    for at in [*range(0, 100, 7), *rng.integers(100, len(content), 120).tolist()]:
        flipped = bytearray(content)
        flipped[at] ^= 1 << int(rng.integers(8))
        filled.write_bytes(flipped)
        try:
            assert read_all(filled) == whole, at
        except sy.SymbolscopeError as error:
            assert "run.sqlite" in str(error)  # noqa: PT017
            refused += 1
    assert refused > 60


def damage(path, statement):
    connection = sqlite3.connect(path)
    with connection:
        connection.execute(statement)
    connection.close()


def test_a_damaged_chunk_is_named_and_given_up_only_on_request(filled):
    damage(filled, "UPDATE chunks SET body = zeroblob(length(body)) WHERE id & 0xffffffff = 2 AND id >> 32 = 1")
    with RunFile.open(filled) as run_file:
        with pytest.raises(
            sy.SymbolscopeError, match=r"chunk 2 of the game aaaaaaaaaaaa \(\d+ masks\) does not match its"
        ):
            run_file.values("a" * 64, 12, about="")
        assert len(run_file.values("b" * 64, 300, about="")) == 2000
        assert run_file.discard_damaged() == ["chunk 2 of the game aaaaaaaaaaaa"]
        assert run_file.discard_damaged() == []
        stored = run_file.values("a" * 64, 12, about="")
        assert 1000 < len(stored) < 1583
        masks = sy.all_masks(12)
        stored.add(masks, values_of(masks))
    assert read_all(filled) == (4096, 2000, 20)


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        (
            "DELETE FROM chunks WHERE id & 0xffffffff = 1 AND id >> 32 = 1",
            "chunk 1 of the game aaaaaaaaaaaa is missing",
        ),
        ("UPDATE chunks SET masks = masks - 1 WHERE id >> 32 = 1", "chunk 0 .* does not match"),
        ("UPDATE chunks SET body = 'text' WHERE id >> 32 = 1", "chunk 0 .* does not match"),
        ("UPDATE chunks SET checksum = checksum + 1 WHERE id >> 32 = 1", "chunk 0 .* does not match"),
        ("UPDATE games SET n_players = 13 WHERE id = 1", "row of game 1 .* does not match"),
        ("UPDATE games SET about = 'other' WHERE id = 1", "row of game 1 .* does not match"),
        ("UPDATE runs SET checksum = 1 WHERE id = 1", "row of run 1 .* does not match"),
        (
            "UPDATE results SET failed = 1 WHERE id & 0xffffffff = 7",
            "record of sample 7 of the run 'run 1' does not match",
        ),
        ("UPDATE results SET body = x'00' WHERE id & 0xffffffff = 7", "record of sample 7 of the run 'run 1' does not"),
    ],
)
def test_a_changed_row_is_named(filled, statement, message):
    damage(filled, statement)
    with pytest.raises(sy.SymbolscopeError, match=message):
        read_all(filled)


def test_damaged_and_missing_chunks_are_given_up_wherever_they_are(filled):
    damage(filled, "UPDATE chunks SET id = id + 1000000000 WHERE id & 0xffffffff = 3 AND id >> 32 = 1")
    damage(filled, "DELETE FROM chunks WHERE id & 0xffffffff = 0 AND id >> 32 = 1")
    with RunFile.open(filled) as run_file:
        with pytest.raises(sy.SymbolscopeError, match="chunk 0 of the game aaaaaaaaaaaa is missing"):
            run_file.values("a" * 64, 12, about="")
        assert run_file.discard_damaged() == [f"chunk {i} of the game aaaaaaaaaaaa" for i in (0, 1000000003)]
        stored = run_file.values("a" * 64, 12, about="")
        stored.add(sy.all_masks(12), values_of(sy.all_masks(12)))
    assert read_all(filled) == (4096, 2000, 20)


def test_damaged_names_and_records_are_given_up_by_row(filled):
    damage(filled, "UPDATE results SET body = x'00' WHERE id & 0xffffffff IN (3, 7)")
    with RunFile.open(filled) as run_file:
        assert run_file.discard_damaged() == [f"the record of sample {i} of the run 'run 1'" for i in (3, 7)]
        assert run_file.results("run 1").done() == set(range(20)) - {3, 7}
    damage(filled, "UPDATE games SET about = 'other' WHERE id = 1")
    with pytest.raises(sy.SymbolscopeError, match=r"row of game 1 .*restore a copy"):
        RunFile.open(filled)  # a damaged name is seen before anything is looked up by it
    damage(filled, "UPDATE runs SET run_key = 'other' WHERE id = 1")
    damage(filled, "UPDATE games SET about = '12 players' WHERE id = 1")
    with pytest.raises(sy.SymbolscopeError, match=r"row of run 1 \('other'\)"):
        RunFile.open(filled)


def test_another_program_that_holds_the_file_is_told_of(path, monkeypatch):
    monkeypatch.setattr("symbolscope.games.store.sqlite_file.WAITING_SECONDS", 0.05)
    RunFile.open(path).close()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        with pytest.raises(sy.SymbolscopeError, match="locked by another program"):
            RunFile.open(path)
    finally:
        other.close()
    with RunFile.open(path):
        pass


def test_a_full_disk_is_told_and_what_was_stored_stays(path):
    with RunFile.open(path) as run_file:
        stored = run_file.values("f", 20, about="")
        masks = sy.all_masks(12)
        masks = np.concatenate([masks, np.zeros((len(masks), 8), dtype=bool)], axis=1)
        stored.add(masks[:64], values_of(masks[:64]))
        with run_file.transaction() as connection:
            (pages,) = connection.execute("PRAGMA page_count").fetchone()
            connection.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(sy.SymbolscopeError, match=r"no room left .*what was stored before is safe"):
            stored.add(masks, values_of(masks))
        assert len(stored) == 64
        with run_file.transaction() as connection:
            connection.execute("PRAGMA max_page_count = 1000000")
        stored.add(masks, values_of(masks))
        assert stored.known(masks)[1].all()


def test_what_a_crash_left_in_the_log_is_there_even_while_someone_reads(path, tmp_path, monkeypatch):
    monkeypatch.setattr("symbolscope.games.store.sqlite_file.WAITING_SECONDS", 0.05)
    masks = sy.all_masks(12)
    crashed = tmp_path / "crashed.sqlite"
    with RunFile.open(path) as run_file:
        run_file.values("f", 12, about="").add(masks, values_of(masks))
        for end in ("", "-wal"):  # as a process that is killed now leaves them
            shutil.copy(f"{path}{end}", f"{crashed}{end}")
    assert crashed.stat().st_size < 8 * len(masks)
    reader = sqlite3.connect(crashed, isolation_level=None)
    reader.execute("BEGIN")
    assert reader.execute("SELECT count(*) FROM chunks").fetchone() == (1,)
    try:
        with RunFile.open(crashed) as run_file:
            assert len(run_file.values("f", 12, about="")) == 4096
    finally:
        reader.close()
    with RunFile.open(crashed) as run_file:
        assert run_file.values("f", 12, about="").known(masks)[0].tobytes() == values_of(masks).tobytes()


def test_a_log_that_is_damaged_gives_no_wrong_value(path, tmp_path):
    masks = sy.all_masks(10)
    with RunFile.open(path) as run_file:
        stored = run_file.values("f", 10, about="")
        for start in range(0, 1024, 128):
            stored.add(masks[start : start + 128], values_of(masks[start : start + 128]))
        content, log = path.read_bytes(), path.with_name("run.sqlite-wal").read_bytes()
    rng = np.random.default_rng(0)
    crashed = tmp_path / "crashed.sqlite"
    for at in rng.integers(0, len(log), 25):
        flipped = bytearray(log)
        flipped[at] ^= 4
        crashed.write_bytes(content)
        crashed.with_name("crashed.sqlite-wal").write_bytes(flipped)
        with RunFile.open(crashed) as run_file:
            found, is_known = run_file.values("f", 10, about="").known(masks)
        assert is_known.tolist() == sorted(is_known.tolist(), reverse=True)  # the last additions are gone, no others
        np.testing.assert_array_equal(found[is_known], values_of(masks)[is_known])
