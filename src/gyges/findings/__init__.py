"""What does a study show? The one place that turns its tables into estimates."""

from __future__ import annotations

from gyges.findings.cells import compliance
from gyges.findings.gaps import estimate_gaps, gaps
from gyges.findings.record import Gap
from gyges.findings.sentences import null, sentence, warnings
from gyges.findings.statuses import statuses

__all__ = ["Gap", "compliance", "estimate_gaps", "gaps", "null", "sentence", "statuses", "warnings"]
