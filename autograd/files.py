"""Files that are either whole or not there."""

import errno
import os
import secrets
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

PART = ".valuegrad-{}.part"
"""The name under which a file is written before it gets its own, and all that a kill may leave behind.

It cannot be guessed and is never used twice, so that no two writers share it. For the same reason no later run mends
what a killed one has left: such a file may be removed.
"""


def write_files(contents: Mapping[Path, bytes]) -> None:
    """Write several files: each appears whole or not at all, and none appears before all of them are on disk.

    Any number of programs may write to one path: what stands there is what one of them wrote. A link is followed, and
    a file that is there keeps its permissions. A device or a pipe is written to as it stands.
    """
    parts: dict[Path, tuple[Path, Path]] = {}  # for each path: its part, and the file that the part becomes
    try:
        for path, content in contents.items():
            with _speaking_of(path):
                mode = _mode(path)
                if mode is None or stat.S_ISREG(mode):
                    target = Path(os.path.realpath(path))
                    parts[path] = target.with_name(PART.format(secrets.token_hex(8))), target
                    _write_to_disk(parts[path][0], content, mode)
        for path, content in contents.items():
            with _speaking_of(path):
                if path in parts:
                    part, target = parts[path]
                    part.replace(target)
                else:
                    path.write_bytes(content)
        for path, (_, target) in parts.items():
            with _speaking_of(path):
                _sync_folder(target.parent)
    finally:
        for part, _ in parts.values():
            part.unlink(missing_ok=True)


def write_file(path: str | os.PathLike[str], content: bytes) -> None:
    """Write one file: whoever looks sees the old content or the new, never a part of it."""
    write_files({Path(path): content})


def save(what: str, path: str | os.PathLike[str], kinds: Mapping[str, Callable[[], bytes]]) -> None:
    """Write one file, of the kind that its name's ending asks for: ``kinds`` makes the content for each ending.

    ValueError for another ending, OSError where the folder is missing or cannot be written to.

    >>> save("a page", "page.pdf", {".html": bytes, ".htm": bytes})
    Traceback (most recent call last):
      ...
    ValueError: cannot save a page as 'page.pdf': its name must end in .html or .htm
    """
    path = Path(path)
    content = kinds.get(path.suffix.lower())
    if content is None:
        *others, last = kinds
        endings = f"{', '.join(others)} or {last}" if others else last
        raise ValueError(f"cannot save {what} as {path.name!r}: its name must end in {endings}")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"cannot save {path.name!r}: there is no folder {str(path.parent)!r}; create it first")
    made = content()
    try:
        write_file(path, made)
    except OSError as error:
        raise type(error)(f"cannot save {str(path)!r}: {error.strerror or error}") from error


def _mode(path: Path) -> int | None:
    """What stands at the path and who may do what with it; None where nothing does."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return None
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    return mode


def _write_to_disk(part: Path, content: bytes, mode: int | None) -> None:
    """Make a new file, which must not be there yet, not even as a link; ``mode`` is that of the file it will replace.

    What replaces a private file is private from the beginning.
    """

    def make(name: str, flags: int) -> int:
        return os.open(name, flags, 0o666 if mode is None else 0o600)

    with open(part, "xb", opener=make) as file:
        file.write(content)
        file.flush()
        if mode is not None:
            os.chmod(file.fileno() if os.chmod in os.supports_fd else part, stat.S_IMODE(mode))
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """Have the folder's new names on disk, where the system can do that."""
    if not hasattr(os, "O_DIRECTORY"):  # Windows has no way to open a folder
        return
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except PermissionError:  # a folder may be written to and not read
        return
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.EROFS):  # as file systems say that they cannot
            raise
    finally:
        os.close(descriptor)


@contextmanager
def _speaking_of(path: Path) -> Iterator[None]:
    """An OSError names the file that was asked for, not the part of it that was being written."""
    try:
        yield
    except OSError as error:
        if error.errno is None:
            raise
        raise type(error)(error.errno, error.strerror, str(path)) from error
