"""The conditions under which sparse interactions must emerge, checked on one input."""

import math

import numpy as np
from numpy.typing import NDArray

from symbolscope.core.argument_checks import Flag, Number, SeedOrGenerator, WholeNumber
from symbolscope.core.array_checks import plain_numbers
from symbolscope.core.checked_call import takes
from symbolscope.core.random_streams import stream
from symbolscope.emergence.emergence_report import EmergenceReport
from symbolscope.emergence.exact import Settings, chosen_order, exact_report
from symbolscope.emergence.output_rounding import output_rounding
from symbolscope.emergence.sampled import sampled_report
from symbolscope.emergence.sampling import plan_calls
from symbolscope.errors import SymbolscopeError
from symbolscope.games.evaluate import evaluate
from symbolscope.games.game import Game
from symbolscope.games.given import GivenArray
from symbolscope.games.masks import all_masks
from symbolscope.interactions.model import InteractionModel

_MOST_PLAYERS = 26
# Up to this many masks a game is evaluated on all of them; above it is sampled, by default with so many calls.
_ALL_MASKS = 1 << 16
_SAMPLED_CALLS = 10_000


@takes(
    {
        "max_order": WholeNumber(),
        "threshold": Number(finite=False),
        "xi": Number(),
        "monotone_tolerance": Number(finite=False),
        "max_calls": WholeNumber(),
        "seed": SeedOrGenerator(),
        "progress": Flag(),
    }
)
def check_emergence(
    values_or_game: InteractionModel | Game | GivenArray,
    *,
    max_order: int | None = None,
    threshold: float = 0.05,
    xi: float = 0.0,
    monotone_tolerance: float | None = None,
    max_calls: int | None = None,
    seed: int | np.random.Generator = 0,
    progress: bool | None = None,
) -> EmergenceReport:
    """Check the three conditions for the emergence of sparse AND interactions, and the bound on their number.

    With u(S) = v(S) - v(empty), I(S) its AND interactions and ubar(m) the mean of u over the sets of m players:

    1. no interactions of more than M players: the share of sum |I(S)| above M, and the differences of order M + 1, say how nearly;
    2. ubar(m) does not fall with m;
    3. ubar(m') >= (m'/m)^p ubar(m) for m' <= m: the least p that does it, with m' = 1 (all that the proofs use) and for all pairs.

    Then the number R(k) of salient interactions of order k, |I(S)| >= tau, is bounded by a number that grows like n^(p + delta)
    instead of C(n, k). ``bound_exact``, with the exact delta, is Markov's bound sum |I(S)| / tau and holds whatever the
    conditions; ``bound_upper``, with the theorem's bound on delta, is no guarantee unless the conditions hold exactly:
    interactions above M that are small instead of absent can put it below the real count.

    Parameters
    ----------
    values_or_game
        The outputs on all masks, [2^n] in the order of :func:`symbolscope.all_masks` with n from 1 to 26; an InteractionModel that
        knows them; or a Game, evaluated on all masks up to 2^16 of them (or ``max_calls``) and on random ones beyond.
    max_order
        M. None takes the highest order that has a salient interaction, so that none is left out (sampled: the highest order that
        anything could be found out about).
    threshold
        tau as a share of the largest |I(S)|, above 0 and up to 1; the empty set has no part in it.
    xi
        u(N) must exceed this for the theorem to be applied (the paper takes 1 to 3 for log-odds of language models).
    monotone_tolerance
        ubar may fall by this share of |u(N)| and still count as monotone. None allows for rounding alone: that of the network's
        precision, or of float64.
    max_calls
        Masks of a game that may be evaluated. If 2^n is more, 0.3 of the calls look for interactions of low order, 0.1 are kept for
        differences of high order, the rest goes to random orders in which players come, each evaluated at every step; None: 10,000.
    seed
        Of sampling, and of the sets whose differences are taken where they are many.
    progress
        Show a progress bar; None shows one where the work is long and a person is watching.

    Returns
    -------
    EmergenceReport; a number that does not exist is nan and has its reason in ``report.reasons``. Sampled, mean outputs have
    Student intervals, which assume nothing of the game, and the verdict on condition 2 comes from them:
    False where the mean output falls over a step or a longer stretch beyond doubt (99 % over all of them), True where no player's
    arrival lowered the output in any sampled order, or every step alone, at 95 %, does not fall, or none falls and 97.5 % of likely
    curves rise throughout; else None. These curves, order sums above those evaluated in full, and exponents come from a polynomial
    of low degree through the mean outputs (Lemma 2), which takes sums of high orders to be 0.

    Raises
    ------
    SymbolscopeError
        For values that are not 2^n finite numbers, a model that does not know them, an argument out of range, or too few calls.

    Source: Ren, Gao, Shen, Zhang, *Where We Have Arrived in Proving the Emergence of Sparse Symbolic Concepts in AI Models*
    (2305.01939): conditions 1-3, Theorems 2 and 3, section 4. Both exponents, every m0, differences of high order, reasons and
    sampling with intervals are ours.

    Examples
    --------
    >>> import numpy as np, symbolscope as sy
    >>> report = check_emergence(sy.all_masks(4).sum(axis=1))            # every player adds 1
    >>> report.monotone, round(report.exponent_order1, 9), report.counts, report.bound_exact
    (True, 1.0, array([4]), 80.0)

    The paper's example: x1 x2 x3 + x1 x2 + x2 x3 + x2 + x3 of five inputs.

    >>> x = sy.all_masks(5).T
    >>> report = check_emergence(1.0 * (x[0] & x[1] & x[2]) + (x[0] & x[1]) + (x[1] & x[2]) + x[1] + x[2])
    >>> report.mean_output.round(9), report.counts
    (array([0. , 0.4, 1. , 1.9, 3.2, 5. ]), array([2, 2, 1]))

    Forty players, so most masks are never seen:

    >>> game = sy.Game.from_function(lambda m: m[:, :9].sum(axis=1) + 3.0 * (m[:, 0] & m[:, 1]), 40)
    >>> report = check_emergence(game, max_calls=3_000, progress=False)
    >>> low, high = report.exponent_order1_interval
    >>> report.sampled, report.counts[:2], bool(low <= np.log(12 / 0.225) / np.log(40) <= high)
    (True, array([9., 1.]), True)
    """
    given_seed = -1 if isinstance(seed, np.random.Generator) else int(seed)
    settings = Settings(max_order, threshold, xi, monotone_tolerance, given_seed)
    _check_settings(settings, max_calls)
    generator = stream(seed, "masks of check_emergence")
    source: object = values_or_game
    game = source if isinstance(source, Game) else source.game if isinstance(source, InteractionModel) else None
    if isinstance(source, InteractionModel):
        if source.values is None and source.game is None:
            raise SymbolscopeError(
                "the model does not know the network's output on all masks; give check_emergence the game, or the values [2^n]"
            )
        source = source.game if source.values is None else source.values
    if not isinstance(source, Game):
        values = _checked_values(source)
        chosen_order(max_order, values.size.bit_length() - 1, default=1)
        return exact_report(
            values, settings, generator, calls=len(values), rounding_share=output_rounding(values, game)
        )
    n = source.n_players
    chosen_order(max_order, n, default=1)
    limit = _ALL_MASKS if max_calls is None else max_calls
    if n <= _MOST_PLAYERS and 1 << n <= limit:
        values = evaluate(source, all_masks(n), progress=progress)
        return exact_report(
            values, settings, generator, calls=len(values), rounding_share=output_rounding(values, game)
        )
    plan = plan_calls(n, _SAMPLED_CALLS if max_calls is None else max_calls)
    return sampled_report(source, plan, settings, generator, progress=progress)


