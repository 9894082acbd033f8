"""A driver that is killed leaves nothing behind on its user's terminal: its workers end without a word."""

import os
import signal
import subprocess
import sys
import time

import pytest

DRIVER = """
import os, sys, time
import torch, symbolscope as sy

class Slow(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(12, 2)

    def forward(self, rows):
        open(os.path.join(FOLDER, str(os.getpid())), "w").close()
        time.sleep(0.002 * len(rows))
        return self.linear(rows)

FOLDER = sys.argv[1]
game = sy.Game(Slow().eval(), torch.ones(12))
for file in os.listdir(FOLDER):
    os.remove(os.path.join(FOLDER, file))
sy.explain(game, executor=sy.executors.Processes(workers=2), progress=False)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGHUP], ids=lambda one: one.name)
def test_workers_of_a_killed_driver_print_nothing(tmp_path, number):
    driver = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", DRIVER, str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    limit = time.monotonic() + 120
    while len(os.listdir(tmp_path)) < 1 and driver.poll() is None and time.monotonic() < limit:
        time.sleep(0.02)
    assert os.listdir(tmp_path), driver.communicate()
    driver.send_signal(number)
    said, complained = driver.communicate(timeout=120)  # ends when the last worker has closed the terminal's end
    assert (said, complained) == ("", "")
