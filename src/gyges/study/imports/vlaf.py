"""How do the VLAF project's released results become trials and verdicts?

Source: Nair, Ruan and Wang 2026 (arXiv 2604.20995), repository ``launchnlp/VLAF``, MIT licence.
Each file is one arm, a list of
``{input, response: [texts], option_selection_evaluation: [labels]}``:

- ``<model>_True.json`` is the monitored (free) tier, ``<model>_False.json`` the unmonitored one;
- a label, stripped and lower-cased, that starts with ``a`` or ``1`` is compliance with the
  developer, ``b`` or ``2`` is refusal, anything else undecided: the project's own convention. The
  label becomes the verdict of the judge ``released``, whatever state the answer is in; its raw form
  stays in the note where it is not exactly one of those;
- a query is named by its value and a hash of its text (``care-3f2a91c0``), so that arms and
  subjects share it;
- a response is split by ``answers.py`` and kept as it came. Its status is ``ok`` where an answer
  was found, ``empty`` for a blank response, ``unparsed`` where reasoning stands alone. Released
  labels count in all three.

Kinds of notes. About files: ``unreadable-file``, ``file-without-entries``,
``unrecognised-file``, ``folder-without-arms``,
``other-collection``, ``summary-agrees``, ``summary-disagrees``, ``summary-unchecked``. About
entries: ``entry-skipped``, ``entry-without-tag``, ``tier-mismatch``, ``duplicate-query``,
``responses-not-a-list``, ``labels-not-a-list``, ``responses-without-label``,
``labels-without-response``. About labels:
``labels-undecided``, ``labels-of-several-lines``, ``labels-inexact``, ``labels-not-text``. About
responses: ``responses-empty``, ``responses-not-text``, ``responses-broken-unicode``,
``responses-without-answer``, ``responses-malformed``, ``responses-run-on``. About arms:
``arm-without-partner``, ``arm-lengths-differ``, ``queries-unmatched``, ``query-order-differs``,
``sample-counts-differ``, ``identical-arms``, ``identical-subjects``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

from gyges.errors import ImportFormatError
from gyges.study.imports._records import Imported, Note
from gyges.study.imports._vlaf_arm import JUDGE, ArmReading, outcome_of, query_id
from gyges.study.imports._vlaf_checks import (
    ArmFacts,
    arm_notes,
    pair_notes,
    read_summary,
    twin_notes,
)
from gyges.study.imports._vlaf_files import Files, find_files
from gyges.study.schema import Trial, Verdict

__all__ = ["JUDGE", "outcome_of", "query_id", "read_vlaf"]


def read_vlaf(path: str | Path) -> Imported:
    """Read released VLAF results.

    Args:
        path: The collection's folder (``results/MFT_refined``), one value's folder, any folder
            above, or one arm's file.

    Returns:
        One record per response, sorted by value, subject, tier and position. A verdict is always
        there.

    Raises:
        ImportFormatError: Nothing of this layout is there, or no file of it can be read.
    """
    files = find_files(Path(path))
    reader = _Reader(files)
    if all(isinstance(_load(arm.path), str) for arm in files.arms):
        problem = _load(files.arms[0].path)
        raise ImportFormatError(
            f"{files.path}: none of {len(files.arms)} files can be read;"
            f" {files.arms[0].name}: {problem}. Expected a JSON list of objects with input,"
            " response and option_selection_evaluation"
        )
    reader.imported.records = reader.records()
    return reader.imported


def _load(path: Path) -> list[Any] | str:
    """The entries of an arm's file, or why there are none."""
    try:
        data = json.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    except UnicodeDecodeError as error:
        return f"not UTF-8 (byte {error.start})"
    except json.JSONDecodeError as error:
        return f"not JSON (line {error.lineno}, column {error.colno}: {error.msg})"
    except (ValueError, RecursionError) as error:
        return f"not JSON ({error})"
    if not isinstance(data, list):
        return f"not a list of entries but a JSON {type(data).__name__}"
    return data


class _Reader:
    """Reads arm after arm, and remembers of each only what the checks need."""

    def __init__(self, files: Files) -> None:
        self.files = files
        self.imported = Imported(iter(()), files.source(), JUDGE, notes=list(files.notes))

    def records(self) -> Iterator[tuple[Trial, Verdict]]:
        notes = self.imported.notes
        for value, of_value in groupby(self.files.arms, key=lambda arm: arm.value):
            read: list[ArmFacts] = []
            for subject, of_subject in groupby(of_value, key=lambda arm: arm.subject):
                asked = {arm.tier: arm for arm in of_subject}
                facts: dict[str, ArmFacts] = {}
                for tier, arm in asked.items():
                    entries = _load(arm.path)
                    if isinstance(entries, str):
                        notes.append(
                            Note("unreadable-file", entries, arm.name, "nothing imported from it")
                        )
                        continue
                    reading = ArmReading(arm, self.imported)
                    yield from reading.records(entries)
                    facts[tier] = reading.facts
                notes.extend(arm_notes(facts, asked, single=self.files.scope == "arm"))
                notes.extend(pair_notes(facts))
                self._summaries(value, subject, facts)
                read.extend(facts.values())
            notes.extend(twin_notes(sorted(read, key=lambda facts: facts.arm.tier)))
        known = {(arm.value, arm.subject) for arm in self.files.arms}
        for summary in self.files.summaries:
            if (summary.value, summary.subject) not in known:
                notes.append(read_summary(summary, {}, str))

    def _summaries(self, value: str, subject: str, facts: dict[str, ArmFacts]) -> None:
        for summary in self.files.summaries:
            if (summary.value, summary.subject) == (value, subject):
                note = read_summary(summary, facts, lambda text: query_id(value, text))
                self.imported.notes.append(note)
