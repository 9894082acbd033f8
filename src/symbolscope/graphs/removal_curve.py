"""What a graph of each size would be worth: the whole trade-off between size and accuracy."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from symbolscope.errors import SymbolscopeError

if TYPE_CHECKING:
    import pandas


@dataclass(frozen=True, eq=False, repr=False)
class RemovalCurve:
    """Accuracy of what greedy removal leaves, for every number of interactions k = 0 .. K.

    Attributes
    ----------
    sizes
        int64 [K + 1]: 0 .. K.
    r2
        1 - unfaithfulness / variance of the output.
    unfaithfulness
        Mean squared error over the 2^n masks, each counted once, in squared units of the score (2111.06206, "rho").
    relative_unfaithfulness
        Sum of squared errors / sum of squared outputs, as the paper's own threshold is put.
    explained_ratio
        sum|w| / (sum|w| + |Delta|) over the k interactions kept, Delta = v(N) - v(empty) - sum w (2111.06206, App. G.7, "Q").
    largest_error
        Largest absolute error on any mask; nan where it would take too long to know.
    fitted_r2
        R^2 of the same k interactions with the effects that suit them best; nan unless ``refit=True``.
    order
        int64 [K]: rows of the model in the order in which sizes add them, so a graph of size k keeps ``order[:k]``.

    Examples
    --------
    >>> import symbolscope as sy
    >>> from symbolscope.graphs.causal_graph import causal_graph
    >>> curve = causal_graph(sy.decompose([0.0, 1.0, 2.0, 6.0])).curve
    >>> curve
    RemovalCurve: R^2 of 0 to 3 interactions from -0.98 to 1.0
    >>> curve.r2.round(2), curve.order
    (array([-0.98,  0.33,  0.9 ,  1.  ]), array([0, 1, 2]))
    """

    sizes: NDArray[np.int64]
    r2: NDArray[np.float64]
    unfaithfulness: NDArray[np.float64]
    relative_unfaithfulness: NDArray[np.float64]
    explained_ratio: NDArray[np.float64]
    largest_error: NDArray[np.float64]
    fitted_r2: NDArray[np.float64]
    order: NDArray[np.int64]

    def to_frame(self) -> "pandas.DataFrame":
        """One row per size. Needs pandas."""
        try:
            import pandas
        except ImportError:
            raise SymbolscopeError("to_frame needs pandas: pip install 'symbolscope[frames]'") from None
        return pandas.DataFrame(
            {
                "size": self.sizes,
                "r2": self.r2,
                "unfaithfulness": self.unfaithfulness,
                "relative unfaithfulness": self.relative_unfaithfulness,
                "explained ratio": self.explained_ratio,
                "largest error": self.largest_error,
                "fitted r2": self.fitted_r2,
            }
        )

    def __repr__(self) -> str:
        return f"RemovalCurve: R^2 of 0 to {len(self.order):,} interactions from {self.r2[0]:.2g} to {self.r2[-1]:.4}"
