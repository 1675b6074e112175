"""What is installed is whole: the wheel holds every file of the package, and works where nothing else of it is."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path, PurePosixPath
from zipfile import ZipFile

import pytest

from graph_library import records

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "gyges"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("wheel"),
    pytest.mark.skipif(
        not (ROOT / "pyproject.toml").is_file(), reason="the package's source is not here"
    ),
]


def _pip(*arguments: object) -> None:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *map(str, arguments)]
    # Nothing may be fetched: what builds the wheel is among the packages of the tests.
    environment = {**os.environ, "PIP_NO_INDEX": "1", "PIP_NO_CACHE_DIR": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    _pip("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, ROOT)
    (found,) = folder.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("installed")
    _pip("install", "--no-deps", "--no-compile", "--target", folder, wheel)
    return folder


def _files() -> set[str]:
    """The package's files, as they lie in the source."""
    return {
        str(PurePosixPath("gyges", *path.relative_to(PACKAGE).parts))
        for path in PACKAGE.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and not path.name.startswith(".")
    }


def test_the_wheel_holds_every_file_of_the_package_as_it_is_and_nothing_else(wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
        assert names == _files()
        for name in names:
            assert archive.read(name) == (ROOT / "src" / name).read_bytes()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert wheel.name == f"gyges-{project['version']}-py3-none-any.whl"


@pytest.mark.parametrize(
    "name",
    [
        "py.typed",
        "graph/library/nodes.jsonl",
        "graph/library/edges.jsonl",
        "graph/site/templates/node.html.j2",
        "graph/site/assets/cytoscape.min.js",
        "graph/extraction/prompt.txt",
    ],
)
def test_what_the_graph_is_made_of_is_in_the_wheel(wheel: Path, name: str) -> None:
    with ZipFile(wheel) as archive:
        assert archive.read(f"gyges/{name}") == (PACKAGE / name).read_bytes()


def test_the_installed_package_writes_the_site(installed: Path, tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "PYTHONPATH": str(installed),
        "PYTHONSAFEPATH": "1",
        "GYGES_GRAPH": str(tmp_path / "graph.sqlite3"),
        "HOME": str(tmp_path / "home"),
    }

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, *arguments],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env=environment,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    where = run("-c", "import gyges, gyges.graph; print(gyges.__file__, gyges.graph.__file__)")
    assert all(Path(one).is_relative_to(installed) for one in where.split())
    told = json.loads(run("-m", "gyges", "graph", "site", "site", "--json"))
    nodes = records("nodes.jsonl")
    assert told["pages"] > len(nodes)
    site = tmp_path / "site"
    pages = list(site.rglob("*.html"))
    assert len(pages) == told["pages"]
    # Every page has what it names, and names nothing of elsewhere.
    page = next(one for one in pages if one.name == "alignment-faking.html")
    text = page.read_text(encoding="utf-8")
    assert "Alignment faking" in text
    named = re.findall(r'<(?:script|link)\b[^>]*\b(?:src|href)="([^"]+)"', text)
    assert any(one.partition("?")[0].endswith(".js") for one in named)
    for one in (one for one in named if not one.startswith("data:")):
        assert "//" not in one
        assert (page.parent / one.partition("?")[0]).is_file(), one
