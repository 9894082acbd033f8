"""What the commands say of a tolerance."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from symbolscope.interactions.model import InteractionModel


def tolerance_sentence(model: "InteractionModel") -> str:
    """Say what the tolerance allows, in units of the score.

    Examples
    --------
    >>> import symbolscope as sy
    >>> tolerance_sentence(sy.decompose([0.0, 1.0, 1.0, 4.0]))
    'Tolerance 0: together they give every one of the 4 outputs exactly.'
    >>> tolerance_sentence(sy.decompose([0.0, 1.0, 1.0, 4.0], tolerance="4%"))
    'Tolerance 4%: together they give every one of the 4 outputs to within 0.16, which is 4% of the difference between
    all players shown and all hidden.'
    """
    if model.sampled is not None:
        return f"{model.sampled.calls:,} of the 2^{model.n_players} masks were evaluated; --max-calls changes that."
    given = str(model.settings.get("tolerance", "")).strip()
    from symbolscope.games.masks import mask_count

    outputs = f"{mask_count(model.n_players)} outputs"
    if model.tolerance == 0:
        return f"Tolerance 0: together they give every one of the {outputs} exactly."
    if given == "auto":
        meaning = ", the noise read off the outputs"
    elif given.endswith("%"):
        meaning = f", which is {given} of the difference between all players shown and all hidden"
    else:
        meaning = ""
    return f"Tolerance {given}: together they give every one of the {outputs} to within {model.tolerance:.4g}{meaning}."


def check_tolerance(text: str) -> str:
    """Refuse a tolerance that cannot be read, before any work.

    Examples
    --------
    >>> check_tolerance("4%")
    '4%'
    >>> check_tolerance("much")
    Traceback (most recent call last):
    symbolscope.errors.SymbolscopeError: tolerance must be a number >= 0, ... got 'much'
    """
    import numpy as np

    from symbolscope.interactions.tolerance import absolute_tolerance

    absolute_tolerance(text, np.zeros(2))
    return text
