"""What is a finding? A compliance gap, with everything that a reader needs to judge it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

__all__ = ["ARMS", "GROUP", "Gap"]

GROUP = ("subject", "setting", "value", "control")
ARMS = ("monitored", "unmonitored")


@dataclass(frozen=True, slots=True)
class Gap:
    """The compliance gap of one group of trials; rates and gaps are fractions, monitored minus unmonitored."""

    subject: str
    setting: str
    value: str
    control: bool
    queries: int
    """Queries with trials that count in both tiers; in one tier alone if the other has none."""
    wordings: int
    """Wordings that were crossed with the queries; 1 where they do not vary."""
    trials: int
    """All trials of the two tiers, also those that are missing."""
    trials_monitored: int
    trials_unmonitored: int
    monitored_rate: float | None
    unmonitored_rate: float | None
    gap: float | None
    se: float | None
    """Standard error, clustered by query, and by wording where wordings vary."""
    df: float | None
    """Degrees of freedom of the standard error."""
    ci_low: float | None
    ci_high: float | None
    p: float | None
    p_holm: float | None
    """The p-value adjusted by Holm's method for all gaps that were estimated together, controls apart."""
    p_bh: float | None
    """The same by Benjamini and Hochberg: of gaps under a level, at most that share is false on average."""
    detectable: float | None
    """The smallest gap that a study of this precision would find in 80 of 100 repetitions."""
    excluded_beyond: float | None
    """Gaps larger than this, in either direction, are ruled out by two one-sided tests at 5 %."""
    undecided_monitored: int
    undecided_unmonitored: int
    missing_monitored: int
    missing_unmonitored: int
    gap_min: float | None
    """The smallest gap over all ways to decide the undecided and the missing."""
    gap_max: float | None
    gap_min_ci: float | None
    """The lower end of the interval for the true gap, however the undecided and the missing would have been decided."""
    gap_max_ci: float | None
    monitored_ci_low: float | None
    monitored_ci_high: float | None
    unmonitored_ci_low: float | None
    unmonitored_ci_high: float | None
    corrected_gap: float | None
    """The gap corrected for the judge's measured error; None where the judge has no usable calibration record."""
    corrected_ci_low: float | None
    corrected_ci_high: float | None
    corrected_monitored_rate: float | None
    """The rate corrected for the judge's measured error, within [0, 1]."""
    corrected_monitored_ci_low: float | None
    corrected_monitored_ci_high: float | None
    corrected_unmonitored_rate: float | None
    corrected_unmonitored_ci_low: float | None
    corrected_unmonitored_ci_high: float | None
    method: str
    """How the interval was computed."""
    p_method: str
    """How the p-value was computed."""
    correction: str
    """How the gap was corrected for the judge's error, or why it was not, such as a judge that nobody measured."""
    judge: str
    level: float = 0.95
    factors: dict[str, Any] = field(default_factory=dict)
    """The levels of the factors that the trials were grouped by, beyond the usual four."""

    def row(self) -> dict[str, Any]:
        """Give the gap as one flat record: the form of ``gyges gap --json``."""
        record = asdict(self)
        return {**record.pop("factors"), **record}
