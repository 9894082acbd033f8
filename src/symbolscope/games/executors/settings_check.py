"""Configurations of executors, checked when they are built."""

import operator
import os
import sys
from contextlib import suppress
from typing import SupportsIndex

import numpy as np

from symbolscope.errors import SymbolscopeError


def check_count(name: str, given: object, *, least: int) -> int:
    """Read a whole number: python's or numpy's, or a tensor of one.

    Examples
    --------
    >>> check_count("workers", 2, least=1), check_count("workers", np.int64(3), least=1)
    (2, 3)
    """
    found: int | None = None
    if isinstance(given, SupportsIndex) and not isinstance(given, (bool, np.bool_)):
        with suppress(TypeError):  # arrays and tensors have the method, also those that hold no whole number
            found = operator.index(given)
    if found is None or found < least:
        raise SymbolscopeError(f"{name} must be a whole number of at least {least}; got {given!r}")
    return found


def check_seconds(name: str, given: object) -> float:
    """Read a number of seconds above zero.

    Examples
    --------
    >>> check_seconds("timeout", 600)
    600.0
    """
    if isinstance(given, bool) or not isinstance(given, (int, float)) or not 0 < given <= sys.float_info.max:
        raise SymbolscopeError(f"{name} must be a number of seconds above 0; got {given!r}")
    return float(given)


def available_cores() -> int:
    """Cores this process may run on.

    Examples
    --------
    >>> available_cores() >= 1
    True
    """
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def check_amount(name: str, given: object) -> float:
    """Read a number that is not negative.

    Examples
    --------
    >>> check_amount("gpus_per_task", 0.5)
    0.5
    """
    if isinstance(given, bool) or not isinstance(given, (int, float)) or not 0 <= given <= sys.float_info.max:
        raise SymbolscopeError(f"{name} must be a number that is not negative; got {given!r}")
    return float(given)
