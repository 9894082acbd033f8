"""A machine of a Ray cluster that is lost in the middle of a run.

Two machines are two network namespaces of this one, joined by a virtual cable: one process space, so that the test can kill
everything that runs on the second machine, but two Ray nodes that know each other by network only. That needs root and the
command ``ip``; run it with

    sudo .venv/bin/python -m pytest -n 0 -m cluster tests/games/executors/test_lost_machine.py
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import ExitStack, suppress
from pathlib import Path

import numpy as np
import pytest

import symbolscope as sy

ADDRESSES = ("10.213.7.1", "10.213.7.2")
PORT = 6391
CHUNKS = 32

DRIVER = """
import json, os, sys, time
import numpy as np, torch
import symbolscope as sy
from symbolscope.games.executors import Local, Ray
torch.manual_seed(0)
logs = sys.argv[3]
network = torch.nn.Sequential(torch.nn.Linear(10, 64), torch.nn.ReLU(), torch.nn.Linear(64, 3))
class Slowly(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.network = network
        self.register_buffer("large", torch.zeros(1 << 18))  # too large to travel with a task
    def forward(self, inputs):
        time.sleep(0.2)
        with open(f"{logs}/{os.stat('/proc/self/ns/net').st_ino}", "a") as log:
            log.write("x")
        return self.network(inputs)
game = sy.Game(Slowly(), torch.arange(1.0, 11.0), target=1)
masks = sy.all_masks(10)
chunks = [(k, masks[32 * k : 32 * k + 32]) for k in range(32)]
if sys.argv[1] == "local":
    executor = Local()
else:
    executor = Ray(address=sys.argv[1], workers=2, token_path=sys.argv[2], timeout=60)
with executor.running(game.source, batch_size=32) as score:
    if sys.argv[1] != "local":
        import ray
        while ray.cluster_resources().get("CPU", 0) < 2:
            time.sleep(0.2)
    for number, values in score(chunks):
        print(json.dumps([number, values.tobytes().hex()]), flush=True)
"""


def ip(*words):
    return subprocess.run(["ip", *words], check=True, capture_output=True, text=True).stdout


def kill_all(namespace):
    """End every process of a namespace, also those that start meanwhile."""
    with suppress(subprocess.CalledProcessError):
        while pids := ip("netns", "pids", namespace).split():
            for pid in pids:
                with suppress(ProcessLookupError):
                    os.kill(int(pid), signal.SIGKILL)


@pytest.fixture
def machines():
    """Names of two network namespaces that reach each other and nothing else."""
    names = (f"sy{os.getpid()}a", f"sy{os.getpid()}b")
    with ExitStack() as undo:
        try:
            for name in names:
                ip("netns", "add", name)
                undo.callback(ip, "netns", "delete", name)
                undo.callback(kill_all, name)
            ip("link", "add", names[0], "netns", names[0], "type", "veth", "peer", "name", names[1], "netns", names[1])
            for name, address in zip(names, ADDRESSES, strict=True):
                ip("-n", name, "address", "add", f"{address}/24", "dev", name)
                ip("-n", name, "link", "set", name, "up")
                ip("-n", name, "link", "set", "lo", "up")
        except (OSError, subprocess.CalledProcessError) as error:
            why = f"no network namespaces here (they need root and `ip`): {getattr(error, 'stderr', None) or error}"
            if os.environ.get("SYMBOLSCOPE_NO_SKIPS"):
                pytest.fail(why)
            pytest.skip(why)
        yield names


@pytest.mark.cluster
def test_a_lost_machine_costs_no_value(machines, tmp_path):
    with ExitStack() as undo:
        folder = tempfile.mkdtemp(prefix="sy", dir="/tmp")  # short: Ray's sockets lie below it
        undo.callback(shutil.rmtree, folder, ignore_errors=True)
        undo.callback(lambda: [kill_all(name) for name in machines])
        token, logs = tmp_path / "token", tmp_path / "logs"
        token.write_text("5" * 64)
        logs.mkdir()
        environment = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
        for_nodes = environment | {
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN_PATH": str(token),
            "RAY_USAGE_STATS_ENABLED": "0",
        }

        def start(machine, *words):
            ray = Path(sys.executable).with_name("ray")
            command = [ray, "start", "--num-cpus=1", "--object-store-memory=100000000", "--disable-usage-stats", *words]
            subprocess.run(
                ["ip", "netns", "exec", machine, *command],
                env=for_nodes,
                check=True,
                timeout=120,
                stdout=subprocess.DEVNULL,
            )

        head = f"{ADDRESSES[0]}:{PORT}"
        start(
            machines[0],
            "--head",
            f"--node-ip-address={ADDRESSES[0]}",
            f"--port={PORT}",
            "--include-dashboard=false",
            f"--temp-dir={folder}",
        )
        start(machines[1], f"--address={head}", f"--node-ip-address={ADDRESSES[1]}")

        command = [sys.executable, "-c", DRIVER]
        far = ["ip", "netns", "exec", machines[0], *command, head, str(token), str(logs)]
        with subprocess.Popen(far, env=environment, stdout=subprocess.PIPE, text=True) as driver:
            undo.callback(driver.kill)
            lines = [driver.stdout.readline() for _ in range(10)]
            while len(list(logs.iterdir())) < 2 and len(lines) < CHUNKS - 8:  # a busy machine may take long to begin
                lines.append(driver.stdout.readline())
            assert len(list(logs.iterdir())) == 2  # both machines compute
            kill_all(machines[1])
            lines += driver.stdout.readlines()
            assert driver.wait(60) == 0
        answers = dict(map(json.loads, lines))
        assert len(lines) == len(answers) == CHUNKS

        here = subprocess.run([*command, "local", "", str(logs)], capture_output=True, text=True, check=True).stdout
        expected = dict(map(json.loads, here.splitlines()))
        assert answers == expected
        values = np.concatenate([np.frombuffer(bytes.fromhex(answers[k])) for k in range(CHUNKS)])
        assert len(values) == len(sy.all_masks(10))
        assert len(np.unique(values)) > 1000
