"""Tensors that torch.save wrote into an exported program, looked through before torch unpickles them.

torch itself unpickles them with its ``weights_only`` reader; here nothing but what tensors are made of is let through to it, and no
text that the program's generated code could be broken with.
"""

import re
from pickletools import genops
from typing import Any

from symbolscope.cli.bounded_archive import archive_of, read_archive
from symbolscope.errors import SymbolscopeError

_MAKES_TENSORS = frozenset(
    (
        "collections OrderedDict", "torch._utils _rebuild_tensor_v2", "torch._utils _rebuild_parameter", "torch Size",
        "torch device", "torch.storage UntypedStorage", "torch.storage TypedStorage", "torch.serialization _get_layout",
    )
)  # fmt: skip
_STORAGE = re.compile(r"torch [A-Z][a-zA-Z0-9]{1,20}Storage")
_DTYPE = re.compile(r"torch (?:float|bfloat|int|uint|bool|complex)\d{0,3}")
_REFUSED = frozenset(("STACK_GLOBAL", "INST", "OBJ", "EXT1", "EXT2", "EXT4", "PERSID", "NEWOBJ_EX"))
_TEXT = re.compile(r"""[^\x00-\x1f\x7f"'`\\{}()\[\]#=;]{0,500}""")
_MEMBER = re.compile(
    r"[^/]+/(?:data\.pkl|data/\d{1,9}|version|byteorder|\.format_version|\.storage_alignment|\.data/serialization_id)"
)


def checked_tensors(content: bytes, source: str) -> bytes:
    """An archive of torch.save, written anew from what was looked through; empty stays empty.

    Raises
    ------
    SymbolscopeError
        If it is no such archive, or its pickle names anything that makes no tensors.
    """
    if not content:
        return content
    members = read_archive(content, source)
    pickles = [name for name in members if name.endswith("/data.pkl")]
    strange = next((name for name in members if not _MEMBER.fullmatch(name)), None)
    if strange is not None or len(pickles) != 1:
        raise SymbolscopeError(
            f"{source} holds tensors in a form that torch.save does not write: {str(strange)[:80]!r}"
        )
    _check_pickle(members, pickles[0], source)
    return archive_of(members)


def _check_pickle(members: dict[str, bytes], name: str, source: str) -> None:
    """Only what makes tensors is named, and each storage has the bytes that it asks for."""
    root = name.removesuffix("data.pkl")
    given: list[object] = []
    memory: dict[int, object] = {}
    try:
        for opcode, found, _ in genops(members[name]):
            argument: Any = found
            if opcode.name in _REFUSED:
                raise SymbolscopeError(
                    f"{source} holds a pickled object ({opcode.name}), which may run code when it is loaded"
                )
            if opcode.name == "GLOBAL":
                if (
                    argument not in _MAKES_TENSORS
                    and not _STORAGE.fullmatch(argument)
                    and not _DTYPE.fullmatch(argument)
                ):
                    raise SymbolscopeError(
                        f"{source} holds a pickled {argument[:80]!r}, which may run code when it is loaded"
                    )
                given.append(argument)
            elif opcode.name == "BINPERSID":
                _check_storage(given[-4:], members, root, source)
            elif "PUT" in opcode.name or opcode.name == "MEMOIZE":
                memory[len(memory) if argument is None else argument] = given[-1] if given else None
            elif "GET" in opcode.name:
                given.append(memory.get(argument))
            elif isinstance(argument, str | int):
                if isinstance(argument, str) and not _TEXT.fullmatch(argument):
                    raise SymbolscopeError(f"{source} holds the name {argument[:80]!r}, which is none of a tensor")
                given.append(argument)
            elif argument is not None and not isinstance(argument, float):
                raise SymbolscopeError(f"{source} holds pickled bytes, which no tensors are made of")
    except SymbolscopeError:
        raise
    except Exception as error:  # pickletools raises what its parts do
        raise SymbolscopeError(f"{source} is damaged: {type(error).__name__}: {error}") from None


_WIDTHS = {
    "Double": 8, "Float": 4, "Half": 2, "BFloat16": 2, "Long": 8, "Int": 4, "Short": 2, "Char": 1, "Byte": 1, "Bool": 1,
    "ComplexDouble": 16, "ComplexFloat": 8, "Untyped": 1,
}  # fmt: skip


def _check_storage(given: list[object], members: dict[str, bytes], root: str, source: str) -> None:
    """A storage is named by its kind, key, place and number of entries."""
    if len(given) == 4:
        kind, key, _, entries = given
        width = _WIDTHS.get(str(kind).rpartition(" ")[2].removesuffix("Storage"))
        body = members.get(f"{root}data/{key}")
        if width is not None and body is not None and type(entries) is int and 0 <= entries * width <= len(body):
            return
    raise SymbolscopeError(f"{source} is damaged: it has a storage of tensors without the bytes that it asks for")
