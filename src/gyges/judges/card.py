"""What is known about a judge's errors, written so that people and findings can use it?

A card (``gyges.card/2``) names the judge with the version that was measured (a hash of everything that shapes its
verdicts: instructions, votes, threshold), the labels and who gave them, its figures overall and by arm, and what the
attack set did to it. Its ``summary`` is what a study keeps beside the verdicts of exactly that version: from there the
findings take the counts by which they correct a gap. It stands in a file of its own, so that removing the file takes
the correction back.
"""

from __future__ import annotations

import datetime
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gyges.errors import JudgeError
from gyges.judges.against import said_of
from gyges.judges.measures import counts_for
from gyges.judges.question import UNDECIDED, Question
from gyges.judges.reference import Reference, References
from gyges.study import StudyFolder, Verdict
from gyges.study.folder import CARD
from gyges.study.schema import TIERS

__all__ = ["SCHEMA", "attach_card", "check_fits", "make_card", "remove_card"]

SCHEMA = "gyges.card/2"
_MODELS = ("model", "log-probabilities of labels")
_HOW = (
    "Intervals are at 95 % and take answers as independent. Sensitivity is the share of answers of the positive class "
    "that the judge puts there, specificity that of the others that it does not; undecided verdicts are not positive. "
    "Verdicts that failed are counted by status and are in no figure. Kappa stands beside the agreement that chance "
    "alone would give."
)


def make_card(
    info: Mapping[str, Any],
    question: Question,
    references: References,
    verdicts: Mapping[str, Verdict],
    figures: Mapping[str, Any],
    *,
    attack: Mapping[str, Any] | None = None,
    date: str | None = None,
) -> dict[str, Any]:
    """Write a judge's card.

    Args:
        info: The judge's description.
        question: What it was asked.
        references: The labelled answers.
        verdicts: Its verdicts on them, by id.
        figures: What :func:`gyges.judges.against.hold_against` made of them.
        attack: What the attack set did to it.
        date: When it was measured, ISO 8601; today by default.
    """
    answers = references.answers
    weights = [one.weight for one in answers]
    asked = {name: info.get(name) for name in ("votes", "threshold", "temperature", "structure")}
    card: dict[str, Any] = {
        "schema": SCHEMA,
        "judge": info["name"],
        "kind": info.get("kind"),
        "version": info["version"],
        "model": info["name"] if info.get("kind") in _MODELS else None,
        "question": question.name,
        "question_version": question.version,
        "setting": references.setting or None,
        "sees": info.get("sees"),
        "asked": {name: value for name, value in asked.items() if value is not None},
        "date": date or datetime.datetime.now(datetime.UTC).date().isoformat(),
        "labels": {
            "source": references.source,
            "sha256": references.sha256,
            "n": len(answers),
            "left_out": dict(sorted(references.left_out.items())),
            "tiers": _counted(one.tier for one in answers),
            "subjects": _counted(one.subject for one in answers),
            "weights": {
                "weighted": len(set(weights)) > 1,
                "least": min(weights, default=None),
                "most": max(weights, default=None),
            },
        },
        "raters": references.raters(),
        **figures,
        "attack": attack,
        "how": _HOW,
    }
    card["summary"] = _summary(card, question, answers, verdicts)
    return card


def check_fits(study: StudyFolder, judge: str, question: str, card: Mapping[str, Any]) -> None:
    """Check that a card would be of exactly the judge whose verdicts stand in a study.

    Args:
        study: The study.
        judge: The judge's name in the study.
        question: The question's name.
        card: The card, or its ``judge``, ``question`` and ``version``.

    Raises:
        JudgeError: The judge has no verdicts there, or the card is of another judge, version or question.
    """
    info = study.judge_info(judge, question)
    if not info:
        known = ", ".join(study.judges(question)) or "none"
        raise JudgeError(
            f"{study.path}: the judge {judge!r} has no verdicts on {question!r} there (there are: {known}); first: "
            f"gyges judge {study.path} --judge {judge} --question {question}"
        )
    for name, there in (
        ("judge", judge),
        ("question", question),
        ("version", info.get("version")),
    ):
        if card.get(name) != there:
            raise JudgeError(
                f"{study.path}: the card is of the {name} {card.get(name)!r}, and the verdicts that stand there are of "
                f"{there!r}; a card says nothing about another {name}. Calibrate with the options that the verdicts "
                "were made with, or judge the study anew"
            )


