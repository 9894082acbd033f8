"""A GRU with fixed weights run on from given states, with the gradient for those states alone.

An alignment search runs a frozen network thousands of times from patched states and needs d loss / d state, nothing else. Three
things make that several times cheaper than nn.GRU: the input's share of the gates is one row of a table per token, no gradient of
weights is formed, and rows sorted by length leave the batch as they end.

    r = sigmoid(i_r + W_r h),  z = sigmoid(i_z + W_z h),  c = W_n h + b_n,  n = tanh(i_n + r c),  h' = n + z (h - n)

Backwards, from g = d loss / d h':

    dn = g (1 - z) (1 - n^2),  dc = dn r,  dr = dn c r (1 - r),  dz = g (h - n) z (1 - z),  dh = g z + [dr, dz, dc] W
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable


class FrozenGRU(torch.autograd.Function):
    """h_0 [b, d], table rows [S, b, 3d], weights [3d, d], bias of c [d], rows still going at each step -> states [S, b, d]."""

    @staticmethod
    def forward(
        ctx: Any, states: Tensor, inputs: Tensor, weights: Tensor, bias: Tensor, going: tuple[int, ...]
    ) -> Tensor:
        d = states.shape[1]
        out = torch.zeros(len(going), len(states), d, dtype=states.dtype, device=states.device)
        saved: list[Tensor] = []
        transposed = weights.t()
        h = states
        for t, rows in enumerate(going):
            h = h[:rows]
            gates = h @ transposed  # [rows, 3d]
            given = inputs[t, :rows]
            open_ = torch.add(gates[:, : 2 * d], given[:, : 2 * d]).sigmoid_()  # r and z, [rows, 2d]
            r, z = open_[:, :d], open_[:, d:]
            c = gates[:, 2 * d :].add_(bias)
            n = torch.addcmul(given[:, 2 * d :], r, c).tanh_()
            new = out[t, :rows]
            torch.sub(h, n, out=new)
            saved += [open_, c, n, new.clone()]  # h - n is needed again
            new.mul_(z).add_(n)
            h = new
        ctx.save_for_backward(weights, *saved)
        ctx.going = going
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:  # type: ignore[override]
        (grad,) = grads
        weights, *saved = ctx.saved_tensors
        going: tuple[int, ...] = ctx.going
        d = weights.shape[1]
        carried = torch.zeros_like(grad[0])
        gates = torch.empty(len(carried), 3 * d, dtype=grad.dtype, device=grad.device)
        for t in range(len(going) - 1, -1, -1):
            rows = going[t]
            open_, c, n, difference = saved[4 * t : 4 * t + 4]
            r, z = open_[:, :d], open_[:, d:]
            g = carried[:rows].add_(grad[t, :rows])
            gate = gates[:rows]
            dn = torch.addcmul(g, g, z, value=-1.0)  # g (1 - z)
            dn.addcmul_(dn * n, n, value=-1.0)  # ... (1 - n^2)
            torch.mul(dn, r, out=gate[:, 2 * d :])
            torch.mul(dn, c, out=gate[:, :d])
            torch.mul(g, difference, out=gate[:, d : 2 * d])
            both = gate[:, : 2 * d]
            both.mul_(torch.addcmul(open_, open_, open_, value=-1.0))  # ... r (1 - r) and z (1 - z)
            g.mul_(z).addmm_(gate, weights)
        return carried, None, None, None, None
