"""A network, the masked inputs it is given, and the score read from it: masks in, numbers out."""

import time
from contextlib import AbstractContextManager
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from numpy.typing import NDArray

from symbolscope.errors import SymbolscopeError
from symbolscope.games.batch_sizes import BatchSizes
from symbolscope.games.masked_inputs import MaskedInputs
from symbolscope.games.scores import Score, choose_score
from symbolscope.shapes import Masks, Scores

BATCH_BYTES = 128 << 20  # inputs or outputs of one batch; activations come on top

KEPT_BYTES = 31 << 20  # glibc adapts to blocks below 32 MiB
TINY_SECONDS = 1e-4  # a network that answers one row faster gains from large batches at once


@runtime_checkable
class Network(Protocol):
    """What a game needs of a network; TorchNetwork and EstimatorNetwork have it."""

    batch_rows: int | None
    smallest_batch: int
    from_logits: bool

    @property
    def name(self) -> str:
        """Class of the network."""
        ...

    @property
    def training(self) -> bool:
        """Whether any part of it is in training mode."""
        ...

    def outputs(self, batch: torch.Tensor) -> torch.Tensor:
        """Return the outputs [m, ...] of a batch."""
        ...

    def as_found(self) -> AbstractContextManager[None]:
        """Run as the network stands, and put everything back."""
        ...

    def evaluating(self) -> AbstractContextManager[None]:
        """Run in evaluation mode, and put everything back."""
        ...


