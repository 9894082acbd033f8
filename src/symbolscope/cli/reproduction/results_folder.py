"""A folder of finished results, which an interrupted study goes on from."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from symbolscope.core.whole_file import write_whole
from symbolscope.errors import SymbolscopeError

_CHECKSUM = "checksum"


@dataclass(frozen=True)
class ResultsFolder:
    """One JSON file per finished piece of work, all of one setting; files are replaced whole, so none is ever half written.

    Each file carries a checksum over its result, its name and the folder's settings. So a file that was damaged, renamed, or
    comes from a study with other settings is refused by name, and never read as a result.

    Attributes
    ----------
    path
        The folder.
    settings
        What all results in it have in common.

    Examples
    --------
    >>> import tempfile
    >>> where = Path(tempfile.mkdtemp()) / "study"
    >>> kept = ResultsFolder.opened(where, {"seeds": 1})
    >>> kept.write("first", {"accuracy": 0.5})
    >>> kept.has("first"), kept.read("first")
    (True, {'accuracy': 0.5})
    >>> _ = (where / "first.json").write_text("{")
    >>> kept.read("first")
    Traceback (most recent call last):
    symbolscope.errors.SymbolscopeError: .../first.json is damaged (...): delete it, and it is computed again
    """

    path: Path
    settings: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @staticmethod
    def opened(path: Path, settings: Mapping[str, Any]) -> "ResultsFolder":
        """Make the folder, or go on with it if its settings are these.

        Raises
        ------
        SymbolscopeError
            If it cannot be made, its settings are damaged, or it holds results of other settings.
        """
        try:
            path.mkdir(exist_ok=True)
        except OSError as error:
            raise SymbolscopeError(f"--folder {path} cannot be made: {error.strerror}") from None
        stated = path / "settings.json"
        kept = ResultsFolder(path, dict(settings))
        if not stated.exists():
            kept._write(stated, dict(settings))
        elif (there := read_json(stated)) != settings:
            if not isinstance(there, dict) or cast("dict[str, Any]", there).keys() != settings.keys():
                raise damaged_file(stated, "it does not state the settings of this study")
            raise SymbolscopeError(f"{path} holds results of other settings ({there}); give another --folder")
        return kept

    def has(self, name: str) -> bool:
        """Whether this piece of work was finished before."""
        return self._file(name).exists()

    def read(self, name: str) -> Any:
        """The result of a finished piece of work.

        Raises
        ------
        SymbolscopeError
            If the file is damaged, or belongs to another piece of work or to other settings.
        """
        path = self._file(name)
        content = read_json(path)
        if not isinstance(content, dict):
            raise damaged_file(path, "it is no JSON object")
        result = cast("dict[str, Any]", content)
        if result.pop(_CHECKSUM, None) != self._checksum(name, result):
            raise damaged_file(path, "it does not match its checksum, or belongs to other settings")
        return result

    def write(self, name: str, result: Mapping[str, Any]) -> None:
        """Keep the result of a piece of work."""
        content = cast("dict[str, Any]", json.loads(json.dumps(result)))  # as it will be read: numbers and texts
        self._write(self._file(name), {**content, _CHECKSUM: self._checksum(name, content)})

    def _checksum(self, name: str, content: Mapping[str, Any]) -> str:
        stated = json.dumps([dict(self.settings), name, content], sort_keys=True)
        return hashlib.sha256(stated.encode()).hexdigest()

    def _write(self, path: Path, content: Mapping[str, Any]) -> None:
        try:
            write_whole(path, json.dumps(content, indent=1).encode())
        except OSError as error:
            raise SymbolscopeError(
                f"{path} cannot be written: {error.strerror}; what was finished before is kept"
            ) from None

    def _file(self, name: str) -> Path:
        return self.path / f"{name}.json"


def read_json(path: Path) -> object:
    """Read a JSON file of ours.

    Raises
    ------
    SymbolscopeError
        If it cannot be read, or is no JSON.
    """
    try:
        return json.loads(path.read_bytes())
    except OSError as error:
        raise damaged_file(path, f"it cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError):  # a UnicodeDecodeError is a ValueError
        raise damaged_file(path, "it is no JSON text") from None


def damaged_file(path: Path, why: str) -> SymbolscopeError:
    """Say which file of a study is damaged, and that it is computed again where it is missing."""
    return SymbolscopeError(f"{path} is damaged ({why}): delete it, and it is computed again")
