"""What a torch network computes: its layers, their tensors and settings, and the code of its own classes."""

import torch
from torch import nn

from symbolscope.games.store.callable_fingerprint import read_class
from symbolscope.games.store.digest import Digest, UnreadableError
from symbolscope.games.store.libraries import is_library

# How the network came to be, not what it computes.
NOT_SETTINGS = frozenset(
    {"training", "_name_or_path", "name_or_path", "warnings_issued", "generation_config", "_is_hf_initialized"}
)
HOOKS = ("_forward_hooks", "_forward_pre_hooks")
HOOKS_OF_ALL = ("_global_forward_pre_hooks", "_global_forward_hooks")


def read_network(digest: Digest, module: nn.Module, where: str) -> None:
    """Read a module: class, parameters, buffers, children in their order, settings and forward hooks.

    Left out are what every module holds for training and saving, ``training`` itself (games evaluate in evaluation mode), and
    the device.
    """
    kind = type(module)
    if isinstance(module, torch.jit.ScriptModule):
        raise UnreadableError(f"{where}, a scripted {kind.__name__}")
    state = module.__dict__
    original = state["_modules"].get("_orig_mod")
    if original is not None and is_library(kind.__module__):
        digest.read(original, where)  # of torch.compile: the same function, faster
        return
    if isinstance(module, torch.fx.GraphModule):
        settings = _read_graph(digest, module, where)
    else:
        _read_kind(digest, kind, where)
        settings = state.keys() - nn.Module().__dict__.keys() - NOT_SETTINGS
    for group, place in (("parameter", "_parameters"), ("buffer", "_buffers"), ("child", "_modules")):
        for name, part in state[place].items():
            if type(part).__name__ == "GuardsFn" and is_library(type(part).__module__):
                continue  # checks of the inputs that come with an exported program
            digest.token(group, name)
            digest.read(part, f"{where}.{name}" if group == "child" else f"the {group} {name!r} of {where}")
    for name in sorted(settings):
        digest.token("setting", name)
        digest.read(state[name], f"the attribute {name!r} of {where}, a {kind.__name__}")
    for hooks in HOOKS:
        for hook in state[hooks].values():
            if isinstance(module, torch.fx.GraphModule) and is_library(getattr(hook, "__module__", None)):
                continue  # checks as well
            digest.token(hooks)
            digest.read(hook, f"a forward hook of {where}, a {kind.__name__}")


def read_hooks_of_all(digest: Digest) -> None:
    """Read the hooks that torch runs for every module; nothing if there are none, as is usual."""
    for name in HOOKS_OF_ALL:
        for hook in getattr(torch.nn.modules.module, name).values():
            digest.token(name)
            digest.read(hook, "a forward hook of all modules")


def _read_graph(digest: Digest, module: torch.fx.GraphModule, where: str) -> set[str]:
    """Read a traced or exported program, of which the code tells all but what it refers to; return the attributes it uses."""
    digest.token("graph", module.code)
    used: set[str] = set()
    for node in module.graph.nodes:
        if node.op == "get_attr":
            used.add(str(node.target).partition(".")[0])
        elif node.op == "call_function" and not is_library(getattr(node.target, "__module__", None) or "torch"):
            digest.read(node.target, f"a function that {where} calls")
    return used & module.__dict__.keys()


def _read_kind(digest: Digest, kind: type, where: str) -> None:
    with digest.once(kind) as unread:
        if unread:
            if is_library(kind.__module__):
                digest.token("class", f"{kind.__module__}.{kind.__qualname__}")
            else:
                read_class(digest, kind, where)
