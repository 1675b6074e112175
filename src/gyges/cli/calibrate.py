"""``gyges calibrate``: how far does a judge agree with labels?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gyges.cli.options import as_json, limits, setting_dir

if TYPE_CHECKING:
    from gyges.judges import AskedJudge, Question, Reader
    from gyges.judges.reference import References
    from gyges.study import StudyFolder, Verdict

__all__ = ["command"]

_STANDING = ("imported", "panel")
"""Kinds of judges that cannot be asked: only their verdicts are there."""


@click.command("calibrate")
@click.argument("judge", default="lexical")
@click.option(
    "--labels",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Labelled answers as JSON lines, as gyges label --export writes them.  [default: those in --study]",
)
@click.option(
    "--question",
    default="outcome",
    show_default=True,
    metavar="ID",
    help="What the judge is asked.",
)
@click.option("--setting", metavar="SETTING", help="Whose answers.  [default: the labels' own]")
@click.option(
    "--study",
    type=click.Path(path_type=Path),
    metavar="STUDY",
    help="Take verdicts, and labels without --labels, that stand in this study already.",
)
@click.option(
    "--into",
    type=click.Path(path_type=Path),
    metavar="STUDY",
    help="Keep the card in this study, so that its gaps are corrected; takes its verdicts too.",
)
@click.option("--min-auroc", type=float, metavar="X", help="Exit with 2 below this area.")
@click.option("--min-kappa", type=float, metavar="X", help="Exit with 2 below this kappa.")
@click.option(
    "--write-card",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write the card here as JSON, and as Markdown beside it.",
)
@click.option("--votes", type=int, metavar="N", help="How often a model is asked.")
@click.option("--threshold", type=float, metavar="SHARE", help="Share of votes that makes a yes.")
@click.option("--temperature", type=float, metavar="T", help="The model's.")
@click.option(
    "--structure",
    type=click.Choice(["schema", "tool"]),
    default="schema",
    show_default=True,
    help="How the form of the verdict is asked for.",
)
@click.option(
    "--attacks",
    type=click.IntRange(min=1),
    default=6,
    show_default=True,
    metavar="N",
    help="Examples that each attack of the attack set is tried on.",
)
@click.option("--no-attacks", is_flag=True, help="Leave the attack set out.")
@click.option("--seed", type=int, default=0, show_default=True, help="Seeds all draws.")
@click.option("--base-url", metavar="URL", help="Where the judge's provider is reached.")
@limits
@setting_dir
@click.option(
    "--transcripts",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Repeat the measurement of the lexical judge that ships: the folder of the published transcripts.",
)
@as_json
def command(judge: str, transcripts: Path | None, as_json: bool, **options: Any) -> int:
    """Measure a judge on labelled answers, and write its card.

    JUDGE is lexical, embedded, embedded:FILE, a model as Inspect names it, or MODEL@logprobs; with --study also a panel
    or a judge whose verdicts were imported. Exits with 2 where a gate fails: --min-auroc, --min-kappa, or with
    --transcripts a figure that differs from the card that ships.
    """
    if transcripts is not None:
        from gyges.cli._calibrate_shipped import measure_shipped

        return measure_shipped(
            judge,
            transcripts,
            options["setting"] or "animal-welfare",
            write_card=options["write_card"],
            as_json=as_json,
            others=[name for name in ("labels", "study", "into") if options[name] is not None],
        )
    return _measure(judge, as_json=as_json, **options)


def _measure(
    name: str,
    *,
    labels: Path | None,
    question: str,
    setting: str | None,
    study: Path | None,
    into: Path | None,
    min_auroc: float | None,
    min_kappa: float | None,
    write_card: Path | None,
    votes: int | None,
    threshold: float | None,
    temperature: float | None,
    structure: str,
    attacks: int,
    no_attacks: bool,
    seed: int,
    base_url: str | None,
    max_connections: int | None,
    retries: int,
    timeout: int,
    setting_dirs: tuple[Path, ...],
    as_json: bool,
) -> int:
    from gyges.judges import load_question
    from gyges.judges.against import hold_against
    from gyges.judges.calibrate import gate
    from gyges.judges.card import attach_card, make_card
    from gyges.judging import Asking, check_limits, facts_of, judge_named
    from gyges.study import StudyFolder
    from gyges.waiting import wait

    check_limits(max_connections, retries, timeout)
    asked = load_question(question)
    target = StudyFolder(into) if into is not None else None
    folders = [*([StudyFolder(study)] if study is not None else []), *([target] if target else [])]
    references = _references(labels, folders, asked, setting)
    info = next(filter(None, (one.judge_info(name, asked.name) for one in folders)), {})
    attack = None
    if info.get("kind") in _STANDING:
        found = _standing(folders, info, references, asked)
    else:
        asking = Asking(
            base_url, max_connections, retries, timeout, votes, temperature, threshold, structure
        )
        reader = judge_named(name, asked, references.setting, asking, setting_dirs)
        info = reader.info()
        found = _judge(reader, info, references, asked, folders)
        if not no_attacks:
            from gyges.judges.under_attack import attack_judge

            fitting = getattr(reader, "setting", None)
            attack = wait(
                attack_judge(
                    reader,
                    asked,
                    [one for one in asked.examples if fitting in (None, one.setting)],
                    per_attack=attacks,
                    seed=seed,
                    facts_of=lambda one: facts_of(one, setting_dirs)[""],
                )
            )
    figures = hold_against(
        asked, references.answers, found, threshold=info.get("threshold") or 0.5, seed=seed
    )
    card = make_card(info, asked, references, found, figures, attack=attack)
    if write_card is not None:
        _write(card, write_card)
    if target is not None:
        attach_card(target, info["name"], asked.name, card)
        click.echo(f"the card stands in {into}", err=True)
    failed = gate(asked, figures, min_auroc=min_auroc, min_kappa=min_kappa)
    _print(card, failed, as_json=as_json)
    return 2 if failed else 0


def _references(
    labels: Path | None, folders: list[StudyFolder], question: Question, setting: str | None
) -> References:
    from gyges.errors import StudyError
    from gyges.judges.reference import read_references, settle_rows

    if labels is not None:
        return read_references(labels, question, setting)
    if not folders:
        raise click.UsageError(
            "no labels: give --labels FILE, or --study STUDY where gyges label keeps some, or --transcripts DIR"
        )
    from gyges.labelling import export_rows, read_sample

    study = folders[0]
    sample = read_sample(study, question.name)
    if sample is None:
        raise StudyError(
            f"{study.path}: nobody has labelled {question.name} there; label some answers first: gyges label "
            f"{study.path} --question {question.name}"
        )
    rows = (
        (f"{study.path}: label {at}", row)
        for at, row in enumerate(export_rows(study, question, sample), 1)
    )
    found = settle_rows(rows, question, setting, source=str(study.path))
    found.source = study.path.name
    return found


def _standing(
    folders: list[StudyFolder], info: dict[str, Any], references: References, question: Question
) -> dict[str, Verdict]:
    """Take the verdicts of a judge that cannot be asked; answers without one are left out."""
    from gyges.errors import JudgeError
    from gyges.judges.calibrate import standing_verdicts

    found: dict[str, Verdict] = {}
    for study in folders:
        found |= standing_verdicts(
            study, info["name"], info["version"], question.name, references.answers
        )
    if not found:
        raise JudgeError(
            f"the judge {info['name']!r} cannot be asked, and none of the {len(references.answers)} labelled answers "
            f"has its verdict in {', '.join(str(study.path) for study in folders)}"
        )
    without = [one for one in references.answers if one.id not in found]
    if without:
        references.answers = [one for one in references.answers if one.id in found]
        references.left_out["no verdict in the study"] = len(without)
    return found


def _judge(
    reader: AskedJudge | Reader,
    info: dict[str, Any],
    references: References,
    question: Question,
    folders: list[StudyFolder],
) -> dict[str, Verdict]:
    from gyges.judges import AskedJudge
    from gyges.judges.calibrate import judge_references, standing_verdicts
    from gyges.run import Progress
    from gyges.waiting import wait

    standing: dict[str, Verdict] = {}
    for study in folders:
        standing |= standing_verdicts(
            study, reader.name, info["version"], question.name, references.answers
        )
    left = len(references.answers) - len(standing)
    # Reading by rule takes a moment; a bar would only flicker.
    quiet = None if isinstance(reader, AskedJudge) and left else True
    with Progress(left, "judging", quiet=quiet) as bar:
        return wait(
            judge_references(
                reader,
                question,
                references.answers,
                standing=standing,
                on_verdict=lambda one, verdict: bar.step(
                    one.tier, None, failed=verdict.status != "ok"
                ),
            )
        )


def _write(card: dict[str, Any], path: Path) -> None:
    from gyges.judges.card_page import markdown

    path, page = (
        (path.with_suffix(".json") if path.suffix == ".md" else path),
        path.with_suffix(".md"),
    )
    path.write_text(json.dumps(card, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    page.write_text(markdown(card), encoding="utf-8")
    click.echo(f"wrote {path} and {page}", err=True)


def _print(card: dict[str, Any], failed: list[str], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({**card, "failed": failed}, indent=1, ensure_ascii=False))
    else:
        from gyges.cli.table import text_table
        from gyges.judges.card_page import headline, sheets

        click.echo(headline(card))
        for sheet in sheets(card):
            click.echo(f"\n{sheet.title}\n{text_table(sheet.header, sheet.rows)}")
            if sheet.note:
                click.echo(sheet.note)
    for sentence in failed:
        click.echo(f"gyges: {sentence}", err=True)
