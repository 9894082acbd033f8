"""A row of a table as an estimator is given it: columns matched by name, in their own dtypes, missing where it can be."""

from collections.abc import Callable, Generator, Hashable, Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from symbolscope.errors import SymbolscopeError
from symbolscope.games.cell_kinds import NUMBERS, kind_of, shown
from symbolscope.games.column_order import in_order, is_counting
from symbolscope.games.column_players import column_players, names_the_columns
from symbolscope.games.fitted_columns import categorical_positions, fitted_categories, fitted_names, fitted_width
from symbolscope.games.given_row import GivenRow, given_row
from symbolscope.games.masked_inputs import MaskedInputs
from symbolscope.games.masked_table import Form, MaskedTable
from symbolscope.games.missing_values import column_of, is_missing, listed, refuse_infinity
from symbolscope.games.players import Players
from symbolscope.games.prepared_inputs import PreparedInputs
from symbolscope.games.row_baseline import row_baseline
from symbolscope.games.view import TableView

Predict = Callable[[object], object]
_SHOWN_VALUES = 4


class MaskedRow(MaskedInputs):
    """Masks of the columns of a table: True where the sample's value stands, or one that equals it.

    The estimator looks the columns up in the table; so no value passes through a tensor.
    """

    def __init__(self, table: MaskedTable, players: Players) -> None:
        present = np.ones(len(table), dtype=np.bool_)
        super().__init__(present, ~table.differs, players, dtype=torch.bool, device=torch.device("cpu"))
        self.table = table

    @property
    def row_bytes(self) -> int:
        """Bytes of one row of the table."""
        return self.table.row_bytes


def estimator_inputs(
    estimator: object,
    predict: Predict,
    sample: object,
    *,
    baseline: object,
    players: object,
    player_names: Sequence[str] | None,
) -> PreparedInputs:
    """Prepare a row for a fitted estimator.

    Parameters
    ----------
    estimator
        Knows its columns, or does not: see :func:`symbolscope.games.fitted_columns.fitted_names`.
    predict
        The way it is asked, table [m, columns] -> outputs; tried on the full and the empty row where several tables would do, or
        where values are missing.
    sample, baseline, players, player_names
        As given to the game.

    Returns
    -------
    Prepared inputs, whose ``inputs`` is a :class:`MaskedRow`.

    Raises
    ------
    SymbolscopeError
        If names or numbers of columns differ, a value is infinite, or one is missing where the estimator does not take it.
    """
    name = type(estimator).__name__
    row = given_row(sample, "the sample")
    columns: tuple[Hashable, ...] | None = fitted_names(estimator)
    owner = f"{name} was fitted on"
    width = fitted_width(estimator)
    if columns is None:
        columns, owner = _columns_of_sample(row, player_names, width), "the sample has"
    else:
        _refuse_too_few(row, columns, owner)
    trusted = isinstance(
        sample, GivenRow
    )  # a game that is made again: positions are those of this row, wherever it goes
    if (
        row.known_names is None
        and players is None
        and player_names is not None
        and names_the_columns(player_names, columns)
    ):
        row = row.renamed(tuple(player_names))  # so they are what says which column is which
        if not _carries_names(baseline) and _is_row(baseline):
            baseline = given_row(baseline, "the baseline").renamed(tuple(player_names))
    ordered = in_order(row, columns, what="the sample", owner=owner)
    order = _order(row, ordered)
    moved = order != list(range(len(row)))
    if moved and trusted:
        players = _moved_players(players, order)
        if not _carries_names(baseline) and _is_row(baseline):
            baseline = given_row(baseline, "the baseline").reordered(order)
    hidden, baseline_name = row_baseline(baseline, ordered, columns, owner=owner, moved=moved and not trusted)
    for values, what in ((ordered, "the sample"), (hidden, "the baseline")):
        refuse_infinity(values.values, columns, what)
    try:
        chosen = column_players(
            players, player_names, columns if columns is not None else row.names, len(row), moved=moved and not trusted
        )
    except SymbolscopeError as error:
        if not row.batch_axis:
            raise
        raise SymbolscopeError(
            f"{error}. The sample came with a batch axis: give one row, such as X[3], and players of its columns"
        ) from None
    labels = ordered.known_names if ordered.known_names is not None else columns
    table = _table(estimator, predict, ordered, hidden, labels, fitted=fitted_names(estimator) is not None, width=width)
    kept = ordered if labels is None else ordered.renamed(labels)
    notes = {"sample": "the one row of a batch [1, columns]"} if row.batch_axis and row.names is None else {}
    if moved:
        notes["columns"] = "matched by name"
    return PreparedInputs(
        MaskedRow(table, chosen),
        chosen,
        row_view(ordered, hidden, chosen),
        baseline_name,
        kept,
        sequence=False,
        notes=notes,
    )


