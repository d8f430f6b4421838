"""Links of a built site are followed, to files and to places in pages; those out of it, or in frames, are not."""

import subprocess
import sys
from pathlib import Path

import pytest
from checkout import DOCS

HEAD = '<h1 id="top">A page</h1><img src="a%20picture.svg"><a href="https://elsewhere.example/x">x</a>'


@pytest.mark.parametrize(
    ("link", "is_dead"),
    [
        ("#top", False),
        ("folder/other.html", False),
        ("folder/other.html?a=1#there&amp;so", False),
        ("folder/other.html#here", True),
        ("#bottom", True),
        ("other.html", True),
        ("folder", True),  # a file's address, for a site that is opened from disk
        ("mailto:a@b.example", False),
    ],
)
def test_what_leads_nowhere_is_found(tmp_path: Path, link: str, is_dead: bool) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "a picture.svg").touch()
    frame = "<iframe srcdoc='&lt;a href=&quot;nowhere&quot;&gt;'></iframe>".replace("'", '"')
    (tmp_path / "index.html").write_text(f'{HEAD}<a href="{link}">a link</a>{frame}', encoding="utf-8")
    (tmp_path / "folder" / "other.html").write_text(
        '<p id="there&amp;so"><a href="../index.html">back</a>', encoding="utf-8"
    )
    done = subprocess.run([sys.executable, DOCS / "links.py", tmp_path], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (
        (1, f"index.html: {link}\n") if is_dead else (0, "every link leads somewhere\n")
    )
