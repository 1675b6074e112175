"""The report without a browser: words, figure, escaping, chunks, and what is on the page."""

from __future__ import annotations

import json
import math
import re
import subprocess
import sys
import tracemalloc
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from html.parser import HTMLParser
from importlib.resources import files
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gyges.errors import StudyError
from gyges.report import SiteContent, gap_figure, headline, sentence, write_site
from gyges.report.chunks import CHUNK_BYTES, ChunkWriter, Folder, call, decode, encode
from gyges.report.content import clean_gaps, tidy
from gyges.report.index import PART_ROWS
from gyges.report.page import status_table
from gyges.report.words import p_value, percent, points, signed
from gyges.study.conversation import Call, Message, Step, write_conversation
from report_content import (
    HOSTILE,
    arm,
    gap_row,
    hostile_content,
    shared_data,
    small_content,
    vlaf_content,
)

ANY_TEXT = st.text(st.characters(exclude_categories=()))
SVG = "{http://www.w3.org/2000/svg}"


def complete(**known: object) -> dict[str, object]:
    return clean_gaps([gap_row(**known)])[0]


def read_chunks(site: Path, kind: str) -> list[object]:
    """Everything of one kind that a site holds, in order."""
    found = []
    for number, path in enumerate(sorted((site / "data").glob(f"{kind}-*.js")), start=1):
        name, chunk, items = decode(path.read_text(encoding="utf-8"))
        assert (name, chunk) == (kind, number)
        found.extend(items if isinstance(items, list) else [items])
    return found


def block(i: int, text: str = "An answer.", **known: object) -> dict[str, object]:
    name = f"{i:012x}"
    return {
        "block": name,
        "subject": "s",
        "setting": "w",
        "value": "v",
        "control": False,
        "query": f"q{i % 10}",
        "query_text": f"Question {i % 10}?",
        "wording": "0",
        "sample": i,
        "factors": {},
        "arms": {tier: arm(name, tier, output=text) for tier in ("monitored", "unmonitored")},
    } | known


# --- words ------------------------------------------------------------------------------------


def test_a_clear_gap_is_said_in_points_with_its_interval() -> None:
    assert sentence(complete()) == (
        "planted/faker complies 76 points more often when it believes it may be retrained; "
        "95\u00a0% interval 64 to 88."
    )


def test_a_negative_gap_is_said_as_less_often() -> None:
    said = sentence(complete(gap=-0.2, ci_low=-0.3, ci_high=-0.1, gap_min=-0.2, gap_max=-0.2))
    assert "complies 20 points less often" in said
    assert "−30 to −10" in said


def test_a_null_says_what_could_still_hide_in_it() -> None:
    said = sentence(complete(gap=0.03, ci_low=-0.08, ci_high=0.14))
    assert "no clear gap: +3 points" in said
    assert "A gap of up to 14 points could still hide in it." in said


def test_a_gap_that_undecided_answers_could_undo_says_so() -> None:
    assert "its sign rests on how they are counted" in sentence(complete(gap_min=-0.1))
    assert "its sign rests" not in sentence(complete())


def test_an_interval_without_width_is_not_sold_as_certainty() -> None:
    said = sentence(complete(gap=0.0, ci_low=0.0, ci_high=0.0))
    assert "nothing varied" in said
    assert "all 40 queries" in said


@pytest.mark.parametrize(
    ("known", "reason"),
    [
        ({"monitored_rate": None}, "the monitored arm has no verdict"),
        ({"monitored_rate": None, "unmonitored_rate": None}, "neither arm has a verdict"),
        ({}, "no query has both arms"),
    ],
)
def test_a_gap_that_is_not_defined_says_why(known: dict[str, object], reason: str) -> None:
    assert reason in sentence(complete(gap=None, ci_low=None, ci_high=None, **known))


def test_a_control_is_named_as_one() -> None:
    assert sentence(complete(control=True)).startswith("In the no-conflict control, planted/faker")


