"""The exact interval of a share, and what a sample that is all alike leaves open."""

_TAIL = 0.025


def binomial_interval(count: int, of: int) -> tuple[float, float]:
    """Clopper and Pearson's 95 % interval of a share: each end leaves 2.5 % of the binomial beyond the count.

    Examples
    --------
    >>> low, high = binomial_interval(0, 100)
    >>> low, round(high, 3)
    (0.0, 0.036)
    """
    from scipy.special import betaincinv

    low = float(betaincinv(count, of - count + 1, _TAIL)) if count else 0.0
    high = float(betaincinv(count + 1, of - count, 1 - _TAIL)) if count < of else 1.0
    return low, high


def unseen_share(draws: int) -> float:
    """The largest share of a population that as many draws may all have missed: (1 - share)^draws is 2.5 % there.

    This is the upper end of :func:`binomial_interval` of none, and nearly 3.7 / draws: the rule of three at 97.5 %.

    Examples
    --------
    >>> round(unseen_share(300), 4), binomial_interval(0, 300)[1] - unseen_share(300) < 1e-12
    (0.0122, True)
    """
    return 1.0 - _TAIL ** (1.0 / draws)
