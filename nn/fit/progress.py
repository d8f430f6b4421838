"""A progress bar for people: there is none where the output is no terminal."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

from ..basics import extras


@contextmanager
def progress_bar(
    total: int | None, done: int, wanted: bool, unit: str = " steps"
) -> Iterator[Callable[[str, int], object]]:
    """A function that sets the bar's text and moves it on by some steps. Without tqdm there is no bar: none is needed.

    Where ``total`` is None nobody knows how many steps there are.
    """
    tqdm = None
    if wanted and sys.stderr is not None and sys.stderr.isatty():
        with suppress(ImportError):
            tqdm = extras.load("tqdm").tqdm
    if tqdm is None:
        yield lambda text, by: None
        return
    with tqdm(total=total, initial=done, unit=unit) as bar:

        def advance(text: str, by: int) -> None:
            bar.set_description_str(text, refresh=False)
            bar.update(by)

        yield advance


BARS = "▁▂▃▄▅▆▇█"


def sparkline(numbers: Sequence[float], most: int = 12) -> str:
    """The way of some numbers in one line, from the lowest to the highest; of many some, the last among them.

    >>> sparkline([4.0, 2.0, 1.0, 0.5])
    '█▄▂▁'
    >>> sparkline([]), sparkline([1.0, math.inf])
    ('', '▁?')
    """
    shown = [numbers[len(numbers) * (i + 1) // most - 1] for i in range(most)] if len(numbers) > most else numbers
    finite = [x for x in shown if math.isfinite(x)]
    low, span = min(finite, default=0.0), (max(finite, default=0.0) - min(finite, default=0.0)) or 1.0
    return "".join(BARS[round((x - low) / span * (len(BARS) - 1))] if math.isfinite(x) else "?" for x in shown)
