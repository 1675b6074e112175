"""Bring everything in the documentation that is made by a program up to date.

Run ``python docs/tools/refresh.py`` after a change to commands, outputs or the tutorial: it runs
the notebook and the examples, and writes the command line's reference, the tutorial's page and the
outputs that the pages show. With names of pages (``README.md``) it runs their examples alone.
``tests/test_docs.py`` fails where this was forgotten.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import cli_reference
import coverage_page
import examples
import graph_page
import settings_pages
import tutorial


def main() -> None:
    """Refresh all, or the pages whose names are given."""
    wanted = sys.argv[1:]
    shared = Path(os.environ.get("GYGES_SHARED_DATA", examples.ROOT.parent / "shared" / "data"))
    if not wanted:
        cli_reference.PAGE.write_text(cli_reference.page(), encoding="utf-8")
        coverage_page.PAGE.write_text(coverage_page.page(), encoding="utf-8")
        settings_pages.write()
        with tempfile.TemporaryDirectory() as folder:
            tutorial.store(tutorial.execute(Path(folder)))
    if not wanted or graph_page.PAGE.name in wanted:
        graph_page.PAGE.write_text(graph_page.page(), encoding="utf-8")
    text, figures = tutorial.page()
    tutorial.PAGE.write_text(text, encoding="utf-8")
    for name, svg in figures.items():
        (tutorial.DOCS / "images" / name).write_text(svg, encoding="utf-8")
    for path in examples.pages():
        if wanted and path.name not in wanted:
            continue
        with tempfile.TemporaryDirectory() as folder:
            if (shared / "vlaf").is_dir():
                Path(folder, "VLAF").symlink_to(shared / "vlaf", target_is_directory=True)
            if examples.rewrite(path, Path(folder), shared=(shared / "vlaf").is_dir()):
                print(f"changed: {path.relative_to(examples.ROOT)}")


if __name__ == "__main__":
    main()
