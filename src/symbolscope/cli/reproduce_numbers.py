"""``symbolscope reproduce numbers``: the grid of networks, tasks, programs and featurizers behind the number-variable papers."""

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from symbolscope.cli.reproduction.results_folder import ResultsFolder
from symbolscope.cli.say import say
from symbolscope.cli.study_parts import sizes_given
from symbolscope.core.terminal_output import terminal_console
from symbolscope.core.whole_file import whole_file
from symbolscope.errors import SymbolscopeError

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from symbolscope.networks.sequence_network import SequenceNetwork
    from symbolscope.tasks.number_task import NumberTask

_PROGRAMS = {"UpDown": ("count", "phase"), "UpUp": ("demo_count", "response_count")}
_COLUMNS = (
    "task", "network", "seed", "program", "variable", "featurizer", "size", "parameters", "iia", "low", "high", "floor",
    "ceiling", "held_out_iia", "network_accuracy",
)  # fmt: skip
_STATED = (
    "What the papers state (arXiv 2501.06141, whose tables are not repeated here): recurrent networks align well but not "
    "perfectly with Up-Down, better than with Up-Up, on tasks whose response token is not the one shown; alignment varies with "
    "task, architecture and size; shallow transformers carry no running count and recompute it from the context "
    "(anti-Markovian)."
)


@dataclass(frozen=True)
class Cell:
    """One trained network of the grid."""

    task: str
    network: str
    seed: int

    @property
    def name(self) -> str:
        """Name of its files."""
        return f"{self.task}-{self.network}-{self.seed}"


def reproduce_numbers(
    folder: Annotated[
        Path, typer.Option(metavar="FOLDER", help="Results, and where to go on from: --folder numbers")
    ] = Path("symbolscope-numbers"),
    seeds: Annotated[int, typer.Option(metavar="N", min=1, help="Networks of each kind: --seeds 3")] = 3,
    tasks: Annotated[
        str, typer.Option(metavar="NAMES", help="multi-object, single-object, same-object, by commas")
    ] = "multi-object",
    networks: Annotated[
        str, typer.Option(metavar="NAMES", help="gru, lstm, nope, rope, by commas")
    ] = "gru,lstm,nope,rope",
    width: Annotated[int, typer.Option(metavar="D", min=4, help="Size of the states: --width 48")] = 48,
    max_count: Annotated[int, typer.Option(metavar="N", min=5, help="Counts 1..N: --max-count 20")] = 20,
    sizes: Annotated[str, typer.Option(metavar="K,K", help="Features swapped: --sizes 4,16")] = "4,16",
    steps: Annotated[int, typer.Option(metavar="N", min=1, help="Steps of each search: --steps 1000")] = 1_000,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress bars")] = False,
) -> None:
    """Run the grid of networks x tasks x programs x featurizers x sizes, and print it beside what the papers state.

    Every finished network is a file in the folder, so an interrupted run goes on where it stopped. Counts 4, 9, 14
    and 17 are held out from training where there are as many.
    """
    wanted = sizes_given(sizes)
    cells = [
        Cell(task, network, seed)
        for task in _names(tasks, ("multi-object", "single-object", "same-object"), "--tasks")
        for network in _names(networks, ("gru", "lstm", "nope", "rope"), "--networks")
        for seed in range(seeds)
    ]
    if wanted[-1] > width:
        raise SymbolscopeError(f"--sizes {sizes}: larger than the state of {width} numbers")
    one_of_each = {cell.network: cell for cell in cells}
    for cell in one_of_each.values():  # a width that a network refuses is said before any training
        _network(cell, _task(cell, max_count), width)
    kept = ResultsFolder.opened(folder, {"width": width, "max_count": max_count, "sizes": wanted, "steps": steps})

    from symbolscope.cli.one_thread import one_thread

    console = terminal_console()
    with one_thread():
        for number, cell in enumerate(cells, start=1):
            if kept.has(cell.name):
                console.print(f"{number}/{len(cells)} {cell.name}: done before", markup=False)
                continue
            result = _run(cell, folder, width, max_count, wanted, steps, progress=False if quiet else None)
            kept.write(cell.name, result)
            console.print(f"{number}/{len(cells)} {cell.name}: {result['history']}", markup=False)
    results: list[dict[str, Any]] = [kept.read(cell.name) for cell in cells]
    _write_table(folder / "numbers.csv", results)
    _print_summary(results, console)
    say(f"\nWrote {folder / 'numbers.csv'} and one JSON file per network.")


def _names(given: str, known: tuple[str, ...], option: str) -> list[str]:
    names = [name.strip() for name in given.split(",")]
    for name in names:
        if name not in known:
            raise SymbolscopeError(f"{option} {given}: {name!r} is none of {', '.join(known)}")
    return list(dict.fromkeys(names))


