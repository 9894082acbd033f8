"""Explanations of many samples as tables."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np

from symbolscope.core.whole_file import whole_file
from symbolscope.errors import SymbolscopeError
from symbolscope.interactions.many.record import Record
from symbolscope.interactions.model import InteractionModel

if TYPE_CHECKING:
    import pandas

    from symbolscope.interactions.many.explanations import Explanations

_ROWS = 1 << 16  # of a row group
_INSTALL = "pip install 'symbolscope[frames]'"


def records_frame(records: Mapping[int, Record]) -> "pandas.DataFrame":
    """One row per sample, the digest left out."""
    try:
        import pandas
    except ImportError as error:
        raise SymbolscopeError(f"to_frame needs pandas; type {_INSTALL}") from error
    rows = [{name: value for name, value in asdict(record).items() if name != "digest"} for record in records.values()]
    return pandas.DataFrame(rows, columns=[name for name in Record.__dataclass_fields__ if name != "digest"])


def write_parquet(explanations: "Explanations", path: str | PathLike[str]) -> None:
    """Write what :meth:`Explanations.to_parquet` describes, whole or not at all."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise SymbolscopeError(f"to_parquet needs pyarrow; type {_INSTALL}") from error
    schema = pyarrow.schema(
        [
            ("sample", pyarrow.int64()),
            ("kind", pyarrow.string()),
            ("order", pyarrow.int32()),
            ("effect", pyarrow.float64()),
            ("mask", pyarrow.binary()),
            ("players", pyarrow.list_(pyarrow.string())),
        ]
    )
    with whole_file(path) as draft, pyarrow.parquet.ParquetWriter(draft, schema, compression="zstd") as writer:
        for group in _groups(explanations.items()):
            writer.write_table(pyarrow.table(group, schema=schema))


def _groups(items: Iterator[tuple[int, InteractionModel]]) -> Iterator[dict[str, list[Any]]]:
    """Columns of whole samples, about a row group at a time."""
    group = _empty()
    for sample, model in items:
        packed = np.packbits(model.masks, axis=1, bitorder="little")
        group["sample"] += [sample] * len(model.effects)
        group["kind"] += model.kinds.tolist()
        group["order"] += model.orders.tolist()
        group["effect"] += model.effects.tolist()
        group["mask"] += [row.tobytes() for row in packed]
        group["players"] += [[model.player_names[i] for i in np.flatnonzero(row)] for row in model.masks]
        if len(group["sample"]) >= _ROWS:
            yield group
            group = _empty()
    yield group


def _empty() -> dict[str, list[Any]]:
    return {"sample": [], "kind": [], "order": [], "effect": [], "mask": [], "players": []}
