"""Tensors and JSON in one safetensors file with a checksum: how the library saves models, alignments and trainings.

Eight bytes hold the length of a JSON header (little-endian); the header gives each tensor's dtype, shape and place; the numbers
follow without gaps. Metadata in the header holds format, version, checksum and the JSON of the object. Any safetensors reader
reads such a file. It is read here without that library, since what a damaged or hostile file asks for is checked before anything
is made.

Source: the safetensors format, https://huggingface.co/docs/safetensors/index#format.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from symbolscope.core.bounded_json import read_json
from symbolscope.core.checksum import KEY, PLACE, check_checksum, with_checksum
from symbolscope.core.whole_file import as_path
from symbolscope.errors import SymbolscopeError

if TYPE_CHECKING:
    import torch

_LENGTH = 8  # bytes that hold the length of the header
_LONGEST_HEADER = 100_000_000  # bytes, as in the safetensors library
_ALIGNED = 8
# dtype in the file -> (bytes, dtype of NumPy or None, dtype of torch)
_DTYPES: dict[str, tuple[int, str | None, str]] = {
    "BOOL": (1, "bool", "bool"), "U8": (1, "uint8", "uint8"), "I8": (1, "int8", "int8"), "I16": (2, "int16", "int16"),
    "I32": (4, "int32", "int32"), "I64": (8, "int64", "int64"), "F16": (2, "float16", "float16"),
    "BF16": (2, None, "bfloat16"), "F32": (4, "float32", "float32"), "F64": (8, "float64", "float64"),
    "C64": (8, "complex64", "complex64"), "U16": (2, "uint16", "uint16"), "U32": (4, "uint32", "uint32"),
    "U64": (8, "uint64", "uint64"), "F8_E4M3": (1, None, "float8_e4m3fn"), "F8_E5M2": (1, None, "float8_e5m2"),
}  # fmt: skip
_OF_NUMPY = {numpy: name for name, (_, numpy, _) in _DTYPES.items() if numpy is not None}
_OF_TORCH = {torch: name for name, (_, _, torch) in _DTYPES.items()}


@dataclass(frozen=True, eq=False)
class StoredTensor:
    """A tensor as it lies in a file; nothing is made of it before it is asked for.

    Attributes
    ----------
    dtype
        Its name in the file, such as F32.
    shape
        Its shape, which fits ``body``.
    body
        Its numbers, row by row, little-endian.
    """

    dtype: str
    shape: tuple[int, ...]
    body: bytes | memoryview

    def array(self) -> NDArray[Any]:
        """As an array of NumPy's, with memory of its own."""
        name = _DTYPES[self.dtype][1]
        if name is None:
            raise SymbolscopeError(f"an array of NumPy cannot hold {self.dtype}")
        return np.frombuffer(self.body, dtype=np.dtype(name).newbyteorder("<")).astype(name).reshape(self.shape)

    def tensor(self) -> "torch.Tensor":
        """As a tensor of torch's, with memory of its own."""
        import torch

        dtype = getattr(torch, self.torch_name)
        if not len(self.body):
            return torch.zeros(self.shape, dtype=dtype)
        return torch.frombuffer(bytearray(self.body), dtype=torch.uint8).view(dtype).reshape(self.shape)

    @property
    def torch_name(self) -> str:
        """Name of its dtype in torch, such as float32."""
        return _DTYPES[self.dtype][2]


@dataclass(frozen=True, eq=False)
class CheckedFile:
    """What a file holds, checked as far as can be without knowing what it is for.

    Attributes
    ----------
    tensors
        By name.
    about
        The JSON object that came with them.
    metadata
        All of the header's metadata.
    """

    tensors: Mapping[str, StoredTensor]
    about: dict[str, Any]
    metadata: Mapping[str, str]


def of_array(array: NDArray[Any]) -> StoredTensor:
    """An array of NumPy's as it will lie in a file."""
    name = _OF_NUMPY.get(array.dtype.name)
    if name is None:
        raise SymbolscopeError(
            f"arrays of {array.dtype} cannot be saved; convert them to float64, int64, uint8 or bool"
        )
    return StoredTensor(name, array.shape, array.astype(array.dtype.newbyteorder("<"), order="C").tobytes())


def of_tensor(tensor: "torch.Tensor") -> StoredTensor:
    """A tensor of torch's as it will lie in a file."""
    import torch

    name = _OF_TORCH.get(str(tensor.dtype).removeprefix("torch."))
    if name is None or tensor.layout != torch.strided:
        raise SymbolscopeError(
            f"tensors of {tensor.dtype} and layout {tensor.layout} cannot be saved; convert them first"
        )
    plain = tensor.detach().cpu().contiguous().reshape(-1)
    body = plain.view(torch.uint8).numpy().tobytes() if plain.numel() else b""
    return StoredTensor(name, tuple(tensor.shape), body)


