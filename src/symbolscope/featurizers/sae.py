"""Latents of a sparse dictionary fitted to the states; training chooses which of them are the features."""

import math
from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional

from symbolscope.core.argument_checks import WholeNumber
from symbolscope.core.checked_call import takes
from symbolscope.core.gradient_mode import gradients
from symbolscope.errors import SymbolscopeError
from symbolscope.featurizers.featurizer import Featurizer, Size

_BATCH = 256
_RATE = 1e-2


class SAE(Featurizer):
    """A TopK sparse autoencoder; the features are the r latents with the highest preference, the error all the rest.

    z = TopK(ReLU(E (h - mu) + e)) [m],      h = mu + D z + what the dictionary misses
    features = z[chosen],    error = h - D[:, chosen] features,    swap(t, s) = t + sum over chosen j of D_j (z_j(s) - z_j(t)).

    The dictionary is fitted to the states at initialisation and then stays; what alignment trains is one preference per
    latent, whose r largest are chosen. Gradients pass the choice straight through, as those of a sigmoid.

    The inverse is exact. A swapped state is a sum that the encoder may read differently, so that swapping twice is swapping
    once only for states that the dictionary describes and its encoder reads back.

    Parameters
    ----------
    size
        Number r of latents; one number, for one variable.
    latents
        Number m of latents in the dictionary; None is four times the width.
    active
        Latents at most that are not zero in one state, the K of TopK.
    steps
        Optimiser steps of the fit, on batches of 256 states.

    Attributes
    ----------
    preferences
        [m]; at the start each latent's mean square on the states, relative to the largest, times 0.01.
    chosen
        Indices of the latents that are the features, ascending.

    Raises
    ------
    SymbolscopeError
        If it is initialised without at least two states; if there are fewer latents than features or active ones; if
        several sizes are given; otherwise as for :class:`Featurizer`.

    Source: Cunningham et al., *Sparse Autoencoders Find Highly Interpretable Features in Language Models* (2309.08600); TopK
    instead of an L1 penalty after Gao et al., *Scaling and Evaluating Sparse Autoencoders* (2406.04093).

    Examples
    --------
    >>> states = torch.randn(200, 6, generator=torch.Generator().manual_seed(0))
    >>> featurizer = SAE(size=2, latents=12, active=3, steps=20).initialise(6, seed=0, states=states)
    >>> features, error = featurizer(states)
    >>> features.shape, torch.allclose(featurizer.inverse(features, error), states, atol=1e-5)
    (torch.Size([200, 2]), True)
    >>> featurizer.complexity
    12
    """

    preferences: nn.Parameter  # [m]
    mean: Tensor  # [d]
    encoder: Tensor  # [d, m]
    offset: Tensor  # [m]
    decoder: Tensor  # [m, d]

    @takes({"latents": WholeNumber(most=10_000_000), "active": WholeNumber(), "steps": WholeNumber()})
    def __init__(self, size: Size, *, latents: int | None = None, active: int = 8, steps: int = 500) -> None:
        super().__init__(size)
        self._check_one_block()
        if latents is not None and latents < max(self._sizes[0], active):
            raise SymbolscopeError(
                f"latents must be at least size and active ({max(self._sizes[0], active)}); got {latents}"
            )
        if active < 1 or steps < 0:
            raise SymbolscopeError(
                f"active must be at least 1 and steps at least 0; got active={active}, steps={steps}"
            )
        self.latents = latents
        self.active = active
        self.steps = steps

    @property
    def chosen(self) -> Tensor:
        """Indices of the features among the latents, int64 [r], ascending."""
        self._check_initialised()
        return self.preferences.detach().topk(self.size).indices.sort().values

    def allocate(self, width: int) -> None:
        """Make the dictionary and the preferences."""
        latents = 4 * width if self.latents is None else self.latents
        if self.active > latents:
            raise SymbolscopeError(f"{self!r} has {latents} latents, of which {self.active} cannot be active")
        self.preferences = nn.Parameter(torch.zeros(latents))
        self.register_buffer("mean", torch.zeros(width))
        self.register_buffer("encoder", torch.zeros(width, latents))
        self.register_buffer("offset", torch.zeros(latents))
        self.register_buffer("decoder", torch.zeros(latents, width))

    def tensor_shapes(self, width: int) -> Iterator[tuple[str, tuple[int, ...]]]:
        latents = 4 * width if self.latents is None else self.latents
        return iter(
            (
                ("preferences", (latents,)), ("mean", (width,)), ("encoder", (width, latents)), ("offset", (latents,)),
                ("decoder", (latents, width)),
            )
        )  # fmt: skip

    def start(self, generator: torch.Generator, states: Tensor | None) -> None:
        """Fit the dictionary to the states; prefer its most active latents."""
        if states is None or len(states) < 2:
            given = "none" if states is None else str(len(states))
            raise SymbolscopeError(
                f"{self!r} is fitted to states: give at least 2 of them; got {given}. "
                "Type featurizer.initialise(width, seed=0, states=states)"
            )
        self.mean.copy_(states.mean(dim=0))
        centred = states - self.mean
        # Fitted at unit root mean square, so that the rate suits any states; the latents stay in those units.
        unit = float(centred.square().sum(dim=-1).mean().sqrt()) or 1.0
        encoder, offset, decoder = self._fit(centred / unit, generator)
        self.encoder.copy_(encoder / unit)
        self.offset.copy_(offset)
        self.decoder.copy_(decoder * unit)
        energies = self.latent(states).square().mean(dim=0)  # [m]
        self.preferences.copy_(0.01 * energies / energies.max().clamp(min=torch.finfo(energies.dtype).tiny))

    def _fit(self, states: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
        """Encoder [d, m], offset [m] and decoder [m, d] with rows of length 1, for states of length about 1."""
        latents = len(self.preferences)
        # Atoms start as states, with a little chance so that no two are equal.
        drawn = _draw(len(states), latents, generator, states.device)
        noise = torch.randn(latents, self.width, generator=generator, dtype=torch.float64, device=generator.device)
        atoms = states[drawn] + 0.1 / math.sqrt(self.width) * noise.to(states)
        decoder = functional.normalize(atoms, dim=-1).requires_grad_()
        encoder = decoder.detach().mT.clone().requires_grad_()
        offset = states.new_zeros(latents).requires_grad_()
        optimiser = torch.optim.Adam([encoder, offset, decoder], lr=_RATE)
        for _ in range(self.steps):
            batch = states[_draw(len(states), min(_BATCH, len(states)), generator, states.device)]
            with gradients():
                read = _sparse(batch @ encoder + offset, self.active)
                loss = (read @ decoder - batch).square().sum(dim=-1).mean()
                optimiser.zero_grad()
                loss.backward()
            optimiser.step()
            decoder.copy_(functional.normalize(decoder, dim=-1))
        return encoder.detach(), offset.detach(), decoder.detach()

    def latent(self, states: Tensor) -> Tensor:
        """All latents z of states [..., d], [..., m]."""
        self._check_states(states)
        return _sparse((states - self.mean) @ self.encoder + self.offset, self.active)

    def forward(self, states: Tensor) -> tuple[Tensor, Tensor]:
        """Chosen latents, and the state without their directions."""
        z = self.latent(states)
        chosen = self.chosen
        features = z[..., chosen] * self._gate()[chosen]
        return features, states - features @ self.decoder[chosen]

    def inverse(self, features: Tensor, error: Tensor) -> Tensor:
        """D[:, chosen] features + error."""
        self._check_features(features, error)
        return features @ self.decoder[self.chosen] + error

    def swap(self, target: Tensor, source: Tensor, *, block: int | None = None) -> Tensor:
        """Exchange chosen latents: t + sum over chosen j of D_j (z_j(s) - z_j(t))."""
        self._check_pair(target, source)
        self._part(block)
        return target + ((self.latent(source) - self.latent(target)) * self._gate()) @ self.decoder

    def _gate(self) -> Tensor:
        """1 for chosen latents and 0 for others, [m]; its gradient is that of a sigmoid."""
        soft = torch.sigmoid(self.preferences)
        hard = torch.zeros_like(soft).index_fill(0, self.chosen, 1.0)
        return hard + (soft - soft.detach())


def _sparse(read: Tensor, active: int) -> Tensor:
    """ReLU, then all but the largest ``active`` of the last axis are 0."""
    largest = read.relu().topk(active, dim=-1)
    return torch.zeros_like(read).scatter(-1, largest.indices, largest.values)


def _draw(below: int, n: int, generator: torch.Generator, device: torch.device) -> Tensor:
    return torch.randint(below, (n,), generator=generator, device=generator.device).to(device)
