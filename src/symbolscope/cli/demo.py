"""``symbolscope demo``: explain one patient to a small network, find what another counts with, write the page."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from symbolscope.cli.destinations import check_destination
from symbolscope.cli.say import say
from symbolscope.core.terminal_output import terminal_console
from symbolscope.errors import SymbolscopeError

if TYPE_CHECKING:
    import torch

    from symbolscope.games.game import Game
    from symbolscope.report.counting_study import CountingStudy

_FEATURES = 10  # the means; the other 20 columns are errors and worst values of the same features
_HELD_OUT = 0.3
_EPOCHS = 200
# The counting part: small enough for a few seconds.
_MAX_COUNT = 6
_WIDTH = 20
_SIZE = 4
_STEPS = 300


def demo(
    output: Annotated[Path, typer.Option(metavar="HTML", help="The page: --output patient.html")] = Path(
        "symbolscope-demo.html"
    ),
    patient: Annotated[int, typer.Option(metavar="N", min=0, help="Held-out patient, 0 .. 170: --patient 8")] = 3,
    tolerance: Annotated[str, typer.Option(metavar="T", help="Error allowed: --tolerance 0, 0.1, 4% or auto")] = "4%",
    seed: Annotated[int, typer.Option(metavar="S", min=0, help="Training, split and search: --seed 1")] = 0,
    nulls: Annotated[bool, typer.Option("--nulls/--no-nulls", help="Compare with what learned nothing")] = True,
    counting: Annotated[bool, typer.Option("--counting/--no-counting", help="The second, counting part")] = True,
) -> None:
    """Explain a small network's output for one patient, find what another network counts with, and write a page.

    The first is trained on breast-cancer data, the second to answer with as many responses as it saw objects. Takes
    about half a minute on one core and needs no network connection.
    """
    check_destination(output, "--output")
    from symbolscope.cli.sentences import check_tolerance, tolerance_sentence

    check_tolerance(tolerance)
    from symbolscope.evidence.assess import assess
    from symbolscope.evidence.left_out import assessed
    from symbolscope.interactions.decompose import decompose
    from symbolscope.interactions.explain import explain
    from symbolscope.report.alignment_table import print_study
    from symbolscope.report.page import write_report
    from symbolscope.report.terminal import print_model

    cells = _cells(seed)
    if patient >= len(cells.held_out):
        raise SymbolscopeError(f"--patient {patient}: there are held-out patients 0 .. {len(cells.held_out) - 1}")
    network = _trained(cells, seed)
    accuracy = float(
        (network(cells.standardised(cells.held_out)).argmax(dim=1) == cells.held_out_classes).float().mean()
    )
    console = terminal_console()
    console.print(
        f"Trained a network of {_FEATURES}-64-64-2 units on {len(cells.training)} patients of scikit-learn's "
        f"breast-cancer data (means of features of cell nuclei); accuracy on the {len(cells.held_out)} others: {accuracy:.1%}.",
        markup=False,
    )
    game = _game(cells, network, patient)
    truth = cells.class_names[int(cells.held_out_classes[patient])]
    console.print(
        f"Held-out patient {patient} is {truth}; the network says {game.settings['target_name']}. A hidden feature holds "
        "its mean over the training patients.\n",
        markup=False,
    )
    model = explain(game, tolerance=tolerance)
    evidence = assessed(lambda: assess(model, seed=seed)) if nulls and len(model.effects) else None
    print_model(model, console, evidence=evidence)
    exact = ""
    if model.tolerance > 0 and model.values is not None:
        exact = f" Without a tolerance it would take {len(decompose(model.values).effects):,} interactions."
    console.print(tolerance_sentence(model) + exact, markup=False)
    title = f"What a small network reads in patient {patient}"
    if not counting:
        write_report(output, model, title=title, evidence=None if evidence is None else [evidence], nulls=False)
        say(f"\nWrote {output}: open it in a browser and click features to hide them.")
    else:
        say("\nNow a network that counts.")
        study = _counting_study(seed, nulls=nulls)
        print_study(study, console)
        write_report(
            output,
            [model, study],
            title=f"{title}, and what another counts with",
            evidence=None if evidence is None else [evidence],
            nulls=False,
        )
        say(f"\nWrote {output}: open it in a browser, click features to hide them, and swap a count between two runs.")
    say("Next, your own network: symbolscope explain model.py:build --data table.csv --row 3")
    if counting:
        say("or                      symbolscope align model.py:build --task multi-object --program up-down")


def _counting_study(seed: int, *, nulls: bool) -> "CountingStudy":
    import symbolscope as sy
    from symbolscope.cli.trained_to_count import counting_study

    task = sy.tasks.MultiObject(max_count=_MAX_COUNT)
    network = sy.networks.GRU(task.vocabulary, width=_WIDTH, seed=seed)
    return counting_study(network, task, (_SIZE,), steps=_STEPS, n_moments=0, nulls=nulls, seed=seed, progress=None)


@dataclass(frozen=True, eq=False)
class _Cells:
    """The data: features of cell nuclei, split into training and held-out patients."""

    names: tuple[str, ...]
    class_names: tuple[str, ...]
    training: "torch.Tensor"
    training_classes: "torch.Tensor"
    held_out: "torch.Tensor"
    held_out_classes: "torch.Tensor"

    def standardised(self, rows: "torch.Tensor") -> "torch.Tensor":
        """Rows with the training patients' mean 0 and standard deviation 1, float32."""
        return ((rows - self.training.mean(dim=0)) / self.training.std(dim=0)).float()


