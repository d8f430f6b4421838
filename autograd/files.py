"""Files that are either whole or not there."""

import os
from collections.abc import Mapping
from pathlib import Path


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


def write_file(path: str | os.PathLike[str], content: bytes) -> None:
    """Write one file: whoever looks sees the old content or the new, never a part of it."""
    write_files({Path(path): content})
