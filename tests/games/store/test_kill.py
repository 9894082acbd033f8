"""A writer killed in the middle of its writes, again and again: what it acknowledged is there, whole, when it comes back.

The same test of a writer that rewrites one file in place shows that the kills can lose data at all.
"""

import os
import signal
import subprocess
import sys
import time
import zipfile
from contextlib import suppress

import numpy as np
import pytest

from symbolscope.games.store import RunFile

KILLS = 25
N_PLAYERS = 24

# Forks a writer for every line on its input, so that Python is started and numpy imported once.
WRITERS = """
import os, sys
import numpy as np
from symbolscope.games.store.run_file import RunFile

MASKS = ((np.arange(14000)[:, None] >> np.arange(24)) & 1).astype(bool)


def chunk(number):
    "Masks and values of one chunk, of 1 KB to 160 KB: the number stands in the upper players."
    rng = np.random.default_rng(number)
    size = int(rng.choice([64, 1000, 14000]))
    masks = MASKS[:size].copy()
    masks[:, 14:] = (number >> np.arange(10)) & 1
    return masks, rng.normal(size=size)


def tell(kind, number):
    os.write(1, f"{kind} {number}\\n".encode())


def in_a_store(path):
    with RunFile.open(path) as run_file:
        values = run_file.values("f" * 64, 24, about="killed")
        number = 0
        while values.known(chunk(number)[0])[1].all():
            number += 1
        while number < 1000:
            masks, numbers = chunk(number)
            tell("begin", number)
            values.add(masks, numbers)
            tell("done", number)
            number += 1


def in_place(path):
    kept = dict(np.load(path)) if os.path.exists(path) else {}
    number = len(kept)
    while number < 1000:
        kept[str(number)] = np.concatenate([chunk(number)[1]] * 10)
        tell("begin", number)
        with open(path, "wb") as file:
            np.savez(file, **kept)
        tell("done", number)
        number += 1


if __name__ == "__main__":
    for line in sys.stdin:
        writer = os.fork()
        if writer == 0:
            try:
                globals()[sys.argv[1]](sys.argv[2])
            except BaseException as error:
                tell("error", f"{type(error).__name__}: {error}".replace("\\n", " "))
            os._exit(0)
        tell("writer", writer)
        os.waitpid(writer, 0)
        tell("ended", writer)
"""


def kill(process):
    with suppress(ProcessLookupError):  # it may have met an error and ended by itself
        os.kill(process, signal.SIGKILL)


@pytest.fixture
def kill_again_and_again(tmp_path):
    """Run a writer, killed in its writes: (numbers acknowledged, kills inside a write, the error that ended it)."""
    started = []

    def run(kind, path):
        script = tmp_path / "writers.py"
        script.write_text(WRITERS)
        forking = subprocess.Popen(
            [sys.executable, script, kind, path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
            env=os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        )
        started.append(forking)
        rng = np.random.default_rng(0)
        acknowledged, inside = [], 0
        seconds = 2e-3  # of a write, as they are seen
        for _ in range(KILLS):
            forking.stdin.write("\n")
            writer, last, left = 0, "", int(rng.integers(1, 5))
            while True:
                line = forking.stdout.readline()
                word, _, rest = line.strip().partition(" ")
                if word == "writer":
                    writer = int(rest)
                    if rng.random() < 0.2:  # while it opens the file and puts right what the last one left
                        time.sleep(0.02 * float(rng.random()))
                        kill(writer)
                        left = -1
                elif word == "ended":
                    break
                elif word == "error":
                    return acknowledged, inside, rest
                elif word == "begin":
                    last, begun = word, time.perf_counter()
                    if left == 0:
                        # Anywhere in the write that has just begun, or in those after it.
                        time.sleep(float(rng.random() ** 2) * 1.5 * seconds)
                        kill(writer)
                    left -= 1
                elif word == "done":
                    acknowledged.append(int(rest))
                    seconds = 0.5 * seconds + 0.5 * (time.perf_counter() - begun)
                    last = word
            inside += last == "begin"
        return acknowledged, inside, None

    yield run
    for forking in started:
        forking.stdin.close()
        forking.wait(timeout=20)
        forking.stdout.close()


def test_killed_writers_lose_nothing_they_acknowledged(tmp_path, kill_again_and_again):
    path = tmp_path / "run.sqlite"
    acknowledged, inside, error = kill_again_and_again("in_a_store", path)
    assert error is None
    assert inside >= 5, "the kills fell between the writes, which shows nothing"
    assert sorted(set(acknowledged)) == acknowledged
    definitions = {"__name__": "writers"}
    exec(WRITERS, definitions)
    with RunFile.open(path) as run_file:
        stored = run_file.values("f" * 64, N_PLAYERS, about="")
        for number in acknowledged:
            masks, values = definitions["chunk"](number)
            found, is_known = stored.known(masks)
            assert is_known.all(), number
            assert found.tobytes() == values.tobytes(), number
        # A chunk that was written but not acknowledged is there whole or not at all.
        masks, values = definitions["chunk"](acknowledged[-1] + 1)
        found, is_known = stored.known(masks)
        assert is_known.all() == is_known.any()
        assert run_file.discard_damaged() == []


def test_the_same_kills_do_lose_what_is_rewritten_in_place(tmp_path, kill_again_and_again):
    acknowledged, inside, error = kill_again_and_again("in_place", tmp_path / "run.npz")
    assert inside > 0
    assert error is not None
    assert acknowledged
    with pytest.raises((EOFError, OSError, ValueError, zipfile.BadZipFile)):
        dict(np.load(tmp_path / "run.npz"))
