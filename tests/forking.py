"""Commands as processes of their own that start at once and can be killed at an exact moment.

A helper process imports everything slow, and forks for each command. The child can be told to kill
itself, with SIGKILL, at a *disk event*: a ``write`` to a journal (half of it reaches the file), a
file about to ``replace`` another, a file about to be removed (``unlink``).
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["Forker", "forker"]


class Forker:
    """Runs ``gyges`` commands in forks of one helper process."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def run(self, *arguments: object, die_at: tuple[int, str, str] | None = None) -> dict[str, Any]:
        """Run a command to its end.

        Args:
            arguments: What stands after ``gyges``.
            die_at: Where it is killed: the n-th event of a kind at a file whose path holds a text.

        Returns:
            ``killed`` or not, exit ``status``, and what it wrote to ``err``.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        order = {
            "arguments": [str(argument) for argument in arguments],
            "die_at": die_at,
            "environ": {name: value for name, value in os.environ.items() if "LOCAL" in name},
        }
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return dict(json.loads(self._process.stdout.readline()))

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(10)


@contextmanager
def forker() -> Iterator[Forker]:
    """Keep a helper process for the time of a test."""
    helper = Forker()
    try:
        yield helper
    finally:
        helper.close()


def _die_at(event: int, kind: str, where: str) -> None:
    """Let this process be killed at a disk event."""
    import io
    from pathlib import Path
    from types import SimpleNamespace

    from gyges.study import journal

    left = event

    def happens(what: str, path: object) -> bool:
        nonlocal left
        left -= what == kind and where in str(path)
        return left == 0

    def die() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    class TornFile(io.FileIO):
        def write(self, data: Any) -> int:
            if happens("write", self.name):
                super().write(bytes(data)[: len(data) // 2])
                die()
            return super().write(data)

    journal.io = SimpleNamespace(FileIO=TornFile)  # type: ignore[assignment]
    replace, unlink = Path.replace, Path.unlink

    def dying_replace(self: Path, target: Any) -> Path:
        if happens("replace", self):
            die()
        return replace(self, target)

    def dying_unlink(self: Path, missing_ok: bool = False) -> None:
        if happens("unlink", self):
            die()
        unlink(self, missing_ok)

    Path.replace = dying_replace  # type: ignore[method-assign]
    Path.unlink = dying_unlink  # type: ignore[method-assign]


def _child(order: dict[str, Any], error: int) -> None:
    os.dup2(error, 2)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.environ.update(order["environ"])
    if order["die_at"] is not None:
        _die_at(*order["die_at"])
    from gyges.cli import _run

    sys.stderr = os.fdopen(os.dup(2), "w")
    status = _run(order["arguments"])
    sys.stderr.flush()
    os._exit(status)


def _serve() -> None:
    import tempfile

    # The forks find these loaded and made. Nothing here may start a thread.
    import scipy.stats  # noqa: F401

    import gyges.api
    import gyges.inspect
    import gyges.report.build  # noqa: F401
    from gyges.judges import lexical_judge
    from gyges.run import known_price

    lexical_judge("animal-welfare")
    known_price("none/none")

    for line in sys.stdin:
        order = json.loads(line)
        with tempfile.TemporaryFile() as error:
            child = os.fork()
            if child == 0:
                try:
                    _child(order, error.fileno())
                finally:
                    os._exit(70)
            _, state = os.waitpid(child, 0)
            error.seek(0)
            answer = {
                "killed": os.WIFSIGNALED(state),
                "status": os.WEXITSTATUS(state) if os.WIFEXITED(state) else None,
                "err": error.read().decode(errors="replace"),
            }
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    _serve()
