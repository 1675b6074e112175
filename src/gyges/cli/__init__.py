"""The command line: ``gyges COMMAND``.

Commands are loaded when they are called, so that ``gyges --help`` is quick. Data goes to stdout, progress and messages
to stderr. Exit status: 0 done, 1 could not, 2 ran and a gate failed.
"""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Sequence
from typing import Any

import click

from gyges.cli.lazy import LazyGroup
from gyges.errors import GygesError

__all__ = ["cli", "main"]

_COMMANDS = {
    "run": ("gyges.cli.run", "Ask a model under both tiers, measure the gap, write the report."),
    "gap": ("gyges.cli.gap", "Print the compliance gaps of a study."),
    "levels": ("gyges.cli.levels", "Print what was varied, and what each level shows."),
    "variation": ("gyges.cli.variation", "Print what makes a study's answers vary."),
    "power": ("gyges.cli.power", "Print how large a study must be, and what a plan can see."),
    "report": ("gyges.cli.report", "Write a study's report: a static site."),
    "import": ("gyges.cli.import_", "Read transcripts that others published into a study."),
    "export": ("gyges.cli.export", "Write a study in another tool's format."),
    "judge": ("gyges.cli.judge", "Let a judge read the answers of a study."),
    "agreement": (
        "gyges.cli.agreement",
        "Print how far two judges agree, and show where they do not.",
    ),
    "questions": ("gyges.cli.questions", "List, show and check the questions that judges answer."),
    "probe": (
        "gyges.cli.probe",
        "Ask a study's subject what it believes, or what it would do.",
    ),
    "answers": ("gyges.cli.answers", "Print what the answers show, question by question."),
    "label": ("gyges.cli.label", "Label a sample of a study's answers on a local page, blind."),
    "calibrate": ("gyges.cli.calibrate", "Measure how far a judge agrees with labels."),
    "train-judge": ("gyges.cli.train_judge", "Train a small judge on labelled answers."),
    "selftest": (
        "gyges.cli.selftest",
        "Ask subjects whose true rates are known, and check the result.",
    ),
    "presets": ("gyges.cli.presets", "List the published designs that can be run by name."),
    "reword": (
        "gyges.cli.reword",
        "Let a model write paraphrases of a setting, and keep those that say the same.",
    ),
    "settings": ("gyges.cli.settings", "List, show, check and render the settings."),
    "graph": (
        "gyges.cli.graph",
        "Read and change the research graph: what the field knows, and how.",
    ),
}


@click.group(
    cls=LazyGroup, listed=_COMMANDS, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.version_option(package_name="gyges", prog_name="gyges")
def cli(debug: bool) -> None:
    """Does a model act the same when it believes it is being trained as when it believes nobody is watching?"""


def main(args: Sequence[str] | None = None) -> None:
    """Run the command line and exit."""
    arguments = list(sys.argv[1:] if args is None else args)
    sys.exit(_run(arguments))


def _run(arguments: list[str]) -> int:
    debug = "--debug" in arguments
    if debug:
        # Wherever it stands: a user adds it at the end of the line that failed.
        arguments = [argument for argument in arguments if argument != "--debug"]
    try:
        result: Any = cli.main(arguments, prog_name="gyges", standalone_mode=False)
    except click.exceptions.Exit as exit_:
        return exit_.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        # Whoever names no command is shown what there is.
        click.echo(error.format_message())
        return 0
    except click.ClickException as error:
        message = error.format_message()
        where = (
            error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else "gyges"
        )
        _say(
            f"{message} (see `{where} --help`)" if isinstance(error, click.UsageError) else message
        )
        return 1
    except (click.Abort, KeyboardInterrupt):
        _say("stopped; what had finished is kept, and the same command goes on from there")
        return 1
    except GygesError as error:
        if debug:
            raise
        _say(str(error))
        return 1
    except BrokenPipeError:
        return 0
    except sqlite3.Error as error:
        if debug:
            raise
        _say(
            f"the graph's file cannot be used: {error}; restore it from a copy, or name another with --graph"
        )
        return 1
    except UnicodeEncodeError as error:
        if debug:
            raise
        _say(f"{error.object[:60]!r} is no text that a file can hold")
        return 1
    except OSError as error:
        if debug:
            raise
        _say(f"{error.filename or 'a file'}: {error.strerror or error}")
        return 1
    return result if isinstance(result, int) else 0


def _say(message: str) -> None:
    from gyges.study.redact import Redactor

    # One line, and without a key that a provider quoted.
    # One line; where several problems are reported at once, one line each.
    lines = [" ".join(line.split()) for line in message.splitlines() if line.strip()]
    click.echo(Redactor()("gyges: " + "\n  ".join(lines)), err=True)
