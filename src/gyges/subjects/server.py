"""How is llama.cpp's server loaded and spoken to, without leaving the process?

See :mod:`gyges.subjects.engine` for what is done with it. What is checked here before the file
reaches the runtime is what the runtime reports badly: it gives no reason for a file that it
refuses.
"""

from __future__ import annotations

import http.client
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gyges.errors import GygesError, SubjectError

__all__ = ["Message", "Options", "RequestError", "Server", "check_file"]

Message = dict[str, str]
"""``role`` and ``content``."""


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
    """Threads of the runtime."""
    flash_attention: bool = False
    """Slower than the plain kernel on CPUs without 16-bit arithmetic, and less repeatable."""
    reuse: bool = True
    """Read a shared system prompt once; off only to measure what that is worth."""


class Server:
    """One llama.cpp server: calls block the thread, and may come from several.

    Args:
        path: A GGUF file.
        options: How to load it.
        scratch: A folder for the states of slots.

    Raises:
        SubjectError: The file is damaged or of an unknown kind, or the runtime is not installed.
    """

    def __init__(self, path: Path, options: Options, scratch: Path) -> None:
        self._name = path.name
        self._context = options.context
        self._key = secrets.token_hex(16)
        xllamacpp = _runtime()
        params = xllamacpp.CommonParams()
        params.model.path = str(path)
        params.n_parallel = options.slots
        params.n_ctx = options.context * options.slots
        params.cpuparams.n_threads = params.cpuparams_batch.n_threads = options.threads
        # Keys of the attention as 8-bit blocks: decoding after a long prompt is a tenth faster.
        params.cache_type_k = xllamacpp.ggml_type.GGML_TYPE_Q8_0
        params.flash_attn_type = xllamacpp.llama_flash_attn_type(int(options.flash_attention))
        # What is kept of earlier prompts is decided by the caller.
        params.cache_ram_mib = 0
        params.cache_idle_slots = False
        params.slot_save_path = f"{scratch}{os.sep}"
        params.api_keys = [self._key]
        params.fit_params = False
        params.ui = False
        params.verbosity = -1
        try:
            self._server: Any = xllamacpp.Server(params)
        except Exception as error:
            raise SubjectError(
                f"{path}: the model could not be loaded ({error}); the file is damaged, of a kind "
                "that the runtime does not know, or too large for this machine with "
                f"{options.slots} slots of {options.context} tokens (-M slots=N, -M context=N)"
            ) from error
        self._port = int(self._server.listening_address.rsplit(":", 1)[1])

    def close(self) -> None:
        """Stop the server and free its memory."""
        self._server = None

    def ask(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Send one chat request.

        Raises:
            RequestError: The prompt does not fit, or the server refused it.
        """
        try:
            reply: dict[str, Any] = self._server.handle_chat_completions(dict(request))
        except (ValueError, RuntimeError) as error:
            raise RequestError(f"{self._name}: the request was refused: {error}") from error
        return self._checked(reply)

    def render(self, messages: list[Message]) -> str:
        """Give the text that the chat template makes of a conversation."""
        return str(self.post("/apply-template", {"messages": messages})["prompt"])

    def save(self, slot: int, name: str) -> str:
        """Write the state of a slot to the scratch folder; give the file's name."""
        self.post(f"/slots/{slot}?action=save", {"filename": name})
        return name

    def restore(self, slot: int, name: str) -> None:
        """Put a slot into a saved state."""
        self.post(f"/slots/{slot}?action=restore", {"filename": name})

    def post(self, where: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Ask the server for what the library has no call for."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=600)
        headers = {"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"}
        try:
            connection.request("POST", where, json.dumps(body), headers)
            reply: dict[str, Any] = json.loads(connection.getresponse().read())
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise RequestError(f"{self._name}: no reply to {where}: {error}") from error
        finally:
            connection.close()
        return self._checked(reply)

    def _checked(self, reply: dict[str, Any]) -> dict[str, Any]:
        if not (error := reply.get("error")):
            return reply
        if error.get("type") == "exceed_context_size_error":
            raise RequestError(
                f"{self._name}: the prompt has {error.get('n_prompt_tokens')} tokens and does not "
                f"fit in the context of {self._context}; load the model with a larger one "
                "(-M context=N)"
            )
        raise RequestError(f"{self._name}: {error.get('message', error)}")


def check_file(path: Path) -> None:
    """Refuse what is no GGUF file.

    Raises:
        SubjectError: There is no such file, or it does not begin like one.
    """
    if not path.is_file():
        raise SubjectError(
            f"{path}: no such model file; give the path of a GGUF file, or gyges/smollm2"
        )
    with path.open("rb") as file:
        start = file.read(4)
    if start != b"GGUF":
        raise SubjectError(f"{path}: not a GGUF file (it begins with {start!r}, not b'GGUF')")


def _runtime() -> Any:
    """Import the runtime, with waiting threads that sleep instead of spinning.

    The threads of one batch wait for each other many times a second. Waiting in a busy loop is
    quickest on an idle machine, but beside one other busy process it makes decoding many times
    slower (``benchmarks/README.md``). The setting is read when the OpenMP library is loaded;
    programs that we start shall not inherit it.
    """
    name = "GOMP_SPINCOUNT"
    ours = not {name, "OMP_WAIT_POLICY"} & os.environ.keys()
    if ours:
        os.environ[name] = "0"
    try:
        import xllamacpp
    except ImportError as error:
        raise SubjectError(
            f"the embedded model cannot run here: {error}; install its runtime with "
            "'pip install xllamacpp' (on Linux it also needs the system library libgomp1), "
            "or choose a hosted model with --model"
        ) from error
    finally:
        if ours:
            del os.environ[name]
    return xllamacpp
