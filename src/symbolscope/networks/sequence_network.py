"""Networks that read tokens one after another and predict the next."""

from abc import ABC, abstractmethod

from torch import Tensor, nn

from symbolscope.errors import SymbolscopeError
from symbolscope.tasks.vocabulary import Vocabulary


class SequenceNetwork(nn.Module, ABC):
    """A network from tokens to the logits of the next token.

    Attributes
    ----------
    vocabulary
        The tokens it reads and predicts.
    width
        Size d of its embeddings.
    configuration
        What it was made with, apart from the vocabulary, by the names of its arguments.
    """

    def __init__(self, vocabulary: Vocabulary, width: int) -> None:
        super().__init__()
        if width < 1:
            raise SymbolscopeError(f"width must be at least 1; got {width}")
        self.vocabulary = vocabulary
        self.width = width
        self.configuration: dict[str, object] = {"width": width}

    @abstractmethod
    def forward(self, tokens: Tensor) -> Tensor:
        """Logits [b, L, V]: entry [:, t] predicts token t + 1 of ``tokens`` int64 [b, L]."""
