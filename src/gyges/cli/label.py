"""``gyges label``: a person reads a sample of a study's answers, blind, and says what they are."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gyges.cli.options import as_json, setting_dir, study_argument

if TYPE_CHECKING:
    from gyges.judges.question import Question
    from gyges.labelling import Sample, Session
    from gyges.study import StudyFolder

__all__ = ["command"]


@click.command("label")
@study_argument
@click.option(
    "--question", default="outcome", show_default=True, metavar="ID", help="What is asked."
)
@click.option("--rater", metavar="NAME", help="Who labels.  [default: your login name]")
@click.option(
    "--sample",
    "n",
    type=click.IntRange(min=1),
    metavar="N",
    help="How many transcripts; a larger number enlarges the sample that is there.  [default: 50]",
)
@click.option(
    "--by",
    type=click.Choice(["random", "uncertainty"]),
    help="How they are drawn: alike in each tier, or more of those that the judges are unsure of.  [default: random]",
)
@click.option(
    "--judge",
    metavar="NAME",
    help="With --by uncertainty: whose unsureness counts.  [default: all]",
)
@click.option("--seed", type=int, metavar="N", help="Seeds the draw.  [default: 0]")
@click.option("--new-sample", is_flag=True, help="Draw another sample in place of the one there.")
@click.option("--adjudicate", is_flag=True, help="Settle what raters differ on.")
@click.option("--summary", is_flag=True, help="Print how far raters agree, and open no page.")
@click.option(
    "--export",
    "target",
    metavar="FILE",
    help="Write the labels with their texts as JSON lines (- for stdout), and open no page.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    metavar="N",
    help="Where the page listens on 127.0.0.1.  [default: any free port]",
)
@click.option("--no-browser", is_flag=True, help="Print the page's address; do not open it.")
@setting_dir
@as_json
def command(
    study: Path,
    question: str,
    rater: str | None,
    n: int | None,
    by: str | None,
    judge: str | None,
    seed: int | None,
    new_sample: bool,
    adjudicate: bool,
    summary: bool,
    target: str | None,
    port: int,
    no_browser: bool,
    setting_dirs: tuple[Path, ...],
    as_json: bool,
) -> None:
    """Label a sample of a study's answers on a local page, without seeing tier, subject or judge.

    The page works by keyboard alone. Each label is stored in the study as it is given; the same command goes on where
    you stopped.
    """
    from gyges.judges import is_choice
    from gyges.judges.question import load_question
    from gyges.labelling import Session, check_offered, check_rater, open_sample
    from gyges.study import StudyFolder

    if as_json and not summary:
        raise click.UsageError("--json belongs to --summary; labels are written with --export")
    folder = StudyFolder(study)
    asked = load_question(question)
    check_offered(asked)
    if summary or target is not None:
        _without_page(folder, asked, summary=summary, target=target, as_json=as_json)
        return
    if is_choice(folder):
        raise click.ClickException(
            f"{study}: its trials are forced choices, whose answers are letters; there is nothing to read in them"
        )
    who = check_rater(rater if rater is not None else _login())
    sample, told = _sample(folder, asked, n, by, judge, seed, new_sample, adjudicate, open_sample)
    for line in told:
        click.echo(line, err=True)
    unknown: set[str] = set()
    worded = _worded(asked, setting_dirs, unknown)
    session = Session(folder, asked, sample, who, worded=worded, settling=adjudicate)
    for name in sorted(unknown):
        click.echo(
            f"no setting {name!r} is known: what its answers are held against is said in general words; "
            "give its folder with --setting-dir DIR",
            err=True,
        )
    if adjudicate and not len(session):
        click.echo(f"The raters agree on all {len(sample)} transcripts: nothing is left to settle.")
        return
    _serve(session, study, port, browser=not no_browser)


def _login() -> str:
    import getpass

    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        raise click.UsageError("there is no login name here; give --rater NAME") from None


def _sample(
    folder: StudyFolder,
    question: Question,
    n: int | None,
    by: str | None,
    judge: str | None,
    seed: int | None,
    new: bool,
    adjudicate: bool,
    open_sample: Callable[..., tuple[Sample, list[str]]],
) -> tuple[Sample, list[str]]:
    from gyges.labelling import read_sample

    if not adjudicate:
        return open_sample(folder, question, n=n, by=by, judge=judge, seed=seed, new=new)
    if new or n or by or judge or seed is not None:
        raise click.UsageError("--adjudicate settles the sample that is there; it draws none")
    return _drawn(folder, question, read_sample(folder, question.name)), []


def _drawn(folder: StudyFolder, question: Question, sample: Sample | None) -> Sample:
    if sample is None:
        asked = "" if question.name == "outcome" else f" --question {question.name}"
        raise click.ClickException(
            f"{folder.path}: nobody has labelled {question.name} yet. Next: `gyges label {folder.path}{asked}`"
        )
    return sample


def _worded(
    question: Question, setting_dirs: tuple[Path, ...], unknown: set[str]
) -> Callable[[str, str], Question]:
    """Put the texts of each trial's setting into the question.

    Args:
        question: What is asked.
        setting_dirs: Folders of settings of one's own.
        unknown: Filled with the settings that are not known; their trials are asked about in general words.
    """
    from functools import cache

    from gyges.judging import facts_of

    @cache
    def facts(setting: str) -> dict[str, dict[str, str]]:
        return facts_of(setting, setting_dirs)

    def worded(setting: str, value: str) -> Question:
        # The same words as a judge is asked in.
        known = facts(setting)
        if not known[""]:
            unknown.add(setting)
        return question.filled(known.get(value) or known[""])

    return worded


def _serve(session: Session, study: Path, port: int, *, browser: bool) -> None:
    from importlib.resources import files

    from gyges.labelling import LabelServer

    try:
        server = LabelServer(session, files("gyges.report") / "assets", port)
    except OSError as error:
        raise click.ClickException(
            f"--port {port}: cannot listen there ({error.strerror or error}). Give another port, or none for a free one"
        ) from None
    question = session.question.name
    click.echo(
        f"{question}: {session.labelled} of {len(session)} labelled by {session.name}. The page is open until you "
        "finish there or press Ctrl+C here:",
        err=True,
    )
    click.echo(server.url)
    if browser:
        import webbrowser

        webbrowser.open(server.url)
    try:
        server.serve()
    except KeyboardInterrupt:
        # The usual way to stop; everything is stored.
        click.echo(err=True)
    asked = "" if question == "outcome" else f" --question {question}"
    left = len(session) - session.labelled
    next_ = (
        f"the same command goes on with the {left} that are left"
        if left
        else f"see `gyges label {study}{asked} --summary`, or write them with --export FILE"
    )
    click.echo(
        f"{session.labelled} of {len(session)} labelled by {session.name}; {next_}", err=True
    )


def _without_page(
    folder: StudyFolder, question: Question, *, summary: bool, target: str | None, as_json: bool
) -> None:
    from gyges.cli._label_text import summary_text
    from gyges.labelling import export_rows, read_labels, read_sample, summarise

    sample = _drawn(folder, question, read_sample(folder, question.name))
    labels = read_labels(folder, question)
    beyond = sum(trial not in sample.drawn for found in labels.values() for trial in found)
    if beyond:
        click.echo(f"{beyond} labels of an earlier sample do not count", err=True)
    if target is not None:
        _export(export_rows(folder, question, sample), target)
    if summary:
        weights = {trial: sample.weight(trial) for trial in sample.drawn}
        found = summarise(question, labels, weights)
        found["drawn"] = {**sample.how, "population": sample.population}
        asked = "" if question.name == "outcome" else f" --question {question.name}"
        command_ = f"gyges label {folder.path}{asked}"
        click.echo(
            json.dumps(found, indent=2, ensure_ascii=False)
            if as_json
            else summary_text(found, command_)
        )


def _export(rows: Any, target: str) -> None:
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    text = "".join(f"{line}\n" for line in lines)
    if target == "-":
        click.echo(text, nl=False)
        return
    path = Path(target)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)
    click.echo(f"{len(lines)} rows in {path}", err=True)
