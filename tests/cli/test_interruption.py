"""An interruption is deferred while code is compiled, and not lost."""

import signal
import subprocess
import sys
import time
import types

import pytest

from symbolscope.cli.interruption import deferred_where_unsafe


def within(module_name, function, *, imported=False):
    """Call ``function`` from a frame of a module of that name, or from the body of the module."""
    module = types.ModuleType(module_name)
    module.function = function
    exec("result = function()" if imported else "def call():\n    return function()\nresult = call()", module.__dict__)
    return module.result


def interrupted():
    signal.raise_signal(signal.SIGINT)
    return "went on"


@pytest.mark.parametrize(("name", "imported"), [("somewhere.numba", False), ("mine", True), ("mine.torch", True)])
def test_an_interruption_is_raised_at_once(name, imported):
    with pytest.raises(KeyboardInterrupt), deferred_where_unsafe():
        within(name, interrupted, imported=imported)


@pytest.mark.parametrize(
    ("name", "imported"),
    [("numba.core.dispatcher", False), ("llvmlite.binding.executionengine", False), ("torch.autograd", True)],
)
def test_within_the_compiler_or_an_import_it_waits_for_the_end(name, imported):
    seen = []

    def goes_on():
        seen.append(within(name, interrupted, imported=imported))
        time.sleep(30)
        seen.append("was not interrupted")

    with pytest.raises(KeyboardInterrupt), deferred_where_unsafe():
        goes_on()
    assert seen == ["went on"]


def test_the_handler_is_put_back_and_one_of_the_users_is_left_alone():
    with deferred_where_unsafe():
        assert signal.getsignal(signal.SIGINT) is not signal.default_int_handler
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with deferred_where_unsafe():
            assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def test_an_interruption_of_a_real_compilation_is_not_lost():
    script = """
import os, signal, sys, threading, time
from symbolscope.cli.interruption import deferred_where_unsafe
import numba
@numba.njit
def loop(x):
    total = 0.0
    for i in range(len(x)):
        total += x[i] ** 2 if x[i] > total else -x[i]
    return total
import numpy
try:
    with deferred_where_unsafe():
        threading.Timer(float(sys.argv[1]), os.kill, (os.getpid(), signal.SIGINT)).start()
        loop(numpy.ones(3))
        loop(numpy.ones((3, 3))[0:1, 0])
        time.sleep(30)
        print("not interrupted")
except KeyboardInterrupt:
    print("interrupted")
"""
    for seconds in ("0.01", "0.2", "0.5"):
        run = subprocess.run([sys.executable, "-c", script, seconds], capture_output=True, text=True, check=False)
        assert (run.returncode, run.stdout, run.stderr) == (0, "interrupted\n", "")
