"""A real browser for pages: any message on the console, any error and any request to a network fails the test."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")

SETTLED = """new Promise((done) => {
  let left = 3;
  (function next() { if (left--) requestAnimationFrame(next); else done(); })();
})"""
"""A page that finds itself to be of another size than when it was built is built anew within three frames."""

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """The system's Chromium, without a window; nothing is installed. Where CI is set, there must be one."""
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        missing = pytest.fail if os.environ.get("CI") else pytest.skip
        missing(f"no browser is installed: looked for {', '.join(NAMES)}")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield chromium
        chromium.close()


class Tabs:
    """The tabs of a browser, each used again for other tests: to open one takes longer than to load a page in it.

    Nothing of a page outlives it: none stores anything, its scripts end with it, and the pointer leaves the window.
    """

    def __init__(self, browser: Any) -> None:
        self.browser = browser
        self.free: list[Any] = []
        self.used: list[Any] = []
        self.complaints: list[str] = []
        self.allowed: tuple[str, ...] = ()

    def open(self, address: str, allowed: tuple[str, ...], width: int, height: int, dark: bool = False) -> Any:
        """The page at an address, which may request what begins with one of those that are allowed."""
        self.allowed += allowed
        self.used.append(tab := self.free.pop() if self.free else self._another())
        tab.set_viewport_size({"width": width, "height": height})
        tab.emulate_media(color_scheme="dark" if dark else "light")
        tab.goto(address)
        tab.evaluate(SETTLED)
        return tab

    def _another(self) -> Any:
        tab = self.browser.new_context().new_page()
        complain = self.complaints.append
        tab.on("console", lambda message: complain(f"console: {message.text}"))
        tab.on("pageerror", lambda error: complain(f"error: {error}"))
        tab.on("dialog", lambda dialog: (complain(f"dialog: {dialog.message}"), dialog.dismiss()))
        tab.on("request", lambda request: request.url.startswith(self.allowed) or complain(f"request: {request.url}"))
        return tab

    def clear(self) -> list[str]:
        """What the pages complained of since the last time; every tab is empty again."""
        used, self.used = self.used, []
        for tab in used:
            tab.mouse.move(-1, -1)
            tab.goto("about:blank")
            self.free.append(tab)
        found, self.complaints[:] = [*self.complaints], []
        self.allowed = ()
        return found

    def give_up(self, tab: Any) -> None:
        """Closes a tab in which something is left behind that no page can take back."""
        self.used.remove(tab)
        tab.context.close()


@pytest.fixture(scope="session")
def tabs(browser: Any) -> Tabs:
    """Those of one browser, for all tests of one process."""
    return Tabs(browser)


@pytest.fixture
def open_page(tabs: Tabs, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """``open_page(html, width=1280, height=800, dark=False)``: the page, opened from disk as a user would open it."""

    def open_page(html: str, width: int = 1280, height: int = 800, dark: bool = False) -> Any:
        file = tmp_path / f"page{len(tabs.used)}.html"
        file.write_text(html, encoding="utf-8")
        return tabs.open(file.as_uri(), (file.as_uri(),), width, height, dark)

    yield open_page
    complaints = tabs.clear()
    assert not complaints, complaints