def row_view(sample: GivenRow, baseline: GivenRow, players: Players) -> TableView:
    """What a page shows of a row: each player's own values, as texts.

    Examples
    --------
    >>> row_view(GivenRow(("Oslo", 40)), GivenRow((None, 35.5)), Players.columns(["city", "age"]))
    TableView(rows=(('city', 'Oslo', 'missing'), ('age', '40', '35.5')))
    """

    def written(row: GivenRow, player: int) -> str:
        places = np.flatnonzero(players.labels == player)
        cells = ", ".join(shown(row.values[at]) for at in places[:_SHOWN_VALUES])
        return cells + (", ..." if len(places) > _SHOWN_VALUES else "")

    return TableView(
        tuple((name, written(sample, player), written(baseline, player)) for player, name in enumerate(players.names))
    )


def _columns_of_sample(
    row: GivenRow, player_names: Sequence[str] | None, width: int | None
) -> tuple[Hashable, ...] | None:
    """The columns as the sample names them, for an estimator that knows none; labels 0 .. n-1 name places."""
    names = row.known_names
    if width is not None and len(row) != width:
        raise SymbolscopeError(f"the sample has {len(row)} columns, and the estimator was fitted on {width}")
    if names is not None and is_counting(names):
        return tuple(range(len(names)))
    return names


def _refuse_too_few(row: GivenRow, columns: Sequence[Hashable], owner: str) -> None:
    if row.known_names is None and len(row) != len(columns):
        raise SymbolscopeError(
            f"the sample has {len(row)} columns, and {owner} {len(columns)}: {listed(list(columns))}"
        )


def _order(row: GivenRow, ordered: GivenRow) -> list[int]:
    """Place in the row as given of each column of the ordered one."""
    if row.names is None or row.names == ordered.names:
        return list(range(len(row)))
    place = {name: at for at, name in enumerate(row.names)}
    return [place[name] for name in ordered.names or ()]


def _moved_players(players: object, order: Sequence[int]) -> object:
    if isinstance(players, Players) and players.labels.shape == (len(order),):
        return Players(players.names, players.labels[np.array(order)])
    return players


def _carries_names(baseline: object) -> bool:
    return isinstance(baseline, str) or (
        hasattr(baseline, "keys")
        or hasattr(baseline, "columns")
        or (hasattr(baseline, "index") and hasattr(baseline, "iloc"))
    )


def _is_row(baseline: object) -> bool:
    return isinstance(baseline, (list, tuple, GivenRow)) or getattr(baseline, "ndim", 0) in (1, 2)


