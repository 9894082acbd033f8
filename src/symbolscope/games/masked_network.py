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
from symbolscope.games.prefix_network import PrefixNetwork
from symbolscope.games.scores import Score, choose_score
from symbolscope.shapes import Masks, Scores

BATCH_BYTES = 128 << 20  # inputs or outputs of one batch; activations come on top

KEPT_BYTES = 31 << 20  # glibc adapts to blocks below 32 MiB
PLAIN_ROWS = 64  # a batch of texts with little in common is evaluated so many at a time
SHARING_ROWS = 4096
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
    advice
        What to look at where the first call fails; None for what suits an array of numbers.

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
        advice: str | None = None,
    ) -> None:
        self.network = network
        self._advice = advice
        self.inputs = inputs
        self.relevant = inputs.relevant
        self.reads_last_position = False
        self.prefixes: PrefixNetwork | None = None  # see share_prefixes
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
        if self.prefixes is None:
            return self._plain_outputs(masks)
        shared = self.prefixes.outputs(masks)
        if shared is not None:
            return shared
        plain = [self._plain_outputs(masks[i : i + PLAIN_ROWS]) for i in range(0, len(masks), PLAIN_ROWS)]
        return plain[0] if len(plain) == 1 else torch.cat(plain)

    def order(self, masks: Masks) -> NDArray[np.int64] | None:
        """Order in which masks bool [m, n] are evaluated fastest, int64 [m]; None if any will do."""
        return None if self.prefixes is None else self.prefixes.order(masks)

    def share_prefixes(self, prefixes: PrefixNetwork) -> None:
        """Compute what masked texts have in common only once from now on, if that gives the network's own outputs.

        Tried on the full and the empty input and on up to four between them, with the tree of prefixes cut twice.

        Parameters
        ----------
        prefixes
            The same network on the same masked inputs.

        Raises
        ------
        SymbolscopeError
            With the reason, if the network is not read at the last position, fails, or answers differently.
        """
        if not self.reads_last_position:
            raise SymbolscopeError("its output is not one row of logits per token, read at the last one")
        n = len(self.relevant)
        players = np.arange(n)
        some = [players >= 0, players < 0, players % 2 == 0, players % 2 == 1, players < n // 2, players >= n // 2]
        masks = np.unique(np.stack(some), axis=0)
        with self.network.evaluating():
            plain = self._plain_outputs(masks)
            try:
                shared = prefixes.outputs(masks, cuts=prefixes.two_cuts(masks))
            except SymbolscopeError:
                raise
            except Exception as error:
                raise SymbolscopeError(
                    f"it raised {type(error).__name__} when several continuations of a text were given at once: {error}"
                ) from error
        tolerance = 2e-2 if plain.dtype in (torch.float16, torch.bfloat16) else 1e-4
        if shared is None or not _equal(shared, plain, tolerance=tolerance):
            raise SymbolscopeError(
                "it answers differently when several continuations of a text are given at once, each with its own "
                "attention and positions; does a token see later ones, or are places counted otherwise?"
            )
        self.prefixes = prefixes

    def _plain_outputs(self, masks: Masks) -> torch.Tensor:
        outputs = self.network.outputs(self.inputs.rows(masks))
        return outputs[:, -1] if self.reads_last_position else outputs

    def scores_with(self, masks: Masks, baseline: torch.Tensor) -> torch.Tensor:
        """Score masks bool [m, n] with another baseline, float64 [m]; gradients pass where the context lets them."""
        outputs = self.network.outputs(self.inputs.rows(masks, baseline))
        return self.score(outputs[:, -1] if self.reads_last_position else outputs)

    def scores(self, outputs: list[torch.Tensor]) -> Scores:
        """Score the outputs of one or more batches: float64 [m]."""
        if self.prefixes is not None:  # rows of a whole vocabulary: a score makes several copies of them, in float64
            outputs = [piece for batch in outputs for piece in batch.split(PLAIN_ROWS)]
            return torch.cat([self.score(piece) for piece in outputs]).cpu().numpy()
        return self.score(outputs[0] if len(outputs) == 1 else torch.cat(outputs)).cpu().numpy()

    @property
    def bytes_per_row(self) -> int:
        """Memory that one masked input or its output takes, whichever is larger."""
        return max(self.inputs.row_bytes, self._output_bytes, 1)

    def batch_sizes(self) -> BatchSizes:
        """Batch sizes to try for this network."""
        on_cpu = self.inputs.sample.device.type == "cpu"
        fitting = BATCH_BYTES // self.bytes_per_row
        largest = 1 << (max(1, min(fitting, 1024 if on_cpu else 16384)).bit_length() - 1)
        if (fixed := self.network.batch_rows) is not None:
            return BatchSizes(start=fixed, smallest=fixed, largest=fixed)
        if self.prefixes is not None:  # the more rows, the more they share
            rows = 1 << (max(1, min(fitting, SHARING_ROWS)).bit_length() - 1)
            return BatchSizes(start=rows, smallest=rows, largest=rows)
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
            if self._advice is not None:
                hint = f"; {self._advice}"
            elif not rows.is_floating_point():
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
