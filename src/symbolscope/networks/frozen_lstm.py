"""An LSTM with fixed weights run on from given states, with the gradient for those states alone; see ``frozen_gru.py``.

    i, f, o = sigmoid(...), g = tanh(...) of  x-part + W h,   c' = f c + i g,   h' = o tanh(c')

Backwards, from a = d loss / d h' and e = d loss / d c' (that of later steps included):

    e <- e + a o (1 - tanh(c')^2),   di = e g i (1 - i),  df = e c f (1 - f),  dg = e i (1 - g^2),  do = a tanh(c') o (1 - o),
    d loss / d c = e f,   d loss / d h = [di, df, dg, do] W
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable


class FrozenLSTM(torch.autograd.Function):
    """[h; c] [b, 2k], table rows [S, b, 4k], weights [4k, k], rows still going at each step -> states [S, b, 2k]."""

    @staticmethod
    def forward(ctx: Any, states: Tensor, inputs: Tensor, weights: Tensor, going: tuple[int, ...]) -> Tensor:
        k = weights.shape[1]
        out = torch.zeros(len(going), len(states), 2 * k, dtype=states.dtype, device=states.device)
        saved: list[Tensor] = []
        transposed = weights.t()
        h, c = states[:, :k], states[:, k:]
        for t, rows in enumerate(going):
            gates = torch.addmm(inputs[t, :rows], h[:rows], transposed)  # [rows, 4k]
            gates[:, : 2 * k].sigmoid_()
            gates[:, 2 * k : 3 * k].tanh_()
            gates[:, 3 * k :].sigmoid_()
            i, f, g, o = gates.chunk(4, dim=1)
            new_h, new_c = out[t, :rows, :k], out[t, :rows, k:]
            torch.mul(f, c[:rows], out=new_c)
            new_c.addcmul_(i, g)
            squashed = new_c.tanh()
            torch.mul(o, squashed, out=new_h)
            saved += [gates, c[:rows].clone(), squashed]  # not a view of the output
            h, c = new_h, new_c
        ctx.save_for_backward(weights, *saved)
        ctx.going = going
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:  # type: ignore[override]
        (grad,) = grads
        weights, *saved = ctx.saved_tensors
        going: tuple[int, ...] = ctx.going
        k = weights.shape[1]
        carried = torch.zeros_like(grad[0])
        slopes = torch.empty(len(carried), 4 * k, dtype=grad.dtype, device=grad.device)
        for t in range(len(going) - 1, -1, -1):
            rows = going[t]
            gates, before, squashed = saved[3 * t : 3 * t + 3]
            i, f, g, o = gates.chunk(4, dim=1)
            total = carried[:rows].add_(grad[t, :rows])
            a, e = total[:, :k], total[:, k:]
            through = a * o
            e.add_(through).addcmul_(through * squashed, squashed, value=-1.0)
            slope = slopes[:rows]
            torch.mul(e, g, out=slope[:, :k])
            torch.mul(e, before, out=slope[:, k : 2 * k])
            torch.mul(e, i, out=slope[:, 2 * k : 3 * k])
            torch.mul(a, squashed, out=slope[:, 3 * k :])
            bend = torch.addcmul(gates, gates, gates, value=-1.0)  # s (1 - s) of the sigmoids
            torch.addcmul(torch.ones_like(g), g, g, value=-1.0, out=bend[:, 2 * k : 3 * k])
            slope.mul_(bend)
            torch.mm(slope, weights, out=a)
            e.mul_(f)
        return carried, None, None, None
