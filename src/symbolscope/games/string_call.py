"""A function of lists of strings, called on masks of a text."""

from collections.abc import Callable
from contextlib import suppress

import numpy as np
import torch

from symbolscope.errors import SymbolscopeError
from symbolscope.games.remaining_text import RemainingText


class StringCall:
    """A function of a list of strings, called on a batch that says which pieces of a text are present.

    Parameters
    ----------
    function
        list of m strings -> array, tensor or list of numbers [m] or [m, C].
    text
        The text that is explained.

    Examples
    --------
    >>> from symbolscope.games.words import split_words
    >>> text = RemainingText("not bad", tuple(split_words("not bad")))
    >>> call = StringCall(lambda texts: [len(text) for text in texts], text)
    >>> call(torch.tensor([[True, True], [False, True]]))
    tensor([7., 3.], dtype=torch.float64)
    """

    def __init__(self, function: Callable[..., object], text: RemainingText) -> None:
        self.function = function
        self.text = text

    def __call__(self, batch: torch.Tensor) -> torch.Tensor:
        """Return the answers [m, ...] for bool [m, pieces]."""
        answer = self.function(self.text.rows(np.asarray(batch, dtype=np.bool_)))
        if isinstance(answer, torch.Tensor):
            return answer.detach()
        if answer is not None:
            with suppress(TypeError, ValueError):
                return torch.from_numpy(np.array(answer, dtype=np.float64))
        raise SymbolscopeError(
            "the function must return numbers for a list of m texts, [m] or [m, classes]; got "
            f"{type(answer).__name__}. Wrap it: lambda texts: [your_number(answer) for answer in model(texts)]"
        )