def _cells(seed: int) -> _Cells:
    import torch
    from sklearn.datasets import load_breast_cancer

    data: Any = load_breast_cancer()
    rows = torch.from_numpy(data.data[:, :_FEATURES].copy())
    classes = torch.from_numpy(data.target)
    order = torch.randperm(len(rows), generator=torch.Generator().manual_seed(seed))
    held_out, training = order.split([round(_HELD_OUT * len(rows)), len(rows) - round(_HELD_OUT * len(rows))])
    return _Cells(
        tuple(str(name).removeprefix("mean ") for name in data.feature_names[:_FEATURES]),
        tuple(str(name) for name in data.target_names),
        rows[training],
        classes[training],
        rows[held_out],
        classes[held_out],
    )


def _trained(cells: _Cells, seed: int) -> "torch.nn.Module":
    """A trained multilayer perceptron; the global random state is left as it was."""
    import torch
    from torch import nn

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = nn.Sequential(
            nn.Linear(_FEATURES, 64), nn.GELU(), nn.Linear(64, 64), nn.GELU(), nn.Linear(64, len(cells.class_names))
        )
    inputs = cells.standardised(cells.training)
    optimizer = torch.optim.AdamW(network.parameters(), lr=3e-3, weight_decay=1.0)
    threads = torch.get_num_threads()
    torch.set_num_threads(
        1
    )  # so small a network waits longer for its threads than it computes, most of all on a busy machine
    for _ in range(_EPOCHS):
        optimizer.zero_grad()
        nn.functional.cross_entropy(network(inputs), cells.training_classes).backward()
        optimizer.step()
    torch.set_num_threads(threads)
    return network.eval()


def _game(cells: _Cells, network: "torch.nn.Module", patient: int) -> "Game":
    """The game of one patient; the page shows it in the units of the data."""
    from symbolscope.games.game import Game
    from symbolscope.games.view import TableView

    row, means = cells.held_out[patient], cells.training.mean(dim=0)
    game = Game(network, cells.standardised(row[None])[0], baseline="zero", player_names=cells.names)
    game.view = TableView(
        tuple(
            (name, f"{float(value):.4g}", f"{float(mean):.4g}")
            for name, value, mean in zip(cells.names, row, means, strict=True)
        )
    )
    target = game.settings["target"]
    assert isinstance(target, int)
    game.settings |= {
        "target_name": cells.class_names[target],
        "baseline": "mean of the training patients",
        "input": f"held-out patient {patient} of scikit-learn's breast-cancer data",
    }
    return game
