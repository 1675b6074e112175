"""What can be asked of a study from Python? Its trials, its gaps, its figure and its report.

The folder on disk (:class:`gyges.study.StudyFolder`) with what the later rooms make of it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from gyges import findings
from gyges.study import StudyFolder

if TYPE_CHECKING:
    from gyges.report import Figure

__all__ = ["Study", "open_study"]


class Study(StudyFolder):
    """A study, with its findings.

    Open one with :func:`open_study`; make one with :func:`run` or ``gyges import``.
    """

    def trials(self, columns: list[str] | None = None) -> pl.DataFrame:
        """Read the trials, one row each, with the verdicts of the study's default judge where there are any.

        Args:
            columns: The trial table's columns to read; all by default. ``outcome``, ``score`` and ``verdict_status``
                are added unless columns are named.
        """
        frame = super().trials(columns)
        if columns is not None or not self.judges():
            return frame
        verdicts = self.verdicts().select(
            "trial", "outcome", "score", pl.col("status").alias("verdict_status")
        )
        return frame.join(verdicts, on="trial", how="left", maintain_order="left")

    def gaps(
        self,
        *,
        judge: str | None = None,
        by: Sequence[str] = (),
        partial: float = 0.5,
        level: float = 0.95,
        calibration: str | Path | None = None,
        labels: str | Path | None = None,
    ) -> pl.DataFrame:
        """Estimate the compliance gaps: one row for each subject, setting and value.

        Args:
            judge: Whose verdicts count; the study's default judge if None.
            by: Further columns to group by: ``query``, ``wording`` or a factor.
            partial: What a partial outcome counts, from 0 to 1.
            level: Confidence level.
            calibration: A file with the judge's errors, to correct for; by default those that came with the judge.
            labels: A file with hand labels of a random part of the trials, to correct by those instead.

        Returns:
            The columns of ``gyges gap --json``: rates and gaps as fractions, monitored minus unmonitored.
        """
        found = findings.gaps(
            self,
            judge=judge,
            by=by,
            partial=partial,
            level=level,
            calibration=calibration,
            labels=labels,
        )
        return pl.DataFrame([gap.row() for gap in found], infer_schema_length=None)

    def figure(self, *, judge: str | None = None) -> Figure:
        """Draw the gap figure; it shows itself in a notebook."""
        from gyges.report import figure_note, gap_figure

        stopping = findings.until_summary(findings.read_until(self))
        rows = [gap.row() for gap in findings.gaps(self, judge=judge)]
        return gap_figure(rows, note=figure_note(stopping))

    def report(self, *, judge: str | None = None) -> Path:
        """Write the static site into the study's folder and return the path of its first page."""
        from gyges.report.build import build_site

        return build_site(self, judge=judge)

    def write_findings(self, judge: str | None = None) -> list[findings.Gap]:
        """Estimate the gaps and write them to ``findings.json``."""
        found = findings.gaps(self, judge=judge)
        record = {"schema": "gyges.gap/1", "gaps": [gap.row() for gap in found]}
        partial = self.path / "findings.json.partial"
        partial.write_text(
            json.dumps(record, indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
        )
        partial.replace(self.path / "findings.json")
        return found

    def _repr_html_(self) -> str:
        return self.figure().svg if self.judges() else f"<code>{self.path}</code>"


def open_study(path: str | Path) -> Study:
    """Open a study.

    Raises:
        StudyError: The folder holds no study.
    """
    return Study(path)
