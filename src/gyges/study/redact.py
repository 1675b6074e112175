"""How is a key kept out of everything that is written?

Provider errors sometimes quote the request: a header, a key, part of a URL. Every text that goes into a study
passes through :class:`Redactor`, which replaces (1) the values of environment variables that look like
credentials, (2) values handed over as model arguments that look like credentials, and (3) strings of the shapes
that providers use for keys and authorisation headers.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

__all__ = ["REDACTED", "Redactor", "is_secret_name", "secrets_in"]

REDACTED = "[redacted]"

_SECRET_NAME = re.compile(
    r"(?i)(api_?key|token|secret|password|passwd|credential|authorization|access_key)"
)
_SHAPES = re.compile(
    r"(?i)((?:proxy-)?authorization(?:\\*[\"'])?\s*[:=]\s*(?:\\*[\"'])?(?:(?:bearer|basic|token|digest|apikey)\s+)?)[^\s\"',}\\]+"
    r"|\b(bearer\s+)[A-Za-z0-9._~+/=-]{8,}"
    r"|((?:x-)?api[-_]?key(?:\\*[\"'])?\s*[:=]\s*(?:\\*[\"'])?)[^\s\"',}\\]{6,}"
    r"|(://[^\s/:@\"']*:)[^\s/@\"']+(?=@)"
    r"|\b(?:sk|pk|rk|xai|gsk|hf|r8|ghp|pplx)[-_][A-Za-z0-9_*-]{8,}"
    r"|\bAIza[A-Za-z0-9_-]{20,}"
    r"|\bAKIA[A-Z0-9]{12,}"
)
# Cheap test whether the expensive expression can match at all: almost every line has none of these.
_HINTS = ("authorization", "bearer", "api", "sk-", "sk_", "pk-", "rk-", "xai-", "gsk_", "hf_", "r8_", "ghp_",
          "pk_", "rk_", "pplx-", "aiza", "akia", "://")  # fmt: skip


def is_secret_name(name: str) -> bool:
    """Tell whether an argument or variable of this name holds a credential."""
    return _SECRET_NAME.search(name) is not None and not name.lower().endswith(
        ("max_tokens", "tokens")
    )


def secrets_in(value: Any, name: str = "") -> Iterator[str]:
    """Yield the credentials that stand in arguments, however deep: the values whose name says so."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            # Whatever stands under a name such as "credentials" is one.
            yield from secrets_in(item, name if is_secret_name(name) else str(key))
    elif isinstance(value, list | tuple):
        for item in value:
            yield from secrets_in(item, name)
    elif value is not None and is_secret_name(name):
        yield str(value)


def _replace(match: re.Match[str]) -> str:
    kept = next((group for group in match.groups() if group), "")
    return kept + REDACTED


class Redactor:
    """Replaces credentials in text.

    Args:
        secrets: Further values to replace, for example those of ``-M api_key=...``.
        environ: Where to look for credentials; the process's environment by default.
    """

    def __init__(
        self, secrets: Iterable[str] = (), environ: Mapping[str, str] | None = None
    ) -> None:
        env = os.environ if environ is None else environ
        found = {value for name, value in env.items() if is_secret_name(name)}
        found.update(secrets)
        values = {value for value in found if len(value) >= 8}
        # In a quoted request a value may stand escaped.
        escaped = {
            json.dumps(value, ensure_ascii=way)[1:-1] for value in values for way in (True, False)
        }
        values |= escaped
        self._values = sorted(values, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        """Return the text with every credential replaced by ``[redacted]``."""
        for value in self._values:
            if value in text:
                text = text.replace(value, REDACTED)
        lowered = text.lower()
        if any(hint in lowered for hint in _HINTS):
            text = _SHAPES.sub(_replace, text)
        return text
