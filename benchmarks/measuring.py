"""The run of ``python -m benchmarks``: everything is prepared and checked first, then measured, in turns."""

from __future__ import annotations

import gc
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .limit import operations, products, rate
from .targets import TARGETS
from .timing import shortest
from .work import CLOSE, Run, Work, difference
from .works import WORKS

REFERENCE = "numpy-by-hand"
Say = Callable[[str], None]


@dataclass(frozen=True)
class Row:
    """What was found of one work: the seconds by target, and those of its additions and multiplications alone."""

    title: str
    seconds: dict[str, float]
    limit: float


@dataclass(frozen=True)
class Results:
    """A row for each work, operations a second of a large product, and what was left out, in words, by target."""

    rows: dict[str, Row]
    rate: float
    missing: dict[str, str]


def measure(works: Sequence[str], targets: Sequence[str], seconds: float, say: Say) -> Results:
    """Measure all of the works that the machine has the targets for, each for so many seconds a target."""
    missing = {name: words for name in targets if (words := TARGETS[name].missing())}
    present = [name for name in targets if name not in missing]
    runs, counts, titles = {}, {}, {}
    for name in works:
        say(f"{name}: preparing, and checking that all give the same numbers")
        work = WORKS[name]()
        runs[name], counts[name], titles[name] = checked_runs(work, present), operations(work), work.title
    gc.collect()
    gc.freeze()  # what was prepared is there to stay: no competitor is to pay for looking at it again
    matrices, found, best = products(), {}, dict.fromkeys(products(), math.inf)
    for name in works:
        say(f"{name}: measuring")
        took = shortest({**runs[name], **{str(n): run for n, run in matrices.items()}}, seconds)
        best = {n: min(best[n], took.pop(str(n))) for n in matrices}
        found[name] = took
    most = rate(best)
    return Results(
        {name: Row(titles[name], found[name], counts[name] / most) for name in works},
        most,
        missing,
    )


def checked_runs(work: Work, targets: Sequence[str]) -> dict[str, Run]:
    """The runs of the targets that can do the work; a ValueError if one gives other numbers than NumPy by hand."""
    wanted, runs = TARGETS[REFERENCE].run(work), {}
    assert wanted
    for name in targets:
        run = TARGETS[name].run(work)
        if run is None:
            continue
        off = difference(run(), wanted())
        if not off <= CLOSE:
            raise ValueError(f"{work.title}: {TARGETS[name].title} is off by {off:.1e} from NumPy by hand")
        runs[name] = run
    return runs
