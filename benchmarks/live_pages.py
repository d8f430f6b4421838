"""The live pages in headless Chromium: how fast a training goes while it is watched, and how soon a change is seen.

While a page is measured, by itself, nobody is connected to the browser: developers' tools that listen make each
request slower. Beside the time that passes stands the processor time of the browser and of Python, which other work
on the machine touches less.
"""

from __future__ import annotations

import compileall
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, Playwright, sync_playwright

import autograd
import nn

CHANGED = """
async ([selector, event, values, where, texts, times]) => {
  const taken = [], frame = () => new Promise(requestAnimationFrame);
  for (let i = 0; i < times; i++) {
    const element = document.querySelector(selector), value = values[i % values.length], begun = performance.now();
    element.value = value;
    element.dispatchEvent(new Event(event));
    while (!document.querySelector(where).textContent.includes(texts[i % texts.length])) await frame();
    taken.push(performance.now() - begun);
    for (let k = 0; k < 6; k++) await frame();
  }
  return taken;
}
"""
"""The milliseconds from each of so many changes of a field until a text is seen."""

WATCHED = """
async (seconds) => {
  const ask = window.fetch, tally = { frames: 0, bytes: 0 };
  window.fetch = async (...all) => {
    const reply = await ask(...all);
    tally.frames++;
    tally.bytes += Number(reply.headers.get("Content-Length"));
    return reply;
  };
  const now = () => ({ ...tally, seconds: performance.now() / 1000,
    steps: Number(document.querySelector("#steps").textContent.replaceAll(",", "")) });
  const before = now();
  await new Promise((resolve) => setTimeout(resolve, 1000 * seconds));
  window.fetch = ask;
  return Object.fromEntries(Object.entries(now()).map(([name, number]) => [name, number - before[name]]));
}
"""
"""Steps, frames and bytes of so many seconds, and how many they were."""


