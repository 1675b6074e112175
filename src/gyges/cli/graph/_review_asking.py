"""How is a person asked for one decision after the other?

Each decision is carried out at once, as one change of the graph; what was decided stays when the asking stops.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import click

from gyges.cli.graph._page_text import wrapped
from gyges.cli.graph._review_deciding import (
    accepted,
    identified,
    merged,
    put_aside,
    told_identified,
)
from gyges.cli.graph._review_text import candidate_lines, suggested
from gyges.cli.graph.options import last_change, meant

if TYPE_CHECKING:
    from gyges.graph import Candidate, Store

__all__ = ["ask"]

_HELP = (
    ("a", "accept the proposed statement as it stands: its nodes and its edge enter the graph"),
    ("1, 2, …", "the new node is that one of the graph: what is proposed is then about that node"),
    ("i ID", "the new node is the node ID, or one of that whole name; i a ID and i b ID say which"),
    ("e", "join the two by an edge: you choose what it says from a list (e RELATION is shorter)"),
    ("m a, m b", "the two are the same: A stays (or B), with all that is known of both"),
    ("n", "no: not the same, no edge; a proposal is declined. It does not come back"),
    ("l", "later: put it off; gyges graph review --later lists it again"),
    ("s", "skip: decide nothing, and go on (Enter alone does the same)"),
    ("u", "undo: take back the last decision that you took here"),
    ("q", "quit: all that was decided is kept"),
)

_Detail = Callable[["Candidate"], dict[str, Any]]


class _Again(Exception):
    """Ask once more for the same candidate."""


@dataclass
class _Asking:
    """One session: where it is, and what was decided in it."""

    store: Store
    detail: _Detail
    by: str
    threshold: float
    done: list[tuple[int, int, dict[str, str]]] = field(default_factory=list)
    """Of each decision: at which candidate, which change, and which keys it put in the place of others."""

    def key(self, key: str) -> str:
        """Return the key under which a candidate waits by now."""
        for _, _, now in self.done:
            key = now.get(key, key)
        return key


def ask(
    store: Store, found: Sequence[Candidate], detail: _Detail, by: str, threshold: float
) -> None:
    """Ask for each candidate in turn.

    Args:
        store: The graph.
        found: The candidates.
        detail: Returns all that is shown of one.
        by: Who decides.
        threshold: The cosine from which two nodes are told as alike.
    """
    here = _Asking(store, detail, by, threshold)
    click.echo("A decision is carried out when you press Enter. ? explains the keys, u takes back.")
    place: int | None = 0
    while place is not None:
        if place >= len(found):
            place = _at_the_end(here)
        elif (item := _current(here, found[place])) is None:
            place += 1
        else:
            click.echo(f"\n[{place + 1} of {len(found)}]")
            for line in candidate_lines(item):
                click.echo(line)
            place = _decided(here, item, place)
    decided = len(here.done)
    click.echo(f"{decided} decided" + ("; gyges graph history lists them" if decided else ""))


def _at_the_end(here: _Asking) -> int | None:
    """Let the last decision be taken back as well; return where to go on, or None to stop."""
    from gyges.graph import GraphError

    if not here.done:
        return None
    try:
        said = click.prompt(
            "\nthat was the last one (Enter: end, u: undo)", default="", show_default=False
        )
        return _undone(here) if said.strip() == "u" else None
    except click.Abort:
        click.echo()
        return None
    except GraphError as error:
        click.echo(str(error), err=True)
        return None


def _current(here: _Asking, one: Candidate) -> dict[str, Any] | None:
    """Return a candidate as it stands by now; None where an earlier decision settled it."""
    from gyges.graph import GraphError, candidate

    try:
        now = candidate(here.store, here.key(one.key), one.score)
    except GraphError:
        return None
    if now.proposal is None:
        decision = here.store.decision(now.key)
        if decision is not None and decision.verdict != "later":
            return None
        if now.one and now.other and here.store.edges_between(now.one.id, now.other.id):
            return None
    return here.detail(now)


def _decided(here: _Asking, item: dict[str, Any], place: int) -> int | None:
    """Ask until something is decided; return where to go on, or None to stop."""
    from gyges.graph import GraphError

    for line in wrapped(_keys(item), "", "  "):
        click.echo(line)
    while True:
        try:
            said = click.prompt("decision", default="s", show_default=False).split()
        except click.Abort:
            # The end of the input, or Ctrl-C.
            click.echo()
            return None
        word, rest = (said[0] if said else "s"), said[1:]
        if word == "q":
            return None
        if word == "s":
            return place + 1
        if word == "?":
            for keys, means in _HELP:
                for line in wrapped(f"{keys:<9} {means}", "  ", "            "):
                    click.echo(line)
            continue
        before = last_change(here.store)
        try:
            if word == "u":
                return _undone(here)
            now = _carried_out(here, item, word, rest)
        except _Again:
            continue
        except GraphError as error:
            click.echo(str(error), err=True)
            continue
        number = last_change(here.store)
        if number != before:
            here.done.append((place, number, now))
            click.echo(f"change {number}; u takes it back")
        # What is about another node now is shown again: it is still to be decided.
        return place if item["key"] in now else place + 1


def _undone(here: _Asking) -> int:
    if not here.done:
        click.echo("nothing that was decided here is left to undo", err=True)
        raise _Again
    at, number, _ = here.done[-1]
    here.store.undo(number, here.by)
    here.done.pop()
    click.echo(f"change {number} was taken back")
    return at


def _carried_out(here: _Asking, item: dict[str, Any], word: str, rest: list[str]) -> dict[str, str]:
    """Carry out what was typed; return the keys under which other proposals wait now."""
    store, key, by = here.store, item["key"], here.by
    if word == "a" and item["kind"] == "statement":
        click.echo(accepted(store, key, by=by))
    elif word in ("e", "e!"):
        click.echo(_edge(here, item, word, rest))
    elif word == "m" and item["kind"] == "similar":
        click.echo(merged(store, key, _kept(item, rest), by))
    elif word in ("n", "l"):
        click.echo(put_aside(store, key, "not-same" if word == "n" else "later", by))
    elif item["new"] and (word.isdecimal() or word == "i"):
        done = identified(store, key, _meant_node(here, item, word, rest), by)
        click.echo(told_identified(done))
        return done.now
    else:
        click.echo(f"{word!r} is no key here. {_keys(item)}", err=True)
        raise _Again
    return {}


def _meant_node(here: _Asking, item: dict[str, Any], word: str, rest: list[str]) -> str:
    """Return ``NEW=ID`` of what was typed: a suggestion's number, or an id or a whole name."""
    from gyges.graph import GraphError

    if word != "i":
        numbers = suggested(item)
        if not 1 <= int(word[:9]) <= len(numbers):
            raise GraphError(
                f"there is no {word[:9]} here; "
                + ("1" if len(numbers) == 1 else f"1 to {len(numbers)}")
                if numbers
                else "nothing is suggested here; i ID names a node"
            )
        new, existing = numbers[int(word[:9]) - 1]
        return f"{new}={existing}"
    new = ""
    if rest and rest[0].lower() in ("a", "b") and len(rest) > 1:
        end = item["one" if rest[0].lower() == "a" else "other"] or {}
        new, rest = end.get("id", ""), rest[1:]
    if not rest:
        rest = click.prompt("which node is it (its id, or its whole name)").split()
    return f"{new}={meant(here.store, ' '.join(rest))}"


