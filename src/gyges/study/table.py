"""How is a table of a study stored, so that it is safe while it grows and quick when it is read?

A table is a folder. While work goes on, a **journal** (``0001.jsonl``) grows; when work ends it is **sealed** into
Parquet of the same number (``0001.parquet``), column-wise and compressed. A journal whose Parquet file stands
beside it is already sealed (Parquet files appear whole, by renaming) and is not read. A record that was
written again (a trial asked again after it had failed) replaces the earlier one.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import polars as pl

from gyges.errors import CorruptStudy
from gyges.study.journal import Journal, complete_bytes, corrupt_line, read_lines

__all__ = ["Table"]

_SEAL_ROWS = 4_000
"""Rows held at once while a journal is sealed: some megabytes of transcripts."""


class Table:
    """A table of a study.

    Args:
        folder: Where its files stand; need not exist.
        columns: Names and types of all columns.
        key: The column that names a record; of two records with the same key the later one counts.
    """

    def __init__(self, folder: Path, columns: Mapping[str, pl.DataType], key: str) -> None:
        self.folder = folder
        self.columns = dict(columns)
        self.key = key

    def _files(self) -> list[Path]:
        if not self.folder.is_dir():
            return []
        sealed = {path.stem for path in self.folder.glob("*.parquet")}
        return sorted(
            path
            for path in self.folder.iterdir()
            if path.suffix == ".parquet" or (path.suffix == ".jsonl" and path.stem not in sealed)
        )

    def writer(self, clean: Callable[[str], str] | None = None) -> Journal:
        """Open a new journal after the files that are there."""
        numbers = [int(path.stem) for path in self._files() if path.stem.isdigit()]
        return Journal(self.folder / f"{max(numbers, default=0) + 1:04d}.jsonl", clean)

    def _scan_file(self, path: Path) -> pl.LazyFrame:
        if path.suffix == ".parquet":
            try:
                present = pl.read_parquet_schema(path)
            except (pl.exceptions.PolarsError, OSError) as error:
                raise _corrupt(path, error) from None
            return pl.scan_parquet(path).select(
                pl.col(name).cast(kind) if name in present else pl.lit(None, kind).alias(name)
                for name, kind in self.columns.items()
            )
        if complete_bytes(path) == 0:
            return pl.LazyFrame(schema=self.columns)
        # Through Python: the reader names the line that is broken, and fills columns that a line leaves out.
        return self._frame(path, list(self._rows(path)), 0).lazy()

    def _rows(self, path: Path) -> Iterator[dict[str, Any]]:
        for record in read_lines(path):
            yield {name: record.get(name) for name in self.columns}

    def _frame(self, path: Path, rows: list[dict[str, Any]], before: int) -> pl.DataFrame:
        """Make a table of a journal's records; ``before``: how many records stand before them."""
        try:
            frame = pl.DataFrame(rows, schema=self.columns, strict=True)
            if frame[self.key].null_count() == 0:
                return frame
        except (TypeError, OverflowError, pl.exceptions.PolarsError):
            pass
        for number, row in enumerate(rows, start=before + 1):
            if row[self.key] is None:
                raise corrupt_line(path, number, f"it has no {self.key!r}")
            for name, value in row.items():
                try:
                    pl.Series(name, [value], self.columns[name], strict=True)
                except (TypeError, OverflowError, pl.exceptions.PolarsError):
                    why = f"{name!r} cannot be {value!r:.60}"
                    raise corrupt_line(path, number, why) from None
        raise CorruptStudy(f"{path}: this file of the study cannot be read. Restore it from a copy")

    def check(self) -> None:
        """Read every file to its end.

        Raises:
            CorruptStudy: A file cannot be read; the message names it.
        """
        for path in self._files():
            try:
                self._scan_file(path).collect()
            except (pl.exceptions.PolarsError, OSError) as error:
                raise _corrupt(path, error) from None

    def scan(self, columns: Sequence[str] | None = None) -> pl.LazyFrame:
        """Read the table lazily, the last record of each key only, in the order of writing.

        Args:
            columns: The columns to read; all by default.

        Raises:
            CorruptStudy: A file cannot be read; the message names file and line.
        """
        wanted = list(self.columns) if columns is None else list(columns)
        files = self._files()
        if not files:
            return pl.LazyFrame(schema={name: self.columns[name] for name in wanted})
        frames = [self._scan_file(path) for path in files]
        whole = pl.concat(frames)
        try:
            keys = whole.select(self.key).collect()[self.key]
        except pl.exceptions.PolarsError:
            self.check()
            raise
        if keys.n_unique() < len(keys):
            last = pl.DataFrame({self.key: keys}).with_row_index("row")
            rows = last.group_by(self.key).agg(pl.col("row").last())["row"].sort()
            whole = (
                whole.with_row_index("row").filter(pl.col("row").is_in(rows.implode())).drop("row")
            )
        return whole.select(wanted)

    def keys(self, where: pl.Expr | None = None) -> set[str]:
        """Collect the keys of the records for which ``where`` holds."""
        frame = self.scan()
        if where is not None:
            frame = frame.filter(where)
        return set(frame.select(self.key).collect()[self.key].to_list())

    def seal(self) -> None:
        """Turn every journal into Parquet, a bounded number of rows at a time."""
        for path in self._files():
            if path.suffix != ".jsonl":
                continue
            target = path.with_suffix(".parquet")
            partial = target.with_suffix(".partial")
            self._write_parquet(path, partial)
            partial.replace(target)
            path.unlink()
        self._sweep()

    def _write_parquet(self, journal: Path, path: Path) -> None:
        pieces: list[Path] = []
        rows = self._rows(journal)
        before = 0
        try:
            while (batch := list(islice(rows, _SEAL_ROWS))) or not pieces:
                frame = self._frame(journal, batch, before)
                before += len(batch)
                # Let go of these before the next ones are read.
                batch.clear()
                pieces.append(path.with_name(f"{path.name}-{len(pieces)}"))
                frame.write_parquet(pieces[-1], compression="zstd")
            if len(pieces) == 1:
                pieces.pop().replace(path)
            else:
                whole = pl.scan_parquet(pieces)
                whole.sink_parquet(path, compression="zstd", row_group_size=_SEAL_ROWS)
        finally:
            for piece in pieces:
                piece.unlink(missing_ok=True)

    def _sweep(self) -> None:
        """Remove what a crash left: journals beside their sealed file, and files that are not whole."""
        if self.folder.is_dir():
            for path in self.folder.glob("*.partial*"):
                path.unlink(missing_ok=True)
            for path in self.folder.glob("*.jsonl"):
                if path.with_suffix(".parquet").exists():
                    with contextlib.suppress(OSError):
                        path.unlink()


def _corrupt(path: Path, error: Exception) -> CorruptStudy:
    why = (str(error) or type(error).__name__).splitlines()[0]
    return CorruptStudy(
        f"{path}: this file of the study cannot be read ({why}). Restore it from a copy, or move it away "
        "and run the same command again: what it held is then done again"
    )
