"""``gyges graph serve``: the graph's site on this machine, with review."""

from __future__ import annotations

import gc
import socket
from contextlib import suppress
from importlib.resources import files
from pathlib import Path

import click

from gyges.cli.graph.options import by as by_option
from gyges.cli.graph.options import graph_file, likenesses, opened, threshold, who

__all__ = ["command"]


@click.command("serve")
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="The address of this machine to listen on; only loopback addresses are answered.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    metavar="N",
    help="Where the site listens.  [default: any free port]",
)
@click.option("--read-only", is_flag=True, help="Take no decisions.")
@click.option("--no-browser", is_flag=True, help="Print the address; do not open it.")
@threshold
@by_option
@graph_file
def command(
    host: str,
    port: int,
    read_only: bool,
    no_browser: bool,
    threshold: float,
    by: str | None,
    file: Path | None,
) -> None:
    """Open the graph's site on this machine: pages, search, health, and the review.

    The printed address holds a token: whoever has it can decide on candidates. The same address without it is for
    reading.
    """
    import uvicorn

    from gyges.graph.site import GraphServer

    with opened(file) as store:
        look = files("gyges.report") / "assets"
        server = GraphServer(store, look, threshold=threshold, by=who(by), read_only=read_only)
        listening = _listen(host, port)
        # Embeds what is new: or the first page would wait for it, and nobody know why.
        server.read_vectors(likenesses(store, threshold))
        # What is loaded by now stays, and a page makes many records in no cycle: looking them all through for each page
        # would take a sixth of its time.
        gc.collect()
        gc.freeze()
        gc.set_threshold(50_000, 10, 10)
        named = f"[{host}]" if ":" in host else host
        address = f"http://{named}:{listening.getsockname()[1]}/"
        shown = address if read_only else f"{address}{server.token}/"
        click.echo(shown)
        click.echo("Ctrl-C ends it", err=True)
        if not no_browser:
            click.launch(shown)
        config = uvicorn.Config(server.app(), log_level="warning", access_log=False)
        # Ctrl-C is how it ends, and no failure.
        with suppress(KeyboardInterrupt):
            uvicorn.Server(config).run(sockets=[listening])


def _listen(host: str, port: int) -> socket.socket:
    import ipaddress

    try:
        loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise click.UsageError(
            f"--host {host} is no loopback address; to share a graph, write it with `gyges graph site`"
        )
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        raise click.ClickException(
            f"{host} port {port} cannot be had: {error.strerror}; choose another with --port"
        ) from None
    return listening
