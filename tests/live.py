"""Live pages in tests: asked without a server, and opened in a browser from one."""

from __future__ import annotations

import json
import math
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pytest
from browser import Tabs

from autograd.viewing.live import LivePage, answered
from autograd.viewing.live.server import Server

SIZES = {"desktop": (1280, 800), "phone": (390, 844)}

MISFITS = """[...document.querySelectorAll("figure .plot")].filter((plot) =>
  plot.querySelector("svg").getAttribute("viewBox") !== `0 0 ${plot.clientWidth} ${plot.clientHeight}`).length"""
"""How many pictures of a page are drawn in another size than that of their place."""


def head_of(packet: bytes) -> dict[str, Any]:
    """The JSON of an answer; it must be one of JSON's own, without NaN."""
    length = int.from_bytes(packet[:4], "little")

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    head: dict[str, Any] = json.loads(packet[4 : 4 + length], parse_constant=refuse)
    return head


def told(ask: Callable[[Any], Any], **question: Any) -> dict[str, Any]:
    packet, afterwards = answered(ask, question)
    afterwards(lambda: False)
    return head_of(packet)


ODD = [None, True, False, 0, -1, 1, 2, 7, 10**400, -0.0, 1e-320, 1e308, math.nan, math.inf, "", "x", "é\ud800", [],
       [[]], {}, {"a": {"b": []}}, [1, 2], [math.nan, "x"], "__proto__", ["x"] * 50]  # fmt: skip


def random_question(random: random.Random, likely: Mapping[str, Sequence[Any]]) -> Any:
    """A question of the page's own words, with things put in that never were there."""
    question = {name: random.choice(values) for name, values in likely.items() if random.random() < 0.5}
    for name in random.sample(list(likely), k=min(len(likely), random.choice([0, 0, 1, 2]))):
        question[name] = random.choice(ODD)
    if random.random() < 0.1:
        question[random.choice(["", "x", "constructor"])] = random.choice(ODD)
    return random.choice(ODD) if random.random() < 0.03 else question


@pytest.fixture
def open_live(tabs: Tabs) -> Iterator[Callable[..., Any]]:
    """``open_live(page, width, height)``: the page, open; any error, or a request to anywhere else, fails the test."""
    servers: list[Server] = []

    def open_live(page: LivePage, width: int = 1280, height: int = 800) -> Any:
        server = Server(page)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
        servers.append(server)
        return tabs.open(server.address, (server.address, "data:", "about:", "blob:"), width, height)

    yield open_live
    complaints = tabs.clear()
    for server in servers:
        server.shutdown()
        server.server_close()
    assert not complaints, complaints


def step_once(page: Any) -> None:
    """Plays one step of the graph that a live page shows in a frame; a click before its script runs would be lost."""
    player = page.frame_locator("#player iframe")
    player.locator("#place", has_text="step 0 / ").wait_for()
    player.locator("#next").click()
    player.locator("#place", has_text="step 1 / ").wait_for()


def until(page: Any, condition: str, seconds: float = 10.0) -> None:
    """Wait for what a page shows; by asking it again and again, as its policy forbids to evaluate text within it."""
    end = time.monotonic() + seconds
    while not page.evaluate(condition):
        assert time.monotonic() < end, f"after {seconds} s it is still not so: {condition}"
        getattr(page, "page", page).wait_for_timeout(10)


def on_edge(page: Any, start: int, end: int, share: float) -> tuple[float, float]:
    """A place on the edge between two neurons of a network's picture, so far on the way: x and y in the window."""
    before, after = (page.locator("#network .neuron").nth(i).bounding_box() for i in (start, end))
    x, y = before["x"] + before["width"], before["y"] + before["height"] / 2
    return x + share * (after["x"] - x), y + share * (after["y"] + after["height"] / 2 - y)
