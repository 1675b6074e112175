"""What does the user see while a run goes on?

One line on stderr, rewritten in place: how far, how fast, the running compliance rate of each tier, failures, and
the time left. Quiet where stderr is no terminal.
"""

from __future__ import annotations

import sys
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

__all__ = ["Progress"]


class Progress:
    """A progress bar with running rates.

    Args:
        total: How many steps there are.
        verb: What is being done, in one word.
        quiet: Show nothing; by default where stderr is no terminal.
    """

    def __init__(self, total: int, verb: str = "asking", *, quiet: bool | None = None) -> None:
        self.quiet = (not sys.stderr.isatty()) if quiet is None else quiet
        self._total = total
        self._verb = verb
        self._bar: RichProgress | None = None
        self._task: TaskID | None = None
        self._rates: dict[str, tuple[float, int]] = {}
        self._failed = 0

    def __enter__(self) -> Self:
        if not self.quiet:
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
            from rich.progress import TimeRemainingColumn as Left

            self._bar = Progress(
                TextColumn("{task.description}"),
                BarColumn(bar_width=24),
                MofNCompleteColumn(),
                TextColumn("{task.fields[rate]}"),
                TextColumn("{task.fields[rates]}"),
                TextColumn("{task.fields[failed]}"),
                Left(),
                console=Console(stderr=True),
                refresh_per_second=4,
            )
            self._bar.start()
            self._task = self._bar.add_task(
                self._verb, total=self._total, rate="", rates="", failed=""
            )
        return self

    def step(self, tier: str, compliance: float | None, *, failed: bool = False) -> None:
        """Count one finished trial.

        Args:
            tier: Its tier.
            compliance: From 0 to 1, or None where it has none.
            failed: Whether it has no answer.
        """
        self._failed += failed
        if compliance is not None:
            total, count = self._rates.get(tier, (0.0, 0))
            self._rates[tier] = total + compliance, count + 1
        if self._bar is None or self._task is None:
            return
        speed = self._bar.tasks[0].finished_speed or self._bar.tasks[0].speed
        rates = "  ".join(
            f"{name} {total / count:.0%}" for name, (total, count) in sorted(self._rates.items())
        )
        self._bar.update(
            self._task,
            advance=1,
            rate=f"{speed:.1f}/s" if speed else "",
            rates=rates,
            failed=f"{self._failed} without answer" if self._failed else "",
        )

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()
