"""Side by side: competitors take turns within one run, and the shortest turn of each counts, which other work on the
machine can only lengthen.

It is the processor's time, in which other work shows least. All competitors have one thread.
"""

from __future__ import annotations

import gc
import math
import time
from collections.abc import Callable, Mapping
from typing import Any

TURN = 0.004
"""Seconds: short enough for some turns to be undisturbed, long enough for the clock."""
TURNS = 3
"""So many has each at least, however long one takes."""


def shortest(competitors: Mapping[str, Callable[[], Any]], seconds: float) -> dict[str, float]:
    """The seconds that a run of each takes; turns are taken until each has had its share of seconds."""
    counts = {name: _runs_a_turn(run) for name, run in competitors.items()}
    best = dict.fromkeys(competitors, math.inf)
    used, turns = dict.fromkeys(competitors, 0.0), 0
    gc.collect()
    gc.disable()
    try:
        while waiting := [name for name in competitors if turns < TURNS or used[name] < seconds]:
            for name in waiting:
                start = time.perf_counter()
                best[name] = min(best[name], _took(competitors[name], counts[name]) / counts[name])
                used[name] += time.perf_counter() - start
            turns += 1
    finally:
        gc.enable()
    return best


def _runs_a_turn(run: Callable[[], Any]) -> int:
    """How many fill a turn: by the fastest of a few, since the first ones may be slow."""
    fastest = _took(run, 1)
    for _ in range(10 if fastest < 10 * TURN else 0):
        fastest = min(fastest, _took(run, 1))
    return max(1, round(TURN / max(fastest, 1e-6)))


def _took(run: Callable[[], Any], count: int) -> float:
    """The processor's seconds for so many runs."""
    start = time.process_time()
    for _ in range(count):
        run()
    return time.process_time() - start
