"""Keys and values of prefixes: those of a block's tokens, after those of what the block continues."""

from collections.abc import Sequence

import torch


class PrefixCache:
    """What a network's attention layers keep of the tokens they have seen, as Hugging Face networks ask for it.

    A block of q tokens continues a prefix of a tokens. The states of the a are copied, once and straight to where the
    q new ones join them, from the cache in which they were computed. Sequences are the first axis in memory, so that
    both parts are whole pieces of it.

    Parameters
    ----------
    before
        The cache that holds the prefixes' states, or None if there are none.
    places
        int64 [a, B]: for each block the places of its prefix's tokens in ``before``, as token * B' + block.

    Examples
    --------
    Two blocks of one token each, [B, heads, tokens, width], then a token after each of the two, in turned order:

    >>> first = PrefixCache()
    >>> keys, _ = first.update(torch.tensor([1.0, 2.0]).view(2, 1, 1, 1), torch.zeros(2, 1, 1, 1), 0)
    >>> then = PrefixCache(first, torch.tensor([[1, 0]]))
    >>> keys, _ = then.update(torch.tensor([3.0, 4.0]).view(2, 1, 1, 1), torch.zeros(2, 1, 1, 1), 0)
    >>> keys[:, 0, :, 0]
    tensor([[2., 3.],
            [1., 4.]])
    """

    is_compileable = False
    is_sliding: Sequence[bool] = ()

    def __init__(self, before: "PrefixCache | None" = None, places: torch.Tensor | None = None) -> None:
        self._before = before
        self._places = places
        self._states: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}  # per layer [a + q, B, heads, width]

    @property
    def n_layers(self) -> int:
        """Number of layers that have written something."""
        return len(self._states)

    @property
    def device(self) -> torch.device:
        """Where the states are."""
        return self._states[min(self._states)][0].device

    def update(
        self,
        key_states: torch.Tensor,
        value_states: torch.Tensor,
        layer_idx: int,
        cache_kwargs: object = None,
        kwargs: object = None,  # its name since transformers 5.24
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Add the states [B, heads, q, width] of new tokens, and return all: [B, heads, a + q, width]."""
        if self._before is None or self._places is None:
            keys, values = key_states.permute(2, 0, 1, 3), value_states.permute(2, 0, 1, 3)
        else:
            keys, values = (
                self._joined(past, new)
                for past, new in zip(self._before._states[layer_idx], (key_states, value_states), strict=True)
            )
        self._states[layer_idx] = keys, values
        return keys.permute(1, 2, 0, 3), values.permute(1, 2, 0, 3)

    def _joined(self, past: torch.Tensor, new: torch.Tensor) -> torch.Tensor:
        assert self._places is not None
        blocks, heads, tokens, width = new.shape
        a = len(self._places)
        joined = new.new_empty(a + tokens, blocks, heads, width)
        torch.index_select(
            past.reshape(-1, heads * width), 0, self._places.view(-1), out=joined[:a].view(-1, heads * width)
        )
        joined[a:] = new.permute(2, 0, 1, 3)
        return joined

    def get_seq_length(self, layer_idx: int = 0) -> int:
        """Return the number of tokens before the block."""
        return 0 if self._places is None else len(self._places)

    def get_query_offset(self, layer_idx: int = 0) -> int:
        """Return the place of the block's first token among all."""
        return self.get_seq_length(layer_idx)

    def get_mask_sizes(self, query_length: int, layer_idx: int = 0) -> tuple[int, int]:
        """Return how many tokens a block of so many sees, and where they begin."""
        return self.get_seq_length(layer_idx) + query_length, 0
