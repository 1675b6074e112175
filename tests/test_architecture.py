"""The rooms: who may import whom, how large a module may be, and what an import may cost."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import gyges

SOURCE = Path(gyges.__file__).parent
MOST_LINES = 400

# What each room may import. Everything may import ``errors``.
MAY_IMPORT: dict[str, set[str]] = {
    "errors": set(),
    "estimate": set(),
    "settings": set(),
    # A planted subject reads its tier and its answers from the settings' data.
    "subjects": {"settings"},
    "study": set(),
    # What is alike is found by the embeddings that ship.
    "graph": {"embedding"},
    "design": {"settings"},
    "judges": {"study", "estimate", "embedding"},
    "findings": {"study", "estimate"},
    # What makes answers vary: beside findings, whose conventions it shares.
    "structure": {"findings", "study", "estimate"},
    # A run that stops early must know when: it estimates while it asks.
    "run": {"design", "settings", "study", "subjects", "estimate", "worlds"},
    # What a subject can do beside answering: tools of toy worlds.
    "worlds": set(),
    # Wordings that a model writes: asked for as subjects are, and proved as designs are.
    "rewording": {"design", "settings", "run", "embedding"},
    "report": {"findings", "study"},
    # Embeddings that ship in a package: for wordings that are alike, and for a judge that is trained.
    "embedding": set(),
    # A person labels a sample, and what the labels say of each other.
    "labelling": {"study", "estimate", "judges"},
    # The subject is asked about its own answers.
    "probing": {"run", "study", "studies", "judges", "judging", "settings", "waiting"},
    "claims": {"run", "findings", "graph"},
    "training": {"run", "findings"},
    # What Inspect's entry point imports: its tasks are planned and read by the same code.
    "inspect": {
        "settings",
        "design",
        "judges",
        "judging",
        "findings",
        "study",
        "subjects",
        "worlds",
    },
    # The same judges as scanners of Scout.
    "scout": {"judging", "study"},
    # The corridor itself, for Python.
    "studies": {"study", "findings", "report"},
    # A dry run says how wide an interval to expect.
    "planning": {"settings", "design", "run", "study", "estimate"},
    "waiting": set(),
    # Judging a study, during a run and after it.
    "judging": {"studies", "settings", "judges", "study", "run", "waiting"},
    "api": {
        "planning",
        "judging",
        "waiting",
        "studies",
        "settings",
        "design",
        "run",
        "study",
        "judges",
        "findings",
        "report",
    },
    # The corridor, asked of subjects whose truth is known.
    "selftest": {
        "api",
        "judging",
        "waiting",
        "planning",
        "settings",
        "design",
        "subjects",
        "study",
        "judges",
        "findings",
    },
    "cli": {
        "api",
        "waiting",
        "judging",
        "selftest",
        "planning",
        "settings",
        "design",
        "run",
        "study",
        "judges",
        "findings",
        "structure",
        "estimate",
        "report",
        "rewording",
        "labelling",
        "probing",
        "graph",
    },
    "__main__": {"cli"},
    "__init__": {"api", "settings", "studies"},
}

MODULES = sorted(SOURCE.rglob("*.py"))


def room_of(path: Path) -> str:
    parts = path.relative_to(SOURCE).with_suffix("").parts
    return parts[0]


def imports(path: Path) -> Iterator[tuple[str, int]]:
    """Yield the rooms that a module imports, also inside functions, with the line."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: a relative import"
            module = node.module or ""
            names = (
                [f"gyges.{alias.name}" for alias in node.names] if module == "gyges" else [module]
            )
        else:
            continue
        for name in names:
            if name.startswith("gyges."):
                yield name.split(".")[1], node.lineno


@pytest.mark.parametrize("room", sorted({room_of(path) for path in MODULES}))
def test_a_room_imports_only_what_it_may(room: str) -> None:
    assert room in MAY_IMPORT, f"{room} has no place in the table of rooms"
    for path in MODULES:
        if room_of(path) == room:
            for name, line in imports(path):
                allowed = name in MAY_IMPORT[room] | {room, "errors"}
                assert allowed, f"{path.relative_to(SOURCE)}:{line} imports gyges.{name}"


def test_the_floors_have_no_circle() -> None:
    floor: dict[str, int] = {}
    left = {room: set(others) for room, others in MAY_IMPORT.items()}
    while left:
        ready = {room for room, others in left.items() if others <= floor.keys()}
        assert ready, f"a circle among {sorted(left)}"
        for room in ready:
            floor[room] = 1 + max((floor[other] for other in left[room]), default=0)
            del left[room]
    # The corridor joins the rooms; it is no floor of its own.
    corridor = {"api", "planning", "studies", "judging", "probing", "waiting", "selftest"}
    rooms = floor.keys() - corridor - {"cli", "inspect", "scout", "__main__", "__init__"}
    assert max(floor[room] for room in rooms) <= 6


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_a_module_is_short_says_what_it_is_for_and_what_it_offers(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)

    assert len(text.splitlines()) <= MOST_LINES
    assert ast.get_docstring(tree)
    assert "from __future__ import annotations" in text
    names = {
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    }
    assert "__all__" in names or path.name == "__main__.py"


def loaded_by(statement: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", f"{statement}\nimport sys\nprint(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    return {name.split(".")[0] for name in done.stdout.split()}


HEAVY = {
    "inspect_ai",
    "polars",
    "scipy",
    "numpy",
    "rich",
    "xllamacpp",
    "openai",
    "pandas",
    "jinja2",
}


def test_importing_gyges_loads_nothing_heavy() -> None:
    assert not loaded_by("import gyges; dir(gyges)") & HEAVY


def test_help_loads_nothing_heavy() -> None:
    statement = "from gyges.cli import _run; assert _run(['--help']) == 0"

    assert not loaded_by(f"{statement}; assert _run(['run', '--help']) == 0") & HEAVY


def test_opening_a_study_does_not_load_the_model_layer() -> None:
    assert "inspect_ai" not in loaded_by("import gyges; gyges.open_study")


def test_every_public_name_is_there() -> None:
    for name in gyges.__all__:
        assert getattr(gyges, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'runn'"):
        gyges.runn  # type: ignore[attr-defined]  # noqa: B018
