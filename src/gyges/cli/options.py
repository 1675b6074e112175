"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

__all__ = [
    "as_json",
    "judge",
    "level",
    "limits",
    "model_args",
    "partial",
    "provider",
    "setting_dir",
    "structure",
    "study_argument",
]

F = TypeVar("F", bound=Callable[..., Any])

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")

study_argument = click.argument(
    "study", metavar="STUDY", type=click.Path(path_type=Path), required=True
)

setting_dir = click.option(
    "--setting-dir",
    "setting_dirs",
    multiple=True,
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="A folder of settings of your own; may be given more than once.",
)

judge = click.option(
    "--judge", metavar="NAME", help="Whose verdicts count.  [default: the study's judge]"
)

structure = click.option(
    "--structure",
    type=click.Choice(["schema", "tool"]),
    default="schema",
    show_default=True,
    help="How the form of the verdict is asked for.",
)

partial = click.option(
    "--partial",
    type=click.FloatRange(0, 1),
    default=0.5,
    show_default=True,
    help="What a partial outcome counts.",
)

level = click.option(
    "--level",
    type=click.FloatRange(0.5, 0.999),
    default=0.95,
    show_default=True,
    help="Confidence level.",
)


def limits(command: F) -> F:
    """Add the options that limit a model's calls: how many at once, how often, and for how long."""
    for option in (
        click.option(
            "--timeout",
            type=int,
            default=600,
            show_default=True,
            metavar="SECONDS",
            help="How long one try of a call may take.",
        ),
        click.option(
            "--retries",
            type=int,
            default=4,
            show_default=True,
            metavar="N",
            help="Tries after a passing failure of a call.",
        ),
        click.option(
            "--max-connections",
            type=int,
            metavar="N",
            help="Calls under way at once.  [default: the provider's]",
        ),
    ):
        # The last one applied is listed first.
        command = option(command)
    return command


def provider(command: F) -> F:
    """Add the options of a model's provider: its arguments and its address."""
    address = click.option(
        "--base-url", metavar="URL", help="Where the model's provider is reached."
    )
    arguments = click.option(
        "-M",
        "arguments",
        multiple=True,
        metavar="NAME=VALUE",
        help="An argument of the model's provider; may be given more than once.",
    )
    return arguments(address(command))


def model_args(pairs: tuple[str, ...], option: str = "-M") -> dict[str, Any]:
    """Read ``name=value`` pairs; values are read as YAML, so numbers are numbers.

    Raises:
        click.BadParameter: A pair has no ``=``.
    """
    import yaml

    found: dict[str, Any] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name.strip():
            raise click.BadParameter(f"{option} {pair}: give name=value")
        try:
            found[name.strip().replace("-", "_")] = yaml.safe_load(value)
        except yaml.YAMLError:
            found[name.strip().replace("-", "_")] = value
    return found
