"""How many bits it takes to write the interactions down."""

import math

from symbolscope.interactions.model import InteractionModel


def description_length(model: InteractionModel) -> float:
    """Bits of a two-part code: which interactions, and their effects.

        L = sum over interactions [ 1 (kind) + log2 n (order) + log2 C(n, order) (players) ] + (k / 2) log2 2^n (effects)

    An effect is written to the precision at which 2^n outputs determine it, half a bit per doubling of their number.

    Source: Rissanen, *Modeling by shortest data description* (1978), for the precision of the effects.

    Examples
    --------
    >>> import symbolscope as sy
    >>> description_length(sy.decompose([0.0, 0.0, 0.0, 1.0]))     # one AND of two players of two
    3.0
    """
    n = model.n_players
    sets = sum(1.0 + math.log2(n) + math.log2(math.comb(n, int(order))) for order in model.orders)
    return sets + 0.5 * n * len(model.effects)
