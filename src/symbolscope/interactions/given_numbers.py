"""Types of the numbers callers give: exact for type checkers, open at run time, where a message of their own awaits them."""

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    GivenInteger: TypeAlias = int
    GivenCalls: TypeAlias = int | None
else:
    GivenInteger = GivenCalls = object