def _check_settings(settings: Settings, max_calls: int | None) -> None:
    if not 0 < settings.threshold <= 1:
        raise SymbolscopeError(
            f"threshold must be above 0 and at most 1, a share of the largest |I(S)|; got {settings.threshold}"
        )
    if not math.isfinite(settings.xi):
        raise SymbolscopeError(f"xi must be a finite number in units of the score; got {settings.xi}")
    share = settings.monotone_tolerance
    if share is not None and not (math.isfinite(share) and share >= 0):
        raise SymbolscopeError(f"monotone_tolerance must be a share of |u(N)|, 0 or more, or None; got {share}")
    if max_calls is not None and max_calls < 1:
        raise SymbolscopeError(f"max_calls must be at least 1; got {max_calls}")


def _checked_values(given: object) -> NDArray[np.float64]:
    try:
        values = plain_numbers("values", given)
    except SymbolscopeError as error:
        raise SymbolscopeError(
            f"check_emergence takes a Game, an InteractionModel or values [2^n]; got {type(given).__name__}: {error}"
        ) from None
    size = values.size
    if values.ndim != 1 or size < 2 or size & (size - 1) or size > 1 << _MOST_PLAYERS:
        several = "; for several samples type emergence_over(values)" if values.ndim == 2 else ""
        raise SymbolscopeError(
            f"values must be [2^n], one per mask in the order of sy.all_masks(n), n from 1 to {_MOST_PLAYERS}; got shape "
            f"{list(values.shape)}{several}"
        )
    if not np.isfinite(values).all():
        row = int(np.flatnonzero(~np.isfinite(values))[0])
        raise SymbolscopeError(f"values[{row}] is not a finite number; every mask needs a finite output")
    return values
