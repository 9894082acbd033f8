"""The outputs of a network on every mask of many samples at once."""

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn

from symbolscope.errors import SymbolscopeError
from symbolscope.games.masks import all_masks
from symbolscope.games.scores import Score
from symbolscope.networks.evaluation_mode import evaluation_mode
from symbolscope.shapes import Values

_ROWS = 1 << 16


def values_of_samples(
    network: nn.Module,
    samples: Tensor,
    baseline: Tensor,
    *,
    score: Literal["log-odds", "output"] = "log-odds",
    targets: Sequence[int] | None = None,
    rows: int = _ROWS,
) -> Values:
    """v(S) of every mask S of every sample, each element of a sample a player.

    v(S) = score(network(x_S)), as ``symbolscope.Game`` has it, but the masks of several samples share a batch: for networks
    so small that calling them costs more than what they compute.

    Parameters
    ----------
    network
        Inputs [b, n] to logits [b, classes] or [b, 1].
    samples
        float32 [samples, n].
    baseline
        [n], what hidden elements hold.
    score
        "log-odds" of the target, or "output": the first output as it is.
    targets
        Class of each sample; None is the one predicted on it.
    rows
        Masked inputs per batch.

    Returns
    -------
    float64 [samples, 2^n].

    Raises
    ------
    SymbolscopeError
        If the shapes do not fit.

    Examples
    --------
    >>> import symbolscope as sy
    >>> network = torch.nn.Linear(3, 2)
    >>> values = values_of_samples(network, torch.ones(4, 3), torch.zeros(3), targets=[0, 1, 0, 1])
    >>> values.shape
    (4, 8)
    >>> game = sy.Game(network, torch.ones(3), target=1)
    >>> bool(abs(values[1] - game(sy.all_masks(3))).max() < 1e-5)
    True
    """
    if samples.ndim != 2 or baseline.shape != samples.shape[1:]:
        raise SymbolscopeError(
            f"samples must be [samples, n] and the baseline [n]; got {tuple(samples.shape)} and {tuple(baseline.shape)}"
        )
    if targets is not None and len(targets) != len(samples):
        raise SymbolscopeError(f"targets must be one class per sample, {len(samples)}; got {len(targets)}")
    n = samples.shape[1]
    masks = torch.from_numpy(all_masks(n))  # [2^n, n]
    scores = torch.empty(len(samples), len(masks), dtype=torch.float64)
    at_once = max(1, rows >> n)
    with torch.inference_mode(), evaluation_mode(network):
        for start in range(0, len(samples), at_once):
            some = samples[start : start + at_once]
            inputs = torch.where(masks, some[:, None], baseline)  # [some, 2^n, n]
            outputs = torch.cat([network(batch) for batch in inputs.reshape(-1, n).split(rows)])
            outputs = outputs.reshape(len(some), len(masks), -1)
            chosen = None if targets is None else targets[start : start + at_once]
            scores[start : start + at_once] = _scores(outputs, score, chosen)
    return scores.numpy()


def _scores(outputs: Tensor, score: Literal["log-odds", "output"], targets: Sequence[int] | None) -> Tensor:
    """Scores [some, 2^n] of outputs [some, 2^n, classes]."""
    if score == "output":
        return outputs[..., 0].double()
    single = outputs.shape[-1] == 1
    if targets is None:
        full = outputs[:, -1]  # the last mask hides nothing
        targets = ((full[:, 0] > 0).long() if single else full.argmax(dim=1)).tolist()
    found = torch.empty(outputs.shape[:2], dtype=torch.float64)
    for row, target in enumerate(targets):
        found[row] = Score("log-odds", target, "single logit" if single else "logits")(outputs[row])
    return found
