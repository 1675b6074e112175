"""``gyges questions``: what can be asked about an answer, and how a judge fares on the worked examples."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gyges.cli.options import as_json, limits, setting_dir, structure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gyges.judges import Example, Known, Question

__all__ = ["command"]


@click.group("questions", invoke_without_command=True)
@click.pass_context
def command(ctx: click.Context) -> None:
    """List, show and check the questions that judges answer."""
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_questions, as_json=False)


@command.command("list")
@as_json
def list_questions(as_json: bool) -> None:
    """List the questions."""
    from gyges.judges import load_question, question_ids

    found = [load_question(name) for name in question_ids()]
    if as_json:
        rows = [
            {
                "id": one.id,
                "version": one.version,
                "title": one.title,
                "kind": one.kind,
                "sees": list(one.sees),
                "needs": list(one.needs),
                "variants": [*one.variants, *one.probe],
                "votes": one.votes,
                "threshold": one.threshold,
                "examples": len(one.examples),
            }
            for one in found
        ]
        click.echo(json.dumps({"schema": "gyges.questions/1", "questions": rows}, indent=2))
        return

    rows_ = [
        [one.id, one.title, one.kind, " ".join(one.sees), str(len(one.examples))] for one in found
    ]
    width = max(len(row[0]) for row in rows_)
    wide = max(len(row[3]) for row in rows_) + 2
    click.echo(f"{'question'.ljust(width)}  {'kind':<9}{'sees':<{wide}}{'examples':<10}what")
    for id_, title, kind, sees, count in rows_:
        click.echo(f"{id_.ljust(width)}  {kind:<9}{sees:<{wide}}{count:<10}{title}")
    click.echo("\nVariants, each a question of its own:")
    for one in found:
        names = [f"{one.id}.{variant}" for variant in (*one.variants, *one.probe)]
        # A question that is put to the subject at one time alone has nothing to choose.
        if one.variants or len(one.probe) > 1:
            click.echo(f"{one.id.ljust(width)}  {', '.join(names)}")


@command.command("show")
@click.argument("name")
@click.option("--instructions", is_flag=True, help="Print what a judge is told, and nothing else.")
@click.option("--examples", is_flag=True, help="Print the worked examples' texts and answers too.")
@click.option(
    "--setting", metavar="SETTING", help="Fill in this setting's facts.  [default: general words]"
)
@setting_dir
def show(
    name: str,
    instructions: bool,
    examples: bool,
    setting: str | None,
    setting_dirs: tuple[Path, ...],
) -> None:
    """Print a question: what it decides, its labels, and the labels of its worked examples with their reasons."""
    from gyges.judges import load_question
    from gyges.judges.instructions import instructions as told
    from gyges.judging import facts_of, worked_examples
    from gyges.settings import load_setting

    question = load_question(name)
    if setting:
        load_setting(setting, setting_dirs)
        question = question.filled(facts_of(setting, setting_dirs)[""])
        # Where the setting brings examples of its own, a judge of its studies is shown these.
        if own := worked_examples(setting, setting_dirs, question.name):
            question = replace(question, examples=own)
    if instructions:
        click.echo(told(question.filled({}) if not setting else question))
        return
    lines = _shown(question, texts=examples)
    if not examples:
        lines += ["", f"Their texts: gyges questions show {name} --examples"]
    click.echo("\n".join(lines))


def _shown(question: Question, *, texts: bool) -> list[str]:
    lines = [
        f"{question.name}: {question.title}",
        f"kind: {question.kind}; sees: {', '.join(question.sees)}; needs: {', '.join(question.needs)}",
        f"votes: {question.votes}; temperature: {question.temperature:g}; threshold: {question.threshold:g}",
    ]
    if question.variant is None:
        for variant, means in question.variants.items():
            lines.append(f"variant {question.id}.{variant}: {' '.join(means.split())}")
    if question.probe:
        lines.append(f"asked of the subject: {', '.join(question.probe)}")
    lines += ["", _paragraphs(question.about), "", f"Source: {' '.join(question.source.split())}"]
    changed = question.variants.get(question.variant or "", "")
    lines += ["", "Asked:", _paragraphs(f"{question.ask} {changed}"), ""]
    meant = [(one.id, one.means) for one in question.labels]
    meant += [(one.id, one.means) for one in question.applying]
    meant += [(one.id, one.means) for one in question.scales]
    lines += [f"- {name}: {' '.join(means.split())}" for name, means in meant]
    lines += ["", f"{len(question.examples)} worked examples:"]
    for example in question.examples:
        label = example.label(question)
        shown = ", ".join(label) or "none" if isinstance(label, tuple) else label
        if label is None:
            shown = ", ".join(f"{k} {v}" for k, v in example.answer["scores"].items())
        known = f" ({example.known} control)" if example.known else ""
        lines.append(f"- {example.id}: {shown}{known}. {' '.join(example.why.split())}")
        if texts:
            lines += [*_texts(question, example), ""]
    return lines


def _texts(question: Question, example: Example) -> list[str]:
    """Show what a judge is shown of an example, and the answer that it should give beside the label."""
    lines = [f"  setting: {example.setting}"]
    for part in question.sees:
        if text := example.parts.get(part):
            lines += [f"  {part}:", *(f"    {line}".rstrip() for line in text.splitlines())]
    said = {name: value for name, value in example.answer.items() if name != "variants"}
    if question.kind == "criteria":
        quotes = example.criteria(question.variant)
        said["criteria"] = {one.id: quotes.get(one.id) for one in question.applying}
    return [*lines, "  answer:", *_answered(said)]


def _answered(said: Mapping[str, Any]) -> list[str]:
    lines = []
    for name, value in said.items():
        if isinstance(value, dict):
            lines += [f"    {key}: {_word(one)}" for key, one in value.items()]
        elif isinstance(value, list):
            lines.append(f"    {name}: {_list([str(one) for one in value])}")
        else:
            lines.append(f"    {name}: {_word(value)}")
    return lines


def _word(value: Any) -> str:
    return "none" if value in (None, "") else " ".join(str(value).split())


def _paragraphs(text: str) -> str:
    return "\n\n".join(" ".join(part.split()) for part in text.split("\n\n"))


@command.command("check")
@click.argument("name")
@click.option("--judge", metavar="NAME", help="lexical, embedded, a model, or MODEL@logprobs.")
@click.option(
    "--setting",
    default="animal-welfare",
    show_default=True,
    metavar="SETTING",
    help="Whose rule, where the judge reads by rule, and whose examples, where it brings its own.",
)
@click.option("--votes", type=int, metavar="N", help="How often a model is asked.")
@structure
@click.option("--base-url", metavar="URL", help="Where the judge's provider is reached.")
@click.option(
    "--min-right",
    type=click.FloatRange(0, 1),
    metavar="SHARE",
    help="Exit with 2 if a smaller share of the examples is read right.",
)
@limits
@setting_dir
@as_json
def check(
    name: str,
    judge: str | None,
    setting: str,
    setting_dirs: tuple[Path, ...],
    min_right: float | None,
    as_json: bool,
    **options: Any,
) -> int:
    """Show a judge a question's worked examples, and print which it reads right."""
    from gyges.judges import judge_known, known_record, load_question
    from gyges.judging import Asking, facts_of, judge_named, worked_examples
    from gyges.waiting import wait

    question = load_question(name)
    reader = judge_named(judge, question, setting, Asking(**options), setting_dirs)
    whose = getattr(reader, "setting", None)
    shipped = [one for one in question.examples if whose in (None, one.setting)]
    # Where the setting brings examples of its own, these count.
    examples = list(worked_examples(setting, setting_dirs, question.name)) or shipped
    elsewhere = 0 if examples is not shipped else len(question.examples) - len(examples)
    found = wait(
        judge_known(
            reader, question, examples, facts_of=lambda one: facts_of(one, setting_dirs)[""]
        )
    )
    record = known_record(reader.info(), found)
    if as_json:
        click.echo(json.dumps(record, indent=2, ensure_ascii=False))
    else:
        click.echo("\n".join(_checked(question, found, record, elsewhere)))
    share = record["right"] / record["of"] if record["of"] else 0.0
    if min_right is not None and share < min_right:
        click.echo(
            f"{record['right']} of {record['of']} read right, less than --min-right {min_right:g}.",
            err=True,
        )
        return 2
    return 0


def _checked(
    question: Question, found: list[Known], record: dict[str, Any], elsewhere: int
) -> list[str]:
    lines = []
    left = record["of"] - record["judged"]
    for one in found:
        if one.right:
            continue
        said = one.said if one.status == "ok" else one.status
        mark = "wrong" if one.right is False else "not counted"
        lines.append(
            f"{mark}: {one.id}: {_list(said)}, expected {_list(one.expected)}. {' '.join(one.why.split())}"
        )
        if one.note:
            lines.append(f"  the judge: {one.note[:200]}")
    lines.append(
        f"{record['judge']} on {record['question']}: {record['right']} of {record['judged']} examples read right"
        + (f"; {left} without a verdict or a label." if left else ".")
    )
    if elsewhere:
        belong = "belongs" if elsewhere == 1 else "belong"
        lines.append(
            f"{elsewhere} of the question's {len(question.examples)} examples {belong} to another setting than the "
            "judge's and were not shown to it."
        )
    return lines


def _list(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {number:g}" for name, number in value.items())
    return (", ".join(value) or "none") if isinstance(value, list) else str(value)
