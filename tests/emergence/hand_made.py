"""Models written down by hand, and random ones."""

import numpy as np
from hypothesis import strategies as st

import symbolscope as sy

NAMES = tuple("abcdefgh")


def by_hand(n, terms, *, names=NAMES):
    """A model of given (kind, players, effect)."""
    masks = np.zeros((len(terms), n), dtype=bool)
    for row, (_, players, _) in enumerate(terms):
        masks[row, list(players)] = True
    return sy.InteractionModel(
        masks=masks,
        kinds=np.array([kind for kind, _, _ in terms] or np.zeros(0, dtype="<U3")),
        effects=np.array([effect for _, _, effect in terms], dtype=np.float64),
        intercept=0.0,
        player_names=tuple(names[:n]),
        objective=float("nan"),
        lower_bound=float("nan"),
    )


def key(kind, players):
    """What tells interactions apart: AND and OR of one player are the same."""
    return ("and" if len(players) == 1 else kind, frozenset(players))


def effects_of(model):
    """Effects by key, the empty set left out, by plain adding up."""
    found = {}
    for kind, mask, effect in zip(model.kinds, model.masks, model.effects, strict=True):
        players = np.flatnonzero(mask).tolist()
        if players:
            found[key(str(kind), players)] = found.get(key(str(kind), players), 0.0) + float(effect)
    return found


def salient_sets(model, threshold):
    effects = effects_of(model)
    largest = max((abs(effect) for effect in effects.values()), default=0.0)
    return {one for one, effect in effects.items() if effect != 0 and abs(effect) >= threshold * largest}


def terms(n=3, *, most=6):
    """Interactions of random models of n players; effects are small integers, so that ties and cancelling occur."""
    term = st.tuples(
        st.sampled_from(["and", "or"]),
        st.frozensets(st.integers(0, n - 1), max_size=n).map(sorted),
        st.integers(-4, 4).map(float),
    )
    return st.lists(term, max_size=most)
