"""The one error type that symbolscope raises for bad input."""

from symbolscope.core.printable_text import printable


class SymbolscopeError(ValueError):
    """Something the caller gave cannot be used; the message says what, what was expected, and what to type next.

    Every public function raises this one type for bad input (it is a ``ValueError``), before any costly work.

    Examples
    --------
    >>> import symbolscope as sy
    >>> try:
    ...     sy.mobius([1.0, 2.0, 3.0])
    ... except sy.SymbolscopeError as error:
    ...     print(error)
    values must have 2^n entries along the last axis (one per mask, in the order of sy.all_masks(n)); got 3
    """

    def __str__(self) -> str:
        """The message; control characters of names that it quotes appear as their numbers, for it is shown on terminals."""
        return printable(super().__str__(), keep="\n\t")
