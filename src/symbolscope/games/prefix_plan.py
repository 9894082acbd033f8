"""Where a tree of prefixes is cut into blocks, so that evaluating it costs least."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class PrefixCosts:
    """What the parts of a forward pass cost, in units of one token through the network's linear layers.

    A layer of width D does 24 D^2 operations per token in its matrices, and 4 D per pair of a token and one it attends
    to: 1 / (6 D) of a token. Memory is slower than arithmetic: an earlier token's keys and values, copied twice, move
    8 D numbers, which takes as long as about 6 / D of a token's 24 D^2 operations on a CPU core.

    Parameters
    ----------
    pair
        One token attending to one other.
    block
        One more sequence in a call: on a CPU the attention of each of its heads is a small piece of work of its own, as
        long as three tokens at width 128.
    copied
        Keys and values of one earlier token copied for one block.
    call
        One call of the network, whatever its size.
    group
        Tokens that one call should hold at most.
    """

    pair: float
    block: float
    copied: float
    call: float
    group: int

    @classmethod
    def of(cls, width: int, *, on_cpu: bool) -> "PrefixCosts":
        """Costs for a network of this width; larger groups on an accelerator, where a call costs much more."""
        return cls(
            pair=1 / (6 * width),
            block=384 / width if on_cpu else 0.0,
            copied=6 / width,
            call=40 * (128 / width) ** 2 if on_cpu else 2000,
            group=1280 if on_cpu else 16384,
        )


@dataclass(frozen=True)
class PrefixPlan:
    """Cuts 0 = a_0 < a_1 < ... < a_k = L, and the cost of evaluating the tree in the stages between them.

    Parameters
    ----------
    cuts
        First position of each stage, then the length of the text.
    cost
        In tokens, see :class:`PrefixCosts`.
    """

    cuts: tuple[int, ...]
    cost: float


def cheapest_plan(n_nodes: NDArray[np.int64], costs: PrefixCosts) -> PrefixPlan:
    """Cut a tree of prefixes where it is cheapest.

    The stage from a to b evaluates the T = N_a + ... + N_{b-1} nodes that end there, in one block per node that ends
    before a (there are B of those), at the cost T (1 + pair (a + T / B)) + B (block + copied a) + call ceil(T / group). The
    cheapest cuts follow by dynamic programming over the positions at which the tree branches.

    Parameters
    ----------
    n_nodes
        int64 [L]: number of prefixes that end at each position.
    costs
        What a token, a copy and a call cost.

    Examples
    --------
    Four fixed tokens, then three hidden or not: one block holds all.

    >>> cheapest_plan(np.array([1, 1, 1, 1, 2, 4, 8]), PrefixCosts.of(128, on_cpu=True)).cuts
    (0, 7)

    Twelve tokens hidden or not: a block of 6 prefixes, then 4 of 62, then 128 of 62.

    >>> cheapest_plan(2 ** np.arange(1, 13), PrefixCosts.of(128, on_cpu=True)).cuts
    (0, 2, 7, 12)
    """
    length = len(n_nodes)
    branching = np.flatnonzero(n_nodes[1:] > n_nodes[:-1]) + 1
    at = np.concatenate([[0], branching, [length]])
    until = np.concatenate([[0], np.cumsum(n_nodes)])
    best = np.full(len(at), np.inf)
    best[0] = 0.0
    origin = np.zeros(len(at), dtype=np.int64)
    for end in range(1, len(at)):
        a = at[:end]
        tokens = until[at[end]] - until[a]
        blocks = np.where(a > 0, n_nodes[a - 1], 1)
        cost = tokens * (1 + costs.pair * (a + tokens / blocks)) + (costs.block + costs.copied * a) * blocks
        total = best[:end] + cost + costs.call * np.ceil(tokens / costs.group)
        origin[end] = int(total.argmin())
        best[end] = total[origin[end]]
    cuts = [len(at) - 1]
    while cuts[-1]:
        cuts.append(int(origin[cuts[-1]]))
    return PrefixPlan(tuple(int(at[cut]) for cut in reversed(cuts)), float(best[-1]))


def plain_cost(rows: int, length: int, costs: PrefixCosts) -> float:
    """Cost of evaluating each row from its beginning, in tokens."""
    tokens = rows * length
    return (
        tokens * (1 + costs.pair * length / 2) + costs.block * rows + costs.call * float(np.ceil(tokens / costs.group))
    )
