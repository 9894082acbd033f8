"""A zip archive from elsewhere, read whole into memory within bounds; nothing is unpacked onto the disk."""

import io
import zipfile
from collections.abc import Mapping

from symbolscope.errors import SymbolscopeError

_MOST_MEMBERS = 100_000
# Weights hardly compress, and torch stores them as they are: an archive that grows much more is made to fill the memory.
_MOST_GROWTH = 8
_ALLOWED = 1 << 20  # bytes that any archive may grow to
_ENCRYPTED = 0x1


def read_archive(content: bytes, source: str) -> dict[str, bytes]:
    """Members by name.

    Parameters
    ----------
    content
        The archive.
    source
        What messages call it.

    Raises
    ------
    SymbolscopeError
        If it is no archive or damaged, or has members that are encrypted, given twice, outside of it, or out of proportion.

    Examples
    --------
    >>> members = read_archive(archive_of({"a/b": b"text"}), "file")
    >>> members
    {'a/b': b'text'}
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            _check_members(members, len(content), source)
            return {member.filename: archive.read(member) for member in members if not member.is_dir()}
    except SymbolscopeError:
        raise
    except Exception as error:  # zipfile raises what its parts do: struct.error, zlib.error, NotImplementedError ...
        raise SymbolscopeError(f"{source} is damaged or no exported program: {type(error).__name__}: {error}") from None


def archive_of(members: Mapping[str, bytes]) -> bytes:
    """An archive of these members, stored as they are: what was checked is all that there is to read."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for name, body in members.items():
            archive.writestr(zipfile.ZipInfo(name), body)
    return written.getvalue()


def _check_members(members: list[zipfile.ZipInfo], size: int, source: str) -> None:
    names = [member.filename for member in members]
    if len(names) > _MOST_MEMBERS:
        raise SymbolscopeError(f"{source} has {len(names):,} members; no exported program has so many")
    if len(set(names)) < len(names):
        raise SymbolscopeError(f"{source} has two members of one name, so it is not known which one is meant")
    if sum(member.file_size for member in members) > max(_ALLOWED, _MOST_GROWTH * size):
        raise SymbolscopeError(
            f"{source} would unpack to more than {_MOST_GROWTH} times its size; it is no exported program"
        )
    for member in members:
        name = member.filename
        if not name.isascii() or name.startswith("/") or "\\" in name or ":" in name or ".." in name.split("/"):
            raise SymbolscopeError(f"{source} has a member {name[:80]!r}, which is no name within an archive")
        if member.flag_bits & _ENCRYPTED:
            raise SymbolscopeError(f"{source} has an encrypted member, {name[:80]}")
