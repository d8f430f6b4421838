"""Files that are whole or not there, whatever happens while they are written."""

import os
from pathlib import Path

import pytest

from autograd.files import write_file, write_files
from nn.basics.files import require_files, require_writable


def test_all_files_appear_and_nothing_else(tmp_path):
    write_files({tmp_path / "a": b"1", tmp_path / "b": b"2"})
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a": b"1", "b": b"2"}


@pytest.mark.parametrize("failing", ["os.fsync", "pathlib.Path.replace"])
def test_a_failure_leaves_the_old_content_and_no_rest(tmp_path, monkeypatch, failing):
    path = tmp_path / "a"
    write_file(path, b"old")

    def fail(*_):
        raise OSError(28, "disk full")

    monkeypatch.setattr(failing, fail)
    with pytest.raises(OSError, match="disk full"):
        write_files({path: b"new", tmp_path / "b": b"new"})
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [("a", b"old")]


def test_no_file_appears_before_all_are_on_disk(tmp_path):
    with pytest.raises(OSError, match="absent"):
        write_files({tmp_path / "a": b"1", tmp_path / "absent" / "b": b"2"})
    assert list(tmp_path.iterdir()) == []


def test_a_directory_is_made_and_left_empty(tmp_path):
    require_writable(tmp_path / "deep" / "down")
    assert list((tmp_path / "deep" / "down").iterdir()) == []


def test_a_directory_that_takes_no_files_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file", tmp_path / "file" / "below", Path("/proc/self")):
        with pytest.raises(OSError, match=r".") as caught:
            require_writable(path)
        assert caught.value.strerror


def test_what_stands_in_the_place_of_a_file_must_be_one(tmp_path):
    (tmp_path / "file").write_text("")
    (tmp_path / "directory").mkdir()
    os.mkfifo(tmp_path / "pipe")
    require_files(tmp_path, ["file", "free"])
    for name, what in (("directory", "a directory"), ("pipe", "no regular file")):
        with pytest.raises(ValueError, match=f"cannot write .*/{name}: it is {what}; remove it"):
            require_files(tmp_path, ["file", name])
