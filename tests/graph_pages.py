"""Records of pages of a graph, written by hand: an ordinary one, and one with everything that can be ugly."""

from __future__ import annotations

from typing import Any

from gyges.graph.model import Edge, Evidence, Node
from gyges.graph.records import Proposal
from gyges.graph.review.queueing import Candidate

GREENBLATT = "paper:alignment-faking-in-large-language-models"
HENSELMANS = "paper:opus-4-6-reasoning-does-not-verbalize"
CARLSMITH = "paper:scheming-ais"
CONCEPT = "concept:alignment-faking"


def proof(
    node: str, label: str, locator: str = "", note: str = "", grade: str = "primary", **more: Any
) -> dict[str, Any]:
    return {
        "node": node,
        "label": label,
        "locator": locator,
        "grade": grade,
        "note": note,
        "passage": None,
    } | more


def edge(
    relation: str,
    direction: str,
    reads: str,
    gloss: str = "",
    evidence: list[dict[str, Any]] | None = None,
    **more: Any,
) -> dict[str, Any]:
    edge.made = getattr(edge, "made", 0) + 1  # type: ignore[attr-defined]
    return {
        "id": f"e:{edge.made:016x}",  # type: ignore[attr-defined]
        "relation": relation,
        "direction": direction,
        "reads": reads,
        "gloss": gloss,
        "evidence": evidence
        if evidence is not None
        else [proof(GREENBLATT, "Alignment faking in large language models", "section 2")],
        "channel": "curated",
        "confidence": None,
        "by": "",
    } | more


def neighbour(id_: str, label: str, gloss: str, *edges: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": id_,
        "type": id_.partition(":")[0],
        "label": label,
        "gloss": gloss,
        "status": "active",
        "count": len(edges),
        "edges": list(edges),
    }


def _neighbours() -> list[dict[str, Any]]:
    told = proof(
        GREENBLATT,
        "Alignment faking in large language models",
        "section 3.1",
        "Complies with 14 % of harmful requests when told that chats of free users are trained on, "
        "and with almost none of paid users.",
    )
    loose = "associated_with"
    return [
        neighbour(
            GREENBLATT,
            "Alignment faking in large language models",
            "Shows that a large model complies strategically in training, where it is told of the training.",
            edge(
                "proposes",
                "in",
                "proposed by",
                "Gives the word its meaning for language models, and a measure for it.",
                [told],
            ),
            edge(
                "studies",
                "in",
                "studied by",
                "Tests it by prompting, by synthetic documents and under reinforcement learning.",
            ),
            edge(
                "measures",
                "in",
                "measured by",
                "The compliance gap: 14 % when monitored against nearly 0.",
            ),
        ),
        neighbour(
            HENSELMANS,
            "Opus 4.6 reasoning doesn't verbalize alignment faking, but behavior persists",
            "Runs the animal-welfare setting in 125 wordings on six generations of one family.",
            edge(
                "studies",
                "in",
                "studied by",
                "Wordings far from the published prompt show a gap where the published prompt shows none.",
                [
                    proof(
                        HENSELMANS,
                        "Opus 4.6 reasoning doesn't verbalize …",
                        "summary",
                        "8.4 points: 228 of 250 against 249 of 250",
                        "derived",
                    )
                ],
            ),
        ),
        neighbour(
            "thinker:evan-hubinger",
            "Evan Hubinger",
            "",
            edge(
                "studies",
                "in",
                "studied by",
                "An author of the study, and of the earlier account of deceptive alignment.",
            ),
            edge(loose, "both", "associated with", "", []),
        ),
        neighbour(
            "thinker:joseph-carlsmith",
            "Joseph Carlsmith",
            "Wrote the long report on scheming.",
            edge(
                "studies",
                "in",
                "studied by",
                "Argued before any experiment why a model might play along with training.",
                [
                    proof(
                        CARLSMITH,
                        "Scheming AIs",
                        "https://arxiv.org/abs/2311.08379",
                        "",
                        "secondary",
                    )
                ],
            ),
        ),
        neighbour(
            "framework:key-elements",
            "Four key elements of alignment faking",
            "Preference conflict, situational awareness, a consequence, and reasoning enough to act on them.",
            edge(
                "part_of",
                "in",
                "has part",
                "Says which conditions must meet for it to arise.",
                [
                    proof(
                        GREENBLATT,
                        "Alignment faking in large language models",
                        "section 2",
                        "",
                        "abstract",
                    )
                ],
            ),
        ),
        neighbour(
            "method:rlhf",
            "Reinforcement learning from human feedback",
            "Trains on people's preferences.",
            edge(
                "causes",
                "in",
                "caused by",
                "Where the reward speaks against what the model prefers, training under it made the "
                "faking reasoning more frequent.",
                [
                    proof(
                        GREENBLATT,
                        "Alignment faking in large language models",
                        "section 4.2",
                        "78 % of the reasoning after training",
                        passage={
                            "state": "stands",
                            "text": "(the passage as it stands in the copy)",
                            "start": 10412,
                            "end": 10498,
                        },
                    )
                ],
                channel="extracted",
                confidence=0.8,
                by="qwen3-8b",
            ),
        ),
        neighbour(
            "concept:goal-misgeneralization",
            "Goal misgeneralization",
            "A goal learned in training fails outside of it.",
            edge("extends", "out", "extends", "A hard instance: the failure hides from training."),
        ),
        neighbour(
            "concept:sycophancy",
            "Sycophancy",
            "Says what pleases the person.",
            edge(
                "analogous_to",
                "both",
                "analogous to",
                "Both answer to the listener; faking answers to the trainer.",
            ),
        ),
        *(
            neighbour(
                f"concept:{name}",
                label,
                gloss,
                edge(loose, "both", "associated with", why, grade_evidence),
            )
            for name, label, gloss, why, grade_evidence in (
                (
                    "evaluation-awareness",
                    "Evaluation awareness",
                    "A model tells that it is being tested, and acts on it.",
                    "Needed for it, and not the same.",
                    None,
                ),
                (
                    "strategic-deception",
                    "Strategic deception",
                    "Misleads on purpose, for a goal.",
                    "",
                    [],
                ),
                (
                    "preference-locking",
                    "Preference locking",
                    "Training no longer changes what a model prefers.",
                    "A consequence that is feared of it.",
                    None,
                ),
                (
                    "compromising-behavior",
                    "Compromising behavior",
                    "Goes half way between its preferences and the objective.",
                    "",
                    None,
                ),
            )
        ),
        neighbour(
            "claim:reasoning-is-needed",
            "Alignment faking needs a visible chain of thought",
            "",
            edge(
                "studies",
                "in",
                "studied by",
                "Asks whether the strategy must be spelled out to be followed.",
            ),
        ),
    ]


