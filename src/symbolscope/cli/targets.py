"""What the network itself says about its columns, classes and kind."""

from collections.abc import Sequence


def read_target(network: object, text: str | None) -> object:
    """A target as the user typed it: a label of the network's classes, an index, or text.

    Examples
    --------
    >>> read_target(None, "3"), read_target(None, "cat"), read_target(None, None)
    (3, 'cat', None)
    """
    if text is None:
        return None
    classes: Sequence[object] | None = getattr(network, "classes_", None)
    for label in classes if classes is not None else ():
        if str(label) == text:
            return label.item() if hasattr(label, "item") else label  # pyright: ignore[reportAttributeAccessIssue]
    try:
        return int(text)
    except ValueError:
        return text
