"""The command group, and how errors become exit codes: 0 ok, 1 failed, 2 usage, 3 bad data, 4 bad model file, 130 interrupted."""

import errno
import importlib
import io
import os
import sys
import warnings
from contextlib import suppress
from typing import Any

import click

from normexp._system import system_failure
from normexp._version import __version__
from normexp.cli._console import say
from normexp.cli._shown import shown, shown_lines
from normexp.cli._streams import finish_output, let_go_of_output, prepare_streams
from normexp.errors import DataError, ModelFileError, NormexpError
from normexp_command.signals import exit_code

__all__ = ["main", "run"]

COMMANDS = ("train", "tune", "runs", "split", "predict", "evaluate", "report", "explain", "info", "learn", "demo")
SHORT_HELP = {
    "train": "Train a classifier from a table and save it.",
    "tune": "Try many classifiers of a table and save the best.",
    "runs": "List, sort and compare the runs that train --log has recorded.",
    "split": "Divide a table into rows to learn from and rows to test on.",
    "predict": "Class probabilities for the rows of a table.",
    "evaluate": "Score one model, or compare several, on a table with a target column.",
    "report": "One HTML file: can the model be trusted?",
    "explain": "Why a model answers what it answers; softmax of numbers, step by step.",
    "info": "What a model file contains.",
    "learn": "The page that teaches softmax, with sliders and pictures.",
    "demo": "The tutorial's program: four blobs, pictures, results.",
}


class Commands(click.Group):
    """A command's module is imported when it runs, so that --help and --version are quick."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(importlib.import_module(f"normexp.cli._{cmd_name}"), cmd_name)
        return command

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(SHORT_HELP.items()))

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        from normexp._checks import did_you_mean

        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            raise click.UsageError(f"expected a command out of {', '.join(COMMANDS)}, got '{args[0]}'{did_you_mean(args[0], COMMANDS)}", ctx)
        return super().resolve_command(ctx, args)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="normexp")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.pass_context
def group(ctx: click.Context, debug: bool) -> None:
    """From a table to class probabilities that can be trusted.

    \b
    A first round:
      normexp train example:iris
      normexp train data.csv --target species
      normexp train data.csv --target species --report report.html
      normexp predict data.safetensors new.csv -o predictions.csv
      normexp explain 0.7 1.5 4.8

    TABLE is a CSV, TSV, Parquet, JSON or Feather file (text also gzipped or zipped), a glob in quotes,
    FILE.duckdb::TABLE, FILE.sqlite::TABLE, a pipe, - for standard input, or example:iris, wine, digits, breast_cancer
    or blobs. Results go to stdout, everything else to stderr. Nothing is ever fetched from a network.
    """
    ctx.obj = debug


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit."""
    sys.exit(run(sys.argv[1:] if arguments is None else arguments))


def run(arguments: list[str]) -> int:
    """Run the command line; its exit code."""
    prepare_streams()
    debug = "--debug" in arguments
    arguments = [argument for argument in arguments if argument != "--debug"]  # allowed anywhere
    if not debug:
        warnings.simplefilter("ignore")
    try:
        code = _run(arguments)
        finish_output()
    except Exception as error:  # the last resort: a message, never a bare traceback
        if debug:
            raise
        code = _code_of(error)
    let_go_of_output()
    return code


def _run(arguments: list[str]) -> int:
    try:
        code = group.main(arguments, prog_name="normexp", standalone_mode=False)
    except SystemExit as stop:  # click's own: a closed pipe, where there is nobody to tell, or the end of shell completion
        return int(stop.code or 0) if "_NORMEXP_COMPLETE" in os.environ else 0
    except (KeyboardInterrupt, click.exceptions.Abort):
        say("interrupted")
        return exit_code() or 130
    return (exit_code() or code if code == 130 else code) if isinstance(code, int) else 0


def _code_of(error: Exception) -> int:
    """The exit code of an error, once it is said."""
    if isinstance(error, BrokenPipeError):  # who read the results has had enough
        return 0
    if (interrupted := exit_code()) is not None:  # an interrupt that a library made into an error of its own
        say("interrupted")
        return interrupted
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        _say_lines(error.format_message() + "\n")
        return 2
    if isinstance(error, click.ClickException):
        _say_usage(error)
        return error.exit_code
    failure = system_failure(error)
    say(f"error: {_message(failure or error)}")
    return 1 if failure else 3 if isinstance(error, DataError) else 4 if isinstance(error, ModelFileError) else 1


def _say_usage(error: click.ClickException) -> None:
    """As click says it, but what was typed is shown, not sent."""
    text, message = io.StringIO(), error.format_message()
    if (context := getattr(error, "ctx", None)) is not None:
        context.color = True  # else click drops some escapes, and what is wrong is not seen
    error.show(file=text)
    _say_lines(shown_lines(text.getvalue().replace(message, shown(message))))


def _say_lines(text: str) -> None:
    with suppress(OSError, ValueError):
        click.echo(text, err=True, nl=False)


def _message(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno == errno.EBADF and not error.filename:
        return "expected open standard input and output, got a closed one; give it a file or /dev/null"
    if isinstance(error, OSError) and error.strerror and not isinstance(error, (DataError, ModelFileError)):
        place = f" ({error.filename})" if error.filename else ""
        return f"{error.strerror}{place}"
    if isinstance(error, (NormexpError, ValueError, TypeError, OSError, MemoryError)):
        return str(error)
    return f"{type(error).__name__}: {error}; run it again with --debug for the details"
