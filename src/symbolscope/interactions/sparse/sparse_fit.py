"""A constant and a sum of atoms."""

import math
from dataclasses import dataclass

import numpy as np

from symbolscope.interactions.sparse.atoms import Atom, columns
from symbolscope.shapes import Effects, Masks, Scores


@dataclass(frozen=True, eq=False)
class SparseFit:
    """constant + sum of effect * atom.

    Parameters
    ----------
    atoms
        k distinct atoms.
    effects
        float64 [k].
    constant
        In units of the score, as the effects.
    gap
        Certified relative duality gap of the LASSO that chose the atoms; nan if none did.
    """

    atoms: tuple[Atom, ...]
    effects: Effects
    constant: float
    gap: float = math.nan

    def predict(self, masks: Masks) -> Scores:
        """Prediction on masks [m, n], [m]."""
        if not self.atoms:
            return np.full(len(masks), self.constant)
        return (columns(self.atoms, masks).astype(np.float64) @ self.effects) + self.constant
