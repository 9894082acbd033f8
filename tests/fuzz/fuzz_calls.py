"""Fuzz the public calls: odd arguments end in SymbolscopeError or work, and leave the process as it was.

python tests/fuzz/fuzz_calls.py --calls 100000 --seed 0            # prints counts per function, exits 1 if anything else happened
python tests/fuzz/fuzz_calls.py --calls 5000 --only explain --show 3
python tests/fuzz/fuzz_calls.py --calls 0 --replay explain:81234   # one call again, with its traceback
"""

import argparse
import inspect
import os
import random
import resource
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter, defaultdict
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parent))

from good_calls import GoodCall, Material, good_calls
from odd_values import odd_value

import symbolscope as sy

SECONDS = 10
# Those that take more than a few milliseconds are called less often.
SLOW = {
    "align",
    "align_many",
    "align_models",
    "assess",
    "decompose",
    "study_counting",
    "train",
    "write_report",
    "Alignment.refit",
}
MEMORY = 2 << 30  # beyond what the process holds once everything is imported and compiled


class TooLong(BaseException):
    """A call took longer than it may; no handler of the library stops it."""


@dataclass
class Outcomes:
    """What became of the calls of one function."""

    refused: int = 0
    worked: int = 0
    python: int = 0  # a TypeError of Python itself for names that the function does not have
    raw: list[str] = field(default_factory=list)


def fuzz(calls: int, *, seed: int, only: str = "", progress: bool = False) -> dict[str, Outcomes]:
    """So many calls with one or two odd arguments each; the same seed makes the same calls."""
    material = Material()
    good = [call for call in good_calls(material) if only in call.name]
    for call in good:
        check_good(call)
    weights = np.array([0.1 if call.name in SLOW else 1.0 for call in good])
    choices = np.random.default_rng(seed).choice(len(good), size=calls, p=weights / weights.sum())
    outcomes: dict[str, Outcomes] = defaultdict(Outcomes)
    started = time.perf_counter()
    for number, choice in enumerate([*range(len(good)), *choices][:calls]):
        call = good[choice]
        note_outcome(call, np.random.default_rng([seed, number]), outcomes[call.name], f"{call.name} #{number}")
        if progress and number % 1000 == 999:
            raw = sum(len(one.raw) for one in outcomes.values())
            say(
                f"{number + 1:,} calls, {time.perf_counter() - started:.0f} s, {raw} other outcomes",
            )
    return outcomes


def note_outcome(call: GoodCall, generator: np.random.Generator, outcome: Outcomes, label: str) -> None:
    """Make one call with odd arguments, and note what became of it."""
    keywords, positional, described = odd_arguments(call, generator)
    setting = generator.choice(["plain", "plain", "plain", "plain", "no_grad", "inference", "float64"])
    before = _state_of_the_process()
    shown = f"{label} {described} [{setting}]"
    try:
        with _quietly(), _within_time(), _under(setting):
            call.function(*positional, **keywords)
        outcome.worked += 1
    except sy.SymbolscopeError as error:
        outcome.refused += 1
        if not str(error).strip():
            outcome.raw.append(f"{shown}: an empty message")
    except (Exception, TooLong) as error:
        if isinstance(error, TypeError) and _is_pythons_own(error):
            outcome.python += 1
        else:
            outcome.raw.append(f"{shown}: {type(error).__name__}: {str(error)[:160]} @ {_where(error)}")
    after = _state_of_the_process()
    if after != before:
        changed = [name for name in before if before[name] != after[name]]
        outcome.raw.append(f"{shown}: changed {', '.join(changed)}")


def odd_arguments(call: GoodCall, generator: np.random.Generator) -> tuple[dict[str, Any], tuple[Any, ...], str]:
    """The good arguments with one or two replaced; also keywords that the good call leaves at their defaults."""
    keywords, positional = dict(call.keywords), list(call.positional)
    known = [*keywords, *_other_keywords(call)]
    described = []
    for _ in range(1 if generator.random() < 0.7 else 2):
        place = int(generator.integers(len(known) + len(positional)))
        if place < len(known):
            keywords[known[place]] = value = odd_value(call.keywords.get(known[place]), generator)
        else:
            positional[place - len(known)] = value = odd_value(call.positional[place - len(known)], generator)
        described.append(f"{known[place] if place < len(known) else '*'}={_shown(value)}")
    return keywords, tuple(positional), ", ".join(described)


# Where computing is asked for, not described: "processes" and clusters have tests of their own.
NOT_TRIED = {"executor", "store", "device", "address", "token_path", "self", "checkpoint"}


def _other_keywords(call: GoodCall) -> list[str]:
    try:
        parameters = inspect.signature(call.function).parameters
    except (TypeError, ValueError):
        return []
    plain = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return [
        name
        for name, one in parameters.items()
        if one.kind in plain and name not in NOT_TRIED and name not in call.keywords
    ]


