"""The documentation: what it shows is what happens, and everything it points at is there."""

from __future__ import annotations

import dataclasses
import importlib.util
import os
import re
import subprocess
import sys
import tomllib
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
import yaml

from gyges import findings
from gyges.graph import (
    Edge,
    Evidence,
    Incoming,
    Node,
    Passage,
    Proposal,
    Store,
    health_of,
    page_of,
    queue,
    search,
)
from gyges.graph.formats.cells import EDGE_FIELDS, NODE_FIELDS
from gyges.graph.records import DECISIONS
from gyges.study import schema

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
SHARED = Path(os.environ.get("GYGES_SHARED_DATA", ROOT.parent / "shared" / "data"))
REFRESH = "bring it up to date with: python docs/tools/refresh.py"


def tool(name: str) -> ModuleType:
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, DOCS / "tools" / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    return sys.modules[name]


examples = tool("examples")
PAGES = [ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md")]
PAGES += sorted(DOCS.rglob("*.md"))
WITH_EXAMPLES = [path for path in examples.pages() if any(examples.steps(path.read_text("utf-8")))]


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


# Examples


@pytest.mark.slow
@pytest.mark.parametrize("path", WITH_EXAMPLES, ids=name)
def test_examples_of_a_page_print_what_it_shows(path: Path, tmp_path: Path) -> None:
    shared = (SHARED / "vlaf").is_dir()
    if shared:
        (tmp_path / "VLAF").symlink_to(SHARED / "vlaf", target_is_directory=True)
    for step in examples.steps(path.read_text(encoding="utf-8")):
        if step.needs and not shared:
            continue
        printed = examples.run(step, tmp_path)
        if not step.file and step.span != (0, 0):
            where = f"{name(path)}:{step.line}: {step.command.splitlines()[0]}"
            assert examples.matches(step.expected, printed), (
                f"{where}\nthe page shows:\n{step.expected}\nit prints:\n{printed}\n{REFRESH}"
            )


def test_there_are_examples_to_run() -> None:
    found = {path.name for path in WITH_EXAMPLES}
    assert {"README.md", "own-setting.md", "study-files.md"} <= found


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_commands_with_a_planted_subject_are_run(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    run = {step.command for step in examples.steps(text)}
    shown = re.findall(r"^\$ (gyges run .*--model gyges/planted.*)$", text, re.MULTILINE)
    assert [command for command in shown if command not in run] == []


def test_an_output_matches_only_what_is_printed() -> None:
    assert examples.matches("a\n...\nd ...\n", "a\nb\nc\nd e\n")
    assert examples.matches("a\n...\nb\n", "a\nb\n")
    assert not examples.matches("a\n", "a\nb\n")
    assert not examples.matches("a ... c\n", "a b\nc\n")


# The tutorial


def test_the_tutorial_runs_and_shows_what_is_committed(tmp_path: Path) -> None:
    pytest.importorskip("nbclient")
    tutorial = tool("tutorial")
    executed = tutorial.execute(tmp_path)
    assert tutorial.outputs(executed) == tutorial.outputs(tutorial.read()), REFRESH
    assert (tmp_path / "first-study" / "site" / "index.html").is_file()


def test_the_tutorials_page_is_made_from_the_notebook() -> None:
    pytest.importorskip("nbformat")
    tutorial = tool("tutorial")
    text, figures = tutorial.page()
    assert tutorial.PAGE.read_text(encoding="utf-8") == text, REFRESH
    for figure, svg in figures.items():
        assert (DOCS / "images" / figure).read_text(encoding="utf-8") == svg, REFRESH


# Reference


def test_the_command_line_reference_is_current() -> None:
    reference = tool("cli_reference")
    assert reference.PAGE.read_text(encoding="utf-8") == reference.page(), REFRESH


def test_the_coverage_page_shows_the_simulated_cells() -> None:
    coverage = tool("coverage_page")
    assert coverage.PAGE.read_text(encoding="utf-8") == coverage.page(), REFRESH
    # No cell is left out, and each that is out of its band has a reason.
    rows = coverage.CELLS.read_text(encoding="utf-8").splitlines()[1:]
    assert len(rows) == 792


def named(page: str, heading: str) -> set[str]:
    """The names in the first column of the tables under a heading."""
    text = (DOCS / page).read_text(encoding="utf-8")
    part = re.split(r"^#+ ", text.split(f"# {heading}\n", 1)[1], flags=re.MULTILINE)[0]
    rows = re.findall(r"^\| (`.*?) \|", part, re.MULTILINE)
    return {one for row in rows for one in re.findall(r"`([^`]+)`", row)}


FORMAT = "reference/study-format.md"


@pytest.mark.parametrize(
    ("heading", "names"),
    [
        ("Trials", set(schema.TRIAL_COLUMNS)),
        ("Status of a trial", set(schema.TRIAL_STATUSES)),
        ("Status of a verdict", set(schema.VERDICT_STATUSES)),
        ("Verdicts", {*schema.VERDICT_COLUMNS, *schema.OUTCOMES}),
        ("Gaps", {field.name for field in dataclasses.fields(findings.Gap)} - {"factors"}),
    ],
)
def test_the_study_format_names_every_column_and_status(heading: str, names: set[str]) -> None:
    assert named(FORMAT, heading) == names


def test_the_study_format_names_every_key_of_the_manifest(tmp_path: Path) -> None:
    from gyges.study import Manifest

    Manifest("run", {}).write(tmp_path)
    keys = yaml.safe_load((tmp_path / "study.yaml").read_text(encoding="utf-8")).keys()
    assert named(FORMAT, "study.yaml") >= keys


GRAPH_FORMAT = "reference/graph-format.md"


def test_the_graph_format_shows_the_vocabulary_and_the_formats() -> None:
    graph = tool("graph_page")
    assert graph.PAGE.read_text(encoding="utf-8") == graph.page(), REFRESH


def small_graph() -> Store:
    """Two nodes, what joins them, and a passage."""
    store = Store.open(":memory:")
    source = Evidence("paper:a", "table 2", Passage.of("the gap fell"), "primary", "5.1")
    nodes = [
        Node("claim:b", "B", "What b says.", ("bee",), dates={"updated": "2026"}),
        Node("paper:a", "A", identifiers={"url": "https://example.org"}),
        Node("quote:c", "C", evidence=(source,)),
    ]
    edges = [
        Edge.make("paper:a", "supports", "claim:b", "It says so.", (source,), confidence=0.5),
        Edge.make("claim:b", "quotes", "quote:c"),
    ]
    store.take(Incoming(nodes, edges), "begin", "anna")
    return store


def test_the_graph_format_names_every_field_of_a_record() -> None:
    assert named(GRAPH_FORMAT, "Node") == set(NODE_FIELDS)
    assert named(GRAPH_FORMAT, "Edge") == set(EDGE_FIELDS)
    for heading, kind in (("Evidence", Evidence), ("Passage", Passage), ("Review", Proposal)):
        wanted = {field.name for field in dataclasses.fields(kind)}
        # The words for decisions stand under the same heading; one of them, edge, is a field too.
        assert wanted <= named(GRAPH_FORMAT, heading) <= {*wanted, *DECISIONS}


def test_the_graph_format_names_every_key_of_a_page() -> None:
    with small_graph() as store:
        page = page_of(store, "claim:b")
    assert named(GRAPH_FORMAT, "Page") == page.keys()
    (paper, quote) = page["neighbours"]
    assert named(GRAPH_FORMAT, "Neighbour") == paper.keys() == quote.keys()
    (edge,) = paper["edges"]
    assert named(GRAPH_FORMAT, "Edge on a page") == edge.keys()
    assert named(GRAPH_FORMAT, "Evidence on a page") == edge["evidence"][0].keys()
    assert named(GRAPH_FORMAT, "Quote") == page["quotes"][0].keys()


def test_the_graph_format_names_every_key_of_health_hits_and_candidates() -> None:
    with small_graph() as store:
        assert named(GRAPH_FORMAT, "Health") == {"schema", *health_of(store)}
        (hit,) = search(store, "bee")
        assert named(GRAPH_FORMAT, "Hit") == hit.to_dict().keys()
        (found,) = queue(store, [("claim:b", "quote:c", 0.7)])
        assert named(GRAPH_FORMAT, "Candidate") == found.to_dict().keys()


def test_the_method_gives_the_figures_of_the_judges_card() -> None:
    import json

    card = json.loads(
        (ROOT / "src/gyges/judges/cards/lexical-animal-welfare.json").read_text(encoding="utf-8")
    )
    held = card["heldout"]
    text = (DOCS / "method.md").read_text(encoding="utf-8")
    table = text.split("<!-- card -->")[1].split("\n\n")[1]
    rows = dict(re.findall(r"^\| (\w+).*?\| ([\d.]+ \|.*?) \|$", table, re.MULTILINE))

    def shown(share: dict[str, float]) -> str:
        return f"{share['value']:.2f} | {share['low']:.2f} to {share['high']:.2f}"

    assert f"{card['n_heldout']} answers" in table
    assert rows["exact"] == shown(held["exact"])
    assert rows["sensitivity"] == shown(held["decided"]["sensitivity"])
    assert rows["specificity"] == shown(held["decided"]["specificity"])
    assert rows["kappa"].split(" |")[0] == f"{held['decided']['kappa']:.2f}"
    assert rows["share"] == shown(held["undecided"])
    partial = held["confusion"]["partial"]
    assert f"{partial['partial']} of {sum(partial.values())} held-out" in text
    assert f"among the {held['decided']['n']} answers" in text
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"{card['n_heldout']} held-out answers" in readme
    assert f"kappa {held['decided']['kappa']:.2f}" in readme


# Links


def anchors(path: Path) -> set[str]:
    """The anchors of a page's headings."""
    text = re.sub(r"^```.*?^```", "", path.read_text(encoding="utf-8"), flags=re.M | re.S)
    found = set()
    for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE):
        plain = unicodedata.normalize("NFKD", heading).encode("ascii", "ignore").decode().lower()
        found.add(re.sub(r"[\s-]+", "-", re.sub(r"[^\w\s-]", "", plain).strip()))
    return found


def links(path: Path) -> Iterator[str]:
    text = re.sub(r"^```.*?^```", "", path.read_text(encoding="utf-8"), flags=re.M | re.S)
    yield from re.findall(r"\]\(([^)\s]+)\)", text)
    yield from re.findall(r'(?:src|srcset|href)="([^"]+)"', text)


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_every_internal_link_resolves(path: Path) -> None:
    for link in links(path):
        if re.match(r"[a-z]+:", link):
            continue
        file, _, anchor = link.partition("#")
        target = (path.parent / file).resolve() if file else path
        assert target.exists(), f"{name(path)}: {link}: there is no such file"
        if anchor and target.suffix == ".md":
            assert anchor in anchors(target), f"{name(path)}: {link}: there is no such heading"


# The site


@pytest.mark.slow
@pytest.mark.skipif(
    importlib.util.find_spec("mkdocs") is None or importlib.util.find_spec("mkdocstrings") is None,
    reason="needs the extra docs: pip install -c constraints.txt -e '.[docs]'",
)
def test_the_site_builds_without_a_warning_and_loads_nothing_from_elsewhere(tmp_path: Path) -> None:
    built = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path / "site")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    for page in (tmp_path / "site").rglob("*.html"):
        html = page.read_text(encoding="utf-8")
        tags = re.findall(r"<(?:script|img|iframe|source) [^>]+>", html)
        loaded = [tag for tag in tags if re.search(r"src(?:set)?=\"?(?:https?:)?//", tag)]
        loaded += [
            tag
            for tag in re.findall(r"<link [^>]+>", html)
            if "http" in tag and 'rel="canonical"' not in tag and "rel=canonical" not in tag
        ]
        assert loaded == [], page.name
    for sheet in (tmp_path / "site").rglob("*.css"):
        loaded = re.findall(r"@import|url\(\"?https?:", sheet.read_text(encoding="utf-8"))
        assert loaded == [], sheet.name


# The project's own card


def test_the_citation_has_the_version_of_the_package() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert citation["version"] == project["version"]
    assert citation["license"] == project["license"]
    assert {"cff-version", "message", "title", "authors"} <= citation.keys()


def test_the_readme_has_both_commands_and_a_picture_in_both_themes() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "pip install -c constraints.txt . && gyges run\n" in text
    assert 'pip install -c constraints.txt -e ".[test]" && pytest\n' in text
    for theme in ("light", "dark"):
        picture = DOCS / "images" / f"report-{theme}.png"
        assert f'"docs/images/{picture.name}"' in text
        assert picture.stat().st_size < 300_000
