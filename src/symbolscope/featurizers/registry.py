"""Every featurizer by its name, and a featurizer made again from what was saved of it."""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from symbolscope.core.argument_checks import Text, described
from symbolscope.errors import SymbolscopeError
from symbolscope.featurizers.boundless import Boundless
from symbolscope.featurizers.featurizer import Featurizer
from symbolscope.featurizers.identity import Identity
from symbolscope.featurizers.linear import Linear
from symbolscope.featurizers.onion import Onion
from symbolscope.featurizers.orthogonal import Orthogonal
from symbolscope.featurizers.pca import PCA
from symbolscope.featurizers.random_units import RandomUnits
from symbolscope.featurizers.reference_linear import ReferenceLinear
from symbolscope.featurizers.rev_net import RevNet
from symbolscope.featurizers.sae import SAE

# A new featurizer is one file, one line here, and one line in the laws' tests.
registry: dict[str, type[Featurizer]] = {
    "Boundless": Boundless,
    "Identity": Identity,
    "Linear": Linear,
    "Onion": Onion,
    "Orthogonal": Orthogonal,
    "PCA": PCA,
    "RandomUnits": RandomUnits,
    "ReferenceLinear": ReferenceLinear,
    "RevNet": RevNet,
    "SAE": SAE,
}


def featurizer_template(name: str, configuration: Mapping[str, Any]) -> Featurizer:
    """The template that :meth:`Featurizer.configuration` describes; it holds no tensors yet.

    Raises
    ------
    SymbolscopeError
        As :func:`featurizer_from_configuration`.
    """
    name = Text("the name of a featurizer").read("name", name)
    if not isinstance(configuration, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise SymbolscopeError(f"configuration must be a dict of arguments by name; got {described(configuration)}")
    if name not in registry:
        near = get_close_matches(str(name)[:100], registry, n=1, cutoff=0.0)
        raise SymbolscopeError(
            f"there is no featurizer {name!r}; the nearest is {near[0]!r}. "
            "Before loading one of your own type sy.featurizers.registry[name] = YourClass"
        )
    try:
        return registry[name](**{str(key): value for key, value in configuration.items()})
    except TypeError as error:
        raise SymbolscopeError(f"{name} cannot be made from {dict(configuration)}: {error}") from None


def featurizer_from_configuration(name: str, configuration: Mapping[str, Any], width: int) -> Featurizer:
    """Make a featurizer whose weights are still to be loaded.

    Parameters
    ----------
    name
        A name in ``registry``: that of the class. To load a featurizer of one's own, put its class there first.
    configuration
        What :meth:`Featurizer.configuration` returned, also after a trip through JSON.
    width
        Size of the states.

    Returns
    -------
    A float32 featurizer. ``load_state_dict(weights, assign=True)`` gives it the weights with their own dtype and device.

    Raises
    ------
    SymbolscopeError
        If the name is not registered, or the configuration or width does not suit the class.

    Examples
    --------
    >>> import torch, symbolscope as sy
    >>> trained = sy.featurizers.RevNet(size=1, blocks=2, hidden=8).initialise(4, seed=0)
    >>> trained.configuration()
    {'size': 1, 'blocks': 2, 'hidden': 8}
    >>> again = featurizer_from_configuration("RevNet", trained.configuration(), trained.width)
    >>> again.load_state_dict(trained.state_dict())
    <All keys matched successfully>
    """
    return featurizer_template(name, configuration).blank(width)


from_configuration = featurizer_from_configuration
