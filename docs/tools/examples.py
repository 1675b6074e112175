"""Do the examples in the pages still work, and do they still print what the pages show?

A Markdown comment before a fenced block says what to do with it:

- ``<!-- run -->``: run it. In a ``console`` block each ``$ `` line is a command and the lines below
  it are its output; a ``python`` block is a program, and a ``text`` block right after it is its
  output.
- ``<!-- run: shared_data -->``: the same, where the published transcripts are at hand (as a folder
  ``VLAF``).
- ``<!-- file: NAME -->``: write the block to the file NAME, for the commands that follow.

The blocks of one page run in order, in one empty folder; a research graph that they open is made in
that folder too. ``...`` in an output stands for anything, and a line that is only ``...`` for any
number of lines. Blocks without a comment are not run.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

_BLOCK = re.compile(
    r"^<!-- (?P<what>run|file)(?:: (?P<name>[^\n]+?))? -->\n+"
    r"(?P<fence>```+) ?(?P<kind>\w*)[^\n]*\n(?P<body>.*?)^(?P=fence)$",
    re.MULTILINE | re.DOTALL,
)
_OUTPUT = re.compile(r"\n+```text\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Step:
    """Something to do for a page, in order."""

    line: int
    """Where its block begins."""
    needs: str
    """``shared_data``, or nothing."""
    file: str
    """The file to write, or nothing."""
    command: str
    """The shell command or the Python program, or the file's text."""
    python: bool
    expected: str
    """The output as the page shows it."""
    span: tuple[int, int]
    """Where that output stands in the page."""


def pages() -> list[Path]:
    """Every page that may hold examples."""
    return [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


def steps(text: str) -> Iterator[Step]:
    """Read the steps of a page."""
    for match in _BLOCK.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        needs = match["name"] or "" if match["what"] == "run" else ""
        start = match.start("body")
        if match["what"] == "file":
            yield Step(line, "", match["name"], match["body"], False, "", (0, 0))
        elif match["kind"] == "python":
            shown = _OUTPUT.match(text, match.end())
            span = shown.span("body") if shown else (0, 0)
            yield Step(line, needs, "", match["body"], True, shown["body"] if shown else "", span)
        else:
            yield from _commands(match["body"], start, line, needs)


def _commands(body: str, start: int, line: int, needs: str) -> Iterator[Step]:
    command, at = "", 0
    offset = 0
    for row in [*body.splitlines(keepends=True), "$ "]:
        if row.startswith("$ "):
            if command:
                span = start + at, start + offset
                yield Step(line, needs, "", command, False, body[at:offset], span)
            command, at = row[2:].rstrip("\n"), offset + len(row)
        elif command.endswith("\\"):
            command, at = f"{command}\n{row.rstrip()}", offset + len(row)
        offset += len(row)


def run(step: Step, folder: Path) -> str:
    """Do a step and return what it printed; the exit status is part of it where it isn't 0."""
    if step.file:
        path = folder / step.file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(step.command, encoding="utf-8")
        return ""
    here = str(Path(sys.executable).parent)
    environment = {
        **os.environ,
        "PATH": here + os.pathsep + os.environ.get("PATH", ""),
        "COLUMNS": "100",
        "NO_COLOR": "1",
        "PYTHONUTF8": "1",
        # A page's commands never touch the graph of whoever runs them, nor print his name.
        "GYGES_GRAPH": "graph.sqlite3",
        "LOGNAME": "anna",
    }
    program = sys.executable if step.python else "bash"
    done = subprocess.run(
        [program, "-c", step.command],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    return done.stdout + (f"[exit status {done.returncode}]\n" if done.returncode else "")


def matches(expected: str, printed: str) -> bool:
    """Whether an output is what the page shows, up to ``...`` and blanks at the ends of lines."""
    wanted = [line.rstrip() for line in expected.strip("\n").splitlines()]
    pattern = ""
    for line in wanted:
        if line.strip() == "...":
            pattern += r"(?:[^\n]*\n)*?"
        else:
            pattern += r"[^\n]*".join(re.escape(part) for part in line.split("...")) + r"\n"
    found = "".join(f"{line.rstrip()}\n" for line in printed.strip("\n").splitlines())
    return re.fullmatch(pattern, found) is not None


def rewrite(path: Path, folder: Path, *, shared: bool) -> bool:
    """Put what is printed now into a page wherever it shows something else; True if it changed."""
    text = path.read_text(encoding="utf-8")
    changes = []
    for step in steps(text):
        if step.needs and not shared:
            continue
        printed = run(step, folder)
        if step.span != (0, 0) and not matches(step.expected, printed):
            lines = "".join(f"{line.rstrip()}\n" for line in printed.strip("\n").splitlines())
            changes.append((step.span, lines))
    for (start, end), lines in reversed(changes):
        text = text[:start] + lines + text[end:]
    path.write_text(text, encoding="utf-8")
    return bool(changes)
