"""Labelling: what people say of transcripts that they read blind, and how far they agree.

Start with :func:`open_sample`, :class:`Session` and :class:`LabelServer`.
"""

from __future__ import annotations

from gyges.labelling.agreement import krippendorff_alpha, summarise
from gyges.labelling.answer import OFFERED, Answer, check_offered, read_answer
from gyges.labelling.draw import Unit, draw, inclusion
from gyges.labelling.export import export_rows
from gyges.labelling.sample import WAYS, Sample, label_folder, open_sample, read_sample
from gyges.labelling.server import LabelServer
from gyges.labelling.session import Session, differing
from gyges.labelling.store import AGREED, Given, LabelBook, check_rater, read_labels
from gyges.labelling.transcripts import Transcript, blind, load_transcripts
from gyges.labelling.unsure import FLOOR, sizes, unsureness

__all__ = [
    "AGREED",
    "FLOOR",
    "OFFERED",
    "WAYS",
    "Answer",
    "Given",
    "LabelBook",
    "LabelServer",
    "Sample",
    "Session",
    "Transcript",
    "Unit",
    "blind",
    "check_offered",
    "check_rater",
    "differing",
    "draw",
    "export_rows",
    "inclusion",
    "krippendorff_alpha",
    "label_folder",
    "load_transcripts",
    "open_sample",
    "read_answer",
    "read_labels",
    "read_sample",
    "sizes",
    "summarise",
    "unsureness",
]
