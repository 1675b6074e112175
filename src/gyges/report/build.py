"""How does a study become the content of a report?

Reads the study's tables and its findings, and streams the blocks in bounded memory: trials are first spread over
buckets by block, so that the arms of a block, which may stand far apart in the study, meet in one bucket.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from gyges import findings
from gyges.findings.said_and_done import SAID
from gyges.report.asked import OUTCOME, Asked, read_asked
from gyges.report.content import SiteContent
from gyges.report.controls import read_controls
from gyges.report.shapes import shape_page
from gyges.report.site import write_site
from gyges.report.trust import shown_known
from gyges.report.verdicts import Sources
from gyges.study import StudyFolder
from gyges.study.notes import fold_notes
from gyges.study.parameters import parameter_lines, read_parameters
from gyges.study.queries import user_query
from gyges.study.schema import OBSERVED

__all__ = ["build_site", "site_content"]

_BUCKET = 20_000


def build_site(
    study: StudyFolder,
    *,
    judge: str | None = None,
    out: Path | None = None,
    gaps: Sequence[findings.Gap] | None = None,
    varied: Sequence[findings.Varied] | None = None,
) -> Path:
    """Write a study's report.

    Args:
        study: The study.
        judge: Whose verdicts are shown; the study's default judge if None.
        out: The site's folder; ``site`` inside the study if None.
        gaps: The gaps by this judge, where they have been estimated; estimated here if None.
        varied: What varied, likewise.

    Returns:
        The path of the first page.
    """
    content = site_content(study, judge, gaps=gaps, varied=varied)
    return write_site(out or study.path / "site", content)


def site_content(
    study: StudyFolder,
    judge: str | None = None,
    *,
    gaps: Sequence[findings.Gap] | None = None,
    varied: Sequence[findings.Varied] | None = None,
) -> SiteContent:
    """Gather what a report shows; the blocks are read while they are written."""
    name = study.pick_judge(judge)
    found = list(findings.gaps(study, judge=name) if gaps is None else gaps)
    info = study.judge_info(name)
    until = findings.read_until(study)
    chosen = findings.largest(study, found)
    manifest = study.manifest
    counted = study.trial_table.scan(["subject", "setting"]).unique().collect()
    messages = study.messages()
    asked = read_asked(study)
    sources = Sources.of(study, asked, name)
    return SiteContent(
        study={
            "title": manifest.title,
            "id": study.path.name,
            "hash": manifest.hash,
            "subjects": sorted(counted["subject"].unique().to_list()),
            "settings": sorted(counted["setting"].unique().to_list()),
            "judge": name,
            "judge_version": info.get("version"),
            "judge_card": info.get("card"),
            "command": manifest.command,
            "created": manifest.created,
            "version": manifest.versions.get("gyges", "unknown"),
            "seed": manifest.spec.get("seed", 0),
            "method_notes": [
                *sorted({gap.method for gap in found}),
                *_position(study, name),
            ],
            "warnings": [
                *findings.warnings(found),
                *filter(None, [findings.averaged(study)]),
                *_unlike(study),
                *_ended(until),
                *filter(None, [findings.unread_choices(study)]),
                *parameter_lines(read_parameters(study.path)),
                *_misread(asked, name),
            ],
            "largest": chosen
            and {key: getattr(chosen, key) for key in ("among", "corrected", "ci_low", "ci_high")},
            "stopping": findings.until_summary(until),
            "import_notes": fold_notes(manifest.notes),
        },
        gaps=[gap.row() for gap in found],
        statuses=findings.statuses(study, name),
        blocks=_blocks(study, name, messages, sources),
        asked=asked,
        messages=messages,
        controls=read_controls(study.path),
        varied=findings.varied(study, judge=name) if varied is None else varied,
        shape=shape_page(study, name),
    )


def _unlike(study: StudyFolder) -> list[str]:
    return [f"{text[0].upper()}{text[1:]}" for text in findings.unbalanced(study)]


def _ended(until: Mapping[str, Any] | None) -> list[str]:
    text = findings.until_warning(until) if until else None
    return [f"{text[0].upper()}{text[1:]}."] if text else []


def _misread(asked: Sequence[Asked], judge: str) -> list[str]:
    """Warn of the judge that makes the gap; other judges' warnings stand beside what they found."""
    own = [one for one in asked if (one.question, one.judge) == (OUTCOME, judge)]
    return [warning for one in own if (warning := shown_known(one).warning)]


