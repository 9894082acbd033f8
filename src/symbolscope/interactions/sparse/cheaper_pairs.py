"""The same function with cheaper pairs: an AND of two players and an OR of them are one another but for single effects."""

from collections.abc import Sequence

from symbolscope.interactions.decomposition.split import ORDER_PRICE
from symbolscope.interactions.sparse.atoms import Atom

_WORTH = 1e-9  # of the cost of what is exchanged


def cheaper_pairs(atoms: Sequence[Atom], effects: Sequence[float]) -> dict[Atom, float]:
    """AND and OR atoms with the pairs written the cheaper way, in the cost that the exact split minimises.

    Because or(i, j) = i + j - and(i, j), an effect c of either pair may be moved: c or(i, j) = c i + c j - c and(i, j), and the
    other way round. Each move is made if the sum of (1 + 0.01 (order - 1)) |effect| falls, until none does.

    Parameters
    ----------
    atoms, effects
        ("and" or "or", players) and their effects; of one player only "and".

    Examples
    --------
    >>> cheaper_pairs([("and", (0,)), ("and", (1,)), ("or", (0, 1))], [1.0, 1.0, -1.0])
    {('and', (0, 1)): 1.0}
    """
    found: dict[Atom, float] = {}
    for atom, effect in zip(atoms, effects, strict=True):
        found[atom] = found.get(atom, 0.0) + float(effect)
    moved = True
    while moved:
        moved = False
        for kind, players in [atom for atom in found if len(atom[1]) == 2]:
            effect = found.get((kind, players), 0.0)
            if effect == 0.0:
                continue
            i, j = players
            other: Atom = ("or" if kind == "and" else "and", players)
            changed: dict[Atom, float] = {
                (kind, players): 0.0,
                other: found.get(other, 0.0) - effect,
                ("and", (i,)): found.get(("and", (i,)), 0.0) + effect,
                ("and", (j,)): found.get(("and", (j,)), 0.0) + effect,
            }
            before = sum(_price(atom) * abs(found.get(atom, 0.0)) for atom in changed)
            after = sum(_price(atom) * abs(value) for atom, value in changed.items())
            if after < before * (1 - _WORTH):
                found |= changed
                moved = True
    return {atom: effect for atom, effect in found.items() if effect != 0.0}


def _price(atom: Atom) -> float:
    return 1.0 + ORDER_PRICE * (len(atom[1]) - 1)
