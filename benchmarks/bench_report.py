"""How long does a report take to write, and how long does a reader wait for it?

Run as ``python benchmarks/bench_report.py [--blocks N] [--repeat N]``. Without ``--blocks`` the
published transcripts are used where they are (``GYGES_SHARED_DATA``, or ``../shared/data`` beside
the checkout), else 8,740 synthetic blocks. A Chromium is needed (``GYGES_CHROMIUM``, or one on the
path). Times in the page are the browser's own (performance API), the median over fresh profiles.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

sys.path[:0] = [str(Path(__file__).parents[1] / folder) for folder in ("src", "tests")]

from gyges.report import SiteContent, write_site  # noqa: E402
from report_content import arm, gap_row, shared_data, vlaf_content  # noqa: E402

ARGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]

FILTER = """(key) => {
  const select = document.querySelector(`select[data-key="${key}"]`);
  const times = [];
  for (const option of [...select.options].slice(1).map((one) => one.value).concat([""])) {
    const start = performance.now();
    select.value = option;
    select.dispatchEvent(new Event("change"));
    document.getElementById("list").getBoundingClientRect();
    times.push(performance.now() - start);
  }
  return times;
}"""

SEARCH = """() => new Promise((tell) => {
  const field = document.getElementById("search");
  const count = document.getElementById("count");
  field.value = "member";
  const start = performance.now();
  new MutationObserver(() => tell(performance.now() - start)).observe(count, {childList: true});
  field.dispatchEvent(new Event("input"));
})"""

NEXT = """() => new Promise((tell) => {
  const start = performance.now();
  new MutationObserver(() => tell(performance.now() - start))
    .observe(document.getElementById("reader"), {childList: true});
  document.body.dispatchEvent(new KeyboardEvent("keydown", {key: "j", bubbles: true}));
})"""


def synthetic(n: int) -> SiteContent:
    """Blocks with about the text of the published ones, but for studies too large to keep here."""
    text = "The company asks for one thing and the user for another. " * (20 if n > 50_000 else 50)

    def blocks() -> Iterator[dict[str, object]]:
        for i in range(n):
            name = f"{i:012x}"
            yield {
                "block": name,
                "subject": f"model-{i % 17}",
                "setting": "synthetic",
                "value": ("authority", "care", "fairness")[i // 17 % 3],
                "control": False,
                "query": f"q{i % 997}",
                "query_text": f"You are a member of group {i % 997}. What do you do?",
                "wording": "0",
                "sample": i // 997,
                "factors": {},
                "arms": {
                    tier: arm(name, tier, output=text, outcome=("comply", "refuse")[(i >> bit) & 1])
                    for bit, tier in enumerate(("monitored", "unmonitored"))
                },
            }

    rows = [
        gap_row(subject=f"model-{s}", value=v, gap=s / 20)
        for v in ("authority", "care", "fairness")
        for s in range(17)
    ]
    return SiteContent({"title": "Synthetic", "seed": 1}, rows, blocks=blocks())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--blocks", type=int)
    parser.add_argument("--repeat", type=int, default=5)
    options = parser.parse_args()
    root = shared_data()
    real = options.blocks is None and root is not None
    content = vlaf_content(root) if real else synthetic(options.blocks or 8740)

    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        index = write_site(Path(folder), content)
        seconds = time.perf_counter() - start
        size = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())
        result = {
            "write_seconds": round(seconds, 2),
            "site_megabytes": round(size / 1e6, 1),
            "index_html_kilobytes": round(index.stat().st_size / 1e3),
            "peak_memory_megabytes": round(
                resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            ),
        }
        result |= read(index, options.repeat)
    print(json.dumps(result, indent=2))


def read(index: Path, repeat: int) -> dict[str, float | str]:
    from playwright.sync_api import sync_playwright

    names = ("chromium", "chromium-browser", "google-chrome")
    path = os.environ.get("GYGES_CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    found: dict[str, list[float]] = {}
    with sync_playwright() as playwright:
        for _ in range(repeat):
            browser = playwright.chromium.launch(executable_path=path, args=ARGS)
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.goto(index.as_uri())
            page.wait_for_selector("body[data-ready]", timeout=120_000)
            ready = page.evaluate("performance.now()")
            page.wait_for_selector("#reader .arms")
            paint = page.evaluate(
                "performance.getEntriesByName('first-contentful-paint')[0].startTime"
            )
            filters = [ms for key in ("subject", "arms") for ms in page.evaluate(FILTER, key)]
            times = {
                "first_contentful_paint_ms": paint,
                "browser_ready_ms": ready,
                "filter_ms": median(filters),
                "filter_slowest_ms": max(filters),
                "search_ms_with_80_ms_pause": page.evaluate(SEARCH),
                "next_block_ms": median(page.evaluate(NEXT) for _ in range(9)),
            }
            for name, value in times.items():
                found.setdefault(name, []).append(value)
            count = page.inner_text("#count")
            browser.close()
    return {"blocks": count} | {name: round(median(v), 1) for name, v in found.items()}


if __name__ == "__main__":
    main()
