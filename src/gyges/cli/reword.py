"""``gyges reword``: paraphrases of a setting's text, written by a model and checked."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gyges.cli.options import as_json, limits, model_args, provider, setting_dir

if TYPE_CHECKING:
    from gyges.rewording import Dropped, Kept, Rewording

__all__ = ["command"]

_SAID = {
    "call": "the call failed",
    "withheld": "the provider withheld the answer",
    "no text": "the model gave no text",
    "cut short": "the answer was cut short",
    "unchanged": "a block came back unchanged",
    "slots": "a slot was lost or added",
    "tags": "a tag was lost or added",
    "numbers": "a number was changed",
    "headings": "a heading or a numbered paragraph was lost or added",
    "logic": "it holds template logic",
    "facts": "a fact was lost or added",
    "similarity": "it talks of something else",
    "repeated": "it repeats another wording",
}


@click.command("reword")
@click.argument("setting")
@click.option(
    "--with",
    "model",
    required=True,
    metavar="MODEL",
    help="Who writes: provider/model, as Inspect names it.",
)
@click.option(
    "--n", "count", type=int, required=True, metavar="N", help="How many wordings are asked for."
)
@click.option(
    "--length",
    default="0.5..1.5",
    show_default=True,
    metavar="SHORTER..LONGER",
    help="Lengths asked for, as parts of the original's, spread evenly over the wordings.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Where the set is written; a folder gets a file of the usual name.  "
    "[default: wordings/SETTING--MODEL--HASH.json]",
)
@click.option(
    "--tries",
    type=int,
    default=3,
    show_default=True,
    metavar="N",
    help="How often a block is asked for.",
)
@click.option(
    "--no-similarity",
    is_flag=True,
    help="Do not compare embeddings; the set records that they were not.",
)
@click.option(
    "--seed", type=int, default=0, show_default=True, metavar="N", help="Seeds each call."
)
@limits
@provider
@setting_dir
@as_json
def command(
    setting: str,
    model: str,
    count: int,
    length: str,
    out: Path | None,
    tries: int,
    no_similarity: bool,
    seed: int,
    arguments: tuple[str, ...],
    setting_dirs: tuple[Path, ...],
    as_json: bool,
    **options: Any,
) -> int:
    """Let a model write paraphrases of a setting's system text, and keep those that say the same.

    SETTING is one of `gyges settings list`. Each block is asked for by itself; a text must keep the block's form, state
    its facts and talk of the same thing. What is kept is written into a file for `gyges run --wordings FILE --vary
    wording=generated`. Exit status 2 if fewer wordings than N were kept, 1 if none.
    """
    from gyges.design.sets import write_set
    from gyges.rewording import Rewording, parse_length
    from gyges.settings import load_setting
    from gyges.waiting import wait

    _check_limits(**options)
    work = Rewording(
        load_setting(setting, setting_dirs),
        model,
        count,
        parse_length(length),
        seed,
        check_similarity=not no_similarity,
        tries=tries,
    )
    _must_be_free(out)
    least = count * len(work.blocks)
    calls = f"{least:,} calls, at most {tries * least:,}"
    click.echo(
        f"Asking {model} for {count} wordings of {len(work.blocks)} blocks: {calls}.", err=True
    )
    stopped = False
    try:
        wait(work.ask(args=model_args(arguments), on_wording=_say_one, **options))
    except KeyboardInterrupt:
        stopped = True
    record = work.record()
    path = _path(out, setting, model, record)
    if work.kept:
        write_set(path, record)
    _print(work, path if work.kept else None, as_json)
    if stopped:
        click.echo("Stopped early; what had been kept is written.", err=True)
    return 1 if not work.kept else 2 if len(work.kept) < count else 0


def _check_limits(**options: Any) -> None:
    from gyges.judging import check_limits

    check_limits(options["max_connections"], options["retries"], options["timeout"])


def _must_be_free(out: Path | None) -> None:
    """Refuse before anything is asked what could not be written afterwards."""
    from gyges.errors import DesignError

    if out is not None and out.is_file():
        raise DesignError(
            f"--out {out}: exists, and sets of wordings are not written over; give another name"
        )


def _path(out: Path | None, setting: str, model: str, record: dict[str, Any]) -> Path:
    if out is not None and not out.is_dir():
        return out
    texts = json.dumps([record["setting"], record["wordings"]], sort_keys=True)
    digest = hashlib.sha256(texts.encode()).hexdigest()[:6]
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", model)
    return (out or Path("wordings")) / f"{setting}--{name[:80]}--{digest}.json"


def _say_one(found: Kept | Dropped) -> None:
    from gyges.rewording import Kept

    if isinstance(found, Kept):
        click.echo(
            f"{found.id}: kept, distance {found.distance:.2f}, length {found.length:.2f}", err=True
        )
    else:
        where = f" at block {found.block}" if found.block else ""
        click.echo(f"{found.id}: dropped{where}: {' '.join(found.why.split())[:300]}", err=True)


def _print(work: Rewording, path: Path | None, as_json: bool) -> None:
    from gyges.cli.table import text_table

    if as_json:
        asker = work.asker
        record = {
            "schema": "gyges.reword/1",
            "file": None if path is None else str(path),
            "asked": work.count,
            "kept": len(work.kept),
            "dropped": work.reasons,
            "calls": asker.calls if asker else 0,
            "input_tokens": asker.input_tokens if asker else 0,
            "output_tokens": asker.output_tokens if asker else 0,
            "wordings": [{"id": one.id, **one.measured()} for one in work.kept],
        }
        click.echo(json.dumps(record, indent=2, ensure_ascii=False))
    elif work.kept:
        header = ["wording", "distance", "length", "asked", "similarity", "least", "manner"]
        click.echo(text_table(header, [_row(one) for one in work.kept]))
        click.echo()
    if not as_json:
        click.echo(_summary(work))
    if path is not None:
        click.echo(
            f"Set: {path}. Ask them: gyges run {work.setting.id} --wordings {path} --vary wording=0,generated",
            err=True,
        )


def _row(one: Kept) -> list[str]:
    found = one.measured()
    alike = found["similarity"] or {}
    return [
        one.id,
        f"{one.distance:.2f}",
        f"{one.length:.2f}",
        f"{one.length_asked:.2f}",
        f"{alike['mean']:.2f}" if alike else "-",
        f"{alike['least']:.2f} {alike['least_block']}" if alike else "-",
        one.manner,
    ]


def _summary(work: Rewording) -> str:
    asker = work.asker
    unfinished = work.count - len(work.kept) - len(work.dropped)
    text = f"{len(work.kept)} of {work.count} wordings kept"
    if work.dropped:
        why = ", ".join(f"{number} because {_SAID[kind]}" for kind, number in work.reasons.items())
        text += f"; dropped: {why}"
    if unfinished:
        text += f"; not finished: {unfinished}"
    if asker is not None:
        text += f". {asker.calls:,} calls, {asker.input_tokens:,} tokens in, {asker.output_tokens:,} out"
        for name in asker.rejected:
            text += f". The provider does not take {name}: it was left out"
    if not work.check_similarity:
        text += ". Similarity was not checked"
    return text + "."
