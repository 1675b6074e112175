"""Does the tutorial run, and how does it become a page?

The notebook is the source; the page is made from it, with what the notebook printed.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

DOCS = Path(__file__).resolve().parents[1]
NOTEBOOK = DOCS / "tutorial.ipynb"
PAGE = DOCS / "tutorial.md"

_NOTE = """\
<!-- Made from tutorial.ipynb by docs/tools/refresh.py; edit the notebook. -->

!!! note
    This page is the notebook [tutorial.ipynb](tutorial.ipynb), with what it printed.

"""
_OFFLINE = """\
import socket as _socket

_connect = _socket.socket.connect

def _local(self, address):
    inet = self.family in (_socket.AF_INET, _socket.AF_INET6)
    if inet and address[0] not in ("127.0.0.1", "::1", "localhost"):
        raise OSError(f"the tutorial must not use the network: {address}")
    return _connect(self, address)

_socket.socket.connect = _local
"""


def read() -> Any:
    """Read the notebook."""
    import nbformat

    return nbformat.read(NOTEBOOK, as_version=4)


def execute(folder: Path) -> Any:
    """Run the notebook in a folder, without a network, and return it with its outputs."""
    import nbformat
    from nbclient import NotebookClient

    notebook = copy.deepcopy(read())
    notebook.cells.insert(0, nbformat.v4.new_code_cell(_OFFLINE))
    client = NotebookClient(
        notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    )
    client.execute()
    del notebook.cells[0]
    return notebook


def outputs(notebook: Any) -> list[list[str]]:
    """What each code cell shows, as text; figures count by their kind."""
    return [
        [text or kind for kind, text in _shown(cell) if kind != "image/svg+xml" or not text]
        for cell in notebook.cells
        if cell.cell_type == "code"
    ]


def store(executed: Any) -> None:
    """Keep the outputs in the notebook, small: text, and figures as SVG."""
    import nbformat

    notebook = read()
    count = 0
    for cell, done in zip(notebook.cells, executed.cells, strict=True):
        if cell.cell_type != "code":
            continue
        count += 1
        cell.execution_count = count
        cell.metadata = {}
        cell.outputs = []
        for output in done.outputs:
            kept = nbformat.from_dict(dict(output))
            if "data" in kept:
                wanted = "image/svg+xml" if "image/svg+xml" in kept.data else "text/plain"
                kept.data = {wanted: kept.data[wanted]}
                kept.metadata = {}
            if kept.output_type == "execute_result":
                kept.execution_count = count
            cell.outputs.append(kept)
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    nbformat.write(notebook, NOTEBOOK)


def page() -> tuple[str, dict[str, str]]:
    """Make the page, and the figures that it shows by their file's name."""
    parts: list[str] = []
    figures: dict[str, str] = {}
    for cell in read().cells:
        if cell.cell_type == "markdown":
            parts.append(cell.source.strip() + "\n")
            continue
        parts.append(f"```python\n{cell.source.strip()}\n```\n")
        for kind, text in _shown(cell):
            if kind == "image/svg+xml":
                name = f"tutorial-{len(figures) + 1}.svg"
                figures[name] = text.strip() + "\n"
                label = re.search(r'aria-label="([^"]*)"', text)
                parts.append(f"![{label[1] if label else 'A figure'}](images/{name})\n")
            else:
                parts.append(f"```text\n{text.rstrip()}\n```\n")
    title, rest = "\n".join(parts).split("\n", 1)
    return f"{title}\n\n{_NOTE}{rest.lstrip()}", figures


def _shown(cell: Any) -> Iterator[tuple[str, str]]:
    for output in cell.outputs:
        if output.output_type == "stream":
            yield "text/plain", output.text
        elif "data" in output:
            data = output.data
            kind = "image/svg+xml" if "image/svg+xml" in data else "text/plain"
            yield kind, data[kind]
