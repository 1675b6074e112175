"""``gyges settings``: which settings are there, are they sound, and what is a subject sent?"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from math import prod
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import click

from gyges.cli.options import as_json, setting_dir
from gyges.errors import GygesError, SettingError

if TYPE_CHECKING:
    from gyges.judging import ReadingProof
    from gyges.settings import Problem, Setting

__all__ = ["command", "settings"]

SCHEMA = "gyges.settings/1"
"""The version of what ``--json`` prints."""


class _Group(click.Group):
    """A group that reports our errors in one line also where it is run by itself."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().main(*args, **kwargs)
        except GygesError as error:
            click.echo(f"gyges: {error}", err=True)
            sys.exit(1)


@click.group(cls=_Group)
def settings() -> None:
    """List, show, check and render the settings.

    A setting is a world in which a developer's objective conflicts with what a model prefers.
    """


command = settings


@settings.command("list")
@setting_dir
@as_json
def list_command(setting_dirs: tuple[Path, ...], as_json: bool) -> None:
    """List the settings."""
    from gyges.settings import list_settings

    found = list_settings(setting_dirs)
    if as_json:
        _print_json({"settings": [setting.summary() for setting in found]})
        return
    rows: list[tuple[str, ...]] = [("ID", "VERSION", "VALUE", "POLARITY", "QUERIES", "FACTORS")]
    for setting in found:
        about = (setting.id, setting.version, setting.value, setting.polarity)
        rows.append((*about, str(len(setting.queries)), _levels(setting)))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo("  ".join(cells).rstrip())


@settings.command()
@click.argument("name")
@click.option("--queries", "with_queries", is_flag=True, help="List the queries as well.")
@setting_dir
@as_json
def show(name: str, with_queries: bool, setting_dirs: tuple[Path, ...], as_json: bool) -> None:
    """Show what the setting NAME is."""
    from gyges.settings import POLARITIES, load_setting

    setting = load_setting(name, setting_dirs)
    if as_json:
        facts = [
            {"id": fact.name, "about": fact.about, "when": dict(fact.when)}
            for fact in setting.facts
        ]
        card: dict[str, Any] = {"setting": setting.summary(), "facts": facts}
        if with_queries:
            card["queries"] = [
                {
                    "id": query.id,
                    "topic": query.topic,
                    "text": query.text,
                    **{
                        key: text
                        for key in ("family", "value", "comply", "refuse")
                        if (text := getattr(query, key))
                    },
                }
                for query in setting.queries
            ]
        _print_json(card)
        return
    click.echo(f"{setting.id} {setting.version}: {setting.title}\n")
    rows = [
        ("value", setting.value),
        *((f"value {value}", text) for value, text in setting.values.items()),
        ("polarity", f"{setting.polarity}: {POLARITIES[setting.polarity]}"),
        ("objective", setting.objective),
        ("beneficiary", setting.beneficiary),
        *((f"tier {tier.id}", f"{tier.tag}  {tier.meaning}") for tier in setting.tiers),
        *((f"factor {factor}", ", ".join(levels)) for factor, levels in setting.factors.items()),
        ("factors", f"{', '.join(setting.shared)} (gyges settings factors {setting.id})"),
        ("wordings", _wordings(setting)),
        *((f"outcome {outcome}", text) for outcome, text in setting.outcome.items()),
        *((f"choice {answer}", text) for answer, text in _choice(setting)),
        ("topics", ", ".join(f"{topic} {count}" for topic, count in setting.topics.items())),
        ("queries", str(len(setting.queries))),
        *(("published", f"{one.since}: {one.what} ({one.where})") for one in setting.published),
        ("hazard", setting.hazard),
        ("canary", setting.canary),
        ("hash", setting.hash),
        ("folder", str(setting.folder)),
    ]
    _print_rows(rows)
    if with_queries:
        click.echo()
        for query in setting.queries:
            answers = [f"comply: {query.comply}", f"refuse: {query.refuse}"] if query.comply else []
            _print_rows([(query.id, query.text), *((" " * len(query.id), one) for one in answers)])


def _choice(setting: Setting) -> list[tuple[str, str]]:
    """The two answers that a forced choice offers, if the setting describes them."""
    offered = setting.choice
    if offered is None:
        return []
    if not offered.comply:
        return [("between", "the two answers that each query brings")]
    return [("comply", offered.comply), ("refuse", offered.refuse)]


