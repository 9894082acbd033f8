"""A model that a caller gives: exact for type checkers, open at run time, where it is checked with a message of its own."""

from typing import TYPE_CHECKING, TypeAlias

from symbolscope.errors import SymbolscopeError
from symbolscope.interactions.model import InteractionModel

if TYPE_CHECKING:
    GivenModel: TypeAlias = InteractionModel
else:
    GivenModel = object


def checked_model(given: object, what: str) -> InteractionModel:
    """The model, if it is one; ``what`` is made of it, for the message."""
    if isinstance(given, InteractionModel):
        return given
    inside = isinstance(getattr(given, "interactions", None), InteractionModel)
    hint = "give its .interactions" if inside else "pass what sy.explain(game) or sy.decompose(values) returned"
    raise SymbolscopeError(f"{what} is made of an InteractionModel; got a {type(given).__name__}: {hint}")
