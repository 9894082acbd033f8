"""Named random streams: what is drawn for one purpose has nothing in common with what is drawn for another.

``numpy.random.default_rng([s, 0, 0])`` is ``default_rng(s)``, since trailing zeros of an entropy do not count, and the
``default_rng(s + 1)`` of one procedure is the ``default_rng(t)`` of another. Pairs that were trained on then turn up in the test.
So nothing here is seeded by a bare number: a stream is known by its seed, its purpose in words, and further whole numbers such as
a step or a restart, all of which are hashed together.
"""

import hashlib
from numbers import Integral
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from symbolscope.errors import SymbolscopeError

if TYPE_CHECKING:
    import torch

    GivenSeed: TypeAlias = int | np.integer
    GivenStream: TypeAlias = int | np.integer | np.random.Generator
else:
    GivenSeed = GivenStream = object  # refused below, with a message of its own

_TORCH_BITS = 63
# Functions of a user's are given seeds that NumPy's and scikit-learn's own generators take too.
_SMALL_BITS = 32


def stream(seed: GivenStream, purpose: str, *keys: int) -> np.random.Generator:
    """The generator of one purpose.

        entropy = SHA-256 of (purpose, seed, keys), each with its length, so that no two of them run together

    Parameters
    ----------
    seed
        A whole number of at least 0; or a generator, which is the stream itself: who gives one decides what else is drawn from it.
    purpose
        What is drawn, in words, such as "training pairs of a search". Every caller has its own.
    keys
        Whole numbers that tell several draws for one purpose apart.

    Raises
    ------
    SymbolscopeError
        If the seed is neither a whole number of at least 0 nor a generator.

    Examples
    --------
    >>> first, second = stream(1, "training pairs"), stream(1, "test pairs")
    >>> bool((first.integers(1 << 60, size=4) != second.integers(1 << 60, size=4)).all())
    True
    >>> int(stream(1, "steps", 0).integers(1 << 60)) == int(stream(1, "steps").integers(1 << 60))
    False
    """
    if isinstance(seed, np.random.Generator):
        return seed
    return np.random.default_rng(np.random.SeedSequence(_entropy(seed, purpose, keys)))


def torch_stream(seed: GivenSeed, purpose: str, *keys: int) -> "torch.Generator":
    """The generator of one purpose for torch, on the CPU; see :func:`stream`.

    Examples
    --------
    >>> torch_stream(0, "batches").initial_seed() == stream_seed(0, "batches")
    True
    """
    import torch

    return torch.Generator().manual_seed(stream_seed(seed, purpose, *keys))


def stream_seed(seed: GivenSeed, purpose: str, *keys: int) -> int:
    """The seed of one purpose for a generator other than NumPy's, such as ``torch.manual_seed``; 63 bits. See :func:`stream`."""
    return _entropy(seed, purpose, keys) >> (256 - _TORCH_BITS)


def small_seed(seed: GivenSeed, purpose: str, *keys: int) -> int:
    """The seed of one purpose for a function of the user's; 32 bits, which any library takes. See :func:`stream`."""
    return _entropy(seed, purpose, keys) >> (256 - _SMALL_BITS)


def _entropy(seed: object, purpose: str, keys: tuple[int, ...]) -> int:
    if isinstance(seed, bool | np.bool_) or not isinstance(seed, Integral) or int(seed) < 0:
        raise SymbolscopeError(f"seed must be a whole number of at least 0; got {seed!r}. Type seed=0")
    # The lengths make the encoding one to one: no two (purpose, seed, keys) are the same bytes.
    parts = [purpose.encode(), *(str(int(number)).encode() for number in (int(seed), *keys))]
    digest = hashlib.sha256(b"".join(len(part).to_bytes(8, "big") + part for part in parts)).digest()
    return int.from_bytes(digest, "big")
