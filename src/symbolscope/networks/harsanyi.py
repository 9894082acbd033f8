"""A network whose AND interactions are known by construction."""

import math

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn

from symbolscope.core.argument_checks import Number, Seed, WholeNumber
from symbolscope.core.array_checks import plain_numbers
from symbolscope.core.checked_call import takes
from symbolscope.core.sequence_checks import ListOf
from symbolscope.errors import SymbolscopeError
from symbolscope.networks.evaluation_mode import evaluation_mode


class AndLayer(nn.Module):
    """Units that fire only if all their children do: z_u = relu(w_u . z_C(u) + b_u) * product over c in C(u) of 1[z_c != 0].

    In training mode the indicator is tanh(gamma |z_c|), through which gradients flow.

    Parameters
    ----------
    n_before
        Number of units (or inputs) of the layer before.
    width
        Number of units.
    n_children
        Children of each unit, all different.
    gamma
        Steepness of the indicator in training.
    generator
        Draws children and first weights.
    """

    child_index: Tensor  # int64 [width, n_children]

    def __init__(self, n_before: int, width: int, *, n_children: int, gamma: float, generator: torch.Generator) -> None:
        super().__init__()
        self.gamma = gamma
        chosen = [torch.randperm(n_before, generator=generator)[:n_children] for _ in range(width)]
        self.register_buffer("child_index", torch.stack(chosen))
        # Positive, so that units fire on positive inputs, and about a mean, so that values stay the size of the inputs.
        self.weight = nn.Parameter((0.5 + torch.rand(width, n_children, generator=generator)) / n_children)
        self.bias = nn.Parameter(0.1 * torch.rand(width, generator=generator))

    def forward(self, before: Tensor) -> Tensor:
        """Values [b, n_before] -> [b, width]."""
        children = before[:, self.child_index]  # [b, width, n_children]
        value = torch.relu((children * self.weight).sum(dim=-1) + self.bias)  # [b, width]
        if self.training:
            return value * torch.tanh(self.gamma * children.abs()).prod(dim=-1)
        return value * (children != 0).all(dim=-1)


