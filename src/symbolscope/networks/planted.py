"""A network that is a given sum of AND and OR interactions."""

import math
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn

from symbolscope.core.argument_checks import Number, SeedOrGenerator, WholeNumber
from symbolscope.core.array_checks import plain_array
from symbolscope.core.checked_call import takes
from symbolscope.core.sequence_checks import Names
from symbolscope.errors import SymbolscopeError
from symbolscope.shapes import Kinds

_SMALLEST, _LARGEST = 0.5, 1.5  # sizes of effects drawn at random


class Planted(nn.Module):
    """A sum of AND and OR interactions, as a network: what an explanation of it should find.

        output(x) = intercept + sum over AND sets S of effect_S * 1[x_i != 0 for all i in S]
                              + sum over OR sets S of effect_S * 1[x_i != 0 for some i in S]

    Nothing is trained. The sum is taken in float64 and returned in the type of x. One function can be several such sums: where
    sets overlap (a set and one of its own players, say), an explanation may rightly find another one that costs as little or less.

    Parameters
    ----------
    masks
        bool [k, n]: row j holds the players of interaction j.
    kinds
        [k] of "and" or "or".
    effects
        [k].
    intercept
        Output where every player is absent.

    Attributes
    ----------
    masks, kinds, effects, intercept
        What was given: bool [k, n], str [k] and float64 [k] arrays, and a float.

    Raises
    ------
    SymbolscopeError
        If the shapes do not fit, a kind is unknown, a set is empty or comes twice in one kind, or a number is not finite.

    Source: the AND-OR interactions of Ren et al., arXiv 2305.01939.

    Examples
    --------
    >>> network = Planted([[True, True, False], [False, True, True]], ["and", "or"], [2.0, -1.0], intercept=0.5)
    >>> network(torch.tensor([[1.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 7.0]]))
    tensor([ 1.5000,  0.5000, -0.5000])

    Drawn at random, and read back by an explanation:

    >>> import symbolscope as sy
    >>> network = Planted.random(8, n_and=3, n_or=2, seed=0)
    >>> model = sy.explain(sy.Game(network, torch.ones(8, dtype=torch.float64), score="output"))
    >>> bool(np.allclose(sorted(model.effects), sorted(network.effects)))
    True
    """

    members: Tensor  # bool [k, n]
    disjunctive: Tensor  # bool [k]
    weights: Tensor  # float64 [k]
    constant: Tensor  # float64 []

    @takes({"intercept": Number(finite=False)})
    def __init__(self, masks: ArrayLike, kinds: ArrayLike, effects: ArrayLike, *, intercept: float = 0.0) -> None:
        super().__init__()
        sets, names = (
            plain_array("masks", masks).copy(),
            np.array(Names(distinct=False).read("kinds", kinds), dtype=np.str_),
        )
        sizes = plain_array("effects", effects).astype(np.float64)
        _check(sets, names, sizes, intercept)
        self.register_buffer("members", torch.from_numpy(sets))
        self.register_buffer("disjunctive", torch.from_numpy(names == "or"))
        self.register_buffer("weights", torch.from_numpy(sizes))
        self.register_buffer("constant", torch.tensor(intercept, dtype=torch.float64))

    @classmethod
    @takes(
        {
            "n_inputs": WholeNumber(),
            "n_and": WholeNumber(),
            "n_or": WholeNumber(),
            "largest_order": WholeNumber(),
            "seed": SeedOrGenerator(),
        }
    )
    def random(
        cls, n_inputs: int, *, n_and: int, n_or: int, largest_order: int = 4, seed: int | np.random.Generator
    ) -> "Planted":
        """Draw different sets of orders up to ``largest_order``, ANDs from order 1 and ORs from order 2, and their effects.

        Orders are drawn uniformly (as long as sets of that order are left), then sets of that order; no set comes twice, not even
        in both kinds. Effects are 0.5 to 1.5 in size, with random sign; the intercept is 0.

        Parameters
        ----------
        n_inputs
            Number n of players.
        n_and, n_or
            Number of interactions of each kind.
        largest_order
            Most players in a set; n where that is fewer.
        seed
            Of the draw.

        Raises
        ------
        SymbolscopeError
            If there is no player, a number is negative, or there are fewer sets than interactions.

        Examples
        --------
        >>> network = Planted.random(10, n_and=4, n_or=3, seed=1)
        >>> network.kinds.tolist()
        ['and', 'and', 'and', 'and', 'or', 'or', 'or']
        >>> bool(network.masks.sum(axis=1).max() <= 4)
        True
        """
        if n_inputs < 1 or n_and < 0 or n_or < 0 or largest_order < 1:
            raise SymbolscopeError(
                "n_inputs and largest_order must be at least 1, n_and and n_or at least 0; got "
                f"{n_inputs=}, {largest_order=}, {n_and=}, {n_or=}"
            )
        left = {order: math.comb(n_inputs, order) for order in range(1, min(largest_order, n_inputs) + 1)}
        total = sum(left.values())
        if n_or > total - n_inputs or n_and + n_or > total:
            raise SymbolscopeError(
                f"{n_inputs} players have {total:,} sets of order 1 to {max(left)}, {total - n_inputs:,} of them of order 2 or "
                f"more, too few for {n_and=} and {n_or=}; ask for fewer, or give a larger n_inputs or largest_order"
            )
        generator = np.random.default_rng(seed)
        drawn: set[tuple[int, ...]] = set()

        def draw(least: int) -> list[int]:
            order = int(generator.choice([order for order, sets in left.items() if order >= least and sets > 0]))
            while (players := tuple(sorted(generator.choice(n_inputs, order, replace=False).tolist()))) in drawn:
                pass
            drawn.add(players)
            left[order] -= 1
            return list(players)

        ors = [draw(2) for _ in range(n_or)]  # first: ANDs could take the sets that they need
        ands = [draw(1) for _ in range(n_and)]
        masks = np.zeros((n_and + n_or, n_inputs), dtype=np.bool_)
        for row, players in enumerate(ands + ors):
            masks[row, players] = True
        signs = generator.choice([-1.0, 1.0], size=len(masks))
        return cls(
            masks,
            ["and"] * n_and + ["or"] * n_or,
            signs * generator.uniform(_SMALLEST, _LARGEST, size=len(masks)),
        )

    @property
    def masks(self) -> NDArray[np.bool_]:
        """Players of each interaction, bool [k, n]."""
        return self.members.cpu().numpy().copy()

    @property
    def kinds(self) -> Kinds:
        """Kind of each interaction, [k] of "and" or "or"."""
        return np.where(self.disjunctive.cpu().numpy(), "or", "and")

    @property
    def effects(self) -> NDArray[np.float64]:
        """Effect of each interaction, [k]."""
        return self.weights.double().cpu().numpy().copy()

    @property
    def intercept(self) -> float:
        """Output where every player is absent."""
        return float(self.constant)

    def forward(self, x: Tensor) -> Tensor:
        """Inputs [b, n] -> outputs [b] in the type of x.

        Raises
        ------
        SymbolscopeError
            If x has another shape or is not floating.
        """
        n = self.members.shape[1]
        if x.ndim != 2 or x.shape[1] != n or not x.is_floating_point():
            raise SymbolscopeError(
                f"x must be floating [b, {n}], one column per player; got {x.dtype} {list(x.shape)}"
                + ("; a single input needs a first axis: x[None]" if x.shape == (n,) else "")
            )
        members = self.members.double()
        present = (x != 0).double() @ members.mT  # [b, k] how many of each set
        active = torch.where(self.disjunctive, present > 0, present == members.sum(dim=1))
        return (self.constant.double() + active.double() @ self.weights.double()).to(x.dtype)