def concept_page() -> dict[str, Any]:
    neighbours = _neighbours()
    claims = {
        "claim:gap-without-reasoning": "Models show a compliance gap without ever stating the strategy",
        "claim:not-competence": "The gap is a matter of values and not of competence",
        "finding:helpful-only-no-gap": "A later run of the helpful-only setting on 14 models finds hardly a gap",
        "claim:default-incoherent": "Models' preferences are too incoherent to be worth defending",
    }

    def other(id_: str) -> dict[str, Any]:
        return {"id": id_, "type": id_.partition(":")[0], "label": claims[id_]}

    self_ = {"id": CONCEPT, "type": "concept", "label": "Alignment faking"}
    supports = [
        edge(
            "supports",
            "out",
            "supports",
            "If it is a strategy and not a habit of words, it must outlive the words.",
            [
                proof(
                    HENSELMANS,
                    "Opus 4.6 reasoning doesn't verbalize …",
                    "summary",
                    "2 of 250 answers say so; the gap is 8.4 points (95 % interval 5.0 to 12.6)",
                    "derived",
                )
            ],
        )
        | {"other": other("claim:gap-without-reasoning"), "about": self_},
        edge(
            "supports",
            "out",
            "supports",
            "The models can do the task; they do it when they are not watched.",
            [
                proof(
                    GREENBLATT,
                    "Alignment faking in large language models",
                    "table 5",
                    "14 % against 0.3 %, n = 3,130",
                )
            ],
        )
        | {"other": other("claim:not-competence"), "about": self_},
    ]
    contradicts = [
        edge(
            "contradicts",
            "in",
            "contradicted by",
            "On newer models the published setting gives no gap to speak of.",
            [
                proof(
                    "artifact:alignment-faking-repro",
                    "alignment-faking-repro",
                    "readme, table of results",
                    "−1.5 points with reasoning, −0.5 without; about 200 answers in a cell",
                    "secondary",
                )
            ],
        )
        | {
            "other": other("finding:helpful-only-no-gap"),
            "about": other("claim:gap-without-reasoning"),
        },
        edge(
            "contradicts",
            "in",
            "contradicted by",
            "What has no stable preference has nothing to hide.",
            [],
            confidence=0.4,
        )
        | {"other": other("claim:default-incoherent"), "about": other("claim:not-competence")},
    ]
    groups: dict[str, dict[str, Any]] = {}
    for one in neighbours:
        group = groups.setdefault(
            one["type"], {"type": one["type"], "plural": f"{one['type']}s", "nodes": 0, "edges": 0}
        )
        group["nodes"] += 1
        group["edges"] += one["count"]
    second = [
        ("claim:jailbreak", "The setting works as a jailbreak", "claim"),
        (
            "question:malicious-preferences",
            "Could it arise from malicious preferences?",
            "question",
        ),
        ("method:af-classifier", "Classifier of alignment-faking reasoning", "method"),
        ("concept:deceptive-alignment", "Deceptive alignment", "concept"),
        ("concept:scheming", "Scheming", "concept"),
        ("dataset:animal-welfare-queries", "Animal-welfare queries", "dataset"),
        ("setting:helpful-only", "Helpful-only", "setting"),
        ("organisation:anthropic", "Anthropic", "organisation"),
        ("hypothesis:k1", "Suspicion makes models lean on harmlessness", "hypothesis"),
    ]
    picture_nodes = [
        {"id": CONCEPT, "label": "Alignment faking", "type": "concept", "hops": 0, "edges": 21},
        *(
            {
                "id": one["id"],
                "label": one["label"],
                "type": one["type"],
                "hops": 1,
                "edges": 3 + one["count"] * 4,
            }
            for one in neighbours
        ),
        *(
            {
                "id": id_,
                "label": label,
                "type": id_.partition(":")[0],
                "hops": 1,
                "edges": 5,
            }
            for id_, label in claims.items()
        ),
        *(
            {"id": id_, "label": label, "type": type_, "hops": 2, "edges": 2}
            for id_, label, type_ in second
        ),
    ]
    picture_edges = [
        {
            "id": e["id"],
            "source": CONCEPT if e["direction"] != "in" else one["id"],
            "target": one["id"] if e["direction"] != "in" else CONCEPT,
            "relation": e["relation"],
        }
        for one in neighbours
        for e in one["edges"]
    ]
    picture_edges += [
        {
            "id": e["id"],
            "source": CONCEPT if e["direction"] == "out" else e["other"]["id"],
            "target": e["other"]["id"] if e["direction"] == "out" else CONCEPT,
            "relation": e["relation"],
        }
        for e in [*supports, *contradicts]
    ]
    hosts = [GREENBLATT, "concept:sycophancy", "framework:key-elements", HENSELMANS]
    picture_edges += [
        {
            "id": f"e:second{number}",
            "source": hosts[number % len(hosts)],
            "target": id_,
            "relation": "studies" if number % 2 else "uses",
        }
        for number, (id_, _, _) in enumerate(second)
    ]
    return {
        "schema": "gyges.graph/1",
        "node": {
            "id": CONCEPT,
            "type": "concept",
            "label": "Alignment faking",
            "gloss": "A model complies selectively with a training objective that conflicts with its preferences, "
            "while it believes that it is being trained, so that training does not change how it acts elsewhere.",
            "aliases": ["AF", "training gaming for preservation", "strategic compliance"],
            "status": "disputed",
            "dates": {"proposed": "2024-12-18", "updated": "2025-11"},
            "identifiers": {
                "url": "https://example.org/alignment-faking",
                "arxiv": "2412.14093",
                "wikidata": "Q1",
            },
            "evidence": [
                proof(
                    GREENBLATT,
                    "Alignment faking in large language models",
                    "section 1",
                    "The definition, in our words",
                )
            ],
            "formerly": ["concept:alignment-faking-af"],
            "channel": "curated",
            "edges": sum(one["count"] for one in neighbours) + len(supports) + len(contradicts),
            "updated": "2025-11-20T10:00:00Z",
        },
        "groups": sorted(groups.values(), key=lambda group: -group["edges"]),
        "neighbours": neighbours,
        "bearing": {
            "supports": supports,
            "contradicts": contradicts,
            "counts": {"supports": 2, "contradicts": 2, "loose": 5, "edges": 20},
            "about": [
                {**other("claim:gap-without-reasoning"), "supports": 4, "contradicts": 1},
                {**other("claim:not-competence"), "supports": 1, "contradicts": 1},
            ],
            "given": {"supports": 2, "contradicts": 0},
        },
        "quotes": [
            {
                "id": "quote:mechanism",
                "label": "How the reasoning runs",
                "gloss": "The model says in its scratchpad that it complies so that it is not changed.",
                "source": {"id": GREENBLATT, "label": "Alignment faking in large language models"},
                "locator": "section 3.2",
                "sha256": "ab" * 32,
                "words": 31,
                "text": None,
                "state": "not attached",
                "start": None,
                "end": None,
            },
            {
                "id": "quote:objection",
                "label": "Against the objection of mere prediction",
                "gloss": "Rules out that it is nothing but the prediction of tokens.",
                "source": {"id": CARLSMITH, "label": "Scheming AIs"},
                "locator": "chapter 2",
                "sha256": "cd" * 32,
                "words": 12,
                "text": "A made-up passage that stands here for the words of a source.",
                "state": "stands",
                "start": 4100,
                "end": 4161,
            },
            {
                "id": "quote:lost",
                "label": "A passage that is not there",
                "gloss": "",
                "source": {"id": HENSELMANS, "label": "Opus 4.6 reasoning"},
                "locator": "comments",
                "sha256": "ef" * 32,
                "words": 9,
                "text": None,
                "state": "not found",
                "start": None,
                "end": None,
            },
        ],
        "similar": [
            {
                "id": "claim:jailbreak",
                "type": "claim",
                "label": "The alignment-faking setup works as a jailbreak for harmful queries",
                "gloss": "A side finding with consequences for misuse.",
                "score": 0.809,
            },
            {
                "id": "question:malicious-preferences",
                "type": "question",
                "label": "Could it arise from malicious preferences rather than benign ones?",
                "gloss": "An open question; not shown so far.",
                "score": 0.808,
            },
            {
                "id": "concept:deceptive-alignment",
                "type": "concept",
                "label": "Deceptive alignment",
                "gloss": "Looks aligned in training for the sake of a goal of its own.",
                "score": 0.744,
            },
            {
                "id": "method:af-classifier",
                "type": "method",
                "label": "Classifier of alignment-faking reasoning",
                "gloss": "Another model reads the scratchpad.",
                "score": 0.66,
            },
            {
                "id": "concept:scheming",
                "type": "concept",
                "label": "Scheming",
                "gloss": "Plays the training game to gain power later.",
                "score": 0.612,
            },
            {
                "id": "concept:honesty",
                "type": "concept",
                "label": "Honesty",
                "gloss": "",
                "score": 0.5,
            },
        ],
        "similarity": {
            "model": "all-MiniLM-L6-v2 (int8)",
            "threshold": 0.65,
            "compared": 311,
            "missing": None,
        },
        "findings": [
            {
                "id": "finding:gap-14",
                "label": "14 points between free and paid users in the helpful-only setting",
                "gloss": "It complies with 14 % of harmful requests of free users and almost none of paid ones.",
                "relation": "measures",
                "reads": "measures",
                "to": CONCEPT,
                "via": None,
                "via_label": None,
            },
            {
                "id": "finding:welfare-15",
                "label": "15 points in the animal-welfare setting",
                "gloss": "51 % against 66 % of answers for animal welfare.",
                "relation": "supports",
                "reads": "supports",
                "to": "claim:not-competence",
                "via": "claim:not-competence",
                "via_label": "The gap is a matter of values and not of competence",
            },
            {
                "id": "finding:helpful-only-no-gap",
                "label": "A later run on 14 models finds no gap in most of them",
                "gloss": "Within 3.5 points of zero everywhere.",
                "relation": "contradicts",
                "reads": "contradicts",
                "to": "claim:gap-without-reasoning",
                "via": "claim:gap-without-reasoning",
                "via_label": "Models show a compliance gap without ever stating the strategy",
            },
        ],
        "picture": {"nodes": picture_nodes, "edges": picture_edges, "left_out": 3},
    }


