"""``gyges presets``: which published designs can be run by name."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from gyges.cli.options import as_json

if TYPE_CHECKING:
    from gyges.design import Preset

__all__ = ["command"]


@click.command("presets")
@click.argument("name", required=False)
@as_json
def command(name: str | None, as_json: bool) -> None:
    """List the published designs that `gyges run --preset NAME` runs, or show NAME."""
    from gyges.design import load_preset, presets

    found = [load_preset(name)] if name else list(presets().values())
    if as_json:
        click.echo(
            json.dumps(
                {"schema": "gyges.presets/1", "presets": [one.row() for one in found]},
                indent=2,
                ensure_ascii=False,
            )
        )
        return
    if name is None:
        longest = max(len(one.name) for one in found)
        for one in found:
            click.echo(f"{one.name.ljust(longest)}  {one.title} ({_where(one)})")
        return
    (preset,) = found
    rows = [
        ("preset", preset.name),
        ("title", preset.title),
        ("about", preset.about),
        ("source", preset.source),
    ]
    rows += [("setting", _where(preset))]
    rows += [(f"vary {factor}", ", ".join(levels)) for factor, levels in preset.vary.items()]
    rows += [(option, str(value)) for option, value in preset.options.items()]
    rows += [("departs", text) for text in preset.departs]
    width = max(len(label) for label, _ in rows)
    click.echo("\n".join(f"{label.ljust(width)}  {text}" for label, text in rows))


def _where(preset: Preset) -> str:
    """Say in which setting a preset is asked."""
    return preset.setting or f"every setting with the factor {preset.across}"
