"""The search for coalitions that make the description short: greedy growth, then coalitions dropped and regrown."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from symbolscope.graphs.codebook import Codebook, bits, length_of, packed
from symbolscope.shapes import Effects

# A change of the length by less than this share is rounding.
_ROUNDING = 1e-10
# Up to this many players in common, and this many candidates, parts of what is shared are tried too.
_LARGEST_SPLIT = 7
_MOST_CANDIDATES = 4000
# Tests of a candidate against a row: about 2 seconds of them. Counted, not timed, so that the result is the same everywhere.
_BUDGET = 3 << 29
# Times that part of the coalitions are drawn anew.
_SHAKES = 60
# What a round costs besides, in such tests.
_ROUND = 1 << 19

_Score = Callable[[Effects, NDArray[np.int64]], Effects]


@dataclass
class _Work:
    """What is left of the budget."""

    left: int = _BUDGET


def shortest_codebook(plain: Codebook) -> Codebook:
    """Search from a codebook without coalitions; deterministic.

    Candidates are what two interactions of a kind have in common. Growth takes, again and again, the candidate that shortens the
    description most, or most per player, until none shortens it; then every coalition in turn is dropped and the rest regrown
    without it. The shortest of all is returned.
    """
    work = _Work()
    grown = [_grown(plain, score, work, split=split) for score in (_per_player, _altogether) for split in (False, True)]
    distinct = {frozenset(one.coalitions.values()): one for one in grown}
    best = min((_polished(one, work) for one in sorted(distinct.values(), key=_length)), key=_length)
    return _tidied(_polished(_shaken(best, work), work))


def _shaken(book: Codebook, work: _Work) -> Codebook:
    """Drop some coalitions, drawn from a fixed seed, and regrow; keep what is shorter."""
    generator = np.random.default_rng(0)
    for _ in range(_SHAKES):
        codes = sorted(book.coalitions)
        if not codes or work.left <= 0:
            break
        other = book
        for code in generator.choice(
            codes, size=1 + len(codes) // int(generator.integers(2, 8)), replace=False
        ).tolist():
            other = other.without(code)
        one = book.coalitions[codes[int(generator.integers(len(codes)))]]
        score = (_altogether, _per_player)[int(generator.integers(2))]
        other = _grown(other, score, work, banned=(one.is_or, one.players))
        if other.length < book.length * (1.0 - _ROUNDING):
            book = other
    return book


def _length(book: Codebook) -> float:
    return book.length


def _altogether(change: Effects, n_players: NDArray[np.int64]) -> Effects:
    return change


def _per_player(change: Effects, n_players: NDArray[np.int64]) -> Effects:
    return change / n_players


def _grown(
    book: Codebook, score: _Score, work: _Work, *, split: bool = False, banned: tuple[bool, int] | None = None
) -> Codebook:
    """Add coalitions while one shortens the description; the first is not the banned one."""
    while work.left > 0:
        best = _best(book, score, work, split=split, banned=banned)
        if best is None:
            break
        longer = book.with_coalition(best[1], is_or=best[0])
        if longer.length > book.length * (1.0 - _ROUNDING):
            break
        book, banned = longer, None
    return book.only_shared()


def _best(
    book: Codebook, score: _Score, work: _Work, *, split: bool, banned: tuple[bool, int] | None
) -> tuple[bool, int] | None:
    """Kind and parts of the candidate with the lowest score, if it shortens the description."""
    from symbolscope.graphs.shared_codewords import intersections, savings

    counts = book.counts
    leaves = packed(book.players, book.n_players)
    best, lowest = None, np.inf
    work.left -= _ROUND
    for is_or in (False, True):
        chosen = [row for row, kind in enumerate(book.is_or) if kind == is_or and book.rows[row].bit_count() > 1]
        if len(chosen) < 2:
            continue
        rows = np.ascontiguousarray(book.packed_rows[chosen])
        weights = np.array([book.weights[row] for row in chosen])
        candidates = intersections(rows)
        if split:
            candidates = _with_parts(candidates)
        work.left -= len(candidates) * len(rows) + len(rows) ** 2
        if len(candidates) == 0:
            continue
        change, used = np.empty(len(candidates)), np.empty(len(candidates))
        uses, n_players = np.empty(len(candidates), dtype=np.int64), np.empty(len(candidates), dtype=np.int64)
        savings(candidates, rows, weights, counts, book.total, book.kappa, leaves, change, used, uses, n_players)
        scores = score(change, n_players)
        if banned is not None and banned[0] == is_or:
            for place in np.flatnonzero(n_players == banned[1].bit_count()).tolist():
                if _is(book, _unpacked(candidates[place]), banned[1]):
                    scores[place] = change[place] = np.inf
        near = np.flatnonzero(scores <= scores.min() + _ROUNDING * abs(float(scores.min())))
        at = min(near.tolist(), key=lambda one: (-uses[one], -n_players[one], one))
        if change[at] >= 0:
            continue
        if float(scores[at]) < lowest - _ROUNDING * abs(float(scores[at])):
            best, lowest = (is_or, _unpacked(candidates[at])), float(scores[at])
    return best


def _polished(book: Codebook, work: _Work) -> Codebook:
    """Drop each coalition in turn, regrow, and keep what is shorter, until nothing is."""
    length = book.length
    improved = True
    while improved and work.left > 0:
        improved = False
        for code in sorted(book.coalitions):
            if code not in book.coalitions:
                continue
            dropped = book.without(code)
            one = book.coalitions[code]
            for score in (_altogether, _per_player):
                other = _grown(dropped, score, work, banned=(one.is_or, one.players))
                if other.length < length * (1.0 - _ROUNDING):
                    book, length, improved = other, other.length, True
                    break
        again = _rewritten(book)
        found = again.length
        if found < length * (1.0 - _ROUNDING):
            book, length, improved = again, found, True
    return book


def _rewritten(book: Codebook) -> Codebook:
    """Write each interaction with the largest coalitions that fit side by side, where that is shorter."""
    counts = book.counts
    rows = list(book.rows)
    length = length_of(counts, book.total, book.kappa)
    for place, (row, players, is_or, weight) in enumerate(
        zip(book.rows, book.sets, book.is_or, book.weights, strict=True)
    ):
        other = _side_by_side(book, players, is_or=is_or)
        if other == row:
            continue
        changed = counts.copy()
        changed[list(bits(row))] -= weight
        changed[list(bits(other))] += weight
        found = length_of(np.maximum(changed, 0.0), book.total, book.kappa)
        if found < length * (1.0 - _ROUNDING):
            counts, length, rows[place] = changed, found, other
    return replace(book, rows=tuple(rows)).only_shared()


def _side_by_side(book: Codebook, players: int, *, is_or: bool, below: int | None = None) -> int:
    """The largest coalitions within the players, none overlapping, and the players that are left."""
    codes, left = 0, players
    fitting = sorted(
        (code for code, one in book.coalitions.items() if one.is_or == is_or and one.players & ~players == 0),
        key=lambda code: (-book.coalitions[code].players.bit_count(), code),
    )
    for code in fitting:
        held = book.coalitions[code].players
        if held & ~left == 0 and held != below:
            codes |= 1 << code
            left &= ~held
    return codes | left  # players are the lowest codewords


def _tidied(book: Codebook) -> Codebook:
    """The same length with fewer edges: a coalition is written with smaller ones where that takes fewer parts."""
    for code, one in book.coalitions.items():
        parts = _side_by_side(book, one.players, is_or=one.is_or, below=one.players)
        if parts.bit_count() < one.parts.bit_count():
            other = replace(book, coalitions={**book.coalitions, code: replace(one, parts=parts)})
            if other.only_shared() is other:  # what it was written with may have no other user left
                book = other
    return book


def _with_parts(candidates: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Candidates and every part of them of two codewords or more, where they are few and small."""
    sizes = np.bitwise_count(candidates).sum(axis=1, dtype=np.int64)
    small = np.minimum(sizes, _LARGEST_SPLIT + 1)
    if int(np.where(sizes > _LARGEST_SPLIT, 1, 1 << small).sum()) > _MOST_CANDIDATES:
        return candidates
    held = [_unpacked(one) for one in candidates]
    found = dict.fromkeys(held)
    for codes, size in zip(held, sizes.tolist(), strict=True):
        if size <= _LARGEST_SPLIT:
            for fewer in range(2, size):
                for some in combinations(list(bits(codes)), fewer):
                    found[sum(1 << code for code in some)] = None
    return packed(list(found), 64 * candidates.shape[1])


def _is(book: Codebook, codes: int, players: int) -> bool:
    """Whether codewords are together just these players."""
    held = 0
    for code in bits(codes):
        held |= book.players[code]
    return held == players


def _unpacked(words: NDArray[np.uint64]) -> int:
    return int.from_bytes(words.astype("<u8").tobytes(), "little")
