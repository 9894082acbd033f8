"""The same network in other coordinates, not at right angles."""

import torch
from torch import Tensor

from symbolscope.core.argument_checks import InstanceOf, Seed, WholeNumber
from symbolscope.core.array_checks import DenseTensor
from symbolscope.core.checked_call import takes
from symbolscope.errors import SymbolscopeError
from symbolscope.networks.recurrent_network import RecurrentNetwork


class Skewed(RecurrentNetwork):
    """A recurrent network whose state is another's times an invertible matrix: h' = h B, behaviour unchanged.

    A variable along one direction of h is still one linear variable of h', but in general not orthogonal to the others, so that no
    orthogonal swap carries it and an oblique one does.

    Parameters
    ----------
    network
        The other network.
    matrix
        B, [d, d], invertible, taken over in the type of the states; or the seed of a random one whose singular values run from
        1/2 to 2.

    Raises
    ------
    SymbolscopeError
        If B has another shape or is (nearly) singular.

    Examples
    --------
    A count that leaks into the direction of the phase:

    >>> import symbolscope as sy
    >>> task = sy.tasks.MultiObject(max_count=5)
    >>> B = torch.tensor([[1.0, 0.0, 2.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    >>> network = Skewed(sy.networks.Toy1d(task), B)
    >>> sy.networks.trial_accuracy(network, task)
    1.0
    """

    matrix: Tensor  # [d, d]
    inverse: Tensor  # [d, d]

    def __init__(self, network: RecurrentNetwork, matrix: Tensor | int = 0) -> None:
        network = InstanceOf(RecurrentNetwork, "a recurrent network", "sy.networks.GRU(vocabulary)").read(
            "network", network
        )
        super().__init__(network.vocabulary, network.width)
        d = network.state_size
        matrix = (
            DenseTensor().read("matrix", matrix)
            if isinstance(matrix, Tensor)
            else _random(d, Seed().read("matrix", matrix))
        )
        if matrix.shape != (d, d):
            raise SymbolscopeError(
                f"matrix must be [{d}, {d}], the network's state being {d} wide; got {list(matrix.shape)}"
            )
        if not (matrix.isfinite().all() and float(torch.linalg.cond(matrix.double())) < 1e5):
            raise SymbolscopeError("matrix must be invertible with a condition number below 1e5")
        states = network.initial_state(1)
        self.network = network
        self.register_buffer("matrix", matrix.detach().to(states, copy=True))
        self.register_buffer("inverse", torch.linalg.inv(matrix.detach().double()).to(states))

    @property
    def state_size(self) -> int:
        return self.network.state_size

    @takes({"n": WholeNumber(least=0, most=10_000_000)})
    def initial_state(self, n: int) -> Tensor:
        return self.network.initial_state(n) @ self.matrix

    def resume(self, states: Tensor, tokens: Tensor, lengths: Tensor | None = None) -> Tensor:
        return self.network.resume(states @ self.inverse, tokens, lengths) @ self.matrix

    def readout(self, states: Tensor) -> Tensor:
        return self.network.readout(states @ self.inverse)


def _random(d: int, seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    left, right = torch.linalg.qr(torch.randn(2, d, d, generator=generator, dtype=torch.float64))[0]
    return (left * torch.logspace(-1, 1, d, base=2.0, dtype=torch.float64) @ right).float()
