"""IIA of any way to patch a state, with its floor and ceiling."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from symbolscope.alignment.iia import IIA
from symbolscope.alignment.interchange import Interchange
from symbolscope.alignment.pairs import Pairs
from symbolscope.sites.site import Site

Swap = Callable[[Tensor, Tensor], Tensor]  # target [n, d], source [n, d] -> patched [n, d]


def measure(network: nn.Module, site: Site, pairs: Pairs, swap: Swap) -> IIA:
    """IIA over ``pairs`` of a network in evaluation mode, its states at ``site`` patched by ``swap``."""
    interchange = Interchange.of(network, site, pairs)
    with torch.no_grad():
        right = interchange.all_right(swap(interchange.target, interchange.source))
        floor = interchange.all_right(interchange.target)
        ceiling = right
        if pairs.whole is not None:
            whole = Interchange.of(network, site, pairs.whole)
            ceiling = whole.all_right(whole.source)
    return IIA(
        right=right,
        floor_right=floor,
        ceiling_right=ceiling,
        variables=pairs.variables,
        target_values=pairs.target_values,
        source_values=pairs.source_values,
    )
