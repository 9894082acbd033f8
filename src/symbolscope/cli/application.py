"""The commands, and what ``symbolscope --help`` says."""

from typing import Annotated

import typer

from symbolscope.cli.align import align
from symbolscope.cli.count import count
from symbolscope.cli.demo import demo
from symbolscope.cli.explain import explain
from symbolscope.cli.reproduce_emergence import reproduce_emergence
from symbolscope.cli.reproduce_interactions import reproduce_interactions
from symbolscope.cli.reproduce_numbers import reproduce_numbers

_EXAMPLES = """
Examples:

  symbolscope demo

  symbolscope explain model.py:build --data table.csv --row 3

  symbolscope count

Every command has its own help: symbolscope explain --help
"""

_EXPLAIN_EXAMPLES = """
Examples:

  symbolscope explain model.py:build --data table.csv --row 3 --drop label

  symbolscope explain model.py:build --text "not bad at all" --output page.html

  symbolscope explain network.pt2 --image cat.png --grid 3x3 --json
"""

_ALIGN_EXAMPLES = """
Examples:

  symbolscope align model.py:build --task multi-object --program up-down --variable count

  symbolscope align model.py:build --task task.py:Doubling --program program.py:Mine --site state:encoder.rnn
"""

_COUNT_EXAMPLES = """
Examples:

  symbolscope count

  symbolscope count --network lstm --max-count 20 --width 48 --sizes 4,16
"""


def _version(asked: bool) -> bool:  # noqa: FBT001 - typer calls it with the option's value
    if asked:
        from symbolscope import __version__

        typer.echo(f"symbolscope {__version__}")
        raise typer.Exit()
    return asked


def _symbolscope(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and leave.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """See the symbols that emerge in a trained network, and how far that reading can be trusted."""


def run_command(arguments: list[str]) -> object:
    """Run the command that ``arguments`` name; typer's own errors are raised, and its exit codes returned."""
    app = typer.Typer(
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback(epilog=_EXAMPLES)(_symbolscope)
    app.command("demo")(demo)
    app.command("align", epilog=_ALIGN_EXAMPLES)(align)
    app.command("count", epilog=_COUNT_EXAMPLES)(count)
    app.command("explain", epilog=_EXPLAIN_EXAMPLES)(explain)
    studies = typer.Typer(
        help="Repeat published experiments, beside what was published: numbers, interactions, emergence."
    )
    studies.command("numbers")(reproduce_numbers)
    studies.command("interactions")(reproduce_interactions)
    studies.command("emergence")(reproduce_emergence)
    app.add_typer(studies, name="reproduce")
    return typer.main.get_command(app).main(args=arguments, prog_name="symbolscope", standalone_mode=False)
