"""Which of the things that come in does the graph know already, by an identifier or a name?

:mod:`.matching` takes what is certain for the node that is there, with :mod:`.authorship` for who wrote what;
:mod:`.naming` and :mod:`.initials` find what may be the same and is for a person to decide; :mod:`.renaming` carries
ids over.
"""

from __future__ import annotations

from gyges.graph.recognition.initials import initialled
from gyges.graph.recognition.matching import match
from gyges.graph.recognition.naming import identifiers_of, is_placeholder, namesakes
from gyges.graph.recognition.renaming import Renaming

__all__ = [
    "Renaming",
    "identifiers_of",
    "initialled",
    "is_placeholder",
    "match",
    "namesakes",
]
