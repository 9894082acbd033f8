"""Array types named by their shape: plain arrays in production, checked by jaxtyping while the tests run.

The checks exist only where jaxtyping has been imported first (the tests' import hook does that), so the package does not
depend on it and pays nothing for it. ``n`` is the number of players, ``size`` = 2^n, ``m`` masks, ``k`` interactions.
"""

import sys
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING or "jaxtyping" not in sys.modules:
    Values: TypeAlias = NDArray[np.float64]  # [..., 2^n], one number per mask
    Vector: TypeAlias = NDArray[np.float64]  # [2^n]
    Scores: TypeAlias = NDArray[np.float64]  # [m]
    Effects: TypeAlias = NDArray[np.float64]  # [k]
    PerPlayer: TypeAlias = NDArray[np.float64]  # [n]
    Masks: TypeAlias = NDArray[np.bool_]  # [m, n]
    Members: TypeAlias = NDArray[np.bool_]  # [k, n]
    Kinds: TypeAlias = NDArray[np.str_]  # [k]
else:
    from jaxtyping import Bool, Float64, Shaped

    Values = Float64[np.ndarray, "*batch size"]
    Vector = Float64[np.ndarray, "size"]
    Scores = Float64[np.ndarray, "m"]
    Effects = Float64[np.ndarray, "k"]
    PerPlayer = Float64[np.ndarray, "n"]
    Masks = Bool[np.ndarray, "m n"]
    Members = Bool[np.ndarray, "k n"]
    Kinds = Shaped[np.ndarray, "k"]
