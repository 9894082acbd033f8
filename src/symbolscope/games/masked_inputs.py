"""A sample with some players hidden: the network's inputs for a batch of masks."""

import numpy as np
import torch
from numpy.typing import NDArray

from symbolscope.games.players import Players


class MaskedInputs:
    """Masked inputs x_S: position p holds the sample where its player is present, else the baseline.

    Parameters
    ----------
    sample, baseline
        Arrays of one shape and dtype.
    players
        Players whose labels have that shape.
    dtype, device
        What the network takes.
    """

    def __init__(
        self,
        sample: NDArray[np.generic],
        baseline: NDArray[np.generic],
        players: Players,
        *,
        dtype: torch.dtype,
        device: torch.device,
    ) -> None:
        self.sample = torch.from_numpy(np.array(sample)).to(device=device, dtype=dtype)
        self.baseline = torch.from_numpy(np.array(baseline)).to(device=device, dtype=dtype)
        labels = players.labels
        n = len(players)
        differs = (self.sample != self.baseline).cpu().numpy() & (labels >= 0)
        # Compared after the cast, as the network will see them.
        self.relevant: NDArray[np.bool_] = np.bincount(labels[differs], minlength=n) > 0
        compact = _without_constant_axes(labels)
        self._shape = compact.shape
        flat = compact.ravel()
        self._one_each = flat.size == n and bool((flat == np.arange(n)).all())
        self._has_background = bool((flat < 0).any())
        self._labels = torch.from_numpy(np.where(flat < 0, n, flat)).to(device)
        self._device = device
        self._on_cpu = device.type == "cpu"

    @property
    def row_bytes(self) -> int:
        """Bytes of one masked input."""
        return self.sample.numel() * self.sample.element_size()

    def rows(self, masks: NDArray[np.bool_], baseline: torch.Tensor | None = None) -> torch.Tensor:
        """Masked inputs [m, ...] of masks [m, n], on the device; with another baseline, if given."""
        keep = torch.from_numpy(masks)
        if not self._on_cpu:
            keep = keep.to(self._device)
        if not self._one_each:
            if self._has_background:
                keep = torch.cat([keep, keep.new_ones(len(keep), 1)], dim=1)
            keep = keep.index_select(1, self._labels)
        if len(self._shape) != 1:
            keep = keep.view(-1, *self._shape)
        return torch.where(keep, self.sample, self.baseline if baseline is None else baseline)


def _without_constant_axes(labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """Shrink to size 1 the axes along which the labels do not change (channels, say): less to look up per mask."""
    for axis in range(labels.ndim):
        first = labels.take([0], axis=axis)
        if labels.shape[axis] > 1 and (labels == first).all():
            labels = first
    return labels
