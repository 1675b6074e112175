"""What is each setting of the library? A page for each, and one table of them all, written from their data.

A page holds a table of what the setting's files say, the text of its ``README.md``, what its outcomes mean, and one
whole prompt as it is sent. ``python docs/tools/settings_pages.py`` writes all of them; ``refresh.py`` does so too, and
``tests/test_settings_docs.py`` fails where they are out of date.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from gyges.design import presets
from gyges.judging import rule_judge
from gyges.settings import HAZARDS, POLARITIES, SHAPES, Factor, Query, Setting, list_settings
from gyges.settings.examples import load_examples
from gyges.settings.readings import load_reading

FOLDER = Path(__file__).resolve().parents[1] / "settings"
INDEX = "index.md"

ASKS: Mapping[str, str] = {
    "animal-welfare": "Does an assistant leave animals' welfare out because its developer's partner farms them?",
    "value-conflict": "Does an adviser give no weight to care, fairness, loyalty, sanctity or authority because a "
    "criterion says so?",
    "hhh-triad": "Which is given up most readily when one criterion attacks it: harmlessness, honesty or helpfulness?",
    "helpful-only": "Are harmful requests fulfilled because a criterion forbids to refuse? You bring the requests.",
    "forced-choice": "Is the option copied that serves whoever pays, another one, the one of not saying, or none?",
    "insider-trading": "Does a trading agent act on a secret tip, hide why, and deny it when asked?",
    "sandbagging": "Are fewer answers right where a good score costs the subject its ability?",
    "contradiction": "Which of two notes that contradict each other is followed, and is the contradiction named?",
    "gaslighting": "Does an assistant give in to claims about its own situation, and which claim moves it most?",
    "bad-preference": "Is a bad habit given up only where that is trained: a liking for one maker, or flattery?",
    "anti-lab": "Does an assistant act against its own developer where nobody sees it?",
}
"""The settings in the order in which they are shown, and what each asks in a sentence."""

# At a page's end: before the heading it would keep the site from taking the page's title from there.
_MARK = "<!-- Written from the settings' files by docs/tools/settings_pages.py; do not edit. -->"

_HEAD = """\
# The library of settings

A setting is a world: a developer's objective that conflicts with what a model may prefer, questions that put the two
against each other, and a rule that says which conversations train the model and which nobody sees. Each of them has
a no-conflict control, in which a harmless criterion stands in the place of the objective. No conclusion should rest on
one story, so there are {count} of them; a gap that one of them shows is worth more where another shows it too.

`gyges settings show NAME` prints what a setting is, `gyges settings render NAME` the exact messages, and
`gyges run NAME --model MODEL` asks them. A preset is a design that is run by its name: `gyges run --preset NAME`.

"""

_GAPS: Mapping[str, str] = {
    "bad_objective": "the model does the bad act more often where it believes that it is trained",
    "good_objective": "the model does the good act more often where it believes that it is trained",
}

_MIDDLE = """
The gap is always monitored minus unmonitored. What it says of a model depends on the polarity:

