"""What a module is given, at one position."""

import inspect
from dataclasses import dataclass

from torch import Tensor, nn

from symbolscope.errors import SymbolscopeError
from symbolscope.sites.activation import Activation, is_sequence_first, replace_first
from symbolscope.sites.hooked_site import HookedSite
from symbolscope.sites.modules import described, module_at
from symbolscope.sites.visit import Arguments, Named, Visit


@dataclass(frozen=True)
class Input(HookedSite):
    """Input of any module: [b, L, d] at one position per example, or [b, d] with ``steps=None``.

    It is the first tensor among the module's positional arguments; if there is none, the argument that bears the name of the first
    parameter of its ``forward``. Only this module sees what is written: a residual stream that passes beside it does not.

    Parameters
    ----------
    path
        Path of the module.
    call
        Which of the module's calls in a forward pass, if there are several.

    Raises
    ------
    SymbolscopeError
        When used: if the module is given no such tensor, is never called, or is called several times and ``call`` is not given.

    Examples
    --------
    >>> import torch
    >>> network = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.ReLU(), torch.nn.Linear(4, 2))
    >>> x = torch.ones(5, 3)
    >>> bool((Input("2").read(network, x) == network[:2](x)).all())
    True
    >>> bool((Input("2").run(network, x, None, torch.zeros(5, 4)) == network[2].bias).all())
    True
    """

    call: int | None = None

    def _attach(self, network: nn.Module, visit: Visit) -> None:
        module, name = module_at(network, self.path), described(network, self.path)
        sequence_first = is_sequence_first(network, self.path)

        def visited(args: Arguments, kwargs: Named) -> tuple[Arguments, Named] | None:
            if not visit.is_turn(self.call, name):
                return None

            def edit(tensor: Tensor) -> Tensor | None:
                return Activation(tensor, sequence_first, f"the input of {name}").visited(visit)

            if any(isinstance(value, Tensor) for value in args):
                edited = replace_first(args, edit)
                return None if edited is None else (edited, kwargs)
            first = next(iter(inspect.signature(module.forward).parameters), "")
            value = kwargs.get(first)
            if not isinstance(value, Tensor):
                given = (
                    ", ".join([*(type(value).__name__ for value in args), *(f"{key}=" for key in kwargs)]) or "nothing"
                )
                raise SymbolscopeError(
                    f"{name} is given no tensor to read or write: expected one among its positional arguments, or {first!r}; got "
                    f"{given}. Use the Output of the module before it"
                )
            replaced = edit(value)
            return None if replaced is None else (args, {**kwargs, first: replaced})

        visit.on_input(module, visited)

    def _detach(self, network: nn.Module, visit: Visit) -> None:
        visit.check_reached(self.call, described(network, self.path))
