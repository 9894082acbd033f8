"""``symbolscope count``: train a small network to count, find the count in its state, write the page."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from symbolscope.cli.destinations import check_destination
from symbolscope.cli.say import say
from symbolscope.cli.study_parts import sizes_given
from symbolscope.core.terminal_output import terminal_console
from symbolscope.errors import SymbolscopeError

if TYPE_CHECKING:
    from symbolscope.networks.sequence_network import SequenceNetwork
    from symbolscope.tasks.number_task import NumberTask

_SIZES = "2,8"


class NetworkName(StrEnum):
    """Networks that can be trained here."""

    GRU = "gru"
    LSTM = "lstm"


class TaskName(StrEnum):
    """Tasks that can be trained here."""

    MULTI_OBJECT = "multi-object"
    SINGLE_OBJECT = "single-object"
    SAME_OBJECT = "same-object"


def count(
    network: Annotated[
        NetworkName, typer.Option("--network", metavar="NAME", help="Network: --network gru (default) or lstm")
    ] = NetworkName.GRU,
    task: Annotated[
        TaskName,
        typer.Option("--task", metavar="NAME", help="Task: --task multi-object (default), single-object, same-object"),
    ] = TaskName.MULTI_OBJECT,
    max_count: Annotated[int, typer.Option(metavar="N", min=3, help="Counts 1..N: --max-count 10")] = 10,
    width: Annotated[int, typer.Option(metavar="D", min=2, help="Size of the state: --width 20")] = 20,
    sizes: Annotated[str, typer.Option(metavar="K,K", help="Features swapped: --sizes 2,8")] = _SIZES,
    steps: Annotated[int, typer.Option(metavar="N", min=1, help="Steps of each search: --steps 1000")] = 1_000,
    seed: Annotated[int, typer.Option(metavar="S", min=0, help="Training and search: --seed 1")] = 0,
    output: Annotated[Path, typer.Option(metavar="HTML", help="The page: --output count.html")] = Path(
        "symbolscope-count.html"
    ),
    nulls: Annotated[
        bool, typer.Option("--nulls/--no-nulls", help="The same search on networks that learned nothing")
    ] = True,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress bars")] = False,
) -> None:
    """Train a small network to count and find its count and phase by swapping them between runs.

    The network sees objects, then a trigger, and answers with as many responses as there were objects. Takes
    about five minutes on one core, most of it for the controls (--no-nulls leaves them out).
    """
    check_destination(output, "--output")
    wanted = _checked_sizes(sizes, width)
    import symbolscope as sy
    from symbolscope.cli.trained_to_count import counting_study
    from symbolscope.report.alignment_table import print_study

    progress = False if quiet else None
    chosen = _task(task, max_count)
    study = counting_study(
        _network(network, chosen, width, seed),
        chosen,
        wanted,
        steps=steps,
        n_moments=5,
        nulls=nulls,
        seed=seed,
        progress=progress,
    )
    print_study(study, terminal_console())
    sy.write_report(output, study, title=f"What a {type(study.network).__name__} counts with")
    say(f"\nWrote {output}: open it in a browser, pick two trials and swap a variable between them.")
    say("Next, your own network: symbolscope align model.py:build --task multi-object --program up-down")


def _checked_sizes(given: str, width: int) -> list[int]:
    sizes = sizes_given(given)
    if given == _SIZES:  # nobody asked for these: of a small state those that are less than all of it
        return sorted({min(size, width - 1) for size in sizes})
    if sizes[-1] >= width:
        raise SymbolscopeError(
            f"--sizes {given}: {sizes[-1]} features of a state of {width} numbers would be all of it, and swapping a recurrent "
            "network's whole state proves nothing; give smaller ones or a larger --width"
        )
    return sizes


def _task(name: TaskName, max_count: int) -> "NumberTask":
    import symbolscope as sy

    kinds = {
        TaskName.MULTI_OBJECT: sy.tasks.MultiObject,
        TaskName.SINGLE_OBJECT: sy.tasks.SingleObject,
        TaskName.SAME_OBJECT: sy.tasks.SameObject,
    }
    return kinds[name](max_count=max_count)


def _network(name: NetworkName, task: "NumberTask", width: int, seed: int) -> "SequenceNetwork":
    import symbolscope as sy

    kinds = {NetworkName.GRU: sy.networks.GRU, NetworkName.LSTM: sy.networks.LSTM}
    return kinds[name](task.vocabulary, width=width, seed=seed)
