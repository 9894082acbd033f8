"""A network, the masked inputs it is given, and the score read from it: masks in, numbers out."""

from contextlib import AbstractContextManager
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from numpy.typing import NDArray

from symbolscope.errors import SymbolscopeError
from symbolscope.games.batch_sizes import BatchSizes
from symbolscope.games.first_answers import first_answers, first_masks, nearly_equal
from symbolscope.games.masked_inputs import MaskedInputs
from symbolscope.games.output_meaning import GivenOutputs, Meaning, check_given_outputs, meaning_of
from symbolscope.games.prefix_network import PrefixNetwork
from symbolscope.games.scores import Score, check_outputs, check_score, choose_score
from symbolscope.games.torch_outputs import check_predicts_next_token
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

    def meaning(
        self, rows: torch.Tensor, outputs: torch.Tensor, *, given: GivenOutputs, score: object, target: object
    ) -> Meaning:
        """Find what the outputs [m, C] of some rows are, or refuse with the question."""
        ...

    def classes(self, meaning: Meaning, width: int) -> tuple[object, ...] | None:
        """Labels of the columns, or of the two classes behind one column, where the network knows them."""
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
    given
        What the user said of the outputs (``outputs=``); None to find their meaning.
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
        given: GivenOutputs = None,
        sequence: bool = False,
        advice: str | None = None,
    ) -> None:
        check_score(score)
        check_given_outputs(given)
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
        masks = first_masks(n)
        per_token = sequence and not callable(score)
        outputs = self._first_outputs(masks, per_token=per_token)
        if not callable(score) and outputs.ndim == 3 and (sequence or network.from_logits):
            check_predicts_next_token(getattr(network, "module", None))
            self.reads_last_position = True
        self._output_bytes = outputs[0].numel() * outputs.element_size()
        if self.reads_last_position:
            outputs = outputs[:, -1]
        self.meaning, self.classes = self._meaning(masks, outputs, score=score, target=target, given=given)
        self.score: Score = choose_score(score, target, outputs, self.meaning, classes=self.classes)
        self.score(outputs)  # a score function of the wrong shape shows here

    def _meaning(
        self, masks: Masks, outputs: torch.Tensor, *, score: object, target: object, given: GivenOutputs
    ) -> tuple[Meaning, tuple[object, ...] | None]:
        if callable(score):
            return meaning_of("numbers", "a score function was given", what="read by the score function"), None
        check_outputs(outputs, score)
        if self.reads_last_position:
            because = "one row per token; the last one is read, as of the next token"
            return meaning_of("logits", because), None
        with self.network.evaluating():
            meaning = self.network.meaning(self.inputs.rows(masks), outputs, given=given, score=score, target=target)
        return meaning, self.network.classes(meaning, outputs.shape[1])

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
        if shared is None or not nearly_equal(shared, plain, tolerance=tolerance):
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

    def _first_outputs(self, masks: Masks, *, per_token: bool) -> torch.Tensor:
        network = self.network

        def ask(masks: Masks) -> torch.Tensor:
            outputs = network.outputs(self.inputs.rows(masks))
            return (
                outputs[:, -1:] if per_token and outputs.ndim == 3 else outputs
            )  # a vocabulary at each token is large

        rows = self.inputs.rows(masks)
        shown = f"{str(rows.dtype).removeprefix('torch.')} {list(rows.shape)}"
        try:
            if network.training:
                with network.as_found():
                    # Masked inputs anew for each call: a network may write into those that it is given.
                    answers = network.outputs(self.inputs.rows(masks)).clone(), network.outputs(self.inputs.rows(masks))
                if not nearly_equal(*answers):
                    raise SymbolscopeError(
                        f"{network.name} is in training mode and its outputs change between two equal calls "
                        "(dropout left on); "
                        "type network.eval() first"
                    )
            with network.evaluating():
                answered = first_answers(
                    ask,
                    masks,
                    name=network.name,
                    module=getattr(network, "module", None),
                    fixed_batch=network.batch_rows,
                    on_cpu=rows.device.type == "cpu",
                )
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
                f"(some players hidden): {error}{hint}"
            ) from error
        # A network that writes into the same memory each time (a captured CUDA graph, say) leaves nothing to wait for.
        self.outputs_stay = answered.stays
        self._seconds_of_one = answered.seconds_of_one
        if answered.one_row_fails:
            network.smallest_batch = 2
        if answered.one_by_one:
            network.batch_rows = 1
        return answered.outputs


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