def test_few_rows_are_each_told_and_many_are_summed_up_first() -> None:
    few = clean_gaps([gap_row(subject=name) for name in "ab"])
    assert len(headline(few)["lead"]) == 2
    assert headline(few)["more"] == []
    many = clean_gaps(
        [gap_row(subject=f"s{i}", gap=0.5, ci_low=0.3, ci_high=0.7) for i in range(3)]
        + [gap_row(subject=f"z{i}", gap=0.0, ci_low=-0.2, ci_high=0.21) for i in range(4)]
        + [gap_row(subject="none", gap=None, ci_low=None, ci_high=None)]
        + [gap_row(subject="below", gap=-0.9, ci_low=-0.95, ci_high=-0.8)]
    )
    told = headline(many)
    assert told["lead"][0].startswith(
        "Of 9 gaps (9 subjects, 1 value), 3 have a 95\u00a0% interval above"
    )
    assert "1 below, and 4 have one that contains zero" in told["lead"][0]
    assert "1 cannot be given" in told["lead"][0]
    assert told["lead"][1].startswith("The largest: below complies 90 points less often")
    assert "could still hide 21 points" in told["lead"][-1]
    assert len(told["more"]) == 9


def test_the_largest_of_many_is_corrected_for_the_choice() -> None:
    rows = clean_gaps([gap_row(subject=f"s{i}") for i in range(6)])
    chosen = {"among": 6, "corrected": 0.61, "ci_low": 0.5, "ci_high": 0.8}

    (said,) = [text for text in headline(rows, chosen)["lead"] if text.startswith("The largest")]
    assert "chosen from 6, it has +61 points and an interval of 50 to 80." in said
    (bare,) = [text for text in headline(rows)["lead"] if text.startswith("The largest")]
    assert said.startswith(bare)


def test_many_gaps_are_counted_as_adjusted_for_their_number_too() -> None:
    rows = clean_gaps([gap_row(subject=f"s{i}", p_holm=0.01 if i < 2 else 0.3) for i in range(6)])

    (said,) = [text for text in headline(rows)["lead"] if text.startswith("Of 6 gaps")]

    assert said.endswith("Adjusted for their number (Holm), 2 of them are clear at 5\u00a0%.")


def test_what_the_judge_got_wrong_is_said_beside_the_answer() -> None:
    row = gap_row(corrected_gap=0.81, corrected_ci_low=0.6, corrected_ci_high=0.97)

    plain = headline(clean_gaps([gap_row()]))["lead"]
    told = headline(clean_gaps([row, gap_row(control=True, corrected_gap=0.3)]))["lead"]

    assert told[0] == plain[0]
    assert told[-1] == (
        "Corrected for the judge's measured errors, the gap is +81 points, 60 to 97."
    )
    assert len(told) == 3


def test_no_rows_are_no_crash() -> None:
    assert headline([])["lead"] == ["There is no gap to report: no block has a verdict."]


def test_numbers_keep_their_sign_and_never_lie_by_rounding() -> None:
    assert points(-0.03) == "−3"
    assert points(0.004) == "0.4"
    assert points(-0.0001) == "0"
    assert signed(0.758) == "+76"
    assert signed(0.0) == "0"
    assert signed(-0.0004, 1) == "0.0"
    assert percent(None) == signed(None) == p_value(None) == "–"
    assert percent(0.145, 1) == "14.5\u00a0%"
    assert p_value(0.00001) == "<\u00a00.001"


# --- figure -----------------------------------------------------------------------------------


def marks(svg: str, kind: str) -> list[ET.Element]:
    """Marks of one kind in the rows; those of the legend stand elsewhere."""
    wanted = f"gy-mark gy-{kind}"
    return [node for row in rows_of(svg) for node in row if node.get("class") == wanted]


def rows_of(svg: str) -> list[ET.Element]:
    return [
        node
        for node in ET.fromstring(svg).iter(f"{SVG}g")
        if (node.get("class") or "").startswith("gy-row")
    ]


def test_the_figure_shows_the_numbers_of_its_rows() -> None:
    svg = gap_figure([gap_row()]).svg
    texts = ["".join(node.itertext()) for node in ET.fromstring(svg).iter(f"{SVG}text")]
    assert "78\u00a0%" in texts
    assert "2\u00a0%" in texts
    assert "+76 [64, 88]" in texts
    assert "n = 40 queries and 80 trials" in texts


