"""What stands in the place of a hidden token: a special token, another one, or a vector."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from symbolscope.core.wrapped_network import unwrapped
from symbolscope.errors import SymbolscopeError


def hidden_token(
    tokenizer: object, baseline: object, *, embeddings: bool
) -> tuple[int | NDArray[np.float64] | None, str]:
    """Find what hides a token: its id, a vector, or None for the zero vector; and how to call it."""
    tokens: dict[str, int | None] = {
        name: getattr(tokenizer, f"{name}_token_id", None) for name in ("mask", "unk", "pad", "eos")
    }
    if baseline is None:
        name, token = next(((name, token) for name, token in tokens.items() if token is not None), ("", None))
        if token is None:
            raise SymbolscopeError("the tokenizer has no mask, unk, pad or eos token; give baseline=<token id>")
        return token, f"{name} token ({token})"
    if isinstance(baseline, str):
        if baseline == "zero" and embeddings:
            return None, "zero embedding"
        if baseline == "zero" or baseline not in tokens:
            raise SymbolscopeError(
                f"baseline {baseline!r} does not suit a text by {'embedding' if embeddings else 'token'}; "
                "give 'mask', 'pad', 'unk', "
                + (
                    "'zero', a token id or a vector"
                    if embeddings
                    else "or a token id (or level='embedding' for vectors)"
                )
            )
        token = tokens[baseline]
        if token is None:
            there = ", ".join(repr(name) for name, token in tokens.items() if token is not None) or "none"
            raise SymbolscopeError(
                f"the tokenizer has no {baseline} token; it has {there}. Or give baseline=<token id>"
            )
        return token, f"{baseline} token ({token})"
    if isinstance(baseline, (int, np.integer)) and not isinstance(baseline, bool):
        size = len(tokenizer) if hasattr(tokenizer, "__len__") else None  # pyright: ignore[reportArgumentType]
        if baseline < 0 or (size is not None and baseline >= size):
            raise SymbolscopeError(f"baseline token id {baseline} is not in the vocabulary (0 .. {(size or 1) - 1})")
        return int(baseline), f"token {int(baseline)}"
    if not embeddings:
        raise SymbolscopeError("a baseline vector needs level='embedding'; at level='token' give a token id")
    try:
        vector = np.asarray(
            baseline.detach().cpu().double() if isinstance(baseline, torch.Tensor) else baseline, dtype=np.float64
        )
    except (TypeError, ValueError):
        raise SymbolscopeError(
            f"a baseline embedding must be an array of numbers [width]; got {type(baseline).__name__}"
        ) from None
    if not np.isfinite(vector).all():
        raise SymbolscopeError("the baseline embedding holds NaN or infinity")
    return vector, f"embedding of shape {vector.shape}"


def embedded(
    network: object, ids: NDArray[np.int64], hidden: int | NDArray[np.float64] | None, device: torch.device
) -> tuple[NDArray[np.generic], NDArray[np.generic]]:
    """Embeddings [L, D] of the text, and of the text with every token hidden."""
    inner = unwrapped(network)
    table = inner.get_input_embeddings() if hasattr(inner, "get_input_embeddings") else None  # pyright: ignore
    if not isinstance(table, nn.Module):
        raise SymbolscopeError(
            f"{type(network).__name__} has no get_input_embeddings(), which level='embedding' needs; give level='token'"
        )
    with torch.inference_mode():
        sample = table(torch.from_numpy(ids).to(device)).float().cpu().numpy()
        if isinstance(hidden, int):
            hidden = table(torch.tensor(hidden, device=device)).float().cpu().numpy()
    vector = np.zeros(sample.shape[1]) if hidden is None else np.asarray(hidden)
    if vector.shape not in ((sample.shape[1],), sample.shape):
        raise SymbolscopeError(
            f"the baseline embedding must have shape ({sample.shape[1]},), the network's embedding width; got "
            f"{vector.shape}"
        )
    return sample, np.broadcast_to(vector, sample.shape).astype(sample.dtype)
