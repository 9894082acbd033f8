"""``symbolscope align``: find a program's variables in a network of the user's."""

from pathlib import Path
from typing import Annotated

import typer

from symbolscope.cli.destinations import check_destination
from symbolscope.cli.network_source import NetworkSource
from symbolscope.cli.say import say
from symbolscope.cli.study_parts import (
    counts_given,
    featurizers_named,
    program_named,
    site_named,
    sizes_given,
    task_named,
)
from symbolscope.core.terminal_output import terminal_console
from symbolscope.errors import SymbolscopeError


def align(
    model: Annotated[
        str,
        typer.Argument(
            metavar="MODEL", help="file.py:function that returns the trained network, or program.pt2; both may run code"
        ),
    ],
    task: Annotated[
        str,
        typer.Option(
            metavar="TASK", help="multi-object, single-object, same-object, mod, round, square, or file.py:name"
        ),
    ] = "multi-object",
    program: Annotated[
        str,
        typer.Option(
            metavar="PROGRAM", help="up-down, up-up, ctx-distr, count-up-incr, increment-up-up, or file.py:class"
        ),
    ] = "up-down",
    variable: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="A variable: --variable count (repeat; default: all)")
    ] = None,
    featurizer: Annotated[
        str, typer.Option(metavar="NAMES", help="orthogonal, linear, reference-linear, rev-net, pca, by commas")
    ] = "orthogonal,linear",
    sizes: Annotated[str, typer.Option(metavar="K,K", help="Features swapped: --sizes 2,8")] = "8",
    site: Annotated[
        str | None,
        typer.Option(metavar="SITE", help="state:rnn, cell:cell, output:blocks.0, input:head (default: found)"),
    ] = None,
    max_count: Annotated[int, typer.Option(metavar="N", min=1, help="Counts 1..N of the task: --max-count 20")] = 20,
    held_out: Annotated[
        str | None, typer.Option(metavar="N,N", help="Counts the network was not trained on: --held-out 4,9")
    ] = None,
    void: Annotated[float, typer.Option(metavar="P", help="Probability of a void token in the task: --void 0.2")] = 0.0,
    steps: Annotated[int, typer.Option(metavar="N", min=1, help="Steps of each search: --steps 1000")] = 1_000,
    restarts: Annotated[int, typer.Option(metavar="N", min=1, help="Starts of each search: --restarts 3")] = 1,
    seed: Annotated[int, typer.Option(metavar="S", min=0, help="Pairs and search: --seed 1")] = 0,
    force: Annotated[bool, typer.Option("--force", help="Go on even if the network has not learned the task")] = False,
    output: Annotated[
        Path | None, typer.Option(metavar="HTML", help="Write the page: --output page.html", rich_help_panel="Results")
    ] = None,
    save: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Save the best: --save count.safetensors", rich_help_panel="Results"),
    ] = None,
    nulls: Annotated[
        bool,
        typer.Option(
            "--nulls/--no-nulls", help="The same search on networks that learned nothing", rich_help_panel="Results"
        ),
    ] = True,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress bars", rich_help_panel="Results")] = False,
) -> None:
    """Find a program's variables in a network's state by swapping them between runs.

    The network maps token ids [batch, length] to logits [batch, length, vocabulary] of the task's vocabulary.

    MODEL, and TASK and PROGRAM as file.py:name, are Python code: give only files that you trust.
    """
    source = NetworkSource.parse(model)
    check_destination(output, "--output", inputs=(source.path,))
    check_destination(save, "--save", inputs=(source.path, output))
    wanted = sizes_given(sizes)
    import symbolscope as sy
    from symbolscope.report.alignment_table import print_study
    from symbolscope.report.counting_study import study_counting

    chosen = task_named(task, max_count, counts_given(held_out, "--held-out"), void)
    algorithm = program_named(program, chosen)
    featurizers = featurizers_named(featurizer, wanted)
    place = site_named(site)
    network = source.load()
    import torch

    if not isinstance(network, torch.nn.Module):
        raise SymbolscopeError(f"{model} gives a {type(network).__name__}; symbolscope align needs a torch.nn.Module")
    study = study_counting(
        network,
        algorithm,
        chosen,
        variables=tuple(variable or algorithm.names),
        featurizers=featurizers,
        site=place,
        steps=steps,
        restarts=restarts,
        nulls=None if nulls else (),
        seed=seed,
        force=force,
        progress=False if quiet else None,
    )
    print_study(study, terminal_console())
    if save is not None:
        best = max(zip(study.alignments, study.results, strict=True), key=lambda pair: pair[1].value)[0]
        best.save(save)
        say(f"Saved the best, {best}, to {save}.")
    if output is not None:
        sy.write_report(output, study, title=f"What {model} computes with")
        say(f"Wrote {output}: open it in a browser.")
