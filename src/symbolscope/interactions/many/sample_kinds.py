"""Things given as samples that are not samples: batches of a loader, pairs of an input and its label, dictionaries."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from symbolscope.errors import SymbolscopeError


def check_no_loader(samples: Iterable[object]) -> None:
    """Refuse a loader of batches before any work: a batch may look like a sample, and would be read as one.

    Raises
    ------
    SymbolscopeError
        For a loader (what has a ``dataset`` and a ``batch_size``, as torch's ``DataLoader`` does) of batches of several samples.
    """
    rows, dataset = getattr(samples, "batch_size", None), getattr(samples, "dataset", None)
    if dataset is None or isinstance(rows, bool) or not isinstance(rows, int) or rows < 2:
        return
    raise SymbolscopeError(
        f"samples is a {type(samples).__name__}, which gives batches of {rows} samples, and samples are explained one by one; type "
        f"{_from_dataset(dataset)}"
    )


def _from_dataset(dataset: object) -> str:
    """How the inputs of a loader's data set are written."""
    try:
        first: object = dataset[0]  # type: ignore[index]  # pyright: ignore[reportIndexIssue]
    except Exception:
        return "samples=loader.dataset"
    if isinstance(first, Mapping):
        return f"samples=[entry[{_key_of_input(first)!r}] for entry in loader.dataset]"
    return "samples=[entry[0] for entry in loader.dataset]" if isinstance(first, tuple) else "samples=loader.dataset"


def what_it_is(sample: object) -> str:
    """What a sample that could not be explained looks like, and what to give instead; nothing if it looks like one.

    Examples
    --------
    >>> what_it_is(([0.5, 1.0, 2.0], 1))
    'the sample is a pair, such as an input and its label; give the inputs: samples=[entry[0] for entry in samples]'
    >>> what_it_is(np.zeros((8, 3)))
    'the sample has shape [8, 3]; if that is a batch of 8, give its rows: samples=[row for batch in samples for row in batch]'
    >>> what_it_is([0.5, 1.0, 2.0])
    ''
    """
    if is_row_by_name(sample):
        return ""  # one row of a table, which is a sample
    if isinstance(sample, Mapping):
        keys: list[Any] = list(sample)  # pyright: ignore[reportUnknownArgumentType]
        named = ", ".join(map(repr, keys[:6])) + (", ..." if len(keys) > 6 else "")
        return (
            f"the sample is a {type(sample).__name__} with the keys {named}; give the input that is explained: "  # pyright: ignore[reportUnknownArgumentType]
            f"samples=[entry[{_key_of_input(sample)!r}] for entry in samples]"  # pyright: ignore[reportUnknownArgumentType]
        )
    if isinstance(sample, tuple | list) and sample and not _is_number(sample[0]):  # pyright: ignore[reportUnknownArgumentType]
        shapes = {_shape(entry) for entry in sample}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
        if isinstance(sample, tuple) or len(shapes) > 1:
            what = "pair" if len(sample) == 2 else f"{type(sample).__name__} of {len(sample)}"  # pyright: ignore[reportUnknownArgumentType]
            return (
                f"the sample is a {what}, such as an input and its label; give the inputs: "
                "samples=[entry[0] for entry in samples]"
            )
    shape = _shape(sample)
    if shape is not None and len(shape) > 1:
        return (
            f"the sample has shape {list(shape)}; if that is a batch of {shape[0]}, give its rows: "
            "samples=[row for batch in samples for row in batch]"
        )
    return ""


def is_row_by_name(sample: object) -> bool:
    """Tell whether a sample is a dict of single values: a row of a table.

    Examples
    --------
    >>> is_row_by_name({"age": 40, "city": "Oslo"}), is_row_by_name({"x": [0.5, 1.0], "y": 1})
    (True, False)
    """
    if not isinstance(sample, Mapping):
        return False
    cells: list[Any] = list(sample.values())  # pyright: ignore[reportUnknownArgumentType]
    return all(isinstance(cell, str) or (not hasattr(cell, "__len__") and _shape(cell) in (None, ())) for cell in cells)


def _key_of_input(sample: Mapping[Any, Any]) -> object:
    """The key whose value looks most like an input: a usual name, else the largest."""
    for usual in ("x", "input", "inputs", "image", "pixel_values", "input_ids", "features", "data", "text"):
        if usual in sample:
            return usual
    return max(sample, key=lambda key: np.prod(_shape(sample[key]) or (0,)), default="x")


def _shape(entry: object) -> tuple[int, ...] | None:
    """Shape of what has one or can be made an array of numbers."""
    shape = getattr(entry, "shape", None)
    if isinstance(shape, tuple):
        return tuple(int(size) for size in shape)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    if isinstance(entry, str | bytes) or not isinstance(entry, list | tuple):
        return None
    try:
        return np.asarray(entry, dtype=np.float64).shape
    except Exception:
        return None


def _is_number(entry: object) -> bool:
    return isinstance(entry, int | float | np.number) or (hasattr(entry, "shape") and _shape(entry) == ())
