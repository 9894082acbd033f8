"""Theorem 2: the sums of interactions of each order as digits in base n, and delta, which its bound on the salient ones needs."""

from dataclasses import dataclass
from math import comb, floor, inf, log, nan

import numpy as np
from numpy.typing import NDArray

# A ratio this close to a whole number, relatively, is one: A(1) / ubar(1) is n, and its digit is not to be lost to rounding.
_WHOLE = 1e-12
# p = 1 exactly (an additive game) must not be rounded down to no digit at all: at least so much is allowed for.
_EXPONENT = 1e-9
_LEAST_LAMBDA = 1e-8


@dataclass(frozen=True, eq=False)
class OrderSumDigits:
    """The order sums A(k) = sum over |S| = k of I(S), taken apart as Theorem 2 of 2305.01939 does.

        A(k) = ( lambda(k) n^(p + delta) + a(k)_(floor(p) - 1) n^(floor(p) - 1) + ... + a(k)_1 n + a(k)_0 ) ubar(1)

    |A(k) / ubar(1)| is written in base n, the fraction added to digit 0; the digits below n^floor(p) are the a(k)_i, with the
    sign of A(k), and those above together are n^(p + delta(k)); delta = max delta(k), lambda(k) = +-n^(delta(k) - delta), so
    |lambda(k)| <= 1.

    Attributes
    ----------
    n_players, mean_first, exponent
        n, ubar(1) and p.
    lambdas
        lambda(k), float64 [M], k = 1..M.
    digits
        a(k)_i, float64 [M, floor(p)].
    delta
        Exact; -inf where no order has a digit at n^floor(p) or above (then every lambda(k) is 0).
    m0
        int64 [M + 1]: n - M..n, the orders at which Theorem 2 may bound delta.
    lambda_m0
        lambda = sum_k C(m0, k) / C(n, k) lambda(k) for each m0, float64 [M + 1].
    digits_m0
        a_i, the same weighted sums of the a(k)_i, float64 [M + 1, floor(p)].
    delta_upper_m0
        float64 [M + 1]: with s = sum_i a_i n^(i - p), log_n((1 - s) / lambda) where lambda > 0 and log_n(s / -lambda) where
        lambda < 0; nan where lambda is 0 or the logarithm has no value, which means that the conditions do not hold exactly.
    delta_upper
        The least of these; a bound on delta if the conditions hold exactly, and nothing more than a number if not.
    reason
        "ok", or why no m0 gives a bound.

    Examples
    --------
    >>> digits = order_sum_digits(np.array([3.0, 3.0]), 3, mean_first=1.0, exponent=1.0)    # x0 + x1 + x2 + all pairs
    >>> digits.digits[:, 0], digits.lambdas, digits.delta
    (array([0., 0.]), array([1., 1.]), 0.0)
    >>> digits.order_sums()
    array([3., 3.])
    """

    n_players: int
    mean_first: float
    exponent: float
    lambdas: NDArray[np.float64]
    digits: NDArray[np.float64]
    delta: float
    m0: NDArray[np.int64]
    lambda_m0: NDArray[np.float64]
    digits_m0: NDArray[np.float64]
    delta_upper_m0: NDArray[np.float64]
    delta_upper: float
    reason: str

    def order_sums(self, delta: float | None = None) -> NDArray[np.float64]:
        """A(k) by the formula, float64 [M]; with another delta what Theorem 2 makes of it."""
        chosen = self.delta if delta is None else delta
        power = 0.0 if chosen == -inf else float(self.n_players) ** (self.exponent + chosen)
        places = float(self.n_players) ** np.arange(self.digits.shape[1])
        return (self.lambdas * power + self.digits @ places) * self.mean_first


def order_sum_digits(
    order_sums: NDArray[np.float64], n_players: int, *, mean_first: float, exponent: float, slack: float = 0.0
) -> OrderSumDigits:
    """Take order sums apart in base n.

    Parameters
    ----------
    order_sums
        A(1), ..., A(M), float64 [M], M <= n.
    n_players
        n >= 2.
    mean_first
        ubar(1) > 0.
    exponent
        p; below 1 there is no digit a(k)_i and everything is in lambda(k) n^(p + delta).
    slack
        How far p may be below a whole number by rounding of the outputs alone.

    Source: Theorem 2 and its proof in 2305.01939. The paper's scripts try m0 = M and n only of those allowed.
    """
    n, largest = n_players, len(order_sums)
    places = max(0, floor(exponent + max(_EXPONENT, slack)))
    base = n**places
    digits = np.zeros((largest, places))
    high = np.zeros(largest)
    for k, given in enumerate((np.abs(order_sums) / mean_first).tolist()):
        nearest = float(round(given))
        ratio = nearest if abs(given - nearest) <= _WHOLE * given else given
        if places == 0:
            high[k] = ratio
            continue
        whole = int(ratio)
        above, below = divmod(whole, base)
        high[k] = float(above * base)
        for i in range(places):
            below, digits[k, i] = divmod(below, n)
        digits[k, 0] += ratio - whole
    signs = np.sign(order_sums)
    digits *= signs[:, None]
    top = float(high.max(initial=0.0))
    lambdas = signs * high / top if top > 0 else np.zeros(largest)
    delta = log(top) / log(n) - exponent if top > 0 else -inf

    m0 = np.arange(n - largest, n + 1)
    weights = np.array([[comb(int(m), k) / comb(n, k) for k in range(1, largest + 1)] for m in m0])  # [M + 1, M]
    lambda_m0, digits_m0 = weights @ lambdas, weights @ digits
    low = digits_m0 @ float(n) ** (np.arange(places) - exponent)  # [M + 1]
    upper = np.full(len(m0), nan)
    for row, weight in enumerate(lambda_m0.tolist()):
        if abs(weight) < _LEAST_LAMBDA:
            continue
        argument = (1.0 - low[row]) / weight if weight > 0 else low[row] / -weight
        if argument > 0:
            upper[row] = log(argument) / log(n)
    if top == 0:
        best, reason = -inf, "ok"  # lambda(k) = 0 throughout: delta multiplies nothing
    elif np.isnan(upper).all():
        best, reason = nan, "at no m0 the formulas have a value, so the conditions do not hold exactly"
    else:
        best, reason = float(np.nanmin(upper)), "ok"
    return OrderSumDigits(
        n, mean_first, exponent, lambdas, digits, delta, m0, lambda_m0, digits_m0, upper, best, reason
    )
