"""A progress bar for people: there is none where the output is no terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ..basics import extras


@contextmanager
def progress_bar(
    total: int | None, done: int, wanted: bool, unit: str = " steps"
) -> Iterator[Callable[[str, int], object]]:
    """A function that sets the bar's text and moves it on by some steps. Without tqdm there is no bar: none is needed.

    Where ``total`` is None nobody knows how many steps there are.
    """
    tqdm = _tqdm() if wanted and sys.stderr is not None and sys.stderr.isatty() else None
    if tqdm is None:
        yield lambda text, by: None
        return
    with tqdm(total=total, initial=done, unit=unit) as bar:

        def advance(text: str, by: int) -> None:
            bar.set_description_str(text, refresh=False)
            bar.update(by)

        yield advance


def _tqdm() -> Any:
    try:
        return extras.load("tqdm").tqdm
    except ImportError:
        return None
