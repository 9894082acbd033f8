"""The state of a RecurrentNetwork, as the network itself defines it."""

from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from symbolscope.core.argument_checks import Network
from symbolscope.core.array_checks import DenseTensor
from symbolscope.core.checked_call import takes
from symbolscope.errors import SymbolscopeError
from symbolscope.networks.recurrent_network import RecurrentNetwork
from symbolscope.sites.continuation import Continuation
from symbolscope.sites.forward_pass import Inputs, recurrent_backward
from symbolscope.sites.resumed import ResumedContinuation, suffix
from symbolscope.sites.site import Site
from symbolscope.sites.steps import Steps, at_steps, check_range, checked_steps
from symbolscope.sites.visit import check_states


@dataclass(frozen=True)
class NetworkState(Site):
    """State of a :class:`symbolscope.networks.RecurrentNetwork` after a token; what follows is resumed from it.

    With h_t = ``network.states(tokens)[:, t]``, writing s at step t gives the logits

        readout(h_1), .., readout(h_{t-1}), readout(s), readout(resume(s, tokens_{t+1} ..))

    Raises
    ------
    SymbolscopeError
        When used: if the network is no RecurrentNetwork, or the inputs are not tokens int64 [b, L].

    Examples
    --------
    >>> import torch
    >>> from symbolscope.networks import GRU
    >>> from symbolscope.tasks import MultiObject
    >>> network, site = GRU(MultiObject().vocabulary, width=8), NetworkState()
    >>> tokens = torch.tensor([[0, 1, 2, 3], [0, 2, 2, 3]])
    >>> states = site.read(network, tokens, 2)
    >>> torch.equal(states, network.states(tokens)[:, 2])
    True
    >>> torch.allclose(site.run(network, tokens, 2, states.flip(0)).flip(0)[:, 2], network(tokens)[:, 2], atol=1e-6)
    True
    """

    path: str = field(default="", init=False)

    @takes({"network": Network()})
    def width(self, network: nn.Module) -> int:
        """Size d of the state."""
        return self._network(network).state_size

    @takes({"network": Network()})
    def observe(self, network: nn.Module, inputs: Inputs, steps: Steps) -> tuple[Tensor, object]:
        """States at ``steps``, and the network's logits; see :meth:`Site.read`."""
        recurrent = self._network(network)
        tokens, checked = self._checked(inputs, steps)
        states = recurrent.states(tokens)
        return at_steps(states, checked), recurrent.readout(states)

    def read(self, network: nn.Module, inputs: Inputs, steps: Steps = None) -> Tensor:
        """States at ``steps``; tokens after the last of them are not run."""
        recurrent = self._network(network)
        tokens, checked = self._checked(inputs, steps)
        return at_steps(recurrent.states(tokens[:, : int(checked.max()) + 1]), checked)

    @takes({"network": Network(), "states": DenseTensor()})
    def run(self, network: nn.Module, inputs: Inputs, steps: Steps, states: Tensor) -> Tensor:
        """Logits [b, L, V] with ``states`` written at ``steps``; see :meth:`Site.run`."""
        recurrent = self._network(network)
        tokens, checked = self._checked(inputs, steps)
        check_states(states, len(tokens), recurrent.state_size, "the network's state")
        with recurrent_backward(network, states):
            natural = recurrent.states(tokens)
            written = states.to(device=natural.device, dtype=natural.dtype)
            after = torch.cat([written[:, None], recurrent.resume(written, suffix(tokens, checked))], dim=1)
            offset = (torch.arange(tokens.shape[1]) - checked[:, None]).to(
                natural.device
            )  # [b, L] since the written one
            index = offset.clamp(0, after.shape[1] - 1)[:, :, None].expand_as(natural)
            return recurrent.readout(torch.where((offset >= 0)[:, :, None], after.gather(1, index), natural))

    @takes({"network": Network(), "lengths": DenseTensor(axes=(1,), whole=True)})
    def continuation(
        self, network: nn.Module, inputs: Inputs, steps: Steps, *, lengths: Tensor | None = None
    ) -> Continuation:
        """Prepare for resuming from many states; see :meth:`Site.continuation`."""
        recurrent = self._network(network)
        tokens, checked = self._checked(inputs, steps)
        return ResumedContinuation.of(recurrent, tokens, checked, lengths=lengths)

    def _network(self, network: nn.Module) -> RecurrentNetwork:
        if not isinstance(network, RecurrentNetwork):
            raise SymbolscopeError(
                f"{type(network).__name__} is no RecurrentNetwork and has no state of its own; find_site(network) says what it has"
            )
        return network

    def _checked(self, inputs: Inputs, steps: Steps) -> tuple[Tensor, Tensor]:
        """Tokens [b, L] and the step of each of them."""
        if not isinstance(inputs, Tensor) or inputs.dtype != torch.int64 or inputs.ndim != 2 or 0 in inputs.shape:
            shape = (
                f"{str(inputs.dtype).removeprefix('torch.')} {list(inputs.shape)}"
                if isinstance(inputs, Tensor)
                else "a dict"
            )
            raise SymbolscopeError(f"inputs must be tokens, int64 [b, L]; got {shape}")
        checked = checked_steps(steps, len(inputs))
        if checked is None:
            raise SymbolscopeError("the network has a state after every token; give steps, an int or int64 [b]")
        check_range(checked, inputs.shape[1], "the network, on these inputs,")
        return inputs, checked
