"""``gyges agreement``: how far two judges of a study agree, and where they do not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gyges.cli.options import as_json, study_argument

if TYPE_CHECKING:
    from gyges.findings.agreement import Agreement

__all__ = ["command"]


@click.command("agreement")
@study_argument
@click.option(
    "--between",
    nargs=2,
    required=True,
    metavar="JUDGE JUDGE",
    help="The two judges, such as released lexical.",
)
@click.option(
    "--question",
    default="outcome",
    show_default=True,
    metavar="ID",
    help="The question that both answered.",
)
@click.option(
    "--disagreements",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Write a page with the trials on which they differ to this folder.",
)
@click.option(
    "--most",
    type=click.IntRange(min=1),
    default=5_000,
    show_default=True,
    metavar="N",
    help="Show at most so many of them, drawn by chance.",
)
@as_json
def command(
    study: Path,
    between: tuple[str, str],
    question: str,
    disagreements: Path | None,
    most: int,
    as_json: bool,
) -> None:
    """Compare two judges by subject, value and tier, and say how steady each is on identical answers."""
    from gyges.findings.agreement import agreement
    from gyges.study import StudyFolder

    folder = StudyFolder(study)
    found = agreement(folder, between, question)
    page = None
    if disagreements is not None:
        from gyges.report.disagreements import write_disagreements

        page = write_disagreements(folder, found, disagreements, most=most)
    if as_json:
        record: dict[str, Any] = {"schema": "gyges.agreement/1", **found.row()}
        if page is not None:
            record["page"] = str(page)
        click.echo(json.dumps(record, indent=2, ensure_ascii=False))
        return
    click.echo(_text(found))
    if page is not None:
        click.echo(f"\nThe disagreements: {page}")


def _text(found: Agreement) -> str:
    from gyges.cli.table import text_table

    first, second = found.between
    header = ["subject · value · tier", "trials", "both decided", "agree", "agreement"]
    header += [f"undecided {first}", f"undecided {second}", "kappa"]
    named = [
        (" · ".join(row[key] for key in ("subject", "value", "tier")), row) for row in found.rows
    ]
    lines = [
        [
            name,
            str(row["trials"]),
            str(row["both_decided"]),
            str(row["agree"]),
            "-" if row["agreement"] is None else f"{row['agreement']:.3f}",
            str(row["undecided_first"]),
            str(row["undecided_second"]),
            "-" if row["kappa"] is None else f"{row['kappa']:.2f}",
        ]
        for name, row in [*named, ("all", found.total)]
    ]
    parts = [text_table(header, lines), found.sentence()]
    for name, which in ((first, "only_first"), (second, "only_second")):
        if found.total[which]:
            parts.append(
                f"{found.total[which]:,} trials were judged by {name} alone and are left out."
            )
    parts += [record["sentence"] for record in found.same_text.values()]
    return "\n\n".join(parts)