def _wordings(setting: Setting) -> str:
    parts = [f"{one.name} in {len(one.versions)} versions" for one in setting.components]
    return f"{setting.wording_count}: {', '.join(parts)}" if parts else "1: the base"


@settings.command()
@click.argument("name")
@click.option("--query", "query_id", metavar="ID", help="The query. Default: the first.")
@click.option("--tier", default="monitored", show_default=True, help="The tier.")
@click.option(
    "--reasoning",
    metavar="LEVEL",
    help="scratchpad, none, native or choice. Default: the setting's.",
)
@click.option("--control", is_flag=True, help="The no-conflict control.")
@click.option(
    "--level",
    "levels",
    multiple=True,
    metavar="FACTOR=LEVEL",
    help="A level of a shared factor; may be given more than once.",
)
@click.option("--wording", metavar="ID", help="The wording, such as 2.0.4.  [default: 0]")
@setting_dir
@as_json
def render(
    name: str,
    query_id: str | None,
    tier: str,
    reasoning: str | None,
    control: bool,
    levels: tuple[str, ...],
    wording: str | None,
    setting_dirs: tuple[Path, ...],
    as_json: bool,
) -> None:
    """Print the exact messages that a subject is sent in the setting NAME."""
    from gyges.settings import BASE, load_setting

    setting = load_setting(name, setting_dirs)
    query = setting.query(query_id) if query_id is not None else setting.queries[0]
    chosen: dict[str, str] = {"conflict": "no" if control else "yes"}
    if reasoning:
        chosen["reasoning"] = reasoning
    for item in levels:
        factor, equals, level = item.partition("=")
        if not equals:
            raise SettingError(f"--level {item}: give FACTOR=LEVEL")
        chosen[factor.replace("-", "_")] = level
    worded = setting.wording(wording or BASE)
    prompt = setting.render(query, tier=tier, levels=chosen, wording=worded)
    found = setting.resolve(chosen)
    if as_json:
        trial = {
            "setting": setting.id,
            "version": setting.version,
            "query": query.id,
            "tier": tier,
            "reasoning": found.own["reasoning"],
            "control": found.own["conflict"] == "no",
            "wording": worded.id,
            "levels": {edit.factor: edit.level.name for edit in found.edits},
            "parameters": found.parameters,
        }
        messages = [{"role": role, "content": text} for role, text in prompt.messages]
        _print_json({**trial, "messages": messages})
        return
    click.echo("\n".join(f"--- {role}\n{text}" for role, text in prompt.messages))


@settings.command()
@click.argument("name", required=False)
@setting_dir
@as_json
def factors(name: str | None, setting_dirs: tuple[Path, ...], as_json: bool) -> None:
    """List the factors that can be varied with `gyges run --vary`, or those of the setting NAME."""
    from gyges.settings import load_setting, shared_factors

    setting = load_setting(name, setting_dirs) if name else None
    found = setting.shared if setting else shared_factors()
    own = dict(setting.factors) if setting else {}
    if as_json:
        rows = [
            {
                "id": one.id,
                "version": one.version,
                "title": one.title,
                "about": one.about,
                "source": one.source,
                "default": one.default,
                "column": one.column,
                "levels": {level.name: level.about for level in one.levels.values()} or one.shown(),
            }
            for one in found.values()
        ]
        _print_json({"own": {key: list(levels) for key, levels in own.items()}, "factors": rows})
        return
    table = [(key, "The setting's own", ", ".join(levels)) for key, levels in own.items()]
    if setting and setting.wording_count > 1:
        table.append(("wording", "The wording of the system text", _wordings(setting)))
    table += [(one.id, one.title, ", ".join(one.shown())) for one in found.values()]
    width = max(len(key) for key, _, _ in table)
    for key, title, levels in table:
        click.echo(f"{key.ljust(width)}  {title}")
        for line in wrap(levels, 100 - width):
            click.echo(f"{' ' * width}  {line}")


