"""How can two cores answer many long prompts that begin alike?

llama.cpp's server runs inside the process (package ``xllamacpp``, MIT) and decodes several answers in one batch, a
slot each. All trials of one wording share a system prompt of a thousand tokens or more, which takes seconds to read,
so it is read once: the state of the slot is saved, and restored into every other slot that meets the same prompt
(about 10 ms; reading 1,000 tokens takes 3 to 7 s). Each request starts from the restored state, never from what an
earlier request left behind, so the same request is computed in the same way whatever came before it.

Requests are made by calls into the library. The library opens a port on the loopback interface all the same; it is
locked with a random key, and used only for what the library has no call for: saving and restoring a slot, rendering
a chat template, counting tokens.
"""

from __future__ import annotations

import atexit
import collections
import contextlib
import http.client
import json
import os
import secrets
import shutil
import tempfile
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gyges.errors import GygesError, SubjectError

__all__ = ["Engine", "Options", "RequestError", "shared_engine"]

Message = dict[str, str]

_KEPT_PREFIXES = 8
"""Saved states kept on disk (about 25 MB each for 1,000 tokens of the embedded model)."""
_SHORT_PREFIX = 400
"""Characters below which a system prompt is read again rather than restored."""


class RequestError(GygesError):
    """One request could not be answered; the model itself is well."""


@dataclass(frozen=True)
class Options:
    """How a model is loaded."""

    slots: int
    """Answers that are decoded at once."""
    context: int
    """Tokens of one slot: prompt and answer together."""
    threads: int
    """Threads for decoding and for reading prompts."""
    flash_attention: bool = False
    """Slower than the plain kernel on CPUs without 16-bit arithmetic."""
    reuse: bool = True
    """Restore the state of a shared system prompt; off only to measure what that is worth."""


class Engine:
    """One loaded model. Thread-safe; every call blocks its thread, and none holds the interpreter's lock.

    Args:
        path: A GGUF file.
        options: How to load it.

    Raises:
        SubjectError: There is no such file, it is no GGUF file, it is damaged, or the runtime is not installed.
    """

    def __init__(self, path: Path, options: Options) -> None:
        self.path = path
        self.options = options
        _check_file(path)
        self._scratch = Path(tempfile.mkdtemp(prefix="gyges-slots-"))
        self._key = secrets.token_hex(16)
        try:
            self._server = _load(path, options, f"{self._scratch}{os.sep}", self._key)
        except BaseException:
            shutil.rmtree(self._scratch, ignore_errors=True)
            raise
        self._port = int(self._server.listening_address.rsplit(":", 1)[1])
        self._idle = threading.Condition()
        # Free slots, the longest unused first, with the prefix whose state each still holds.
        self._free: collections.OrderedDict[int, str] = collections.OrderedDict(
            (slot, "") for slot in range(options.slots)
        )
        self._saving = threading.Lock()
        self._saved: collections.OrderedDict[str, str] = collections.OrderedDict()
        self._count = 0
        self._empty_system = self._template_adds_a_system_prompt()

    def close(self) -> None:
        """Stop the server and free its memory."""
        self._server = None
        shutil.rmtree(self._scratch, ignore_errors=True)

    def chat(self, messages: list[Message], sampling: Mapping[str, Any]) -> dict[str, Any]:
        """Answer a conversation.

        Args:
            messages: ``role`` and ``content`` of each; a last message of the assistant's is continued.
            sampling: Parameters of llama.cpp's server: ``temperature``, ``seed``, ``max_tokens``, ...

        Returns:
            The server's reply: ``choices``, ``usage``, ``timings``.

        Raises:
            RequestError: The prompt does not fit, or the server refused it; the message says why.
        """
        messages = self.complete_system(messages)
        leading = [m for m in messages[:1] if m["role"] == "system"]
        text = leading[0]["content"] if leading else ""
        shares = self.options.reuse and len(text) >= _SHORT_PREFIX and len(messages) > 1
        with self._slot(text if shares else "") as slot:
            if shares:
                self._begin_with(leading, slot)
            return self._ask(
                {
                    **sampling,
                    "messages": messages,
                    "id_slot": slot,
                    "cache_prompt": self.options.reuse,
                }
            )

    def complete_system(self, messages: list[Message]) -> list[Message]:
        """Put an empty system message first where the template would otherwise add one of its own."""
        if self._empty_system and (not messages or messages[0]["role"] != "system"):
            return [{"role": "system", "content": ""}, *messages]
        return messages

    def render(self, messages: list[Message]) -> str:
        """Give the text that the model reads for a conversation."""
        reply = self._post("/apply-template", {"messages": self.complete_system(messages)})
        return str(reply["prompt"])

    def count_tokens(self, text: str) -> int:
        """Count the tokens of a text."""
        return len(self._post("/tokenize", {"content": text})["tokens"])

    def _template_adds_a_system_prompt(self) -> bool:
        # A template that writes less when it is given an empty system message had words of its own to say.
        user = {"role": "user", "content": "?"}
        try:
            bare = self._post("/apply-template", {"messages": [user]})["prompt"]
            empty = self._post(
                "/apply-template", {"messages": [{"role": "system", "content": ""}, user]}
            )["prompt"]
        except RequestError:
            return False
        return len(empty) < len(bare)

    @contextlib.contextmanager
    def _slot(self, prefix: str) -> Iterator[int]:
        """Lend a slot, one that last held the same prefix if there is one."""
        with self._idle:
            while not self._free:
                self._idle.wait()
            slot = next((s for s, held in self._free.items() if held == prefix), None)
            if slot is None:
                slot = next(iter(self._free))
            del self._free[slot]
        try:
            yield slot
        finally:
            with self._idle:
                self._free[slot] = prefix
                self._idle.notify()

    def _begin_with(self, leading: list[Message], slot: int) -> None:
        """Bring a slot into the state in which it has read the system prompt, and nothing after it."""
        text = leading[0]["content"]
        # One thread reads a new prompt and the others wait for it: they would only read the same.
        with self._saving:
            name = self._saved.get(text)
            if name is None:
                empty_user = {"role": "user", "content": ""}
                self._ask(
                    {
                        "messages": [*leading, empty_user],
                        "max_tokens": 0,
                        "id_slot": slot,
                        "cache_prompt": False,
                    }
                )
                self._count += 1
                name = f"{self._count}.bin"
                self._post(f"/slots/{slot}?action=save", {"filename": name})
                self._saved[text] = name
                while len(self._saved) > _KEPT_PREFIXES:
                    _, old = self._saved.popitem(last=False)
                    (self._scratch / old).unlink(missing_ok=True)
            else:
                self._saved.move_to_end(text)
                self._post(f"/slots/{slot}?action=restore", {"filename": name})

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        try:
            reply: dict[str, Any] = self._server.handle_chat_completions(request)
        except (ValueError, RuntimeError) as error:
            raise RequestError(f"{self.path.name}: the request was refused: {error}") from error
        return self._checked(reply)

    def _post(self, where: str, body: dict[str, Any]) -> dict[str, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=600)
        headers = {"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"}
        try:
            connection.request("POST", where, json.dumps(body), headers)
            reply: dict[str, Any] = json.loads(connection.getresponse().read())
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise RequestError(f"{self.path.name}: no reply to {where}: {error}") from error
        finally:
            connection.close()
        return self._checked(reply)

    def _checked(self, reply: dict[str, Any]) -> dict[str, Any]:
        if not (error := reply.get("error")):
            return reply
        if error.get("type") == "exceed_context_size_error":
            raise RequestError(
                f"{self.path.name}: the prompt has {error.get('n_prompt_tokens')} tokens and does not fit in the "
                f"context of {self.options.context}; load the model with a larger one (-M context=N)"
            )
        raise RequestError(f"{self.path.name}: {error.get('message', error)}")


