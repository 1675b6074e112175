"""How does a study become a folder that opens by double click?

Blocks are taken one at a time: each goes into a chunk, its row into the index, and its prompts,
each once, into chunks of their own beside it. What is held in memory is one chunk of each kind, the
names met so far and the hashes of the messages met so far. The page itself is rendered last, when
everything that it loads is in place; data of an earlier report are replaced at one stroke.
"""

from __future__ import annotations

import contextlib
import json
import re
import shutil
from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from gyges.errors import StudyError
from gyges.report.answer_pages import FILE, AnswerPage, answer_page
from gyges.report.chunks import ChunkWriter, Folder, encode
from gyges.report.content import ARM_TIERS, SiteContent, clean_gaps, tidy
from gyges.report.factor_pages import FactorPage, factor_pages
from gyges.report.figure import gap_figure
from gyges.report.index import IndexWriter
from gyges.report.page import render, render_answers, render_factor, render_shape, trust_of
from gyges.report.shapes import SHAPES
from gyges.report.words import figure_note

__all__ = ["write_site"]

_ARM_KEYS = (
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
    "seconds",
    "output_tokens",
)
_DEFAULT_SEED = 1
_ANSWERS = "answers.json"
"""The numbers of the page on what the answers show; where it stands, that page is ours to take away."""
_LEVELS = "levels.json"
"""The numbers of the pages on what was varied, and which pages these are."""


class _Messages:
    """Numbers messages as blocks name them, and writes each text once."""

    def __init__(self, folder: Folder, texts: Mapping[str, tuple[str, str]]) -> None:
        self.chunks = ChunkWriter(folder, "messages")
        self._texts = texts
        self._numbers: dict[str, int] = {}

    def number(self, name: str) -> int:
        if name not in self._numbers:
            # A message that the study has lost is said to be lost, where it would have stood.
            role, text = self._texts.get(name) or (None, None)
            self._numbers[name] = self.chunks.add([name, role, text])
        return self._numbers[name]


def _steps(conversation: Any) -> list[Any]:
    """A session as the page reads it: each step's name, and its messages as role, text, calls, reasoning and error."""
    if not conversation:
        return []
    from gyges.study.conversation import read_conversation

    try:
        steps = read_conversation(str(conversation))
    except StudyError:
        # The transcript in lines is shown in its place.
        return []
    return [
        [
            step.name,
            [
                [one.role, one.text, [str(call) for call in one.calls], one.reasoning, one.error]
                for one in step.messages
            ],
        ]
        for step in steps
    ]


def _record(block: Mapping[str, Any], messages: _Messages, index: IndexWriter) -> dict[str, Any]:
    """A block as its chunk holds it; names chosen by others are values, never keys."""
    order = {tier: place for place, tier in enumerate(ARM_TIERS)}
    arms = []
    for tier in sorted(block["arms"], key=lambda tier: order.get(tier, len(order))):
        arm = block["arms"][tier]
        kept = {key: arm[key] for key in _ARM_KEYS if arm.get(key) not in (None, "", [])}
        for text in ("output", "reasoning", "raw"):
            if arm.get(text) is not None:
                kept[text] = str(arm[text])
        if kept.get("raw") == kept.get("output"):
            kept.pop("raw", None)
        if steps := _steps(arm.get("conversation")):
            kept["steps"] = steps
        verdicts = [
            [
                index.asked(str(verdict["question"]), str(verdict["judge"])),
                {key: verdict[key] for key in verdict if key not in ("question", "judge")},
            ]
            for verdict in arm.get("verdicts") or ()
        ]
        if verdicts:
            kept["verdicts"] = verdicts
        if arm.get("probes"):
            kept["probes"] = list(arm["probes"])
        kept["messages"] = [messages.number(str(name)) for name in arm.get("messages") or ()]
        arms.append([str(tier), kept])
    return {
        "block": str(block["block"]),
        "subject": block.get("subject"),
        "setting": block.get("setting"),
        "value": block.get("value"),
        "control": bool(block.get("control")),
        "query": block.get("query"),
        "query_text": block.get("query_text"),
        "wording": block.get("wording"),
        "sample": block.get("sample"),
        "factors": [[str(name), level] for name, level in (block.get("factors") or {}).items()],
        "arms": arms,
    }


def _seed(study: Mapping[str, Any]) -> str:
    """The seed of the reading order, as text for a link: the study's own where it has one."""
    seed = study.get("seed")
    return str(_DEFAULT_SEED if seed is None else seed)


def _write_data(
    folder: Folder, blocks: Iterable[Mapping[str, Any]], content: SiteContent
) -> dict[str, Any]:
    messages = _Messages(folder, content.messages)
    chunks = ChunkWriter(folder, "blocks")
    index = IndexWriter(folder, content.asked)
    for block in blocks:
        index.add(block)
        chunks.add(_record(block, messages, index))
    chunks.close()
    messages.chunks.close()
    meta = index.close() | {
        "blockStarts": chunks.starts,
        "messageStarts": messages.chunks.starts,
        "seed": _seed(content.study),
        "study": str(content.study.get("id") or ""),
    }
    folder.write("meta", 1, encode(meta))
    return meta


