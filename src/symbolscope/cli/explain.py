"""``symbolscope explain``: a network of the user's, on one row, text or image."""

import contextlib
import sys
import time
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from symbolscope.cli.destinations import check_destination, store_files
from symbolscope.cli.image_game import ImageInput
from symbolscope.cli.network_source import NetworkSource
from symbolscope.cli.say import say
from symbolscope.cli.table_game import TableInput
from symbolscope.cli.text_game import TextInput
from symbolscope.cli.user_code import user_code
from symbolscope.core.terminal_output import terminal_console
from symbolscope.errors import SymbolscopeError

if TYPE_CHECKING:
    from symbolscope.evidence.faithfulness import Faithfulness
    from symbolscope.evidence.left_out import NotAssessed
    from symbolscope.interactions.model import InteractionModel

_SLOW_PLAYERS = 13  # from here on the work takes more than a few seconds
_TOLERANCE, _TARGET_R2 = "4%", 0.99
_PATIENCE_SECONDS = 5.0  # who waited longer for the explanation is told why the controls take as long
_COMMON_GIB = 4.0  # what needs more may be refused, so it is not announced


class OutputsName(StrEnum):
    """What the outputs mean; see the ``outputs`` of :class:`symbolscope.Game`."""

    LOGITS = "logits"
    PROBABILITIES = "probabilities"
    MULTI_LABEL = "multi-label"
    MULTI_LABEL_LOGITS = "multi-label-logits"
    MULTI_LABEL_PROBABILITIES = "multi-label-probabilities"
    VALUE = "value"
    MARGIN = "margin"


class ScoreName(StrEnum):
    """Scores that can be named on the command line."""

    LOG_ODDS = "log-odds"
    LOGIT = "logit"
    PROBABILITY = "probability"
    OUTPUT = "output"


class MethodName(StrEnum):
    """Ways to explain."""

    AUTO = "auto"
    EXACT = "exact"
    SPARSE = "sparse"
    QUERIES = "queries"


class ExecutorName(StrEnum):
    """Places to evaluate."""

    LOCAL = "local"
    PROCESSES = "processes"
    RAY = "ray"


class SamplingName(StrEnum):
    """Laws of the masks that are drawn."""

    UNIFORM = "uniform"
    SIZE = "size"
    NEAR_FULL = "near-full"


class KindsName(StrEnum):
    """Kinds of interactions."""

    AND_OR = "and-or"
    AND = "and"