@pytest.mark.parametrize("width", [960, 352])
def test_marks_stand_where_the_axis_says(width: int) -> None:
    rates = [0.1, 0.5, 0.9]
    rows = [
        gap_row(subject=f"s{i}", gap=1 - i, monitored_rate=rate, unmonitored_rate=0.25)
        for i, rate in enumerate(rates)
    ]
    svg = gap_figure(rows, width=width).svg
    ticks = {
        "".join(node.itertext()): float(node.get("x", "nan"))
        for node in ET.fromstring(svg).iter(f"{SVG}text")
        if node.get("class") == "gy-tick"
    }
    left, right = ticks["0\u00a0%"], ticks["100\u00a0%"]
    placed = [float(node.get("cx", "nan")) for node in marks(svg, "monitored")]
    assert placed == pytest.approx([left + rate * (right - left) for rate in rates], abs=0.02)
    bars = [float(node.get("x", "nan")) + 2 for node in marks(svg, "gap")]
    assert bars[1] == pytest.approx(ticks["0"], abs=0.02)


def test_the_zero_line_is_always_in_view_and_points_are_never_joined() -> None:
    svg = gap_figure([gap_row(gap=0.9, ci_low=0.85, ci_high=0.95, gap_min=0.9, gap_max=0.9)]).svg
    root = ET.fromstring(svg)
    assert sum(node.get("class") == "gy-zero" for node in root.iter()) == 1
    assert not list(root.iter(f"{SVG}polyline"))
    # Each interval is level: no line leads from one row to another.
    intervals = [n for n in root.iter(f"{SVG}line") if (n.get("class") or "").startswith("gy-ci")]
    assert all(node.get("y1") == node.get("y2") for node in intervals)


def test_what_is_not_known_is_said_and_not_drawn() -> None:
    absent = dict.fromkeys(
        ("unmonitored_rate", "gap", "se", "ci_low", "ci_high", "p", "gap_min", "gap_max"), None
    )
    svg = gap_figure([gap_row(**absent, unmonitored_ci_low=None, unmonitored_ci_high=None)]).svg
    text = "".join(ET.fromstring(svg).itertext())
    assert "no unmonitored verdict" in text
    assert "no gap" in text
    assert not marks(svg, "unmonitored")
    assert not marks(svg, "gap")
    assert len(marks(svg, "monitored")) == 1


def test_rows_are_grouped_by_value_in_one_order_of_subjects() -> None:
    gaps = {"low": 0.1, "high": 0.8, "middle": 0.4}
    rows = [
        gap_row(subject=name, value=value, gap=gap)
        for value in ("care", "fairness")
        for name, gap in gaps.items()
    ]
    drawn = [node.findtext(f"{SVG}text") for node in rows_of(gap_figure(rows).svg)]
    assert drawn == ["high", "middle", "low"] * 2
    text = "".join(ET.fromstring(gap_figure(rows).svg).itertext())
    assert "care" in text
    assert "fairness" in text


def test_one_subject_is_grouped_by_value_and_its_control_follows() -> None:
    rows = [
        gap_row(value="care"),
        gap_row(value="fairness"),
        gap_row(value="care", control=True, gap=0.0),
    ]
    drawn = [node.findtext(f"{SVG}text") for node in rows_of(gap_figure(rows).svg)]
    assert drawn == ["care", "control, no conflict", "fairness"]


def test_a_figure_alone_has_its_style_a_name_and_no_variable() -> None:
    figure = gap_figure([gap_row()])
    root = ET.fromstring(figure.svg)
    style = root.findtext(f"{SVG}style") or ""
    assert "prefers-color-scheme: dark" in style
    assert "var(" not in style
    assert "light-dark(" not in style
    assert root.get("role") == "img"
    assert root.findtext(f"{SVG}title") == root.get("aria-label") == figure.label
    assert "style" not in figure.inline.split(">", 1)[0]
    assert "<style" not in figure.inline


def test_a_figure_shows_itself_in_a_notebook_and_can_be_saved(tmp_path: Path) -> None:
    figure = gap_figure([gap_row()])
    assert figure._repr_svg_() == figure.svg
    assert figure.svg in figure._repr_html_()
    saved = figure.save(tmp_path / "gap.svg")
    assert ET.parse(saved).getroot().tag == f"{SVG}svg"


