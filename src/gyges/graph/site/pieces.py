"""What stands on a page hundreds of times: a node's mark and name, a grade, a relation.

These are written here and not by a template's macro, because a page with a hundred neighbours calls them thousands of
times. Every text goes through :func:`_text`, which escapes it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from html import escape
from typing import TYPE_CHECKING, Any

from gyges.graph.site.marks import MARKS, OTHER, mark_of
from gyges.graph.site.words import GRADE_WORDS, clip, count, shown
from gyges.graph.vocabulary import GRADES, STATUSES

if TYPE_CHECKING:
    from markupsafe import Markup

__all__ = ["pieces"]


_FOLLOWED = {name: rank for rank, name in enumerate(GRADES)}
_WORTH_FOLDING = 80
"""Characters beyond the limit that are worth a fold."""
_SHORT = 100
"""Characters up to which an escaped text is kept."""


def _text(value: str) -> str:
    # The same names, grades and relations stand on a page over and over.
    return _short(value) if len(value) < _SHORT else escape(shown(value))


@lru_cache(maxsize=4096)
def _short(value: str) -> str:
    return escape(shown(value))


def _markup(html: str) -> Markup:
    from markupsafe import Markup

    return Markup(html)


@cache
def _mark(type_: str) -> str:
    name = type_ if type_ in MARKS else "other"
    return f'<svg class="mark f-{mark_of(type_).family}" aria-hidden="true"><use href="#m-{name}"/></svg>'


@cache
def _marks() -> str:
    """The outlines that a page's marks refer to, since a page draws hundreds of them."""
    drawn = "".join(
        f'<symbol id="m-{name}" viewBox="0 0 16 16"><path d="{mark.path}"/></symbol>'
        for name, mark in [*MARKS.items(), ("other", OTHER)]
    )
    return f'<svg class="marks" width="0" height="0" aria-hidden="true">{drawn}</svg>'


def _status(status: str) -> str:
    if status == "active":
        return ""
    means = _text(STATUSES.get(status, ""))
    # A class is made of a known word alone.
    known = f" s-{status}" if status in STATUSES else ""
    return f' <span class="chip{known}" title="{means}">{_text(status)}</span>'


def _grade(grade: str) -> str:
    known = f" g-{grade}" if grade in GRADES else ""
    return f'<span class="grade{known}">{_text(GRADE_WORDS.get(grade, grade))}</span>'


def _link(name: Mapping[str, Any]) -> str:
    label = f"<bdi>{_text(name['label'])}</bdi>"
    if name["href"]:
        label = f'<a href="{_text(name["href"])}">{label}</a>'
    return label + (' <span class="chip warn">label missing</span>' if name["missing"] else "")


def _named(name: Mapping[str, Any]) -> str:
    return (
        f'<span class="named">{_mark(name["type"])}<span><span class="sr">{_text(name["type"])}: </span>'
        f"{_link(name)}{_status(name['status'])}</span></span>"
    )


def _relation(edge: Mapping[str, Any]) -> str:
    return (
        f'<span class="rel r-{_text(edge["relation"])}"><span class="arrow" aria-hidden="true">{edge["arrow"]}</span> '
        f"{_text(edge['reads'])}</span>"
    )


def _long(text: str, most: int) -> str:
    """Long text is folded, not cut."""
    if len(text) <= most + _WORTH_FOLDING:
        return _text(text)
    whole = f'<bdi class="whole">{_text(text)}</bdi>'
    fold = f'<details class="rest"><summary>All of it</summary>{whole}</details>'
    return _text(clip(text, most)) + fold


def _place(one: Mapping[str, Any]) -> str:
    place = f"<bdi>{_text(one['locator'])}</bdi>"
    if not one["locator_href"]:
        return place
    return f'<a href="{_text(one["locator_href"])}" rel="noopener noreferrer external">{place}</a>'


def _source(one: Mapping[str, Any]) -> str:
    label = f"<bdi>{_text(one['label'])}</bdi>"
    if one["href"]:
        label = f'<a href="{_text(one["href"])}">{label}</a>'
    return f"{label}, {_place(one)}" if one["locator"] else label


def _state(one: Mapping[str, Any]) -> str:
    """Say whether a passage stands in the copy of its source, and where."""
    state = str(one["state"])
    sign = {"stands": "✓", "not found": "✗"}.get(state, "○")
    where = ""
    if one["start"] is not None and one["end"] is not None:
        where = f": characters {one['start']:,} to {one['end']:,}"
    return (
        f'<p class="state st-{_text(state.replace(" ", "-"))}"><span aria-hidden="true">{sign}</span> '
        f"{_text(one['state_words'])}{where}</p>"
    )


def _passage(one: Mapping[str, Any], most: int) -> str:
    quoted = ""
    if one["text"]:
        quoted = f'<blockquote class="passage"><div dir="auto">{_long(one["text"], most)}</div></blockquote>'
    return quoted + _state(one)