def explain(
    model: Annotated[
        str,
        typer.Argument(
            metavar="MODEL", help="file.py:function that returns the network, or program.pt2; both may run code"
        ),
    ],
    data: Annotated[
        Path | None,
        typer.Option(metavar="CSV", help="Table with a header: --data table.csv", rich_help_panel="Input: one of"),
    ] = None,
    text: Annotated[
        str | None, typer.Option(metavar="TEXT", help='Text: --text "not bad at all"', rich_help_panel="Input: one of")
    ] = None,
    image: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Image: --image cat.png", rich_help_panel="Input: one of")
    ] = None,
    text_pair: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT", help='Second text of a pair: --text-pair "it is wet"', rich_help_panel="For --text"
        ),
    ] = None,
    row: Annotated[
        int | None,
        typer.Option(metavar="N", min=0, help="Row of the table, from 0: --row 3", rich_help_panel="For --data"),
    ] = None,
    columns: Annotated[
        str | None,
        typer.Option(
            metavar="A,B", help="The network's columns, in order: --columns age,dose", rich_help_panel="For --data"
        ),
    ] = None,
    drop: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COLUMN", help="A column it is not given: --drop label (repeat)", rich_help_panel="For --data"
        ),
    ] = None,
    grid: Annotated[
        str | None,
        typer.Option(
            metavar="RxC", help="Rows x columns of patches: --grid 3x4 (default: 3x3)", rich_help_panel="For --image"
        ),
    ] = None,
    size: Annotated[
        str | None, typer.Option(metavar="HxW", help="Resize first: --size 224x224", rich_help_panel="For --image")
    ] = None,
    gray: Annotated[
        bool, typer.Option("--gray", help="One channel instead of three: --gray", rich_help_panel="For --image")
    ] = False,
    mean: Annotated[
        str | None,
        typer.Option(
            metavar="M", help="Subtract, per channel: --mean 0.485,0.456,0.406", rich_help_panel="For --image"
        ),
    ] = None,
    std: Annotated[
        str | None,
        typer.Option(metavar="S", help="Then divide: --std 0.229,0.224,0.225", rich_help_panel="For --image"),
    ] = None,
    baseline: Annotated[
        str | None,
        typer.Option(
            metavar="B",
            help="What hidden players hold: --baseline zero. Tables: typical (default: the mean of numbers, the most "
            "frequent of texts), mean, zero, missing, a number. Texts: mask, unk, "
            "pad, a token id (default: the first there is). Images: blur (default), zero, mean, a grey 0..1",
            rich_help_panel="What is explained",
        ),
    ] = None,
    score: Annotated[
        ScoreName | None,
        typer.Option(
            metavar="NAME",
            help="Number read off the output: --score log-odds (default of classes), logit, probability, output (default of "
            "regression, ranking and anomaly scores)",
            rich_help_panel="What is explained",
        ),
    ] = None,
    outputs: Annotated[
        OutputsName | None,
        typer.Option(
            metavar="NAME",
            help="What the network's outputs mean: --outputs logits, probabilities, multi-label (each column a label of its own), "
            "value (regression, ranking), margin. Default: as found, and shown; asked where it cannot be known",
            rich_help_panel="What is explained",
        ),
    ] = None,
    target: Annotated[
        str | None,
        typer.Option(
            metavar="CLASS",
            help="Class or output: --target 1 (default: as predicted)",
            rich_help_panel="What is explained",
        ),
    ] = None,
    tolerance: Annotated[
        str | None,
        typer.Option(
            metavar="T",
            help="Error allowed, where all masks are evaluated: --tolerance 0, 0.1, 4% (default) or auto",
            rich_help_panel="What is explained",
        ),
    ] = None,
    kinds: Annotated[
        KindsName,
        typer.Option(
            metavar="NAME", help="Interactions: --kinds and-or, or and alone", rich_help_panel="What is explained"
        ),
    ] = KindsName.AND_OR,
    method: Annotated[
        MethodName,
        typer.Option(
            metavar="NAME",
            help="All 2^n masks or some: --method exact, sparse, queries, or auto (exact up to 16 players)",
            rich_help_panel="Many players, long runs",
        ),
    ] = MethodName.AUTO,
    max_calls: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=1,
            help="Masked inputs evaluated at most: --max-calls 3000",
            rich_help_panel="Many players, long runs",
        ),
    ] = None,
    target_r2: Annotated[
        float | None,
        typer.Option(
            metavar="R2",
            max=1.0,
            help="Draw masks until those not fitted are predicted so well: --target-r2 0.95 (default: 0.99)",
            rich_help_panel="Many players, long runs",
        ),
    ] = None,
    sampling: Annotated[
        SamplingName | None,
        typer.Option(
            metavar="NAME",
            help="Masks drawn: --sampling uniform (default), size (every number of players), near-full (few hidden)",
            rich_help_panel="Many players, long runs",
        ),
    ] = None,
    seed: Annotated[
        int,
        typer.Option(
            metavar="N", min=0, help="For the masks drawn: --seed 1", rich_help_panel="Many players, long runs"
        ),
    ] = 0,
    store: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Keep every value, so that a stopped run goes on: --store run.sqlite",
            rich_help_panel="Many players, long runs",
        ),
    ] = None,
    executor: Annotated[
        ExecutorName | None,
        typer.Option(
            metavar="NAME",
            help="Where to evaluate: --executor processes (all cores), local, ray",
            rich_help_panel="Many players, long runs",
        ),
    ] = None,
    top: Annotated[
        int, typer.Option(metavar="K", min=1, help="Interactions listed: --top 20", rich_help_panel="Results")
    ] = 10,
    output: Annotated[
        Path | None, typer.Option(metavar="HTML", help="Write the page: --output page.html", rich_help_panel="Results")
    ] = None,
    save: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Save the interactions: --save model.safetensors", rich_help_panel="Results"),
    ] = None,
    json: Annotated[
        bool, typer.Option("--json", help="Only JSON on standard output: --json", rich_help_panel="Results")
    ] = False,
    nulls: Annotated[
        bool,
        typer.Option(
            "--nulls/--no-nulls",
            help="Compare with the network untrained (twice, with as many calls each) and with permuted outputs",
            rich_help_panel="Results",
        ),
    ] = True,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Print nothing but errors (and --json)", rich_help_panel="Results")
    ] = False,
) -> None:
    """Explain a network's output on one input by a few AND and OR interactions.

    The players are the columns of a table, the words of a text or the patches of
    an image. Up to 16 players every subset of them is hidden in turn, 2^n calls
    for n players; with more, some subsets are drawn until the rest is predicted.

    MODEL is Python code, or a program that can run code: give only files that you
    trust. For --text the function returns (network, tokenizer), or what takes strings:
    a scikit-learn pipeline, or a function from a list of texts to numbers.
    """
    given = [option for option, value in (("--data", data), ("--text", text), ("--image", image)) if value is not None]
    if len(given) != 1:
        found = f"got {' and '.join(given)}" if given else "got none of them"
        raise SymbolscopeError(f"give one input, --data table.csv --row 3, --text or --image; {found}")
    _check_belongs(given[0], "--text", {"--text-pair": text_pair})
    _check_belongs(given[0], "--data", {"--row": row, "--columns": columns, "--drop": drop or None})
    _check_belongs(
        given[0],
        "--image",
        {"--grid": grid, "--size": size, "--gray": gray or None, "--mean": mean, "--std": std},
    )
    source = NetworkSource.parse(model)
    inputs = (source.path, data, image)
    check_destination(store, "--store", inputs=inputs)
    inputs = (*inputs, *store_files(store))
    check_destination(output, "--output", inputs=inputs)
    check_destination(save, "--save", inputs=(*inputs, output))
    progress = False if quiet else None
    with contextlib.redirect_stdout(sys.stderr) if json else contextlib.nullcontext():
        from symbolscope.cli.sentences import check_tolerance

        allowed = check_tolerance(_TOLERANCE if tolerance is None else tolerance)
        if data is not None:
            sample = TableInput.parse(data, row, columns, drop or (), baseline)
        elif text is not None:
            sample = TextInput.parse(text, text_pair, baseline, from_code=source.function is not None)
        else:
            assert image is not None
            sample = ImageInput.parse(image, grid, size, mean, std, baseline, gray=gray)
        network = source.load()
        with user_code(source.user_file):
            game = sample.game(
                network,
                score=None if score is None else score.value,
                outputs=None if outputs is None else outputs.value,
                target=target,
            )
            game.settings |= {"model": source.given, "input": sample.description}
            from symbolscope.interactions.explain import exact_memory, is_exact
            from symbolscope.interactions.explain import explain as explain_game

            exact = is_exact(game.n_players, max_calls, method.value)
            if exact and not quiet and game.n_players >= _SLOW_PLAYERS and exact_memory(game.n_players) < _COMMON_GIB:
                say(_announcement(game.n_players, allowed), err=True)
            if not quiet:
                for note in _without_effect(tolerance, target_r2, sampling, exact=exact):
                    say(note, err=True)

            begun = time.perf_counter()
            where = None if executor is None else executor.value
            result = explain_game(
                game,
                tolerance=allowed,
                kinds="and" if kinds is KindsName.AND else "and-or",
                method=method.value,
                max_calls=max_calls,
                target_r2=_TARGET_R2 if target_r2 is None else target_r2,
                sampling=(sampling or SamplingName.UNIFORM).value,
                seed=seed,
                store=store,
                executor=where,
                progress=progress,
            )
        # Before the controls, which take as long again: whatever becomes of them, the explanation is kept.
        if save is not None:
            result.save(save)
        evidence: Faithfulness | NotAssessed | None = None
        if nulls and len(result.effects):  # else there is nothing to control
            from symbolscope.evidence.assess import assess
            from symbolscope.evidence.left_out import assessed

            if not quiet and time.perf_counter() - begun > _PATIENCE_SECONDS:
                say("Now the same for networks that have learned nothing; --no-nulls leaves them out.", err=True)

            def controls() -> "Faithfulness":
                with user_code(source.user_file):
                    return assess(result, store=store, executor=where, progress=progress)

            evidence = assessed(controls)
        if output is not None:
            from symbolscope.report.page import write_report

            title = f"What {source.given} reads in {sample.description}"
            write_report(output, result, title=title, evidence=None if evidence is None else [evidence], nulls=False)
    if json:
        from symbolscope.cli.as_json import as_json

        typer.echo(as_json(result, {"page": _text(output), "model": _text(save)}, evidence=evidence))
    elif not quiet:
        _print(result, evidence, top, output, save)