def _swap(new: Path, old: Path) -> None:
    """Put a finished folder in the place of an earlier one."""
    spent = old.with_name(f"{old.name}.old")
    shutil.rmtree(spent, ignore_errors=True)
    if old.exists():
        old.rename(spent)
    new.rename(old)
    shutil.rmtree(spent, ignore_errors=True)


def _write_page(path: Path, text: str) -> Path:
    """Write a page with line ends as they are: a carriage return in a name must not become a line."""
    path.write_bytes(re.sub("\r\n?", "\n", text).encode())
    return path


def _write_answers(
    out: Path, content: SiteContent, answers: AnswerPage, pages: Sequence[FactorPage], build: str
) -> None:
    """Write the page on what the answers show, or take away that of an earlier report."""
    if not answers.sections:
        if (out / _ANSWERS).exists():
            (out / FILE).unlink(missing_ok=True)
            (out / _ANSWERS).unlink()
        return
    shown = [one.row() for asked in content.asked for one in asked.shown]
    asides = [one for asked in content.asked for one in asked.asides]
    document = {"schema": "gyges.answers/1", "answers": tidy(shown), "asides": tidy(asides)}
    (out / _ANSWERS).write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    _write_page(out / FILE, render_answers(content, answers, pages, build=build))


def _write_pages(
    out: Path, content: SiteContent, pages: Sequence[FactorPage], answers: AnswerPage, build: str
) -> None:
    """Write the pages on what was varied, and take away those that an earlier report had and this one has not."""
    numbers = out / _LEVELS
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        earlier = json.loads(numbers.read_text(encoding="utf-8"))["pages"]
        for name in {str(one) for one in earlier} - {page.file for page in pages}:
            if re.fullmatch(r"[\w-]+\.html", name) and name != "index.html":
                (out / name).unlink(missing_ok=True)
    if not pages:
        numbers.unlink(missing_ok=True)
        return
    document = {
        "schema": "gyges.levels/1",
        "pages": [page.file for page in pages],
        "varied": tidy([one.row() for one in content.varied]),
    }
    numbers.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    for page in pages:
        text = render_factor(content, page, pages, answers, build=build)
        _write_page(out / page.file, text)


def _write_shape(
    out: Path, content: SiteContent, pages: Sequence[FactorPage], answers: AnswerPage, build: str
) -> None:
    """Write the page of a result with a shape of its own, and take away one of another shape."""
    page = content.shape
    for name in SHAPES:
        # Where its numbers stand, the page is ours to take away.
        if (page is None or name != page.slug) and (out / f"{name}.json").exists():
            (out / f"{name}.html").unlink(missing_ok=True)
            (out / f"{name}.json").unlink()
    if page is None:
        return
    document = {"schema": f"gyges.{page.slug}/1", **tidy(dict(page.data))}
    (out / page.numbers).write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    _write_page(out / page.file, render_shape(content, page, pages, answers, build=build))


def _note(content: SiteContent) -> str:
    """Say under a figure that goes elsewhere by itself what must go with it."""
    trust = trust_of(content)
    brief = "" if trust is None or trust.measured else f"{trust.brief[0].upper()}{trust.brief[1:]}."
    return " ".join(filter(None, [figure_note(content.study.get("stopping")), brief]))


def write_site(out: Path, content: SiteContent) -> Path:
    """Write the report.

    Args:
        out: The folder to write to, made where it is absent. ``index.html``, ``gaps.json``,
            ``figure.svg``, ``assets/`` and ``data/`` in it are replaced, and so are the pages on
            what was varied, on what the answers show, and of a result with a shape of its own, with
            their numbers (``levels.json``, ``answers.json``, such as ``ordering.json``); anything
            else is left alone.
        content: What to show. Its blocks are consumed.

    Returns:
        The path of ``index.html``.

    Raises:
        StudyError: A gap row names no subject or holds text where a number belongs.
    """
    gaps = clean_gaps(content.gaps)
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    staged = out / "data.new"
    shutil.rmtree(staged, ignore_errors=True)
    staged.mkdir()
    folder = Folder(staged)
    meta = _write_data(folder, content.blocks, content)
    with as_file(files("gyges.report") / "assets") as assets:
        shutil.copytree(assets, out / "assets.new", dirs_exist_ok=True)
    gap_figure(gaps, note=_note(content)).save(out / "figure.svg")
    document = json.dumps({"schema": "gyges.gap/1", "gaps": tidy(gaps)}, indent=1)
    (out / "gaps.json").write_text(document + "\n", encoding="utf-8")
    pages, answers = factor_pages(content.varied), answer_page(content.asked)
    _write_pages(out, content, pages, answers, folder.digest)
    _write_answers(out, content, answers, pages, folder.digest)
    _write_shape(out, content, pages, answers, folder.digest)
    page = render(content, gaps, meta=meta, build=folder.digest, answers=answers, pages=pages)
    fresh = _write_page(out / "index.html.new", page)
    _swap(staged, out / "data")
    _swap(out / "assets.new", out / "assets")
    return fresh.replace(out / "index.html")
