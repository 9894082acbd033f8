import numpy as np
import pytest

import symbolscope as sy
from symbolscope.games.store import RunFile


def test_results_and_failures_come_back(tmp_path):
    path = tmp_path / "run.sqlite"
    rng = np.random.default_rng(0)
    payloads = {i: rng.bytes(int(rng.integers(0, 9000))) for i in (0, 5, 7, 2**32 - 1)}
    with RunFile.open(path) as run_file:
        results = run_file.results("a run")
        results.put_many(payloads)
        results.put(9, b"")
        results.fail(3, "the sample holds nan – \udce9")
        run_file.results("another run").put(3, b"other")
    with RunFile.open(path) as run_file:
        results = run_file.results("a run")
        assert {i: results.get(i) for i in results.done()} == payloads | {9: b""}
        assert results.failures() == {3: "the sample holds nan – \udce9"}
        assert results.get(3) is None
        assert results.get(4) is None
        assert len(results) == 6
        assert run_file.results("another run").done() == {3}
        assert run_file.results("a run") is results


def test_the_last_record_of_a_sample_stays(tmp_path):
    path = tmp_path / "run.sqlite"
    with RunFile.open(path) as run_file:
        results = run_file.results("a run")
        results.fail(1, "first")
        results.put(1, b"now it works")
        results.put(2, b"once")
        results.put(2, b"twice")
        results.put(3, b"well")
        results.fail(3, "worse")
    with RunFile.open(path) as run_file:
        results = run_file.results("a run")
        assert (results.get(1), results.get(2), results.get(3)) == (b"now it works", b"twice", None)
        assert results.failures() == {3: "worse"}


def test_many_are_all_or_none(tmp_path):
    with RunFile.open(tmp_path / "run.sqlite") as run_file:
        results = run_file.results("a run")
        for index in (-1, 2**32):
            with pytest.raises(sy.SymbolscopeError, match=rf"index must lie in 0 .. 2\^32 - 1; got {index}"):
                results.put_many({0: b"fine", index: b"not"})
        assert results.done() == set()
        with run_file.transaction() as connection:
            connection.execute(
                "CREATE TRIGGER refuse BEFORE INSERT ON results WHEN NEW.id & 0xffffffff = 5 BEGIN SELECT RAISE(FAIL, 'no'); END"
            )
        with pytest.raises(sy.SymbolscopeError, match=r"cannot be used: no; what was stored before is safe"):
            results.put_many(dict.fromkeys(range(9), b"x"))
        assert results.done() == set()
        with run_file.transaction() as connection:
            assert connection.execute("SELECT count(*) FROM results").fetchone() == (0,)


def test_a_record_damaged_while_the_file_is_open_is_not_given_out(tmp_path):
    with RunFile.open(tmp_path / "run.sqlite") as run_file:
        results = run_file.results("a run")
        results.put(4, b"payload")
        results.put(6, b"payload")
        with run_file.transaction() as connection:
            connection.execute("UPDATE results SET body = x'01' WHERE id & 0xffffffff = 4")
            connection.execute("DELETE FROM results WHERE id & 0xffffffff = 6")
        for index in (4, 6):
            with pytest.raises(
                sy.SymbolscopeError, match=f"record of sample {index} of the run 'a run' does not match"
            ):
                results.get(index)


def test_indices_of_numpy_are_numbers(tmp_path):
    path = tmp_path / "run.sqlite"
    with RunFile.open(path) as run_file:
        results = run_file.results("a run")
        results.put(np.int64(4), b"four")
        results.put_many({np.uint8(5): b"five"})
        results.fail(np.int32(6), "six")
        assert (results.get(np.int64(4)), results.get(5), results.get(np.uint16(6))) == (b"four", b"five", None)
    with RunFile.open(path) as run_file:
        results = run_file.results("a run")
        assert (results.get(4), results.done(), results.failures()) == (b"four", {4, 5}, {6: "six"})


@pytest.mark.parametrize("index", ["1", 1.0, None, True, np.array([1, 2])])
def test_what_is_no_index_is_refused(tmp_path, index):
    with RunFile.open(tmp_path / "run.sqlite") as run_file:
        results = run_file.results("a run")
        for ask in (lambda: results.get(index), lambda: results.put(index, b""), lambda: results.fail(index, "no")):
            with pytest.raises(sy.SymbolscopeError, match="a sample's index must be a whole number; got"):
                ask()
        assert len(results) == 0


def test_what_is_no_bytes_is_refused(tmp_path):
    with RunFile.open(tmp_path / "run.sqlite") as run_file:
        results = run_file.results("a run")
        with pytest.raises(sy.SymbolscopeError, match="the result of sample 3 must be bytes; got str"):
            results.put_many({2: b"", 3: "text"})
        assert len(results) == 0
