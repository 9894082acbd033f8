"""The square system of a vertex: as many masks at the edge of the tolerance as sets with an effect.

With S the sets and M the masks, K = [is S inside (AND) or apart from (absent) mask M] is a 0/1 matrix, and

    K x = v_M - (+-tolerance)      the effects of the vertex,          K' y = +-price_S      its dual values.

Only the inverse is held, in float32, as small as can be. A solution is refined in float64: the residual over M is read off the
butterfly images of x and y, which the simplex method needs on all masks and sets anyway. Exchanging a set or a mask, or adding
or removing one of each, changes the inverse by a matrix of rank one; once refinement slows down, it is computed afresh.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import get_lapack_funcs

from symbolscope.interactions.butterflies import shear
from symbolscope.interactions.decomposition.pivots import fill, grow, reverse, shrink, subtract_outer
from symbolscope.shapes import Vector

_MOST_REFINEMENTS = 12
# Rounding of a residual, relative to the accuracy asked for, at which refinement may stall.
_STALLED = 1e3
_UPDATES_PER_INVERSE = 100
_LEAST_PIVOT = 1e-6

Numbers = NDArray[np.float64]


class SingularBasisError(ArithmeticError):
    """The basis cannot be solved to accuracy."""


class Basis:
    """Sets and masks of a vertex with the inverse of their 0/1 matrix.

    A set is its index for an AND, its index + 2^n for an absent effect.

    Parameters
    ----------
    size
        2^n.
    most
        Largest number of sets.
    scratch
        float64 [2^n], overwritten by ``image`` and ``solve``.
    """

    def __init__(self, size: int, most: int, scratch: Vector) -> None:
        self.size = size
        self.most = most
        self.sets = np.zeros(0, np.int64)
        self.masks = np.zeros(0, np.int64)
        self._packed = np.zeros(most * most, np.float32)
        self._scratch = scratch
        self._updates = 0

    @property
    def inverse(self) -> NDArray[np.float32]:
        """Approximate inverse [sets, masks]."""
        k = len(self.sets)
        return self._packed[: k * k].reshape(k, k)

    def column(self, chosen: int) -> Numbers:
        """Entries of a set on the masks, [k]."""
        if chosen < self.size:
            return ((~self.masks & chosen) == 0).astype(np.float64)
        return ((self.masks & (chosen - self.size)) == 0).astype(np.float64)

    def row(self, mask: int) -> Numbers:
        """Entries of the sets on a mask, [k]."""
        inside = (~mask & self.sets) == 0
        apart = (mask & (self.sets - self.size)) == 0
        return np.where(self.sets < self.size, inside, apart).astype(np.float64)

    def image(self, effects: Numbers, out: Vector) -> None:
        """What effects [k] of the sets add up to on every mask, into ``out`` [2^n]."""
        is_and, apart = self.sets < self.size, self._scratch
        apart[:] = 0.0
        apart[self.sets[~is_and] - self.size] = effects[~is_and]
        shear(apart, 1.0)
        out[:] = 0.0
        out[self.sets[is_and]] = effects[is_and]
        shear(out, 1.0)
        np.add(out, apart[::-1], out=out)

    def transposed_image(self, duals: Numbers, out: NDArray[np.float64]) -> None:
        """What duals [k] of the masks add up to on every set, into ``out`` [2, 2^n], AND then absent."""
        out[:] = 0.0
        for block, places in ((out[0], self.size - 1 - self.masks), (out[1], self.masks)):
            block[places] = duals
            shear(block, 1.0)
            reverse(block)

    def solve(self, right: Numbers, out: Vector, *, accuracy: float) -> Numbers:
        """Effects [k] whose image, left in ``out``, is ``right`` [k] on the masks."""

        def residual(effects: Numbers) -> Numbers:
            self.image(effects, out)
            return right - out[self.masks]

        return self._refined(right, residual, accuracy, transpose=False)

    def solve_transposed(self, right: Numbers, out: NDArray[np.float64], *, accuracy: float) -> Numbers:
        """Duals [k] whose transposed image, left in ``out`` [2, 2^n], is ``right`` [k] on the sets."""
        flat = out.reshape(-1)

        def residual(duals: Numbers) -> Numbers:
            self.transposed_image(duals, out)
            return right - flat[self.sets]

        return self._refined(right, residual, accuracy, transpose=True)

    def _refined(
        self, right: Numbers, residual: Callable[[Numbers], Numbers], accuracy: float, *, transpose: bool
    ) -> Numbers:
        enough = accuracy * max(1.0, float(np.max(np.abs(right))))
        for attempt in ("updated inverse", "fresh inverse"):
            solution, rest, before = np.zeros(len(right)), right, np.inf
            for _ in range(_MOST_REFINEMENTS):
                solution = solution + self.approximate(rest, transpose=transpose)
                rest = residual(solution)
                left = float(np.max(np.abs(rest)))
                stalled = not left < 0.5 * before
                if left <= enough or (stalled and left <= _STALLED * enough):
                    return solution
                if stalled:
                    break
                before = left
            if attempt == "updated inverse":
                self.refresh()
        raise SingularBasisError

    def approximate(self, right: Numbers, *, transpose: bool = False) -> Numbers:
        """Solution with the inverse in float32 alone."""
        inverse = self.inverse.T if transpose else self.inverse
        return (inverse @ right.astype(np.float32)).astype(np.float64)

    def refresh(self) -> None:
        """Invert the matrix afresh, in place."""
        k = len(self.sets)
        packed = self._packed[: k * k]
        fill(packed, self.masks, self.sets, self.size)
        factorise, invert = get_lapack_funcs(("getrf", "getri"), dtype=np.float32)
        # Row after row read as column after column is the transpose, whose inverse reads back as the inverse.
        factors, pivots, failed = factorise(packed.reshape(k, k, order="F"), overwrite_a=True)
        if failed:
            raise SingularBasisError
        inverse, failed = invert(factors, pivots, overwrite_lu=True)
        if failed or not np.isfinite(np.dot(packed, packed)):
            raise SingularBasisError
        if not np.shares_memory(inverse, packed):
            packed[:] = inverse.reshape(-1, order="F")
        self._updates = 0

    def exchange_set(self, i: int, chosen: int) -> None:
        """Set ``chosen`` in the place of the i-th."""
        column = self.approximate(self.column(chosen))
        pivot = column[i]
        self._check(pivot)
        row = self.inverse[i] / np.float32(pivot)
        column[i] -= 1.0  # so that row i itself becomes row
        subtract_outer(self._packed, len(self.sets), column.astype(np.float32), row)
        self.sets[i] = chosen
        self._count()

    def exchange_mask(self, r: int, mask: int) -> None:
        """``mask`` in the place of the r-th."""
        row = self.approximate(self.row(mask), transpose=True)
        pivot = row[r]
        self._check(pivot)
        column = self.inverse[:, r] / np.float32(pivot)
        row[r] -= 1.0
        subtract_outer(self._packed, len(self.sets), column, row.astype(np.float32))
        self.masks[r] = mask
        self._count()

    def add(self, chosen: int, mask: int) -> None:
        """One more set and one more mask, both last."""
        if len(self.sets) == self.most:
            raise SingularBasisError
        row = self.row(mask)
        inverse_column = self.approximate(self.column(chosen))
        inverse_row = self.approximate(row, transpose=True)
        corner = (~mask & chosen) == 0 if chosen < self.size else (mask & (chosen - self.size)) == 0
        schur = float(corner) - float(row @ inverse_column)
        self._check(schur)
        grow(self._packed, len(self.sets), inverse_column, inverse_row, schur)
        self.sets, self.masks = np.append(self.sets, chosen), np.append(self.masks, mask)
        self._count()

    def remove(self, i: int, r: int) -> None:
        """Without the i-th set and the r-th mask."""
        inverse = self.inverse
        column, row = inverse[:, r].copy(), inverse[i].copy()
        self._check(float(row[r]))
        shrink(self._packed, len(self.sets), i, r, column, row)
        self.sets, self.masks = np.delete(self.sets, i), np.delete(self.masks, r)
        self._count()

    def _check(self, pivot: float) -> None:
        if not abs(pivot) > _LEAST_PIVOT:
            raise SingularBasisError

    def _count(self) -> None:
        self._updates += 1
        if self._updates >= _UPDATES_PER_INVERSE:
            self.refresh()
