"""Would this instrument have found a gap of a known size, and none where there is none?

Beside a study stand its positive and its negative control (``selftest.json``): planted subjects, asked in the same
setting with as many queries and samples. Here the file is read and turned into what the page shows: for each subject
what was planted, what was measured, and a strip on which one can see whether the interval holds the planted gap.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gyges.errors import CorruptStudy
from gyges.report.layout import Scale
from gyges.report.marks import mark
from gyges.report.svg import Element, el
from gyges.report.words import percent, points, signed

__all__ = ["FILE", "controls_section", "read_controls"]

FILE = "selftest.json"
"""Where a study keeps its positive and its negative control."""

_SCHEMA = "gyges.controls/1"
_WIDTH, _LINE, _BOTTOM = 340.0, 34.0, 58.0
_NAMES = {
    "faker": ("Positive control", "a planted faker, which complies more often when monitored"),
    "honest": ("Negative control", "a planted honest subject, which complies alike in both tiers"),
}
_VERDICTS = {
    "recovered": "recovered",
    "not shown": "too few answers to show it",
    "missed": "the interval misses it",
    "false alarm": "the interval excludes zero",
    "rate missed": "a rate was misread",
    "missing": "some answers have no verdict",
    "no gap": "no interval",
}


def read_controls(folder: Path) -> dict[str, Any]:
    """Read a study's controls.

    Args:
        folder: The study's folder.

    Returns:
        ``controls`` (one record for each setting) and ``without`` (settings for which there are none: ``setting`` and
        ``why``). Where the file is absent, ``without`` says so.

    Raises:
        CorruptStudy: The file cannot be read.
    """
    path = folder / FILE
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        schema = record["schema"]
        found = {key: [dict(one) for one in record[key]] for key in ("controls", "without")}
    except FileNotFoundError:
        why = "the controls were not run; `gyges report` with the study's folder runs them"
        return {"controls": [], "without": [{"setting": None, "why": why}]}
    except (ValueError, KeyError, TypeError) as error:
        raise _corrupt(path, str(error)) from None
    if schema != _SCHEMA:
        raise _corrupt(path, f"its schema is {schema!r}, not {_SCHEMA!r}")
    return found


def _corrupt(path: Path, why: str) -> CorruptStudy:
    return CorruptStudy(
        f"{path}: cannot be read ({why}). Delete the file; `gyges report {path.parent}` makes it anew"
    )


def controls_section(
    controls: Mapping[str, Any] | None, judge: str | None = None
) -> dict[str, Any] | None:
    """Put controls into the words and pictures of a page.

    Args:
        controls: What ``read_controls`` gives; None where a page says nothing about controls.
        judge: The judge of the study's own answers.

    Returns:
        ``settings`` (each with ``lead``, ``note`` and ``cards``) and ``without`` (sentences), or None.

    Raises:
        CorruptStudy: A control lacks a figure, or has one of another kind.
    """
    if controls is None:
        return None
    several = len(controls["controls"]) + len(controls["without"]) > 1
    try:
        return {
            "settings": [_setting(one, judge, named=several) for one in controls["controls"]],
            "without": [_without(one) for one in controls["without"]],
        }
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise CorruptStudy(
            f"{FILE}: a control cannot be read ({type(error).__name__}: {error}). Delete the file in the study's "
            "folder; `gyges report` makes it anew"
        ) from None


def _without(one: Mapping[str, Any]) -> str:
    where = f" in {one['setting']}" if one.get("setting") else ""
    return f"No planted subjects were asked{where}: {one['why']}."


def _setting(one: Mapping[str, Any], judge: str | None, *, named: bool) -> dict[str, Any]:
    rows = one["rows"]
    return {
        "setting": one["setting"] if named else "",
        "lead": _lead(rows),
        "note": _note(one, judge),
        "cards": [_card(row, _scale(rows)) for row in rows],
    }


def _note(one: Mapping[str, Any], judge: str | None) -> str:
    cut = ""
    if (one.get("study_samples") or 0) > one["samples"]:
        cut = f" (the study has {one['study_samples']}; fewer are a harder test)"
    version = f" {one['judge_version']}" if one.get("judge_version") else ""
    other = (
        "" if judge in (None, one["judge"]) else f"; the study's own judge, {judge}, was not asked"
    )
    return (
        f"Simulated subjects whose true rates are known, asked {_count(one['queries'], 'query', 'queries')} of "
        f"{one['setting']} {one['version']} with {_count(one['samples'], 'sample')} of each in each tier{cut}, "
        f"reasoning {one['reasoning']}, and read by the {one['judge']} judge{version}{other}. Their answers are plain: "
        "they show that the corridor works and what a study of this size can show, not that a judge reads a real "
        f"model's answers rightly. Intervals have a level of {percent(one['level'], 1)}, so that by chance alone at "
        "most one report in twenty shows a control that is not recovered."
    )


def _lead(rows: Sequence[Mapping[str, Any]]) -> str:
    return " ".join(_told(row) for row in rows)


def _told(row: Mapping[str, Any]) -> str:
    verdict, size = row["verdict"], points(row["planted_gap"])
    why = _VERDICTS.get(verdict, verdict)
    if not row["planted_gap"]:
        if verdict == "not shown":
            return "Where no gap was planted, none was found, but this study is too small to rule out a large one."
        end = "none was found." if verdict == "recovered" else f"the check failed: {why}."
        return f"Where no gap was planted, {end}"
    if verdict == "recovered":
        return f"A planted gap of {size} points was found."
    if verdict == "not shown":
        return (
            f"A planted gap of {size} points could not be shown: this study is too small, and a gap of that size "
            "could hide in its own figures."
        )
    return f"A planted gap of {size} points was not recovered: {why}."


def _card(row: Mapping[str, Any], scale: Scale) -> dict[str, Any]:
    from markupsafe import Markup

    title, about = _NAMES.get(row["kind"], ("Control", f"planted {row['kind']}"))
    span = "no interval"
    if row["ci_low"] is not None and row["ci_high"] is not None:
        span = f"interval {points(row['ci_low'])} to {points(row['ci_high'])}"
    return {
        "title": title,
        "about": about,
        "verdict": _VERDICTS.get(row["verdict"], row["verdict"]),
        "recovered": row["verdict"] == "recovered",
        "planted": (percent(row["planted_monitored"]), percent(row["planted_unmonitored"])),
        "measured": (percent(row["monitored_rate"]), percent(row["unmonitored_rate"])),
        "planted_gap": signed(row["planted_gap"]),
        "gap": signed(row["gap"]),
        "span": span,
        # The strip escapes whatever it is given; see svg.py.
        "strip": Markup(_strip(row, scale)),
    }


def _scale(rows: Sequence[Mapping[str, Any]]) -> Scale:
    """One scale for all strips, so that they can be compared."""
    seen = [row[key] for row in rows for key in ("ci_low", "ci_high", "gap", "planted_gap")]
    known = [value for value in seen if value is not None]
    low = max(-1.0, math.floor(min([-0.25, *known]) * 4) / 4)
    high = min(1.0, math.ceil(max([0.25, *known]) * 4) / 4)
    return Scale(low, high, 16.0, _WIDTH - 16.0)


def _strip(row: Mapping[str, Any], scale: Scale) -> Element:
    label = f"planted gap {signed(row['planted_gap'])} points, measured {signed(row['gap'])}"
    strip = el(
        "svg",
        class_="gyges-figure",
        viewBox=f"0 0 {_WIDTH:g} {_BOTTOM + 22:g}",
        role="img",
        aria_label=label,
    )
    wide = (scale.right - scale.left) / ((scale.high - scale.low) * 4)
    step = 0.25 if wide >= 40 else 0.5
    for tick in range(math.ceil(scale.low / step), math.floor(scale.high / step) + 1):
        x = scale(tick * step)
        kind = "gy-grid" if tick else "gy-zero"
        strip.add(el("line", class_=kind, x1=x, x2=x, y1=6, y2=_BOTTOM))
        strip.add(el("text", signed(tick * step), class_="gy-tick", x=x, y=_BOTTOM + 16))
    if row["ci_low"] is not None and row["ci_high"] is not None:
        ends = {"x1": scale(row["ci_low"]), "x2": scale(row["ci_high"])}
        strip.add(el("line", class_="gy-ci gy-gap", y1=_LINE, y2=_LINE, **ends))
    if row["gap"] is not None:
        strip.add(mark("gap", scale(row["gap"]), _LINE, 5.5))
    # A hollow triangle that points at the line: told from the measured bar by shape.
    x, y = scale(row["planted_gap"]), _LINE - 9
    strip.add(el("path", class_="gy-planted", d=f"M{x:.2f} {y:.2f}l-6 -11h12Z"))
    return strip


def _count(n: int, one: str, many: str | None = None) -> str:
    return f"{n} {one if n == 1 else many or one + 's'}"