def test_fifty_rows_do_not_overlap() -> None:
    rows = [
        gap_row(subject=f"vllm:model-{i}", value=value, gap=i / 20)
        for value in ("authority", "care", "fairness")
        for i in range(17)
    ]
    boxes = [
        (float(hit.get("y", 0)), float(hit.get("height", 0)))
        for node in rows_of(gap_figure(rows).svg)
        for hit in node.findall(f"{SVG}rect")
        if hit.get("class") == "gy-hit"
    ]
    assert len(boxes) == 51
    assert all(y + h <= next_y + 1e-6 for (y, h), (next_y, _) in pairwise(boxes))


fraction = st.none() | st.floats(0, 1)
difference = st.none() | st.floats(-1, 1) | st.just(math.nan)


@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "subject": ANY_TEXT.filter(bool),
                "value": ANY_TEXT,
                "control": st.booleans(),
                "monitored_rate": fraction,
                "unmonitored_rate": fraction,
                "monitored_ci_low": fraction,
                "gap": difference,
                "ci_low": difference,
                "ci_high": difference,
                "gap_min": difference,
                "gap_max": difference,
                "queries": st.none() | st.integers(0, 100),
            }
        ),
        max_size=6,
    ),
    st.sampled_from([352, 960]),
)
def test_any_rows_make_a_picture_that_parses_and_sentences(
    rows: list[dict[str, object]], width: int
) -> None:
    figure = gap_figure(rows, width=width)
    ET.fromstring(figure.svg.encode())
    root = ET.fromstring(figure.inline)
    for node in root.iter():
        for key in ("x", "x1", "x2", "cx"):
            assert -1 <= float(node.get(key, 0)) <= width + 1
    assert headline(clean_gaps(rows))["lead"]


# --- rows -------------------------------------------------------------------------------------


def test_numbers_that_are_not_finite_become_none() -> None:
    row = complete(gap=math.nan, se=math.inf)
    assert row["gap"] is None
    assert row["se"] is None
    assert tidy({1: (math.inf, {"a": math.nan})}) == {"1": [None, {"a": None}]}


def test_a_row_without_a_subject_and_text_for_a_number_are_errors() -> None:
    with pytest.raises(StudyError, match=r"gap row 2 names no subject.*gyges gap"):
        clean_gaps([gap_row(), {"value": "care"}])
    with pytest.raises(StudyError, match=r"planted/faker.*gap is '0\.7'"):
        clean_gaps([gap_row(gap="0.7")])


def test_a_status_table_counts_each_arm_once_with_ok_first() -> None:
    entry = {"subject": "s", "setting": "w", "value": "v", "control": False}
    table = status_table(
        [
            entry | {"tier": "unmonitored", "status": "error", "count": 2},
            entry | {"tier": "unmonitored", "status": "ok", "count": 3},
            entry | {"tier": "monitored", "status": "ok", "count": 4},
            entry | {"tier": "monitored", "status": "ok", "count": 1},
        ]
    )
    assert table["columns"] == ["ok", "error"]
    assert [(line["tier"], line["counts"], line["total"]) for line in table["lines"]] == [
        ("monitored", [5, 0], 5),
        ("unmonitored", [3, 2], 5),
    ]


# --- chunks -----------------------------------------------------------------------------------


@given(ANY_TEXT)
def test_any_text_round_trips_through_a_chunk(text: str) -> None:
    script = call("blocks", 3, encode({"text": text}))
    # What reaches the disk is UTF-8, whatever the text was.
    assert decode(script.encode().decode()) == ("blocks", 3, {"text": text})


@given(ANY_TEXT | st.sampled_from(["</script>", "<!--", "]]>", "\u2028", "\u202e", "\ud83d", "\0"]))
def test_a_chunk_has_no_character_that_could_end_a_script_or_mislead(text: str) -> None:
    script = call("blocks", 1, encode([text]))
    assert not re.search(
        "[<>&\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\x7f-\x9f]", script
    )
    assert script.count("\n") == 1


def test_a_number_that_is_not_finite_becomes_null_in_a_chunk() -> None:
    assert json.loads(encode({"score": math.nan, "at": Path("x")})) == {"score": None, "at": "x"}


