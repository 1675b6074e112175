"""How do labels leave the study, so that a judge can be calibrated or trained on them alone?

As JSON lines (``gyges.labels/1``), one for each rater and transcript, with the texts in the row and
the weight that the transcript has in the sample as it is now.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gyges.errors import StudyError
from gyges.judges.question import Question
from gyges.labelling.sample import Sample
from gyges.labelling.store import read_labels
from gyges.labelling.transcripts import load_transcripts
from gyges.study import StudyFolder

__all__ = ["export_rows"]

SCHEMA = "gyges.labels/1"


def export_rows(study: StudyFolder, question: Question, sample: Sample) -> Iterator[dict[str, Any]]:
    """Yield the rows of the file; the first one names the schema.

    Labels of trials that are not in the sample have no known weight and are left out.

    Args:
        study: The study.
        question: The question that was asked.
        sample: Its sample.

    Raises:
        StudyError: Nobody has labelled a transcript of the sample.
    """
    labels = read_labels(study, question)
    order = {trial: at for at, trial in enumerate(sample.drawn)}
    wanted = [
        (rater, trial, given)
        for rater, found in labels.items()
        for trial, given in sorted(found.items(), key=lambda pair: order.get(pair[0], -1))
        if given.answer is not None and trial in order
    ]
    if not wanted:
        raise StudyError(
            f"{study.path}: nobody has labelled {question.name} yet. Next: "
            f"`gyges label {study.path} --question {question.name}`"
        )
    texts = load_transcripts(study, {trial for _, trial, _ in wanted})
    head: dict[str, Any] = {"schema": SCHEMA}
    for rater, trial, given in wanted:
        text = texts.get(trial)
        if text is None or given.answer is None:
            # The sample outlived a trial that was taken out of the study.
            continue
        yield {
            **head,
            "id": trial,
            "setting": text.setting,
            "tier": text.tier,
            "subject": text.subject,
            "value": text.value,
            "query_id": text.query_id,
            "question": question.name,
            "rater": rater,
            **given.answer.record(),
            "note": given.note or None,
            "weight": sample.weight(trial),
            "sample": sample.how,
            "query": text.query,
            "reasoning": text.reasoning,
            "output": text.output,
            "system": text.system if "system" in question.sees else None,
            "at": given.at,
        }
        head = {}
