"""One part of a study."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from symbolscope.cli.reproduction.settings import Settings

if TYPE_CHECKING:
    from rich.console import Console


@runtime_checkable
class Part(Protocol):
    """Pieces of work that can be done one by one, and tables of all of them."""

    def items(self, settings: Settings) -> list[str]:
        """Names of the pieces of work; fit for file names."""
        ...

    def measure(self, item: str, settings: Settings, weights: Path) -> dict[str, Any]:
        """Do one of them; trained networks are kept in ``weights``. What is returned can be written as JSON."""
        ...

    def show(self, results: Sequence[dict[str, Any]], settings: Settings, console: "Console") -> None:
        """Print the tables, each number beside the published one and beside chance."""
        ...
