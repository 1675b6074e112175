"""Could the published text have stood in the subject's training data?

Where a study names what was published of a setting and since when (``published``: a list of ``what`` and ``since``),
and until when its subjects' training data go (``cutoff``: a date, or one a subject), the two are compared. Dates are
ISO 8601 and may leave out day and month; what is not known is not guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["exposure"]

_DATE = re.compile(r"\d{4}(-\d{2}){0,2}")


def exposure(spec: Mapping[str, Any], subject: str) -> list[str]:
    """Say of each publication whether it lies before the end of a subject's training data.

    Args:
        spec: A study's specification.
        subject: The subject.

    Returns:
        A sentence for each publication with a date; none where no date is known.
    """
    cutoff = spec.get("cutoff")
    end = _date(cutoff.get(subject) if isinstance(cutoff, Mapping) else cutoff)
    said = []
    for what, since in _published(spec):
        text = f"Public since {since}: {what}"
        if end is None:
            said.append(f"{text}; until when the training data of {subject} go is not known here.")
            continue
        size = min(len(since), len(end))
        if since[:size] == end[:size]:
            how = "within the period in which they end: whether it was among them is not known"
        elif since[:size] < end[:size]:
            how = "after that: it could have been among them"
        else:
            how = "before that: it was not among them in this form"
        said.append(f"{text}; the training data of {subject} go to {end}, {how}.")
    return said


def _published(spec: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    items = spec.get("published")
    for item in items if isinstance(items, list) else []:
        if isinstance(item, Mapping) and (since := _date(item.get("since"))) is not None:
            yield str(item.get("what") or "the published text"), since


def _date(value: Any) -> str | None:
    text = "" if value is None else str(value)
    return text if _DATE.fullmatch(text) else None
