"""An interruption is deferred while code is compiled, and not lost."""

import signal
import subprocess
import sys
import time
import types

import pytest

from symbolscope.cli.interruption import deferred_while_compiling


def within(module_name, function):
    """Call ``function`` from a frame of a module of that name."""
    module = types.ModuleType(module_name)
    exec("def call(function):\n    return function()", module.__dict__)
    return module.__dict__["call"](function)


def interrupted():
    signal.raise_signal(signal.SIGINT)
    return "went on"


def test_an_interruption_is_raised_at_once():
    with pytest.raises(KeyboardInterrupt), deferred_while_compiling():
        within("somewhere.numba", interrupted)


@pytest.mark.parametrize("compiler", ["numba.core.dispatcher", "llvmlite.binding.executionengine"])
def test_within_the_compiler_it_waits_for_the_end(compiler):
    seen = []

    def goes_on():
        seen.append(within(compiler, interrupted))
        time.sleep(30)
        seen.append("was not interrupted")

    with pytest.raises(KeyboardInterrupt), deferred_while_compiling():
        goes_on()
    assert seen == ["went on"]


def test_the_handler_is_put_back_and_one_of_the_users_is_left_alone():
    with deferred_while_compiling():
        assert signal.getsignal(signal.SIGINT) is not signal.default_int_handler
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with deferred_while_compiling():
            assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def test_an_interruption_of_a_real_compilation_is_not_lost():
    script = """
import os, signal, sys, threading, time
from symbolscope.cli.interruption import deferred_while_compiling
import numba
@numba.njit
def loop(x):
    total = 0.0
    for i in range(len(x)):
        total += x[i] ** 2 if x[i] > total else -x[i]
    return total
import numpy
try:
    with deferred_while_compiling():
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
