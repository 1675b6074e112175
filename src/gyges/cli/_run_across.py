"""``gyges run --preset NAME`` where the preset is asked in several settings: a study of each, a table of them all."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gyges.errors import GygesError

if TYPE_CHECKING:
    from collections.abc import Callable

    from gyges.api import RunResult
    from gyges.design import Preset
    from gyges.findings import Varied

__all__ = ["run_across"]


def run_across(
    preset: Preset,
    options: dict[str, Any],
    ask: Callable[[str, dict[str, Any]], RunResult | None],
    *,
    dry_run: bool,
    as_json: bool,
    no_report: bool,
) -> bool:
    """Ask a preset in every setting that has its factor.

    Args:
        preset: A preset across settings.
        options: The options of the run; ``study`` is the folder that holds the studies.
        ask: Runs one setting with its options and returns what came of it, or prints what it would ask.
        dry_run: Only count.
        as_json: Print one record.
        no_report: Write no report.

    Returns:
        Whether every setting was asked.
    """
    from gyges.planning import Wanted, settings_across

    names = Wanted(model=options["model"]).subjects
    planted = all(name.startswith("gyges/planted") for name in names)
    chosen = settings_across(preset, options["setting_dirs"], stand_ins=planted)
    model = "+".join(re.sub(r"[^A-Za-z0-9._-]+", "-", name) for name in names)[:80]
    base = options["study"] or Path("studies") / f"{preset.name}--{model}"
    done: dict[str, RunResult] = {}
    failed: dict[str, str] = {}
    for setting in chosen:
        if not as_json:
            click.echo(f"== {setting.id} ==")
        own = {**options, "study": base / setting.id}
        if options["queries"] is None and "queries" in preset.options:
            own["queries"] = min(preset.options["queries"], len(setting.queries))
        try:
            found = ask(setting.id, own)
        except GygesError as error:
            # What the other settings show does not wait for this one.
            failed[setting.id] = str(error)
            click.echo(f"gyges: {setting.id}: {error}", err=True)
            continue
        if found is not None:
            done[setting.id] = found
    if dry_run:
        return not failed
    rows = {name: _of_factor(result, preset.across) for name, result in done.items()}
    if as_json:
        record = {
            "schema": "gyges.across/1",
            "preset": preset.name,
            "factor": preset.across,
            "settings": {
                name: {"study": str(done[name].study.path), "varied": [one.row() for one in found]}
                for name, found in rows.items()
            },
            "failed": failed,
        }
        click.echo(json.dumps(record, indent=2, ensure_ascii=False, allow_nan=False))
    else:
        click.echo("\n".join(["", f"== {preset.across} in {len(rows)} settings ==", *_table(rows)]))
        if not no_report:
            click.echo(f"Reports: {base}/SETTING/site/index.html")
    return not failed


def _of_factor(result: RunResult, factor: str) -> list[Varied]:
    from gyges import findings

    return [one for one in findings.varied(result.study, factors=(factor,)) if one.rows]


def _named(setting: str, one: Varied) -> str:
    """Name the setting, and of several values the one, or all of them together."""
    if one.group.value:
        return f"{setting} · {one.group.value}"
    return f"{setting} · all values" if one.group.values > 1 else setting


def _table(rows: dict[str, list[Varied]]) -> list[str]:
    """The gap at each level in each setting, and how it differs from the first level; p over all of them at once."""
    from gyges.cli.levels import span_of
    from gyges.cli.table import text_table
    from gyges.estimate.multiplicity import holm

    found = [(_named(name, one), one) for name, several in rows.items() for one in several]
    against = {
        (name, one.group.subject, item.label): item
        for name, one in found
        for item in one.comparisons
        if item.of == "gap" and item.p is not None
    }
    adjusted = dict(zip(against, holm([item.p or 0.0 for item in against.values()]), strict=True))
    lines = []
    for name, one in found:
        for row in one.rows:
            span = row.spans.get("gap")
            lines.append(
                [
                    name,
                    one.group.subject,
                    row.label,
                    "-" if span is None else span_of(*span, sign=True),
                    str(row.queries),
                ]
            )
    text = [text_table(["setting", "subject", "level", "gap, points", "queries"], lines), ""]
    compared = [
        [
            name,
            subject,
            label,
            span_of(item.estimate, item.low, item.high, sign=True),
            f"{adjusted[name, subject, label]:.2g}",
        ]
        for (name, subject, label), item in against.items()
    ]
    if compared:
        text.append(
            text_table(
                ["setting", "subject", "difference of gaps", "points", "p (Holm, all settings)"],
                compared,
            )
        )
    return text
