"""Masks per batch where results must not depend on what was faster at the moment."""

from symbolscope.games.batches import MaskScores
from symbolscope.games.masked_network import BATCH_BYTES, MaskedNetwork

_ON_CPU = 64  # close to the fastest for most networks, and little lost when a run is cut off
_ON_ACCELERATOR = 1024
_OF_SHARED_PREFIXES = 512  # neighbours among so many have most of their prefixes in common


def fixed_batch(source: MaskScores) -> int:
    """Masks per batch, fixed by the network and the sample, never by a clock.

    Examples
    --------
    >>> import torch
    >>> import symbolscope as sy
    >>> fixed_batch(sy.Game(torch.nn.Linear(3, 2), [1.0, 2.0, 3.0], target=1).source)
    64
    """
    if not isinstance(source, MaskedNetwork):
        return _ON_CPU
    if source.network.batch_rows is not None:
        return source.network.batch_rows
    if source.prefixes is not None:
        return _OF_SHARED_PREFIXES  # the source cuts them as its memory allows
    usual = _ON_CPU if source.inputs.sample.device.type == "cpu" else _ON_ACCELERATOR
    fitting = BATCH_BYTES // source.bytes_per_row
    return max(1, min(usual, fitting))