class Harsanyi(nn.Module):
    """A network that computes its own AND interactions (Harsanyi dividends): one per receptive field of its units.

        z_u = relu(w_u . z_C(u) + b_u) * product over children c in C(u) of 1[z_c != 0]
        output = intercept + sum over units u of all layers of v_u z_u

    Input i is absent where x_i = 0. The receptive field F(u) of a unit is the union of its children's, that of an input itself. By
    induction over layers z_u(x_S) is z_u(x) if F(u) is contained in S and 0 otherwise, whatever the other inputs hold, so with
    baseline zero the dividend of a set S is the sum of v_u z_u(x) over the units with F(u) = S. Training replaces the indicator by
    tanh(gamma |z_c|), which is 0 in the same places. Float32 weights make evaluated outputs round at about 1e-6; type
    ``network.double()`` where dividends are to be compared more closely.

    Parameters
    ----------
    n_inputs
        Number n of inputs.
    widths
        Units per layer.
    n_children
        Children of each unit in the layer before; fixed, only weights are trained.
    n_outputs
        Columns of the output.
    gamma
        Steepness of the indicator in training.
    seed
        Of children and first weights. These make every unit fire on positive inputs, with v of both signs.

    Attributes
    ----------
    receptive_fields
        bool [units, n], the units of all layers in order.
    readout
        v, [units, n_outputs].
    intercept
        [n_outputs].

    Raises
    ------
    SymbolscopeError
        If there is no input, layer, unit, child or output, or a layer has fewer units than the next one's units have children.

    Source: Chen, Lou, Zhang, Huang, Zhang, *HarsanyiNet*, ICML 2023, arXiv 2304.01811.

    Examples
    --------
    >>> network = Harsanyi(4, widths=(2,), seed=1).eval()
    >>> network(torch.ones(5, 4)).shape
    torch.Size([5, 1])

    Without one input the units that look at it are silent:

    >>> network = Harsanyi(6).double().eval()
    >>> x = torch.ones(1, 6, dtype=torch.float64)
    >>> x[0, 2] = 0.0
    >>> bool(((network.activations(x)[0] == 0) == network.receptive_fields[:, 2]).all())
    True

    An explanation finds what is there:

    >>> import symbolscope as sy
    >>> sample = torch.tensor([0.5, 1.0, 2.0, 1.5, 1.0, 0.7], dtype=torch.float64)
    >>> sets, effects = network.interactions(sample)
    >>> model = sy.explain(sy.Game(network, sample, score="output"), kinds="and")
    >>> bool((model.masks[:3] == sets[:3]).all()), bool(np.allclose(model.effects[:3], effects[:3, 0]))
    (True, True)
    """

    receptive_fields: Tensor  # bool [units, n]

    @takes(
        {
            "n_inputs": WholeNumber(),
            "widths": ListOf(WholeNumber(), "widths"),
            "n_children": WholeNumber(),
            "n_outputs": WholeNumber(),
            "gamma": Number(finite=False),
            "seed": Seed(),
        }
    )
    def __init__(
        self,
        n_inputs: int,
        *,
        widths: tuple[int, ...] = (16, 16),
        n_children: int = 2,
        n_outputs: int = 1,
        gamma: float = 100.0,
        seed: int = 0,
    ) -> None:
        super().__init__()
        _check_sizes(n_inputs, widths, n_children, n_outputs)
        if not (math.isfinite(gamma) and gamma > 0):
            raise SymbolscopeError(f"gamma must be a finite number above 0, such as 100.0; got {gamma}")
        self.n_inputs = n_inputs
        generator = torch.Generator().manual_seed(seed)
        self.layers = nn.ModuleList()
        before = torch.eye(n_inputs, dtype=torch.bool)  # receptive fields of the layer before
        fields: list[Tensor] = []
        for width in widths:
            layer = AndLayer(len(before), width, n_children=n_children, gamma=gamma, generator=generator)
            self.layers.append(layer)
            before = before[layer.child_index].any(dim=1)  # [width, n]
            fields.append(before)
        self.register_buffer("receptive_fields", torch.cat(fields))
        units = sum(widths)
        # Half the units of every output add and half take away.
        ranks = torch.stack([torch.randperm(units, generator=generator) for _ in range(n_outputs)], dim=1)
        sizes = 0.5 + torch.rand(units, n_outputs, generator=generator)
        self.readout = nn.Parameter(torch.where(ranks % 2 == 0, sizes, -sizes))
        self.intercept = nn.Parameter(torch.rand(n_outputs, generator=generator) - 0.5)

    def activations(self, x: Tensor) -> Tensor:
        """Value z_u of every unit, inputs [b, n] -> [b, units], layer after layer.

        Raises
        ------
        SymbolscopeError
            If x has another shape or another floating type than the weights.

        Examples
        --------
        >>> Harsanyi(3, widths=(4, 2)).activations(torch.ones(1, 3)).shape
        torch.Size([1, 6])
        """
        if x.ndim != 2 or x.shape[1] != self.n_inputs:
            raise SymbolscopeError(
                f"x must be [b, {self.n_inputs}], one column per input; got {list(x.shape)}"
                + ("; a single input needs a first axis: x[None]" if x.shape == (self.n_inputs,) else "")
            )
        if x.dtype != self.readout.dtype:
            raise SymbolscopeError(
                f"x must be {self.readout.dtype} as the weights are; got {x.dtype}. Type x.to({self.readout.dtype})"
                + (" or network.double()" if x.dtype == torch.float64 else "")
            )
        values: list[Tensor] = []
        for layer in self.layers:
            x = layer(x)
            values.append(x)
        return torch.cat(values, dim=1)

    def forward(self, x: Tensor) -> Tensor:
        """Inputs [b, n] -> outputs [b, n_outputs]; refuses as :meth:`activations` does."""
        return self.activations(x) @ self.readout + self.intercept

    def interactions(self, sample: Tensor | ArrayLike) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
        """Sets of inputs and their exact dividends on a sample (evaluation mode, baseline zero), strongest first.

        The effect of a set is the sum of v_u z_u(sample) over the units whose receptive field it is; sets whose effect is 0 on
        every output are left out. Strength is the largest size over the outputs; among equals lower orders come first.

        Parameters
        ----------
        sample
            [n].

        Returns
        -------
        bool [k, n] and float64 [k, n_outputs].

        Raises
        ------
        SymbolscopeError
            If the sample has another shape or holds a number that is not finite.

        Examples
        --------
        An interaction of an absent input has no effect:

        >>> sets, effects = Harsanyi(5, widths=(8,)).interactions([1.0, 1.0, 0.0, 1.0, 1.0])
        >>> bool(sets[:, 2].any()), effects.shape == (len(sets), 1)
        (False, True)
        """
        given = torch.from_numpy(plain_numbers("sample", sample))
        if given.shape != (self.n_inputs,) or not given.isfinite().all():
            raise SymbolscopeError(
                f"sample must be [{self.n_inputs}] finite numbers, one per input; got "
                + ("one that is not finite" if given.shape == (self.n_inputs,) else f"shape {list(given.shape)}")
            )
        with torch.no_grad(), evaluation_mode(self):
            z = self.activations(given.to(self.readout)[None])[0].double()  # [units]
            shares = (z[:, None] * self.readout.double()).cpu().numpy()  # [units, n_outputs]
        sets, set_of = np.unique(self.receptive_fields.cpu().numpy(), axis=0, return_inverse=True)
        effects = np.zeros((len(sets), shares.shape[1]))
        np.add.at(effects, set_of.ravel(), shares)
        strength = np.abs(effects).max(axis=1)
        order = np.lexsort((sets.sum(axis=1), -strength))
        order = order[strength[order] > 0]
        return sets[order], effects[order]


def _check_sizes(n_inputs: int, widths: tuple[int, ...], n_children: int, n_outputs: int) -> None:
    for name, number in (("n_inputs", n_inputs), ("n_children", n_children), ("n_outputs", n_outputs)):
        if number < 1:
            raise SymbolscopeError(f"{name} must be at least 1; got {number}")
    if not widths or min(widths) < 1:
        raise SymbolscopeError(
            f"widths must hold at least one layer of at least one unit, such as (16, 16); got {widths}"
        )
    for layer, n_before in enumerate((n_inputs, *widths[:-1])):
        if n_children > n_before:
            what = "inputs" if layer == 0 else f"units in layer {layer - 1}"
            raise SymbolscopeError(
                f"every unit of layer {layer} has n_children={n_children} different children, but there are {n_before} {what}; "
                f"give n_children={n_before} or fewer"
            )
