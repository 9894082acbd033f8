"""Names in a line that can be read: the first of them, and how many more there are."""

from collections.abc import Sequence

_MOST = 24


def name_list(names: Sequence[str], joint: str = ", ", *, most: int = _MOST) -> str:
    """Names joined, the first ``most`` where there are more.

    Examples
    --------
    >>> name_list(["a", "b"]), name_list([f"x{i}" for i in range(5_000)], " and ", most=2)
    ('a, b', 'x0 and x1 and 4,998 more')
    """
    if len(names) <= most:
        return joint.join(names)
    return f"{joint.join(names[:most])}{joint}{len(names) - most:,} more"
