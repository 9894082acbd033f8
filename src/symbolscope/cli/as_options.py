"""Advice in the words of Python, said in those of the command line."""

import re

_ARGUMENT = re.compile(r"\b(outputs|score)='([\w-]+)'")


def as_options(message: str) -> str:
    """Write arguments such as outputs='value' as options, unless the advice is a whole call.

    Examples
    --------
    >>> as_options("what does it mean? Give outputs='value' or score='output'")
    'what does it mean? Give --outputs value or --score output'
    """
    return message if "sy.Game(" in message else _ARGUMENT.sub(r"--\1 \2", message)
