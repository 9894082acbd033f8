"""The commands, and what ``symbolscope --help`` says."""

from typing import TYPE_CHECKING, Annotated

import typer

from symbolscope.cli.demo import demo
from symbolscope.cli.explain import explain

if TYPE_CHECKING:
    from click import Command

_EXAMPLES = """
Examples:

  symbolscope demo

  symbolscope explain model.py:build --data table.csv --row 3 --output page.html
"""


def _version(asked: bool) -> None:  # noqa: FBT001 - typer calls it with the option's value
    if asked:
        from symbolscope import __version__

        typer.echo(f"symbolscope {__version__}")
        raise typer.Exit()


def _symbolscope(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and leave.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """See the symbols that emerge in a trained network, and how far that reading can be trusted."""


def command() -> "Command":
    """Build the command line as one command."""
    app = typer.Typer(
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback(epilog=_EXAMPLES)(_symbolscope)
    app.command("demo")(demo)
    app.command("explain")(explain)
    return typer.main.get_command(app)
