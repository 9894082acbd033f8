"""From a nearly solved split to the exact optimum: a parametric simplex method that never stores the linear programme.

    minimise  sum p |x|   subject to   |v - A x| <= tolerance on every mask,        A = [zeta, absent],

has an optimum at a vertex: k sets S with an effect and k masks M at the edge s of the tolerance, s = +-1 (``basis.py``),

    A_MS x = v_M - tolerance s,     A_MS' y = p_S sign(x_S),
    primal: |v - A x| <= tolerance off M,  x_S keeps its sign;      dual: |A'y| <= p off S,  s y >= 0.

A guess of S and M obeys a few of these conditions wrongly. So the values and the prices are first changed to values v + dv and
prices p + dp for which all conditions hold, and then brought back along v + share dv, p + share dp, share from 1 to 0. On the way
x, y, the errors and the dual values are affine in the share, and whenever a condition is about to fail the basis is changed:

    an effect vanishes or a mask reaches its edge    it leaves; the dual ratio test says which set or mask enters instead
    a set reaches its price or y vanishes on a mask  it enters; the primal ratio test says which set or mask leaves instead

Every iterate is thus optimal for its own values and prices; with share 0 they are the given ones. Each exchange takes a few
butterflies for the rates of change on all masks and sets, and O(k^2) operations.

Box and prices carry noise of a relative 1e-9, fixed by the index of the mask or set: many masks and sets of a structured game
tie exactly, and among ties the method might cycle. The vertex found is then solved without the noise, which leaves effects that
the noise alone called for at zero. The box is only ever made smaller, so errors stay within the tolerance.

Source: derived here for the structure of the split; the self-dual parametric simplex method is Dantzig's, in Vanderbei, *Linear
programming: foundations and extensions* (2020), chapter 7.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from symbolscope.interactions.decomposition.basis import Basis, Numbers, SingularBasisError
from symbolscope.interactions.decomposition.pivots import add_mask, add_set, first_mask, first_set, weyl
from symbolscope.interactions.decomposition.split import SplitPrices
from symbolscope.interactions.decomposition.vertex import Vertex
from symbolscope.shapes import Vector

_NOISE = 1e-9
# In units of values of size one; the rounding of errors on 2^n masks is below it.
_LEAST_NOISE = 1e-12
_TINY = 1e-8
_MOST_PIVOTS = 6000
_REFRESH_EVERY = 50
# Rates need not be as accurate as the vertex, which is computed afresh every so often.
_RATE_ACCURACY = 1e-10
_ACCURACY = 1e-13
# How far inside box and prices the start is placed, so that not every condition fails at once.
_BOX_MARGIN = 0.2
_PRICE_MARGIN = 0.02
_SMALLEST_MARGIN = 1e-3
_LEAST_START_PIVOT = 0.05


@dataclass(frozen=True)
class _Event:
    """What happens next: a ``set`` or ``mask`` of the basis (its position), or from outside it (its index and sign)."""

    distance: float
    what: str  # "effect", "edge": leaving the free ones; "price", "dual": entering them
    index: int = -1
    sign: float = 0.0


class Simplex:
    """The path of vertices from a guess to the optimum; ``solve`` follows it.

    Parameters
    ----------
    values
        float64 [2^n], of size about one.
    prices
        Price of each set.
    tolerance
        Largest error on any mask, positive.
    most
        Largest number of sets with an effect: the inverse of the basis takes 4 most^2 bytes.
    """

    def __init__(self, values: Vector, prices: SplitPrices, tolerance: float, *, most: int) -> None:
        size = values.size
        self._values, self._prices, self._tolerance = values, prices, tolerance
        self._noise = max(_NOISE * tolerance, _LEAST_NOISE)
        self._share, self._noisy = 0.0, True
        self._barred = np.zeros((2, size), np.int8)  # sets of the basis, and those that do not exist
        self._barred[0] = prices.orders < 1
        self._barred[1] = (prices.orders < 2) | ~np.isfinite(prices.or_prices)
        self._at_edge = np.zeros(size, np.int8)
        self._value_change, self._price_change = np.zeros(size, np.float32), np.zeros((2, size), np.float32)
        self._error, self._error_rate = np.zeros(size), np.zeros(size)
        self._dual, self._dual_rate = np.zeros((2, size)), np.zeros((2, size))
        # Rates of effects are always found before those of duals, so these may serve as scratch.
        self._basis = Basis(size, most, self._dual_rate[0])
        self._signs, self._edges = np.zeros(0), np.zeros(0)  # of the effects, and of the errors at the edge
        self._effects, self._duals = np.zeros(0), np.zeros(0)

    def solve(self, guess: Vertex) -> Vertex | None:
        """The optimal vertex, or None if it has too many effects or the path to it is too long."""
        try:
            self._choose_basis(guess)
            self._change_prices()
            self._change_values()
            self._share = 1.0
            for pivot in range(_MOST_PIVOTS):
                if pivot % _REFRESH_EVERY == 0:
                    self._vertex()
                if not self._pivot():
                    self._noisy = False
                    self._vertex()
                    within = np.max(np.abs(self._error, out=self._error)) <= self._tolerance
                    basis = self._basis
                    return Vertex(basis.sets, self._effects, basis.masks, self._duals) if within else None
        except SingularBasisError:
            pass
        return None

    # The start

    def _choose_basis(self, guess: Vertex) -> None:
        """The largest effects first, each with the guessed mask that it bears on most."""
        basis, image = self._basis, self._error_rate
        weights = np.sqrt(np.abs(guess.duals))
        first = int(np.argmax(weights))
        basis.add(0, int(guess.masks[first]))
        weights[first] = 0.0
        kept = [0.0]  # the constant is free, whatever it is
        for i in np.argsort(-np.abs(guess.effects), kind="stable")[: basis.most - 1].tolist():
            chosen = int(guess.sets[i])
            basis.image(-basis.approximate(basis.column(chosen)), image)
            add_set(image, chosen, image.size, 1.0)
            pivots = image[guess.masks]
            best = int(np.argmax(np.abs(pivots) * weights))
            if weights[best] > 0 and abs(pivots[best]) >= _LEAST_START_PIVOT:
                basis.add(chosen, int(guess.masks[best]))
                weights[best] = 0.0
                kept.append(float(guess.effects[i]))
        basis.refresh()
        self._effects = np.array(kept)
        self._signs = np.sign(self._effects)
        self._barred.reshape(-1)[basis.sets] = 1
        self._at_edge[basis.masks] = 1

    def _change_prices(self) -> None:
        """Raise the prices that the dual values of the basis exceed or nearly reach; its duals say which edge a mask is at."""
        basis, generator = self._basis, np.random.default_rng(0)
        duals = basis.solve_transposed(self._signed_prices(), self._dual, accuracy=_ACCURACY)
        self._edges = np.where(duals >= 0, 1.0, -1.0)
        for block, price in enumerate((self._prices.and_prices, self._prices.or_prices)):
            over, change = self._dual[block], self._dual_rate[block]
            np.abs(over, out=over)
            np.subtract(over, price, out=over)
            generator.random(out=change)
            change *= _PRICE_MARGIN
            change += _SMALLEST_MARGIN
            np.add(over, change, out=change)
            change[over <= -_SMALLEST_MARGIN] = 0.0
            change[self._barred[block] == 1] = 0.0
            self._price_change[block] = change

    def _change_values(self) -> None:
        """The values that the guessed effects give, with errors at the edge where the basis says so and inside elsewhere."""
        basis, generator = self._basis, np.random.default_rng(0)
        error, limit, lower = self._error, self._error_rate, self._dual_rate[0]
        basis.image(self._effects, error)
        np.subtract(self._values, error, out=error)
        error -= 0.5 * float(error.max() + error.min())
        generator.random(out=limit)
        limit *= -_BOX_MARGIN
        limit += 1.0 - _SMALLEST_MARGIN
        limit *= self._tolerance
        np.negative(limit, out=lower)
        np.clip(error, lower, limit, out=limit)
        limit[basis.masks] = self._edges * self._box()
        np.subtract(limit, error, out=limit)
        self._value_change[:] = limit

    # The vertex and its rates

    def _box(self) -> Numbers:
        return self._tolerance - self._noise * (1.0 + self._noisy * weyl(self._basis.masks))

    def _signed_prices(self) -> Numbers:
        sets, size = self._basis.sets, self._values.size
        prices = np.where(sets < size, self._prices.and_prices[sets % size], self._prices.or_prices[sets % size]) * (
            1.0 + _NOISE * weyl(sets)
        )
        return self._signs * (prices + self._share * self._price_change.reshape(-1)[sets])

    def _vertex(self) -> None:
        """Effects, errors, duals and dual values of the basis, from scratch."""
        basis, error = self._basis, self._error
        self._duals = basis.solve_transposed(self._signed_prices(), self._dual, accuracy=_ACCURACY)
        right = self._values[basis.masks] + self._share * self._value_change[basis.masks] - self._edges * self._box()
        self._effects = basis.solve(right, error, accuracy=_ACCURACY)
        np.subtract(self._values, error, out=error)
        if self._share > 0:
            error += self._share * self._value_change

    def _rates(self) -> tuple[Numbers, Numbers]:
        """Rates at which effects and duals fall as the share falls; those of errors and dual values are left in place."""
        basis = self._basis
        effects = basis.solve(
            self._value_change[basis.masks].astype(np.float64), self._error_rate, accuracy=_RATE_ACCURACY
        )
        np.subtract(self._value_change, self._error_rate, out=self._error_rate)
        changes = np.multiply(self._signs, self._price_change.reshape(-1)[basis.sets], dtype=np.float64)
        return effects, basis.solve_transposed(changes, self._dual_rate, accuracy=_RATE_ACCURACY)

    # Ratio tests

    def _first_leaving(self, effect_rate: Numbers) -> _Event:
        """Which effect vanishes or which mask reaches its edge first."""
        distance, mask, edge = first_mask(self._error, self._error_rate, self._at_edge, self._tolerance, self._noise)
        event = _Event(distance, "edge", int(mask), edge)
        distance, i = _first_to_vanish(self._signs * self._effects, self._signs * effect_rate)
        return event if event.distance <= distance else _Event(distance, "effect", i)

    def _first_entering(self, dual_rate: Numbers, falling: float) -> _Event:
        """Which set reaches its price or which mask's dual vanishes first."""
        distance, r = _first_to_vanish(self._edges * self._duals, self._edges * dual_rate)
        event = _Event(distance, "dual", r)
        for block, price in enumerate((self._prices.and_prices, self._prices.or_prices)):
            offset = block * self._values.size
            distance, found, sign = first_set(
                self._dual[block], self._dual_rate[block], price, self._price_change[block], self._barred[block],
                self._share, falling, offset, _NOISE,
            )  # fmt: skip
            if distance < event.distance:
                event = _Event(distance, "price", int(found) + offset, sign)
        return event

    # Exchange

    def _pivot(self) -> bool:
        """Follow the path to the next exchange and make it; False at its end."""
        effect_rate, dual_rate = self._rates()
        leaving, entering = self._first_leaving(effect_rate), self._first_entering(dual_rate, 1.0)
        distance = min(leaving.distance, entering.distance, self._share)
        last = distance == self._share
        self._share -= distance
        if last:
            return False
        self._effects = self._effects - distance * effect_rate
        self._duals = self._duals - distance * dual_rate
        self._move(self._error, distance, self._error_rate)
        self._move(self._dual, distance, self._dual_rate)
        if leaving.distance <= entering.distance:
            self._let_leave(leaving)
        else:
            self._let_enter(entering)
        return True

    @staticmethod
    def _move(state: NDArray[np.float64], distance: float, rate: NDArray[np.float64]) -> None:
        """State -= distance * rate, without another array; the rate is spent."""
        np.multiply(rate, distance, out=rate)
        np.subtract(state, rate, out=state)

    def _let_leave(self, leaving: _Event) -> None:
        """An effect vanishes or a mask is at its edge: move the duals until a set or mask can take its place."""
        basis, edge = self._basis, leaving.what == "edge"
        if edge:
            right, most = leaving.sign * basis.row(leaving.index), np.inf
        else:
            right = np.zeros(len(basis.sets))
            right[leaving.index] = self._signs[leaving.index]
            # A change of sign: its dual value goes from one price to minus it.
            most = 2.0 * abs(float(self._signed_prices()[leaving.index]))
        rate = basis.solve_transposed(right, self._dual_rate, accuracy=_RATE_ACCURACY)
        if edge:
            add_mask(self._dual_rate, leaving.index, -leaving.sign)
        entering = self._first_entering(rate, 0.0)
        distance = min(entering.distance, most)
        if not np.isfinite(distance):
            raise SingularBasisError
        self._duals = self._duals - distance * rate
        self._move(self._dual, distance, self._dual_rate)
        if most < entering.distance:
            self._signs[leaving.index] *= -1.0
        else:
            self._exchange(leaving, entering, effect=0.0, dual=distance * leaving.sign)

    def _let_enter(self, entering: _Event) -> None:
        """A set is at its price or a dual vanishes: move the effects until a set or mask gives up its place."""
        basis, price = self._basis, entering.what == "price"
        if price:
            right, most = entering.sign * basis.column(entering.index), np.inf
        else:
            right = np.zeros(len(basis.masks))
            right[entering.index] = -self._edges[entering.index]
            # From one edge of the box to the other.
            most = 2.0 * float(self._box()[entering.index])
        rate = basis.solve(right, self._error_rate, accuracy=_RATE_ACCURACY)
        if price:
            add_set(self._error_rate, entering.index, self._values.size, -entering.sign)
        np.negative(self._error_rate, out=self._error_rate)
        leaving = self._first_leaving(rate)
        distance = min(leaving.distance, most)
        if not np.isfinite(distance):
            raise SingularBasisError
        self._effects = self._effects - distance * rate
        self._move(self._error, distance, self._error_rate)
        if most < leaving.distance:
            self._edges[entering.index] *= -1.0
        else:
            self._exchange(leaving, entering, effect=distance * entering.sign, dual=0.0)

    def _exchange(self, leaving: _Event, entering: _Event, *, effect: float, dual: float) -> None:
        """Change the basis; ``effect`` and ``dual`` are those of a set and mask new to it."""
        basis, barred = self._basis, self._barred.reshape(-1)
        i, r = leaving.index, entering.index
        if entering.what == "price":
            barred[entering.index] = 1
        else:
            self._at_edge[basis.masks[r]] = 0
        if leaving.what == "edge":
            self._at_edge[leaving.index] = 1
        else:
            barred[basis.sets[i]] = 0
        if leaving.what == "effect" and entering.what == "price":
            basis.exchange_set(i, entering.index)
            self._signs[i], self._effects[i] = entering.sign, effect
        elif leaving.what == "edge" and entering.what == "dual":
            basis.exchange_mask(r, leaving.index)
            self._edges[r], self._duals[r] = leaving.sign, dual
        elif leaving.what == "edge":
            basis.add(entering.index, leaving.index)
            self._signs, self._effects = np.append(self._signs, entering.sign), np.append(self._effects, effect)
            self._edges, self._duals = np.append(self._edges, leaving.sign), np.append(self._duals, dual)
        else:
            basis.remove(i, r)
            self._signs, self._effects = np.delete(self._signs, i), np.delete(self._effects, i)
            self._edges, self._duals = np.delete(self._edges, r), np.delete(self._duals, r)


def _first_to_vanish(numbers: Numbers, rates: Numbers) -> tuple[float, int]:
    """At which distance the first of ``numbers - distance * rates`` vanishes, and its position."""
    falling = rates > _TINY
    distances = np.full(len(numbers), np.inf)
    np.divide(np.maximum(numbers, 0.0), rates, out=distances, where=falling)
    first = int(np.argmin(distances))
    return float(distances[first]), first
