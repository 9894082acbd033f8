"""Networks whose past is one state vector."""

from abc import abstractmethod
from typing import ClassVar

import torch
from torch import Tensor, nn

from symbolscope.networks.sequence_network import SequenceNetwork


class RecurrentNetwork(SequenceNetwork):
    """A sequence network that passes nothing on but a state h_t [d].

        h_t = step(h_{t-1}, x_t),   logits_t = readout(h_t)

    Attributes
    ----------
    reentrant
        Whether several threads may run the network at once: it keeps nothing of a pass in itself. The networks here do not; say so
        of your own, and alignments are searched on several cores.

    Laws: ``states`` of a sequence equals ``resume`` of its second half from the state after the first;
    ``forward(x) = readout(states(x))``.
    """

    reentrant: ClassVar[bool] = False

    @property
    @abstractmethod
    def state_size(self) -> int:
        """Size d of the state."""

    @abstractmethod
    def initial_state(self, n: int) -> Tensor:
        """State before any token, [n, d]."""

    @abstractmethod
    def resume(self, states: Tensor, tokens: Tensor, lengths: Tensor | None = None) -> Tensor:
        """States after each of further tokens, differentiable in ``states``.

        Parameters
        ----------
        states
            [b, d].
        tokens
            int64 [b, S]; S may be 0.
        lengths
            int64 [b]: how many of the tokens matter; states further on are of no particular value. None is all.

        Returns
        -------
        Tensor [b, S, d].
        """

    @abstractmethod
    def readout(self, states: Tensor) -> Tensor:
        """Logits [..., V] of states [..., d]."""

    def states(self, tokens: Tensor) -> Tensor:
        """State after each token, [b, L, d]."""
        return self.resume(self.initial_state(len(tokens)), tokens)

    def forward(self, tokens: Tensor) -> Tensor:
        return self.readout(self.states(tokens))

    @staticmethod
    def _watched(*modules: nn.Module) -> bool:
        """Whether somebody's hooks are to be called when one of the modules is."""
        return any(
            module._forward_hooks or module._forward_pre_hooks or module._backward_hooks or module._backward_pre_hooks
            for module in modules
        )

    def _compiled(self, states: Tensor, *modules: nn.Module) -> bool:
        """Whether compiled steps can stand for the modules: on the CPU, in a type they know, and nobody is watching the modules."""
        return (
            states.device.type == "cpu"
            and states.dtype in (torch.float32, torch.float64)
            and not self._watched(*modules)
        )
