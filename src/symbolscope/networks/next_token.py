"""Logits of a network at the positions that matter, and no others."""

import torch
from torch import Tensor, nn

from symbolscope.errors import SymbolscopeError
from symbolscope.networks.recurrent_network import RecurrentNetwork


def logits_at(network: nn.Module, tokens: Tensor, where: Tensor) -> Tensor:
    """``network(tokens)[where]``: a recurrent network runs each row no further than asked, and reads out no other states.

    Parameters
    ----------
    network
        Tokens int64 [b, L] to logits [b, L, V].
    tokens
        int64 [b, L].
    where
        bool [b, L].

    Returns
    -------
    Tensor [k, V], one row per True of ``where``.
    """
    if not isinstance(network, RecurrentNetwork):
        try:
            return network(tokens)[where]
        except (SymbolscopeError, torch.OutOfMemoryError):
            raise
        except (TypeError, ValueError, IndexError, RuntimeError) as error:
            raise SymbolscopeError(
                f"{type(network).__name__} fails on tokens int64 {list(tokens.shape)}, or returns no logits [b, L, V]: {error}"
            ) from error
    after_last = where.shape[1] - where.flip(1).to(torch.int8).argmax(dim=1)
    lengths = torch.where(where.any(dim=1), after_last, 0)
    return network.readout(network.resume(network.initial_state(len(tokens)), tokens, lengths)[where])