class MaskedNetwork:
    """Scores of a network on masked inputs.

    Building one calls the network a few times on the full and the empty input: it must answer twice the same, and its
    output shows what the score can be.

    Parameters
    ----------
    network
        The network.
    inputs
        The masked inputs.
    score, target
        As given to the game.
    classes
        Labels of the output columns, where known.
    regression
        True if the network predicts numbers.
    probabilities
        Whether the outputs are probabilities; None to see.
    sequence
        True if outputs [m, L, V] hold one row per token, of which the last predicts the next token.

    Raises
    ------
    SymbolscopeError
        If the network fails, answers differently when asked twice, or does not suit the score.
    """

    def __init__(
        self,
        network: Network,
        inputs: MaskedInputs,
        *,
        score: object,
        target: object,
        classes: tuple[object, ...] | None = None,
        regression: bool = False,
        probabilities: bool | None = None,
        sequence: bool = False,
    ) -> None:
        self.network = network
        self.inputs = inputs
        self.relevant = inputs.relevant
        self.reads_last_position = False
        self._seconds_of_one = 1.0  # until measured
        n = len(inputs.relevant)
        # glibc gives freed memory back to the system, and page faults then cost a tiny network up to a third of its
        # time, until one larger block has come and gone: after that it keeps blocks up to that size. Nothing is
        # written here.
        torch.empty(KEPT_BYTES, dtype=torch.uint8)
        first = inputs.rows(np.stack([np.ones(n, dtype=np.bool_), np.zeros(n, dtype=np.bool_)]))  # full, then empty
        outputs = self._first_outputs(first)
        if not callable(score) and outputs.ndim == 3 and (sequence or network.from_logits):
            self.reads_last_position = True
        self._output_bytes = outputs[0].numel() * outputs.element_size()
        if self.reads_last_position:
            outputs = outputs[:, -1]
        self.score: Score = choose_score(
            score, target, outputs, classes=classes, regression=regression, probabilities=probabilities
        )
        self.score(outputs)  # a score function of the wrong shape shows here

    def evaluating(self) -> AbstractContextManager[None]:
        """Put the network into evaluation for a while."""
        return self.network.evaluating()

    def outputs(self, masks: Masks) -> torch.Tensor:
        """Return the network's outputs [m, ...] on masked inputs, of masks bool [m, n]."""
        outputs = self.network.outputs(self.inputs.rows(masks))
        return outputs[:, -1] if self.reads_last_position else outputs

    def scores_with(self, masks: Masks, baseline: torch.Tensor) -> torch.Tensor:
        """Score masks bool [m, n] with another baseline, float64 [m]; gradients pass where the context lets them."""
        outputs = self.network.outputs(self.inputs.rows(masks, baseline))
        return self.score(outputs[:, -1] if self.reads_last_position else outputs)

    def scores(self, outputs: list[torch.Tensor]) -> Scores:
        """Score the outputs of one or more batches: float64 [m]."""
        return self.score(outputs[0] if len(outputs) == 1 else torch.cat(outputs)).cpu().numpy()

    def batch_sizes(self) -> BatchSizes:
        """Batch sizes to try for this network."""
        on_cpu = self.inputs.sample.device.type == "cpu"
        fitting = BATCH_BYTES // max(self.inputs.row_bytes, self._output_bytes, 1)
        largest = 1 << (max(1, min(fitting, 1024 if on_cpu else 16384)).bit_length() - 1)
        if (fixed := self.network.batch_rows) is not None:
            return BatchSizes(start=fixed, smallest=fixed, largest=fixed)
        tiny = self._seconds_of_one < TINY_SECONDS
        start, smallest = (64, 32) if on_cpu and not tiny else (256, 256)
        return BatchSizes(start=start, smallest=smallest, largest=largest, careful=256 if on_cpu else None)

    def _first_outputs(self, rows: torch.Tensor) -> torch.Tensor:
        network = self.network
        shown = f"{str(rows.dtype).removeprefix('torch.')} {list(rows.shape)}"
        try:
            if network.training:
                with network.as_found():
                    answers = network.outputs(rows), network.outputs(rows)
                if not _equal(*answers):
                    raise SymbolscopeError(
                        f"{network.name} is in training mode and its outputs change between two equal calls "
                        "(dropout left on); "
                        "type network.eval() first"
                    )
            with network.evaluating():
                outputs, again = network.outputs(rows), network.outputs(rows)
        except SymbolscopeError:
            raise
        except Exception as error:
            hint = ""
            if not rows.is_floating_point():
                hint = (
                    "; the sample holds integers, as token ids do: if they are numbers, give sample.astype('float32')"
                )
            elif rows.dtype == torch.float64 and "dtype" in str(error):
                hint = "; the network seems to take float32: give sample.astype('float32')"
            elif rows.ndim > 1 and rows.shape[1] == 1:
                hint = "; the sample's first axis has size 1: if that is a batch axis, give sample[0]"
            raise SymbolscopeError(
                f"{network.name} raised {type(error).__name__} on its first call, with an input of {shown} "
                f"(2 masked samples): {error}{hint}"
            ) from error
        # A network that writes into the same memory each time (a captured CUDA graph, say) leaves nothing to wait for.
        self.outputs_stay = rows.device.type == "cpu" and outputs.data_ptr() != again.data_ptr()
        if not _equal(outputs, again):
            raise SymbolscopeError(
                f"the outputs of {network.name} change between two equal calls, even in evaluation mode, so "
                "its values mean nothing; "
                "switch off what is random in it (dropout or sampling in a wrapped or exported network: call "
                "eval() on it first)"
            )
        if network.batch_rows is None:
            self._check_rows_are_separate(rows, outputs)
        return outputs

    def _check_rows_are_separate(self, rows: torch.Tensor, outputs: torch.Tensor) -> None:
        """Ask for one row alone: BatchNorm without running statistics, say, would answer differently."""
        with self.network.evaluating():
            begun = time.perf_counter()
            try:
                alone = self.network.outputs(rows[:1])
            except Exception:  # a squeeze() that drops the batch axis, or a program exported for two rows and more
                self.network.smallest_batch = 2
                alone = self.network.outputs(rows[:1])
            self._seconds_of_one = time.perf_counter() - begun
        if not _equal(alone, outputs[:1], tolerance=1e-2):
            raise SymbolscopeError(
                f"{self.network.name} answers differently for an input alone and in a batch, so its values "
                "would depend on the batch; "
                "is there a BatchNorm without running statistics, or an axis of the sample taken for the batch?"
            )


def _equal(a: torch.Tensor, b: torch.Tensor, *, tolerance: float = 1e-4) -> bool:
    """Equal up to rounding, relative to the largest output; NaN equals NaN."""
    if a.shape != b.shape:
        return False
    a, b = a.double(), b.double()
    finite = a[torch.isfinite(a)]
    scale = float(finite.abs().max()) if len(finite) else 1.0
    return torch.allclose(a, b, rtol=0.0, atol=tolerance * scale, equal_nan=True)


def hidden_players(mask: NDArray[np.bool_], names: tuple[str, ...]) -> str:
    """Describe a mask by its hidden players.

    Examples
    --------
    >>> hidden_players(np.array([True, False]), ("age", "sex"))
    "with 'sex' hidden"
    >>> hidden_players(np.array([True, True]), ("age", "sex"))
    'with all players present'
    """
    hidden = [repr(name) for name, present in zip(names, mask, strict=True) if not present]
    if not hidden:
        return "with all players present"
    if len(hidden) == len(names):
        return "with all players hidden"
    return "with " + ", ".join(hidden[:20]) + (f" and {len(hidden) - 20} more" if len(hidden) > 20 else "") + " hidden"
