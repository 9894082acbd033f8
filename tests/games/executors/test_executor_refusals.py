"""What is refused before anything is started."""

import sys
import threading

import numpy as np
import pytest
from tests.games.executors.instances import function_game

from symbolscope import SymbolscopeError
from symbolscope.games.executors import Local, Processes, Ray, chosen_executor


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Processes(workers=0), "workers must be a whole number of at least 1; got 0"),
        (lambda: Processes(workers=True), "workers must be a whole number of at least 1; got True"),
        (lambda: Processes(retries=-1), "retries must be a whole number of at least 0; got -1"),
        (lambda: Processes(timeout=0), "timeout must be a number of seconds above 0; got 0"),
        (lambda: Processes(timeout=float("inf")), "timeout must be a number of seconds above 0; got inf"),
        (lambda: Ray(gpus_per_task=-1.0), "gpus_per_task must be a number that is not negative; got -1.0"),
        (lambda: Ray(store_bytes=1000), "store_bytes must be a whole number of at least 83886080; got 1000"),
        (lambda: Ray(address="auto"), r"needs workers: .* Ray\(address='auto', workers=16\)"),
        (lambda: Processes(workers="2"), "workers must be a whole number of at least 1; got '2'"),
        (lambda: Ray(workers=2.0), r"workers must be a whole number of at least 1; got 2\.0"),
        (lambda: Local(threads=0), "threads must be a whole number of at least 1; got 0"),
        (lambda: chosen_executor("dask"), "executor must be one of 'local', 'processes', 'ray' or .*; got 'dask'"),
        (lambda: chosen_executor(3), "executor must be one of .*; got 3"),
        (lambda: chosen_executor(Processes), r"not its class: type Processes\(\)"),
    ],
)
def test_configurations(make, message):
    with pytest.raises(SymbolscopeError, match=message):
        make()


def test_counts_of_numpy():
    assert Processes(workers=np.int64(2), retries=np.uint8(1)) == Processes(workers=2, retries=1)
    assert Ray(workers=np.int32(2)).workers == Local(threads=np.int64(2)).threads == 2


def test_names_and_instances_are_chosen():
    assert chosen_executor("local") == Local()
    assert chosen_executor("processes") == Processes()
    assert chosen_executor("ray") == Ray()
    mine = Processes(workers=3, retries=1, timeout=5)
    assert chosen_executor(mine) is mine


@pytest.mark.parametrize("executor", [Local(), Processes(), Ray()], ids=["local", "processes", "ray"])
def test_batch_sizes(executor):
    with (
        pytest.raises(SymbolscopeError, match="batch_size must be a whole number of at least 1; got 0"),
        executor.running(function_game().source, batch_size=0),
    ):
        pytest.fail("it ran")


@pytest.mark.parametrize("name", ["Processes", "Ray"])
def test_a_game_that_cannot_be_sent(name, monkeypatch):
    monkeypatch.setattr("subprocess.Popen", None)  # nothing may be started
    lock = threading.Lock()
    executor = {"Processes": Processes, "Ray": Ray}[name]()
    message = f"executors.{name} cannot send this game .* cannot pickle '_thread.lock' object.* give executor='local'"
    source = function_game(lambda masks: lock and masks.sum(axis=1)).source
    with pytest.raises(SymbolscopeError, match=message), executor.running(source, batch_size=1):
        pytest.fail("it ran")


def test_ray_is_not_installed(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with (
        pytest.raises(SymbolscopeError, match=r"pip install 'symbolscope\[dist\]'"),
        Ray().running(function_game().source, batch_size=1),
    ):
        pytest.fail("it ran")


def test_a_ray_without_authentication(monkeypatch):
    ray = pytest.importorskip("ray")
    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.delattr("ray._raylet.AuthenticationTokenLoader")
    with (
        pytest.raises(SymbolscopeError, match=r"no token authentication: pip install -U 'ray>=2.52'"),
        Ray().running(function_game().source, batch_size=1),
    ):
        pytest.fail("it ran")


def test_a_token_file_that_is_not_there(tmp_path):
    executor = Ray(address="auto", workers=1, token_path=str(tmp_path / "token"))
    with (
        pytest.raises(SymbolscopeError, match=r"token_path .*token' is no file"),
        executor.running(function_game().source, batch_size=1),
    ):
        pytest.fail("it ran")
