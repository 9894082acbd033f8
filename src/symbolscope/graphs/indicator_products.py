"""Inner products of the indicators of AND and OR interactions over all masks, in closed form.

Write [S](T) for the indicator of an interaction of S on mask T: 1 where all of S is present (AND), or some of it (OR). With the
mean over all 2^n masks as inner product, a set of s players is wholly present on a share 2^-s of the masks and wholly absent on
as many, independently of other players, so with u = |S u S'|

    <AND S, AND S'> = 2^-u                                   both wholly present
    <OR S,  OR S'>  = 1 - 2^-s - 2^-s' + 2^-u                neither wholly absent
    <AND S, OR S'>  = 2^-s             where they share a player, which is then present
                    = 2^-s - 2^-u      where they share none: S present, and S' not wholly absent

The empty set obeys the same formulas: its AND is 1 everywhere and its OR nowhere. Nothing here takes 2^n numbers.
"""

import numpy as np
from numpy.typing import NDArray

from symbolscope.shapes import Effects, Masks, Members


def indicator_means(masks: Members, is_or: NDArray[np.bool_]) -> Effects:
    """Share of the masks on which each interaction is active, float64 [k]; also its inner product with itself."""
    share = np.exp2(-masks.sum(axis=1).astype(np.float64))
    return np.where(is_or, 1.0 - share, share)


def indicator_products(
    masks: Members, is_or: NDArray[np.bool_], others: Masks, others_or: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Mean over all masks of the product of two interactions' indicators.

    Parameters
    ----------
    masks, is_or
        bool [k, n] and [k].
    others, others_or
        bool [m, n] and [m].

    Returns
    -------
    float64 [k, m].

    Examples
    --------
    An AND of two players against itself, an AND of three with two shared players, and an OR of a third player:

    >>> pair, three, third = np.array([[1, 1, 0]]) > 0, np.array([[1, 1, 1]]) > 0, np.array([[0, 0, 1]]) > 0
    >>> no, yes = np.array([False]), np.array([True])
    >>> indicator_products(pair, no, np.vstack([pair, three]), np.array([False, False]))
    array([[0.25 , 0.125]])
    >>> indicator_products(pair, no, third, yes)
    array([[0.125]])
    """
    shared = masks.astype(np.float32) @ others.T.astype(np.float32)  # [k, m]
    own = masks.sum(axis=1).astype(np.float64)[:, None]
    its = others.sum(axis=1).astype(np.float64)[None, :]
    both = np.exp2(shared - own - its)  # 2^-|union|
    apart = np.where(shared > 0, 0.0, both)
    first, second = is_or[:, None], others_or[None, :]
    mixed = np.where(first, np.exp2(-its), np.exp2(-own)) - apart
    ors = 1.0 - np.exp2(-own) - np.exp2(-its) + both
    return np.where(first & second, ors, np.where(first | second, mixed, both))
