"""A small network trained to count on the spot, and the study of what it counts with."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from symbolscope.core.terminal_output import terminal_console

if TYPE_CHECKING:
    from symbolscope.networks.sequence_network import SequenceNetwork
    from symbolscope.report.counting_study import CountingStudy
    from symbolscope.tasks.number_task import NumberTask


def counting_study(
    network: "SequenceNetwork",
    task: "NumberTask",
    sizes: Sequence[int],
    *,
    steps: int,
    n_moments: int,
    nulls: bool,
    seed: int,
    progress: bool | None,
) -> "CountingStudy":
    """Train on one thread, say how well it went, and align count and phase by orthogonal and oblique swaps of every size."""
    import symbolscope as sy
    from symbolscope.cli.one_thread import one_thread
    from symbolscope.report.counting_study import study_counting

    with one_thread():
        history = sy.train(
            network, task, steps=10_000, check_every=25, seed=seed, snapshots=n_moments > 0, progress=progress
        )
        terminal_console().print(
            f"Trained a {type(network).__name__} with a state of {network.width} numbers on {task!r}: {history}.",
            markup=False,
        )
        return study_counting(
            network,
            sy.programs.UpDown(task),
            task,
            variables=("count", "phase"),
            featurizers=[
                kind(size=size) for kind in (sy.featurizers.Orthogonal, sy.featurizers.Linear) for size in sizes
            ],
            history=history,
            n_moments=n_moments,
            steps=steps,
            nulls=None if nulls else (),
            seed=seed,
            progress=progress,
        )
