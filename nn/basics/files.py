"""``.npz`` files that hold nothing but arrays, and directories that can be written to."""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
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


def read_npz(path: str | Path, what: str) -> ArrayFile:
    """The arrays of an ``.npz`` file; a FileFormatError if it is damaged. ``what`` is what the file should be.

    Pickled objects are never loaded, and nothing that is larger unpacked than the file itself: :func:`npz_bytes` does
    not compress.
    """
    content = Path(path).read_bytes()
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
        if size > len(content):
            raise FileFormatError(f"{path} is not {what}: it would unpack to {size:,} bytes from {len(content):,}")
        with np.load(io.BytesIO(content), allow_pickle=False) as packed:
            return ArrayFile(path, what, dict(packed))
    except FileFormatError:
        raise
    except Exception as error:  # bytes in memory: whatever goes wrong here, the cause is what they hold
        raise FileFormatError(f"{path} is not {what}, or is damaged: it cannot be read as .npz") from error


@dataclass(frozen=True)
class ArrayFile:
    """What an ``.npz`` file holds, asked for by name and kind; a FileFormatError says what is there instead."""

    path: str | Path
    what: str
    arrays: Arrays

    def array(self, name: str, kind: str, *shape: int | None) -> np.ndarray[Any, Any]:
        """The array of that name, of one kind (``U``, ``i`` or ``f``) and shape, in which None is any length."""
        if name not in self.arrays:
            raise self.refused(f"it has no array named {name!r}")
        array = self.arrays[name]
        fits = len(shape) == array.ndim and all(n in (None, got) for n, got in zip(shape, array.shape, strict=True))
        if array.dtype.kind != kind or not fits:
            kinds = {"U": "texts", "i": "whole numbers", "f": "numbers"}
            wanted = " × ".join("some" if n is None else str(n) for n in shape) or "one"
            raise self.refused(f"its {name!r} is {array.dtype} of shape {array.shape}, wanted {kinds[kind]}: {wanted}")
        return array

    def texts(self, name: str, length: int | None = None) -> list[str]:
        """A row of texts."""
        found: list[str] = self.array(name, "U", length).tolist()
        return found

    def state(self) -> dict[str, float]:
        """The state of a module, as :func:`state_arrays` writes it."""
        names = self.texts("names")
        return dict(zip(names, self.array("values", "f", len(names)).tolist(), strict=True))

    def part(self, prefix: str) -> Arrays:
        """The arrays whose names begin so, by the rest of their names."""
        return {name.removeprefix(prefix): array for name, array in self.arrays.items() if name.startswith(prefix)}

    def refused(self, reason: object) -> FileFormatError:
        """The error that says why this is not what it should be."""
        return FileFormatError(f"{self.path} is not {self.what}, or is damaged: {reason}")


def state_arrays(state: Mapping[str, float]) -> Arrays:
    """The state of a module as the two arrays that stand for it in a file."""
    return {"names": texts(state), "values": np.array(list(state.values()), dtype=np.float64)}


def texts(found: Iterable[str]) -> np.ndarray[Any, Any]:
    """A row of texts as an array, none too."""
    return np.array(list(found), dtype=np.str_)
