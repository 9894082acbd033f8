"""What an exception says, in one line, where it is noted instead of raised."""

from symbolscope.errors import SymbolscopeError

_LONGEST = 500


def error_text(error: BaseException) -> str:
    r"""The message of an error of ours; of any other exception its type too, for a reader to tell a fault from a refusal.

    Examples
    --------
    >>> error_text(SymbolscopeError("the network has no parameters")), error_text(MemoryError())
    ('the network has no parameters', 'MemoryError')
    >>> error_text(RuntimeError("CUDA out of memory.\n  Tried to allocate 2 GiB"))
    'RuntimeError: CUDA out of memory. Tried to allocate 2 GiB'
    """
    try:
        said = " ".join(str(error).split())
    except Exception:  # an exception class of the user's may fail to print itself
        said = ""
    said = said if len(said) <= _LONGEST else said[: _LONGEST - 3] + "..."
    if isinstance(error, SymbolscopeError) and said:
        return said
    return f"{type(error).__name__}: {said}" if said else type(error).__name__
