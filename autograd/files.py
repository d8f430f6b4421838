"""Files that are either whole or not there."""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path


def write_files(contents: Mapping[Path, bytes]) -> None:
    """Write several files: each appears whole or not at all, and none appears before all of them are on disk.

    A link is followed, and a file that is there keeps its permissions. A device or a pipe is written to as it stands.
    """
    parts: dict[Path, Path] = {}
    try:
        for path, content in contents.items():
            with _speaking_of(path):
                if path.is_dir():
                    raise IsADirectoryError(21, "Is a directory")
                if path.is_file() or not path.exists():
                    target = path.resolve()
                    parts[path] = target.with_name(
                        f".{target.name[:100]}.part"
                    )  # what a kill leaves, the next run mends
                    _write_to_disk(parts[path], content)
                    if target.exists():
                        shutil.copymode(target, parts[path])
        for path, content in contents.items():
            with _speaking_of(path):
                if path in parts:
                    parts[path].replace(path.resolve())
                else:
                    path.write_bytes(content)
    finally:
        for part in parts.values():
            part.unlink(missing_ok=True)


def write_file(path: str | os.PathLike[str], content: bytes) -> None:
    """Write one file: whoever looks sees the old content or the new, never a part of it."""
    write_files({Path(path): content})


def _write_to_disk(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def _speaking_of(path: Path) -> Iterator[None]:
    """An OSError names the file that was asked for, not the part of it that was being written."""
    try:
        yield
    except OSError as error:
        if error.errno is None:
            raise
        raise type(error)(error.errno, error.strerror, str(path)) from error