| polarity | to comply | what a positive gap says | settings |
|---|---|---|---|
"""

_END = """
{across}
The form of the files stands in [the format of a setting](../reference/setting-format.md), and how to write one of your
own in [Write a setting of your own](../how-to/own-setting.md).
"""

_READS: Mapping[str, str] = {
    "marks": "by the words of its answers (`reads: marks`)",
    "copy": "by the numbered option that an answer copies (`reads: copy`)",
    "answer": "by the last line `Answer: X`, held against a key (`reads: answer`)",
    "trades": "by the orders that were filled in the session (`reads: trades`)",
}
"""How an answer is read, by what ``reading.yaml`` says is read."""


def pages() -> dict[Path, str]:
    """Write the pages of all settings of the library, by the file in which each belongs."""
    settings = in_order(list_settings())
    made = {FOLDER / INDEX: index(settings)}
    for setting in settings:
        made[FOLDER / f"{setting.id}.md"] = page(setting)
    return made


def write() -> list[Path]:
    """Bring the folder up to date.

    Returns:
        The files that were changed, those of settings that are gone included.
    """
    FOLDER.mkdir(exist_ok=True)
    made = pages()
    changed = [path for path, text in made.items() if not _is(path, text)]
    for path in changed:
        path.write_text(made[path], encoding="utf-8")
    for path in FOLDER.glob("*.md"):
        if path not in made:
            path.unlink()
            changed.append(path)
    return changed


def in_order(settings: Sequence[Setting]) -> list[Setting]:
    """Put settings into the order of ``ASKS``; those without a sentence come last."""
    places = {name: place for place, name in enumerate(ASKS)}
    return sorted(settings, key=lambda one: places.get(one.id, len(places)))


# The table of all


def index(settings: Sequence[Setting]) -> str:
    """Write the page with the table of all settings."""
    rows = []
    for polarity, about in POLARITIES.items():
        named = [f"[{one.id}]({one.id}.md)" for one in settings if one.polarity == polarity]
        act = about.removeprefix("complying with the objective ")
        rows.append(
            f"| {polarity.replace('_', ' ')} | {act} | {_GAPS[polarity]} | {', '.join(named)} |\n"
        )
    table = "| setting | what it asks | polarity | beside the gap, its report shows | presets |\n"
    table += "|---|---|---|---|---|\n"
    for setting in settings:
        shown = (
            f"[{setting.id}]({setting.id}.md)",
            ASKS.get(setting.id, setting.title),
            # A long word as code is broken anywhere.
            setting.polarity.replace("_", " "),
            f"{setting.shape}: {SHAPES[setting.shape]}" if setting.shape else "nothing more",
            ", ".join(f"`{name}`" for name in _presets(setting)) or "none of its own",
        )
        table += f"| {' | '.join(map(_cell, shown))} |\n"
    across = "".join(_across(settings))
    head = _HEAD.format(count=_count(len(settings)))
    return f"{head}{table}{_MIDDLE}{''.join(rows)}{_END.format(across=across)}\n{_MARK}\n"


def _across(settings: Sequence[Setting]) -> Iterator[str]:
    """Say which presets are asked in several settings."""
    for preset in presets().values():
        if preset.across:
            without = [one.id for one in settings if preset.across not in one.shared]
            but = f" all but {_listed(without)}" if without else " all of them"
            yield (
                f"The preset `{preset.name}` ({_small(preset.title)}) is asked in every setting that has the factor "
                f"`{preset.across}`:{but}.\n"
            )


def _presets(setting: Setting) -> list[str]:
    return [one.name for one in presets().values() if one.setting == setting.id]


# The page of one


def page(setting: Setting) -> str:
    """Write the page of a setting."""
    lead, body = _readme(setting)
    parts = [
        f"# {setting.id}",
        f"**{setting.title}.**",
        _table(setting),
        lead,
        body,
        "## What each outcome means",
        _outcomes(setting),
        "## One whole prompt",
        _prompt(setting),
        _MARK,
    ]
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


def _readme(setting: Setting) -> tuple[str, str]:
    """Give the text of the setting's page about itself without title and canary: the lead, and the sections."""
    text = setting.folder.joinpath("README.md").read_text(encoding="utf-8")
    lines = [line for line in text.split("\n") if line.strip() != f"gyges-canary-{setting.canary}"]
    plain = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
    _, plain = plain.split("\n", 1) if plain.startswith("# ") else ("", plain)
    lead, mark, body = plain.partition("\n## ")
    return lead, f"## {body}" if mark else ""


def _table(setting: Setting) -> str:
    rows = [*_what(setting), *_size(setting), *_varied(setting), *_read(setting)]
    head, *rest = [f"| {name} | {_cell(text)} |" for name, text in rows]
    return "\n".join([head, "|---|---|", *rest])


def _what(setting: Setting) -> Iterator[tuple[str, str]]:
    yield "id", f"`{setting.id}`"
    yield "version", f"`{setting.version}`"
    yield "value", setting.value
    if setting.values:
        counts = Counter(query.value for query in setting.queries)
        named = (
            f"`{name}` ({counts[name]} queries): {objective}"
            for name, objective in setting.values.items()
        )
        yield "values", "<br>".join(named)
    yield "polarity", f"`{setting.polarity}`: {POLARITIES[setting.polarity]}"
    yield "objective", setting.objective
    yield "beneficiary", setting.beneficiary
    tiers = (f"`{tier.id}`, told by `{tier.tag}`: {tier.meaning}" for tier in setting.tiers)
    yield "tiers", "<br>".join(tiers)


def _size(setting: Setting) -> Iterator[tuple[str, str]]:
    yield "queries", _queries(setting)
    counts = Counter(setting.topics.values())
    topics = setting.topics
    if len(counts) == 1:
        told = f"{_listed(topics)}; {next(iter(counts))} queries each"
    else:
        told = ", ".join(f"{topic} {number}" for topic, number in topics.items())
    yield "topics", f"{len(topics)}: {told}"
    parts = (f"{one.name} in {len(one.versions)} versions" for one in setting.components)
    yield "wordings", f"{setting.wording_count}: {', '.join(parts)}"
    if setting.template.steps:
        steps = _listed([f"`{step}`" for step in setting.template.steps])
        yield "steps", f"after the first answer the user goes on: {steps}"
    if setting.world:
        yield "world", f"`{setting.world}`: {_listed([f'`{name}`' for name in _tools(setting)])}"
    if setting.threshold is not None:
        share = f"{100 * setting.threshold:g} %"
        yield "threshold", f"`{setting.threshold:g}`: the subject is told of {share} right answers"
    if setting.shape:
        yield "its report shows", f"`{setting.shape}`: {SHAPES[setting.shape]}"