def _check(masks: NDArray[Any], kinds: NDArray[Any], effects: NDArray[np.float64], intercept: float) -> None:
    k = len(masks) if masks.ndim == 2 else -1
    if masks.dtype != np.bool_ or masks.ndim != 2 or kinds.shape != (k,) or effects.shape != (k,):
        raise SymbolscopeError(
            f"Planted needs masks bool [k, n], kinds [k] and effects [k]; got masks {masks.dtype} {list(masks.shape)}, "
            f"kinds {list(kinds.shape)} and effects {list(effects.shape)}"
        )
    if unknown := sorted(set(kinds.tolist()) - {"and", "or"}):
        raise SymbolscopeError(f'kinds must each be "and" or "or"; got {unknown[0]!r}')
    if not (np.isfinite(effects).all() and math.isfinite(intercept)):
        raise SymbolscopeError("effects and intercept must be finite numbers")
    if len(empty := np.flatnonzero(~masks.any(axis=1))) > 0:
        raise SymbolscopeError(f"masks[{empty[0]}] is the empty set; add its effect to the intercept")
    first: dict[tuple[str, bytes], int] = {}
    for row, (kind, mask) in enumerate(zip(kinds.tolist(), masks, strict=True)):
        before = first.setdefault((kind, mask.tobytes()), row)
        if before != row:
            raise SymbolscopeError(
                f'masks[{row}] is the same "{kind}" set as masks[{before}]; give it once, with the sum of the effects'
            )
