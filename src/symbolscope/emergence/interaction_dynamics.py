"""Explain every checkpoint of a training on the same samples."""

from collections.abc import Mapping, Sequence
from os import PathLike
from time import perf_counter

import numpy as np

from symbolscope.core.argument_checks import FilePath, Flag, Number, WholeNumber, described
from symbolscope.core.checked_call import takes
from symbolscope.core.sequence_checks import ListOf
from symbolscope.core.whole_file import check_folder
from symbolscope.emergence.checkpoints import CheckpointFolder, Checkpoints, GivenCheckpoints, GivenPairs
from symbolscope.emergence.dynamics import InteractionDynamics
from symbolscope.emergence.effect_table import check_share
from symbolscope.emergence.interaction_reading import (
    GivenGames,
    InteractionReading,
    ReadingSettings,
    check_games,
    read_interactions,
)
from symbolscope.errors import SymbolscopeError
from symbolscope.games.progress import ProgressBar
from symbolscope.interactions.decompose import check_kinds
from symbolscope.interactions.tolerance import check_tolerance


@takes({"threshold": Number(finite=False), "folder": FilePath(), "progress": Flag()})
def interaction_dynamics(
    checkpoints: str | PathLike[str] | GivenPairs,
    games: GivenGames,
    *,
    network: object = None,
    kinds: str = "and-or",
    tolerance: float | str = 0.0,
    threshold: float = 0.05,
    losses: Mapping[int, tuple[float, float]] | None = None,
    accuracies: Mapping[int, tuple[float, float]] | None = None,
    folder: str | PathLike[str] | None = None,
    progress: bool | None = None,
) -> InteractionDynamics:
    """Follow the interactions of a network through its training, by order and sign.

    Every checkpoint is put into every game in turn (same sample, baseline, players, score and target) and explained. With
    J(m) = sum over |S| = m of |I(S)|, the mean order of a sample is sum of m J(m) / sum of J(m). Networks are read in evaluation
    mode and left as they are.

    Parameters
    ----------
    checkpoints
        A folder of state dicts as safetensors files, the last number in each name being the step (step-000100.safetensors);
        or a list of (step, network), each network an object of its own.
    games
        Samples to look at, with equally many players, or one.
    network
        For a folder: a network of the architecture that the files fit. A copy is loaded into.
    kinds, tolerance
        As for :func:`symbolscope.explain`.
    threshold
        An interaction counts as salient from this share of its sample's largest |effect| on.
    losses, accuracies
        Step to (training, test), for the gap; steps may be missing. None takes those that :class:`InteractionRecorder` wrote
        into the files.
    folder
        Keep what was computed, a small JSON file per checkpoint. A later run with the same parameters, samples and settings
        reads it there, so an interrupted run goes on where it was.
    progress
        Show a progress bar; None shows one where the work is long and a person is watching.

    Returns
    -------
    InteractionDynamics: the course, the phase change where there is one, a table and a picture.

    Raises
    ------
    SymbolscopeError
        If a folder holds no safetensors files (pickles are not read), one does not fit the network or has no step in its
        name, two have the same step, a step is no integer, one network stands at two steps, or a game was made from a function.

    Source: 2405.10262 and 2407.19198 (two phases: interactions of high order fall away, then come back as the network
    over-fits).

    Examples
    --------
    >>> import torch, symbolscope as sy
    >>> untrained, trained = torch.nn.Linear(4, 2), torch.nn.Linear(4, 2)
    >>> game = sy.Game(trained, torch.ones(4), target=1, score="logit")
    >>> dynamics = interaction_dynamics([(0, untrained), (100, trained)], [game])
    >>> dynamics.steps, dynamics.mean_order.mean.round(3)         # a linear network has interactions of order 1 alone
    (array([  0, 100]), array([1., 1.]))
    >>> dynamics.phase_change.reason
    '4 checkpoints with interactions are needed; there are 2'
    """
    check_kinds(kinds)
    check_tolerance(tolerance)
    check_share("threshold", threshold)
    chosen = check_games(games)
    source: Checkpoints = (
        CheckpointFolder(checkpoints, network)  # pyright: ignore[reportUnknownArgumentType]
        if isinstance(checkpoints, str | PathLike)
        else GivenCheckpoints(checkpoints)
    )
    recorded = {step: dict(values) for step, values in source.losses.items()}
    for what, given in (("loss", losses), ("accuracy", accuracies)):
        for step, train, test in _by_step(what, given):
            recorded.setdefault(step, {}).update({f"train_{what}": train, f"test_{what}": test})
    if unknown := sorted(set(recorded) - set(source.steps)):
        raise SymbolscopeError(
            f"losses are given for step {unknown[0]}, which is no checkpoint; the checkpoints are of steps "
            f"{', '.join(map(str, source.steps[:10]))}"
        )
    settings = ReadingSettings(kinds, tolerance, threshold)
    kept_in = None if folder is None else check_folder(folder)
    readings: list[InteractionReading] = []
    total = len(source.steps) * len(chosen)
    with ProgressBar(total, label="samples of checkpoints", show=progress) as bar:
        done = 0

        def read_one() -> None:
            nonlocal done
            done += 1
            bar.update(done, perf_counter())

        for step, one in source:
            reading = read_interactions(one, chosen, step, settings=settings, folder=kept_in, read_one=read_one)
            readings.append(reading)
            done = len(readings) * len(chosen)
            bar.update(done, perf_counter())
    return dynamics_of(readings, settings, recorded)


def dynamics_of(
    readings: Sequence[InteractionReading], settings: ReadingSettings, recorded: Mapping[int, Mapping[str, float]]
) -> InteractionDynamics:
    """Readings in order of their steps, and what is known of losses and accuracies, as one result."""
    ordered = sorted(readings, key=lambda reading: reading.step)

    def pairs(what: str) -> list[tuple[float, float]]:
        known = [recorded.get(reading.step, {}) for reading in ordered]
        return [(one.get(f"train_{what}", float("nan")), one.get(f"test_{what}", float("nan"))) for one in known]

    return InteractionDynamics(
        steps=np.array([reading.step for reading in ordered], dtype=np.int64),
        positive=np.stack([reading.positive for reading in ordered]),
        negative=np.stack([reading.negative for reading in ordered]),
        n_salient=np.stack([reading.n_salient for reading in ordered]),
        losses=np.array(pairs("loss"), dtype=np.float64),
        accuracies=np.array(pairs("accuracy"), dtype=np.float64),
        kinds=settings.kinds,
        tolerance=settings.tolerance,
        threshold=settings.threshold,
    )


def _by_step(what: str, given: object) -> list[tuple[int, float, float]]:
    """Step, training and test figure, of a dict from steps to pairs."""
    if given is None:
        return []
    if not isinstance(given, Mapping):
        raise SymbolscopeError(f"the {what} must be a dict from steps to (train, test); got {described(given)}")
    found: list[tuple[int, float, float]] = []
    for step, pair in given.items():
        both = ListOf(Number(finite=False), "a training and a test figure").read(f"the {what} of step {step!r}", pair)
        if len(both) != 2:
            raise SymbolscopeError(f"the {what} of step {step!r} must be (train, test); got {len(both)} numbers")
        found.append((WholeNumber().read("a step", step), *both))
    return found
