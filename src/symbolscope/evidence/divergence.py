"""How far states made by an intervention lie from natural ones, beside natural states that were left out."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from symbolscope.core.argument_checks import SeedOrGenerator, WholeNumber
from symbolscope.core.array_checks import plain_numbers
from symbolscope.core.checked_call import takes
from symbolscope.core.random_streams import stream
from symbolscope.errors import SymbolscopeError
from symbolscope.evidence.energy_distance import energy_distance, mean_distance, permutation_p
from symbolscope.evidence.local_residual import local_residuals

States = NDArray[np.float64]

_LEAST_NATURAL = 4  # two in either half, so that each has a distance within
_PERMUTATIONS = 200
# Lengths below this share of the natural spread are none: float32 states tell no more apart.
_NEGLIGIBLE = 1e-6


@dataclass(frozen=True)
class Divergence:
    """Three distances of patched states from natural ones, each beside the same distance of natural states left out.

    Attributes
    ----------
    energy, energy_baseline
        Energy distance to the reference states, in units of the states.
    neighbour, neighbour_baseline
        Mean distance to the nearest reference state.
    residual, residual_baseline
        Mean part outside the principal directions of the nearest reference states.
    spread
        Mean distance of two reference states.
    energy_p
        Permutation p-value of the energy distance: patched against left-out states. nan for a single patched state.
    n_patched, n_natural
        States measured; half of the natural ones (rounded up) are the reference.
    """

    energy: float
    energy_baseline: float
    neighbour: float
    neighbour_baseline: float
    residual: float
    residual_baseline: float
    spread: float
    energy_p: float
    n_patched: int
    n_natural: int

    @property
    def energy_share(self) -> float:
        """Energy distance as a share of the natural spread, whatever the scale of the states; nan without a spread."""
        return _ratio(self.energy, self.spread)

    @property
    def energy_ratio(self) -> float:
        """Energy distance over its baseline, nan if that is not above 0.

        The baseline estimates 0 without bias: half the time it is below, otherwise small by chance. Judge by ``energy_p`` and
        ``energy_share``.
        """
        return _ratio(self.energy, self.energy_baseline)

    @property
    def neighbour_ratio(self) -> float:
        """Distance to the nearest reference state over its baseline, about 1 for natural states; nan if the baseline is 0."""
        return _ratio(self.neighbour, self.neighbour_baseline)

    @property
    def residual_ratio(self) -> float:
        """Local residual over its baseline, about 1 for natural states; nan if the baseline is 0."""
        return _ratio(self.residual, self.residual_baseline)

    def __str__(self) -> str:
        share, baseline = self.energy_share, _ratio(self.energy_baseline, self.spread)
        return (
            f"energy distance {share:.1%} of the natural spread (left-out natural states {baseline:.1%}; p = {self.energy_p:.3f}), "
            f"nearest natural state at {self.neighbour:.3g} ({self.neighbour_baseline:.3g}), "
            f"local residual {self.residual:.3g} ({self.residual_baseline:.3g}); "
            f"{self.n_patched:,} patched and {self.n_natural:,} natural states"
        )


@takes({"seed": SeedOrGenerator(), "n_neighbours": WholeNumber(), "most": WholeNumber()})
def divergence(
    patched: ArrayLike | torch.Tensor,
    natural: ArrayLike | torch.Tensor,
    *,
    seed: int | np.random.Generator = 0,
    n_neighbours: int = 10,
    most: int = 1_000,
) -> Divergence:
    """Measure how far patched states P leave the natural ones, of which half are the reference R and half are left out.

        energy     2 E|p - r| - E|p - p'| - E|r - r'|           over pairs of different states
        neighbour  mean over p of min over r of |p - r|
        residual   mean over p of |(1 - V V')(p - mu)|          mu, V: mean and principal directions (90 % of the variance) of the
                                                                n_neighbours reference states nearest to p

    Every baseline is the same number for the left-out states in place of the patched ones. Lengths below a millionth of E|r - r'|
    count as 0 in the last two. Natural states should come from other runs than those patched: a patch that changes nothing would
    otherwise lie on the reference itself, nearer than left-out states do. States far from natural ones need not do harm, and near
    ones may: the numbers say where an intervention's result leaves what the network was seen to do.

    Parameters
    ----------
    patched
        [m, d], states after an intervention.
    natural
        [n, d], states of the network left to itself; at least 4.
    seed
        Of the split, the choice of rows and the permutations.
    n_neighbours
        Reference states that make up a neighbourhood; all where there are fewer.
    most
        Patched, reference and left-out states measured; where there are more, as many are drawn.

    Raises
    ------
    SymbolscopeError
        If the arrays are no states of one width, hold NaN or infinity, or there are too few.

    Source: the question is that of Grant, Han, Tartaglini, Potts, *Addressing divergent representations from causal
    interventions on neural networks*, arXiv 2511.04638; the energy distance is Szekely and Rizzo's (2013).

    Examples
    --------
    >>> generator = np.random.default_rng(0)
    >>> natural = generator.normal(size=(200, 3))
    >>> divergence(natural[:50] + [9.0, 0.0, 0.0], natural).energy_p < 0.01
    True

    Each coordinate of these states is natural, but not the two together, off the circle:

    >>> angles = generator.uniform(0.0, 2 * np.pi, size=(2, 300))
    >>> circle = np.stack([np.cos(angles[0]), np.sin(angles[0])], axis=1)
    >>> swapped = np.stack([np.cos(angles[0]), np.sin(angles[1])], axis=1)
    >>> found = divergence(swapped, circle, n_neighbours=5)
    >>> found.neighbour_ratio > 5, found.residual_ratio > 5
    (True, True)
    """
    given, unsplit = _states(patched, "patched"), _states(natural, "natural")
    _check(given, unsplit, n_neighbours, most)
    generator = stream(seed, "rows and permutations of a divergence")
    shuffled = unsplit[generator.permutation(len(unsplit))]
    half = (len(unsplit) + 1) // 2
    R, H = shuffled[:half][:most], shuffled[half:][:most]
    P = given[generator.permutation(len(given))[:most]] if len(given) > most else given
    within = {name: _distances(states, states) for name, states in (("P", P), ("R", R), ("H", H))}
    patched_to, left_out_to = _distances(P, R), _distances(H, R)  # [m, r], [h, r]
    spread = mean_distance(within["R"])
    p = permutation_p(
        within["P"],
        _distances(P, H),
        within["H"],
        first_to_third=patched_to.mean(axis=1),
        second_to_third=left_out_to.mean(axis=1),
        n_permutations=_PERMUTATIONS,
        generator=generator,
    )
    negligible = _NEGLIGIBLE * spread

    def near(states: States, distances: NDArray[np.float64]) -> tuple[float, float]:
        nearest = distances.min(axis=1)
        residuals = local_residuals(states, R, distances, n_neighbours=n_neighbours, negligible=negligible)
        return float(np.where(nearest > negligible, nearest, 0.0).mean()), float(residuals.mean())

    neighbour, residual = near(P, patched_to)
    neighbour_baseline, residual_baseline = near(H, left_out_to)
    return Divergence(
        energy=energy_distance(patched_to, within["P"], within["R"]),
        energy_baseline=energy_distance(left_out_to, within["H"], within["R"]),
        neighbour=neighbour,
        neighbour_baseline=neighbour_baseline,
        residual=residual,
        residual_baseline=residual_baseline,
        spread=spread,
        energy_p=p,
        n_patched=len(P),
        n_natural=len(R) + len(H),
    )


def _ratio(value: float, baseline: float) -> float:
    return value / baseline if baseline > 0 else float("nan")


def _distances(first: States, second: States) -> NDArray[np.float64]:
    """[m, n]; from differences, not from products, so that copies are at exactly 0."""
    from scipy.spatial.distance import cdist

    return np.asarray(cdist(first, second), dtype=np.float64)


def _states(given: ArrayLike | torch.Tensor, name: str) -> States:
    states = plain_numbers(name, given)
    if states.ndim != 2 or states.shape[1] == 0:
        raise SymbolscopeError(
            f"{name} must be states [rows, d], one row per state; got shape {list(states.shape)}"
            + (f". Type {name}.reshape(-1, {states.shape[-1]})" if states.ndim > 2 else "")
        )
    if len(bad := np.argwhere(~np.isfinite(states))) > 0:
        raise SymbolscopeError(f"{name}[{bad[0][0]}, {bad[0][1]}] is not a finite number; leave such states out")
    return states


def _check(patched: States, natural: States, n_neighbours: int, most: int) -> None:
    if patched.shape[1] != natural.shape[1]:
        raise SymbolscopeError(
            "patched and natural states must be of one width, read at the same site; got "
            f"{list(patched.shape)} and {list(natural.shape)}"
        )
    if len(patched) == 0:
        raise SymbolscopeError("there is no patched state; give at least 1, and better some hundred")
    if len(natural) < _LEAST_NATURAL:
        raise SymbolscopeError(
            f"natural needs at least {_LEAST_NATURAL} states, half of them for comparison; got {len(natural)}"
        )
    if n_neighbours < 1:
        raise SymbolscopeError(f"n_neighbours must be at least 1, such as 10; got {n_neighbours}")
    if most < 2:
        raise SymbolscopeError(f"most must be at least 2, such as 1_000; got {most}")
