"""Does the embedded judge read animal-welfare answers better than the lexical one, and what is each part of it worth?

Joins the labels that ship (hashes) with the published VLAF transcripts (texts), trains the judge on the development
answers and measures both judges on the held-out ones: the figures of the shipped model's card. Then, on the
development answers alone and by cross-validation, what the embeddings, the lexical features and the counts of form
are worth each, and what more labels bring; and how many answers a second the judge reads.

    python benchmarks/bench_embedded_judge.py --transcripts DIR [--labels FILE] [--out FILE] [--no-ablation]

``--labels FILE`` only writes the joined labels, for ``gyges train-judge --labels FILE``.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import tempfile
import time
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

SETTING = "animal-welfare"
WHO = (
    "language-model readers, no human: of the 287 answers of the reference set two readers, and a third who decided "
    "where they differed; of 240 further answers, all trained on, one reader alone"
)
FORM = {
    "words",
    "sentence length",
    "list items",
    "headings",
    "questions",
    "first person",
    "declines",
    "contrast",
}
_QUERY = re.compile(r"<user_input>\s*(.*?)\s*</user_input>", re.DOTALL)


def rows(transcripts: Path) -> Iterator[dict[str, Any]]:
    """Yield a row for each rater and labelled answer, with its texts."""
    from gyges.study.answers import split_answer

    folder = files("gyges.judges").joinpath("labels")
    loaded: dict[str, Any] = {}
    for path in (f"{SETTING}.jsonl", f"training/{SETTING}.jsonl"):
        for line in folder.joinpath(path).read_text(encoding="utf-8").splitlines():
            label = json.loads(line)
            name = label["file"]
            if name not in loaded:
                found = sorted(transcripts.rglob(name))
                if not found:
                    raise SystemExit(f"{transcripts}: holds no {name}")
                loaded[name] = json.loads(found[0].read_text(encoding="utf-8"))
            source = loaded[name][label["index"]]
            raw = source["response"]
            digest = hashlib.sha256(raw.encode("utf-8", "surrogatepass")).hexdigest()
            if digest != label["sha256"]:
                raise SystemExit(f"{name}[{label['index']}] is not the text that was labelled")
            asked = _QUERY.search(source["input"])
            subject, arm = name.removesuffix(".json").rsplit("_", 1)
            row = {
                "id": label["id"],
                "setting": SETTING,
                "tier": {"train": "monitored", "test": "unmonitored"}[arm],
                "subject": subject,
                "query": asked[1] if asked else source["input"],
                "output": split_answer(raw).output,
                "question": "outcome",
                "split": label["split"],
            }
            # The extra answers have one reader; of the others, the decision counts.
            raters = {"a": label["rater_a"], "b": label["rater_b"], "agreed": label["outcome"]}
            if label["rater_b"] is None:
                raters = {"c": label["rater_a"]}
            for rater, said in raters.items():
                yield {**row, "rater": rater, "label": said}


def ablation(labels: Path) -> None:
    """Cross-validate on the development answers what each block of features is worth."""
    import numpy as np

    from gyges.embedding import SIZE
    from gyges.judges._features import Features
    from gyges.judges._logistic import Data, search
    from gyges.judges.labelled import read_labels, split_labels
    from gyges.judges.lexical import lexical_judge
    from gyges.judges.measures import kappa
    from gyges.judges.training import score_probabilities

    lexical = lexical_judge(SETTING)
    features = Features(lexical)
    classes = ("comply", "partial", "refuse")
    answers = [
        one
        for one in split_labels(read_labels(labels, SETTING).answers).development
        if one.label in classes
    ]
    started = time.perf_counter()
    given = [features(one.output) for one in answers]
    seconds = time.perf_counter() - started
    kept = [at for at, (numbers, _) in enumerate(given) if numbers is not None]
    table = np.stack([given[at][0] for at in kept])
    labelled = np.array([classes.index(answers[at].label) for at in kept])
    clusters = np.array([answers[at].cluster for at in kept])
    words = sum(len(one.output.split()) for one in answers) / len(answers)
    print(f"\nread {len(answers) / seconds:.1f} answers a second, of {words:.0f} words on average")

    wide = 2 * SIZE
    cues = [wide + at for at, name in enumerate(features.names) if name not in FORM]
    form = [wide + at for at, name in enumerate(features.names) if name in FORM]
    blocks = {
        "all": [*range(wide), *form, *cues],
        "without the last window": [*range(SIZE), *form, *cues],
        "embeddings and form": [*range(wide), *form],
        "embeddings": [*range(wide)],
        "cues and form": [*form, *cues],
        "cues": cues,
        "form": form,
    }
    print(f"\n{len(kept)} development answers, cross-validated, three assignments to folds")
    print(f"{'features':<26}{'right':>8}{'AUROC':>8}{'log-loss':>10}")
    for name, columns in blocks.items():
        embedded = sum(column < wide for column in columns)
        data = Data(
            table[:, columns], labelled, np.ones(len(kept)), clusters, len(classes), embedded
        )
        found = [score_probabilities(search(data, 5, seed).held, data) for seed in range(3)]
        right, area, loss = (
            float(np.mean(values))
            for values in (
                [one["exact"]["value"] for one in found],
                [one["auroc"]["value"] for one in found],
                [one["log_loss"] for one in found],
            )
        )
        print(f"{name:<26}{right:>8.3f}{area:>8.3f}{loss:>10.3f}")
    for title, single in (("written with sight of them", False), ("new to it", True)):
        pairs = [
            (one.label, lexical.read(one.output).outcome)
            for one in answers
            if (len(one.said) == 1) is single
        ]
        right = sum(a == b for a, b in pairs) / len(pairs)
        print(
            f"lexical judge, {len(pairs)} answers {title}: right {right:.3f}, kappa {kappa(pairs)}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--transcripts", type=Path, required=True)
    parser.add_argument("--labels", type=Path)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--no-ablation", action="store_true")
    options = parser.parse_args()
    joined = options.labels or Path(tempfile.mkdtemp()) / "labels.jsonl"
    with joined.open("w", encoding="utf-8") as file:
        for row in rows(options.transcripts):
            file.write(json.dumps(row) + "\n")
    if options.labels:
        print(f"wrote {joined}")
        return
    from gyges.cli._train_text import summary
    from gyges.judges.labelled import read_labels
    from gyges.judges.training import train

    found = train(read_labels(joined, SETTING), SETTING, name="embedded", who=WHO)
    print(summary(found.model.card, found.model.training))
    print("\nwith ever more of the training answers, cross-validated:")
    for row in found.model.training["learning_curve"]:
        print(
            f"{row['n']:>5}: right {row['exact']['value']:.3f}, AUROC {row['auroc']['value']:.3f}, "
            f"log-loss {row['log_loss']:.3f}"
        )
    if options.out:
        found.model.write(options.out)
        print(f"wrote {options.out}")
    if not options.no_ablation:
        ablation(joined)


if __name__ == "__main__":
    main()
