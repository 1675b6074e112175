"""What stands on the page before a script runs?

Everything but the transcripts: the answer, the figure, the tables and the study's identity, so that
the page can be read without scripts, printed and searched. Templates escape every value; invisible
characters in names are shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from gyges.report.answer_pages import AnswerPage, KnownPart
from gyges.report.content import ARM_TIERS, SiteContent, tidy
from gyges.report.controls import controls_section
from gyges.report.factor_pages import FactorPage
from gyges.report.figure import gap_figure
from gyges.report.sequence import sequence_figure
from gyges.report.shapes import ShapePage
from gyges.report.svg import safe_text
from gyges.report.trust import Calibration, calibration, card_figures
from gyges.report.words import figure_note, headline, p_value, percent, points, signed

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = [
    "render",
    "render_answers",
    "render_factor",
    "render_shape",
    "status_table",
    "trust_of",
]

_FEW_ROWS = 12
_FEW_KNOWN = 6
"""Up to so many lines about known transcripts stand on the first page."""
_FEWEST_BLOCKS = 2
"""So many blocks make a picture."""


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    def finalize(value: Any) -> Any:
        return (
            value if isinstance(value, Markup) or not isinstance(value, str) else safe_text(value)
        )

    env = Environment(
        loader=PackageLoader("gyges.report", "templates"),
        autoescape=True,
        finalize=finalize,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    env.filters |= {
        "percent": percent,
        "points": points,
        "signed": signed,
        "p_value": p_value,
        "link": _link,
    }
    return env


def _link(row: Mapping[str, Any]) -> str:
    """The fragment that opens the transcripts behind a row."""
    keys = {key: row[key] for key in ("subject", "setting", "value")}
    keys["control"] = "yes" if row["control"] else "no"
    chosen = {key: value for key, value in keys.items() if value}
    return f"#{urlencode(chosen, errors='replace')}"


def status_table(statuses: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Turn counts into a table: a line for each arm, a column for each status that occurs.

    Args:
        statuses: ``subject, setting, value, control, tier, status, count``.

    Returns:
        ``columns`` (statuses, ``ok`` first) and ``lines`` (``subject, setting, value, control,
        tier, counts, total``).
    """
    columns = sorted(
        {str(entry["status"]) for entry in statuses}, key=lambda name: (name != "ok", name)
    )
    rank = {tier: place for place, tier in enumerate(ARM_TIERS)}
    lines: dict[tuple[Any, ...], dict[str, int]] = {}
    for entry in statuses:
        key = (
            str(entry.get("subject") or ""),
            str(entry.get("setting") or ""),
            str(entry.get("value") or ""),
            bool(entry.get("control")),
            str(entry["tier"]),
        )
        counts = lines.setdefault(key, {})
        status = str(entry["status"])
        counts[status] = counts.get(status, 0) + int(entry["count"])
    ordered = sorted(lines, key=lambda key: (*key[:4], rank.get(key[4], len(rank)), key[4]))
    return {
        "columns": columns,
        "lines": [
            dict(zip(("subject", "setting", "value", "control", "tier"), key, strict=True))
            | {
                "counts": [lines[key].get(name, 0) for name in columns],
                "total": sum(lines[key].values()),
            }
            for key in ordered
        ],
    }


def _varies(rows: Sequence[Mapping[str, Any]], key: str) -> bool:
    return len({row[key] for row in rows}) > 1


def _sequence(stopping: Mapping[str, Any] | None) -> list[Any]:
    """Draw the confidence sequence for a wide and for a narrow page; nothing without one."""
    from markupsafe import Markup

    if not stopping or len(stopping["path"]) < _FEWEST_BLOCKS:
        return []
    drawn = [sequence_figure(stopping["path"], width=width) for width in (960, 352)]
    return [Markup(figure) for figure in drawn]


def _adjusted(rows: Sequence[Mapping[str, Any]]) -> int:
    """Say for how many gaps the p-values were adjusted; 0 where there was only one."""
    tested = sum(row["p_holm"] is not None for row in rows)
    return tested if tested > 1 else 0


def _study(content: SiteContent) -> dict[str, Any]:
    """Give the study's identity with None for what is not known."""
    study: dict[str, Any] = dict.fromkeys(
        (
            "title",
            "id",
            "hash",
            "judge",
            "judge_version",
            "judge_card",
            "largest",
            "stopping",
            "command",
            "created",
            "version",
            "seed",
        )
    ) | tidy(dict(content.study))
    for key in ("subjects", "settings", "method_notes", "warnings", "import_notes"):
        study[key] = list(study.get(key) or [])
    return study


def _title(study: Mapping[str, Any]) -> str:
    return str(study["title"] or study["id"] or "A study of the compliance gap")


def render_factor(
    content: SiteContent,
    page: FactorPage,
    pages: Sequence[FactorPage],
    answers: AnswerPage,
    *,
    build: str,
) -> str:
    """Render a page on something that was varied.

    Args:
        content: The report's content; its blocks are not touched.
        page: The page.
        pages: All such pages, to lead from one to another.
        answers: The page on what the answers show.
        build: The data's digest, so that a browser never mixes two reports.

    Returns:
        The HTML document.
    """
    study = _study(content)
    return (
        _environment()
        .get_template("factor.html.j2")
        .render(
            study=study,
            title=_title(study),
            page=page,
            pages=pages,
            several=len(page.parts) > 1,
            folded=[part for part in page.parts if part.folded],
            answers=answers,
            trust=trust_of(content),
            build=build,
        )
    )


