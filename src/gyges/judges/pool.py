"""How does a judge that reads by rule read with several processes, in order and in bounded memory?

Rows are handed out in pieces, a few ahead of what has come back, and the verdicts come back in the order of the rows,
so a study is the same to the last byte however many processes read it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import islice
from multiprocessing import get_all_start_methods, get_context

from gyges.judges.material import Row
from gyges.judges.reader import Reader
from gyges.study import Verdict

__all__ = ["WORTH_A_POOL", "read_rows"]

WORTH_A_POOL = 4_000
"""Fewer rows than these are read sooner than processes start."""
_PIECE = 250

Read = Callable[[Reader, Row], Verdict]


def read_rows(
    judge: Reader, rows: Iterable[Row], read: Read, workers: int
) -> Iterator[tuple[Row, Verdict]]:
    """Read rows, and yield each with its verdict in their order.

    Args:
        judge: The judge; it is pickled once for each process.
        rows: What to read.
        read: Reads one row; a function at the top of a module.
        workers: How many processes; 1 reads in this one.
    """
    if workers < 2:
        for row in rows:
            yield row, read(judge, row)
        return
    source = iter(rows)
    # Not forked from this process, whose threads may hold locks.
    way = "forkserver" if "forkserver" in get_all_start_methods() else "spawn"
    context = get_context(way)
    if way == "forkserver":
        # What every process needs is loaded once.
        context.set_forkserver_preload(["gyges.judges.pool", "gyges.judges"])
    with ProcessPoolExecutor(workers, context, _begin, (judge, read)) as pool:
        # This process reads until another one has started.
        started = pool.submit(_started)
        while not started.done():
            piece = list(islice(source, _PIECE))
            if not piece:
                return
            yield from ((row, read(judge, row)) for row in piece)
        ahead: deque[tuple[list[Row], Future[list[Verdict]]]] = deque()
        while True:
            while len(ahead) < 2 * workers + 1 and (piece := list(islice(source, _PIECE))):
                ahead.append((piece, pool.submit(_read_piece, piece)))
            if not ahead:
                return
            piece, future = ahead.popleft()
            yield from zip(piece, future.result(), strict=True)


_mine: tuple[Reader, Read] | None = None


def _begin(judge: Reader, read: Read) -> None:
    """Keep the judge of this process."""
    global _mine
    _mine = judge, read


def _started() -> None:
    """Say, by coming back, that this process is there."""


def _read_piece(piece: list[Row]) -> list[Verdict]:
    assert _mine is not None
    judge, read = _mine
    return [read(judge, row) for row in piece]
