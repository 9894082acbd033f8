"""A folder of finished results, which an interrupted study goes on from."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from symbolscope.core.whole_file import write_whole
from symbolscope.errors import SymbolscopeError


@dataclass(frozen=True)
class ResultsFolder:
    """One JSON file per finished piece of work, all of one setting; files are replaced whole, so none is ever half written.

    Attributes
    ----------
    path
        The folder.
    """

    path: Path

    @staticmethod
    def opened(path: Path, settings: Mapping[str, Any]) -> "ResultsFolder":
        """Make the folder, or go on with it if its settings are these.

        Raises
        ------
        SymbolscopeError
            If it cannot be made, or holds results of other settings.
        """
        try:
            path.mkdir(exist_ok=True)
        except OSError as error:
            raise SymbolscopeError(f"--folder {path} cannot be made: {error.strerror}") from None
        stated = path / "settings.json"
        if not stated.exists():
            write_whole(stated, json.dumps(settings).encode())
        elif (there := json.loads(stated.read_text())) != settings:
            raise SymbolscopeError(f"{path} holds results of other settings ({there}); give another --folder")
        return ResultsFolder(path)

    def has(self, name: str) -> bool:
        """Whether this piece of work was finished before."""
        return self._file(name).exists()

    def read(self, name: str) -> Any:
        """The result of a finished piece of work."""
        return json.loads(self._file(name).read_text())

    def write(self, name: str, result: object) -> None:
        """Keep the result of a piece of work."""
        write_whole(self._file(name), json.dumps(result, indent=1).encode())

    def _file(self, name: str) -> Path:
        return self.path / f"{name}.json"
