"""Builds the documentation site: ``python docs/build.py``, into docs/build/html, and asks no network for anything.

The lessons are run first, so that their pages can be played on the site; ``--as-kept`` takes them with the outputs that
they are kept with, in seconds. A warning of Sphinx, such as a reference that leads nowhere, ends the build.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

import nbformat
from sphinx.cmd.build import main as sphinx

DOCS = Path(__file__).parent
NOTEBOOKS = DOCS.parent / "notebooks"
LESSONS = DOCS / "lessons"  # made here, and not kept
OUT = DOCS / "build" / "html"

sys.path.insert(0, str(NOTEBOOKS))
from run_lessons import executed  # noqa: E402  it stands beside the lessons


def copy_lessons(as_kept: bool) -> None:
    """The lessons and their index, as pages of the site."""
    shutil.rmtree(LESSONS, ignore_errors=True)
    LESSONS.mkdir()
    names = []
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        print("lesson", path.name, flush=True)
        lesson = nbformat.read(path, as_version=4) if as_kept else executed(path)
        for cell in lesson.cells:
            cell.source = cell.source.replace("](README.md)", "](index.md)")
        nbformat.write(lesson, LESSONS / path.name)
        names.append(path.stem)
    index = (NOTEBOOKS / "README.md").read_text(encoding="utf-8")
    toctree = "\n".join(["```{toctree}", ":hidden:", *names, "```", ""])
    (LESSONS / "index.md").write_text(f"{index}\n{toctree}", encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--as-kept", action="store_true", help="do not run the lessons")
    copy_lessons(parser.parse_args().as_kept)
    shutil.rmtree(OUT, ignore_errors=True)
    status = sphinx(["-b", "html", "-W", "--keep-going", "-q", str(DOCS), str(OUT)])
    if not status:
        print(OUT / "index.html")
    return status


if __name__ == "__main__":
    sys.exit(main())
