"""The live pages in headless Chromium: how fast a training goes while it is watched, and how soon a change is seen.

Beside the time that passes stands the processor time of the page and of Python, which other work on the machine
touches less.
"""

from __future__ import annotations

import compileall
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

import autograd
import nn

CHANGED = """
async ([act, done, times]) => {
  const [acts, isDone] = [act, done].map((text) => text.split("|")), taken = [];
  const frame = () => new Promise(requestAnimationFrame);
  for (let i = 0; i < times; i++) {
    const [selector, event, ...values] = acts, element = document.querySelector(selector);
    const value = values[i % values.length], begun = performance.now();
    if (event === "click") element.click();
    else { element.value = value; element.dispatchEvent(new Event(event)); }
    const [where, ...texts] = isDone, text = texts[i % texts.length].replace("$", value);
    while (!document.querySelector(where).textContent.includes(text)) await frame();
    taken.push(performance.now() - begun);
    for (let k = 0; k < 6; k++) await frame();
  }
  return taken;
}
"""

COUNTED = """
() => {
  const before = window.fetch;
  window.tally = { frames: 0, bytes: 0 };
  window.fetch = async (...all) => {
    const reply = await before(...all);
    tally.frames++;
    tally.bytes += Number(reply.headers.get("Content-Length"));
    return reply;
  };
}
"""


class Played:
    """A page that is served by a process of its own, open in a browser."""

    def __init__(self, browser: Any, *words: str) -> None:
        begun = time.perf_counter()
        command = [sys.executable, "-m", *words, "--no-browser"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout
        address = self.process.stdout.readline().split()[-1]
        self.started = time.perf_counter() - begun
        self.page = browser.new_page(viewport={"width": 1280, "height": 800})
        self.foreign: list[str] = []
        self.page.on("request", lambda r: r.url.startswith((address, "data:")) or self.foreign.append(r.url))
        self.page.goto(address)
        self.devtools = self.page.context.new_cdp_session(self.page)
        self.devtools.send("Performance.enable", {"timeDomain": "threadTicks"})

    def changes(self, act: str, done: str, times: int = 20) -> str:
        """Median and worst time from an act until its effect is on the page."""
        before = self.costs()
        taken: Sequence[float] = self.page.evaluate(CHANGED, [act, done, times])
        return f"{statistics.median(taken):.0f} ms, at worst {max(taken):.0f} ({self.spent(before, times)})"

    def costs(self) -> tuple[float, float]:
        """Seconds of processor time so far: of the page's thread, and of Python."""
        metrics = self.devtools.send("Performance.getMetrics")["metrics"]
        return next(m["value"] for m in metrics if m["name"] == "TaskDuration"), self.processor_seconds()

    def spent(self, before: tuple[float, float], times: int) -> str:
        page, python = (1000 * (now - then) / times for now, then in zip(self.costs(), before, strict=True))
        return f"processor time: page {page:.0f} ms, Python {python:.0f} ms"

    def processor_seconds(self) -> float:
        """What the process has used so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / 100

    def idle(self, seconds: float) -> str:
        before = self.processor_seconds()
        self.page.wait_for_timeout(1000 * seconds)
        return f"{1000 * (self.processor_seconds() - before) / seconds:.1f} ms of processor time a second"

    def close(self) -> None:
        self.process.terminate()
        self.process.communicate()
        print(f"  requests to anywhere else: {len(self.foreign)}")


def steps_of(page: Any) -> int:
    return int(page.inner_text("#steps").replace(",", ""))


def training(browser: Any) -> None:
    played = Played(browser, "nn", "play", "moons", "--hidden", "16,16", "--optimizer", "sgd")
    page = played.page
    page.wait_for_selector("#network .neuron", state="attached", timeout=60_000)
    print(f"training, 2-16-16-1\n  address printed after {played.started:.2f} s\n  idle: {played.idle(5)}")
    page.select_option("#pace", "all")
    page.evaluate(COUNTED)
    page.click("#train")
    page.wait_for_timeout(1500)
    begun, steps, before, costs = time.perf_counter(), steps_of(page), page.evaluate("({...tally})"), played.costs()
    page.wait_for_timeout(6000)
    took, after = time.perf_counter() - begun, page.evaluate("({...tally})")
    frames, sent = after["frames"] - before["frames"], after["bytes"] - before["bytes"]
    print(f"  {(steps_of(page) - steps) / took:,.0f} steps and {frames / took:.0f} frames a second", end="")
    print(f", {sent / frames / 1000:.1f} kB a frame ({played.spent(costs, frames)})")
    noise = "#settings [data-name=noise] input|input|0.12|0.15|0.18|0.21", "#settings [data-name=noise] output|$|$|$|$"
    print(f"  slider at full speed: {played.changes(*noise)}")
    page.select_option("#pace", "epoch")
    print(f"  slider at an epoch a frame: {played.changes(*noise)}")
    page.click("#train")
    sizes = "#sizes input|change|15|14|13|16", "#network figcaption|2-15-|2-14-|2-13-|2-16-"
    print(f"  architecture changed: {played.changes(*sizes)}")
    played.close()


def formula(browser: Any) -> None:
    played = Played(browser, "autograd", "play", "x**2 + y", "x=1", "y=0")
    page = played.page
    page.wait_for_selector("#stage svg", timeout=60_000)
    print(f"formula\n  address printed after {played.started:.2f} s\n  idle: {played.idle(5)}")
    numbers = [f"{i / 8}" for i in range(1, 9)]
    drag = "|".join(['[data-name="y"] input[type=range]', "input", *numbers])
    print(f"  drag: {played.changes(drag, '|'.join(['#output', *(f'{1 + float(n):.4g}' for n in numbers)]), 40)}")
    page.fill("#formula", "a = tanh(w*x + b); (a - 1)**2")
    page.wait_for_selector('[data-name="w"]')
    played.close()


def main() -> None:
    for package in (autograd, nn):
        compileall.compile_dir(Path(package.__file__).parent, quiet=1)  # as an installer does
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        training(browser)
        formula(browser)
        browser.close()


if __name__ == "__main__":
    main()
