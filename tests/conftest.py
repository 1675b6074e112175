"""What several test files need."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import gyges
from servers import Reply, Request, Server, by_tier, serving

KEY = "local-key-5f2c9e7a1b3d"
"""The key that the tests' provider is given; it looks like none that the redactor knows by shape."""
LOCAL = "openai-api/local/subject"
LOCAL_JUDGE = "openai-api/local/judge"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Server]]:
    """Start servers that behave as a function says; the first is where ``openai-api/local/...`` leads."""
    monkeypatch.setenv("LOCAL_API_KEY", KEY)
    open_: list[Any] = []

    def start(behave: Callable[[Request], Reply] = by_tier) -> Server:
        context = serving(behave)
        found = context.__enter__()
        if not open_:
            monkeypatch.setenv("LOCAL_BASE_URL", found.url)
        open_.append(context)
        return found

    yield start
    for context in open_:
        context.__exit__(None, None, None)


@pytest.fixture
def ask(tmp_path: Path) -> Callable[..., gyges.Study]:
    """Run a few trials against the local server, without the client's own retries."""

    def run(study: str = "study", **options: Any) -> gyges.Study:
        settings: dict[str, Any] = {
            "model": LOCAL,
            "queries": 3,
            "control": 0,
            "reasoning": "none",
            "retries": 0,
            "model_args": {"max_retries": 0},
        }
        return gyges.run("animal-welfare", study=tmp_path / study, **{**settings, **options})

    return run


@pytest.fixture
def command() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run ``gyges`` as a process of its own."""

    def run(*arguments: object, timeout: float = 60, **environment: str) -> Any:
        return subprocess.run(
            [sys.executable, "-m", "gyges", *map(str, arguments)],
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
            env={**os.environ, **environment},
        )

    return run


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Callable[..., Any]:
    """Run ``gyges`` in this process: exit status, stdout and stderr."""
    from gyges.cli import main

    def run(*arguments: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as stopped:
            main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        return int(stopped.value.code or 0), out, err

    return run


# What a browser asks of a network by itself would be taken for what a page asks.
_CHROMIUM = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A real Chromium, for the tests of one file."""
    names = ("chromium", "chromium-browser", "google-chrome")
    path = os.environ.get("GYGES_CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if path is None:
        pytest.skip("no Chromium here: install one, or set GYGES_CHROMIUM")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=path, args=_CHROMIUM)
        yield found
        found.close()