def _position(study: StudyFolder, judge: str) -> list[str]:
    """What the order of the answers changes, where the trials are forced choices."""
    return [found.sentence() for found in findings.position_differences(study, judge)]


def _blocks(
    study: StudyFolder, judge: str, messages: Mapping[str, tuple[str, str]], sources: Sources
) -> Iterator[dict[str, Any]]:
    verdicts = (
        study.verdict_table(judge)
        .scan()
        .select(
            "trial",
            "outcome",
            "score",
            "evidence",
            "note",
            pl.col("status").alias("verdict_status"),
        )
    )
    scan = study.trial_table.scan()
    total = scan.select(pl.len()).collect().item()
    # What is held is a bucket with all that was said of it.
    size = _BUCKET // (1 + len(sources) // 2)
    if total <= size:
        yield from _group(study, scan.collect(), verdicts, messages, sources)
        return
    count = -(-total // size)
    with tempfile.TemporaryDirectory(prefix="gyges-report-") as folder:
        for number, batch in enumerate(scan.collect_batches(chunk_size=_BUCKET)):
            bucketed = batch.with_columns(bucket=pl.col("block").hash(seed=0) % count)
            for (bucket,), part in bucketed.group_by("bucket"):
                target = Path(folder) / f"{bucket:06d}"
                target.mkdir(exist_ok=True)
                part.drop("bucket").write_parquet(target / f"{number:06d}.parquet")
        for bucket in sorted(Path(folder).iterdir()):
            rows = pl.read_parquet(bucket / "*.parquet")
            yield from _group(study, rows, verdicts, messages, sources)


def _group(
    study: StudyFolder,
    trials: pl.DataFrame,
    verdicts: pl.LazyFrame,
    messages: Mapping[str, tuple[str, str]],
    sources: Sources,
) -> Iterator[dict[str, Any]]:
    wanted = verdicts.join(trials.lazy().select("trial"), on="trial", how="semi")
    rows = trials.lazy().join(wanted, on="trial", how="left", maintain_order="left").collect()
    source = findings.verbalised_source(study)
    if source is not None:
        rows = findings.with_verbalised(study, rows, source)
    rows = sources.joined(rows)
    # What an answer holds is no level of its block.
    factors = [name for name in study.manifest.factors if name not in OBSERVED]
    blocks: dict[str, dict[str, Any]] = {}
    for row in rows.iter_rows(named=True):
        block = blocks.get(row["block"])
        if block is None:
            user = [
                messages[key][1]
                for key in row["messages"] or ()
                if messages.get(key, ("",))[0] == "user"
            ]
            block = blocks[row["block"]] = {
                **{
                    key: row[key]
                    for key in (
                        "block",
                        "subject",
                        "setting",
                        "value",
                        "query",
                        "wording",
                        "sample",
                    )
                },
                "control": bool(row["control"]),
                "query_text": user_query(user[-1]) if user else row["query"],
                "factors": {name: row[name] for name in factors if row[name] is not None},
                "arms": {},
            }
        if source is not None and row["tier"] == "monitored" and row[SAID] is not None:
            block["verbalised"] = row[SAID] >= 0.5
        block["arms"][row["tier"]] = {
            key: row[key]
            for key in (
                "trial",
                "status",
                "stop",
                "error",
                "outcome",
                "verdict_status",
                "score",
                "evidence",
                "note",
                "reasoning",
                "output",
                "raw",
                "conversation",
                "messages",
                "seconds",
                "output_tokens",
            )
        } | sources.of_row(row)
    yield from blocks.values()