@settings.command()
@click.argument("target", metavar="[NAME|DIR]", required=False)
@click.option("--strict", is_flag=True, help="Hold it to the rules of the library as well.")
@setting_dir
@as_json
@click.pass_context
def check(
    ctx: click.Context,
    target: str | None,
    strict: bool,
    setting_dirs: tuple[Path, ...],
    as_json: bool,
) -> None:
    """Find every problem of a setting, or prove that there is none.

    A setting that brings a rule by which its answers are read (reading.yaml) is tried on its planted answers and worked
    examples. NAME is a setting, DIR a setting's folder or a folder of them; by default every setting is
    checked. Problems are printed as file:line: message, and the exit status is then 2.
    """
    from gyges.judging import proved_reading
    from gyges.settings import check as find_problems
    from gyges.settings import load_setting, setting_ids

    dirs: Sequence[Path] = setting_dirs
    if target is None:
        names = setting_ids(dirs)
    elif Path(target).is_dir() and target not in setting_ids(dirs):
        shipped = set(setting_ids())
        dirs = [Path(target)]
        names = tuple(name for name in setting_ids(dirs) if name not in shipped)
    else:
        names = (target,)
    results: list[tuple[str, list[Problem], Setting | None, ReadingProof | None]] = []
    library = setting_ids()
    for name in names:
        problems = find_problems(name, dirs, strict=True if strict else None)
        setting = read = None
        try:
            # What only the rules of the library forbid does not keep the rest from being tried.
            setting = load_setting(name, dirs)
        except SettingError:
            problems = [*problems, *_problems_of_rule(name, dirs)]
        else:
            read = proved_reading(setting, strict=strict or name in library)
            problems = [*problems, *read.problems]
        results.append((name, problems, None if problems else setting, read))
    if as_json:
        _print_json({"settings": [_result(*result) for result in results]})
    else:
        for _, problems, setting, read in results:
            for problem in problems:
                click.echo(str(problem))
            if setting is not None:
                click.echo(" ".join(filter(None, (_proved(setting), str(read or "")))))
    ctx.exit(2 if any(problems for _, problems, _, _ in results) else 0)


def _problems_of_rule(name: str, dirs: Sequence[Path]) -> list[Problem]:
    """Find what is wrong with the form of a reading.yaml whose setting cannot be loaded."""
    from gyges.settings.readings import read_reading

    folders = [place for one in dirs for place in (Path(one) / name, Path(one))]
    return next((found for place in folders if (found := read_reading(place)[1])), [])


def _proved(setting: Setting) -> str:
    from gyges.settings import prove

    levels = prod(map(len, setting.factors.values()))
    tiers, queries = len(setting.tiers), len(setting.queries)
    product = f"{levels} combinations of levels × {tiers} tiers × {queries} queries"
    if setting.components:
        product = f"{setting.wording_count} wordings × {product}"
    done = prove(setting)
    return (
        f"{setting.id} {setting.version}: sound. All {setting.renders:,} renders ({product}) state each of "
        f"{len(setting.facts)} facts where it belongs and nowhere else; so do {done.levels:,} renders of single levels "
        f"of {len(setting.shared)} shared factors and {done.pairs:,} of two together. The system text is the same in "
        "every tier, and the arms differ in the tier's tag alone."
    )


def _result(
    name: str, problems: list[Problem], setting: Setting | None, read: ReadingProof | None
) -> dict[str, Any]:
    found = [{"file": one.file, "line": one.line, "message": one.message} for one in problems]
    result: dict[str, Any] = {"id": name, "problems": found}
    if setting is not None:
        result["renders"] = setting.renders
        result["facts"] = [fact.name for fact in setting.facts]
        result["factors"] = list(setting.shared)
    if read is not None and read.reads:
        result["reading"] = {
            "reads": read.reads,
            "planted": read.planted,
            "planted_right": read.planted_right,
            "examples": read.examples,
            "examples_right": read.examples_right,
        }
    return result


def _levels(setting: Setting) -> str:
    return "; ".join(f"{name}: {', '.join(levels)}" for name, levels in setting.factors.items())


def _print_json(data: dict[str, Any]) -> None:
    click.echo(json.dumps({"schema": SCHEMA, **data}, ensure_ascii=False, indent=2))


def _print_rows(rows: Sequence[tuple[str, str]]) -> None:
    width = max(len(name) for name, _ in rows)
    for name, text in rows:
        click.echo(f"{name.ljust(width)}  {text}")