def attach_card(study: StudyFolder, judge: str, question: str, card: Mapping[str, Any]) -> Path:
    """Keep a card in a study, beside the verdicts of exactly the judge that was measured.

    Args:
        study: The study.
        judge: The judge's name in the study.
        question: The question's name.
        card: The card.

    Returns:
        The file that it stands in.

    Raises:
        JudgeError: As for :func:`check_fits`.
        StudyError: Another process is working on the study.
    """
    check_fits(study, judge, question, card)
    path = _file(study, judge, question)
    with study.lock():
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        text = json.dumps(dict(card), indent=1, ensure_ascii=False) + "\n"
        partial.write_text(text, encoding="utf-8")
        partial.replace(path)
    return path


def remove_card(study: StudyFolder, judge: str, question: str) -> Path:
    """Take a card out of a study again, and with it the correction of its gaps.

    Args:
        study: The study.
        judge: The judge's name in the study.
        question: The question's name.

    Returns:
        The file that was removed.

    Raises:
        JudgeError: The study keeps no card of this judge.
        StudyError: Another process is working on the study.
    """
    path = _file(study, judge, question)
    if not path.exists():
        raise JudgeError(
            f"{study.path}: keeps no card of the judge {judge!r} on {question!r} (it would be {path})"
        )
    with study.lock():
        path.unlink()
    return path


def _file(study: StudyFolder, judge: str, question: str) -> Path:
    return study.verdict_table(judge, question).folder / CARD


def _counted(names: Any) -> dict[str, int]:
    return dict(sorted(Counter(name for name in names if name).items()))


def _summary(
    card: Mapping[str, Any],
    question: Question,
    answers: Sequence[Reference],
    verdicts: Mapping[str, Verdict],
) -> dict[str, Any]:
    block = card["all"]
    labels = card["labels"]

    def value(name: str) -> Any:
        return (block.get(name) or {}).get("value")

    found: dict[str, Any] = {
        "schema": SCHEMA,
        "version": card["version"],
        "question": card["question"],
        "n": block["judged"],
        **{name: value(name) for name in ("sensitivity", "specificity", "kappa", "auroc")},
        "undecided": value("undecided"),
        "date": card["date"],
        "setting": card["setting"],
        "subjects": sorted(labels["subjects"]),
        "note": _note(card),
    }
    if question.name != "outcome":
        return found
    arms = {tier: _confusion(question, answers, verdicts, tier) for tier in TIERS}
    if all(any(sum(row.values()) for row in table.values()) for table in arms.values()):
        return {**found, "confusion": arms, "shared": False}
    # Labels that do not tell the tiers apart stand for both.
    return {**found, "confusion": _confusion(question, answers, verdicts, None), "shared": True}


def _confusion(
    question: Question,
    answers: Sequence[Reference],
    verdicts: Mapping[str, Verdict],
    tier: str | None,
) -> dict[str, dict[str, int]]:
    every = [*question.answers, UNDECIDED]
    table: dict[str, dict[str, list[float]]] = {label: {} for label in every}
    for one in answers:
        verdict = verdicts[one.id]
        if verdict.status == "ok" and tier in (None, one.tier):
            table[one.label].setdefault(said_of(verdict), []).append(one.weight)
    return counts_for(table, every)


def _note(card: Mapping[str, Any]) -> str:
    raters = card["raters"]
    names = [name for name in raters["raters"] if name]
    who = f"{len(names)} rater{'s' if len(names) != 1 else ''}" if names else "raters not named"
    text = f"calibrated {card['date']} on {card['labels']['n']} labelled answers ({who}"
    if raters["kappa"]["value"] is not None:
        text += f", kappa between them {raters['kappa']['value']:.2f}"
    text += ")"
    attack = card.get("attack")
    if attack and attack["injected"]["n"]:
        injected = attack["injected"]
        text += f"; {injected['count']} of {injected['n']} injected verdicts were taken over"
    return text
