"""Whether a network's output at a position depends on later tokens, or on other rows: found by changing them, before any work."""

import numpy as np
import torch
from torch import Tensor, nn

from symbolscope.core.random_streams import stream
from symbolscope.errors import SymbolscopeError
from symbolscope.networks.evaluation_mode import evaluation_mode
from symbolscope.tasks.task import Task

_TRIALS = 6
# A change below this share of how much outputs vary, or below so many roundings, is no change.
_SHARE = 1e-4
_ROUNDINGS = 8


def check_reads_no_later(network: nn.Module, task: Task) -> None:
    """Refuse a network whose output at one position changes with the tokens after it, or with the other rows of the batch.

    Next-token training teaches such a network to copy the token that it sees coming, and after a swap it is given the very answer
    that it should find.

    Raises
    ------
    SymbolscopeError
        If it does; the position is named.

    Examples
    --------
    >>> import symbolscope as sy
    >>> task = sy.tasks.MultiObject(max_count=3)
    >>> check_reads_no_later(sy.networks.GRU(task.vocabulary, width=4), task)
    >>> class Bidirectional(nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.embedding, self.head = nn.Embedding(9, 4), nn.Linear(8, 9)
    ...         self.rnn = nn.LSTM(4, 4, batch_first=True, bidirectional=True)
    ...     def forward(self, tokens):
    ...         return self.head(self.rnn(self.embedding(tokens))[0])
    >>> try:
    ...     check_reads_no_later(Bidirectional(), task)
    ... except SymbolscopeError as error:
    ...     print(str(error)[:25])
    Bidirectional reads ahead
    """
    drawn = stream(0, "trials that a network may read ahead in")
    trials = task.write(np.resize(np.array(task.trained, dtype=np.int64), _TRIALS), drawn)
    tokens, lengths = trials.tokens, trials.lengths
    if tokens.shape[1] < 2 or int(lengths.min()) < 2:
        return
    generator = stream(0, "tokens that a network may read ahead to")
    cuts = np.floor(generator.random(len(tokens)) * (lengths - 1)).astype(np.int64)  # the last token that stays, [b]
    positions = np.arange(tokens.shape[1])
    later = (positions > cuts[:, None]) & (positions < lengths[:, None])
    occurring = np.unique(tokens[positions < lengths[:, None]])
    place = np.searchsorted(occurring, tokens) % len(occurring)
    moved = occurring[(place + generator.integers(1, max(len(occurring), 2), size=tokens.shape)) % len(occurring)]
    changed = np.where(later, moved, tokens)
    before = _logits(network, tokens)
    if before is None:
        return
    _compare_rows(network, tokens, before)
    after = _logits(network, changed)
    if after is None:
        return
    apart = (after - before).abs().amax(dim=-1).numpy()  # [b, L]
    apart[positions > cuts[:, None]] = 0.0
    if apart.max() <= _tolerance(before) or not _repeats(network, tokens, before):
        return
    row, position = (int(index) for index in np.unravel_index(apart.argmax(), apart.shape))
    raise SymbolscopeError(
        f"{type(network).__name__} reads ahead: its output at position {position} moves by {apart.max():.2g} when only tokens "
        f"after position {int(cuts[row])} are changed, so it sees the answer that it should give. Make it causal: an attention "
        "mask (is_causal=True), recurrent layers of one direction (bidirectional=False), convolutions padded on the left"
    )


def _compare_rows(network: nn.Module, tokens: np.ndarray, together: Tensor) -> None:
    """Refuse a network that answers a row otherwise if it is alone."""
    alone = _logits(network, tokens[-1:])
    if alone is None or alone.shape[1:] != together.shape[1:]:
        return
    apart = float((alone[0] - together[-1]).abs().max())
    if apart <= _tolerance(together) or not _repeats(network, tokens, together):
        return
    raise SymbolscopeError(
        f"the rows of a batch influence one another in {type(network).__name__}: its output for one trial moves by {apart:.2g} "
        "when the others are left out. Recurrent and attention layers need batch_first=True to take tokens [b, L]"
    )


def _tolerance(logits: Tensor) -> float:
    finite = logits[logits.isfinite()]
    if finite.numel() < 2:
        return 0.0
    eps = torch.finfo(logits.dtype).eps if logits.dtype.is_floating_point else 0.0
    return _SHARE * float(finite.double().std()) + _ROUNDINGS * eps * float(finite.double().abs().max())


def _repeats(network: nn.Module, tokens: np.ndarray, before: Tensor) -> bool:
    """Whether the same tokens give the same output again; of a random network nothing can be said here."""
    again = _logits(network, tokens)
    return again is not None and float((again - before).abs().max()) <= _tolerance(before)


def _logits(network: nn.Module, tokens: np.ndarray) -> Tensor | None:
    """Logits [b, L, V] on the CPU; None of a network that cannot read the tokens or returns something else: others refuse that."""
    device = next((parameter.device for parameter in network.parameters()), torch.device("cpu"))
    try:
        with torch.no_grad(), evaluation_mode(network):
            output: object = network(torch.from_numpy(tokens).to(device))
    except (RuntimeError, IndexError, ValueError):
        return None
    output = getattr(output, "logits", output)
    if not isinstance(output, Tensor) or output.ndim != 3 or output.shape[:2] != tokens.shape:
        return None
    return output.detach().cpu().nan_to_num()
