"""Calling any function on a batch: with a tensor as torch's networks take it, or with a NumPy array as others do."""

from collections.abc import Callable

import torch

from symbolscope.errors import SymbolscopeError


class TensorCall:
    """A network or function that is called on tensors, or on arrays if it turns out that it cannot take tensors.

    Torch modules always get tensors. Any other function is tried with a tensor first; one that fails is tried with a NumPy array of
    the same numbers, and from then on gets arrays.

    Examples
    --------
    >>> import numpy as np
    >>> call = TensorCall(lambda rows: np.linalg.norm(rows.astype("float64"), axis=1), is_module=False)
    >>> call(torch.tensor([[3.0, 4.0]]))
    array([5.])
    """

    def __init__(self, function: Callable[..., object], *, is_module: bool) -> None:
        self.function = function
        self.is_module = is_module
        self._takes_arrays: bool | None = False if is_module else None  # None: not known yet

    def __call__(self, batch: torch.Tensor) -> object:
        """Return whatever the function returns for a batch [m, ...]."""
        if self._takes_arrays is False:
            return self.function(batch)
        if self._takes_arrays is True:
            return self.function(_array(batch))
        try:
            answer = self.function(batch)
        except SymbolscopeError:
            raise
        except Exception as with_tensor:
            try:
                answer = self.function(_array(batch))
            except Exception as with_array:
                if type(with_array) is type(with_tensor) and str(with_array) == str(with_tensor):
                    raise
                with_tensor.add_note(f"with a NumPy array instead of a tensor it raised {with_array!r}")
                raise with_tensor from with_array
            self._takes_arrays = True
            return answer
        self._takes_arrays = False
        return answer


def _array(batch: torch.Tensor) -> object:
    return batch.detach().cpu().numpy().copy()