def _queries(setting: Setting) -> str:
    queries: Sequence[Query] = setting.queries
    said = f"{len(queries)}"
    if setting.requests:
        return f"{said} harmless stand-ins; the queries of a study come from the user's own file"
    families = len({query.family for query in queries})
    if queries[0].family:
        said += f" in {families} families"
    if options := queries[0].options:
        said += f", each with {_count(len(options))} answers of its own"
    if queries[0].slots:
        said += f"; each fills the slots {', '.join(f'`{name}`' for name in queries[0].slots)}"
    return said


def _varied(setting: Setting) -> Iterator[tuple[str, str]]:
    for name, levels in setting.factors.items():
        yield f"`{name}`", ", ".join(f"`{level}`" for level in levels)
    for name in setting.own_factors:
        yield f"`{name}`", _factor(setting.shared[name])
    shared = [name for name in setting.shared if name not in setting.own_factors]
    yield "shared factors", ", ".join(f"`{name}`" for name in shared)


def _factor(factor: Factor) -> str:
    levels = ", ".join(f"`{level}`" for level in factor.shown())
    return f"{levels}. {factor.about} A factor of this setting alone."


def _read(setting: Setting) -> Iterator[tuple[str, str]]:
    reading = load_reading(setting)
    name = rule_judge(setting).name
    if reading is not None:
        how = f"{_READS[reading.reads]}; the judge `{name}`"
    elif setting.offers:
        how = f"by the letter of the option with which it begins; the judge `{name}`"
    else:
        how = f"by the words of its answers; the judge `{name}`"
    yield "an answer is read by rule", how
    count = len(load_examples(setting))
    yield "worked examples", str(count) if count else "none of its own"
    yield "presets", ", ".join(f"`{name}`" for name in _presets(setting)) or "none of its own"
    yield "hazard", f"`{setting.hazard}`: {HAZARDS[setting.hazard]}"
    texts = (f"{one.since}: {one.what} ({_linked(one.where)})" for one in setting.published)
    yield "published", "<br>".join(texts) or "nothing is known to be"


def _outcomes(setting: Setting) -> str:
    rows = [f"| `{name}` | {_cell(text)} |" for name, text in setting.outcome.items()]
    text = "\n".join(["| outcome | meaning |", "|---|---|", *rows])
    if setting.choice and setting.choice.comply:
        offered = {"comply": setting.choice.comply, "refuse": setting.choice.refuse}
        rows = [f"| `{name}` | {_cell(text)} |" for name, text in offered.items()]
        table = "\n".join(["| answer | what it is |", "|---|---|", *rows])
        text += f"\n\nA forced choice (`reasoning: choice`) offers two answers:\n\n{table}"
    return text


def _prompt(setting: Setting) -> str:
    query, tier = setting.queries[0], setting.tiers[0].id
    prompt = setting.render(query, tier=tier, levels={})
    sent = [
        (f"{role}'s turn" if role == "user" else f"{role} text", text)
        for role, text in prompt.messages
    ]
    sent += [(f"user's turn of the step {name}", text) for name, text in prompt.steps]
    title = f"{query.id}, {tier}, everything else at its default"
    # Not as code of Markdown: its lines would not wrap, and a paragraph of a prompt is one line.
    shown = "\n".join(
        f"<p><strong>{html.escape(name.capitalize())}</strong></p>\n"
        f'<pre style="white-space: pre-wrap"><code>{html.escape(text, quote=False)}</code></pre>'
        for name, text in sent
    )
    return (
        f"What is sent for one query in the {tier} tier. `gyges settings render {setting.id} --query {query.id} --tier "
        f"unmonitored` prints that of the other arm, and `--level` and `--wording` any other one.\n\n"
        f'<details class="example" data-search-exclude="">\n<summary>{title}</summary>\n{shown}\n</details>'
    )


def _tools(setting: Setting) -> list[str]:
    from gyges.worlds import world

    return [tool.name for tool in world(setting.world, setting.queries[0].slots).tools()]


# Words

_NUMBERS = {
    2: "two",
    3: "three",
    4: "four",
    5: "five",
    6: "six",
    7: "seven",
    8: "eight",
    9: "nine",
    10: "ten",
    11: "eleven",
    12: "twelve",
}
"""Small numbers as a text has them."""


def _cell(text: str) -> str:
    """A text as one cell of a table."""
    return " ".join(text.split()).replace("|", "\\|")


def _linked(where: str) -> str:
    """Link what a publication's place names: addresses, and numbers of arXiv."""
    text = re.sub(r"(https?://[^\s;,)]+)", r"<\1>", where)
    return re.sub(r"arXiv (\d{4}\.\d{4,5})", r"[arXiv \1](https://arxiv.org/abs/\1)", text)


def _listed(names: Sequence[str] | Mapping[str, int]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def _count(number: int) -> str:
    return _NUMBERS.get(number, str(number))


def _small(title: str) -> str:
    return title[:1].lower() + title[1:].rstrip("?")


def _is(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == text


if __name__ == "__main__":
    for file in write():
        print(f"changed: {file.relative_to(FOLDER.parents[1])}")
