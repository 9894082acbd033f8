"""The rows of a table as the samples of a data set, each with its columns' names and types."""

from collections.abc import Hashable, Iterable, Iterator
from itertools import chain
from typing import Any, cast

from symbolscope.errors import SymbolscopeError
from symbolscope.games.fitted_columns import fitted_names
from symbolscope.games.frame_columns import is_frame
from symbolscope.games.given_row import given_row, is_named_row


class TableRows:
    """Rows of a data frame or sparse matrix by their number, cut out when asked for: frames of one row, or arrays.

    Parameters
    ----------
    table
        Data frame of pandas, polars or pyarrow, or scipy's sparse matrix.

    Examples
    --------
    >>> import pandas
    >>> rows = TableRows(pandas.DataFrame({"age": [30, 40], "city": ["Oslo", "Lyon"]}))
    >>> len(rows), rows[1].iloc[0].to_dict()
    (2, {'age': 40, 'city': 'Lyon'})
    """

    def __init__(self, table: object) -> None:
        given = cast("Any", table)
        self._table = given.tocsr() if is_sparse(table) else given

    def __len__(self) -> int:
        return int(self._table.shape[0])

    def __iter__(self) -> Iterator[Any]:
        return (self[row] for row in range(len(self)))

    def __getitem__(self, row: int) -> Any:
        if not 0 <= row < len(self):
            raise IndexError(row)
        if is_sparse(self._table):
            return self._table[[row]].toarray()[0]
        return self._table.iloc[[row]] if hasattr(self._table, "iloc") else self._table[row : row + 1]


def is_sparse(samples: object) -> bool:
    """Tell whether something is a sparse matrix or array of scipy.

    Examples
    --------
    >>> from scipy.sparse import eye
    >>> is_sparse(eye(3)), is_sparse([[1.0]])
    (True, False)
    """
    return hasattr(samples, "tocsr") and hasattr(samples, "nnz")


def with_column_order(
    network: object, samples: Iterable[object]
) -> tuple[Iterable[object], tuple[Hashable, ...] | None]:
    """Samples, and the names that say the order of their columns: those of the first, where the network knows none itself.

    Dicts and Series of one data set may list their columns in different orders; players must not change with that.

    Examples
    --------
    >>> with_column_order(abs, [{"b": 1.0, "a": 2.0}, {"a": 1.0, "b": 2.0}])[1]
    ('b', 'a')
    """
    if isinstance(samples, TableRows) or fitted_names(network) is not None:
        return samples, None
    if hasattr(samples, "__getitem__") and hasattr(samples, "__len__"):
        there = cast("Any", samples)
        first = there[0] if len(there) else None
    else:
        rest = iter(samples)
        begun = list(_first_of(rest))
        samples, first = chain(begun, rest), (begun[0] if begun else None)
    if not is_named_row(first) or (is_frame(first) and cast("Any", first).shape[0] != 1):
        return samples, None
    try:
        return samples, given_row(first, "the first sample").known_names
    except SymbolscopeError:
        return samples, None  # noted as what that sample raises


def _first_of(samples: Iterable[object]) -> Iterable[object]:
    for sample in samples:
        yield sample
        return
