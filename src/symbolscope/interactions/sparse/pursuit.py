"""Pursuit: AND and OR atoms grown player by player towards what the model does not explain yet."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from symbolscope.interactions.sparse.atoms import Atom, Dictionary, Table, columns
from symbolscope.interactions.sparse.learner import Learner
from symbolscope.interactions.sparse.least_squares import prune, search_prices
from symbolscope.shapes import Effects, Masks, Scores

# float64 [orders + 1]
PerOrder = NDArray[np.float64]

_MOST_ORDER = 8
_BEAM = 96
# Players from which pairs are grown, where all pairs would be too many.
_SEEDS = 256
_ROUNDS = 80
# An atom must be active, and inactive, on this many masks for its correlation to be nearly normal.
_LEAST_ACTIVE = 20
# Atoms taken in one round explain different things: correlations below this, gains above this share of the best.
_CORRELATED = 0.2
_SHARE = 0.3
# An atom stays at a lower price than it entered at, so that none goes in and out.
_STAYS = 0.7
_CLEAR = 25.0
# Once nothing is worth its price, atoms may enter at this share of it for as long as that pays in the end.
_DISCOUNT = 0.6
_PATIENCE = 12
# Effects are given back to the search by this multiple of their price over their squared standard errors.
_RELEASE = 0.5
# Atoms whose gain is worked out exactly in one round.
_LOOKED_AT = 300
_ROUNDING = 1e-7


class Pursuit(Learner):
    """Orthogonal matching pursuit over AND and OR atoms of order up to 8, found by a beam search.

    Each round scores atoms by z, their correlation in standard errors with the residual, to which effects barely worth their price
    are given back, since an atom that stands in for larger ones takes away what would lead to them. Those worth their price beside
    the atoms of the model, by z^2 - price(order), are taken if they have little to do with each other; single players come first,
    since an AND of players that each matter alone would stand in for their sum. Then all effects are fitted again, and atoms that
    became no more than chance are dropped: a pair that stood in for a triple goes when the triple has come. When no atom is worth
    its price any more, the search goes on at a discount; the atoms returned are those of lowest m log(squared error) + sum of
    the full prices on the way.

    Source: matching pursuit of Pati, Rezaiifar, Krishnaprasad (1993); the price is the extended BIC, see ``least_squares.py``.
    """

    name = "pursuit"

    def __init__(self, *, with_or: bool = True) -> None:
        self._kinds = ("and", "or") if with_or else ("and",)

    def dictionary(self, masks: Masks, values: Scores, *, seed: int, start: tuple[Atom, ...] = ()) -> Dictionary:
        """The atoms that are worth their price; scales are the sizes of their effects."""
        price = search_prices(masks.shape[1], _MOST_ORDER)
        search = _BeamSearch(masks, self._kinds, price)
        return _dictionary(self._grown(start, masks, values, search, price), values)

    def again(
        self, masks: Masks, values: Scores, *, seed: int, found: tuple[Atom, ...], start: tuple[Atom, ...]
    ) -> Dictionary:
        """The cheapest of what grows from the atoms found before, from those before them, from none, and from all this led to."""
        price = search_prices(masks.shape[1], _MOST_ORDER)
        search = _BeamSearch(masks, self._kinds, price)
        states = [self._grown(found, masks, values, search, price)]
        for begin in (start, (), None):
            if states[-1].residual.std() <= _ROUNDING * values.std():
                return _dictionary(states[-1], values)
            union = tuple(dict.fromkeys(atom for state in states for atom in state.atoms))
            states.append(self._grown(union if begin is None else begin, masks, values, search, price))
        return _dictionary(min(states, key=lambda state: state.cost(price)), values)

    def _grown(
        self, start: tuple[Atom, ...], masks: Masks, values: Scores, search: "_BeamSearch", price: PerOrder
    ) -> "_State":
        m, spread = len(masks), float(values.std())
        state = _State.of(list(start[: m // 3]), masks, values, price)
        best, since, discount = state, 0, 1.0
        for _ in range(_ROUNDS):
            atoms, room = state.atoms, m // 3 - len(state.atoms)
            if state.residual.std() <= _ROUNDING * spread:
                best = state
                break
            if room <= 0 or since == _PATIENCE:
                break
            known = set(atoms)
            scored = search.best(state.released(price, values), atoms)
            scored = sorted(
                ((z * z - price[len(atom[1])], atom) for atom, z in scored if atom not in known),
                key=lambda item: (-item[0], item[1]),
            )[:_LOOKED_AT]
            gains = state.gains([atom for _, atom in scored], masks, discount * price)
            found = sorted((item for item in gains if item[0] > 0), key=lambda item: (-item[0], item[1]))
            singles = [item for item in found if len(item[1][1]) == 1]
            found = singles or found
            if not found:
                if discount < 1:
                    break
                discount = _DISCOUNT
                continue
            most = min(room, max(16 if singles else 4, len(atoms) // 6))
            worth = [atom for gain, atom in found if gain > _SHARE * found[0][0]]
            state = _State.of(atoms + _decorrelated(worth[: 20 * most], masks, most), masks, values, discount * price)
            since = 0 if state.cost(price) < best.cost(price) else since + 1
            best = best if since else state
        return best


@dataclass(frozen=True, eq=False)
class _State:
    """Atoms, their effects by least squares, and what they leave."""

    atoms: list[Atom]
    table: Table
    effects: Effects
    strengths: Effects
    residual: Scores

    @classmethod
    def of(cls, atoms: list[Atom], masks: Masks, values: Scores, price: PerOrder) -> "_State":
        """The state after atoms no better than chance are dropped."""
        table = columns(atoms, masks)
        kept, effects, strengths, residual = prune(table, values, _STAYS * _prices(atoms, price))
        return cls([atoms[j] for j in kept], table[:, kept], effects, strengths, residual)

    def released(self, price: PerOrder, values: Scores) -> Scores:
        """The residual with effects that are barely worth their price given back.

        An atom that stands in for larger ones takes away what would lead to them; a true one is clearly worth its price.
        """
        if not self.atoms:
            return self.residual
        share = np.maximum(1 - _RELEASE * _prices(self.atoms, price) / np.maximum(self.strengths, 1e-300), 0.0)
        out = values - self.table @ (share * self.effects)
        return out - out.mean()

    def gains(self, atoms: list[Atom], masks: Masks, price: PerOrder) -> list[tuple[float, Atom]]:
        """For each atom, how many squared standard errors its effect would have beside those here, less its price."""
        if not atoms:
            return []
        table = columns(atoms, masks).astype(np.float64)
        table -= table.mean(axis=0)
        norms = (table**2).sum(axis=0)
        if self.atoms:
            basis = self.table.astype(np.float64)
            basis -= basis.mean(axis=0)
            gram = basis.T @ basis
            gram[np.diag_indices(len(gram))] += 1e-9 * float(np.trace(gram)) / len(gram) + 1e-300
            inner = basis.T @ table
            norms = norms - (inner * np.linalg.solve(gram, inner)).sum(axis=0)
        m = len(table)
        # What is almost a sum of atoms that are here already is not worth taking.
        usable = norms > 1e-3 * (table**2).sum(axis=0)
        noise = float(self.residual @ self.residual) / max(1, m - len(self.atoms) - 1)
        z2 = np.where(usable, (table.T @ self.residual) ** 2 / np.where(usable, norms, 1.0) / max(noise, 1e-300), 0.0)
        return list(zip((z2 - _prices(atoms, price)).tolist(), atoms, strict=True))

    def cost(self, price: PerOrder) -> float:
        """EBIC: m log(squared error) + the prices of all atoms."""
        squared = max(float(self.residual @ self.residual), 1e-300)
        return len(self.residual) * math.log(squared) + float(_prices(self.atoms, price).sum())


def _dictionary(state: _State, values: Scores) -> Dictionary:
    return Dictionary(tuple(state.atoms), np.abs(state.effects) + 1e-12 * float(values.std()) + 1e-300)


def _prices(atoms: list[Atom], price: PerOrder) -> Effects:
    return np.array([price[len(players)] for _, players in atoms], dtype=np.float64)


class _BeamSearch:
    """z of atoms grown from the best of the order below, and from those of the model."""

    def __init__(self, masks: Masks, kinds: tuple[str, ...], price: PerOrder) -> None:
        self._kinds = kinds
        self._price = price
        self._x = masks.astype(np.float32)  # [m, n]
        present = np.ascontiguousarray(self._x.T)  # [n, m]
        self._sides = {"and": present, "or": 1.0 - present} if "or" in kinds else {"and": present}
        m, n = masks.shape
        self._all_pairs = n * n * m <= 1e9
        sizes = masks.sum(axis=1).astype(np.float64)
        self._activity = {"and": _activity(sizes, n), "or": _activity(n - sizes, n)}

    def best(self, residual: Scores, model: list[Atom]) -> list[tuple[Atom, float]]:
        """Atoms and their z, a beam per kind and order."""
        m, n = self._x.shape
        unit = (residual / residual.std()).astype(np.float32)
        p = self._activity["and"][1]
        z = np.abs(unit @ self._x) / math.sqrt(max(m * p * (1 - p), 1e-12))
        ranked = np.argsort(-z, kind="stable")
        found: list[tuple[Atom, float]] = [(("and", (int(i),)), float(z[i])) for i in ranked[:_BEAM]]
        seeds = sorted((ranked if self._all_pairs else ranked[:_SEEDS]).tolist())
        for kind in self._kinds:
            beam = [(i,) for i in seeds]
            gains = [0.0]
            for order in range(2, min(_MOST_ORDER, n) + 1):
                p = self._activity[kind][order]
                if min(p, 1 - p) * m < _LEAST_ACTIVE:
                    break
                beam = list(dict.fromkeys(beam + _neighbours(model, kind, order)))
                scored = self._grown(beam, unit, kind, math.sqrt(m * p * (1 - p)))
                beam = [players for players, _ in scored]
                gains.append(max((z * z for _, z in scored), default=0.0) - self._price[order])
                found += [((kind, players), score) for players, score in scored]
                if max(gains) > _CLEAR and gains[-1] < 0.5 * max(gains):
                    break  # something is worth taking already, and larger sets explain less
        return found

    def _grown(
        self, beam: list[tuple[int, ...]], unit: NDArray[np.float32], kind: str, deviation: float
    ) -> list[tuple[tuple[int, ...], float]]:
        """The best sets of one player more than those in the beam, and their z; one matrix product."""
        members = np.array(beam)  # [b, order - 1]
        side = self._sides[kind]
        product = side[members[:, 0]] * unit  # [b, m]
        for column in members.T[1:]:
            product *= side[column]
        score = product @ self._x  # [b, n]
        if kind == "or":  # the product with "absent"
            score = product.sum(axis=1)[:, None] - score
        score = np.abs(score) / deviation
        score[np.arange(len(beam))[:, None], members] = 0.0
        flat = score.ravel()
        # A set of s players is reached from s subsets, so more than a beam of entries is looked at.
        top = np.argpartition(-flat, min(4 * _BEAM, flat.size - 1))[: 4 * _BEAM]
        grown: dict[tuple[int, ...], float] = {}
        for entry in top[np.lexsort((top, -flat[top]))].tolist():
            row, player = divmod(entry, score.shape[1])
            if flat[entry] > 0:
                grown.setdefault(tuple(sorted((*beam[row], player))), float(flat[entry]))
        return list(grown.items())[:_BEAM]


def _neighbours(model: list[Atom], kind: str, order: int) -> list[tuple[int, ...]]:
    """Sets of order - 1 players from which an atom of the model, or one that replaces it by one player, can be grown."""
    if order == 2:
        return []
    below = [players for of, players in model if of == kind and len(players) == order - 1]
    same = [players for of, players in model if of == kind and len(players) == order]
    return below + [players[:j] + players[j + 1 :] for players in same for j in range(order)]


def _activity(sizes: NDArray[np.float64], n: int) -> list[float]:
    """Share of masks in which s given players are all present, averaged over which players: mean of C(size, s) / C(n, s)."""
    share, out = np.ones_like(sizes), [1.0]
    for s in range(min(_MOST_ORDER, n)):
        share = share * np.clip((sizes - s) / (n - s), 0, 1)
        out.append(float(share.mean()))
    return out


def _decorrelated(atoms: list[Atom], masks: Masks, most: int) -> list[Atom]:
    """At most ``most`` of the atoms, in their order, none correlated with one before it."""
    table = columns(atoms, masks).astype(np.float64)
    table -= table.mean(axis=0)
    norms = np.linalg.norm(table, axis=0)
    table /= np.where(norms > 0, norms, 1.0)
    chosen: list[int] = []
    for j in range(table.shape[1]):
        if norms[j] > 0 and (not chosen or np.abs(table[:, chosen].T @ table[:, j]).max() < _CORRELATED):
            chosen.append(j)
            if len(chosen) == most:
                break
    return [atoms[j] for j in chosen]