def _table(
    estimator: object,
    predict: Predict,
    sample: GivenRow,
    baseline: GivenRow,
    labels: tuple[Hashable, ...] | None,
    *,
    fitted: bool,
    width: int | None,
) -> MaskedTable:
    """The table that suits the estimator; tried where that is not known, or where values are missing."""
    name = type(estimator).__name__
    categories = fitted_categories(estimator)
    _refuse_unknown_categories(estimator, sample, baseline, labels, categories)
    numbers = all(kind_of(value) in (*NUMBERS, "missing") for row in (sample, baseline) for value in row.values)
    numbers = numbers and not categories and not _has_categories(sample, baseline)
    tables: list[MaskedTable] = []
    refusals: list[Exception] = []
    for form in _forms(numbers=numbers, fitted=fitted, width=width, labels=labels):
        try:
            tables.append(MaskedTable(sample, baseline, form=form, names=labels, categories=categories))
        except SymbolscopeError as refusal:
            refusals.append(refusal)
    if not tables:
        raise refusals[0]
    gaps = [
        (at, what)
        for row, what in ((sample, "sample"), (baseline, "baseline"))
        for at, value in enumerate(row.values)
        if is_missing(value)
    ]
    if len(tables) == 1 and not gaps:
        return tables[0]
    both = np.array([[True], [False]]) & np.ones((1, len(sample)), dtype=np.bool_)
    failures: list[str] = []
    for table in tables:
        failure = _failure(predict, table, both, finite=bool(gaps))
        if failure is None:
            return table
        failures.append(failure)
    if gaps:
        at, what, failure = next(_gaps_not_taken(predict, tables[0], gaps), (*gaps[0], failures[0]))
        column = column_of(None if labels is None else labels[at], at)
        more = f" ({len(gaps)} values are missing)" if len(gaps) > 1 else ""
        raise SymbolscopeError(
            f"{column} of the {what} holds no value{more}, and {name} does not take missing values there: {failure}. Fill it in, "
            "or put an imputer into the pipeline"
        )
    return tables[0]  # its first call says what is wrong


def _failure(predict: Predict, table: MaskedTable, present: NDArray[np.bool_], *, finite: bool) -> str | None:
    """How an estimator fails on some masks, in one line; None if it answers."""
    try:
        answer = predict(table.rows(present))
    except Exception as error:  # whatever an estimator's own checks raise
        return f"{type(error).__name__}: {error}".splitlines()[0][:200].rstrip(".")
    return "its answer is not finite" if finite and not _finite(answer) else None


def _gaps_not_taken(
    predict: Predict, table: MaskedTable, gaps: Sequence[tuple[int, str]]
) -> Generator[tuple[int, str, str], None, None]:
    """The missing values that the estimator does not take even where they are the only ones."""
    columns = np.arange(len(table))
    for at, what in gaps:
        alone = (columns == at) if what == "sample" else (columns != at)
        failure = _failure(predict, table, alone[None], finite=True)
        if failure is not None:
            yield at, what, failure


def _forms(*, numbers: bool, fitted: bool, width: int | None, labels: tuple[Hashable, ...] | None) -> tuple[Form, ...]:
    """Tables to try, the likeliest first."""
    if fitted:
        return ("frame",) if not numbers or _has_pandas() else ("array",)
    if labels is None:
        return ("array",) if numbers else ("array", "frame")
    if width is None:  # no estimator of scikit-learn, which would know: its code may name the columns
        return ("frame", "array") if _has_pandas() else ("array",)
    texts = all(isinstance(label, str) for label in labels)
    return ("array", "frame") if numbers or texts else ("frame", "array")


def _has_pandas() -> bool:
    from importlib.util import find_spec

    return find_spec("pandas") is not None


def _has_categories(*rows: GivenRow) -> bool:
    return any(str(dtype) == "category" for row in rows for dtype in row.dtypes or ())


def _refuse_unknown_categories(
    estimator: object,
    sample: GivenRow,
    baseline: GivenRow,
    labels: tuple[Hashable, ...] | None,
    categories: Mapping[int, object],
) -> None:
    """XGBoost reads categories by their place in the training frame's list, which a single value does not have."""
    for at in sorted(categorical_positions(estimator)):
        dtypes = [row.dtypes[at] for row in (sample, baseline) if row.dtypes is not None and at < len(row)]
        if at not in categories and not any(str(dtype) == "category" for dtype in dtypes):
            raise SymbolscopeError(
                f"{column_of(None if labels is None else labels[at], at)} was fitted as a pandas category, whose list of "
                "categories the row does not carry; give the row as a frame of one row, such as X.iloc[[3]]"
            )


def _finite(answer: object) -> bool:
    try:
        return bool(np.isfinite(np.asarray(answer, dtype=np.float64)).all())
    except (TypeError, ValueError):
        return True  # labels, or outputs of several shapes: read later, and refused there if they are no numbers
