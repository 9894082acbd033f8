"""The readout of the recurrent networks."""

from torch import nn


def readout_head(width: int, n_tokens: int, dropout: float) -> nn.Sequential:
    """D -> 4d, GELU, dropout, 4d -> V."""
    return nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Dropout(dropout), nn.Linear(4 * width, n_tokens))
