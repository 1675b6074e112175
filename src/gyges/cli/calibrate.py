"""``gyges calibrate``: how far does a judge agree with labels?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gyges.cli.options import as_json, limits, setting_dir, structure

if TYPE_CHECKING:
    from gyges.judges import AskedJudge, Reader

__all__ = ["command"]


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
@click.option(
    "--other-subjects",
    is_flag=True,
    help="With --into: keep the card though none of the labelled answers is of a subject of that study.",
)
@click.option(
    "--remove-card",
    type=click.Path(path_type=Path),
    metavar="STUDY",
    help="Take the judge's card out of this study again, and with it the correction; measures nothing.",
)
@click.option(
    "--min-auroc", type=float, metavar="X", help="Exit with 2 below this area; keep no card."
)
@click.option(
    "--min-kappa", type=float, metavar="X", help="Exit with 2 below this kappa; keep no card."
)
@click.option(
    "--write-card",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write the card here as JSON, and as Markdown beside it.",
)
@click.option("--votes", type=int, metavar="N", help="How often a model is asked.")
@click.option("--threshold", type=float, metavar="SHARE", help="Share of votes that makes a yes.")
@click.option("--temperature", type=float, metavar="T", help="The model's.")
@structure
@click.option(
    "--attacks",
    type=click.IntRange(min=1),
    metavar="N",
    help="Examples that each attack of the attack set is tried on.  [default: 6; 1 where a model is asked]",
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
def command(
    judge: str,
    transcripts: Path | None,
    remove_card: Path | None,
    as_json: bool,
    **options: Any,
) -> int:
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
    if remove_card is not None:
        return _remove(judge, remove_card, options["question"])
    return _measure(judge, as_json=as_json, **options)


def _remove(judge: str, study: Path, question: str) -> int:
    from gyges.judges import load_question
    from gyges.judges.card import remove_card
    from gyges.study import StudyFolder

    path = remove_card(StudyFolder(study), judge, load_question(question).name)
    click.echo(f"removed {path}", err=True)
    return 0


def _measure(
    name: str,
    *,
    labels: Path | None,
    question: str,
    setting: str | None,
    study: Path | None,
    into: Path | None,
    other_subjects: bool,
    min_auroc: float | None,
    min_kappa: float | None,
    write_card: Path | None,
    votes: int | None,
    threshold: float | None,
    temperature: float | None,
    structure: str,
    attacks: int | None,
    no_attacks: bool,
    seed: int,
    base_url: str | None,
    max_connections: int | None,
    retries: int,
    timeout: int,
    setting_dirs: tuple[Path, ...],
    as_json: bool,
) -> int:
    from gyges.cli._calibrate_labels import check_setting, check_subjects, labelled_answers
    from gyges.cli._calibrate_verdicts import STANDING, Trial, answered, standing
    from gyges.judges import load_question
    from gyges.judges.against import hold_against
    from gyges.judges.calibrate import gate
    from gyges.judges.card import attach_card, check_fits, make_card
    from gyges.judging import Asking, check_limits, judge_named
    from gyges.study import StudyFolder

    check_limits(max_connections, retries, timeout)
    asked = load_question(question)
    target = StudyFolder(into) if into is not None else None
    folders = [*([StudyFolder(study)] if study is not None else []), *([target] if target else [])]
    references = labelled_answers(labels, folders, asked, setting)
    if target is not None and (told := check_subjects(references, target, others=other_subjects)):
        click.echo(told, err=True)
    info = next(filter(None, (one.judge_info(name, asked.name) for one in folders)), {})
    attack = None
    if info.get("kind") in STANDING:
        found = standing(folders, info, references, asked)
    else:
        check_setting(name, references, asked)
        asking = Asking(
            base_url, max_connections, retries, timeout, votes, temperature, threshold, structure
        )

        def make(asking: Asking) -> AskedJudge | Reader:
            return judge_named(name, asked, references.setting, asking, setting_dirs)

        reader = make(asking)
        info = reader.info()
        if target is not None:
            # Before any call is paid for.
            of = {"judge": info["name"], "question": asked.name, "version": info["version"]}
            check_fits(target, info["name"], asked.name, of)
        trial = None
        if not no_attacks:
            trial = Trial.of(reader, asked, make, asking, attacks, seed, setting_dirs)
        found = answered(reader, info, references, asked, folders, trial)
        attack = trial.run() if trial else None
    figures = hold_against(
        asked, references.answers, found, threshold=info.get("threshold") or 0.5, seed=seed
    )
    card = make_card(info, asked, references, found, figures, attack=attack)
    if write_card is not None:
        _write(card, write_card)
    failed = gate(asked, figures, min_auroc=min_auroc, min_kappa=min_kappa)
    if target is not None and not failed:
        path = attach_card(target, info["name"], asked.name, card)
        click.echo(
            f"the card stands in {path}; removing that file takes the correction back", err=True
        )
    _print(card, failed, as_json=as_json)
    if target is not None and failed:
        click.echo(f"gyges: the card was not kept in {into}, since it fails", err=True)
    return 2 if failed else 0


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
        from gyges.judges.card_page import headline, left_out, sheets

        click.echo(headline(card))
        for line in left_out(card):
            click.echo(line)
        for sheet in sheets(card):
            click.echo(f"\n{sheet.title}\n{text_table(sheet.header, sheet.rows)}")
            if sheet.note:
                click.echo(sheet.note)
    for sentence in failed:
        click.echo(f"gyges: {sentence}", err=True)
