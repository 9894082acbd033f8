"""Oracle: the papers' own procedure for the AND-OR split, written plainly from their description.

Li, Zhang (2302.13080) and Ren et al. (2305.01939): v_and = (v + q) / 2 + p and v_or = (v + q) / 2 - p; p is free and |q| is at most
a tolerance. Dense 2^n x 2^n transform matrices in float32, plain gradient steps (SGD, momentum 0.9) on the L1 norm, step size
log-spaced from lr to lr / 10, q projected on its box at the start of each step; the last iterate is the result.
"""

import time
from dataclasses import dataclass

import numpy as np
import torch


@dataclass(frozen=True)
class Reference:
    """Effects found, their L1 norm (order-1 ORs merged into ANDs, empty set aside), seconds and bytes of the matrices."""

    l1: float
    seconds: float
    matrix_bytes: int


def and_matrix(n: int) -> torch.Tensor:
    """Row S, column L: (-1)^(|S| - |L|) if L is contained in S, else 0; built row by row."""
    rows = []
    sets = np.arange(1 << n)
    for s in range(1 << n):
        sign = np.where(np.bitwise_count(sets ^ s) % 2 == 0, 1.0, -1.0)
        rows.append(torch.from_numpy(np.where(sets & ~s == 0, sign, 0.0).astype(np.float32)))
    return torch.stack(rows)


def or_matrix(conjunctions: torch.Tensor) -> torch.Tensor:
    """Minus the AND matrix with present and hidden players swapped; the empty set keeps v(empty)."""
    matrix = -conjunctions.flip(1)
    matrix[0] = 0.0
    matrix[0, 0] = 1.0
    return matrix


def papers_procedure(values: np.ndarray, *, lr: float, steps: int, tolerance: float = 0.0) -> Reference:
    """Run the procedure on values [2^n] with one learning rate."""
    started = time.process_time()
    n = int(np.log2(len(values)))
    conjunctions = and_matrix(n)
    disjunctions = or_matrix(conjunctions)
    v = torch.from_numpy(values.astype(np.float32))
    p = torch.zeros_like(v, requires_grad=True)
    q = torch.zeros_like(v, requires_grad=True)
    optimiser = torch.optim.SGD([p, q], lr=lr, momentum=0.9)
    for rate in np.geomspace(lr, lr / 10, steps):
        with torch.no_grad():
            q.clamp_(-tolerance, tolerance)
        optimiser.param_groups[0]["lr"] = rate
        loss = (conjunctions @ (0.5 * (v + q) + p)).abs().sum() + (disjunctions @ (0.5 * (v + q) - p)).abs().sum()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    with torch.no_grad():
        q.clamp_(-tolerance, tolerance)
        both = conjunctions @ (0.5 * (v + q) + p), disjunctions @ (0.5 * (v + q) - p)
    and_effects, or_effects = (effects.double().numpy() for effects in both)
    order = np.bitwise_count(np.arange(1 << n))
    and_effects = np.where(order == 1, and_effects + or_effects, and_effects)
    l1 = np.abs(and_effects[order >= 1]).sum() + np.abs(or_effects[order >= 2]).sum()
    return Reference(float(l1), time.process_time() - started, 2 * 4 * len(values) ** 2)