def _run(
    cell: Cell, folder: Path, width: int, max_count: int, sizes: list[int], steps: int, *, progress: bool | None
) -> dict[str, Any]:
    """Train one network and align it, or test whether it is Markovian if it is a transformer."""
    import symbolscope as sy
    from symbolscope.report.counting_study import study_counting

    task = _task(cell, max_count)
    network = _network(cell, task, width)
    checkpoint = folder / f"{cell.name}.checkpoint.safetensors"
    transformer = isinstance(network, sy.networks.Transformer)
    history = sy.train(
        network,
        task,
        rate=1e-3 if transformer else 5e-3,
        stop_accuracy=1.0,
        seed=cell.seed,
        checkpoint=checkpoint,
        progress=progress,
    )
    result: dict[str, Any] = {
        "task": cell.task, "network": cell.network, "seed": cell.seed, "history": str(history),
        "accuracy": history.accuracy, "held_out_accuracy": history.held_out_accuracy, "rows": [], "markov": None,
    }  # fmt: skip
    if transformer:
        report = sy.markov_test(network, task)
        result["markov"] = {
            "verdict": report.verdict,
            "follows_source": float(report.follows_source.mean()),
            "follows_target": float(report.follows_target.mean()),
            "report": str(report),
        }
    for name, variables in _PROGRAMS.items():
        if transformer and name == "UpUp":
            continue
        study = study_counting(
            network,
            getattr(sy.programs, name)(task),
            task,
            variables=variables,
            featurizers=[
                kind(size=size) for kind in (sy.featurizers.Orthogonal, sy.featurizers.Linear) for size in sizes
            ],
            steps=steps,
            nulls=(),
            seed=cell.seed,
            force=True,
            progress=progress,
        )
        for index, (alignment, iia) in enumerate(zip(study.alignments, study.results, strict=True)):
            low, high = iia.interval
            held = study.held_out_results[index].value if study.held_out_results else None
            result["rows"].append(
                {
                    "program": name, "variable": iia.variables[0], "featurizer": type(alignment.featurizer).__name__,
                    "size": alignment.featurizer.size, "parameters": alignment.complexity, "iia": iia.value, "low": low,
                    "high": high, "floor": iia.floor, "ceiling": iia.ceiling, "held_out_iia": held,
                    "by_source": [[*one.key, one.value, one.n] for one in iia.table("source")],
                }
            )  # fmt: skip
    checkpoint.unlink(missing_ok=True)
    return result


def _task(cell: Cell, max_count: int) -> "NumberTask":
    import symbolscope as sy

    kinds = {
        "multi-object": sy.tasks.MultiObject, "single-object": sy.tasks.SingleObject, "same-object": sy.tasks.SameObject,
    }  # fmt: skip
    held_out = tuple(count for count in (4, 9, 14, 17) if count < max_count) if max_count >= 10 else ()
    void = 0.2 if cell.network in ("nope", "rope") else 0.0
    return kinds[cell.task](max_count=max_count, held_out=held_out, void_probability=void)


def _network(cell: Cell, task: "NumberTask", width: int) -> "SequenceNetwork":
    import symbolscope as sy

    if cell.network == "gru":
        return sy.networks.GRU(task.vocabulary, width=width, seed=cell.seed)
    if cell.network == "lstm":
        return sy.networks.LSTM(task.vocabulary, width=width, seed=cell.seed)
    # The dropout of the paper; without it the answer after a swap is the target's less reliably.
    return sy.networks.Transformer(task.vocabulary, width=width, positions=cell.network, dropout=0.5, seed=cell.seed)


def _write_table(path: Path, results: list[dict[str, Any]]) -> None:
    with whole_file(path) as draft, draft.open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, _COLUMNS, extrasaction="ignore")
        table.writeheader()
        for result in results:
            for row in result["rows"]:
                shared = {"task": result["task"], "network": result["network"], "seed": result["seed"]}
                table.writerow(shared | row | {"network_accuracy": result["accuracy"]})


def _print_summary(results: list[dict[str, Any]], console: "Console") -> None:
    groups: dict[str, dict[tuple[Any, ...], list[dict[str, Any]]]] = {}
    for result in results:
        for row in result["rows"]:
            table = groups.setdefault(f"{result['network']} on {result['task']}, {row['program']}", {})
            table.setdefault((row["variable"], row["featurizer"], row["size"]), []).append(row)
    for title, rows in groups.items():
        console.print(_table(title, rows))
    console.print(
        "IIA on fresh pairs, mean over seeds, and its range over seeds; floor: nothing swapped; held out: on trials with counts "
        "never trained on.",
        markup=False,
    )
    for result in results:
        if result["markov"]:
            markov = result["markov"]
            console.print(
                f"{result['task']} {result['network']} seed {result['seed']}: {markov['verdict']}; after a whole-state swap the "
                f"answer is the target's in {markov['follows_target']:.1%} and the source's in {markov['follows_source']:.1%}",
                markup=False,
            )
    console.print(_STATED, markup=False)
    console.print("Nothing was controlled here: no null networks were searched. sy.assess(alignment) runs them.")


def _table(title: str, groups: dict[tuple[Any, ...], list[dict[str, Any]]]) -> "Table":
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD)
    for column in ("variable", "features"):
        table.add_column(column, no_wrap=True)
    for column in ("IIA", "seeds", "floor", "held out"):
        table.add_column(column, justify="right", no_wrap=True)
    for (variable, featurizer, size), rows in groups.items():
        iia = [row["iia"] for row in rows]
        held = [row["held_out_iia"] for row in rows if row["held_out_iia"] is not None]
        table.add_row(
            variable,
            f"{featurizer} {size}",
            f"{sum(iia) / len(iia):.3f}",
            f"{min(iia):.3f}-{max(iia):.3f}",
            f"{sum(row['floor'] for row in rows) / len(rows):.3f}",
            f"{sum(held) / len(held):.3f}" if held else "-",
        )
    return table
