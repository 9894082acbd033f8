"""Learning what hidden players are replaced by, so that few interactions explain the network."""

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray

from symbolscope.core.argument_checks import Flag, Number, Seed, WholeNumber
from symbolscope.core.checked_call import takes
from symbolscope.core.gradient_mode import gradients
from symbolscope.errors import SymbolscopeError
from symbolscope.games.game import Game
from symbolscope.games.given import GivenArray
from symbolscope.games.progress import ProgressBar
from symbolscope.games.view import TextView
from symbolscope.interactions.baseline_bound import BaselineBound, baseline_bound, masked_network
from symbolscope.interactions.baseline_cost import AndEffects, BaselineCost, SecondOrderDifferences
from symbolscope.interactions.learned_baseline import LearnedBaseline

if TYPE_CHECKING:
    GivenGames: TypeAlias = Game | Sequence[Game]
else:
    GivenGames = object  # refused below, with a message of its own

_FIRST_STEP, _LAST_STEP = 0.3, 0.03
_MOST_PLAYERS = 14
_DECAY = (0.9, 0.999)


@takes({"radius": Number(finite=False), "relative": Flag(), "steps": WholeNumber(), "seed": Seed(), "progress": Flag()})
@gradients()
def learn_baseline(
    games: GivenGames,
    *,
    radius: float = 0.1,
    spread: GivenArray | None = None,
    limits: tuple[float, float] | None = None,
    relative: bool = False,
    steps: int = 50,
    seed: int = 0,
    progress: bool | None = None,
) -> LearnedBaseline:
    """Learn the values that stand for a hidden player: those with which the network's output is sparsest.

    For one game, by its AND effects I (all 2^n masked outputs, n up to 14):

        minimise over r:   sum over S of |I(S; r)|     subject to   |r_i - initial_i| <= radius * spread_i.

    With c = the transposed Moebius transform of sign(I), held constant, the gradient is that of sum over T of c(T) v(x_T(r)), which
    passes through the network in batches. Steps are projected on the bound and scaled coordinate by coordinate.

    For several games one baseline is learned, shared by all, that makes second-order differences small:

        minimise over r:   E |v(A, B, C) - v(A, C) - v(B, C) + v(C)|    over games and disjoint sets A, B, C of players,

    |A|, |B| from 1 to 3, C all other players one time in three, else any number of them. Texts share one vector for all positions;
    other games must have samples of one shape.

    The best iterate is returned, the start included, so the cost never rises. What is learned is a choice of this game, to be
    reported with it: other baselines ask other questions. One question is easy: the sum of |I| is at least |v(N) - v(empty)|, and a
    baseline may come to give the empty input the output of the full one, which leaves nothing to explain. ``differences`` shows
    how far that went, and ``relative=True`` takes the gain away.

    Parameters
    ----------
    games
        One game, or several of the same network, made of a torch network with real inputs (texts by ``level="embedding"``).
    radius
        How far each coordinate may go, in units of ``spread`` (the paper: 0.1; its text demo 0.05).
    spread
        Standard deviation of each coordinate over the data, of the sample's shape or broadcasting to it, such as
        ``training_samples.std(axis=0)``. For texts that of the network's embeddings is the default.
    limits
        Least and largest value of any coordinate, such as (0, 1) for images.
    relative
        For one game: divide the cost by |v(N) - v(empty)|, so that nothing is gained by an empty input that looks like the full
        one.
    steps
        Number of steps, each one gradient of all masked outputs (one game) or of 40 masked inputs per game.
    seed
        For the sets drawn with several games.
    progress
        Progress bar on stderr: True, False, or None for "if stderr is a terminal and it takes more than a second".

    Returns
    -------
    LearnedBaseline: ``values``, ``game`` (or ``games``) with it, the cost at every step and the bound.

    Raises
    ------
    SymbolscopeError
        If gradients cannot pass (no torch network, token ids, a score without gradient), or an argument is out of range.

    Source: one game: Ren et al., 2111.06206, section 3.2; several: Ren et al., 2305.01939, appendix on learned baselines.

    Examples
    --------
    >>> import torch, symbolscope as sy
    >>> generator = torch.manual_seed(0)
    >>> network = torch.nn.Sequential(torch.nn.Linear(6, 32), torch.nn.Tanh(), torch.nn.Linear(32, 2))
    >>> game = sy.Game(network, torch.randn(6), target=1)
    >>> learned = learn_baseline(game, radius=0.5, spread=1.0, steps=20)
    >>> learned.cost_after < learned.cost_before
    True
    >>> float(abs(learned.values - learned.initial).max()) <= 0.5 + 1e-6
    True
    >>> sy.explain(learned.game).n_players
    6
    """
    chosen = _checked_games(games)
    if not chosen:
        raise SymbolscopeError("games must be a game or a sequence of games; got none")
    if steps < 1:
        raise SymbolscopeError(f"steps must be at least 1; got {steps}")
    first = chosen[0]
    sources = [masked_network(game) for game in chosen]
    shared_vector = len(chosen) > 1 and all(isinstance(game.view, TextView) for game in chosen)
    bound = baseline_bound(first, shared_vector=shared_vector, radius=radius, spread=spread, limits=limits)
    shapes = {tuple(source.inputs.baseline.shape[1 if shared_vector else 0 :]) for source in sources}
    if len(shapes) > 1:
        raise SymbolscopeError(
            f"a shared baseline needs samples of one shape; got {', '.join(str(shape) for shape in sorted(shapes))}"
        )
    if any(game.network is not first.network for game in chosen):
        raise SymbolscopeError("a shared baseline is learned for one network; the games have several")
    starts = [source.inputs.baseline[0] if shared_vector else source.inputs.baseline for source in sources]
    if any(not torch.equal(start, starts[0]) for start in starts):
        raise SymbolscopeError(
            "a shared baseline needs games that start from the same one: give each the same baseline=..."
        )
    cost: BaselineCost
    if len(chosen) == 1:
        if first.n_players > _MOST_PLAYERS:
            raise SymbolscopeError(
                f"the AND effects of {first.n_players} players take 2^{first.n_players} outputs per step, with gradients; "
                f"up to {_MOST_PLAYERS} players, or give several games to learn from their second-order differences"
            )
        cost = AndEffects(first, sources[0], relative=relative)
    elif relative:
        raise SymbolscopeError("relative=True is for one game; second-order differences are not a share of anything")
    else:
        cost = SecondOrderDifferences(chosen, sources, seed=seed)
    with ProgressBar(steps, label="learning the baseline", show=progress) as bar:
        values, costs, interrupted = _descend(cost, bound, sources[0].inputs.baseline, steps, bar)
    like = sources[0].inputs.baseline
    ends = [torch.from_numpy(end).to(device=like.device, dtype=like.dtype) for end in (bound.initial, values)]
    return LearnedBaseline(
        values=values,
        initial=bound.initial,
        low=bound.low,
        high=bound.high,
        cost_name=cost.name,
        costs=costs,
        differences=np.stack([cost.differences(end) for end in ends]),
        games=tuple(game.with_baseline(values) for game in chosen),
        interrupted=interrupted,
    )


