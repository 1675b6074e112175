"""What does ``gyges run`` print: before a run, what it would ask; after it, what it found and did?"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from gyges.api import RunResult
    from gyges.findings import Varied
    from gyges.study import StudyFolder

__all__ = ["print_dry_run", "print_result", "write_result"]

_MOST_FLAT = 3


def print_dry_run(plan: Any, as_json: bool, at_most: str | None = None) -> None:
    """Print what a run would ask.

    Args:
        plan: What was counted.
        as_json: As one record.
        at_most: The rule that may end the run earlier, if there is one.
    """
    from gyges.cli._plan_text import dry_run_json, dry_run_text

    click.echo(json.dumps(dry_run_json(plan), indent=2) if as_json else dry_run_text(plan, at_most))
    if not as_json:
        click.echo("Nothing was asked.", err=True)


def print_result(result: RunResult, no_report: bool, as_json: bool) -> None:
    """Write a study's findings and its report, and print what a run found and did."""
    from gyges import findings
    from gyges.cli.table import results_text, say_choices
    from gyges.study.parameters import parameter_lines, read_parameters

    study = result.study
    # The report shows it and the terminal tells it; JSON alone does without.
    found, varied, page = write_result(result, no_report, varied=not (no_report and as_json))
    counts = findings.statuses(study)
    if as_json:
        record = {
            "schema": "gyges.run/1",
            "study": str(study.path),
            "report": str(page) if page else None,
            "asked": result.asked,
            "skipped": result.skipped,
            "stopped": result.stopped,
            "calls": result.calls,
            "dollars": result.dollars,
            "until": result.until,
            "gaps": [gap.row() for gap in found],
            "statuses": counts,
        }
        click.echo(json.dumps(record, indent=2, ensure_ascii=False))
        _say_what_happened(result)
        return
    click.echo(results_text(found, counts))
    say_choices(study)
    click.echo()
    if result.until is not None:
        click.echo(findings.until_sentence(result.until))
        if warning := findings.until_warning(result.until):
            click.echo(f"Warning: {warning}.")
    for gap in found:
        # Where the answers said when to stop, the sequence says what they show.
        if gap.control or not (result.until and result.until["decision"]):
            click.echo(findings.sentence(gap, does=_does(study)))
    if averaged := findings.averaged(study):
        click.echo(f"{averaged}.")
    _say_what_varied(varied, study.path)
    for note in study.manifest.notes:
        if note.get("kind") == "wording":
            click.echo(f"Warning: {note.get('what')}.")
    for warning in findings.warnings(found):
        click.echo(f"Warning: {warning}.")
    for warning in parameter_lines(read_parameters(study.path)):
        click.echo(f"Warning: {warning.rstrip('.')}.")
    _say_what_happened(result)
    if page:
        click.echo(f"Report: {page}")
        own = page.with_name(f"{study.manifest.spec.get('setting', {}).get('shape')}.html")
        if own.is_file():
            click.echo(f"What this setting shows beside the gap: {own}")


def _does(study: StudyFolder) -> str:
    """Say what complying is in a study's setting: where answers are held against a key, it answers right."""
    from gyges.report.shapes import shape_of

    return "answers right" if shape_of(study) == "accuracy" else "complies"


def write_result(
    result: RunResult, no_report: bool, *, varied: bool = True
) -> tuple[Sequence[Any], Sequence[Varied], Path | None]:
    """Write a study's findings and its report.

    Returns:
        The gaps, what was varied (nothing where that is not asked for), and the report's page.
    """
    from gyges import findings
    from gyges.report.build import build_site

    gaps = result.study.write_findings()
    levels = findings.varied(result.study) if varied else []
    page = None if no_report else build_site(result.study, gaps=gaps, varied=levels)
    return gaps, levels, page


def _say_what_varied(varied: Sequence[Varied], study: Path) -> None:
    """Print the first sentence of each thing that the design varied; where many changed nothing, only their names."""
    found = [one for one in varied if one.sentences]
    flat = [one for one in found if one.verdict == "flat"]
    told = found if len(flat) <= _MOST_FLAT else [one for one in found if one.verdict != "flat"]
    for one in told:
        click.echo(f"{one.page}: {one.sentences[0]}")
    if len(told) < len(found):
        names = ", ".join(dict.fromkeys(one.page.removeprefix("factor-") for one in flat))
        click.echo(f"Nothing shown for {names}. What each could have shown: gyges levels {study}")


def _say_what_happened(result: RunResult) -> None:
    cost = "" if not result.dollars else f" for ${result.dollars:.2f}"
    done = f"{result.asked:,} trials asked{cost}" + (
        f", {result.skipped:,} were there" if result.skipped else ""
    )
    click.echo(f"{done}. Study: {result.study.path}", err=True)
    if result.stopped:
        click.echo(f"Stopped early: {result.stopped}. The same command goes on.", err=True)
    if result.failure:
        # A warning of its own: the same command mends what it can.
        click.echo(
            f"Some calls failed, the last with: {result.failure}. The same command asks them again.",
            err=True,
        )
