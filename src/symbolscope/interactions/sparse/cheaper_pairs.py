"""The same function with cheaper pairs: an AND of two players and an OR of them are one another but for single effects."""

from collections.abc import Mapping, Sequence

from symbolscope.interactions.decomposition.split import ORDER_PRICE
from symbolscope.interactions.sparse.atoms import Atom

_ROUNDING = 1e-9  # of the cost of what is exchanged
_NOTHING = 1e-7  # of the largest effect


def cheaper_pairs(atoms: Sequence[Atom], effects: Sequence[float]) -> dict[Atom, float]:
    """AND and OR atoms with the pairs written the cheaper way, in the cost that the exact split minimises.

    Because or(i, j) = i + j - and(i, j), an effect c of either pair may be moved: c or(i, j) = c i + c j - c and(i, j), and the
    other way round. A move is made if fewer effects are left and the sum of (1 + 0.01 (order - 1)) |effect| does not rise, until
    there is none. (Where nothing vanishes, as in a fit with an effect on every pair, single effects stay what they are.)

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
    floor = _NOTHING * max((abs(effect) for effect in found.values()), default=0.0)
    moved = True
    while moved:
        moved = False
        for kind, players in [atom for atom in found if len(atom[1]) == 2]:
            effect = found.get((kind, players), 0.0)
            if abs(effect) <= floor:
                continue
            i, j = players
            other: Atom = ("or" if kind == "and" else "and", players)
            changed: dict[Atom, float] = {
                (kind, players): 0.0,
                other: found.get(other, 0.0) - effect,
                ("and", (i,)): found.get(("and", (i,)), 0.0) + effect,
                ("and", (j,)): found.get(("and", (j,)), 0.0) + effect,
            }
            old = {atom: found.get(atom, 0.0) for atom in changed}
            if _count(changed, floor) < _count(old, floor) and _cost(changed) <= _cost(old) * (1 + _ROUNDING):
                found |= changed
                moved = True
    return {atom: effect for atom, effect in found.items() if effect != 0.0}


def _cost(effects: Mapping[Atom, float]) -> float:
    return sum((1.0 + ORDER_PRICE * (len(players) - 1)) * abs(effect) for (_, players), effect in effects.items())


def _count(effects: Mapping[Atom, float], floor: float) -> int:
    return sum(abs(effect) > floor for effect in effects.values())