def _checked_games(given: object) -> tuple[Game, ...]:
    games: tuple[object, ...] = tuple(given) if isinstance(given, (list, tuple)) else (given,)
    for game in games:
        if not isinstance(game, Game):
            raise SymbolscopeError(f"games must be a sy.Game or a list of them; got a {type(game).__name__}")
    return tuple(game for game in games if isinstance(game, Game))


def _descend(
    cost: BaselineCost, bound: BaselineBound, like: torch.Tensor, steps: int, bar: ProgressBar
) -> tuple[NDArray[np.float64], NDArray[np.float64], bool]:
    """Projected steps within the bound: the best iterate, the cost at each, and whether Ctrl-C ended them."""
    width = 0.5 * (bound.high - bound.low)
    middle = 0.5 * (bound.high + bound.low)
    free = width > 0
    # In units of the box, a step means the same for every coordinate; Adam's scaling does the rest.
    position = np.where(free, (bound.initial - middle) / np.where(free, width, 1.0), 0.0)
    first, second = np.zeros_like(position), np.zeros_like(position)
    best, costs, interrupted = bound.initial, list[float](), False
    try:
        for step in range(steps + 1):
            values = bound.initial if step == 0 else np.clip(middle + width * position, bound.low, bound.high)
            tensor = torch.from_numpy(values).to(device=like.device, dtype=like.dtype)
            here, gradient = cost.value_and_gradient(tensor, wanted=step < steps)
            if not costs or here < min(costs):
                best = values
            costs.append(here)
            if gradient is None:
                break
            slope = gradient.detach().cpu().double().numpy() * width
            first = _DECAY[0] * first + (1 - _DECAY[0]) * slope
            second = _DECAY[1] * second + (1 - _DECAY[1]) * slope**2
            mean, square = first / (1 - _DECAY[0] ** (step + 1)), second / (1 - _DECAY[1] ** (step + 1))
            rate = _FIRST_STEP * (_LAST_STEP / _FIRST_STEP) ** (step / max(steps - 1, 1))
            position = np.clip(position - rate * mean / (np.sqrt(square) + 1e-12), -1.0, 1.0)
            bar.update(step + 1, time.perf_counter())
    except KeyboardInterrupt:
        if not costs:
            raise
        interrupted = True
    return best, np.array(costs), interrupted
