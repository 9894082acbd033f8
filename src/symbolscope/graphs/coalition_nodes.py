"""From interactions to the nodes of their graph: the description made short, and drawn as what it says."""

import numpy as np

from symbolscope.graphs.canonical_order import canonical_order
from symbolscope.graphs.codebook import Codebook, bits
from symbolscope.graphs.node import Node, NodeKind
from symbolscope.interactions.model import InteractionModel
from symbolscope.shapes import Effects, Members

# Players (as bits) and kind of an interaction, and its effect.
Terms = dict[tuple[int, bool], float]


def distinct_terms(model: InteractionModel) -> tuple[float, Terms]:
    """Constant, and the effect of every set of players and kind: repeated ones add up, one player is neither AND nor OR."""
    constant, terms = model.intercept, Terms()
    for mask, is_or, effect in zip(model.masks, model.is_or, model.effects, strict=True):
        players = np.flatnonzero(mask).tolist()
        if not players:
            constant += 0.0 if is_or else float(effect)  # all of none is always present, any of none never
            continue
        key = sum(1 << player for player in players), bool(is_or) and len(players) > 1
        terms[key] = terms.get(key, 0.0) + float(effect)
    return constant, terms


def shortest_description(terms: Terms, n_players: int, kappa: float | None) -> tuple[Codebook, list[int]]:
    """The codebook of the interactions, strongest first, and which player each of its first codewords is."""
    from symbolscope.graphs.shortest_codebook import shortest_codebook

    keys = list(terms)
    masks: Members = np.array(
        [[bool(players >> i & 1) for i in range(n_players)] for players, _ in keys], dtype=np.bool_
    )
    strengths: Effects = np.array([abs(terms[key]) for key in keys], dtype=np.float64)
    players, rows = canonical_order(masks.reshape(len(keys), n_players), [is_or for _, is_or in keys], strengths)
    place = {player: code for code, player in enumerate(players)}
    sets = tuple(sum(1 << place[player] for player in bits(keys[row][0])) for row in rows)
    total = float(strengths.sum())
    if kappa is None:
        kappa = 10.0 / total if total > 0 else 0.0
    plain = Codebook(
        n_players, sets, tuple(keys[row][1] for row in rows), tuple(float(strengths[row]) for row in rows), kappa, sets
    )
    return (shortest_codebook(plain) if total > 0 else plain), players


def nodes_of(book: Codebook, order: list[int], terms: Terms, player_names: tuple[str, ...]) -> tuple[Node, ...]:
    """Players in use, coalitions from small to large, interactions from strong to weak, and the sum; children come first."""
    nodes: list[Node] = []
    at: dict[int, int] = {}  # node of each codeword

    def original(players: int) -> int:
        return sum(1 << order[code] for code in bits(players))

    def add(kind: NodeKind, players: int, effect: float | None, codes: int) -> None:
        children = tuple(sorted(at[code] for code in bits(codes)))
        members = tuple(bits(players))
        name = f" {kind} ".join(player_names[player] for player in members)
        depth = 1 + max((nodes[child].depth for child in children), default=-1)
        nodes.append(Node(name, kind, members, effect, children, depth))

    used = 0
    for players in book.sets:
        used |= original(players)
    for player in bits(used):
        at[order.index(player)] = len(nodes)
        add("player", 1 << player, terms.get((1 << player, False)), 0)
    # A coalition comes after those it is made of.
    waiting = sorted(book.coalitions, key=lambda code: (book.coalitions[code].players.bit_count(), code))
    for code in waiting:
        one = book.coalitions[code]
        players = original(one.players)
        at[code] = len(nodes)
        add("or" if one.is_or else "and", players, terms.get((players, one.is_or)), one.parts)
    top: list[int] = []
    for row, players, is_or in zip(book.rows, book.sets, book.is_or, strict=True):
        if row.bit_count() == 1:
            top.append(at[row.bit_length() - 1])
            continue
        top.append(len(nodes))
        add("or" if is_or else "and", original(players), terms[original(players), is_or], row)
    deepest = 1 + max((node.depth for node in nodes), default=-1)
    nodes.append(Node("+", "sum", tuple(bits(used)), None, tuple(sorted(top)), deepest))
    return tuple(nodes)
