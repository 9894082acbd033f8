"""A network and a row of a table as a game: ``--data table.csv --row 3``."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from symbolscope.cli.destinations import existing_file
from symbolscope.cli.numerals import number
from symbolscope.cli.table import Table
from symbolscope.cli.table_columns import date_as_written
from symbolscope.errors import SymbolscopeError

if TYPE_CHECKING:
    from symbolscope.games.game import Game


_TYPICAL = "the mean of numbers, the most frequent of texts, the middle of dates"


@dataclass(frozen=True)
class TableInput:
    """A row of a table, checked as far as it can be without the network.

    Parameters
    ----------
    table
        The table and its row.
    columns, drop
        Which columns the network is given, as the user said.
    baseline
        "typical" (the mean of numbers, the most frequent of texts, the middle of dates), "mean", "zero", "missing" or a number;
        None is "typical".
    """

    table: Table
    columns: str | None
    drop: tuple[str, ...]
    baseline: str | float | None

    @classmethod
    def parse(
        cls, data: Path, row: int | None, columns: str | None, drop: Sequence[str], baseline: str | None
    ) -> "TableInput":
        """Check the options and read the row.

        Raises
        ------
        SymbolscopeError
            If the file, the row or a named column is missing, or the baseline is unknown.
        """
        if row is None:
            raise SymbolscopeError("--data needs the row to explain: --row 0 is the first below the header")
        named = ("typical", "mean", "zero", "missing")
        hidden = baseline if baseline is None or baseline in named else number(baseline)
        if baseline is not None and hidden is None:
            raise SymbolscopeError(f"--baseline {baseline} does not suit a table; give {', '.join(named)} or a number")
        table = Table.read(existing_file(data, "--data"), row)
        read = cls(table, columns, tuple(drop), hidden)
        if columns is not None or drop:
            table.choose(columns, drop, None)  # an unknown column is refused before the network is loaded
        return read

    @property
    def description(self) -> str:
        """What is explained, for the page."""
        return f"row {self.table.row} of {self.table.path.name}"

    def game(self, network: object, *, score: str | None, outputs: str | None, target: str | None) -> "Game":
        """Make the game."""
        import numpy as np

        from symbolscope.cli.targets import read_target
        from symbolscope.games.estimator_network import is_estimator
        from symbolscope.games.fitted_columns import fitted_names
        from symbolscope.games.game import Game

        chosen = self.table.choose(self.columns, self.drop, fitted_names(network))
        if is_estimator(network):
            return self._row_game(network, chosen, score=score, outputs=outputs, target=read_target(network, target))
        dtype = np.float64 if _is_double(network) else np.float32
        sample = np.array(self.table.numbers(chosen), dtype=dtype)
        self._refuse_one_row()
        means = self.baseline in (None, "typical", "mean")
        game = Game(
            network,
            sample,
            baseline=np.array(self.table.means(chosen), dtype=dtype) if means else self._everywhere(),
            score=score or "auto",
            outputs=outputs,
            target=read_target(network, target),
            player_names=[self.table.names[position] for position in chosen],
        )
        if means:
            game.settings["baseline"] = f"mean of {self.table.n_rows} rows"
        return game

    def _row_game(
        self, network: object, chosen: Sequence[int], *, score: str | None, outputs: str | None, target: object
    ) -> "Game":
        """The game of an estimator: columns keep their kinds; dates are given as the texts they are, or else as dates."""
        from symbolscope.games.fitted_columns import fitted_categories
        from symbolscope.games.game import Game
        from symbolscope.games.given_row import GivenRow

        table, names = self.table, tuple(self.table.names[position] for position in chosen)
        kinds = table.kinds(chosen)
        self._refuse_one_row()
        numeric = all(kind not in ("text", "date") for kind in kinds)
        if self.baseline in ("mean", "zero") or isinstance(self.baseline, float):
            for name, kind in zip(names, kinds, strict=True):
                if kind in ("text", "date"):
                    raise SymbolscopeError(
                        f"column {name!r} of {table.path} holds {kind}s, which have no {self.baseline}; give --baseline typical: "
                        "the mean of numbers, the most frequent of texts and the middle of dates"
                    )
        categories = fitted_categories(network)
        cells: list[object] = list(table.row_cells(chosen, kinds))
        typical = self.baseline in (None, "typical", "mean")
        hidden: list[object] | None = list(table.typical_cells(chosen, kinds)) if typical else None
        for at, labels in categories.items():  # a CSV file has no types: "3" may be the category 3 or the category "3"
            written = {str(label): label for label in labels}
            raw = table.cells[chosen[at]].strip()
            cells[at] = written.get(raw, cells[at])
            if hidden is not None:
                hidden[at] = written.get(str(table.typical_cells([chosen[at]], ["text"])[0]), hidden[at])

        def game_of(cells: Sequence[object], hidden: Sequence[object] | None) -> Game:
            sample = GivenRow(tuple(cells), names)
            baseline = self._everywhere() if hidden is None else GivenRow(tuple(hidden), names)
            return Game(network, sample, baseline=baseline, score=score or "auto", outputs=outputs, target=target)

        dates = [at for at, kind in enumerate(kinds) if kind == "date"]
        game: Game | None = None
        if dates:
            as_texts = [self._dates_as_written(chosen, dates, row) for row in (cells, hidden)]
            try:  # an estimator that was fitted on texts would take dates for unknown texts, so texts come first
                game = game_of(as_texts[0] or cells, as_texts[1])
            except SymbolscopeError:
                game = None
        game = game or game_of(cells, hidden)
        if typical:
            means = f"mean of {table.n_rows} rows"
            game.settings["baseline"] = means if numeric else f"typical of {table.n_rows} rows: {_TYPICAL}"
        return game

    def _dates_as_written(
        self, chosen: Sequence[int], dates: Sequence[int], row: list[object] | None
    ) -> list[object] | None:
        if row is None:
            return None
        written = list(row)
        for at in dates:
            texts = date_as_written(row[at], (cells[0] for cells in self.table.cells_of([chosen[at]])))
            written[at] = texts
        return written

    def _refuse_one_row(self) -> None:
        if self.baseline in (None, "typical", "mean") and self.table.n_rows == 1:
            raise SymbolscopeError(
                f"{self.table.path} has one row, so the {self.baseline or 'mean'} of its columns is the row itself and hiding "
                "would change nothing; give a table of more rows, or --baseline zero, missing or a number"
            )

    def _everywhere(self) -> str | float:
        """The baseline of every column, as a game takes it."""
        if self.baseline == "missing":
            return float("nan")
        assert self.baseline is not None
        return self.baseline


def _is_double(network: object) -> bool:
    import torch

    return isinstance(network, torch.nn.Module) and any(p.dtype == torch.float64 for p in network.parameters())
