"""One forward pass through a network in which a site is read or written, and the hooks that live for that long."""

from collections.abc import Callable
from contextvars import ContextVar, Token
from types import TracebackType
from typing import cast

from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from symbolscope.core.array_checks import DenseTensor
from symbolscope.errors import SymbolscopeError

Arguments = tuple[object, ...]
Named = dict[str, object]

# The visit whose network is running in this thread. Only its hooks act: a network that is read from within another pass over it, or
# from another thread at the same time, is not written to by mistake.
_current: "ContextVar[Visit | None]" = ContextVar("current_visit", default=None)


class Visit:
    """The steps of one pass, what is to be written there, and what was found there.

    A context manager: on leaving it, also by an exception inside the network, every hook is gone.

    Parameters
    ----------
    n
        Number of examples.
    steps
        int64 [n] on the CPU, or None.
    states
        [n, d] to be written; None to read.

    Attributes
    ----------
    found
        The natural states [n, d], once read.
    calls
        How often the site's module has been called in this pass.
    """

    def __init__(self, n: int, steps: Tensor | None, states: Tensor | None) -> None:
        self.n = n
        self.steps = steps
        self.states = states
        self.found: Tensor | None = None
        self.calls = 0
        self._handles: list[RemovableHandle] = []
        self._token: Token[Visit | None] | None = None

    def __enter__(self) -> "Visit":
        self._token = _current.set(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for handle in self._handles:
            handle.remove()
        self._handles.clear()
        if self._token is not None:
            _current.reset(self._token)

    def on_input(self, module: nn.Module, edit: Callable[[Arguments, Named], tuple[Arguments, Named] | None]) -> None:
        """Have ``edit(args, kwargs)`` see, and possibly replace, what ``module`` is called with."""

        def hook(_: nn.Module, args: Arguments, *rest: Named) -> tuple[Arguments, Named] | None:
            return edit(args, *rest) if _current.get() is self else None

        self._handles.append(module.register_forward_pre_hook(hook, with_kwargs=True))

    def on_output(self, module: nn.Module, edit: Callable[[Arguments, Named, object], object]) -> None:
        """Have ``edit(args, kwargs, output)`` see, and unless it returns None replace, what ``module`` returns."""

        # A thread that has just seen the hook leave calls it without kwargs; it is not that thread's hook.
        def hook(_: nn.Module, args: Arguments, *rest: object) -> object:
            if _current.get() is not self:
                return None
            kwargs, output = rest
            return edit(args, cast("Named", kwargs), output)

        self._handles.append(module.register_forward_hook(hook, with_kwargs=True))

    def is_turn(self, call: int | None, name: str) -> bool:
        """Count a call of the module, and whether it is the one meant; None means that there is to be one only."""
        self.calls += 1
        if call is None and self.calls > 1:
            raise SymbolscopeError(
                f"{name} is called more than once in one forward pass; say which call is meant: call=0 is the first"
            )
        return self.calls - 1 == (call or 0)

    def check_reached(self, call: int | None, name: str) -> None:
        """Refuse a pass in which the module was not called, or not often enough."""
        if self.calls == 0:
            raise SymbolscopeError(
                f"{name} is never called in the forward pass on these inputs, so there is no state to read or write; choose a "
                "module that is"
            )
        if call is not None and self.calls <= call:
            raise SymbolscopeError(f"{name} is called {self.calls} times in one forward pass; got call={call}")

    def checked_states(self, width: int, like: Tensor, name: str) -> Tensor | None:
        """The states to be written, in the site's own dtype; refuses any shape but [n, width]."""
        if self.states is None:
            return None
        check_states(self.states, self.n, width, name)
        return self.states.to(device=like.device, dtype=like.dtype)


def check_states(states: Tensor, n: int, width: int, name: str) -> None:
    """Refuse states that are not floating-point [n, width]."""
    states = DenseTensor().read("states", states)
    if states.shape != (n, width) or not states.is_floating_point():
        raise SymbolscopeError(
            f"states must be floating-point [b, d] = [{n}, {width}], one row per example, for {name}; got "
            f"{str(states.dtype).removeprefix('torch.')} {list(states.shape)}"
        )
