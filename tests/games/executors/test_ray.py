"""Ray tasks that are lost, crash or hang, who may connect, and what is left behind."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from tests.games.executors.instances import BATCH, MASKS, chunks, function_game, whole
from tests.games.executors.test_processes import alive, soon

from symbolscope import SymbolscopeError
from symbolscope.games.executors import Ray, ray_tasks


def run(function, *, executor):
    with executor.running(function_game(function).source, batch_size=BATCH) as score:
        return whole(score(chunks()))


@pytest.mark.usefixtures("cluster")
def test_tasks_whose_process_is_killed_lose_nothing(tmp_path):
    def mortal(masks):
        marker = tmp_path / str(int(masks[0, 5]))
        if masks[0, 6] and not masks[0, 7] and not marker.exists():  # chunks 2 and 3, each once
            marker.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return masks.sum(axis=1)

    values = run(mortal, executor=Ray(workers=2, retries=2))
    assert len(list(tmp_path.iterdir())) == 2
    assert np.array_equal(values, MASKS.sum(axis=1))


@pytest.mark.usefixtures("cluster")
def test_a_mask_that_always_ends_its_process(tmp_path):
    def crashing(masks):
        if (masks @ (1 << np.arange(masks.shape[1])) == 70).any():
            with (tmp_path / "log").open("a") as log:
                log.write("x")
            os._exit(3)
        return masks.sum(axis=1)

    message = r"chunk 2 \(masks 64..95, first 00000010\) lost its Ray task \(WorkerCrashedError\), tried 2 times"
    with pytest.raises(SymbolscopeError, match=message):
        run(crashing, executor=Ray(workers=2, retries=1))
    assert (tmp_path / "log").read_text() == "xx"


@pytest.mark.usefixtures("cluster")
def test_a_chunk_that_takes_too_long():
    def slow(masks):
        if masks[0, 5]:
            time.sleep(1000)
        return masks.sum(axis=1)

    message = r"chunk \d \(masks .*\) lost its Ray task \(WorkerCrashedError\), tried once"
    with pytest.raises(SymbolscopeError, match=message):
        run(slow, executor=Ray(workers=2, retries=0, timeout=3.0))


@pytest.mark.usefixtures("cluster")
def test_a_cluster_that_answers_nothing(monkeypatch):
    monkeypatch.setattr(ray_tasks, "_GRACE_SECONDS", 0.5)
    message = r"no chunk came back from Ray for 1 s, with 2 submitted, the oldest chunk 0 .* and 1 of a GPU, for a task"
    with pytest.raises(SymbolscopeError, match=message):
        run(None, executor=Ray(workers=1, timeout=0.5, gpus_per_task=1))


@pytest.mark.usefixtures("cluster")
def test_code_that_the_cluster_cannot_import(monkeypatch):
    module = type(sys)("only_in_the_driver")
    exec("def double(masks):\n    return 2 * masks.sum(axis=1)", module.__dict__)
    monkeypatch.setitem(sys.modules, "only_in_the_driver", module)
    with pytest.raises(SymbolscopeError, match=r"a worker cannot rebuild this game: ModuleNotFoundError"):
        run(module.double, executor=Ray(workers=1))


CLIENT = """
import sys
import symbolscope as sy
from symbolscope.games.executors import Ray
game = sy.Game.from_function(lambda masks: masks.sum(axis=1), 2)
try:
    with Ray(address=sys.argv[1], workers=1, token_path=sys.argv[2] or None).running(game.source, batch_size=4) as score:
        print(*[values.tolist() for number, values in score([(0, sy.all_masks(2))])])
except sy.SymbolscopeError as error:
    print(error)
"""


def test_only_who_has_the_token_may_connect(cluster, tmp_path):
    address = cluster.get_runtime_context().gcs_address
    (tmp_path / "wrong").write_text("0" * 64)
    right_token = os.environ["RAY_AUTH_TOKEN_PATH"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
    environment["HOME"] = str(tmp_path)

    def client(code, *words, **settings):
        command = [sys.executable, "-c", code, address, *words]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, env=environment | settings, stdout=pipe, stderr=pipe, text=True)

    bare = "import ray, sys; ray.init(sys.argv[1], logging_level='ERROR'); print('connected')"
    with (
        client(CLIENT, "") as without,
        client(CLIENT, str(tmp_path / "wrong")) as wrong,
        client(bare, RAY_AUTH_MODE="disabled") as anonymous,  # whom only the cluster can refuse
        client(CLIENT, right_token) as right,
    ):
        assert right.communicate()[0] == "[0.0, 1.0, 1.0, 2.0]\n"
        refused = f"Ray cannot connect to '{address}': "
        assert without.communicate()[0].startswith(refused + "AuthenticationError: ")
        assert wrong.communicate()[0].startswith(refused)
        answer, complaint = anonymous.communicate()
        assert answer == ""
        assert "InvalidAuthToken" in complaint
    assert cluster.get(cluster.put(5)) == 5  # it is left running


# The driver starts a cluster of its own.
SCRIPT = """
import json, os, signal, sys, time
from pathlib import Path
import symbolscope as sy
from symbolscope.games.executors import Ray
folder = Path(sys.argv[1])
def slow(masks):
    if masks[:, 1].any():
        (folder / "began").touch()
        time.sleep(1000)
    return masks.sum(axis=1)
game = sy.Game.from_function(slow, 2)
def state():
    return [str(signal.getsignal(signal.SIGTERM)), {k: v for k, v in os.environ.items() if k.startswith("RAY_")}]
before = state()
try:
    with Ray(workers=1).running(game.source, batch_size=2) as score:
        token = Path(os.environ["RAY_AUTH_TOKEN_PATH"])
        mode = oct(token.stat().st_mode & 0o777)
        for number, values in score((k, sy.all_masks(2)[2 * k : 2 * k + 2]) for k in range(2)):
            print(json.dumps(values.tolist()), flush=True)
except KeyboardInterrupt:
    print(json.dumps([mode, token.exists(), state() == before]), flush=True)
"""


def descendants(pid):
    found = []
    for child in Path(f"/proc/{pid}/task").glob("*/children"):
        for number in map(int, child.read_text().split()):
            found += [number, *descendants(number)]
    return found


def test_an_interrupted_run_leaves_nothing_behind(tmp_path):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
    command = [sys.executable, "-c", SCRIPT, tmp_path]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as driver:
        pids = []
        try:
            assert json.loads(driver.stdout.readline()) == [0.0, 1.0]
            assert soon((tmp_path / "began").exists)
            pids = descendants(driver.pid)
            assert len(pids) >= 3  # control store, node manager, worker
        finally:
            driver.send_signal(signal.SIGINT)
        assert json.loads(driver.stdout.read()) == ["0o600", False, True]
        assert driver.wait(60) == 0
        assert driver.stderr.read() == ""
    assert soon(lambda: not any(alive(pid) for pid in pids))
