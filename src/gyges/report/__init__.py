"""How does a reader see the gap, and the transcripts behind it?

The answer in one sentence, then the figure, the table and a transcript browser, as a folder of
plain files that opens by double click. ``write_site`` writes the folder from a ``SiteContent``;
``gap_figure`` draws the figure alone, for a notebook or a paper.
"""

from __future__ import annotations

from gyges.report.content import SiteContent
from gyges.report.figure import Figure, gap_figure
from gyges.report.site import write_site
from gyges.report.words import figure_note, headline, sentence

__all__ = [
    "Figure",
    "SiteContent",
    "figure_note",
    "gap_figure",
    "headline",
    "sentence",
    "write_site",
]
