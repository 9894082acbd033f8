"""IIA of any way to patch a state, with its floor and ceiling."""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from symbolscope.alignment.iia import IIA
from symbolscope.alignment.interchange import Interchange
from symbolscope.alignment.pairs import Pairs
from symbolscope.sites.site import Site

Swap = Callable[[Tensor, Tensor], Tensor]  # target [n, d], source [n, d] -> patched [n, d]
Right = NDArray[np.bool_]


def measure(network: nn.Module, site: Site, pairs: Pairs, swap: Swap) -> IIA:
    """IIA over ``pairs`` of a network in evaluation mode, its states at ``site`` patched by ``swap``."""
    interchange = Interchange.of(network, site, pairs)
    with torch.no_grad():
        right = interchange.all_right(swap(interchange.target, interchange.source))
        floor = interchange.all_right(interchange.target)
        ceiling, held = whole_state_right(network, site, pairs, interchange)
    return IIA(
        right=right,
        floor_right=floor,
        ceiling_right=ceiling,
        variables=pairs.variables,
        target_values=pairs.target_values,
        source_values=pairs.source_values,
        moved_together=held.variables,
    )


def whole_state_right(
    network: nn.Module, site: Site, pairs: Pairs, interchange: Interchange | None = None
) -> tuple[Right, Pairs]:
    """Pairs right if the whole state is swapped, bool [n], against the variables and whatever others the place holds beside them.

    A recurrent state holds all that the program remembers, one branch or one position perhaps a single variable, and what is held
    moves together. So the answer is compared with the program's for the variables alone, with some of the others, and with all of
    them; what fits best is what the place holds. ``interchange`` is that of the pairs themselves, if it is known.
    """
    best: tuple[Right, Pairs] | None = None
    for one in pairs.whole_state_swaps:
        known = Interchange.of(network, site, one) if one is not pairs or interchange is None else interchange
        right = known.all_right(known.source)
        if best is None or right.mean() > best[0].mean():
            best = right, one
        if right.all():
            break
    assert best is not None
    return best


def measure_rest(network: nn.Module, site: Site, pairs: Pairs, swap: Swap) -> IIA:
    """The off-target test: all but the variables' features patched by ``swap``, which must leave the variables what they were.

    A pair is right if the answer is the program's with the variables of the target and none, some or all of the others moved. With
    nothing swapped that holds wherever the network is right at all: the ceiling. The floor is the whole state swapped, the
    variables with it; what remains right is pairs whose answer does not tell.
    """
    right, floor, ceiling = (np.zeros(len(pairs), dtype=np.bool_) for _ in range(3))
    with torch.no_grad():
        for one in pairs.rest_swaps:
            interchange = Interchange.of(network, site, one)
            right |= interchange.all_right(swap(interchange.target, interchange.source))
            floor |= interchange.all_right(interchange.source)
            ceiling |= interchange.all_right(interchange.target)
    return IIA(right, floor, ceiling, pairs.variables, pairs.target_values, pairs.source_values)
