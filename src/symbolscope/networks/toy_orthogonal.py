"""Up-Down with one nearly orthogonal direction per number."""

import torch
from torch import Tensor

from symbolscope.core.argument_checks import Seed, WholeNumber
from symbolscope.core.checked_call import takes
from symbolscope.errors import SymbolscopeError
from symbolscope.networks.oracle import Oracle
from symbolscope.tasks.number_task import NUMBER_TASK, NumberTask

# Largest cosine that the direction of another number may have with that of 0.
_NEAREST = 0.6
# Cosine above which the count is read as 0: so close to 1 that every dimension of the code matters.
_ZERO = 0.98
# Least share of the states' spread that every direction must have, 1 if all have the same: none of them may be left out.
_LEAST_SPREAD = 0.5
_MOST_TRIES = 10_000


class ToyOrthogonal(Oracle):
    """Count c is the direction u Q^c for a rotation Q of all coordinates but the last, which is the phase.

    Q turns (d - 1) / 2 planes at random angles, and u lies equally in all of them, so each number has a direction of its own and
    together they fill all d - 1 dimensions. Demonstration tokens apply Q, responses its inverse, the trigger flips the phase; E
    when the direction is u again. Swapping the d - 1 coordinates swaps the count of :class:`symbolscope.programs.UpDown` exactly.

    Parameters
    ----------
    task
        MultiObject or SingleObject.
    width
        Size d of the state, odd, at least 5.
    seed
        Of Q, whose angles are drawn again until no count up to the largest comes near the direction of 0.

    Raises
    ------
    SymbolscopeError
        If the width is even or too small for that many counts.

    Source: after Grant, Goodman, McClelland, arXiv 2501.06141 (the theory of alignment functions).

    Examples
    --------
    >>> import symbolscope as sy
    >>> task = sy.tasks.MultiObject(max_count=20)
    >>> sy.networks.trial_accuracy(ToyOrthogonal(task), task)
    1.0
    """

    @takes({"task": NUMBER_TASK, "width": WholeNumber(least=1), "seed": Seed()})
    def __init__(self, task: NumberTask, *, width: int = 7, seed: int = 0) -> None:
        super().__init__(task, width, least=5)
        if width % 2 == 0:
            raise SymbolscopeError(f"ToyOrthogonal turns planes beside the phase, so its width is odd; got {width}")
        generator = torch.Generator().manual_seed(seed)
        Q, u = _rotation(width - 1, task.max_count, generator)
        for demo in task.demos:
            self.maps[demo, :-1, :-1] = Q
        self.maps[task.response, :-1, :-1] = Q.T
        self.maps[task.trigger, -1, -1] = -1.0
        self.first[:-1] = u
        self.first[-1] = 1.0
        self.weights[:-1, task.end] = 500.0 * u
        self.bias[task.end] = -500.0 * _ZERO
        self.weights[-1, task.demos[0]] = 1_000.0
        self.bias[[task.response, task.demos[0]]] = 0.0


def _rotation(d: int, max_count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Q [d, d] and u [d] such that u Q^c keeps away from u for every c that two runs can be apart, and the u Q^c fill all d."""
    counts = torch.arange(1, 2 * max_count + 1, dtype=torch.float64)
    n_planes = d // 2
    for _ in range(_MOST_TRIES):
        angles = torch.pi * torch.rand(n_planes, generator=generator, dtype=torch.float64)
        turns = counts[:max_count, None] * angles
        directions = torch.cat([turns.cos(), turns.sin()], dim=1) / n_planes**0.5  # of counts 1, 2, .., in the planes
        spread = torch.linalg.svdvals(directions)[-1] / (max(max_count, d) / d) ** 0.5  # 1 if equal in all d dimensions
        apart = torch.cos(counts[:, None] * angles).mean(dim=1).max()
        if float(apart) < _NEAREST and (max_count < d or float(spread) > _LEAST_SPREAD):
            break
    else:
        raise SymbolscopeError(
            f"{d} dimensions do not keep {max_count} counts apart; give another width than {d + 1}, larger by 2 or 4"
        )
    planes = [torch.stack([angle.cos(), angle.sin(), -angle.sin(), angle.cos()]).view(2, 2) for angle in angles]
    turned = torch.linalg.qr(torch.randn(d, d, generator=generator, dtype=torch.float64))[0]
    u = torch.tensor([1.0, 0.0], dtype=torch.float64).repeat(n_planes) / n_planes**0.5
    return (turned.T @ torch.block_diag(*planes) @ turned).float(), (u @ turned).float()
