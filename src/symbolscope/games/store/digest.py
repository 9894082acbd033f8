"""A hash of structured content: typed, length-prefixed tokens, so that different contents never read the same."""

import hashlib
import struct
from collections.abc import Callable, Generator
from contextlib import contextmanager

import numpy as np
import torch
from numpy.typing import NDArray

PIECE_BYTES = 1 << 24  # of a tensor that is not in main memory


class UnreadableError(Exception):
    """Something that a value depends on cannot be read; the message says what and where."""


class Digest:
    """sha256 over what is read into it.

    Every object is read once, into a hash of its own: it counts by its contents, not by its identity, and one that contains
    itself ends there. So equal contents give equal hashes in any process.

    Parameters
    ----------
    read
        Reads any object into a digest: (digest, object, where it was found).

    Examples
    --------
    >>> def read(digest, value, where):
    ...     digest.token("int", str(value))
    >>> digest = Digest(read)
    >>> digest.read(5, "an example")
    >>> digest.hexdigest()[:8], len(digest.hexdigest())
    ('5895e2bd', 64)
    """

    def __init__(self, read: Callable[["Digest", object, str], None]) -> None:
        self._read = read
        self._hashes = [hashlib.sha256()]
        self._inside: list[int] = []
        self._finished: dict[int, tuple[bytes, object]] = {}  # the object is kept, so that its id stays its own
        self.names: set[str] = set()  # that the code read so far uses
        self.passed_over: dict[str, str] = {}  # members of classes that could not be read: name, and what is in them

    def hexdigest(self) -> str:
        """The hash so far, 64 hexadecimal digits."""
        return self._hashes[0].hexdigest()

    def finish(self) -> None:
        """Refuse if a member that was passed over may have been used after all: some code has its name."""
        for name in sorted(self.passed_over.keys() & self.names):
            raise UnreadableError(self.passed_over[name])

    def read(self, value: object, where: str) -> None:
        """Read any object; ``where`` says in an error where it was found."""
        self._read(self, value, where)

    def token(self, kind: str, content: str | bytes = b"") -> None:
        """One typed piece of content."""
        data = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
        self._hashes[-1].update(f"{kind}:{len(data)}:".encode() + data)

    @contextmanager
    def once(self, value: object) -> Generator[bool, None, None]:
        """Yield whether an object is still to be read; what is read inside goes to the object's own hash."""
        key = id(value)
        if key in self._finished:
            self.token("object", self._finished[key][0])
            yield False
        elif key in self._inside:
            self.token("inside", str(len(self._inside) - self._inside.index(key)))
            yield False
        else:
            self._inside.append(key)
            self._hashes.append(hashlib.sha256())
            try:
                yield True
            finally:
                content = self._hashes.pop().digest()
                self._inside.pop()
            self._finished[key] = content, value
            self.token("object", content)

    @contextmanager
    def passing_over(self, name: str) -> Generator[None, None, None]:
        """Go on after what cannot be read, as though it were not there; code that has its name makes :meth:`finish` refuse."""
        names, finished = set(self.names), len(self._finished)
        try:
            yield
        except UnreadableError as error:
            self.names = names
            for key in list(self._finished)[finished:]:  # read again where they count, with the names in them
                del self._finished[key]
            self.passed_over[name] = str(error)

    def unordered(self, values: list[object], where: str) -> None:
        """Read values whose order means nothing."""
        contents: list[bytes] = []
        for value in values:
            self._hashes.append(hashlib.sha256())
            try:
                self.read(value, where)
            finally:
                contents.append(self._hashes.pop().digest())
        self.token("unordered", b"".join(sorted(contents)))

    def number(self, value: float) -> None:
        """A float, bit for bit."""
        self.token("float", struct.pack("<d", value))

    def array(self, values: NDArray[np.generic]) -> None:
        """An array without objects in it: dtype, shape and bytes."""
        described = repr(values.dtype.descr) if values.dtype.names else values.dtype.str
        self.token("array", f"{described} {values.shape}")
        contiguous = np.ascontiguousarray(values)
        self.token("bytes", str(contiguous.nbytes))
        if contiguous.nbytes:
            self._hashes[-1].update(contiguous.reshape(-1).view(np.uint8).data)

    def tensor(self, values: torch.Tensor, where: str) -> None:
        """A tensor on any device: dtype, shape and bytes, the device left out."""
        values = values.detach()
        self.token("tensor", f"{values.dtype} {tuple(values.shape)}")
        if values.layout != torch.strided:
            if values.layout != torch.sparse_coo:
                raise UnreadableError(f"{where}, a tensor of layout {values.layout}")
            values = values.coalesce()
            self.tensor(values.indices(), where)
            self.tensor(values.values(), where)
            return
        if values.device.type == "meta" or values.is_quantized:
            raise UnreadableError(f"{where}, a tensor {'without data' if values.is_meta else 'of a quantized type'}")
        flat = values.resolve_conj().resolve_neg().contiguous().reshape(-1)
        if not flat.numel():
            return
        flat = flat.view(torch.uint8)
        for piece in [flat] if flat.device.type == "cpu" else flat.split(PIECE_BYTES):
            self._hashes[-1].update(piece.cpu().numpy().data)


class QuickDigest(Digest):
    """A hash that holds within one process: of a tensor it reads its place, its shape and the number of times it was written to."""

    def tensor(self, values: torch.Tensor, where: str) -> None:
        """A tensor that keeps count of what is written to it; the contents of others."""
        if values.is_inference() or values.layout != torch.strided or values.is_meta:
            super().tensor(values, where)
        else:
            self.token(
                "place", f"{values.data_ptr()} {values.dtype} {tuple(values.shape)} {values.stride()} {values._version}"
            )
