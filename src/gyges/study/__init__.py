"""The study: one folder of plain files that every stage reads from and adds to.

Start with :class:`StudyFolder`.
"""

from __future__ import annotations

from gyges.study.folder import StudyFolder, TrialWriter, verdict_record
from gyges.study.journal import Journal
from gyges.study.manifest import Manifest
from gyges.study.redact import Redactor
from gyges.study.schema import Trial, Verdict, block_id, message_hash, trial_id
from gyges.study.table import Table

__all__ = [
    "Journal",
    "Manifest",
    "Redactor",
    "StudyFolder",
    "Table",
    "Trial",
    "TrialWriter",
    "Verdict",
    "block_id",
    "message_hash",
    "trial_id",
    "verdict_record",
]
