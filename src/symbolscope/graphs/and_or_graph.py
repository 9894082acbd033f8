"""The And-Or graph of a network's interactions: what they share is drawn once."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from symbolscope.core.argument_checks import FilePath, InstanceOf, Number, WholeNumber
from symbolscope.core.array_checks import plain_array
from symbolscope.core.checked_call import takes
from symbolscope.errors import SymbolscopeError
from symbolscope.games.asking import GivenExecutor, GivenStore
from symbolscope.games.given import GivenCount
from symbolscope.graphs.coalition_nodes import distinct_terms, nodes_of, shortest_description
from symbolscope.graphs.node import Node
from symbolscope.interactions.checked_outputs import CheckedOutputs
from symbolscope.interactions.given_model import GivenModel, checked_model
from symbolscope.interactions.model import InteractionModel
from symbolscope.interactions.size_curve import SizeCurve
from symbolscope.shapes import Scores, Vector
from symbolscope.variation import Variation

if TYPE_CHECKING:
    from symbolscope.graphs.layout import Layout
    from symbolscope.interactions.alternatives import Alternatives

# The search compares pairs of interactions with all others; nobody reads a drawing of so many.
_MOST_INTERACTIONS = 1000


@dataclass(frozen=True, eq=False)
class ActivePath:
    """What is active on one mask.

    Attributes
    ----------
    nodes
        bool [nodes]: an AND where all its children are active, an OR where any is; the sum always.
    edges
        bool [edges]: where both its ends are active.
    """

    nodes: NDArray[np.bool_]
    edges: NDArray[np.bool_]


@dataclass(frozen=True, eq=False, repr=False)
class AndOrGraph:
    """Interactions as a graph: players below, coalitions of players that several interactions share, interactions, their sum.

    An AND coalition is active where all it is made of is, an OR coalition where any of it is; an AND coalition can therefore only
    stand for players in ANDs, and an OR coalition in ORs. The graph's output is the intercept plus the effects of the active
    interactions, which is what the interactions themselves predict, on every mask. Coalitions are chosen so that the description of
    the interactions is short (``codebook.py`` has the formula).

    Attributes
    ----------
    interactions
        InteractionModel that the graph draws.
    nodes
        :class:`Node`, each after its children: players, coalitions, interactions, and the sum last. An interaction whose players
        are a coalition is that node, one of a single player is that player.
    edges
        (index of the parent, index of the child) of every edge.
    description_length
        L in nats.
    plain_edges
        Number of edges of the graph without coalitions.
    intercept
        Output where nothing is active.
    kappa
        Price of the entropy of the codewords in L.

    Examples
    --------
    Two ANDs that share two players:

    >>> import numpy as np, symbolscope as sy
    >>> from symbolscope.graphs import AndOrGraph
    >>> masks = sy.all_masks(5)
    >>> values = 2.0 * masks[:, [0, 1, 2, 3]].all(axis=1) + 1.0 * masks[:, [0, 1, 2, 4]].all(axis=1)
    >>> graph = AndOrGraph.from_interactions(sy.decompose(values))
    >>> graph
    AndOrGraph: 2 interactions of 5 players, 9 nodes, 9 edges (10 without coalitions), description length ... nats
    sum  intercept +0.0000
      +2.0000  and  x3, [A]
        [A]  and  x0, x1, x2
      +1.0000  and  x4, [A]
    >>> graph.predict(np.array([[True, True, True, True, False]]))
    array([2.])
    >>> graph.active(np.array([True, True, True, False, False])).nodes
    array([ True,  True,  True, False, False,  True, False, False,  True])
    """

    interactions: InteractionModel
    nodes: tuple[Node, ...]
    description_length: float
    plain_edges: int
    intercept: float
    kappa: float

    @staticmethod
    @takes({"kappa": Number(finite=False)})
    def from_interactions(model: GivenModel, *, kappa: float | None = None) -> "AndOrGraph":
        """Find the coalitions that make the description of the interactions short, and build the graph.

        L = (1 / Z) sum_m count(m) log(1 / pr(m)) + kappa sum_m pr(m) log(1 / pr(m)), where count(m) is the total |effect| of the
        interactions that use codeword m (a player or a coalition), pr(m) its share of all counts and Z the sum of |effect|.
        AND and OR interactions share the players' codewords. The search is greedy growth and local improvement from several starts;
        it is deterministic and does not depend on the order of the players.

        Parameters
        ----------
        model
            Interactions, such as a salient or a pruned selection: at most 1,000.
        kappa
            None takes 10 / Z as the source does, which depends on the unit of the score.

        Returns
        -------
        AndOrGraph.

        Raises
        ------
        SymbolscopeError
            If there are more than 1,000 interactions, or kappa is negative.

        Source: Ren et al., *Defining and Quantifying the Emergence of Sparse Concepts in DNNs* (2111.06206), section 5; they have
        AND interactions only, draw coalitions of coalitions as if made of players, and stop at five.

        Examples
        --------
        >>> import symbolscope as sy
        >>> AndOrGraph.from_interactions(sy.decompose([0.0, 1.0, 1.0, 4.0])).edges
        ((2, 0), (2, 1), (3, 0), (3, 1), (3, 2))
        """
        model = checked_model(model, "an And-Or graph")
        if not np.isfinite(model.effects).all():
            raise SymbolscopeError("an And-Or graph needs finite effects; this model has NaN or infinity among them")
        if model.complexity > _MOST_INTERACTIONS:
            raise SymbolscopeError(
                f"a graph of {model.complexity:,} interactions cannot be read; keep at most {_MOST_INTERACTIONS:,}, such as "
                "model.salient(), model.top(50) or symbolscope.graphs.causal_graph(model).interactions"
            )
        if kappa is not None and not 0 <= kappa < np.inf:
            raise SymbolscopeError(
                f"kappa must be at least 0 and finite, or None for 10 / sum of |effect|; got {kappa}"
            )
        constant, terms = distinct_terms(model)
        book, order = shortest_description(terms, model.n_players, None if kappa is None else float(kappa))
        return AndOrGraph(
            interactions=model,
            nodes=nodes_of(book, order, terms, model.player_names),
            description_length=book.length,
            plain_edges=sum(players.bit_count() + (players.bit_count() > 1) for players, _ in terms),
            intercept=constant,
            kappa=book.kappa,
        )

    @cached_property
    def edges(self) -> tuple[tuple[int, int], ...]:
        """(parent, child) of every edge, parents ascending."""
        return tuple((parent, child) for parent, node in enumerate(self.nodes) for child in node.children)

    @cached_property
    def coalitions(self) -> tuple[int, ...]:
        """Indices of the nodes of several players that are part of another."""
        inside = {child for node in self.nodes[:-1] for child in node.children}
        return tuple(index for index in sorted(inside) if self.nodes[index].kind != "player")

    def predict(self, masks: ArrayLike) -> Scores:
        """Output of the graph on masks bool [m, n], float64 [m]: from the players up, node by node.

        Raises
        ------
        SymbolscopeError
            If the masks are not boolean or have another number of players.
        """
        rows = np.atleast_2d(plain_array("masks", masks))
        active = self._active_on(rows)
        effects = np.array([node.effect or 0.0 for node in self.nodes])
        return (self.intercept + active @ effects).astype(np.float64)

    def predict_all(self) -> Vector:
        """Output of the graph on every mask, float64 [2^n], in the order of :func:`symbolscope.all_masks`."""
        from symbolscope.games.masks import all_masks

        return np.concatenate([self.predict(part) for part in np.array_split(all_masks(self.n_players), self._parts)])

    def active(self, mask: ArrayLike) -> ActivePath:
        """Which nodes and edges are active on one mask bool [n]: the path by which it gets its output.

        Raises
        ------
        SymbolscopeError
            If the mask is not boolean or has another number of players.
        """
        nodes = self._active_on(plain_array("mask", mask)[None])[0]
        return ActivePath(
            nodes, np.array([nodes[parent] and nodes[child] for parent, child in self.edges], dtype=np.bool_)
        )

    @property
    def _parts(self) -> int:
        return max(1, (len(self.nodes) << self.n_players) >> 24)  # 16 MiB of activity at once

    def _active_on(self, masks: NDArray[Any]) -> NDArray[np.bool_]:
        """Activity of every node, bool [m, nodes]."""
        if masks.ndim != 2 or masks.shape[1] != self.n_players or not np.isin(masks, (0, 1)).all():
            raise SymbolscopeError(
                f"masks must be bool [m, {self.n_players}], True = present; got {masks.dtype} {list(masks.shape)}. "
                "sy.all_masks(n) makes them all"
            )
        active = np.ones((len(masks), len(self.nodes)), dtype=np.bool_)
        for index, node in enumerate(self.nodes):
            if node.kind == "player":
                active[:, index] = masks[:, node.players[0]]
            elif node.kind != "sum":
                below = active[:, list(node.children)]
                active[:, index] = below.all(axis=1) if node.kind == "and" else below.any(axis=1)
        return active

    # A reading of a network like the interactions it draws: what evidence asks is theirs.

    @property
    def n_players(self) -> int:
        """Number of players."""
        return self.interactions.n_players

    @property
    def player_names(self) -> tuple[str, ...]:
        """Names of the players."""
        return self.interactions.player_names

    @property
    def values(self) -> NDArray[np.float64] | None:
        """The network's output on every mask, [2^n], if known."""
        return self.interactions.values

    def checked(self) -> CheckedOutputs:
        """The network's output and the interactions' on all masks, or on fresh ones."""
        return self.interactions.checked()

    @property
    def network(self) -> object:
        """The network that was explained; None where there is none."""
        return self.interactions.network

    @property
    def complexity(self) -> int:
        """Number of interactions."""
        return self.interactions.complexity

    @property
    def costs(self) -> Mapping[str, float]:
        """What the reading takes: the interactions' costs, and the graph's size."""
        return {
            **self.interactions.costs,
            "nodes": float(len(self.nodes)),
            "edges": float(len(self.edges)),
            "coalitions": float(len(self.coalitions)),
            "graph's description length (nats)": self.description_length,
        }

    def size_curve(self) -> SizeCurve:
        """R^2 over all masks of the k strongest interactions, for every k."""
        return self.interactions.size_curve()

    @takes({"k": WholeNumber(least=0)})
    def fitted_r2(self, k: int) -> float:
        """R^2 of the k strongest interactions with the effects that suit them best."""
        return self.interactions.fitted_r2(k)

    def rival_curves(self) -> Mapping[str, SizeCurve]:
        """:meth:`size_curve` of other bases for the same outputs."""
        return self.interactions.rival_curves()

    def alternatives(self) -> "Alternatives | None":
        """Other splits that cost nearly as little."""
        return self.interactions.alternatives()

    def asked_with(
        self,
        *,
        store: GivenStore = None,
        executor: GivenExecutor = None,
        batch_size: GivenCount | None = None,
        progress: bool | None = False,
    ) -> "AndOrGraph":
        """The same graph; what its checks and controls ask for is kept, computed and shown as :func:`explain` does it."""
        asked = self.interactions.asked_with(store=store, executor=executor, batch_size=batch_size, progress=progress)
        return replace(self, interactions=asked)

    @takes({"variation": InstanceOf(Variation, "a Variation")})
    def refit(self, network: object = None, *, variation: Variation | None = None) -> InteractionModel:
        """The interactions that the same procedure finds on another network, or with another thing changed.

        A graph predicts what its interactions predict, so a null needs no graph of its own to be compared with.

        Raises
        ------
        SymbolscopeError
            As :meth:`InteractionModel.refit`.
        """
        return self.interactions.refit(network, variation=variation)

    # Pictures and files.

    def layout(self) -> "Layout":
        """Where every node is drawn: the sum on top, players at the bottom."""
        from symbolscope.graphs.layout import layered

        return layered(self)

    def to_svg(self) -> str:
        """The drawing as one SVG element that needs nothing else."""
        from symbolscope.graphs.svg import and_or_svg

        return and_or_svg(self)

    def draw(self, ax: Any = None) -> Any:
        """Draw into matplotlib axes, or new ones; returns them. Needs matplotlib."""
        from symbolscope.graphs.drawing import draw_graph

        return draw_graph(self, ax)

    def to_networkx(self) -> Any:
        """A networkx.DiGraph, edges from parent to child, of plain attributes that its writers take. Needs networkx."""
        from symbolscope.graphs.exchange import to_networkx

        return to_networkx(self)

    @takes({"path": FilePath()})
    def to_graphml(self, path: str | PathLike[str]) -> None:
        """Write a GraphML file, which Gephi, yEd, Cytoscape and networkx read."""
        from symbolscope.graphs.graphml import write_graphml

        write_graphml(self, path)

    def to_text(self) -> str:
        """The graph as an indented tree; a coalition is written out where it first occurs."""
        from symbolscope.graphs.text import and_or_text

        return and_or_text(self)

    def __repr__(self) -> str:
        count, n = self.complexity, self.n_players
        head = (
            f"AndOrGraph: {count} interaction{'' if count == 1 else 's'} of {n} player{'' if n == 1 else 's'}, "
            f"{len(self.nodes)} nodes, {len(self.edges)} edges ({self.plain_edges} without coalitions), "
            f"description length {self.description_length:.4g} nats"
        )
        return f"{head}\n{self.to_text()}"

    def _repr_html_(self) -> str:
        return f'<div class="symbolscope-graph-frame">{self.to_svg()}</div>'
