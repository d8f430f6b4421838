"""How long one step of a step-through page takes in Chromium: ``python benchmarks/stepping.py``.

The processor time of the page's thread for script, layout and painting, so that other work counts little: the median
and the longest of all steps of the graphs that the tests drive, at a desktop's and a phone's size. Chromium must be
installed.
"""

import shutil
import statistics
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from autograd import step_through

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from stepping import GRAPHS

SIZES = {"1280 x 800": (1280, 800), "390 x 844": (390, 844)}

# A frame is asked for after the step, and what comes after it was painted.
STEP = """
async (selector) => {
  document.querySelector(selector)?.click();
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  return document.querySelector("#next").disabled;
}
"""


def step_times(page: Page) -> list[float]:
    """Milliseconds of processor time of each step of an open page."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def busy() -> float:
        metrics = session.send("Performance.getMetrics")["metrics"]
        return next(1000 * metric["value"] for metric in metrics if metric["name"] == "TaskDuration")

    times, at_the_end = [], page.evaluate(STEP, "#first")
    while not at_the_end:
        before = busy()
        at_the_end = page.evaluate(STEP, "#next")
        times.append(busy() - before)
    return times


def main() -> None:
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        print(f"{'graph':<18}{'steps':>6}" + "".join(f"{name + ', median':>22}{'longest':>10}" for name in SIZES))
        for name, graph in GRAPHS.items():
            file = Path(folder) / f"{name}.html"
            step_through(graph()).save(file)
            cells, steps = "", 0
            for width, height in SIZES.values():
                page = browser.new_page(viewport={"width": width, "height": height})
                page.goto(file.as_uri())
                times = step_times(page)
                cells, steps = cells + f"{statistics.median(times):>19.1f} ms{max(times):>7.1f} ms", len(times)
                page.close()
            print(f"{name:<18}{steps:>6}{cells}", flush=True)
        browser.close()


if __name__ == "__main__":
    main()
