"""Interaction sets that every test of the graphs runs on."""

import numpy as np

import symbolscope as sy


def by_hand(n, terms, *, intercept=0.0, values=None, names=None):
    """A model of given (kind, players, effect)."""
    masks = np.zeros((len(terms), n), dtype=bool)
    for row, (_, players, _) in enumerate(terms):
        masks[row, list(players)] = True
    return sy.InteractionModel(
        masks=masks,
        kinds=np.array([kind for kind, _, _ in terms] or np.zeros(0, dtype="<U3")),
        effects=np.array([effect for _, _, effect in terms], dtype=np.float64),
        intercept=intercept,
        player_names=names or tuple(f"x{i}" for i in range(n)),
        objective=float("nan"),
        lower_bound=float("nan"),
        values=values,
    )


def unstructured(n, k, seed, *, share=0.5):
    """About k distinct interactions of random players."""
    generator = np.random.default_rng(seed)
    seen, terms = set(), []
    for _ in range(4 * k):
        players = tuple(np.flatnonzero(generator.random(n) < share).tolist())
        kind = "and" if len(players) == 1 or generator.random() < 0.5 else "or"
        if players and (kind, players) not in seen and len(terms) < k:
            seen.add((kind, players))
            terms.append((kind, players, float(generator.normal())))
    return by_hand(n, sorted(terms, key=lambda term: -abs(term[2])), intercept=0.3)


def nested(n, k, seed):
    """About k distinct interactions made of coalitions that are made of coalitions."""
    generator = np.random.default_rng(seed)
    blocks = {kind: [frozenset([player]) for player in range(n)] for kind in ("and", "or")}
    for _ in range(4):
        for kind in blocks:
            one, other = generator.choice(len(blocks[kind]), 2, replace=False)
            blocks[kind].append(blocks[kind][one] | blocks[kind][other])
    seen, terms = set(), []
    for _ in range(6 * k):
        kind = str(generator.choice(["and", "or"]))
        chosen = generator.choice(len(blocks[kind]), int(generator.integers(1, 4)))
        players = tuple(sorted(frozenset().union(*(blocks[kind][one] for one in chosen))))
        if len(players) == 1:
            kind = "and"
        if (kind, players) not in seen and len(terms) < k:
            seen.add((kind, players))
            terms.append((kind, players, float(generator.normal() * 2.0 ** generator.integers(0, 3))))
    return by_hand(n, sorted(terms, key=lambda term: -abs(term[2])), intercept=-1.0)


def permuted(model, order):
    """The same model with player i called by the number it has in ``order``."""
    from dataclasses import replace

    order = np.asarray(order)
    return replace(
        model, masks=model.masks[:, order], player_names=tuple(model.player_names[i] for i in order), values=None
    )
