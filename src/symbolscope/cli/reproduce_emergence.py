"""``symbolscope reproduce emergence``: when sparse symbolic interactions emerge, transfer, and change with training."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from symbolscope.cli.say import say
from symbolscope.core.terminal_output import terminal_console
from symbolscope.errors import SymbolscopeError

if TYPE_CHECKING:
    from symbolscope.cli.reproduction.part import Part

_WIDTH = 150  # of tables where nobody watches
PARTS = ("conditions", "parity", "transfer", "dynamics", "shared")


def reproduce_emergence(
    folder: Annotated[
        Path, typer.Option(metavar="FOLDER", help="Results, and where to go on from: --folder emergence")
    ] = Path("symbolscope-emergence"),
    parts: Annotated[str, typer.Option(metavar="NAMES", help=f"By commas, of {', '.join(PARTS)}")] = ",".join(PARTS),
    samples: Annotated[
        int | None, typer.Option(metavar="N", min=2, help="Samples of each network: --samples 50")
    ] = None,
    seeds: Annotated[int, typer.Option(metavar="N", min=1, help="Networks of each kind: --seeds 3")] = 1,
    quick: Annotated[
        bool, typer.Option("--quick", help="Tiny networks and few samples: shows that all runs, says nothing")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress bars")] = False,
) -> None:
    """Repeat the experiments of Ren et al. (2305.01939) and of its neighbours at the size of one computer.

    The conditions for emergence and the bound on the number of interactions, a network for which they must fail, transfer
    (2302.13080), interactions through a training (2405.10262), and interactions that two networks share (ICLR 2024), each beside
    what was published and beside random weights. Every finished piece of work is a file in the folder, trained networks too, so an
    interrupted run goes on where it stopped.
    """
    names = [name.strip() for name in parts.split(",")]
    for name in names:
        if name not in PARTS:
            raise SymbolscopeError(f"--parts {parts}: {name!r} is none of {', '.join(PARTS)}")
    from symbolscope.cli.one_thread import one_thread
    from symbolscope.cli.reproduction.part_dynamics import write_dynamics
    from symbolscope.cli.reproduction.results_folder import ResultsFolder
    from symbolscope.cli.reproduction.run_part import run_part
    from symbolscope.cli.reproduction.settings import Settings

    settings = Settings(samples, seeds, quick)
    kept = ResultsFolder.opened(folder, {"study": "emergence", **settings.stated()})
    console = terminal_console()
    if not console.is_terminal:
        console.width = _WIDTH
    begun = time.perf_counter()
    with one_thread():
        for name in dict.fromkeys(names):
            results = run_part(name, _part(name), settings, kept, console, progress=False if quiet else None)
            if name == "dynamics":
                write_dynamics(folder / "dynamics.csv", results)
    say(
        f"{time.perf_counter() - begun:,.0f} s. Wrote {folder}: one JSON file per piece of work, and the trained networks."
    )


def _part(name: str) -> "Part":
    from symbolscope.cli.reproduction.part_conditions import Conditions
    from symbolscope.cli.reproduction.part_dynamics import Dynamics
    from symbolscope.cli.reproduction.part_parity import Parity
    from symbolscope.cli.reproduction.part_shared import Shared
    from symbolscope.cli.reproduction.part_transfer import Transfer

    kinds: tuple[Part, ...] = (Conditions(), Parity(), Transfer(), Dynamics(), Shared())
    return kinds[PARTS.index(name)]
