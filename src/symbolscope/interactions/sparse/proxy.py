"""Proxy: boosted trees are fitted to the masks, and their exact Fourier coefficients read off."""

import itertools

import numpy as np
from numpy.typing import NDArray

from symbolscope.core.random_streams import small_seed
from symbolscope.interactions.sparse.atoms import Atom, Dictionary
from symbolscope.interactions.sparse.learner import Learner
from symbolscope.shapes import Masks, PerPlayer, Scores

# Conditions on the way to a leaf (player -> +1 where it must be absent, -1 where present), and its value.
Leaf = tuple[dict[int, int], float]

_DEPTH = 4
_TREES = 600
_RATE = 0.03
# An order costs this factor of prior variance: trees overstate high orders, each leaf is a full product.
_PER_ORDER = 0.5
_MOST = 2500
_PAIRS = 2100


class Proxy(Learner):
    """Parities of boosted trees, and pairs of the players that these trees use."""

    name = "trees"
    quick = False

    def dictionary(self, masks: Masks, values: Scores, *, seed: int, start: tuple[Atom, ...] = ()) -> Dictionary:
        """Parities; their scales are the trees' coefficients, shared with what the players' importance suggests for pairs."""
        coefficients = leaf_parities(_fitted_trees(masks, values, seed))
        ranked = sorted(coefficients.items(), key=lambda item: (-abs(item[1]), len(item[0]), item[0]))[:_MOST]
        if not ranked:
            return Dictionary((), np.empty(0))
        prior = {players: c * c * _PER_ORDER ** (len(players) - 1) for players, c in ranked}
        importance = np.zeros(masks.shape[1])
        for players, c in ranked:
            importance[list(players)] += c * c / len(players)
        prior = _with_pairs(prior, importance)
        atoms: tuple[Atom, ...] = tuple(("parity", players) for players in prior)
        return Dictionary(atoms, np.sqrt(np.array(list(prior.values()))))


def _with_pairs(prior: dict[tuple[int, ...], float], importance: PerPlayer) -> dict[tuple[int, ...], float]:
    """Half of the prior variance goes to single players and pairs, in proportion to the product of their importances."""
    total = importance.sum()
    share = importance / total
    order = np.argsort(-share, kind="stable")
    strong = sorted(order[: int((2 * _PAIRS) ** 0.5)].tolist())
    heredity = {(i,): float(share[i]) for i in strong if share[i] > 0}
    heredity |= {
        (i, j): float(share[i] * share[j]) for i, j in itertools.combinations(strong, 2) if share[i] * share[j] > 0
    }
    scale, weight = sum(prior.values()), sum(heredity.values())
    out = {players: variance / scale for players, variance in prior.items()}
    for players, variance in heredity.items():
        out[players] = out.get(players, 0.0) + variance / weight
    return {players: variance * total for players, variance in out.items()}


def _fitted_trees(masks: Masks, values: Scores, seed: int) -> list[Leaf]:
    import lightgbm

    scale = float(np.std(values)) or 1.0
    parameters = {
        "objective": "regression", "num_leaves": 2**_DEPTH - 1, "max_depth": _DEPTH, "learning_rate": _RATE,
        "feature_fraction": 0.3, "min_data_in_leaf": 5, "min_sum_hessian_in_leaf": 0.0, "max_bin": 2, "min_data_in_bin": 1,
        "feature_pre_filter": False, "verbose": -1, "num_threads": 1, "deterministic": True, "force_row_wise": True,
        "seed": small_seed(seed, "boosted trees") >> 1,  # LightGBM's seeds have 31 bits
    }  # fmt: skip
    data = lightgbm.Dataset(masks.astype(np.float32), (values - values.mean()) / scale, params=parameters)
    text = lightgbm.train(parameters, data, _TREES).model_to_string()
    return [(path, value * scale) for path, value in _leaves_of_text(text)]


def _leaves_of_text(text: str) -> list[Leaf]:
    """All leaves of a LightGBM model: the conditions on the way, player -> +1 where it must be absent, and the value."""
    out: list[Leaf] = []
    for block in text.split("\nTree=")[1:]:
        fields = dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
        if fields["num_leaves"] == "1":
            continue
        players = [int(word) for word in fields["split_feature"].split()]
        left = [int(word) for word in fields["left_child"].split()]
        right = [int(word) for word in fields["right_child"].split()]
        values = [float(word) for word in fields["leaf_value"].split()]
        waiting: list[tuple[int, dict[int, int]]] = [(0, {})]
        while waiting:
            node, path = waiting.pop()
            if node < 0:
                out.append((path, values[~node]))
            else:
                waiting.append((right[node], path | {players[node]: -1}))
                waiting.append((left[node], path | {players[node]: 1}))
    return out


def leaf_parities(leaves: list[Leaf]) -> dict[tuple[int, ...], float]:
    """Fourier coefficients of a sum of leaves: set of players -> effect of its parity, without the constant.

    A leaf of value c reached by conditions on players 1..d is c times the product of (1 + s_i parity_i) / 2, s_i = +1 where
    player i is absent: 2^d coefficients of size c / 2^d.

    Examples
    --------
    >>> leaf_parities([({0: 1, 2: -1}, 4.0)])
    {(0,): 1.0, (2,): -1.0, (0, 2): -1.0}
    """
    by_depth: dict[int, list[tuple[list[int], list[int], float]]] = {}
    for path, value in leaves:
        ascending = sorted(path)
        by_depth.setdefault(len(path), []).append((ascending, [path[i] for i in ascending], value))
    total: dict[tuple[int, ...], float] = {}
    for depth in sorted(by_depth):
        players, signs, values = (np.array(part) for part in zip(*by_depth[depth], strict=True))
        for chosen, coefficients in _expanded(players, signs, values):
            for row, coefficient in zip(chosen.tolist(), coefficients.tolist(), strict=True):
                key = tuple(row)
                total[key] = total.get(key, 0.0) + coefficient
    return total


def _expanded(
    players: NDArray[np.int64], signs: NDArray[np.int64], values: NDArray[np.float64]
) -> list[tuple[NDArray[np.int64], NDArray[np.float64]]]:
    """For each non-empty choice of positions: the sets of all leaves [leaves, s] merged, and their coefficients."""
    depth = players.shape[1] if players.ndim == 2 else 0
    out: list[tuple[NDArray[np.int64], NDArray[np.float64]]] = []
    for size in range(1, depth + 1):
        for positions in itertools.combinations(range(depth), size):
            chosen = players[:, positions]
            coefficients = values / 2**depth * signs[:, positions].prod(axis=1)
            unique, inverse = np.unique(chosen, axis=0, return_inverse=True)
            out.append((unique, np.bincount(inverse.ravel(), weights=coefficients).astype(np.float64)))
    return out