class Played:
    """A page that is served by a process of its own, open in a browser of its own."""

    def __init__(self, playwright: Playwright, *words: str) -> None:
        begun = time.perf_counter()
        self.playwright = playwright
        self.python = subprocess.Popen(
            [sys.executable, "-m", *words, "--no-browser"], stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        assert self.python.stdout
        self.address = self.python.stdout.readline().split()[-1]
        self.started = time.perf_counter() - begun
        self.profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
        switches = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--remote-debugging-port=0"]
        self.browser = subprocess.Popen(
            [path, *switches, f"--user-data-dir={self.profile.name}", self.address],
            stderr=subprocess.PIPE, text=True, start_new_session=True,
        )  # fmt: skip
        assert self.browser.stderr
        self.devtools = next(line.split()[-1] for line in self.browser.stderr if "DevTools listening" in line)
        with self.page() as page:
            devtools = page.context.new_cdp_session(page)
            window = devtools.send("Browser.getWindowForTarget")
            wanted = {"width": 1280, "height": 800}
            inner = page.evaluate("({ width: innerWidth, height: innerHeight })")
            bounds = {side: window["bounds"][side] + wanted[side] - inner[side] for side in wanted}
            devtools.send("Browser.setWindowBounds", {"windowId": window["windowId"], "bounds": bounds})
            page.evaluate("performance.setResourceTimingBufferSize(1e6)")

    @contextmanager
    def page(self) -> Iterator[Page]:
        """The page, for as long as somebody is connected to the browser."""
        browser = self.playwright.chromium.connect_over_cdp(self.devtools)
        yield browser.contexts[0].pages[0]
        browser.close()

    def alone(self, script: str, argument: Any, seconds: float) -> tuple[Any, tuple[float, float]]:
        """What a script in the page comes to, and the processor time that it took: of the browser, and of Python."""
        with self.page() as page:
            page.evaluate(f"(given) => {{ ({script})(given).then((found) => window.found = [found]); }}", argument)
        before = self.costs()
        time.sleep(seconds)
        after = self.costs()
        with self.page() as page:
            (found,) = page.wait_for_function("window.found").json_value()
            page.evaluate("window.found = null")
        return found, (after[0] - before[0], after[1] - before[1])

    def changes(self, field: str, event: str, values: list[Any], where: str, texts: list[str], times: int = 20) -> str:
        """Median and worst time from a change of a field until its effect is on the page."""
        given = [field, event, values, where, texts, times]
        taken, _ = self.alone(CHANGED, given, 0.3 * times)
        return f"{statistics.median(taken):.0f} ms, at worst {max(taken):.0f}"

    def costs(self) -> tuple[float, float]:
        """Seconds of processor time so far: of all processes of the browser, and of Python."""
        found = {self.browser.pid: 0.0, self.python.pid: 0.0}
        for place in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = place.read_text().rpartition(")")[2].split()
            except OSError:  # it has ended
                continue
            if int(fields[3]) in found:  # its session
                found[int(fields[3])] += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        return found[self.browser.pid], found[self.python.pid]

    def idle(self, seconds: float) -> str:
        _, (_, python) = self.alone("async () => null", None, seconds)
        return f"{1000 * python / seconds:.1f} ms of processor time a second"

    def close(self) -> None:
        with self.page() as page:
            asked: list[str] = page.evaluate("performance.getEntriesByType('resource').map(({ name }) => name)")
        foreign = [address for address in asked if not address.startswith((self.address, "data:"))]
        print(f"  requests: {len(asked)}, to anywhere else: {len(foreign)}")
        for process in (self.browser, self.python):
            os.killpg(process.pid, signal.SIGTERM)
            process.communicate()
        self.profile.cleanup()


def training(playwright: Playwright) -> None:
    played = Played(playwright, "nn", "play", "moons", "--hidden", "16,16", "--optimizer", "sgd")
    with played.page() as page:
        page.wait_for_selector("#network .neuron", state="attached", timeout=60_000)
    print(f"training, 2-16-16-1\n  address printed after {played.started:.2f} s\n  idle: {played.idle(5)}")
    with played.page() as page:
        page.select_option("#pace", "all")
        page.click("#train")
    time.sleep(2)
    seen, costs = played.alone(WATCHED, 6, 7)
    steps, frames = (seen[name] / seen["seconds"] for name in ("steps", "frames"))
    browser, python = (1000 * cost / 7 / frames for cost in costs)
    size = seen["bytes"] / seen["frames"] / 1000
    print(f"  {steps:,.0f} steps and {frames:.1f} frames a second, {size:.1f} kB a frame", end="")
    print(f" (processor time: browser {browser:.0f} ms, Python {python:.0f} ms)")
    noise = [0.12, 0.15, 0.18, 0.21]
    field, told = (f"#settings [data-name=noise] {part}" for part in ("input", "output"))
    print(f"  slider at full speed: {played.changes(field, 'input', noise, told, list(map(str, noise)))}")
    with played.page() as page:
        page.select_option("#pace", "epoch")
    print(f"  slider at an epoch a frame: {played.changes(field, 'input', noise, told, list(map(str, noise)))}")
    with played.page() as page:
        page.click("#train")
    sizes = [15, 14, 13, 16]
    shown = [f"2-{size}-" for size in sizes]
    print(f"  architecture changed: {played.changes('#sizes input', 'change', sizes, '#network figcaption', shown)}")
    played.close()


def formula(playwright: Playwright) -> None:
    played = Played(playwright, "autograd", "play", "x**2 + y", "x=1", "y=0")
    with played.page() as page:
        page.wait_for_selector("#stage svg", timeout=60_000)
    print(f"formula\n  address printed after {played.started:.2f} s\n  idle: {played.idle(5)}")
    numbers = [i / 8 for i in range(1, 9)]
    shown = [f"{1 + number:.4g}" for number in numbers]
    slider = "[data-name=y] input[type=range]"
    print(f"  drag: {played.changes(slider, 'input', numbers, '#output', shown, 40)}")
    played.close()


def main() -> None:
    for package in (autograd, nn):
        compileall.compile_dir(Path(package.__file__).parent, quiet=1)  # as an installer does
    with sync_playwright() as playwright:
        training(playwright)
        formula(playwright)


if __name__ == "__main__":
    main()