def _evidence(one: Mapping[str, Any]) -> str:
    """One piece of evidence: what it says there, where it is from, how far it was followed."""
    note = ""
    if one["note"]:
        note = f'<span class="figures"><bdi>{_long(one["note"], 400)}</bdi></span> '
    passage = _passage(one["passage"], 900) if one["passage"] else ""
    return f'{note}<span class="from">{_source(one)}</span> {_grade(one["grade"])}{passage}'


def _made(edge: Mapping[str, Any]) -> str:
    """How an edge came to be, where that is not the ordinary way, and how sure it is."""
    said = []
    if edge["channel"] != "curated":
        by = f" by <bdi>{_text(edge['by'])}</bdi>" if edge["by"] else ""
        said.append(f"{_text(edge['channel'])}{by}")
    if edge["confidence"] is not None:
        said.append(f"confidence {edge['confidence']:.2f}")
    return f'<p class="made">{" · ".join(said)}</p>' if said else ""


def _followed(one: Mapping[str, Any]) -> int:
    """Rank a piece of evidence by how far it was followed."""
    return _FOLLOWED.get(one["grade"], len(_FOLLOWED))


def _rests(edge: Mapping[str, Any]) -> str:
    """In a line, what an edge rests on: its best source and how far that was followed; the rest is folded behind it."""
    found = sorted(edge["evidence"], key=_followed)
    if not found:
        return f'<p class="none"><span class="chip warn">no evidence</span></p>{_made(edge)}'
    first = found[0]
    line = f"{_source(first)} {_grade(first['grade'])}"
    rest = []
    if first["note"]:
        rest.append(f'<p class="figures"><bdi>{_text(first["note"])}</bdi></p>')
    if first["passage"]:
        rest.append(_passage(first["passage"], 900))
    if len(found) > 1:
        rows = "".join(f"<li>{_evidence(one)}</li>" for one in found[1:])
        rest.append(f'<ul class="rests">{rows}</ul>')
    rest.append(_made(edge))
    folded = "".join(rest)
    if not folded:
        return f'<div class="src">{line}</div>'
    words = f"{len(found) - 1} more" if len(found) > 1 else "More"
    return (
        f'<div class="src">{line} <details class="rest"><summary>{words}</summary>'
        f'<div class="whole">{folded}</div></details></div>'
    )


def _anchor(edge: Mapping[str, Any]) -> str:
    return f"b-{_text(edge['id'].replace(':', '-'))}"


def _bears(edge: Mapping[str, Any]) -> str:
    """A statement for or against: who says it, what, and what it rests on."""
    anchor = f' id="{_anchor(edge)}"' if edge["id"] else ""
    gloss = ""
    if edge["gloss"]:
        gloss = f'<div class="gloss"><bdi>{_long(edge["gloss"], 300)}</bdi></div>'
    return f'<li class="bears"{anchor}><p class="what">{_named(edge["other"])}</p>{gloss}{_rests(edge)}</li>'


def _says(edge: Mapping[str, Any]) -> str:
    """An edge to a neighbour; one that was told among what bears on the node is not told twice."""
    loose = ' class="loose-edge"' if edge["loose"] else ""
    if edge["above"]:
        told = f' <a class="up" href="#{_anchor(edge)}">as said above</a>'
    else:
        gloss = f' <bdi class="gloss">{_long(edge["gloss"], 400)}</bdi>' if edge["gloss"] else ""
        told = f"{gloss} {_rests(edge)}"
    return f"<li{loose}>{_relation(edge)}{told}</li>"


def _neighbour(one: Mapping[str, Any]) -> str:
    """A neighbour, its number of edges, what it is, and each edge."""
    edges = f'<span class="count">{_text(count(one["count"], "edge"))}</span>'
    gloss = f'<p class="about"><bdi>{_text(one["gloss"])}</bdi></p>' if one["gloss"] else ""
    says = "".join(_says(edge) for edge in one["relations"])
    return f'<li class="nb"><div class="nb-head">{_named(one)} {edges}</div>{gloss}<ul class="says">{says}</ul></li>'


def pieces() -> dict[str, Callable[..., Markup]]:
    """Return the pieces by the names that templates call them."""

    def safe(make: Callable[..., str]) -> Callable[..., Markup]:
        return lambda *given: _markup(make(*given))

    return {
        "mark": safe(_mark),
        "marks": safe(_marks),
        "status": safe(_status),
        "grade": safe(lambda one: _grade(one["grade"])),
        "link": safe(_link),
        "named": safe(_named),
        "relation": safe(_relation),
        "long": safe(_long),
        "place": safe(_place),
        "source": safe(_source),
        "state": safe(_state),
        "evidence": safe(_evidence),
        "made": safe(_made),
        "rests": safe(_rests),
        "bears": safe(_bears),
        "neighbour": safe(_neighbour),
    }
