"""Networks that read tokens one after another and predict the next."""

from abc import ABC, abstractmethod

from torch import Tensor, nn

from symbolscope.tasks.vocabulary import Vocabulary


class SequenceNetwork(nn.Module, ABC):
    """A network from tokens to the logits of the next token.

    Attributes
    ----------
    vocabulary
        The tokens it reads and predicts.
    width
        Size d of its embeddings.
    """

    def __init__(self, vocabulary: Vocabulary, width: int) -> None:
        super().__init__()
        self.vocabulary = vocabulary
        self.width = width

    @abstractmethod
    def forward(self, tokens: Tensor) -> Tensor:
        """Logits [b, L, V]: entry [:, t] predicts token t + 1 of ``tokens`` int64 [b, L]."""
