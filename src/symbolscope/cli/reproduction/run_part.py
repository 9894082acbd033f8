"""Do what is left of one part of a study, and print all of it."""

import time
from typing import TYPE_CHECKING, Any

from symbolscope.cli.reproduction.part import Part
from symbolscope.cli.reproduction.results_folder import ResultsFolder
from symbolscope.cli.reproduction.settings import Settings
from symbolscope.games.progress import ProgressBar

if TYPE_CHECKING:
    from rich.console import Console


def run_part(
    name: str, part: Part, settings: Settings, kept: ResultsFolder, console: "Console", *, progress: bool | None
) -> list[dict[str, Any]]:
    """Measure the items that the folder lacks, one file each, then print the tables of all of them.

    Parameters
    ----------
    name
        Of the part; its files are NAME-ITEM.json.
    part, settings
        What is measured, and how large.
    kept
        Where finished items are; trained networks go there too.
    console
        Where to print.
    progress
        Show a progress bar; None shows one where the work is long and a person is watching.

    Returns
    -------
    The results, item by item.
    """
    items = part.items(settings)
    before = sum(kept.has(f"{name}-{item}") for item in items)
    with ProgressBar(len(items), label=name, show=progress) as bar:
        for number, item in enumerate(items, start=1):
            if not kept.has(f"{name}-{item}"):
                begun = time.perf_counter()
                result = part.measure(item, settings, kept.path)
                kept.write(f"{name}-{item}", {"seconds": time.perf_counter() - begun, "result": result})
            bar.update(number, time.perf_counter())
    found = [kept.read(f"{name}-{item}") for item in items]
    seconds = sum(one["seconds"] for one in found)
    console.print(
        f"{name}: {len(items)} pieces of work ({before} done before), {seconds:,.0f} s in all\n", markup=False
    )
    results = [one["result"] for one in found]
    part.show(results, settings, console)
    return results
