"""A network and a row of a table as a game: ``--data table.csv --row 3``."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from symbolscope.cli.destinations import existing_file
from symbolscope.cli.numerals import number
from symbolscope.cli.table import Table
from symbolscope.errors import SymbolscopeError

if TYPE_CHECKING:
    from symbolscope.games.game import Game


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
        "mean", "zero" or a number.
    """

    table: Table
    columns: str | None
    drop: tuple[str, ...]
    baseline: str | float

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
        hidden = "mean" if baseline is None else baseline if baseline in ("mean", "zero") else number(baseline)
        if hidden is None:
            raise SymbolscopeError(f"--baseline {baseline} does not suit a table; give mean, zero or a number")
        table = Table.read(existing_file(data, "--data"), row)
        read = cls(table, columns, tuple(drop), hidden)
        if columns is not None or drop:
            table.numbers(table.choose(columns, drop, None))
        return read

    @property
    def description(self) -> str:
        """What is explained, for the page."""
        return f"row {self.table.row} of {self.table.path.name}"

    def game(self, network: object, *, score: str | None, outputs: str | None, target: str | None) -> "Game":
        """Make the game."""
        import numpy as np

        from symbolscope.cli.targets import fitted_columns, read_target
        from symbolscope.games.estimator_network import is_estimator
        from symbolscope.games.game import Game

        chosen = self.table.choose(self.columns, self.drop, fitted_columns(network))
        dtype = np.float64 if is_estimator(network) or _is_double(network) else np.float32
        sample = np.array(self.table.numbers(chosen), dtype=dtype)
        baseline = np.array(self.table.means(chosen), dtype=dtype) if self.baseline == "mean" else self.baseline
        game = Game(
            network,
            sample,
            baseline=baseline,
            score=score or "auto",
            outputs=outputs,
            target=read_target(network, target),
            player_names=[self.table.names[position] for position in chosen],
        )
        if self.baseline == "mean":
            game.settings["baseline"] = f"mean of {self.table.n_rows} row{'' if self.table.n_rows == 1 else 's'}"
        return game


def _is_double(network: object) -> bool:
    import torch

    return isinstance(network, torch.nn.Module) and any(p.dtype == torch.float64 for p in network.parameters())
