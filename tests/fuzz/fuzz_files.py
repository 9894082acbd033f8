"""Fuzz the files that are read: changed ones end in SymbolscopeError or load, in ten seconds and two gibibytes.

python tests/fuzz/fuzz_files.py --files 100000 --seed 0          # prints counts by kind, exits 1 if anything else happened
python tests/fuzz/fuzz_files.py --files 2000 --only image
python tests/fuzz/fuzz_files.py --replay alignment:1234 --seed 0  # one file again, with its traceback

Half of the files are damaged as by a disk; the other half of those with a checksum have odd contents and a checksum that fits. A
model that was damaged must be refused or be the one that was saved.
"""

import argparse
import gc
import logging
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parent))

from good_files import GoodFile, good_files
from mutations import damaged

import symbolscope as sy

SECONDS = 10
MEMORY = 2 << 30  # beyond what the process holds once everything is imported


class TooLong(BaseException):
    """A file took longer than it may; no handler of the library stops it."""


@dataclass
class Outcomes:
    """What became of the files."""

    counts: Counter = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    slowest: float = 0.0


def fuzz(files: int, *, seed: int, only: str = "", progress: bool = False) -> Outcomes:
    """Read so many changed files; each is repeatable by its kind and number."""
    outcomes = Outcomes()
    with tempfile.TemporaryDirectory() as made, tempfile.TemporaryDirectory() as folder:
        good = [one for one in good_files(Path(made)) if only in one.kind]
        shares = np.array([one.share for one in good])
        choices = np.random.default_rng(seed).choice(len(good), size=files, p=shares / shares.sum())
        for number, choice in enumerate(choices):
            _one(good[choice], number, seed, Path(folder), outcomes)
            if progress and number % 5000 == 4999:
                print(f"{number + 1:,} files, {len(outcomes.faults)} faults", flush=True)  # noqa: T201
                gc.collect()
    return outcomes


def _one(good: GoodFile, number: int, seed: int, folder: Path, outcomes: Outcomes) -> None:
    generator = np.random.default_rng((seed, number))
    hostile = good.hostile is not None and generator.random() < 0.5
    content = good.hostile(good.content, generator) if hostile else damaged(good.content, generator)
    shutil.rmtree(folder)
    folder.mkdir()
    path = folder / good.name
    path.write_bytes(content)
    begun = time.perf_counter()
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = good.read(path)
        said = "read"
        if good.same and not hostile and found != good.content:
            outcomes.faults.append(f"{good.kind}:{number} a damaged file was read as another one")
    except sy.SymbolscopeError:
        said = "refused"
    except BaseException as error:  # all that is no SymbolscopeError is a fault
        if isinstance(error, KeyboardInterrupt):
            raise
        said = "raw"
        last = traceback.extract_tb(error.__traceback__)[-1]
        outcomes.faults.append(
            f"{good.kind}:{number} {type(error).__name__}: {str(error)[:100]} at {last.filename}:{last.lineno}"
        )
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    outcomes.slowest = max(outcomes.slowest, time.perf_counter() - begun)
    outcomes.counts[f"{good.kind} {'hostile' if hostile else 'damaged'}: {said}"] += 1


def replay(kind: str, number: int, *, files: int, seed: int, only: str) -> None:
    """Read one file again, outside of all handlers."""
    with tempfile.TemporaryDirectory() as made:
        good = [one for one in good_files(Path(made)) if only in one.kind]
        shares = np.array([one.share for one in good])
        chosen = good[np.random.default_rng(seed).choice(len(good), size=files, p=shares / shares.sum())[number]]
        assert chosen.kind == kind
        generator = np.random.default_rng((seed, number))
        hostile = chosen.hostile is not None and generator.random() < 0.5
        path = Path(made) / "again" / chosen.name
        path.parent.mkdir()
        path.write_bytes(chosen.hostile(chosen.content, generator) if hostile else damaged(chosen.content, generator))
        chosen.read(path)


def limit_process() -> None:
    """Bounds for this process: memory beyond what it holds now, and a signal when a file takes too long."""

    def late(*_):
        raise TooLong(f"more than {SECONDS} s")

    signal.signal(signal.SIGALRM, late)
    held = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (held + MEMORY, held + MEMORY))


def main() -> int:
    """Fuzz, and print what happened."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--only", default="", help="one kind: model, alignment, training, checkpoint, table, image, store, program"
    )
    parser.add_argument("--replay", default="", metavar="KIND:NUMBER")
    given = parser.parse_args()
    torch.set_num_threads(1)
    logging.disable(logging.WARNING)
    if given.replay:
        kind, _, number = given.replay.partition(":")
        replay(kind, int(number), files=given.files, seed=given.seed, only=given.only)
        return 0
    fuzz(30, seed=1)  # everything is imported
    limit_process()
    begun = time.perf_counter()
    outcomes = fuzz(given.files, seed=given.seed, only=given.only, progress=True)
    for name, count in sorted(outcomes.counts.items()):
        print(f"{count:8,} {name}")  # noqa: T201
    for fault in outcomes.faults[:50]:
        print("FAULT", fault)  # noqa: T201
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20)
    print(  # noqa: T201
        f"{sum(outcomes.counts.values()):,} files, {len(outcomes.faults)} faults, slowest {outcomes.slowest:.2f} s, "
        f"peak {peak:.2f} GiB, {time.perf_counter() - begun:.0f} s"
    )
    return 1 if outcomes.faults else 0


if __name__ == "__main__":
    sys.exit(main())
