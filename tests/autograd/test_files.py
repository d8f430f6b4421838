"""Files appear whole or not at all, and only files are replaced."""

import errno
import os
import secrets
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from autograd import files
from autograd.files import PART, save, write_file, write_files


@pytest.fixture
def umask() -> Iterator[None]:
    """The usual one, whatever that of the user who runs the tests is."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def test_written_and_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    for content in (b"old", b"new"):
        write_file(path, content)
        assert path.read_bytes() == content
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_is_followed(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_bytes(b"old")
    link.symlink_to(target)
    write_file(link, b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"


def test_a_link_to_nothing_makes_what_it_points_to(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("target")
    write_file(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "target").read_bytes() == b"new"


def test_a_loop_of_links_is_an_error_of_the_file_system(tmp_path: Path) -> None:
    (tmp_path / "a.html").symlink_to("b.html")
    (tmp_path / "b.html").symlink_to("a.html")
    with pytest.raises(OSError, match="symbolic links") as raised:
        write_file(tmp_path / "a.html", b"new")
    assert (raised.value.errno, raised.value.filename) == (errno.ELOOP, str(tmp_path / "a.html"))
    command = [sys.executable, "-m", "autograd", "step", "a", "a=1", "--out", str(tmp_path / "a.html")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "Too many levels of symbolic links" in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.html", "b.html"]


@pytest.mark.usefixtures("umask")
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664, 0o755])
def test_permissions_are_kept(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    path.chmod(mode)
    write_file(path, b"new")
    assert stat.S_IMODE(path.stat().st_mode) == mode


@pytest.mark.usefixtures("umask")
def test_a_new_file_has_the_permissions_that_the_umask_leaves(tmp_path: Path) -> None:
    write_file(tmp_path / "new", b"new")
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o644


def test_a_private_file_is_never_open_to_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "private"
    path.write_bytes(b"old")
    path.chmod(0o600)
    seen: list[int] = []

    def noting(call: Callable[..., None]) -> Callable[..., None]:
        def noted(*args: Any) -> None:
            seen.extend(stat.S_IMODE(entry.stat().st_mode) for entry in tmp_path.iterdir())
            call(*args)

        return noted

    monkeypatch.setattr(os, "chmod", noting(os.chmod))
    monkeypatch.setattr(os, "fsync", noting(os.fsync))
    write_file(path, b"new")
    assert set(seen) == {0o600}


def test_a_link_laid_under_the_name_that_is_written_to_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even if the name could be guessed: what another user's link points to stays as it is."""
    (tmp_path / "theirs").write_bytes(b"precious")
    monkeypatch.setattr(secrets, "token_hex", lambda _: "guessed")
    (tmp_path / PART.format("guessed")).symlink_to("theirs")
    with pytest.raises(FileExistsError):
        write_file(tmp_path / "mine", b"new")
    assert (tmp_path / "theirs").read_bytes() == b"precious"
    assert not (tmp_path / "mine").exists()


def test_each_name_that_is_written_to_is_used_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names: list[str] = []
    replace = os.replace
    monkeypatch.setattr(os, "replace", lambda part, path: (names.append(Path(part).name), replace(part, path)))
    for _ in range(3):
        write_file(tmp_path / "a", b"new")
    assert len(set(names)) == 3
    assert all(len(name) == len(PART.format("0" * 16)) for name in names)


def test_writers_of_one_path_do_not_disturb_each_other(tmp_path: Path) -> None:
    """Three programs write, and each read is whole: it shows what one of them wrote."""
    path = tmp_path / "shared"
    write_file(path, b"0" * 100_000)
    script = (
        "import sys\nfrom autograd.files import write_file\n"
        "for _ in range(50): write_file(sys.argv[1], sys.argv[2].encode() * 100_000)"
    )
    writers = [subprocess.Popen([sys.executable, "-c", script, str(path), digit]) for digit in "123"]
    contents = set()
    while any(writer.poll() is None for writer in writers):
        contents.add(path.read_bytes())
    assert [writer.returncode for writer in writers] == [0, 0, 0]
    assert {len(content) for content in contents} == {100_000}
    assert all(len(set(content)) == 1 for content in contents)
    assert list(tmp_path.iterdir()) == [path]


