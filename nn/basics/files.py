"""``.npz`` files that hold nothing but arrays, and directories that can be written to."""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

Arrays = dict[str, np.ndarray[Any, Any]]


class FileFormatError(ValueError):
    """A file is damaged, or is not of the kind it was opened as."""


def require_writable(directory: Path) -> None:
    """Make the directory if need be, and an OSError now rather than after an hour's work if it takes no files."""
    directory.mkdir(parents=True, exist_ok=True)
    tempfile.TemporaryFile(dir=directory).close()


def require_files(directory: Path, names: Iterable[str]) -> None:
    """A ValueError unless each of these names in the directory is that of a file, or still free."""
    for path in (directory / name for name in names):
        if path.exists() and not path.is_file():
            what = "a directory" if path.is_dir() else "no regular file"
            raise ValueError(f"cannot write {path}: it is {what}; remove it, or choose another --out")


def npz_bytes(arrays: Mapping[str, Any]) -> bytes:
    """The content of an ``.npz`` file; equal arrays give equal bytes."""
    buffer = io.BytesIO()
    try:
        np.savez(buffer, allow_pickle=False, **arrays)
    except ValueError as error:  # an archive that an interrupt left half packed complains that it cannot be closed
        if isinstance(error.__context__, KeyboardInterrupt):
            raise error.__context__ from None
        raise
    return buffer.getvalue()


def read_npz(path: str | Path, kind: str, wanted: Iterable[str]) -> Arrays:
    """The arrays of an ``.npz`` file; a FileFormatError if it is damaged or lacks one of those ``wanted``.

    ``kind`` says in the message what the file should have been. Pickled objects are never loaded, and nothing that is
    larger unpacked than the file itself: :func:`npz_bytes` does not compress.
    """
    content = Path(path).read_bytes()
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
        if size > len(content):
            raise FileFormatError(f"{path} is not {kind}: it would unpack to {size:,} bytes from {len(content):,}")
        with np.load(io.BytesIO(content), allow_pickle=False) as packed:
            arrays = {name: packed[name] for name in packed.files}
    except FileFormatError:
        raise
    except Exception as error:  # bytes in memory: whatever goes wrong here, the cause is what they hold
        raise FileFormatError(f"{path} is not {kind}, or is damaged: it cannot be read as .npz") from error
    if missing := [name for name in wanted if name not in arrays]:
        raise FileFormatError(f"{path} is not {kind}: it has no array named {missing[0]!r}")
    return arrays