def checked_bytes(
    tensors: Mapping[str, StoredTensor],
    *,
    kind: str,
    version: int,
    key: str,
    about: object,
    more: Mapping[str, str] | None = None,
) -> bytes:
    """Put tensors and JSON into one safetensors file with a checksum; equal contents give equal bytes.

    Parameters
    ----------
    tensors
        By name.
    kind
        What the file is, such as "symbolscope.InteractionModel".
    version
        Of what is written; readers refuse later ones than they know.
    key, about
        Name in the metadata, and the object, which JSON can hold.
    more
        Further entries of the metadata.

    Examples
    --------
    >>> content = checked_bytes({"a": of_array(np.arange(3.0))}, kind="example", version=1, key="about", about={"b": 1})
    >>> found = read_checked(content, "file", kind="example", version=1, key="about", what="an example")
    >>> found.tensors["a"].array(), found.about
    (array([0., 1., 2.]), {'b': 1})
    >>> read_checked(content[:-1] + b"!", "file", kind="example", version=1, key="about", what="an example")
    Traceback (most recent call last):
    symbolscope.errors.SymbolscopeError: file is damaged: its checksum does not fit its content; restore a copy or save it again
    """
    metadata = {"format": kind, "version": str(version), KEY: PLACE, key: json.dumps(about), **(more or {})}
    header: dict[str, Any] = {"__metadata__": metadata}
    # Wide numbers first, so that each tensor begins at a multiple of its width.
    ordered = sorted(tensors.items(), key=lambda item: (-_DTYPES[item[1].dtype][0], item[0]))
    end = 0
    for name, tensor in ordered:
        begin, end = end, end + len(tensor.body)
        header[name] = {"dtype": tensor.dtype, "shape": list(tensor.shape), "data_offsets": [begin, end]}
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % _ALIGNED)
    whole = b"".join([len(text).to_bytes(_LENGTH, "little"), text, *(tensor.body for _, tensor in ordered)])
    return with_checksum(whole)


def read_checked(content: bytes, source: str, *, kind: str, version: int, key: str, what: str) -> CheckedFile:
    """Read what :func:`checked_bytes` gave, and refuse anything else.

    Parameters
    ----------
    content
        The whole file.
    source
        What messages call it.
    kind, version, key
        As they were written; earlier versions are read too.
    what
        What the file should be, for messages: "a model saved by symbolscope".

    Raises
    ------
    SymbolscopeError
        If it is something else, of a later version, damaged, or its parts contradict one another.
    """
    tensors, metadata = read_safetensors(content, f"{source} is not {what}, or is damaged")
    if metadata.get("format") != kind:
        raise SymbolscopeError(f"{source} is a safetensors file but not {what}")
    said = metadata.get("version", "")
    if not said.isascii() or not said.isdecimal() or len(said) > 9 or int(said) > version:
        raise SymbolscopeError(
            f"{source} has format version {said[:20] or 'unknown'}; this symbolscope reads up to {version}. Install a newer one"
        )
    check_checksum(content, source, within=_header_end(content))
    if key not in metadata:
        raise SymbolscopeError(f"{source} is damaged: its metadata lacks {key!r}")
    about = read_json(metadata[key], source)
    if not isinstance(about, dict):
        raise SymbolscopeError(f"{source} is damaged: {key!r} is no JSON object")
    return CheckedFile(tensors, about, metadata)  # pyright: ignore[reportUnknownArgumentType]


