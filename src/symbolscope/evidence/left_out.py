"""Controls that cannot be run: each is left out with its reason, so that what was found already is never lost."""

import logging
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from symbolscope.core.error_text import error_text
from symbolscope.errors import SymbolscopeError

_log = logging.getLogger("symbolscope")

Result = TypeVar("Result")


class Controls:
    """Runs controls one after another; one that raises is left out, and why is kept under its name.

    A fault of ours is left out like a refusal, since it must not cost the reading either; the reason then holds the exception's
    type and text, and the logger "symbolscope" is told the traceback (level INFO). Interruptions pass.

    Parameters
    ----------
    left_out
        What is known beforehand not to be run: control -> reason.

    Examples
    --------
    >>> controls = Controls({})
    >>> controls.run("first", lambda: 3), controls.run("second", lambda: 1 // 0)
    (3, None)
    >>> controls.left_out
    {'second': 'ZeroDivisionError: integer division or modulo by zero'}
    """

    def __init__(self, left_out: Mapping[str, str]) -> None:
        self.left_out = dict(left_out)

    def run(self, name: str, control: Callable[[], Result]) -> Result | None:
        """The control's result, or None if it raised."""
        try:
            return control()
        except Exception as error:
            self.left_out[name] = error_text(error)
            _log.info("the control %r was left out", name, exc_info=error)
            return None

    def leave_out(self, names: Sequence[str], why: str) -> None:
        """Leave controls out for a reason that is known."""
        self.left_out |= dict.fromkeys(names, why)


@dataclass(frozen=True)
class NotAssessed:
    """Stands where a report would, when the controls as a whole could not be run.

    Attributes
    ----------
    why
        The reason, for a reader.
    """

    why: str

    @property
    def sentence(self) -> str:
        """What can be said without any control."""
        return f"Nothing was controlled: {self.why.rstrip('.')}. Any table of outputs is reproduced by enough interactions."


def assessed(assess: Callable[[], Result]) -> Result | NotAssessed:
    """What ``assess`` returns, or why it could not, for callers that hold a reading which must not be lost.

    Examples
    --------
    >>> assessed(lambda: [].pop()).sentence
    'Nothing was controlled: IndexError: pop from empty list. Any table of outputs is reproduced by enough interactions.'
    """
    controls = Controls({})
    found = controls.run("all", assess)
    return NotAssessed(controls.left_out["all"]) if found is None or controls.left_out else found


def finite_score(score: float) -> float:
    """A score of a control; one that is not a number would make every comparison with it wrong.

    Raises
    ------
    SymbolscopeError
        If it is NaN or infinite.
    """
    if not math.isfinite(score):
        raise SymbolscopeError(f"its score is {score}, so there is nothing to compare with")
    return float(score)


def left_out_text(left_out: Mapping[str, str]) -> str:
    """A sentence with every control that was not run and why; nothing if all were.

    Examples
    --------
    >>> left_out_text({"random-init": "the network has no parameters"})
    'Left out: random-init (the network has no parameters).'
    """
    if not left_out:
        return ""
    return f"Left out: {'; '.join(f'{name} ({why})' for name, why in left_out.items())}."