def _kept(item: dict[str, Any], rest: list[str]) -> str:
    given = rest[0] if rest else click.prompt("which one stays, a or b")
    ends = {"a": item["one"]["id"], "b": item["other"]["id"]}
    return str(ends.get(given.lower(), given))


def _edge(here: _Asking, item: dict[str, Any], word: str, rest: list[str]) -> str:
    """Join the two by the relation that was typed or is chosen from a list."""
    type_ = rest[1] if len(rest) > 1 else None
    gloss = ""
    relation, reverse = (rest[0], word == "e!") if rest else ("", False)
    if not relation:
        if item["other"] is None and item["kind"] == "near":
            type_ = click.prompt("of which type is B (concept, claim, method, …)")
        choices = list(_choices(item, type_))
        for number, (words, _, _) in enumerate(choices, 1):
            click.echo(f"  {number:>2}  {words}")
        chosen = click.prompt("which one holds (Enter: none)", default="", show_default=False)
        if not chosen.isdecimal() or not 1 <= int(chosen[:9]) <= len(choices):
            click.echo("nothing was decided")
            raise _Again
        _, relation, forward = choices[int(chosen[:9]) - 1]
        # A statement stands from its subject, which is A; whichever way is typed, A is the first that is shown.
        reverse = not forward
        gloss = click.prompt(
            "what it says here, in a sentence (Enter: leave it)", default="", show_default=False
        )
    return accepted(
        here.store,
        item["key"],
        relation=relation,
        reverse=reverse,
        type_=type_,
        gloss=gloss.strip(),
        by=here.by,
        threshold=here.threshold,
    )


def _choices(item: dict[str, Any], type_: str | None) -> Iterator[tuple[str, str, bool]]:
    """Return what may be said of the two: in words, the relation, and whether it runs from A to B."""
    from gyges.graph import GraphError
    from gyges.graph.searching import check_types
    from gyges.graph.vocabulary import RELATIONS, fits

    a = item["one"]["type"] if item["one"] else ""
    b = item["other"]["type"] if item["other"] else (type_ or "")
    check_types([b])
    if not a:
        raise GraphError("what it is about is gone from the graph; n declines it")
    for name, rule in RELATIONS.items():
        if fits(a, name, b):
            yield f"A {rule.reads} B", name, True
        if fits(b, name, a) and not rule.symmetric:
            yield f"B {rule.reads} A", name, False


def _keys(item: dict[str, Any]) -> str:
    """Say in one line what can be typed here."""
    keys = []
    if item["kind"] == "statement":
        keys.append("a accept")
    if item["new"]:
        numbers = len(suggested(item))
        if numbers:
            keys.append(f"{'1' if numbers == 1 else f'1-{numbers}'} it is that node")
        keys.append("i ID it is another node of the graph")
    keys.append("e another relation" if item["kind"] == "statement" else "e join by an edge")
    if item["kind"] == "similar" and item["same_type"]:
        keys.append("m a / m b the same: A stays / B stays")
    keys.append("n decline" if item["kind"] != "similar" else "n leave them apart")
    return " · ".join((*keys, "l later", "s skip", "u undo", "q quit", "? help"))
