"""Masks in the one order used everywhere: bit i of an index is player i."""

import numpy as np

from symbolscope.core.argument_checks import WholeNumber
from symbolscope.errors import SymbolscopeError
from symbolscope.shapes import Masks

_READABLE = 40  # players up to which the number of masks is written out


def all_masks(n_players: int) -> Masks:
    """Every mask of ``n_players`` players, row j present where bit i of j is set.

    mask[j, i] = floor(j / 2^i) mod 2, so player 0 is the least significant bit, row 0 is the empty input and the last
    row the full one.

    Parameters
    ----------
    n_players
        Number of players, 0 to 30.

    Returns
    -------
    bool array [2^n, n]; True = the player is present.

    Raises
    ------
    SymbolscopeError
        If ``n_players`` is negative or above 30.

    Examples
    --------
    >>> all_masks(2)
    array([[False, False],
           [ True, False],
           [False,  True],
           [ True,  True]])
    >>> all_masks(10).sum(axis=1).max()
    np.int64(10)
    """
    n_players = WholeNumber().read("n_players", n_players)
    if not 0 <= n_players <= 30:
        raise SymbolscopeError(
            f"all_masks needs 0 to 30 players; got {n_players}. Sample masks instead for larger games"
        )
    index = np.arange(1 << n_players, dtype=np.uint32)
    bytes_ = index.astype("<u4").view(np.uint8).reshape(-1, 4)  # [2^n, 4]
    return np.unpackbits(bytes_, axis=1, bitorder="little", count=n_players).view(np.bool_)  # [2^n, n]


def mask_index(masks: Masks) -> np.ndarray:
    """Index of each mask in the order of :func:`all_masks`: sum over present players i of 2^i.

    Parameters
    ----------
    masks
        bool array [m, n], at most 62 players.

    Returns
    -------
    int64 array [m].

    Examples
    --------
    >>> mask_index(np.array([[True, False, True]]))
    array([5])
    """
    if masks.shape[1] > 62:
        raise SymbolscopeError(f"a mask of {masks.shape[1]} players has no 64-bit index; at most 62 players do")
    packed = np.packbits(masks, axis=1, bitorder="little")  # [m, ceil(n / 8)]
    padded = np.zeros((len(masks), 8), dtype=np.uint8)
    padded[:, : packed.shape[1]] = packed
    return padded.view("<i8").reshape(-1).astype(np.int64, copy=False)


def mask_count(n_players: int) -> str:
    """How many masks so many players have, for a message: written out while it can be read.

    Examples
    --------
    >>> mask_count(20), mask_count(5_000)
    ('1,048,576', '2^5000')
    """
    return f"{1 << n_players:,}" if n_players <= _READABLE else f"2^{n_players}"
