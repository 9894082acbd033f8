"""The site that a network is most likely to be studied at."""

from torch import nn

from symbolscope.core.argument_checks import Network
from symbolscope.core.checked_call import takes
from symbolscope.errors import SymbolscopeError
from symbolscope.networks.recurrent_network import RecurrentNetwork
from symbolscope.networks.transformer import Transformer
from symbolscope.sites.cell_state import CellState
from symbolscope.sites.modules import recurrent_cells, recurrent_layers
from symbolscope.sites.network_state import NetworkState
from symbolscope.sites.output import Output
from symbolscope.sites.recurrent_state import RecurrentState
from symbolscope.sites.site import Site

_SHOWN = 8


@takes({"network": Network()})
def find_site(network: nn.Module) -> Site:
    """The one state that a network passes from step to step; refuses to choose where there are several.

    A RecurrentNetwork has its own state; a :class:`symbolscope.networks.Transformer` is studied at the output of its first block;
    of other modules it is the state of their only nn.RNN, nn.GRU, nn.LSTM or recurrent cell.

    Returns
    -------
    Site.

    Raises
    ------
    SymbolscopeError
        If there is no such state, or more than one; the message lists sites to choose from.

    Examples
    --------
    >>> import torch
    >>> find_site(torch.nn.Sequential(torch.nn.Embedding(5, 4), torch.nn.GRU(4, 6, batch_first=True)))
    RecurrentState(path='1', layer=None, call=None)
    >>> find_site(torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.ReLU(), torch.nn.Linear(4, 2)))
    Traceback (most recent call last):
        ...
    symbolscope.errors.SymbolscopeError: Sequential has no recurrent state to be found; choose a site, such as Output('0'), ...
    """
    if isinstance(network, RecurrentNetwork):
        return NetworkState()
    if isinstance(network, Transformer):
        return Output("blocks.0")
    recurrent: list[Site] = [
        RecurrentState(path) for path, layer in recurrent_layers(network) if not layer.bidirectional
    ]
    recurrent += [CellState(path) for path, _ in recurrent_cells(network)]
    if len(recurrent) == 1:
        return recurrent[0]
    if recurrent:
        raise SymbolscopeError(
            f"{type(network).__name__} has {len(recurrent)} recurrent states; choose one: {_listed(recurrent)}"
        )
    blocks = [
        Output(f"{path}.{name}" if path else name)
        for path, module in network.named_modules()
        if isinstance(module, (nn.ModuleList, nn.Sequential))
        for name, _ in module.named_children()
    ]
    candidates = blocks or [Output(name) for name, _ in network.named_modules() if name]
    hint = f"choose a site, such as {_listed(candidates)}" if candidates else "Output('') is what it returns"
    raise SymbolscopeError(f"{type(network).__name__} has no recurrent state to be found; {hint}")


def _listed(sites: "list[Site] | list[Output]") -> str:
    shown = ", ".join(f"{type(site).__name__}({site.path!r})" for site in sites[:_SHOWN])
    return shown + (f" and {len(sites) - _SHOWN} more" if len(sites) > _SHOWN else "")
