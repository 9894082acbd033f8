"""What a module returns, at one position."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from torch import Tensor, nn

from symbolscope.errors import SymbolscopeError
from symbolscope.sites.activation import Activation, is_sequence_first, replace_first
from symbolscope.sites.hooked_site import HookedSite
from symbolscope.sites.modules import described, module_at
from symbolscope.sites.visit import Arguments, Named, Visit


@dataclass(frozen=True)
class Output(HookedSite):
    """Output of any module: [b, L, d] at one position per example, or [b, d] with ``steps=None``.

    Of a module that returns a tuple or list it is the first tensor. Everything computed from it responds; where the module is a
    block of a causal transformer these are the later positions, whose keys and values of other positions stay as they are.

    Parameters
    ----------
    path
        Path of the module.
    call
        Which of the module's calls in a forward pass, if there are several.

    Raises
    ------
    SymbolscopeError
        When used: if the module returns no such tensor, is never called, or is called several times and ``call`` is not given. For
        nn.RNN, nn.GRU and nn.LSTM: changing one output of theirs leaves their state, and so all later outputs, as they were.

    Examples
    --------
    >>> import torch
    >>> network = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.ReLU(), torch.nn.Linear(4, 2))
    >>> site, x = Output("1"), torch.ones(5, 3)
    >>> site.read(network, x).shape
    torch.Size([5, 4])
    >>> swapped = site.run(network, x, None, torch.zeros(5, 4))
    >>> bool((swapped == network[2].bias).all())
    True

    A transformer block, with one position per example:

    >>> block = torch.nn.TransformerEncoderLayer(4, 1, 8, batch_first=True).eval()
    >>> x = torch.randn(2, 6, 4)
    >>> Output("").read(block, x, torch.tensor([5, 0])).shape
    torch.Size([2, 4])
    """

    call: int | None = None

    def _attach(self, network: nn.Module, visit: Visit) -> None:
        module, name = module_at(network, self.path), described(network, self.path)
        if isinstance(module, nn.RNNBase):
            raise SymbolscopeError(
                f"{name} keeps its state to itself: changing its output at one step would leave all later steps as they were. Use "
                f"RecurrentState({self.path!r}); to change only what the next module sees, use that module's Input"
            )
        sequence_first = is_sequence_first(network, self.path)

        def visited(args: Arguments, kwargs: Named, output: object) -> object:
            if not visit.is_turn(self.call, name):
                return None

            def edit(tensor: Tensor) -> Tensor | None:
                return Activation(tensor, sequence_first, f"the output of {name}").visited(visit)

            if isinstance(output, Tensor):
                return edit(output)
            if not isinstance(output, (tuple, list)) or not any(isinstance(value, Tensor) for value in output):
                raise SymbolscopeError(
                    f"{name} returns {type(output).__name__}; expected a tensor, or a tuple or list that contains one: choose a "
                    "module inside it"
                )
            values = cast("tuple[object, ...]", tuple(output))
            edited = replace_first(values, edit)
            if edited is None:
                return None
            kind = cast("Callable[..., object]", type(output))
            return kind(*edited) if hasattr(output, "_fields") else kind(edited)

        visit.on_output(module, visited)

    def _detach(self, network: nn.Module, visit: Visit) -> None:
        visit.check_reached(self.call, described(network, self.path))