class _DiskFull:
    """A file that takes half of what is written to it."""

    def __init__(self, file: Any) -> None:
        self.file = file

    def __enter__(self) -> "_DiskFull":
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()

    def write(self, content: bytes) -> None:
        self.file.write(content[: len(content) // 2])
        self.file.flush()
        raise OSError(errno.ENOSPC, "No space left on device")


def _failing(call: Callable[..., Any], nth: int) -> Callable[..., Any]:
    """The same function, which fails when it is called for the nth time."""
    calls = 0

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == nth:
            raise OSError(errno.EIO, "Input/output error")
        return call(*args, **kwargs)

    return wrapped


def _full_at(nth: int) -> Callable[..., Any]:
    calls = 0

    def opened(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        file = open(*args, **kwargs)  # noqa: SIM115
        return _DiskFull(file) if calls == nth else file

    return opened


# Two files are written: each is opened, written, synced and renamed, and then their folder is opened and synced twice.
FAILURES = [
    ("open", 1, "oo"),
    ("open", 2, "oo"),
    ("write", 1, "oo"),
    ("write", 2, "oo"),
    ("fsync", 1, "oo"),
    ("fsync", 2, "oo"),
    ("replace", 1, "oo"),
    ("replace", 2, "no"),  # there is no renaming of two files at once: the first is new, and whole
    ("open", 3, "nn"),  # nor is there a way back: the files are whole, and perhaps not on disk
    ("fsync", 3, "nn"),
]


@pytest.mark.parametrize(("call", "nth", "found"), FAILURES)
def test_whatever_fails_nothing_is_half_written_and_nothing_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, nth: int, found: str
) -> None:
    paths = [tmp_path / "a", tmp_path / "b"]
    for path in paths:
        path.write_bytes(b"old content")
    if call == "write":
        monkeypatch.setattr(files, "open", _full_at(nth), raising=False)
    else:
        monkeypatch.setattr(os, call, _failing(getattr(os, call), nth))
    with pytest.raises(OSError, match=r"Input/output error|No space left") as raised:
        write_files(dict.fromkeys(paths, b"new content, longer"))
    monkeypatch.undo()
    assert raised.value.filename in map(str, paths)
    assert sorted(tmp_path.iterdir()) == paths
    contents = {"o": b"old content", "n": b"new content, longer"}
    assert [path.read_bytes() for path in paths] == [contents[letter] for letter in found]


@pytest.mark.parametrize("call", ["open", "write", "fsync", "replace"])
def test_a_new_file_that_fails_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    if call == "write":
        monkeypatch.setattr(files, "open", _full_at(1), raising=False)
    else:
        monkeypatch.setattr(os, call, _failing(getattr(os, call), 1))
    with pytest.raises(OSError, match=r"Input/output error|No space left"):
        write_file(tmp_path / "a", b"new")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("nth", [1, 2])
def test_a_folder_that_cannot_be_synced_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, nth: int) -> None:
    """Some may be written to and not read; some file systems know no syncing of folders."""
    if nth == 1:
        os_open = os.open

        def unreadable(path: Any, flags: int, *mode: int) -> int:
            if flags & os.O_DIRECTORY:
                raise PermissionError(errno.EACCES, "Permission denied")
            return os_open(path, flags, *mode)

        monkeypatch.setattr(os, "open", unreadable)
    else:
        fsync = os.fsync

        def files_alone(descriptor: int) -> None:
            if stat.S_ISDIR(os.fstat(descriptor).st_mode):
                raise OSError(errno.EINVAL, "Invalid argument")
            fsync(descriptor)

        monkeypatch.setattr(os, "fsync", files_alone)
    write_file(tmp_path / "a", b"new")
    assert (tmp_path / "a").read_bytes() == b"new"


def test_the_folder_is_synced_after_the_renaming(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    fsync, replace = os.fsync, os.replace

    def note_sync(descriptor: int) -> None:
        done.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file")
        fsync(descriptor)

    def note_rename(part: str, path: str) -> None:
        done.append("rename")
        replace(part, path)

    monkeypatch.setattr(os, "fsync", note_sync)
    monkeypatch.setattr(os, "replace", note_rename)
    write_file(tmp_path / "a", b"new")
    assert done == ["file", "rename", "folder"]


def test_a_pipe_is_written_to(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    write_file(pipe, b"through")
    reader.join(10)
    assert read == [b"through"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)


@pytest.mark.parametrize("name", ["n" * 255, "名" * 85])
def test_a_name_as_long_as_names_may_be(tmp_path: Path, name: str) -> None:
    write_file(tmp_path / name, b"content")


@pytest.mark.parametrize(("name", "error"), [("folder", IsADirectoryError), ("no/such", FileNotFoundError)])
def test_none_of_several_is_written_if_one_cannot_be(tmp_path: Path, name: str, error: type[OSError]) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "a").write_bytes(b"old")
    with pytest.raises(error) as raised:
        write_files({tmp_path / "a": b"new", tmp_path / name: b"new"})
    assert raised.value.filename == str(tmp_path / name)
    assert (tmp_path / "a").read_bytes() == b"old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "folder"]


SAVED: tuple[tuple[str, type[OSError] | type[ValueError], str], ...] = (
    ("g.txt", ValueError, r"cannot save a thing as 'g.txt': its name must end in \.x or \.y"),
    ("missing/g.x", FileNotFoundError, r"cannot save 'g.x': there is no folder '.*missing'; create it first"),
    ("folder.x", IsADirectoryError, r"cannot save '.*folder.x': Is a directory"),
)


@pytest.mark.parametrize(("name", "error", "message"), SAVED)
def test_save_says_what_is_wrong(tmp_path: Path, name: str, error: type[Exception], message: str) -> None:
    (tmp_path / "folder.x").mkdir()
    with pytest.raises(error, match=message):
        save("a thing", tmp_path / name, {".x": lambda: b"x", ".y": lambda: b"y"})
    assert [path.name for path in tmp_path.iterdir()] == ["folder.x"]


def test_save_makes_the_kind_that_the_name_asks_for(tmp_path: Path) -> None:
    save("a thing", tmp_path / "g.Y", {".x": lambda: b"x", ".y": lambda: b"y"})
    assert (tmp_path / "g.Y").read_bytes() == b"y"
