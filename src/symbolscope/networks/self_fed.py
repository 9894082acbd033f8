"""Trials in which a network goes on from its own answers."""

import torch
from torch import Tensor, nn


def self_fed(network: nn.Module, tokens: Tensor, own: Tensor) -> Tensor:
    """The tokens, with the network's own most likely ones at chosen positions.

    What it would get if it ran token by token and were fed, where ``own`` is True, what it predicted last. All choices are made at
    once, and again with those choices as inputs, until none changes: in a causal network the first k choices are final after k
    rounds, and mostly all are after two or three. No gradient flows through a choice.

    Parameters
    ----------
    network
        Tokens int64 [b, L] to logits [b, L, V], causal and deterministic.
    tokens
        int64 [b, L].
    own
        bool [b, L]: positions whose token the network chooses.

    Examples
    --------
    A network that repeats the token it has just seen, plus one:

    >>> network = torch.nn.Embedding.from_pretrained(torch.eye(6).roll(1, dims=1))
    >>> self_fed(network, torch.tensor([[2, 0, 0, 0]]), torch.tensor([[False, True, True, False]]))
    tensor([[2, 3, 4, 0]])
    """
    fed = tokens
    with torch.no_grad():
        for _ in range(tokens.shape[1]):
            chosen = nn.functional.pad(network(fed).argmax(dim=-1)[:, :-1], (1, 0))
            again = torch.where(own, chosen, tokens)
            if torch.equal(again, fed):
                break
            fed = again
    return fed
