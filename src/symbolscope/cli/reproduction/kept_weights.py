"""Networks that are trained once and then read from a folder."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from torch import nn

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
    from safetensors import safe_open
    from safetensors.torch import load_file, save_file

    path = folder / f"{name}.safetensors"
    if path.exists():
        network.load_state_dict(load_file(path))
        with safe_open(path, framework="pt") as file:
            said = {key: float(value) for key, value in (file.metadata() or {}).items()}
        return network.eval(), said
    said = train(network)
    draft = path.with_suffix(".draft")
    save_file(network.state_dict(), draft, metadata={key: repr(value) for key, value in said.items()})
    os.replace(draft, path)
    return network.eval(), said
