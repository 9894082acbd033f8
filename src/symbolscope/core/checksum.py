"""A checksum inside the file that it guards: every bit of the file counts, the checksum's own included.

The file holds ``"sha256":"<64 hexadecimal digits>"``, the SHA-256 of the file with zeros in place of these digits.
"""

import hashlib

from symbolscope.errors import SymbolscopeError

KEY = "sha256"
PLACE = "0" * 64  # what a writer puts where the checksum goes
_MARK = f'"{KEY}":"'.encode()


def with_checksum(content: bytes) -> bytes:
    """Put the checksum into its place, the first after the mark.

    Examples
    --------
    >>> text = with_checksum(b'{"sha256":"' + PLACE.encode() + b'","number":1}')
    >>> check_checksum(text, "a.json")
    >>> check_checksum(text.replace(b"1}", b"2}"), "a.json")
    Traceback (most recent call last):
    symbolscope.errors.SymbolscopeError: a.json is damaged: its checksum does not fit its content; restore a copy or save it again
    """
    begin = content.index(_MARK) + len(_MARK)
    assert content[begin : begin + len(PLACE)] == PLACE.encode()
    return content[:begin] + _digest(content, begin) + content[begin + len(PLACE) :]


def check_checksum(content: bytes, source: str, *, within: int | None = None) -> None:
    """Refuse a file whose checksum does not fit, or that has none.

    Parameters
    ----------
    content
        The whole file.
    source
        What messages call it.
    within
        The checksum stands in the first so many bytes; None for anywhere.

    Raises
    ------
    SymbolscopeError
        If the file was changed since it was written, or was written without a checksum.
    """
    found = content.find(_MARK, 0, within)
    if found < 0:
        raise SymbolscopeError(
            f"{source} carries no checksum, so it cannot be told whether it is damaged: it was written by an earlier symbolscope "
            "or by another program. Make it again and save it with this one"
        )
    begin = found + len(_MARK)
    if content[begin : begin + len(PLACE)] != _digest(content, begin):
        raise SymbolscopeError(
            f"{source} is damaged: its checksum does not fit its content; restore a copy or save it again"
        )


def _digest(content: bytes, begin: int) -> bytes:
    view = memoryview(content)
    digest = hashlib.sha256(view[:begin])
    digest.update(PLACE.encode())
    digest.update(view[begin + len(PLACE) :])
    return digest.hexdigest().encode()
