"""``symbolscope reproduce interactions``: the experiments behind sparse AND interactions and their And-Or graph."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from symbolscope.cli.say import say
from symbolscope.core.terminal_output import terminal_console
from symbolscope.errors import SymbolscopeError

if TYPE_CHECKING:
    from symbolscope.cli.reproduction.part import Part

_WIDTH = 110  # of tables where nobody watches
PARTS = ("functions", "and-or", "unfaithfulness", "jaccard", "graphs", "sparsity")


def reproduce_interactions(
    folder: Annotated[
        Path, typer.Option(metavar="FOLDER", help="Results, and where to go on from: --folder interactions")
    ] = Path("symbolscope-interactions"),
    parts: Annotated[str, typer.Option(metavar="NAMES", help=f"By commas, of {', '.join(PARTS)}")] = ",".join(PARTS),
    samples: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Samples of each network or function: --samples 50")
    ] = None,
    seeds: Annotated[int, typer.Option(metavar="N", min=1, help="Networks of each kind: --seeds 3")] = 1,
    quick: Annotated[
        bool, typer.Option("--quick", help="Tiny networks and few samples: shows that all runs, says nothing")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress bars")] = False,
) -> None:
    """Repeat the experiments of Ren et al. (2111.06206) at the size of one computer, beside what they published.

    Known functions, learned logical functions, unfaithfulness, similarity of networks, size of the And-Or graph, and sparsity.
    Every finished piece of work is a file in the folder, trained networks too, so an interrupted run goes on where it stopped.
    """
    names = [name.strip() for name in parts.split(",")]
    for name in names:
        if name not in PARTS:
            raise SymbolscopeError(f"--parts {parts}: {name!r} is none of {', '.join(PARTS)}")
    from symbolscope.cli.one_thread import one_thread
    from symbolscope.cli.reproduction.results_folder import ResultsFolder
    from symbolscope.cli.reproduction.run_part import run_part
    from symbolscope.cli.reproduction.settings import Settings

    settings = Settings(samples, seeds, quick)
    kept = ResultsFolder.opened(folder, settings.stated())
    console = terminal_console()
    if not console.is_terminal:
        console.width = _WIDTH
    begun = time.perf_counter()
    with one_thread():
        for name in dict.fromkeys(names):
            run_part(name, _part(name), settings, kept, console, progress=False if quiet else None)
    say(
        f"{time.perf_counter() - begun:,.0f} s. Wrote {folder}: one JSON file per piece of work, and the trained networks."
    )


def _part(name: str) -> "Part":
    from symbolscope.cli.reproduction.part_and_or import AndOr
    from symbolscope.cli.reproduction.part_functions import Functions
    from symbolscope.cli.reproduction.part_graphs import Graphs
    from symbolscope.cli.reproduction.part_jaccard import JaccardSimilarity
    from symbolscope.cli.reproduction.part_sparsity import Sparsity
    from symbolscope.cli.reproduction.part_unfaithfulness import Unfaithfulness

    kinds: tuple[Part, ...] = (Functions(), AndOr(), Unfaithfulness(), JaccardSimilarity(), Graphs(), Sparsity())
    return kinds[PARTS.index(name)]
