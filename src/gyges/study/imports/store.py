"""How does imported data become a study, all of it or nothing?

The study is written beside its place under another name and moved there when it is whole.
"""

from __future__ import annotations

import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

from gyges.errors import StudyError
from gyges.study.folder import StudyFolder, TrialWriter, factor_types, verdict_record
from gyges.study.imports._records import Imported
from gyges.study.journal import Journal
from gyges.study.manifest import Manifest
from gyges.study.redact import Redactor

__all__ = ["store"]


def store(imported: Imported, path: Path, *, title: str, command: str = "") -> StudyFolder:
    """Write imported records as a study.

    Args:
        imported: What an importer handed over.
        path: The study's folder; must be new or empty.
        title: The study's title.
        command: The command that was given.

    Raises:
        StudyError: The folder is not empty.
        ImportFormatError: A record breaks the format; nothing is written.
    """
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise StudyError(f"{path} is not empty; give a new folder with --study DIR")
    partial = path.with_name(f"{path.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    layout = str(imported.source.get("layout", "unknown"))
    spec = {key: value for key, value in imported.source.items() if key != "path"}
    manifest = Manifest(source=f"import {layout}", spec=spec, title=title, command=command)
    manifest.write(partial)
    try:
        study = StudyFolder(partial)
        judges, factors = _write_records(study, imported)
        manifest.factors = factors
        manifest.judge = min(judges, default=None)
        manifest.notes = [asdict(note) for note in imported.notes]
        manifest.write(partial)
        study = StudyFolder(partial)
        for judge in judges:
            study.write_judge(
                imported.judges.get(judge)
                or {
                    "name": judge,
                    "kind": "imported",
                    "version": layout,
                    "question": "outcome",
                    "card": None,
                }
            )
        study.seal()
        if path.exists():
            path.rmdir()
        partial.replace(path)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return StudyFolder(path)


def _write_records(study: StudyFolder, imported: Imported) -> tuple[set[str], dict[str, str]]:
    clean = Redactor()
    writer = TrialWriter(study, clean)
    verdicts: dict[str, Journal] = {}
    factors: dict[str, Any] = {}
    written: set[str] = set()
    try:
        for trial, verdict in imported.records:
            for key in trial.messages:
                if key not in written and key in imported.messages:
                    writer.message(*imported.messages[key])
                    written.add(key)
            for name, level in trial.factors.items():
                if level is not None:
                    factors.setdefault(name, level)
            writer.trial(trial)
            if verdict is not None:
                if verdict.judge not in verdicts:
                    verdicts[verdict.judge] = study.verdict_table(verdict.judge).writer(clean)
                verdicts[verdict.judge].append(verdict_record(verdict))
    finally:
        writer.close()
        for journal in verdicts.values():
            journal.close()
    return set(verdicts), imported.factors or factor_types(factors)
