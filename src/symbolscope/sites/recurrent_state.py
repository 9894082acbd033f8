"""The state of nn.RNN, nn.GRU or nn.LSTM at one step, anywhere in a network."""

from dataclasses import dataclass

from torch import Tensor, nn

from symbolscope.core.argument_checks import Network
from symbolscope.core.array_checks import DenseTensor
from symbolscope.core.checked_call import takes
from symbolscope.errors import SymbolscopeError
from symbolscope.networks.gru import GRU
from symbolscope.networks.lstm import LSTM
from symbolscope.sites.continuation import Continuation
from symbolscope.sites.forward_pass import Inputs
from symbolscope.sites.hooked_site import HookedSite
from symbolscope.sites.layers import Layers
from symbolscope.sites.modules import described, module_at, recurrent_cells, recurrent_layers
from symbolscope.sites.network_state import NetworkState
from symbolscope.sites.recurrent_run import RecurrentRun
from symbolscope.sites.steps import Steps
from symbolscope.sites.visit import Arguments, Named, Visit, check_states


@dataclass(frozen=True)
class RecurrentState(HookedSite):
    """Hidden state of an nn.RNN, nn.GRU or nn.LSTM after the input of one step, such that all later steps follow from it.

    With x_t the layer's input and h_t = f(h_{t-1}, x_t) its state, writing s at step t gives

        outputs  h_1 .. h_{t-1}, s, f(s, x_{t+1}), f(f(s, x_{t+1}), x_{t+2}), ...

    not just another output at step t. The state of an LSTM is [h; c]; of several layers it is [h of each; c of each], in their
    order. With ``layer`` it is that layer's alone, and the layers above respond from step t on. It all uses the fused
    kernels: nothing is unrolled. Packed sequences are taken as they come; ``batch_first`` makes no difference.

    Parameters
    ----------
    path
        Path of the module.
    layer
        Index of one layer; None is all of them.
    call
        Which of the module's calls in a forward pass, if there are several.

    Raises
    ------
    SymbolscopeError
        When used: if the module is not one of the three, is bidirectional (there is no state that all later outputs follow from),
        drops out between its layers, or is given unbatched input.

    Examples
    --------
    >>> import torch
    >>> class Speller(torch.nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.letters = torch.nn.Embedding(5, 4)
    ...         self.rnn = torch.nn.GRU(4, 6, batch_first=True)
    ...         self.head = torch.nn.Linear(6, 5)
    ...     def forward(self, tokens):
    ...         return self.head(self.rnn(self.letters(tokens))[0])
    >>> network, site = Speller(), RecurrentState("rnn")
    >>> tokens = torch.tensor([[0, 1, 2, 3], [4, 3, 2, 1]])
    >>> states = site.read(network, tokens, torch.tensor([2, 0]))  # after token 2 of the first, token 0 of the second
    >>> states.shape
    torch.Size([2, 6])
    >>> swapped = site.run(network, tokens, torch.tensor([2, 0]), states.flip(0))
    >>> (swapped - network(tokens)).abs().amax(dim=2) > 1e-6  # what changed: that step and all later ones
    tensor([[False, False,  True,  True],
            [ True,  True,  True,  True]])
    """

    path: str = "rnn"
    layer: int | None = None
    call: int | None = None

    @takes({"network": Network()})
    def width(self, network: nn.Module) -> int:
        """Size d of the state."""
        return self._layers(network).width

    @takes({"network": Network()})
    def observe(self, network: nn.Module, inputs: Inputs, steps: Steps) -> tuple[Tensor, object]:
        """Natural states at ``steps``, and what the network returned; see :meth:`Site.read`."""
        if self._is_own(network):
            return NetworkState().observe(network, inputs, steps)
        return super().observe(network, inputs, steps)

    @takes({"network": Network(), "states": DenseTensor()})
    def run(self, network: nn.Module, inputs: Inputs, steps: Steps, states: Tensor) -> object:
        """What the network returns with ``states`` written at ``steps``; see :meth:`Site.run`."""
        if self._is_own(network):
            return NetworkState().run(network, inputs, steps, states)
        return super().run(network, inputs, steps, states)

    @takes({"network": Network(), "lengths": DenseTensor(axes=(1,), whole=True)})
    def continuation(
        self, network: nn.Module, inputs: Inputs, steps: Steps, *, lengths: Tensor | None = None
    ) -> Continuation:
        """Prepare for writing many states; see :meth:`Site.continuation`."""
        if self._is_own(network):
            return NetworkState().continuation(network, inputs, steps, lengths=lengths)
        return super().continuation(network, inputs, steps, lengths=lengths)

    def _is_own(self, network: nn.Module) -> bool:
        """Whether this is the state that the network itself defines; such a network may run without calling the module."""
        return (
            isinstance(network, GRU | LSTM)
            and self.path == "rnn"
            and self.layer in (None, 0)
            and self.call in (None, 0)
        )

    def _layers(self, network: nn.Module) -> Layers:
        """The layers whose state this is; refuses modules that have none."""
        module, name = module_at(network, self.path), described(network, self.path)
        if not isinstance(module, (nn.RNN, nn.GRU, nn.LSTM)):
            raise SymbolscopeError(
                f"{name} has no recurrent state; RecurrentState takes nn.RNN, nn.GRU or nn.LSTM{_others(network)}"
            )
        if module.bidirectional:
            raise SymbolscopeError(
                f"{name} is bidirectional: its later outputs do not follow from the state at one step. Choose a one-directional "
                f"module, or the Input of the one after it"
            )
        if module.training and module.dropout > 0 and module.num_layers > 1:
            raise SymbolscopeError(f"{name} drops out between its layers in training mode; type network.eval() first")
        if self.layer is not None and not 0 <= self.layer < module.num_layers:
            raise SymbolscopeError(f"{name} has layers 0..{module.num_layers - 1}; got layer={self.layer}")
        if self.layer is None:
            return Layers(module, 0, module.num_layers)
        return Layers(module, self.layer, self.layer + 1)

    def _attach(self, network: nn.Module, visit: Visit) -> None:
        layers, name = self._layers(network), described(network, self.path)
        if visit.steps is None:
            raise SymbolscopeError(f"{name} has a state after every position; give steps, an int or int64 [b]")
        if visit.states is not None:
            check_states(visit.states, visit.n, layers.width, name)

        def visited(args: Arguments, kwargs: Named, output: object) -> object:
            if not visit.is_turn(self.call, name):
                return None
            run = RecurrentRun(layers, args, kwargs, output, visit, name)
            if visit.states is None:
                visit.found = run.states_at(run.steps)
                return None
            return run.written(visit.states.to(device=run.x.device, dtype=run.x.dtype))

        visit.on_output(layers.module, visited)

    def _detach(self, network: nn.Module, visit: Visit) -> None:
        visit.check_reached(self.call, described(network, self.path))


def _others(network: nn.Module) -> str:
    layers = [f"RecurrentState({path!r})" for path, _ in recurrent_layers(network)]
    cells = [f"CellState({path!r})" for path, _ in recurrent_cells(network)]
    return (
        "; this network has " + ", ".join(layers + cells)
        if layers or cells
        else "; this network has none: use Output or Input"
    )
