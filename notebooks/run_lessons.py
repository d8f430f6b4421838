"""Runs the lessons, or those named, and keeps what they show: ``python notebooks/run_lessons.py [LESSON.ipynb ...]``.

Text and pictures are kept as they come. A page that plays (a film, a graph to step through) is kept as a still, for a
notebook that is only read plays nothing: of the moment at which it opens, or, where that is its very start, at which
little is to be seen, of a later one. A widget, which needs anywidget, is kept as a still of its end.
"""

from __future__ import annotations

import base64
import html
import re
import sys
from collections.abc import Mapping, Sequence
from copy import deepcopy
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode

LESSONS = Path(__file__).parent
STILL = (960, 640)  # width and height of a page's still, in pixels
TELLING = """() => {
  const slider = document.querySelector("input[type=range]");
  if (!slider || slider.value !== slider.min) return;
  slider.value = Math.round(0.7 * slider.max);
  slider.dispatchEvent(new Event("input", { bubbles: true }));
}"""  # from the start of what plays to a moment that says more
SECONDS = 120  # the longest that a cell may take
VIEW = "application/vnd.jupyter.widget-view+json"


class Widget:
    """As much of a widget as there is to see without a notebook: its page, and what it was sent last."""

    def __init__(self, opened: Mapping[str, Any]) -> None:
        self.state: Mapping[str, Any] = opened["content"]["data"]["state"]
        self.packet = b""

    def handle_msg(self, message: Mapping[str, Any]) -> None:
        if message["content"]["data"]["method"] == "custom":
            (self.packet,) = message["buffers"]

    @property
    def frame(self) -> str:
        """The page in a frame, as it was left."""
        packet = base64.b64encode(self.packet).decode()
        left = f'<script>receive(Uint8Array.from(atob("{packet}"), (c) => c.charCodeAt(0)))</script>'
        page, *rest = self.state["frame"].partition('" title=')  # in which the page is one escaped attribute
        return "".join([page, html.escape(left), *rest])


def executed(path: Path) -> NotebookNode:
    """The lesson, run from top to bottom in a kernel of its own, as it came out; what a widget shows, as a page.

    Where there is no anywidget, cells that show one, tagged ``live``, are as they were.
    """
    lesson = nbformat.read(path, as_version=4)
    before = deepcopy(lesson)
    client = NotebookClient(
        lesson,
        timeout=SECONDS,
        kernel_name="python3",
        record_timing=False,
        coalesce_streams=True,  # a busy machine delivers what a cell prints in pieces
        resources={"metadata": {"path": str(LESSONS)}},
    )
    widgets: dict[str, Widget] = {}

    def opened(message: Mapping[str, Any]) -> Widget:
        return widgets.setdefault(message["content"]["comm_id"], Widget(message))

    client.comm_open_handlers["jupyter.widget"] = opened
    client.execute()
    for cell, kept in zip(lesson.cells, before.cells, strict=True):
        if "live" in cell.metadata.get("tags", ()) and not find_spec("anywidget"):
            cell.outputs = kept.outputs
        for output in cell.get("outputs", ()):
            if view := output.get("data", {}).pop(VIEW, None):
                output.data["text/html"] = widgets[view["model_id"]].frame
    lesson.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    return lesson


def page_of(output: NotebookNode) -> str:
    """The page that an output plays in a frame, or nothing."""
    shown = "".join(output.get("data", {}).get("text/html", ""))
    frame = re.search(r'<iframe\b[^>]*\bsrcdoc="([^"]*)"', shown)
    return html.unescape(frame[1]) if frame else ""


def with_stills(lesson: NotebookNode) -> NotebookNode:
    """The lesson with a picture in the place of each page."""
    playing = [(cell, output) for cell in lesson.cells for output in cell.get("outputs", ()) if page_of(output)]
    for (_, output), picture in zip(playing, _stills([page_of(output) for _, output in playing]), strict=True):
        output.data = {
            "image/png": base64.b64encode(picture).decode() + "\n",
            "text/plain": "a page that plays: run this cell to see it",
        }
    return lesson


def _stills(pages: Sequence[str]) -> list[bytes]:
    if not pages:
        return []
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**_browser())
        pictures = []
        for page in pages:
            sheet = browser.new_page(viewport={"width": STILL[0], "height": STILL[1]})  # no page sees another's script
            sheet.set_content(page)
            sheet.evaluate(TELLING)
            sheet.wait_for_timeout(500)  # what moves at first has come to rest
            pictures.append(sheet.screenshot())
        browser.close()
    return pictures


def _browser() -> dict[str, object]:
    """The system's Chromium, where there is one."""
    from shutil import which

    found = which("chromium") or which("chromium-browser") or which("google-chrome")
    return {"executable_path": found, "args": ["--no-sandbox"]} if found else {}


def main(arguments: Sequence[str]) -> None:
    for path in [Path(name) for name in arguments] or sorted(LESSONS.glob("*.ipynb")):
        nbformat.write(with_stills(executed(path)), path)
        print(path)


if __name__ == "__main__":
    main(sys.argv[1:])
