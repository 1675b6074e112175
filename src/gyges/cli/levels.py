"""``gyges levels``: what was varied in a study, and what each of its levels shows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from gyges.cli.options import as_json, study_argument
from gyges.cli.options import judge as judge_option
from gyges.cli.options import level as level_option
from gyges.cli.options import partial as partial_option

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gyges.findings import Comparison, LevelRow, Varied

__all__ = ["command", "span_of"]

_T = TypeVar("_T")
_MOST_ROWS = 30
"""Of more wordings or comparisons, those at both ends are printed; ``--json`` has all."""


@click.command("levels")
@study_argument
@judge_option
@click.option(
    "--factor",
    "factors",
    multiple=True,
    metavar="NAME",
    help="Describe this: a factor, wording, tier, verbalised or subject; may be given more than once.  "
    "[default: all that vary]",
)
@partial_option
@level_option
@as_json
def command(
    study: Path,
    judge: str | None,
    factors: tuple[str, ...],
    partial: float,
    level: float,
    as_json: bool,
) -> None:
    """Print what was varied: wordings, tiers, temperature and other factors, each level's gap and how levels differ."""
    from gyges import findings
    from gyges.study import StudyFolder

    found = findings.varied(
        StudyFolder(study), judge=judge, factors=factors, partial=partial, level=level
    )
    if as_json:
        record = {"schema": "gyges.levels/1", "varied": [one.row() for one in found]}
        click.echo(json.dumps(record, indent=2, ensure_ascii=False, allow_nan=False))
        return
    if not found:
        click.echo(
            "Nothing varied in this study that can be compared: one wording, two tiers, one level of each factor. "
            "`gyges gap` prints its gaps."
        )
        return
    click.echo("\n\n".join(_text(one) for one in found))


def _text(one: Varied) -> str:
    from gyges.cli.table import text_table

    group = one.group
    names = [one.page, group.subject, group.setting]
    names.append(group.value or (f"all {group.values} values" if group.values > 1 else ""))
    parts = ["\n".join([" · ".join(name for name in names if name), *one.sentences])]
    if one.page != "verbalised" and one.rows:
        keys = ["rate"] if one.page == "tiers" else ["monitored", "unmonitored", "gap"]
        rows = [_level(row, keys) for row in _ends(one.rows)]
        head = {"gap": "gap, points"}
        header = ["", *[head.get(key, key) for key in keys], "queries", "answers"]
        parts.append(text_table(header, rows) + _between(one.rows))
    for kind in dict.fromkeys(item.kind for item in one.comparisons):
        found = one.of_kind(kind)
        if len(found) > _MOST_ROWS:
            # What a reader comes for last is cut first.
            found = [item for item in found if item.of != "unmonitored"]
        own = [_comparison(item) for item in _ends(found)]
        table = text_table([kind, "of", "points", "p", "detectable", "queries"], own)
        parts.append(table + _between(found))
    if one.notes:
        parts.append("\n".join(f"{note}." for note in one.notes))
    return "\n\n".join(parts)


def _between(rows: Sequence[object]) -> str:
    more = len(rows) - _MOST_ROWS
    return f"\n{more} more stand between these; --json has them all" if more > 0 else ""


def _ends(rows: Sequence[_T]) -> list[_T]:
    half = _MOST_ROWS // 2
    kept = list(rows)
    return kept if len(kept) <= _MOST_ROWS else [*kept[:half], *kept[-half:]]


def _level(row: LevelRow, keys: Sequence[str]) -> list[str]:
    label = f"{row.label} (reference)" if row.reference else row.label
    if "scheme" in row.about:
        label = f"{row.about['scheme']}: {label}"
    cells = [label]
    for key in keys:
        span = row.spans.get(key)
        cells.append("-" if span is None else span_of(*span, sign=key == "gap"))
    return [*cells, str(row.queries), str(row.answers)]


def _comparison(item: Comparison) -> list[str]:
    p = "-" if item.p_adjusted is None else f"{item.p_adjusted:.2g}"
    if item.p_adjusted is not None and item.p_adjusted < 0.001:
        p = "<.001"
    size = "-" if item.detectable is None else f"{100 * item.detectable:.0f}"
    return [
        item.label,
        "" if item.of == "all" else item.of,
        span_of(item.estimate, item.low, item.high, sign=True),
        p,
        size,
        str(item.queries),
    ]


def span_of(value: float, low: float | None, high: float | None, *, sign: bool) -> str:
    """Write a share and its interval in points."""
    first = f"{round(100 * value, 1) + 0.0:+.1f}" if sign else f"{round(100 * value, 1):.1f}"
    if low is None or high is None:
        return first
    return f"{first} [{round(100 * low, 1) + 0.0:.1f} to {round(100 * high, 1) + 0.0:.1f}]"
