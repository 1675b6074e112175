"""How can two cores answer many long prompts that begin alike, each as if it were alone?

llama.cpp's server runs inside the process (package ``xllamacpp``, MIT), twice over the same weights
in memory. The *reader* reads one prompt at a time; the *writer* has several slots and decodes their
answers in one batch. A prompt's state goes from the one to the other through a file (about 40 ms
for 1,000 tokens). This buys two things:

- All trials of one wording share a system prompt of a thousand tokens or more, which takes seconds
  to read. The reader keeps its state, and reads only what follows.
- A matrix product over 14 tokens rounds otherwise than 14 products over one, and 8-bit activations
  turn the last digit into a different word. Were prompts read beside answers, how a prompt is cut
  would depend on the traffic. Here every prompt is cut in the same way and every answer grows by
  one token at a time, so that prompt and seed decide the text, whatever the number of slots and
  whatever runs in them.

Requests are made by calls into the library. The library opens a port on the loopback interface all
the same; it is locked with a random key, and used only for what the library has no call for: saving
and restoring a slot, rendering a chat template, counting tokens.
"""

from __future__ import annotations

import atexit
import collections
import contextlib
import itertools
import shutil
import tempfile
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from gyges.subjects.server import Message, Options, RequestError, Server, check_file

__all__ = ["Engine", "shared_engine"]

_KEPT_PREFIXES = 8
"""System prompts whose state is kept on disk (25 MB for 1,000 tokens of the embedded model)."""


class Engine:
    """One loaded model.

    Thread-safe; every call blocks its thread, and none holds the interpreter's lock.

    Args:
        path: A GGUF file.
        options: How to load it.

    Raises:
        SubjectError: There is no such file, it is no GGUF file, it is damaged, or the runtime is
            not installed.
    """

    def __init__(self, path: Path, options: Options) -> None:
        self.path = path
        self.options = options
        check_file(path)
        self._scratch = Path(tempfile.mkdtemp(prefix="gyges-slots-"))
        try:
            # As many slots in both, though the reader uses one: a state fits only a cache of the
            # same shape.
            self._reader = Server(path, options, self._scratch)
            self._writer = Server(path, options, self._scratch)
        except BaseException:
            shutil.rmtree(self._scratch, ignore_errors=True)
            raise
        self._reading = threading.Lock()
        self._prefixes: collections.OrderedDict[str, str] = collections.OrderedDict()
        self._names = itertools.count()
        self._idle = threading.Condition()
        self._free = list(range(options.slots))
        self._needs_system = self._template_adds_a_system_prompt()

    def close(self) -> None:
        """Stop the servers and free their memory."""
        self._reader.close()
        self._writer.close()
        shutil.rmtree(self._scratch, ignore_errors=True)

    def chat(self, messages: list[Message], sampling: Mapping[str, Any]) -> dict[str, Any]:
        """Answer a conversation.

        Args:
            messages: ``role`` and ``content`` of each; a last message of the assistant's is
                continued.
            sampling: Parameters of llama.cpp's server: ``temperature``, ``seed``, ``max_tokens``,
                ...

        Returns:
            The server's reply: ``choices``, ``timings``, and ``usage``, whose ``cached_tokens`` are
            those of a system prompt that had been read before.

        Raises:
            RequestError: The prompt does not fit, or the server refused it; the message says why.
        """
        messages = self.complete_system(messages)
        with self._slot() as slot:
            state, cached = self._read(messages)
            try:
                self._writer.restore(slot, state)
            finally:
                (self._scratch / state).unlink(missing_ok=True)
            reply = self._writer.ask({**sampling, "messages": messages, "id_slot": slot})
        reply["usage"]["prompt_tokens_details"] = {"cached_tokens": cached}
        return reply

    def complete_system(self, messages: list[Message]) -> list[Message]:
        """Put an empty system message first where the template would add one of its own."""
        if self._needs_system and (not messages or messages[0]["role"] != "system"):
            return [{"role": "system", "content": ""}, *messages]
        return messages

    def render(self, messages: list[Message]) -> str:
        """Give the text that the model reads for a conversation."""
        return self._reader.render(self.complete_system(messages))

    def count_tokens(self, text: str) -> int:
        """Count the tokens of a text."""
        return len(self._reader.post("/tokenize", {"content": text})["tokens"])

    def _template_adds_a_system_prompt(self) -> bool:
        # A template that writes less when it is given an empty system message had words of its own
        # to say.
        user = {"role": "user", "content": "?"}
        try:
            bare = self._reader.render([user])
            empty = self._reader.render([{"role": "system", "content": ""}, user])
        except RequestError:
            return False
        return len(empty) < len(bare)

    @contextlib.contextmanager
    def _slot(self) -> Iterator[int]:
        """Lend the lowest free slot: neighbours are decoded in one batch."""
        with self._idle:
            while not self._free:
                self._idle.wait()
            slot = min(self._free)
            self._free.remove(slot)
        try:
            yield slot
        finally:
            with self._idle:
                self._free.append(slot)
                self._idle.notify()

    def _read(self, messages: list[Message]) -> tuple[str, int]:
        """Read a prompt; give the file of its state, and how many tokens had been read before."""
        reuse = self.options.reuse
        with self._reading:
            if reuse and messages[0]["role"] == "system" and len(messages) > 1:
                self._begin_with(messages[0])
            # No token is wanted; the server makes one all the same, which is not part of the state.
            reply = self._reader.ask(
                {"messages": messages, "max_tokens": 0, "id_slot": 0, "cache_prompt": reuse}
            )
            state = self._reader.save(0, f"{next(self._names)}.prompt")
        return state, int(reply["usage"]["prompt_tokens_details"]["cached_tokens"])

    def _begin_with(self, system: Message) -> None:
        """Bring the reader into the state of having read a system prompt and nothing after it."""
        text = system["content"]
        if text in self._prefixes:
            self._prefixes.move_to_end(text)
            self._reader.restore(0, self._prefixes[text])
            return
        alone = [system, {"role": "user", "content": ""}]
        self._reader.ask({"messages": alone, "max_tokens": 0, "id_slot": 0, "cache_prompt": False})
        self._prefixes[text] = self._reader.save(0, f"{next(self._names)}.prefix")
        while len(self._prefixes) > _KEPT_PREFIXES:
            _, old = self._prefixes.popitem(last=False)
            (self._scratch / old).unlink(missing_ok=True)


_engines: dict[tuple[Path, Options], Engine] = {}
_loading = threading.Lock()


def shared_engine(path: Path, options: Options) -> Engine:
    """Give the process's engine for a file, loading it on the first call.

    It is closed when the process ends.
    """
    with _loading:
        key = (path.resolve(), options)
        if key not in _engines:
            if not _engines:
                atexit.register(_close_all)
            _engines[key] = Engine(path, options)
        return _engines[key]


def _close_all() -> None:
    with _loading:
        for engine in _engines.values():
            engine.close()
        _engines.clear()
