"""Interactions through a training: strength by order, mean order, and when the phases change."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from symbolscope.core.printable_text import printable
from symbolscope.emergence.frame import frame_of
from symbolscope.emergence.interval import Band, bootstrap_band, spread_positions
from symbolscope.emergence.phase_change import PhaseChange, phase_change
from symbolscope.errors import SymbolscopeError

if TYPE_CHECKING:
    import pandas

_SHOWN_ROWS = 24
_SHOWN_ORDERS = 8
# The gap is open once it has grown by this share of all it grows.
_OPEN = 0.1
# A gap that grows by less than this share of the largest loss has not opened.
_LEAST_GROWTH = 0.05


@dataclass(frozen=True, eq=False, repr=False)
class InteractionDynamics:
    """Interactions of a network's checkpoints on some samples.

    Attributes
    ----------
    steps
        int64 [t], increasing. The first checkpoint, the untrained network where its step is 0, is what the others are to be
        compared with.
    positive, negative
        float64 [t, samples, n + 1], sums of positive and negative effects by order.
    n_salient
        int64 [t, samples].
    losses, accuracies
        float64 [t, 2], of training and of test; nan where not given.
    kinds, tolerance, threshold
        As the samples were explained.
    """

    steps: NDArray[np.int64]
    positive: NDArray[np.float64] = field(repr=False)
    negative: NDArray[np.float64] = field(repr=False)
    n_salient: NDArray[np.int64] = field(repr=False)
    losses: NDArray[np.float64] = field(repr=False)
    accuracies: NDArray[np.float64] = field(repr=False)
    kinds: str = "and-or"
    tolerance: float | str = 0.0
    threshold: float = 0.05

    @property
    def n_samples(self) -> int:
        """Number of samples."""
        return self.positive.shape[1]

    @cached_property
    def mean_orders(self) -> NDArray[np.float64]:
        """Sum of |S| |I(S)| / sum of |I(S)| per checkpoint and sample, [t, samples]; nan where there are no interactions."""
        strength = self.positive - self.negative
        total = strength.sum(axis=2)
        return np.where(total > 0, strength @ np.arange(strength.shape[2]) / np.where(total > 0, total, 1.0), np.nan)

    @cached_property
    def mean_order(self) -> Band:
        """Mean over samples of their mean order, with a 95 % interval (bootstrap over samples; nan for fewer than 3), [t]."""
        bands: list[tuple[float, float, float]] = []
        for row in self.mean_orders:
            known = row[np.isfinite(row)]
            if not len(known):
                bands.append((float("nan"), float("nan"), float("nan")))
                continue
            band = bootstrap_band(known[:, None], 0, bounds=(0.0, float(self.positive.shape[2] - 1)))
            bands.append((float(band.mean[0]), float(band.low[0]), float(band.high[0])))
        mean, low, high = np.array(bands).T
        return Band(mean, low, high)

    @cached_property
    def shares(self) -> NDArray[np.float64]:
        """Share of strength per order, sign and checkpoint, mean over samples, [t, n + 1, 2]: positive and negative."""
        total = (self.positive - self.negative).sum(axis=2)
        scaled = (
            np.stack([self.positive, -self.negative], axis=3) / np.where(total > 0, total, np.nan)[:, :, None, None]
        )
        known = np.maximum(np.isfinite(total).sum(axis=1) - (total == 0).sum(axis=1), 1)
        return np.nansum(scaled, axis=1) / known[:, None, None]

    @property
    def gap(self) -> NDArray[np.float64]:
        """Test loss minus training loss, [t]."""
        return self.losses[:, 1] - self.losses[:, 0]

    @cached_property
    def phase_change(self) -> PhaseChange:
        """Where the mean order stops falling and rises; see :func:`phase_change`."""
        return phase_change(self.steps, self.mean_orders)

    @property
    def gap_opens(self) -> int | None:
        """Step of the last checkpoint at which the gap has grown by less than 10 % of all it grows from its smallest value.

        None if losses are missing, or if it grows by less than 5 % of the largest loss.
        """
        known = np.isfinite(self.gap)
        if known.sum() < 2:
            return None
        gap, steps = self.gap[known], self.steps[known]
        growth = gap[-1] - gap.min()
        if growth <= _LEAST_GROWTH * np.abs(self.losses[known]).max():
            return None
        return int(steps[np.flatnonzero(gap <= gap.min() + _OPEN * growth)[-1]])

    @property
    def lowest_test_loss(self) -> int | None:
        """Step of the checkpoint of the lowest test loss; None if there is none."""
        known = np.isfinite(self.losses[:, 1])
        return int(self.steps[known][np.argmin(self.losses[known, 1])]) if known.any() else None

    def to_frame(self) -> "pandas.DataFrame":
        """One row per checkpoint. Needs pandas."""
        columns: dict[str, object] = {
            "step": self.steps,
            "mean_order": self.mean_order.mean,
            "mean_order_low": self.mean_order.low,
            "mean_order_high": self.mean_order.high,
            "strength": (self.positive - self.negative).sum(axis=2).mean(axis=1),
            "salient": self.n_salient.mean(axis=1),
        }
        for column, name in enumerate(("train", "test")):
            columns |= {f"{name}_loss": self.losses[:, column], f"{name}_accuracy": self.accuracies[:, column]}
        columns["gap"] = self.gap
        for order in range(1, self.positive.shape[2]):
            columns |= {
                f"positive_{order}": self.positive[:, :, order].mean(axis=1),
                f"negative_{order}": self.negative[:, :, order].mean(axis=1),
                f"positive_share_{order}": self.shares[:, order, 0],
                f"negative_share_{order}": self.shares[:, order, 1],
            }
        return frame_of(columns)

    def to_text(self) -> str:
        """The course as a plain table, then the phase change and where the gap opens."""
        n = self.positive.shape[2] - 1
        shown = min(n, _SHOWN_ORDERS)
        heads = [str(order) for order in range(1, shown + 1)]
        if shown < n:
            heads[-1] += "+"
        by_order = self.shares.sum(axis=2)[:, 1:]  # [t, n]
        by_order = np.concatenate(
            [by_order[:, : shown - 1], by_order[:, shown - 1 :].sum(axis=1, keepdims=True)], axis=1
        )
        title = f"{len(self.steps)} checkpoints, {self.n_samples} samples, {n} players, kinds {self.kinds!r}"
        lines = [
            title,
            "    step  mean order [95 %]   salient  train    test     gap      share of strength by order, %",
        ]
        lines.append(" " * 66 + " ".join(f"{head:>3}" for head in heads))
        for row in spread_positions(len(self.steps), _SHOWN_ROWS):
            losses = (*self.losses[row], self.gap[row])
            cells = "  ".join(f"{'-' if np.isnan(loss) else f'{loss:.3f}':<7}" for loss in losses)
            orders = " ".join(f"{100 * share:>3.0f}" for share in by_order[row])
            salient = self.n_salient[row].mean()
            lines.append(f"{self.steps[row]:>8}  {self._mean_order_text(row):<18}  {salient:>7.1f}  {cells} {orders}")
        return "\n".join([*lines, *self.conclusions()])

    def conclusions(self) -> list[str]:
        """What the course shows, in sentences: the start, the phase change, the losses."""
        first = (
            "the untrained network"
            if self.steps[0] == 0
            else f"the first checkpoint (step {self.steps[0]}, not untrained)"
        )
        change = self.phase_change
        where = (
            "no phase change"
            if change.step is None
            else f"phase change at step {change.step} [{change.low}, {change.high}]"
        )
        lines = [f"mean order of {first}: {self._mean_order_text(0)}", f"{where}: {change.reason}"]
        if self.lowest_test_loss is not None:
            lines.append(f"the test loss is lowest at step {self.lowest_test_loss}")
        if np.isfinite(self.gap).sum() >= 2:
            opens = self.gap_opens
            lines.append(
                "the test loss does not part from the training loss"
                if opens is None
                else f"the gap between test and training loss opens after step {opens}"
            )
        return lines

    def _mean_order_text(self, row: int) -> str:
        return "no interactions" if np.isnan(self.mean_order.mean[row]) else self.mean_order.text(row)

    def draw(self, ax: object = None) -> object:
        """Draw the mean order over the steps, its interval, and the gap of the losses on a second axis. Needs matplotlib.

        Parameters
        ----------
        ax
            A matplotlib Axes; None makes one.

        Returns
        -------
        The Axes.
        """
        try:
            import matplotlib.figure
        except ImportError:
            raise SymbolscopeError("draw needs matplotlib: pip install 'symbolscope[plots]'") from None
        axes: Any = matplotlib.figure.Figure(layout="constrained").subplots() if ax is None else ax
        band = self.mean_order
        (line,) = axes.plot(self.steps, band.mean, marker=".", label="mean order")
        axes.fill_between(self.steps, band.low, band.high, alpha=0.25, color=line.get_color(), linewidth=0)
        first = "untrained" if self.steps[0] == 0 else "first checkpoint"
        if np.isfinite(band.mean[0]):
            axes.axhline(band.mean[0], color="0.6", linestyle=":", linewidth=1, label=first)
        change = self.phase_change
        if change.step is not None:
            axes.axvspan(change.low, change.high, color="0.85", zorder=0)
            axes.axvline(change.step, color="0.5", linestyle="--", linewidth=1, label="phase change")
        if self.steps[0] >= 0 and self.steps[-1] > 20 * max(1, int(self.steps[min(1, len(self.steps) - 1)])):
            axes.set_xscale("symlog", linthresh=max(1, int(self.steps[min(1, len(self.steps) - 1)])))
        axes.set_xlabel("step")
        axes.set_ylabel("mean order of interactions")
        handles = axes.get_legend_handles_labels()
        if np.isfinite(self.gap).any():
            right = axes.twinx()
            right.plot(self.steps, self.gap, color="tab:red", marker=".", label="test loss - training loss")
            right.set_ylabel("test loss - training loss")
            handles = tuple(one + more for one, more in zip(handles, right.get_legend_handles_labels(), strict=True))
        axes.legend(*handles, frameon=False)
        return axes

    def __repr__(self) -> str:
        return printable(self.to_text(), keep="\n")