_engines: dict[tuple[Path, Options], Engine] = {}
_loading = threading.Lock()


def shared_engine(path: Path, options: Options) -> Engine:
    """Give the process's engine for a file, loading it on the first call; closed when the process ends."""
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


def _check_file(path: Path) -> None:
    """Refuse what is no whole GGUF file: the runtime's own checks end in a crash or without a reason."""
    if not path.is_file():
        raise SubjectError(
            f"{path}: no such model file; give the path of a GGUF file, or gyges/smollm2"
        )
    with path.open("rb") as file:
        start = file.read(4)
    if start != b"GGUF":
        raise SubjectError(f"{path}: not a GGUF file (it begins with {start!r}, not b'GGUF')")


def _load(path: Path, options: Options, scratch: str, key: str) -> Any:
    xllamacpp = _runtime()
    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.n_parallel = options.slots
    params.n_ctx = options.context * options.slots
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = options.threads
    params.flash_attn_type = xllamacpp.llama_flash_attn_type(int(options.flash_attention))
    # What is kept of earlier prompts is decided here, slot by slot.
    params.cache_ram_mib = 0
    params.cache_idle_slots = False
    params.slot_save_path = scratch
    params.api_keys = [key]
    params.fit_params = False
    params.ui = False
    params.verbosity = -1
    try:
        return xllamacpp.Server(params)
    except Exception as error:
        raise SubjectError(
            f"{path}: the model could not be loaded ({error}); the file is damaged, of a kind that the runtime "
            f"does not know, or too large for this machine's memory with {options.slots} slots of "
            f"{options.context} tokens (-M slots=N, -M context=N)"
        ) from error


def _runtime() -> Any:
    """Import the runtime, with idle threads that sleep instead of spinning.

    The threads of one batch wait for each other many times a second. Waiting in a busy loop is quickest on an idle
    machine, but next to one other busy process it makes decoding ten times slower (see ``benchmarks/README.md``).
    The setting is read when the OpenMP library is loaded, and belongs to no other program that we start.
    """
    name = "GOMP_SPINCOUNT"
    ours = not {name, "OMP_WAIT_POLICY"} & os.environ.keys()
    if ours:
        os.environ[name] = "0"
    try:
        import xllamacpp
    except ImportError as error:
        raise SubjectError(
            f"the embedded model cannot run here: {error}; install it with 'pip install xllamacpp' "
            "(on Linux it also needs the system library libgomp1), or choose a hosted model with --model"
        ) from error
    finally:
        if ours:
            del os.environ[name]
    return xllamacpp
