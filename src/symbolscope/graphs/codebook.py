"""A codebook of coalitions, and the length of the interactions' description in it.

Every interaction is written as a set of codewords: players, and coalitions of its own kind. With a_S = |effect|, Z their sum and

    count(m) = sum of a_S over the interactions that use codeword m,        pr(m) = count(m) / sum of all counts

the description length is, in nats,

    L = (1 / Z) sum_m count(m) log(1 / pr(m)) + kappa sum_m pr(m) log(1 / pr(m)),        kappa = 10 / Z

the expected length of an interaction, drawn by its size, plus kappa times the entropy of the codewords (2111.06206, section 5).
With C the sum of all counts this is (C / Z + kappa) (log C - (1 / C) sum_m count(m) log count(m)), so a new codeword changes it
through the counts of the codewords that it stands for and its own only.

L has no term for what a codeword contains. A codeword for one interaction alone would therefore often pay, and in the end every
interaction would be one codeword and the graph the plain one; so a coalition is only made of what two interactions share.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from symbolscope.shapes import Effects


@dataclass(frozen=True)
class Coalition:
    """A named set of players.

    Attributes
    ----------
    is_or
        Whether it describes ORs (any of it) or ANDs (all of it).
    parts
        Codewords that it stands for, as bits.
    players
        Its players, as bits.
    """

    is_or: bool
    parts: int
    players: int


@dataclass(frozen=True)
class Codebook:
    """Coalitions, and each interaction written with them; never changed in place.

    Attributes
    ----------
    n_players
        Codewords below this number are the players; from there on they are coalitions.
    sets
        Players of each interaction, as bits.
    is_or
        Kind of each.
    weights
        |effect| of each.
    kappa
        Price of the codewords' entropy.
    rows
        Codewords of each interaction, as bits.
    coalitions
        By the number of their codeword.
    """

    n_players: int
    sets: tuple[int, ...]
    is_or: tuple[bool, ...]
    weights: tuple[float, ...]
    kappa: float
    rows: tuple[int, ...]
    coalitions: dict[int, Coalition] = field(default_factory=dict[int, Coalition])

    @cached_property
    def total(self) -> float:
        """Z, the sum of the weights."""
        return float(sum(self.weights))

    @cached_property
    def n_codewords(self) -> int:
        """One more than the largest codeword."""
        return max(self.coalitions, default=self.n_players - 1) + 1

    @cached_property
    def packed_rows(self) -> NDArray[np.uint64]:
        """``rows`` as words of 64 bits, [k, w]."""
        return packed(self.rows, self.n_codewords)

    @cached_property
    def uses(self) -> NDArray[np.uint8]:
        """Whether each interaction uses each codeword, [k, codewords]."""
        octets = self.packed_rows.astype("<u8").view(np.uint8)
        return np.unpackbits(octets, axis=1, bitorder="little", count=self.n_codewords)

    @cached_property
    def counts(self) -> Effects:
        """count(m) of every codeword."""
        return np.array(self.weights, dtype=np.float64) @ self.uses

    @cached_property
    def players(self) -> list[int]:
        """Players of every codeword, as bits; none for a number that is not in use."""
        held = [1 << code for code in range(self.n_players)] + [0] * (self.n_codewords - self.n_players)
        for code, one in self.coalitions.items():
            held[code] = one.players
        return held

    @cached_property
    def length(self) -> float:
        """Description length L in nats; 0 where there is nothing to describe."""
        return length_of(self.counts, self.total, self.kappa)

    def with_coalition(self, parts: int, *, is_or: bool) -> "Codebook":
        """Make a coalition of codewords, and use it wherever an interaction of its kind has just its players in codewords.

        One that is there already under other parts is used in its place.
        """
        held, players = self.players, 0
        for part in bits(parts):
            players |= held[part]
        code = self._named(players, is_or=is_or)
        added = self.coalitions
        if code is None:
            code = self.n_codewords
            added = {**self.coalitions, code: Coalition(is_or, parts, players)}
        inside = sum(1 << other for other, members in enumerate(held) if members and members & ~players == 0)
        rows: list[int] = []
        for row, members, kind in zip(self.rows, self.sets, self.is_or, strict=True):
            within = 0
            if kind == is_or and members & players == players:
                within, left = row & inside, players
                codes = within
                while codes:
                    low = codes & -codes
                    left &= ~held[low.bit_length() - 1]
                    codes ^= low
                if left or within & (within - 1) == 0:
                    within = 0
            rows.append((row & ~within) | (1 << code) if within else row)
        return replace(self, rows=tuple(rows), coalitions=added)

    def without(self, code: int) -> "Codebook":
        """The same with one coalition written out wherever it is used."""
        parts, bit = self.coalitions[code].parts, 1 << code
        left = {other: one for other, one in self.coalitions.items() if other != code}
        for other, one in left.items():
            if one.parts & bit:
                left[other] = Coalition(one.is_or, (one.parts & ~bit) | parts, one.players)
        return replace(
            self, rows=tuple([(row & ~bit) | parts if row & bit else row for row in self.rows]), coalitions=left
        )

    def only_shared(self) -> "Codebook":
        """The same with coalitions of a single user, or none, written out; users are interactions and other coalitions."""
        book = self
        while True:
            users = book.uses.sum(axis=0, dtype=np.int64)
            for one in book.coalitions.values():
                users[list(bits(one.parts))] += 1
            lone = [code for code in book.coalitions if users[code] < 2]
            if not lone:
                return book
            book = book.without(lone[0])

    def _named(self, players: int, *, is_or: bool) -> int | None:
        for code, one in self.coalitions.items():
            if one.players == players and one.is_or == is_or:
                return code
        return None


def length_of(counts: Effects, total: float, kappa: float) -> float:
    """L of codewords used with these weights, where the interactions weigh ``total``."""
    used = counts[counts > 0]
    whole = float(used.sum())
    if total <= 0 or whole <= 0:
        return 0.0
    entropy = float(np.log(whole)) - float(used @ np.log(used)) / whole
    return max(0.0, (whole / total + kappa) * entropy)


def bits(codes: int) -> Iterator[int]:
    """Numbers of the bits that are set, ascending."""
    while codes:
        low = codes & -codes
        yield low.bit_length() - 1
        codes ^= low


def packed(rows: Sequence[int], n_bits: int) -> NDArray[np.uint64]:
    """Integers as rows of 64-bit words, [k, w]."""
    width = max(1, -(-n_bits // 64))
    joined = b"".join(row.to_bytes(8 * width, "little") for row in rows)
    return np.frombuffer(joined, dtype="<u8").reshape(len(rows), width).astype(np.uint64)