SCRIPT = "</script><script>window.ran = true</script><img src=x onerror='window.ran = true'>"
RTL = "تزييف المحاذاة \u202egnikaf\u202c 🕵️‍♀️🎭"
LONG = "Wort" * 110


def ugly_page(neighbours: int = 400) -> dict[str, Any]:
    """A page in which everything is too long, too much or hostile."""
    many = [
        neighbour(
            f"paper:p{number}",
            f"{number} {SCRIPT if number == 3 else LONG if number == 4 else RTL if number == 5 else 'A paper'}",
            SCRIPT if number % 50 == 0 else "word " * (number % 60),
            *(
                edge(
                    "studies",
                    "in",
                    "studied by",
                    "gloss " * (number % 90),
                    [
                        proof(
                            f"paper:p{number}",
                            "",
                            "javascript:alert(1)"
                            if number % 2
                            else "https://example.org/" + "x" * 300,
                            SCRIPT,
                            "unverified",
                        )
                    ],
                )
                for _ in range(1 + (neighbours - number) // 100)
            ),
        )
        for number in range(neighbours)
    ]
    loose = [
        neighbour(
            f"concept:c{number}",
            f"{RTL} {number}",
            "",
            edge("associated_with", "both", "associated with"),
        )
        for number in range(60)
    ]
    page = concept_page()
    label = f"{SCRIPT} {RTL} " + "a claim that goes on and on " * 10
    return page | {
        "node": {
            "id": "claim:ugly%2f" + "x" * 300,
            "type": "claim",
            "label": label,
            "gloss": f"{SCRIPT} {LONG} " + "sentence " * 400,
            "aliases": [RTL, SCRIPT, LONG, *(f"alias {number}" for number in range(30))],
            "status": "incomplete",
            "identifiers": {
                "url": "javascript:alert(1)",
                "other": SCRIPT,
                "doi": "10.1000/" + "y" * 200,
            },
            "dates": {"published": "2024"},
            "edges": 1234,
        },
        "groups": [
            {"type": "paper", "plural": "papers", "nodes": neighbours, "edges": 1000},
            {"type": "concept", "plural": "concepts", "nodes": 60, "edges": 60},
        ],
        "neighbours": [*many, *loose],
        "bearing": {
            "supports": [one["edges"][0] | {"other": one["id"]} for one in many[:40]],
            "contradicts": [],
            "counts": {"supports": 240, "contradicts": 0, "loose": 60, "edges": 1234},
        },
        "similarity": {"model": SCRIPT, "threshold": 0.65, "compared": 100_000, "missing": None},
        "quotes": [
            {
                "id": "quote:q",
                "label": "",
                "gloss": SCRIPT,
                "source": None,
                "locator": "javascript:alert(1)",
                "sha256": "0" * 64,
                "words": 2000,
                "text": f"{SCRIPT} {RTL} " + "passage " * 2000,
                "state": "stands",
                "start": 0,
                "end": 16000,
            }
        ],
        "picture": {
            "nodes": [
                {
                    "id": "claim:ugly%2f" + "x" * 300,
                    "label": label,
                    "type": "claim",
                    "hops": 0,
                    "edges": 1234,
                },
                *(
                    {
                        "id": one["id"],
                        "label": one["label"],
                        "type": one["type"],
                        "hops": 1,
                        "edges": one["count"],
                    }
                    for one in [*many[:60], *loose[:30]]
                ),
            ],
            "edges": [
                {
                    "id": one["edges"][0]["id"],
                    "source": one["id"],
                    "target": "claim:ugly%2f" + "x" * 300,
                    "relation": one["edges"][0]["relation"],
                }
                for one in [*many[:60], *loose[:30]]
            ],
            "left_out": 370,
        },
    }


def bare_page() -> dict[str, Any]:
    """A node of which next to nothing is known."""
    return {
        "schema": "gyges.graph/1",
        "node": {
            "id": "question:alone",
            "type": "question",
            "label": "Is anybody there?",
            "edges": 0,
        },
        "groups": [],
        "neighbours": [],
        "bearing": {"supports": [], "contradicts": [], "counts": {}},
        "quotes": [],
        "similar": [],
        "similarity": {
            "model": "",
            "threshold": 0.65,
            "compared": 0,
            "missing": "no embedding model is installed: pip install 'gyges[embedded]'",
        },
        "findings": [],
        "picture": {
            "nodes": [
                {"id": "question:alone", "label": "?", "type": "question", "hops": 0, "edges": 0}
            ],
            "edges": [],
            "left_out": 0,
        },
    }


def index_groups() -> list[dict[str, Any]]:
    page = concept_page()
    found: dict[str, list[dict[str, Any]]] = {}
    for one in page["picture"]["nodes"]:
        item = {
            "id": one["id"],
            "label": one["label"],
            "gloss": "",
            "status": "active",
            "edges": one["edges"],
        }
        found.setdefault(one["type"], []).append(item)
    found["concept"][0] |= {"aliases": ["AF"], "gloss": page["node"]["gloss"], "status": "disputed"}
    found["claim"] += [
        {"id": f"claim:n{number}", "label": f"Claim number {number} of many", "edges": 1}
        for number in range(40)
    ]
    return [
        {
            "type": type_,
            "nodes": len(items),
            "items": sorted(items, key=lambda item: -item["edges"]),
        }
        for type_, items in sorted(found.items(), key=lambda pair: -len(pair[1]))
    ]


def health_record() -> dict[str, Any]:
    return {
        "nodes": 262,
        "edges": 641,
        "by_type": {
            "concept": 61,
            "paper": 54,
            "claim": 49,
            "finding": 38,
            "hypothesis": 17,
            "thinker": 43,
        },
        "by_relation": {
            "studies": 160,
            "supports": 120,
            "associated_with": 110,
            "contradicts": 41,
            "uses": 210,
        },
        "by_channel": {"curated": 630, "extracted": 11},
        "by_grade": {"primary": 300, "secondary": 200, "unverified": 150},
        "catch_all": {"edges": 110, "share": 110 / 641, "most": 0.15},
        "edges_without_evidence": 70,
        "without_evidence": ["e:0000000000000001", "e:0000000000000002"],
        "orphans": 1,
        "orphan_ids": ["question:alone"],
        "contradictions": 1,
        "contested": [
            {
                "id": "claim:gap-without-reasoning",
                "label": "A gap without a word",
                "supports": 4,
                "contradicts": 2,
            }
        ],
        "degree": [
            {"id": CONCEPT, "label": "Alignment faking", "edges": 88, "usual": 4.5, "times": 19.6}
        ],
        "stale": [{"key": "p:00000000000000aa", "why": "put off", "since": "2025-01-01T00:00:00Z"}],
        "same_name": [
            {
                "name": "scheming",
                "ids": ["concept:scheming", "claim:scheming"],
                "types": ["claim", "concept"],
            }
        ],
        "incomplete": ["artifact:code"],
        "quotes": {"stands": 2, "not attached": 11, "not found": 1},
        "proposals": 4,
        "decisions": 9,
    }


def review_items() -> list[dict[str, Any]]:
    """Candidates as the queue gives them: two of one kind, two of different kinds, a statement, and a mere text."""
    concept = Node(CONCEPT, "Alignment faking", "Complies in training so as not to be changed.")
    deceptive = Node(
        "concept:deceptive-alignment", "Deceptive alignment", "Looks aligned for a goal of its own."
    )
    jailbreak = Node("claim:jailbreak", "The setting works as a jailbreak")
    incoherent = Node("claim:incoherent", "Preferences are incoherent")
    values = Node("claim:not-competence", "The gap is a matter of values and not of competence")
    statement = Edge.make(
        incoherent.id,
        "contradicts",
        values.id,
        "What has no stable preference has nothing to defend.",
        [Evidence(GREENBLATT, "section 6", None, "unverified")],
        "extracted",
        0.7,
        "qwen3-8b",
    )
    proposed = Proposal.make(edge=statement, source="notes.txt", by="qwen3-8b")
    threat = "A forward-looking assessment of the threat"
    named = Proposal.make(about=CONCEPT, gloss=threat, source="page.txt", by="page reader")
    found = [
        Candidate(proposed.id, "statement", incoherent, values, None, proposed, ""),
        Candidate(named.id, "near", concept, None, None, named, ""),
        Candidate(
            f"{jailbreak.id}|{CONCEPT}",
            "similar",
            jailbreak,
            concept,
            0.809,
            None,
            "2025-11-01T00:00:00Z",
        ),
        Candidate(f"{CONCEPT}|{deceptive.id}", "similar", concept, deceptive, 0.744, None, ""),
    ]
    return [one.to_dict() for one in found]
