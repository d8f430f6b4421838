"""Files that are either whole or not there, and ``.npz`` files that hold nothing but arrays."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

Arrays = dict[str, np.ndarray[Any, Any]]


class FileFormatError(ValueError):
    """A file is damaged, or is not of the kind it was opened as."""


def write_files(contents: Mapping[Path, bytes]) -> None:
    """Write several files: each appears whole or not at all, and none appears before all of them are on disk."""
    parts = {path: path.with_name(f".{path.name}.part") for path in contents}
    try:
        for path, part in parts.items():
            with part.open("wb") as file:
                file.write(contents[path])
                file.flush()
                os.fsync(file.fileno())
        for path, part in parts.items():
            part.replace(path)
    finally:
        for part in parts.values():
            part.unlink(missing_ok=True)


def write_file(path: str | Path, content: bytes) -> None:
    """Write one file: whoever looks sees the old content or the new, never a part of it."""
    write_files({Path(path): content})


def require_writable(directory: Path) -> None:
    """Make the directory if need be, and an OSError now rather than after an hour's work if it takes no files."""
    directory.mkdir(parents=True, exist_ok=True)
    probe = directory / ".writable.part"
    probe.touch()
    probe.unlink()


def npz_bytes(arrays: Mapping[str, Any]) -> bytes:
    """The content of an ``.npz`` file; equal arrays give equal bytes."""
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def read_npz(path: str | Path, kind: str, wanted: Iterable[str]) -> Arrays:
    """The arrays of an ``.npz`` file; a FileFormatError if it is damaged or lacks one of those ``wanted``.

    ``kind`` says in the message what the file should have been. Pickled objects are never loaded.
    """
    content = Path(path).read_bytes()
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except Exception as error:  # bytes in memory: whatever goes wrong here, the cause is what they hold
        raise FileFormatError(f"{path} is not {kind}, or is damaged: it cannot be read as .npz") from error
    if missing := [name for name in wanted if name not in arrays]:
        raise FileFormatError(f"{path} is not {kind}: it has no array named {missing[0]!r}")
    return arrays