def _shown(value: Any) -> str:
    try:
        text = repr(value)
    except Exception:
        text = "?"
    return f"{type(value).__name__} {text[:60]!s}".replace("\n", " ")


def _is_pythons_own(error: TypeError) -> bool:
    """Whether Python itself refused the names or the number of the arguments, in the call that the fuzzer made."""
    frames = traceback.extract_tb(error.__traceback__)
    inside = [
        frame for frame in frames if "symbolscope/" in frame.filename and not frame.filename.endswith("checked_call.py")
    ]
    return not inside and "argument" in str(error)


def _where(error: BaseException) -> str:
    frames = [
        frame for frame in traceback.extract_tb(error.__traceback__) if f"{os.sep}symbolscope{os.sep}" in frame.filename
    ]
    places = [
        f"{Path(frame.filename).name}:{frame.lineno}"
        for frame in frames
        if not frame.filename.endswith("checked_call.py")
    ]
    return " < ".join(reversed(places[-4:]))


def check_good(call: GoodCall) -> None:
    """The good call has to work; afterwards all it needs is imported and compiled."""
    with _quietly():
        call.function(*call.positional, **call.keywords)


def _state_of_the_process() -> dict[str, Any]:
    numpy_state = np.random.get_state()  # noqa: NPY002
    return {
        "default dtype": torch.get_default_dtype(),
        "gradient mode": torch.is_grad_enabled(),
        "inference mode": torch.is_inference_mode_enabled(),
        "threads": torch.get_num_threads(),
        "torch's random state": torch.get_rng_state().numpy().tobytes(),
        "NumPy's random state": (numpy_state[0], numpy_state[1].tobytes(), *numpy_state[2:]),
        "Python's random state": random.getstate(),
        "folder": os.getcwd(),
        "NumPy's handling of errors": tuple(np.geterr().items()),
    }


@contextmanager
def _quietly():
    with ExitStack() as stack:
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        stack.enter_context(redirect_stdout(StringIO()))
        stack.enter_context(redirect_stderr(StringIO()))
        yield


@contextmanager
def _within_time():
    def too_long(*_):
        raise TooLong(f"more than {SECONDS} s")

    known = signal.signal(signal.SIGALRM, too_long)
    signal.alarm(SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, known)


@contextmanager
def _under(setting: str):
    default = torch.get_default_dtype()
    with ExitStack() as stack:
        if setting == "no_grad":
            stack.enter_context(torch.no_grad())
        if setting == "inference":
            stack.enter_context(torch.inference_mode())
        if setting == "float64":
            torch.set_default_dtype(torch.float64)
            stack.callback(torch.set_default_dtype, default)
        yield


def say(text: str) -> None:
    """One line of what the long run prints."""
    sys.__stdout__.write(text + "\n")
    sys.__stdout__.flush()


def limit_memory() -> None:
    """Let the process have 2 GiB more than it has: a call that asks for more fails with MemoryError, and is counted as raw."""
    with open("/proc/self/statm", encoding="ascii") as file:
        held = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (held + MEMORY, resource.RLIM_INFINITY))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", help="functions whose name contains this")
    parser.add_argument("--show", type=int, default=2, help="other outcomes to print per place where they arise")
    parser.add_argument("--counts", action="store_true", help="print the counts of every function")
    given = parser.parse_args()
    torch.set_num_threads(1)
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        check_good(GoodCall("decompose", sy.decompose, {"values": [0.0, 1.0]}))
        limit_memory()
        outcomes = fuzz(given.calls, seed=given.seed, only=given.only, progress=True)
        os.chdir("/")
    print_outcomes(outcomes, show=given.show, counts=given.counts)
    total = Counter[str]()
    for one in outcomes.values():
        total.update(refused=one.refused, worked=one.worked, python=one.python, raw=len(one.raw))
    say(
        f"{sum(total.values()):,} calls of {len(outcomes)} functions in {time.perf_counter() - started:.0f} s: "
        f"{total['refused']:,} refused, "
        f"{total['worked']:,} worked, {total['python']:,} refused by Python, {total['raw']:,} other"
    )
    return 1 if total["raw"] else 0


def print_outcomes(outcomes: dict[str, Outcomes], *, show: int, counts: bool) -> None:
    """Counts per function, and the other outcomes by the place where they arise."""
    places: dict[str, list[str]] = defaultdict(list)
    for name, one in sorted(outcomes.items()):
        if counts or one.raw:
            say(
                f"{name:45} {one.refused:7,} refused {one.worked:7,} worked {one.python:6,} by Python {len(one.raw):6,} other"
            )
        for text in one.raw:
            places[text.rsplit(" @ ", 1)[-1].split(" < ")[0] if " @ " in text else text.rsplit(": ", 1)[-1]].append(
                text
            )
    for place, texts in sorted(places.items(), key=lambda item: -len(item[1])):
        say(f"\n{len(texts):5} at {place}")
        for text in texts[:show]:
            say(f"      {text}".encode("utf-8", "backslashreplace").decode())


if __name__ == "__main__":
    sys.exit(main())
