"""The state of an nn.RNNCell, nn.GRUCell or nn.LSTMCell that a network calls once per step."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from symbolscope.core.argument_checks import Network
from symbolscope.core.checked_call import takes
from symbolscope.errors import SymbolscopeError
from symbolscope.sites.hooked_site import HookedSite
from symbolscope.sites.modules import described, module_at, recurrent_cells, recurrent_layers
from symbolscope.sites.steps import check_range
from symbolscope.sites.visit import Arguments, Named, Visit, check_states


@dataclass(frozen=True)
class CellState(HookedSite):
    """Hidden state that a recurrent cell returns at one of its calls; the state of an nn.LSTMCell is [h; c].

    Step t is the cell's call number t (from 0) in one forward pass of the network. What is written is what the network's own loop
    carries on with, so later steps respond.

    Parameters
    ----------
    path
        Path of the cell.

    Raises
    ------
    SymbolscopeError
        When used: if the module is no cell, or is called fewer than step + 1 times.

    Examples
    --------
    >>> import torch
    >>> class Adder(torch.nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.cell = torch.nn.GRUCell(3, 4)
    ...     def forward(self, x):
    ...         h, outputs = None, []
    ...         for t in range(x.shape[1]):
    ...             h = self.cell(x[:, t], h)
    ...             outputs.append(h)
    ...         return torch.stack(outputs, dim=1)
    >>> network, site, x = Adder(), CellState("cell"), torch.ones(2, 5, 3)
    >>> bool((site.read(network, x, 2) == network(x)[:, 2]).all())
    True
    >>> site.run(network, x, torch.tensor([4, 0]), torch.zeros(2, 4)).eq(network(x)).all(dim=2)
    tensor([[ True,  True,  True,  True, False],
            [False, False, False, False, False]])
    """

    path: str = "cell"

    @takes({"network": Network()})
    def width(self, network: nn.Module) -> int:
        """Size d of the state."""
        cell = self._cell(network)
        return cell.hidden_size * (2 if isinstance(cell, nn.LSTMCell) else 1)

    def _cell(self, network: nn.Module) -> nn.RNNCellBase:
        module, name = module_at(network, self.path), described(network, self.path)
        if not isinstance(module, (nn.RNNCell, nn.GRUCell, nn.LSTMCell)):
            raise SymbolscopeError(
                f"{name} is no recurrent cell; CellState takes nn.RNNCell, nn.GRUCell or nn.LSTMCell{_others(network)}"
            )
        return module

    def _attach(self, network: nn.Module, visit: Visit) -> None:
        cell, name, width = self._cell(network), described(network, self.path), self.width(network)
        steps = visit.steps
        if steps is None:
            raise SymbolscopeError(f"{name} has a state after every call; give steps, an int or int64 [b]")
        if visit.states is not None:
            check_states(visit.states, visit.n, width, name)
        meant = set(steps.tolist())

        def visited(args: Arguments, kwargs: Named, output: object) -> object:
            step = visit.calls
            visit.calls += 1
            if step not in meant:
                return None
            parts = output if isinstance(output, tuple) else (output,)
            natural = torch.cat([_batch(part, visit.n, name) for part in parts], dim=1)  # [b, d]
            here = (steps == step).to(natural.device)[:, None]
            if visit.states is None:
                visit.found = torch.where(
                    here, natural, torch.zeros_like(natural) if visit.found is None else visit.found
                )
                return None
            written = torch.where(here, visit.states.to(device=natural.device, dtype=natural.dtype), natural)
            return tuple(written.chunk(2, dim=1)) if isinstance(output, tuple) else written

        visit.on_output(cell, visited)

    def _detach(self, network: nn.Module, visit: Visit) -> None:
        name = described(network, self.path)
        visit.check_reached(None, name)
        assert visit.steps is not None
        check_range(visit.steps, visit.calls, f"{name}, called {visit.calls} times,")


def _batch(part: object, n: int, name: str) -> Tensor:
    assert isinstance(part, Tensor)
    if part.ndim != 2 or len(part) != n:
        raise SymbolscopeError(
            f"{name} must return one row per example, [{n}, d]; got {list(part.shape)}: call it on the whole batch"
        )
    return part


def _others(network: nn.Module) -> str:
    cells = [f"CellState({path!r})" for path, _ in recurrent_cells(network)]
    layers = [f"RecurrentState({path!r})" for path, _ in recurrent_layers(network)]
    return (
        "; this network has " + ", ".join(cells + layers)
        if layers or cells
        else "; this network has none: use Output or Input"
    )
