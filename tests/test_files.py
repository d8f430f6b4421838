"""Files appear whole or not at all, and only files are replaced."""

import os
import stat
import threading
from pathlib import Path

import pytest

from autograd.files import write_file, write_files


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


def test_permissions_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "private"
    path.write_bytes(b"old")
    path.chmod(0o600)
    write_file(path, b"new")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


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


def test_a_name_as_long_as_names_may_be(tmp_path: Path) -> None:
    write_file(tmp_path / ("n" * 255), b"content")


@pytest.mark.parametrize(("name", "error"), [("folder", IsADirectoryError), ("no/such", FileNotFoundError)])
def test_none_of_several_is_written_if_one_cannot_be(tmp_path: Path, name: str, error: type[OSError]) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "a").write_bytes(b"old")
    with pytest.raises(error) as raised:
        write_files({tmp_path / "a": b"new", tmp_path / name: b"new"})
    assert raised.value.filename == str(tmp_path / name)
    assert (tmp_path / "a").read_bytes() == b"old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "folder"]
