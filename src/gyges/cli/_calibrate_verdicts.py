"""What does a judge make of the labelled answers, and of the attack set?

Verdicts that stand in a study already are taken; the rest is asked for, and how many calls that takes is said before.
Calls cost: a model is shown each attack on one example and asked once, however often it votes on an answer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from gyges.judges import AskedJudge, Question, Reader
    from gyges.judges.reference import References
    from gyges.judging import Asking
    from gyges.study import StudyFolder, Verdict

__all__ = ["STANDING", "Trial", "answered", "standing"]

STANDING = ("imported", "panel")
"""Kinds of judges that cannot be asked: only their verdicts are there."""
_PER_ATTACK_ASKED = 1


@dataclass(frozen=True, slots=True)
class Trial:
    """The attack set, as a judge is put to it."""

    judge: AskedJudge | Reader
    """The judge, with one vote."""
    question: Question
    shown: dict[str, Any]
    """Which examples, and how they are attacked."""

    @classmethod
    def of(
        cls,
        judge: AskedJudge | Reader,
        question: Question,
        make: Callable[[Asking], AskedJudge | Reader],
        asking: Asking,
        per_attack: int | None,
        seed: int,
        setting_dirs: Sequence[Path],
    ) -> Trial:
        """Choose what a judge is shown.

        Args:
            judge: The judge.
            question: What it is asked.
            make: Makes the judge, asked as it is told to be.
            asking: How it is asked about an answer.
            per_attack: The most examples for each attack; None for few where calls are paid for.
            seed: Seeds the draws.
            setting_dirs: Folders of settings of one's own.
        """
        from gyges.judges import AskedJudge
        from gyges.judges.attacks import PER_ATTACK
        from gyges.judging import facts_of

        asked = isinstance(judge, AskedJudge)
        if isinstance(judge, AskedJudge) and judge.votes > 1:
            judge = make(replace(asking, votes=1, temperature=judge.temperature))
        fitting = getattr(judge, "setting", None)
        shown = {
            "examples": [one for one in question.examples if fitting in (None, one.setting)],
            "per_attack": per_attack or (_PER_ATTACK_ASKED if asked else PER_ATTACK),
            "seed": seed,
            "facts_of": lambda one: facts_of(one, setting_dirs)[""],
        }
        return cls(judge, question, shown)

    def size(self) -> int:
        """Count the texts that the judge is shown."""
        from gyges.judges.under_attack import attack_size

        return attack_size(self.question, **self.shown)

    def run(self) -> dict[str, Any] | None:
        """Show them to it, and give the record for the card."""
        from gyges.judges.under_attack import attack_judge
        from gyges.waiting import wait

        return wait(attack_judge(self.judge, self.question, **self.shown))


def standing(
    folders: Sequence[StudyFolder], info: dict[str, Any], references: References, question: Question
) -> dict[str, Verdict]:
    """Take the verdicts of a judge that cannot be asked; answers without one are left out and counted.

    Raises:
        JudgeError: No labelled answer has a verdict.
    """
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


def answered(
    reader: AskedJudge | Reader,
    info: dict[str, Any],
    references: References,
    question: Question,
    folders: Sequence[StudyFolder],
    trial: Trial | None,
) -> dict[str, Verdict]:
    """Take the verdicts that stand in the studies, and let the judge read the other answers.

    Args:
        reader: The judge.
        info: Its description.
        references: The labelled answers.
        question: What it is asked.
        folders: The studies.
        trial: The attack set that follows, for the number of calls.

    Raises:
        JudgeError: No answer can be judged.
    """
    from gyges.cli._calibrate_labels import check_texts, say_calls
    from gyges.judges import AskedJudge
    from gyges.judges.calibrate import judge_references, standing_verdicts
    from gyges.run import Progress
    from gyges.waiting import wait

    answers = references.answers
    there: dict[str, Verdict] = {}
    for study in folders:
        there |= standing_verdicts(study, reader.name, info["version"], question.name, answers)
    for line in check_texts(reader, question, answers, there):
        click.echo(line, err=True)
    if isinstance(reader, AskedJudge):
        click.echo(say_calls(reader, answers, there, trial.size() if trial else 0), err=True)
    left = len(answers) - len(there)
    # Reading by rule takes a moment; a bar would only flicker.
    quiet = None if isinstance(reader, AskedJudge) and left else True
    with Progress(left, "judging", quiet=quiet) as bar:
        return wait(
            judge_references(
                reader,
                question,
                answers,
                standing=there,
                on_verdict=lambda one, verdict: bar.step(
                    one.tier, None, failed=verdict.status != "ok"
                ),
            )
        )