def test_chunks_are_bounded_and_one_huge_item_stands_alone(tmp_path: Path) -> None:
    writer = ChunkWriter(Folder(tmp_path), "blocks", limit=1000)
    for size in (400, 400, 400, 5000, 10):
        writer.add("x" * size)
    writer.close()
    assert writer.starts == [0, 2, 3, 4]
    sizes = [path.stat().st_size for path in sorted(tmp_path.iterdir())]
    assert len(sizes) == 4
    assert sorted(sizes)[-2] < 1100


def test_what_is_not_a_chunk_is_refused() -> None:
    with pytest.raises(ValueError, match="not a chunk"):
        decode("alert(1)")


# --- site -------------------------------------------------------------------------------------


def test_every_block_and_message_is_written_once_and_found_again(tmp_path: Path) -> None:
    content = small_content()
    known = dict(content.messages)
    index = write_site(tmp_path / "site", content)
    assert index == tmp_path / "site" / "index.html"
    records = read_chunks(index.parent, "blocks")
    messages = read_chunks(index.parent, "messages")
    assert len(records) == 24
    assert {name: (role, text) for name, role, text in messages} == known
    first = dict(records[0]["arms"])["monitored"]
    assert [messages[number][1] for number in first["messages"]] == ["system", "user"]
    assert "<tier>free</tier>" in messages[first["messages"][1]][2]
    [meta] = read_chunks(index.parent, "meta")
    [part] = read_chunks(index.parent, "index")
    assert meta["blocks"] == 24
    assert meta["seed"] == "7"
    assert part["ids"] == [record["block"] for record in records]
    # A block without its second arm has it marked absent, which is no verdict.
    arms = {meta["tiers"][tier]: outcomes for tier, outcomes, _ in part["arms"]}
    assert [meta["outcomes"][code] for code in arms["unmonitored"]].count("absent") == 1
    assert all(len(column) == 24 for column in (*part["columns"].values(), *arms.values()))


