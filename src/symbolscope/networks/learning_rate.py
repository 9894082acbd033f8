"""The learning rate over a training."""


def learning_rate(step: int, *, rate: float, warm_up: int, decay: float) -> float:
    """Linear warm-up, then a slow power of the step: rate * min(t / W, (t / W)^-decay) at step t = 1, 2, ..

    Source: the schedule of Vaswani et al., arXiv 1706.03762, with a power of its own.

    Examples
    --------
    >>> [learning_rate(t, rate=1.0, warm_up=100, decay=0.25) for t in (50, 100, 1600)]
    [0.5, 1.0, 0.5]
    """
    return rate * min(step / warm_up, (step / warm_up) ** -decay)
