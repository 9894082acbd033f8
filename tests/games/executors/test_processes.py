"""Worker processes that are killed, crash, hang or cannot start, and what is left of them."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from tests.games.executors.instances import BATCH, MASKS, chunks, function_game, whole

from symbolscope import SymbolscopeError
from symbolscope.games.executors import Processes


def run(function, *, executor, order=None):
    with executor.running(function_game(function).source, batch_size=BATCH) as score:
        return whole(score(chunks(order=order))) if order is None else dict(score(chunks(order=order)))


def alive(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"  # a zombie is whoever's who has not asked for it yet


def soon(condition):
    limit = time.monotonic() + 60
    while time.monotonic() < limit:
        if condition():
            return True
        time.sleep(0.05)
    return False


def test_workers_that_are_killed_lose_nothing(tmp_path):
    def mortal(masks):
        marker = tmp_path / str(int(masks[0, 5]))
        if masks[0, 6] and not masks[0, 7] and not marker.exists():  # chunks 2 and 3, each once
            marker.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return masks.sum(axis=1)

    values = run(mortal, executor=Processes(workers=2, retries=2))
    assert len(list(tmp_path.iterdir())) == 2
    assert np.array_equal(values, MASKS.sum(axis=1))


def test_a_mask_that_always_ends_its_worker(tmp_path):
    def crashing(masks):
        if (masks @ (1 << np.arange(masks.shape[1])) == 70).any():
            with (tmp_path / "log").open("a") as log:
                log.write("x")
            os._exit(3)
        return masks.sum(axis=1)

    message = (
        r"chunk 2 \(masks 64..95, first 00000010\) lost its worker \(exit code 3\), tried 2 times: .* executor='local'"
    )
    with pytest.raises(SymbolscopeError, match=message):
        run(crashing, executor=Processes(workers=1, retries=1))
    assert (tmp_path / "log").read_text() == "xx"


def test_a_chunk_that_takes_too_long():
    def slow(masks):
        if masks[0, 5]:
            time.sleep(1000)
        return masks.sum(axis=1)

    message = (
        r"chunk 1 \(masks 32..63, first 00000100\) lost its worker \(took more than the 3 s it may take\), tried once"
    )
    with pytest.raises(SymbolscopeError, match=message):
        run(slow, executor=Processes(workers=1, retries=0, timeout=3.0))


def test_time_in_the_queue_and_with_the_caller_is_not_counted():
    def steady(masks):
        time.sleep(0.4)
        return masks.sum(axis=1)

    with Processes(workers=1, retries=0, timeout=3.0).running(function_game(steady).source, batch_size=32) as score:
        answers = score(chunks(32))
        next(answers)
        time.sleep(3.5)
        assert len(list(answers)) == 7


def test_switches_of_torch_travel_with_the_game():
    def switches(masks):
        found = torch.get_default_dtype() == torch.float64, torch.are_deterministic_algorithms_enabled()
        found += (torch.get_num_threads() == 1, not torch._C._get_mkldnn_enabled())
        found += (float(torch.tensor(1e-40, dtype=torch.float32) * 0.5) == 0.0,)
        return np.full(len(masks), sum(found))

    try:
        torch.set_default_dtype(torch.float64)
        torch.use_deterministic_algorithms(True)
        torch.backends.mkldnn.enabled = False
        torch.set_flush_denormal(True)
        assert (run(switches, executor=Processes(workers=1)) == 5).all()
    finally:
        torch.set_default_dtype(torch.float32)
        torch.use_deterministic_algorithms(False)
        torch.backends.mkldnn.enabled = True
        torch.set_flush_denormal(False)


def test_code_that_workers_cannot_import(monkeypatch):
    module = ModuleType("only_in_the_driver")
    exec("def double(masks):\n    return 2 * masks.sum(axis=1)", module.__dict__)
    monkeypatch.setitem(sys.modules, "only_in_the_driver", module)
    with pytest.raises(
        SymbolscopeError, match=r"a worker cannot rebuild this game: ModuleNotFoundError: .*only_in_the_dr"
    ):
        run(module.double, executor=Processes(workers=1))


def test_workers_that_do_not_start(monkeypatch):
    monkeypatch.setattr(sys, "executable", "/bin/false")
    message = r"end before they are ready \(exit code 1\), tried 3 times: .*python -c \"import symbolscope\""
    with pytest.raises(SymbolscopeError, match=message):
        run(None, executor=Processes(workers=2, retries=2))
    monkeypatch.setattr(sys, "executable", None)
    with pytest.raises(SymbolscopeError, match=r"sys\.executable is empty"):
        run(None, executor=Processes(workers=2))


def test_one_iterator_at_a_time():
    with Processes(workers=1).running(function_game().source, batch_size=BATCH) as score:
        answers = score(chunks())
        next(answers)
        with pytest.raises(SymbolscopeError, match="still score other chunks"):
            next(score(chunks()))
        answers.close()


# No module, no `if __name__ == "__main__":`, a class of its own, and a network that has started a process.
SCRIPT = """
import os, subprocess, sys, time
from pathlib import Path
import symbolscope as sy
from symbolscope.games.executors import Processes
folder = Path(sys.argv[1])
class Counted:
    def __call__(self, masks):
        if masks[:, 3].any():
            child = subprocess.Popen(["sleep", "1000"])
            (folder / f"{os.getpid()}").touch()
            (folder / f"{child.pid}").touch()
            time.sleep(1000)
        return masks.sum(axis=1)
game = sy.Game.from_function(Counted(), 4)
try:
    with Processes(workers=2).running(game.source, batch_size=4) as score:
        for number, values in score((k, sy.all_masks(4)[4 * k : 4 * k + 4]) for k in range(4)):
            print(number, values.tolist(), flush=True)
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGKILL])
def test_nothing_is_left_running(ending, tmp_path):
    with subprocess.Popen([sys.executable, "-c", SCRIPT, tmp_path], stdout=subprocess.PIPE, text=True) as driver:
        try:
            answers = {driver.stdout.readline(), driver.stdout.readline()}
            assert answers == {"0 [0.0, 1.0, 1.0, 2.0]\n", "1 [1.0, 2.0, 2.0, 3.0]\n"}
            assert soon(lambda: len(list(tmp_path.iterdir())) == 4)
            pids = [int(path.name) for path in tmp_path.iterdir()]
            assert all(alive(pid) for pid in pids)
        finally:
            driver.send_signal(ending)
        assert driver.wait(60) == (0 if ending == signal.SIGINT else -signal.SIGKILL)
        assert driver.stdout.read() == ("interrupted\n" if ending == signal.SIGINT else "")
    assert soon(lambda: not any(alive(pid) for pid in pids))
