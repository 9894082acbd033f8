"""What goes wrong in the user's own file: one line with the exception and where it was raised."""

import traceback
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from symbolscope.errors import SymbolscopeError


@contextmanager
def user_code(file: Path | None) -> Generator[None, None, None]:
    """Turn exceptions raised in the user's code into a :class:`SymbolscopeError` that names the line.

    An exception is the user's if its traceback passes through ``file`` or a file beside it; every other exception
    passes unchanged.

    Parameters
    ----------
    file
        The user's Python file; None if there is none.

    Examples
    --------
    >>> with user_code(Path(__file__)):
    ...     raise SymbolscopeError("a message of ours stays as it is")
    Traceback (most recent call last):
    symbolscope.errors.SymbolscopeError: a message of ours stays as it is
    """
    try:
        yield
    except SymbolscopeError as error:
        place = _place(error.__cause__, file)
        if place is None:
            raise
        raise SymbolscopeError(f"{error} ({place})") from error.__cause__
    except Exception as error:
        place = _place(error, file)
        if place is None:
            raise
        raise SymbolscopeError(f"{place} raised {describe(error)}") from error


def describe(error: BaseException) -> str:
    r"""Type and message of an exception, in one line that is not too long.

    Examples
    --------
    >>> describe(ValueError("no\n such thing")), describe(KeyError())
    ('ValueError: no such thing', 'KeyError')
    """
    text = " ".join(str(error).split())
    text = text if len(text) <= 300 else text[:297] + "..."
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _place(error: BaseException | None, file: Path | None) -> str | None:
    """Last line of the user's code that an exception passed through."""
    if error is None or file is None:
        return None
    if isinstance(error, SyntaxError) and error.filename is not None and _is_beside(Path(error.filename), file):
        return f"{Path(error.filename).name}, line {error.lineno}"
    places = [
        f"{Path(frame.filename).name}, line {frame.lineno}"
        for frame in traceback.extract_tb(error.__traceback__)
        if _is_beside(Path(frame.filename), file)
    ]
    return places[-1] if places else None


def _is_beside(source: Path, file: Path) -> bool:
    if source.name.startswith("<"):
        return False  # generated code, which has no file
    own = Path(__file__).resolve().parents[1]
    resolved = source.resolve()
    return (
        resolved.is_relative_to(file.resolve().parent)
        and not resolved.is_relative_to(own)
        and not {"site-packages", "dist-packages"}.intersection(resolved.parts)
    )
