"""The published greedy search for coalitions, written out plainly: every subset of a description is tried, at most five are named.

Extended to typed descriptions: a coalition of one kind is found in, and used by, interactions of that kind.
"""

import itertools
import math


def description_length(rows, weights, kappa):
    """L of descriptions (frozensets of codewords), from the definition."""
    counts: dict[object, float] = {}
    for row, weight in zip(rows, weights, strict=True):
        for code in row:
            counts[code] = counts.get(code, 0.0) + weight
    total, unit = sum(counts.values()), sum(weights)
    shares = {code: count / total for code, count in counts.items() if count > 0}
    return sum(counts[code] * math.log(1 / share) for code, share in shares.items()) / unit + kappa * sum(
        share * math.log(1 / share) for share in shares.values()
    )


def renamed(rows, kinds, kind, parts, name):
    """Descriptions with a coalition written in place of its parts."""
    return [
        (row - parts) | {name} if own == kind and parts <= row else row for row, own in zip(rows, kinds, strict=True)
    ]


def reference_length(sets, kinds, weights, kappa=None, most=5):
    """L where the published search stops."""
    if kappa is None:
        kappa = 10 / sum(weights)
    rows = [frozenset(members) for members in sets]
    players: dict[object, frozenset[int]] = {player: frozenset([player]) for row in rows for player in row}
    length = description_length(rows, weights, kappa)
    for step in range(most):
        candidates = {
            (kind, frozenset(parts))
            for row, kind in zip(rows, kinds, strict=True)
            for size in range(2, len(row) + 1)
            for parts in itertools.combinations(row, size)
        }
        name = ("coalition", step)
        best = None
        for kind, parts in sorted(candidates, key=lambda one: (one[0], sorted(map(str, one[1])))):
            found = description_length(renamed(rows, kinds, kind, parts, name), weights, kappa)
            leaves = frozenset().union(*(players[code] for code in parts))
            score = (found - length) / len(leaves)
            if best is None or score < best[0]:
                best = score, found, kind, parts, leaves
        if best is None:
            break
        _, found, kind, parts, leaves = best
        users = sum(own == kind and parts <= row for row, own in zip(rows, kinds, strict=True))
        if found > length or users == 1:
            break
        rows, length = renamed(rows, kinds, kind, parts, name), found
        players[name] = leaves
    return length
