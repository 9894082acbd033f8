"""Public calls with odd arguments end in SymbolscopeError or work, every public name is called, and the fuzzer finds what is wrong.

Without the tests' checks of annotations, as in a user's own process; ``pytest tests/fuzz --fuzz 20000`` makes so many calls, and
``python tests/fuzz/fuzz_calls.py --calls 100000`` prints counts.
"""

import ast
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import symbolscope as sy

HERE = Path(__file__).parent
FEW = 400

# Public names that are no calls of a user: bases to extend, results that the library makes, modules, and what opens a cluster.
NOT_CALLED = {
    "tasks": {"Classification", "Examples", "NumberTask", "Task", "Trials", "TwoConjunctions"},
    "programs": {"AndOrAnd", "BothEqualities", "NumberProgram", "OrAndOr", "Program"},
    "networks": {"Attention", "Check", "History", "RecurrentNetwork", "SequenceNetwork", "Snapshot", "train"},
    "sites": {"Continuation", "HookedSite", "NetworkState", "Site"},
    "featurizers": {"Featurizer", "Beyond", "registry"},
    "": {
        "Alignment",
        "AndOrGraph",
        "Explanations",
        "Faithfulness",
        "Hierarchy",
        "InteractionModel",
        "RunFile",
        "SymbolscopeError",
    },
}


def called() -> set[str]:
    """The names of the good calls, read from their source, so that nothing is built for it."""
    tree = ast.parse((HERE / "good_calls.py").read_text())
    calls = [
        node for node in ast.walk(tree) if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "GoodCall"
    ]
    constant = {call.args[0].value for call in calls if isinstance(call.args[0], ast.Constant)}
    loops = {
        one.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Tuple)
        for one in node.elts
        if isinstance(one, ast.Constant)
    }
    of_loops = {f"{folder}.{one}" for folder in ("tasks", "programs") for one in loops} | {
        one for one in loops if isinstance(one, str)
    }
    return constant | of_loops | {f"featurizers.{name}" for name in sy.featurizers.registry}


@pytest.mark.parametrize("folder", ["", "tasks", "programs", "networks", "sites", "featurizers"])
def test_every_public_name_is_called(folder):
    module = getattr(sy, folder) if folder else sy
    names = {
        name
        for name in dir(module)
        if not name.startswith("_")
        and (inspect.isclass(getattr(module, name)) or inspect.isfunction(getattr(module, name)))
        and getattr(module, name).__module__.startswith("symbolscope.")
    }
    wanted = {f"{folder}.{name}" if folder else name for name in names - NOT_CALLED[folder]}
    assert wanted - called() == set(), "a public call without a line in tests/fuzz/good_calls.py"


def test_odd_arguments_end_in_a_refusal_or_work(pytestconfig):
    calls = pytestconfig.getoption("--fuzz") or FEW
    run = subprocess.run(
        [sys.executable, str(HERE / "fuzz_calls.py"), "--calls", str(calls), "--seed", "0", "--show", "5"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, f"{run.stdout}\n{run.stderr}"
    assert f"{calls:,} calls" in run.stdout


def test_the_fuzzer_finds_what_is_wrong():
    """On a function of its own that fails, hangs never, and changes the folder, it notes each of them."""
    code = """
import os, sys
sys.path.insert(0, sys.argv[1])
import numpy as np
from fuzz_calls import GoodCall, Outcomes, note_outcome
def wrong(number):
    if number != 1:
        os.chdir("/tmp")
        raise KeyError(number)
outcome = Outcomes()
for seed in range(20):
    os.chdir("/")
    note_outcome(GoodCall("wrong", wrong, {"number": 1}), np.random.default_rng(seed), outcome, "wrong")
assert any("KeyError" in text for text in outcome.raw) and any("changed folder" in text for text in outcome.raw), outcome.raw
"""
    run = subprocess.run([sys.executable, "-c", code, str(HERE)], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
