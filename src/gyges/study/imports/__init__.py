"""How does data that others collected become trials and verdicts?

Each importer reads one layout, streams ``(Trial, Verdict)`` pairs and reports, as a list of notes,
everything in the data that is not as it should be: nothing is repaired or dropped in silence.

- ``read_vlaf``: the released results of the VLAF project.
- ``read_jsonl``: anyone's data, one JSON object a line.
"""

from __future__ import annotations

from gyges.study.imports._records import Imported, Note
from gyges.study.imports.jsonl import read_jsonl
from gyges.study.imports.vlaf import read_vlaf

__all__ = ["Imported", "Note", "read_jsonl", "read_vlaf"]