def read_safetensors(content: bytes, refusal: str) -> tuple[dict[str, StoredTensor], dict[str, str]]:
    """Tensors and metadata of any safetensors file; ``refusal`` begins the message about one that is not whole.

    Memory: the file, and its header as Python objects; tensors are views of the file.
    """
    begin = _header_end(content)
    if len(content) < _LENGTH or not _LENGTH < begin <= len(content) or begin > _LONGEST_HEADER:
        raise SymbolscopeError(f"{refusal}: its header does not fit into the file")
    try:
        header = read_json(content[_LENGTH:begin], "file")
    except SymbolscopeError as error:
        raise SymbolscopeError(f"{refusal}: {str(error).partition(': ')[2]}") from None
    if not isinstance(header, dict):
        raise SymbolscopeError(f"{refusal}: its header is no JSON object")
    entries: dict[str, Any] = header  # pyright: ignore[reportUnknownVariableType]
    metadata = entries.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):  # pyright: ignore[reportUnknownVariableType]
        raise SymbolscopeError(f"{refusal}: its metadata is no mapping of texts")
    view, tensors, places = memoryview(content)[begin:], dict[str, StoredTensor](), list[tuple[int, int]]()
    for name, entry in entries.items():
        dtype, shape, (first, last) = _entry(name, entry, refusal)
        if last - first != math.prod(shape) * _DTYPES[dtype][0] or last > len(view):
            raise SymbolscopeError(f"{refusal}: tensor {name[:50]!r} of shape {list(shape)[:8]} does not fit its bytes")
        places.append((first, last))
        tensors[name] = StoredTensor(dtype, shape, view[first:last])
    covered = 0
    for first, last in sorted(places):
        if first != covered:
            raise SymbolscopeError(f"{refusal}: its tensors overlap or leave gaps")
        covered = last
    if covered != len(view):
        raise SymbolscopeError(f"{refusal}: it holds {len(view) - covered:,} bytes that belong to no tensor")
    return tensors, metadata  # pyright: ignore[reportUnknownVariableType]


def read_file(path: str | PathLike[str], what: str) -> bytes:
    """All bytes of a regular file.

    Raises
    ------
    SymbolscopeError
        If there is none, or it cannot be read.

    Examples
    --------
    >>> read_file("nowhere.safetensors", "a saved model")
    Traceback (most recent call last):
    symbolscope.errors.SymbolscopeError: there is no file nowhere.safetensors; give the path of a saved model
    """
    source = as_path(path)
    try:
        there = source.is_file()
        if not there and source.exists():
            raise SymbolscopeError(f"there is no file {source}, but a folder or a device; give the path of {what}")
        if there:
            return source.read_bytes()
    except OSError as error:
        raise SymbolscopeError(f"{str(source)[:200]} cannot be read: {error.strerror or error}") from None
    except MemoryError:
        raise SymbolscopeError(f"{source} is larger than the memory that is left; it cannot be {what}") from None
    raise SymbolscopeError(f"there is no file {source}; give the path of {what}")


def read_metadata(path: str | PathLike[str], what: str, refusal: str) -> dict[str, str]:
    """The metadata of a safetensors file, whose tensors are left on the disk and unchecked.

    Raises
    ------
    SymbolscopeError
        As :func:`read_file` and :func:`read_safetensors`, as far as the header tells.
    """
    source = as_path(path)
    try:
        with source.open("rb") as file:
            begin = file.read(_LENGTH)
            end = _header_end(begin)
            if not source.is_file() or not _LENGTH < end <= min(source.stat().st_size, _LONGEST_HEADER):
                raise SymbolscopeError(f"{refusal}: its header does not fit into the file")
            header = read_json(file.read(end - _LENGTH), str(source))
    except OSError as error:
        raise SymbolscopeError(f"{str(source)[:200]} cannot be read as {what}: {error.strerror or error}") from None
    metadata: Any = header.get("__metadata__", {}) if isinstance(header, dict) else None  # pyright: ignore[reportUnknownMemberType]
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):  # pyright: ignore[reportUnknownVariableType]
        raise SymbolscopeError(f"{refusal}: its metadata is no mapping of texts")
    return metadata  # pyright: ignore[reportUnknownVariableType]


def _header_end(content: bytes) -> int:
    return _LENGTH + int.from_bytes(content[:_LENGTH], "little")


def _entry(name: str, entry: Any, refusal: str) -> tuple[str, tuple[int, ...], tuple[int, int]]:
    """Dtype, shape and place of a tensor, each of the right type."""
    if isinstance(entry, dict) and set(entry) == {"dtype", "shape", "data_offsets"}:  # pyright: ignore[reportUnknownArgumentType]
        dtype, shape, place = entry["dtype"], entry["shape"], entry["data_offsets"]
        if isinstance(dtype, str) and dtype not in _DTYPES:
            raise SymbolscopeError(f"{refusal}: tensor {name[:50]!r} is of dtype {dtype[:20]}, which is never written")
        whole = isinstance(shape, list) and isinstance(place, list) and len(place) == 2 and len(shape) <= 64  # pyright: ignore[reportUnknownArgumentType]
        if isinstance(dtype, str) and whole and all(type(number) is int and number >= 0 for number in (*shape, *place)):  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
            return dtype, tuple(shape), (place[0], place[1])  # pyright: ignore[reportUnknownArgumentType]
    raise SymbolscopeError(f"{refusal}: the entry of tensor {name[:50]!r} has another form")
