"""Refuse what is of another type than a function takes."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, TypeAlias

from symbolscope.core.argument_checks import described
from symbolscope.errors import SymbolscopeError

if TYPE_CHECKING:
    from symbolscope.interactions.model import InteractionModel

    GivenModel: TypeAlias = InteractionModel
    GivenModels: TypeAlias = Iterable[InteractionModel]
else:
    GivenModel = GivenModels = object  # refused below, with a message of its own


def check_type(name: str, given: object, expected: type, *, what: str, instead: str) -> None:
    """Refuse ``given`` unless it is one of ``expected``; the message says what was given and what to type instead.

    Examples
    --------
    >>> check_type("model", None, str, what="an InteractionModel", instead="sy.explain(game)")
    Traceback (most recent call last):
    symbolscope.errors.SymbolscopeError: model must be an InteractionModel; got None. Type sy.explain(game)
    """
    if not isinstance(given, expected):
        shown = (
            described(given) if given is None or isinstance(given, bool | int | float) else f"a {type(given).__name__}"
        )
        raise SymbolscopeError(f"{name} must be {what}; got {shown}. Type {instead}")


def check_model(name: str, given: object) -> None:
    """Refuse what is no InteractionModel."""
    from symbolscope.interactions.model import InteractionModel

    check_type(name, given, InteractionModel, what="an InteractionModel", instead="sy.explain(game)")
