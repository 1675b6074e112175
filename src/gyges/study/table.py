"""How is a table of a study stored, so that it is safe while it grows and quick when it is read?

A table is a folder. While work goes on, a **journal** (``0001.jsonl``) grows; when work ends it is **sealed** into
Parquet of the same number (``0001.parquet``), column-wise and compressed. A journal whose Parquet file stands
beside it is already sealed (Parquet files appear whole, by renaming) and is not read. A record that was
written again (a trial asked again after it had failed) replaces the earlier one.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from gyges.errors import CorruptStudy, StudyError
from gyges.study.journal import Journal, complete_bytes, read_lines

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
                raise CorruptStudy(
                    f"{path}: this file of the study cannot be read ({str(error).splitlines()[0]}). "
                    "Restore it from a copy, or move it away and run the same command again: "
                    "what it held is then done again"
                ) from None
            return pl.scan_parquet(path).select(
                pl.col(name).cast(kind) if name in present else pl.lit(None, kind).alias(name)
                for name, kind in self.columns.items()
            )
        if complete_bytes(path) == 0:
            return pl.LazyFrame(schema=self.columns)
        # Through Python: the reader names the line that is broken, and fills columns that a line leaves out.
        return pl.DataFrame(self._rows(path), schema=self.columns, strict=False).lazy()

    def _rows(self, path: Path) -> Iterator[dict[str, Any]]:
        for record in read_lines(path):
            yield {name: record.get(name) for name in self.columns}

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
        keys = whole.select(self.key).collect()[self.key]
        if keys.n_unique() < len(keys):
            last = pl.DataFrame({self.key: keys}).with_row_index("row")
            rows = last.group_by(self.key).agg(pl.col("row").last())["row"].sort()
            whole = (
                whole.with_row_index("row")
                .filter(pl.col("row").is_in(rows.implode()))
                .drop("row")
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
            _write_parquet(self._rows(path), self.columns, partial)
            partial.replace(target)
            path.unlink()
        self._sweep()

    def _sweep(self) -> None:
        """Remove journals that a crash left beside their sealed file."""
        if self.folder.is_dir():
            for path in self.folder.glob("*.jsonl"):
                if path.with_suffix(".parquet").exists():
                    with contextlib.suppress(OSError):
                        path.unlink()


def _write_parquet(
    rows: Iterator[dict[str, Any]], columns: Mapping[str, pl.DataType], path: Path
) -> None:
    pieces: list[Path] = []
    try:
        batch: list[dict[str, Any]] = []
        for row in rows:
            batch.append(row)
            if len(batch) == _SEAL_ROWS:
                pieces.append(_piece(batch, columns, path, len(pieces)))
                batch = []
        if batch or not pieces:
            pieces.append(_piece(batch, columns, path, len(pieces)))
        if len(pieces) == 1:
            pieces.pop().replace(path)
        else:
            pl.scan_parquet(pieces).sink_parquet(path, compression="zstd", row_group_size=_SEAL_ROWS)
    finally:
        for piece in pieces:
            piece.unlink(missing_ok=True)


def _piece(
    batch: list[dict[str, Any]], columns: Mapping[str, pl.DataType], path: Path, number: int
) -> Path:
    target = path.with_name(f"{path.name}-{number}")
    try:
        frame = pl.DataFrame(batch, schema=dict(columns), strict=True)
    except (TypeError, pl.exceptions.PolarsError) as error:
        raise StudyError(
            f"{path.with_suffix('.jsonl')}: a column holds a value of another type "
            f"({str(error).splitlines()[0]}); first row: {json.dumps(batch[0])[:200]}"
        ) from None
    frame.write_parquet(target, compression="zstd")
    return target