def render_answers(
    content: SiteContent, page: AnswerPage, pages: Sequence[FactorPage], *, build: str
) -> str:
    """Render the page on what the answers show beside the outcome.

    Args:
        content: The report's content; its blocks are not touched.
        page: The page.
        pages: The pages on what was varied, to lead there.
        build: The data's digest.

    Returns:
        The HTML document.
    """
    study = _study(content)
    return (
        _environment()
        .get_template("answers.html.j2")
        .render(study=study, title=_title(study), page=page, pages=pages, build=build)
    )


def render_shape(
    content: SiteContent,
    page: ShapePage,
    pages: Sequence[FactorPage],
    answers: AnswerPage,
    *,
    build: str,
) -> str:
    """Render the page of a result that has a shape of its own.

    Args:
        content: The report's content; its blocks are not touched.
        page: The page.
        pages: The pages on what was varied, to lead there.
        answers: The page on what the answers show.
        build: The data's digest.

    Returns:
        The HTML document.
    """
    from markupsafe import Markup

    study = _study(content)
    # Figures escape whatever they are given; see svg.py.
    figures = [
        {
            "caption": figure.caption,
            "note": figure.note,
            "wide": Markup(figure.svg),
            "narrow": Markup(figure.narrow or figure.svg),
        }
        for figure in page.figures
    ]
    tables = [
        {
            "title": table.caption,
            "header": table.columns,
            "rows": table.cells,
            "note": table.note,
            "long": table.long,
        }
        for table in page.tables
    ]
    return (
        _environment()
        .get_template("shape.html.j2")
        .render(
            study=study,
            title=_title(study),
            page=page,
            figures=figures,
            tables=[table for table in tables if table["rows"]],
            pages=pages,
            answers=answers,
            trust=trust_of(content),
            build=build,
        )
    )


def trust_of(content: SiteContent) -> Calibration | None:
    """Say what is known of the errors of the judge that makes the gap; None where no judge is named."""
    study = content.study
    if not study.get("judge"):
        return None
    version = study.get("judge_version")
    return calibration(
        str(study["judge"]),
        None if version is None else str(version),
        study.get("judge_card"),
        of="these answers",
    )


def _known_lines(answers: AnswerPage) -> tuple[list[KnownPart], str]:
    """Pick what the first page says of known transcripts; the rest stands on the page about the answers."""
    every = list(answers.known_all)
    if len(every) <= _FEW_KNOWN:
        return every, ""
    shown = [one for one in every if one.question == "outcome" or one.warning][:_FEW_KNOWN]
    left = len(every) - len(shown)
    return (
        shown,
        f"{left} more {'judge was' if left == 1 else 'judges and questions were'} checked.",
    )


def render(
    content: SiteContent,
    gaps: Sequence[Mapping[str, Any]],
    *,
    meta: Mapping[str, Any],
    build: str,
    answers: AnswerPage,
    pages: Sequence[FactorPage] = (),
) -> str:
    """Render the first page.

    Args:
        content: What to show; its blocks are not touched.
        gaps: Its gap rows, complete.
        meta: What was written about the blocks.
        build: The data's digest, so that a browser never mixes two reports.
        answers: The page on what the answers show; empty where nothing was asked beside the outcome.
        pages: The pages on what was varied.

    Returns:
        The HTML document.
    """
    from markupsafe import Markup

    from gyges.findings import plain_method

    study = _study(content)
    # The figure escapes whatever it is given; see svg.py.
    trust = trust_of(content)
    note = figure_note(study["stopping"])
    wide = Markup(gap_figure(gaps, width=960, note=note).inline)
    narrow = Markup(gap_figure(gaps, width=352, note=note).inline)
    known, known_left = _known_lines(answers)
    return (
        _environment()
        .get_template("index.html.j2")
        .render(
            study=study,
            title=_title(study),
            pages=pages,
            answers=answers,
            shape=content.shape,
            trust=trust,
            known=known,
            known_left=known_left,
            answer=headline(
                gaps,
                study["largest"],
                decided=bool(study["stopping"] and study["stopping"]["decided"]),
                does=content.shape.does if content.shape else "complies",
            ),
            figure_wide=wide,
            figure_narrow=narrow,
            gaps=gaps,
            adjusted=_adjusted(gaps),
            corrected=any(row["corrected_gap"] is not None for row in gaps),
            corrections=list(dict.fromkeys(row["correction"] for row in gaps if row["correction"])),
            crossed=any((row["wordings"] or 1) > 1 for row in gaps),
            varies={key: _varies(gaps, key) for key in ("setting", "value", "control", "judge")},
            sequence=_sequence(study["stopping"]),
            methods=list(
                dict.fromkeys(plain_method(row["method"]) for row in gaps if row["method"])
            ),
            judges=list(dict.fromkeys(row["judge"] for row in gaps if row["judge"])),
            statuses=status_table(content.statuses),
            few_rows=_FEW_ROWS,
            card=card_figures(study["judge_card"]),
            controls=controls_section(content.controls, study["judge"]),
            meta=meta,
            build=build,
        )
    )
