"""Networks that are trained once and then read from a folder."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from torch import nn

from symbolscope.core.checked_tensors import checked_bytes, of_tensor, read_checked, read_file
from symbolscope.core.whole_file import write_whole
from symbolscope.errors import SymbolscopeError

_FORMAT = "symbolscope.kept_weights"
_WHAT = "weights kept by symbolscope"

Network = TypeVar("Network", bound=nn.Module)


def kept_weights(
    folder: Path, name: str, network: Network, train: Callable[[Network], dict[str, float]]
) -> tuple[Network, dict[str, float]]:
    """Train ``network`` in place, or give it the weights it was trained to before.

    Weights are ``NAME.safetensors`` in the folder, with what ``train`` returned (accuracies and the like) as metadata.

    Parameters
    ----------
    folder
        Where weights are kept.
    name
        Names the network and all that its training depends on.
    network
        With its first weights.
    train
        Trains it in place and says how good it is.

    Returns
    -------
    The network in evaluation mode, and what ``train`` returned.

    Examples
    --------
    >>> import tempfile, torch
    >>> folder = Path(tempfile.mkdtemp())
    >>> def halve(network):
    ...     network.weight.data *= 0.5
    ...     return {"accuracy": 1.0}
    >>> first = kept_weights(folder, "small", nn.Linear(1, 1), halve)[0]
    >>> again, said = kept_weights(folder, "small", nn.Linear(1, 1), halve)
    >>> bool(first.weight == again.weight), said
    (True, {'accuracy': 1.0})
    """
    path = folder / f"{name}.safetensors"
    if path.exists():
        return network.eval(), _loaded(path, network)
    said = {key: float(value) for key, value in train(network).items()}
    tensors = {key: of_tensor(tensor) for key, tensor in network.state_dict().items()}
    write_whole(path, checked_bytes(tensors, kind=_FORMAT, version=1, key="said", about=said))
    return network.eval(), said


def _loaded(path: Path, network: nn.Module) -> dict[str, float]:
    """Give the network its weights, if they are whole and its own."""
    content = read_file(path, "kept weights")
    found = read_checked(
        content, f"{path} (delete it, and it is trained again)", kind=_FORMAT, version=1, key="said", what=_WHAT
    )
    forms = {
        name: (str(own.dtype).removeprefix("torch."), tuple(own.shape)) for name, own in network.state_dict().items()
    }
    there = {name: (tensor.torch_name, tensor.shape) for name, tensor in found.tensors.items()}
    if forms != there or not all(type(value) in (int, float) for value in found.about.values()):
        raise SymbolscopeError(f"{path} holds the weights of another network; delete it, and it is trained again")
    network.load_state_dict({name: tensor.tensor() for name, tensor in found.tensors.items()})
    return {name: float(value) for name, value in found.about.items()}