def _check_belongs(given: str, owner: str, options: dict[str, object]) -> None:
    for option, value in options.items():
        if value is not None and given != owner:
            raise SymbolscopeError(f"{option} goes with {owner}, not with {given}; leave it out")


def _without_effect(
    tolerance: str | None, target_r2: float | None, sampling: SamplingName | None, *, exact: bool
) -> list[str]:
    """Notes on options that were given for the other method."""
    given: dict[str, object] = (
        {"--target-r2": target_r2, "--sampling": sampling} if exact else {"--tolerance": tolerance}
    )
    why = (
        "all masks are evaluated here; give --method sparse to draw some"
        if exact
        else "the masks are drawn here, and not all of them evaluated; --target-r2 says how well they are to be predicted"
    )
    return [f"{option} has no effect: {why}." for option, value in given.items() if value is not None]


def _announcement(n_players: int, tolerance: str) -> str:
    faster = "" if tolerance.strip() in ("0", "0.0", "0%") else " (--tolerance 0 is faster)"
    from symbolscope.interactions.explain import exact_memory

    return (
        f"{n_players} players: {1 << n_players:,} model calls at most and about {exact_memory(n_players):.2g} GiB of memory, "
        f"then the split{faster}."
    )


def _print(
    result: "InteractionModel",
    evidence: "Faithfulness | NotAssessed | None",
    top: int,
    output: Path | None,
    save: Path | None,
) -> None:
    from symbolscope.cli.sentences import tolerance_sentence
    from symbolscope.report.terminal import print_model

    console = terminal_console()
    print_model(result, console, k=top, evidence=evidence)
    console.print(tolerance_sentence(result), markup=False)
    if save is not None:
        say(f"Saved {save}: symbolscope.InteractionModel.load reads it.")
    if output is not None:
        say(f"Wrote {output}: open it in a browser and click players to hide them.")
    else:
        say("Add --output page.html for a page on which players can be hidden by a click.")


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)
