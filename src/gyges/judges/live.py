"""What does a judge say of an answer the moment it has come?

A run that stops when enough is known must read its answers while it runs. A lexical judge reads at once, and its
verdicts are written with all others after the run. A judge that is asked costs a call, so its verdict is written as
it comes and not asked for again.
"""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from gyges.judges.asked import AskedJudge, facts_key
from gyges.judges.reader import COMPLIANCE, Reader, read_trial
from gyges.study import Journal, StudyFolder, Trial, Verdict, verdict_record
from gyges.study.queries import user_query

__all__ = ["LiveJudge"]

_COMPLIANCE = {**COMPLIANCE, "undecided": 0.0}


class LiveJudge:
    """Reads trials one by one.

    Args:
        study: The study; the caller holds its lock, and its trials have been judged.
        judge: Who judges.
        clean: Takes credentials out of every line.
    """

    def __init__(
        self,
        study: StudyFolder,
        judge: AskedJudge | Reader,
        clean: Callable[[str], str] | None = None,
    ) -> None:
        self._study, self._judge, self._clean = study, judge, clean
        self._journal: Journal | None = None

    def known(self) -> dict[str, float | None]:
        """Give what is known of the study's trials: compliance, or None where there is no verdict.

        Trials that failed are left out: they are asked again.
        """
        trials = self._study.trial_table.scan(["trial", "status"])
        verdicts = self._study.verdict_table(self._judge.name).scan(["trial", "outcome", "status"])
        with self._study.reading():
            frame = (
                trials.filter(pl.col("status") != "error")
                .select("trial")
                .join(verdicts.filter(pl.col("status") == "ok"), on="trial", how="left")
                .select("trial", "outcome")
                .collect()
            )
        return {trial: _COMPLIANCE.get(outcome or "") for trial, outcome in frame.iter_rows()}

    async def read(self, trial: Trial, user: str) -> float | None:
        """Judge a trial.

        Args:
            trial: The trial.
            user: What the user said, as it was sent.

        Returns:
            Its compliance; an undecided answer counts as none. None where there is no verdict.
        """
        if not isinstance(self._judge, AskedJudge):
            read = read_trial(self._judge, trial, user)
            if read is None:
                return None
            return read.score if read.outcome is None else _COMPLIANCE[read.outcome]
        if trial.status != "ok" or not trial.output:
            return None
        parts = {"query": user_query(user), "reasoning": trial.reasoning, "output": trial.output}
        key = facts_key(trial.value, control=trial.control)
        verdict = await self._judge.judge(trial.trial, parts, key)
        self._write(verdict)
        return _COMPLIANCE.get(verdict.outcome or "") if verdict.status == "ok" else None

    def _write(self, verdict: Verdict) -> None:
        if self._journal is None:
            self._study.write_judge(self._judge.info())
            self._journal = self._study.verdict_table(self._judge.name).writer(self._clean)
        self._journal.append(verdict_record(verdict))

    def close(self) -> None:
        """Put what was written on the disk."""
        if self._journal is not None:
            self._journal.close()