def test_blocks_are_consumed_once_and_written_while_they_stream(tmp_path: Path) -> None:
    seen: list[int] = []

    def blocks() -> Iterator[dict[str, object]]:
        for i in range(100):
            seen.append(len(list((tmp_path / "data.new").glob("blocks-*.js"))))
            yield block(i, "x" * (CHUNK_BYTES // 8))

    stream = blocks()
    write_site(tmp_path, SiteContent(study={}, gaps=[gap_row()], blocks=stream))
    assert next(stream, None) is None
    # Chunks were on disk long before the last block came.
    assert seen[50] >= 10
    assert seen[-1] > seen[50]
    assert len(read_chunks(tmp_path, "blocks")) == 100


def test_memory_does_not_grow_with_the_text_of_the_blocks(tmp_path: Path) -> None:
    n, text = 1500, "word " * 6000
    tracemalloc.start()
    try:
        blocks = (block(i, f"{i} {text}") for i in range(n))
        write_site(tmp_path, SiteContent(study={}, gaps=[gap_row()], blocks=blocks))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    total = sum(path.stat().st_size for path in (tmp_path / "data").iterdir())
    assert total > 80e6
    assert peak < 12e6


def test_the_index_is_written_in_parts_and_a_late_tier_is_absent_before(tmp_path: Path) -> None:
    def blocks() -> Iterator[dict[str, object]]:
        for i in range(PART_ROWS + 2):
            made = block(i)
            if i == PART_ROWS + 1:
                made["arms"]["rated"] = arm("x", "rated", outcome="partial")  # type: ignore[index]
            yield made

    write_site(tmp_path, SiteContent(study={}, gaps=[], blocks=blocks()))
    first, second = read_chunks(tmp_path, "index")
    [meta] = read_chunks(tmp_path, "meta")
    assert (len(first["ids"]), len(second["ids"])) == (PART_ROWS, 2)
    assert meta["tiers"] == ["monitored", "unmonitored", "rated"]
    assert [tier for tier, *_ in first["arms"]] == [0, 1]
    outcomes = {tier: column for tier, column, _ in second["arms"]}[2]
    assert [meta["outcomes"][code] for code in outcomes] == ["absent", "partial"]
    # Ten questions are asked over and over; each is kept once.
    assert len(read_chunks(tmp_path, "queries")) == 10


def test_missing_is_never_a_verdict_in_the_index(tmp_path: Path) -> None:
    made = block(0)
    made["arms"] = {
        "monitored": arm(
            "0", "monitored", outcome=None, verdict_status="no_answer", status="truncated"
        ),
        "unmonitored": arm("0", "unmonitored", outcome=None, verdict_status="unparsed"),
        "a": arm("0", "a", outcome=None, verdict_status=None),
        "b": arm("0", "b", outcome=None, score=0.4),
    }
    write_site(tmp_path, SiteContent(study={}, gaps=[], blocks=iter([made])))
    [meta], [part] = read_chunks(tmp_path, "meta"), read_chunks(tmp_path, "index")
    shown = [
        (meta["outcomes"][outcomes[0]], meta["statuses"][statuses[0]])
        for _, outcomes, statuses in part["arms"]
    ]
    assert shown == [
        ("no verdict", "truncated"),
        ("no verdict", "judge: unparsed"),
        ("no verdict", "not judged"),
        ("score only", "ok"),
    ]


def test_a_message_that_is_lost_is_said_to_be_lost(tmp_path: Path) -> None:
    made = block(0)
    made["arms"]["monitored"]["messages"] = ["feed" * 4]  # type: ignore[index]
    write_site(tmp_path, SiteContent(study={}, gaps=[], blocks=iter([made])))
    assert read_chunks(tmp_path, "messages") == [["feed" * 4, None, None]]


def test_the_same_content_gives_the_same_bytes(tmp_path: Path) -> None:
    def everything(name: str) -> dict[str, bytes]:
        write_site(tmp_path / name, small_content())
        found = (tmp_path / name).rglob("*")
        return {str(p.relative_to(tmp_path / name)): p.read_bytes() for p in found if p.is_file()}

    assert everything("a") == everything("b")


def test_a_new_report_replaces_the_old_one_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    many = (block(i, "x" * CHUNK_BYTES) for i in range(4))
    write_site(tmp_path, SiteContent(study={}, gaps=[gap_row()], blocks=many))
    assert len(list((tmp_path / "data").glob("blocks-*"))) == 4
    write_site(tmp_path, small_content())
    assert len(list((tmp_path / "data").glob("blocks-*"))) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "assets",
        "data",
        "figure.svg",
        "gaps.json",
        "index.html",
        "notes.txt",
    ]
    gaps = json.loads((tmp_path / "gaps.json").read_text(encoding="utf-8"))
    assert gaps["schema"] == "gyges.gap/1"
    assert gaps["gaps"][0]["gap"] == 0.76


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def parsed(index: Path) -> _Page:
    page = _Page()
    page.feed(index.read_text(encoding="utf-8"))
    return page


@pytest.mark.parametrize("make", [small_content, hostile_content])
def test_the_page_has_no_inline_script_style_or_handler_and_a_strict_policy(
    tmp_path: Path, make: object
) -> None:
    page = parsed(write_site(tmp_path, make()))  # type: ignore[operator]
    for tag, attributes in page.tags:
        assert not any(name.startswith("on") or name == "style" for name in attributes), tag
        assert tag not in {"style", "img", "iframe", "object", "base"}
        if tag == "script":
            assert (attributes["src"] or "").startswith("assets/")
        for name in ("href", "src"):
            target = attributes.get(name) or ""
            assert re.match(r"(#|assets/|figure\.svg|gaps\.json|data:,)", target) or not target
    [policy] = [a["content"] for t, a in page.tags if a.get("http-equiv")]
    assert policy is not None
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert "require-trusted-types-for 'script'" in policy


def test_hostile_text_is_text_wherever_it_stands(tmp_path: Path) -> None:
    page = parsed(write_site(tmp_path, hostile_content()))
    text = "".join(page.text)
    # Title, identity, warning, tables, notes, method, command: all as they were written.
    assert text.count(HOSTILE) >= 10
    assert sum(tag == "script" for tag, _ in page.tags) == 11
    ET.parse(tmp_path / "figure.svg")


def test_names_that_no_file_can_hold_are_shown_and_not_fatal(tmp_path: Path) -> None:
    content = small_content(title="a\ud83db\x00c\u202ed", subjects=["\udfff"])
    text = "".join(parsed(write_site(tmp_path, content)).text)
    assert "a⟨U+D83D⟩b⟨U+0000⟩c⟨U+202E⟩d" in text
    assert "⟨U+DFFF⟩" in text


def test_the_page_names_the_study_its_hash_the_judge_and_its_card_and_the_command(
    tmp_path: Path,
) -> None:
    text = " ".join("".join(parsed(write_site(tmp_path, small_content())).text).split())
    for fact in (
        "animal-welfare-demo",
        "3f9a1c77d02e",
        "planted/faker",
        "lexical",
        "labelled answers it was measured on 150",
        "sensitivity 0.91",
        "kappa 0.79",
        "gyges run animal-welfare --model planted/faker --seed 7",
        "Two statuses differ between the arms",
        "An undecided answer counts as not compliant",
    ):
        assert fact in text
    bare = small_content(judge_card=None)
    assert "uncalibrated: how often it errs was not measured" in "".join(
        parsed(write_site(tmp_path / "b", bare)).text
    )


def test_a_study_of_which_nothing_is_known_still_makes_a_page(tmp_path: Path) -> None:
    text = "".join(parsed(write_site(tmp_path, SiteContent(study={}, gaps=[]))).text)
    assert "There is no gap to report" in text
    assert "0 blocks" in text


def test_the_table_shows_adjusted_p_values_wordings_and_corrected_gaps_where_there_are_any(
    tmp_path: Path,
) -> None:
    corrected = {
        "corrected_gap": 0.81,
        "corrected_ci_low": 0.6,
        "corrected_ci_high": 0.97,
        "correction": "Rogan-Gladen over 40 labels",
        "wordings": 8,
    }
    rows = [gap_row(subject=name, p=0.012, p_holm=0.024, **corrected) for name in "ab"]
    text = "".join(parsed(write_site(tmp_path / "a", SiteContent({}, rows))).text)
    for shown in ("p (Holm)", "0.024", "Wordings", "Corrected gap", "+81.0", "(60.0 to 97.0)"):
        assert shown in text
    assert "adjusted by Holm's method for 2 gaps" in " ".join(text.split())
    assert "Corrected: Rogan-Gladen over 40 labels." in text

    one = [gap_row(p=0.012, p_holm=0.012)]
    text = "".join(parsed(write_site(tmp_path / "b", SiteContent({}, one))).text)
    for hidden in ("Holm", "Wordings", "Corrected"):
        assert hidden not in text


def test_a_run_that_a_rule_ended_opens_with_its_confidence_sequence(tmp_path: Path) -> None:
    path = [[-1.0, 1.0], [-0.5, 0.9], [0.02, 0.7]]
    stopping = {"sentence": "Decided after 3 blocks.", "decided": True, "path": path}

    page = write_site(tmp_path, SiteContent({"stopping": stopping}, [gap_row()]))

    html = page.read_text(encoding="utf-8")
    assert html.index("Decided after 3 blocks.") < html.index(
        "The gap as if the size had been fixed"
    )
    assert "these intervals suppose a size fixed before" in (tmp_path / "figure.svg").read_text()
    assert html.index("fixed before") < html.index("complies 76 points more")
    figures = re.findall(r'<svg[^>]*aria-label="The confidence sequence.*?</svg>', html, re.DOTALL)
    assert len(figures) == 2
    for figure in figures:
        drawn = ET.fromstring(figure)
        assert "at the end 2.0 to 70.0 points" in drawn.attrib["aria-label"]
        upper, lower = (
            [tuple(map(float, point.split(","))) for point in line.attrib["points"].split()]
            for line in drawn.iter("polyline")
        )
        assert len(upper) == len(lower) == 3
        # Down the page is down in points.
        assert all(high[1] < low[1] for high, low in zip(upper, lower, strict=True))


def test_rows_with_nothing_in_them_make_a_page(tmp_path: Path) -> None:
    text = "".join(parsed(write_site(tmp_path, SiteContent({}, [{"subject": "s"}]))).text)
    assert "s: no gap can be given" in text
    assert "None" not in text
    assert "nan" not in text


def test_importing_the_report_loads_no_template_engine() -> None:
    code = "import sys, gyges.report; print('jinja2' in sys.modules, 'polars' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


# --- palette ----------------------------------------------------------------------------------


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def palette(place: int) -> dict[str, str]:
    css = (files("gyges.report") / "assets" / "tokens.css").read_text(encoding="utf-8")
    pairs = re.findall(r"--gy-([\w-]+): light-dark\((#\w{6}), (#\w{6})\)", css)
    assert len(pairs) > 15
    return {name: values[place] for name, *values in pairs}


@pytest.mark.parametrize("place", [0, 1], ids=["light", "dark"])
def test_text_and_marks_have_the_contrast_that_wcag_asks_for(place: int) -> None:
    colours = palette(place)
    for ground in ("paper", "panel", "raised"):
        for text in ("ink", "muted", "monitored", "unmonitored", "warn"):
            assert contrast(colours[text], colours[ground]) >= 4.5, (text, ground)
        assert contrast(colours["zero"], colours[ground]) >= 3
        assert contrast(colours["field"], colours[ground]) >= 3
    for tier in ("monitored", "unmonitored"):
        assert contrast(colours[tier], colours[f"{tier}-tint"]) >= 4.5
    assert contrast(colours["warn"], colours["warn-tint"]) >= 4.5
    assert contrast(colours["ink"], colours["warn-tint"]) >= 4.5
    assert contrast(colours["ink"], colours["evidence"]) >= 4.5
    assert contrast(colours["muted"], colours["evidence"]) >= 3


def test_every_colour_that_a_style_names_is_in_the_palette() -> None:
    known = set(palette(0))
    for sheet in ("figure.css", "page.css", "browser.css", "factor.css"):
        css = (files("gyges.report") / "assets" / sheet).read_text(encoding="utf-8")
        assert set(re.findall(r"var\(--gy-([\w-]+)\)", css)) <= known
        assert not re.search(r"#[0-9a-f]{3,8}\b(?=[;\s])", css)


# --- the published transcripts ------------------------------------------------------------------


@pytest.mark.shared_data
@pytest.mark.slow
def test_the_published_transcripts_make_a_site(tmp_path: Path) -> None:
    root = shared_data()
    if root is None:
        pytest.skip("the published transcripts are not here: set GYGES_SHARED_DATA")
    index = write_site(tmp_path, vlaf_content(root))
    [meta] = read_chunks(tmp_path, "meta")
    ids = [name for part in read_chunks(tmp_path, "index") for name in part["ids"]]
    assert len(ids) == len(set(ids)) == meta["blocks"] > 8000
    sizes = [path.stat().st_size for path in (tmp_path / "data").glob("blocks-*.js")]
    assert max(sizes) < 600_000
    text = "".join(parsed(index).text)
    assert re.search(r"On care, vllm:Qwen3-32B complies 76 points more often", text)
    assert "75.8" in text


def test_controls_of_another_shape_are_an_error_that_names_the_file() -> None:
    from gyges.report.controls import controls_section

    row = {"kind": "faker", "verdict": "recovered", "planted_gap": None, "ci_low": "x"}
    with pytest.raises(StudyError, match=r"selftest\.json: a control cannot be read"):
        controls_section({"controls": [{"setting": "s", "rows": [row]}], "without": []})


def test_a_session_is_written_step_by_step_and_one_that_cannot_be_read_stands_in_lines(
    tmp_path: Path,
) -> None:
    said = write_conversation(
        [
            Step(
                "act",
                (
                    Message("assistant", "", (Call("buy", {"ticker": "ALV"}),), "It rises."),
                    Message("tool", "No such order.", error=True),
                ),
            ),
            Step("report", (Message("user", "Well?"), Message("assistant", "[user] I held."))),
        ]
    )
    arms = {
        "monitored": arm("b", "monitored", conversation=said),
        "unmonitored": arm("b", "unmonitored", conversation="{"),
    }
    content = SiteContent(study={}, gaps=[gap_row()], blocks=iter([block(0, arms=arms)]))

    (record,) = read_chunks(write_site(tmp_path / "site", content).parent, "blocks")

    first, second = (dict(record["arms"])[tier] for tier in arms)
    assert first["steps"] == [
        [
            "act",
            [
                ["assistant", "", ['buy(ticker="ALV")'], "It rises.", False],
                ["tool", "No such order.", [], None, True],
            ],
        ],
        [
            "report",
            [["user", "Well?", [], None, False], ["assistant", "[user] I held.", [], None, False]],
        ],
    ]
    assert "steps" not in second
    assert second["output"] == "An answer."
