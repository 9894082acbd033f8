"""Weighted Jaccard similarity of two explanations."""

import numpy as np
from numpy.typing import NDArray

from symbolscope.core.argument_checks import Flag, SeedOrGenerator
from symbolscope.core.checked_call import takes
from symbolscope.core.random_streams import stream
from symbolscope.emergence.check_type import GivenModel, check_model
from symbolscope.emergence.effect_table import effect_table
from symbolscope.emergence.random_sets import random_sets
from symbolscope.emergence.similarity import Similarity
from symbolscope.emergence.whole_number import GivenInteger, whole_number


@takes({"normalised": Flag(), "seed": SeedOrGenerator()})
def jaccard(
    model: GivenModel,
    other: GivenModel,
    *,
    normalised: bool = False,
    restarts: GivenInteger = 20,
    seed: int | np.random.Generator = 0,
) -> Similarity:
    """Share of interaction strength that two explanations of the same players have in common.

        J = sum over S of [min(I+, I'+) + min(I-, I'-)] / sum over S of [max(I+, I'+) + max(I-, I'-)]

    with I+ = max(I, 0) and I- = max(-I, 0); S runs over all ANDs and ORs. 1 for equal effects, 0 where no set has the same sign
    in both; two explanations without any interaction are equal. Chance is the same after moving the second's effects to
    random sets of the same order and kind.

    Parameters
    ----------
    model, other
        Explanations of the same players, of one sample on two networks, say.
    normalised
        Divide each by the sum of its |effects| first: what is compared is then their shape, not their size.
    restarts
        Random rearrangements for the chance level.
    seed
        Of those.

    Raises
    ------
    SymbolscopeError
        If the players differ, or one is no explanation.

    Source: Li, Zhang (2302.13080), the overlap of two networks' interactions in their code; the chance level is ours.

    Examples
    --------
    >>> import symbolscope as sy
    >>> model = sy.decompose([0.0, 1.0, 2.0, 7.0])
    >>> float(jaccard(model, model))
    1.0

    The double has the same shape, and half of its strength is in common:

    >>> double = sy.decompose([0.0, 2.0, 4.0, 14.0])
    >>> float(jaccard(model, double)), float(jaccard(model, double, normalised=True))
    (0.5, 1.0)
    """
    check_model("model", model)
    check_model("other", other)
    restarts = whole_number("restarts", restarts, least=1, of="random rearrangement")
    table = effect_table([model, other])
    one, two = (row / np.abs(row).sum() if normalised and row.any() else row for row in table.effects)
    strength = float(np.abs(one).sum() + np.abs(two).sum())

    def share(moved: NDArray[np.float64]) -> float:
        common = np.where(one * moved > 0, np.minimum(np.abs(one), np.abs(moved)), 0.0).sum()
        # max(a, b) = a + b - min(a, b), so what was moved out of sight still counts in the denominator.
        return float(common / (strength - common)) if strength > 0 else 1.0

    m = len(two)
    shares: list[float] = []
    generator = stream(seed, "sets moved for the Jaccard similarity")
    for places in random_sets(table.classes, table.class_sizes, draws=restarts, generator=generator):
        moved = np.zeros(m + 1)
        moved[places] = two
        shares.append(share(moved[:m]))
    low, high = np.percentile(shares, (2.5, 97.5))
    return Similarity("Jaccard", share(two), float(np.mean(shares)), float(low), float(high))
