"""A progress bar for people: there is none where the output is no terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from . import extras


@contextmanager
def progress_bar(total: int, done: int, wanted: bool) -> Iterator[Callable[[str], None]]:
    """A function that moves the bar on by one step and sets its text. Without tqdm there is no bar: none is needed."""
    tqdm = _tqdm() if wanted and sys.stderr is not None and sys.stderr.isatty() else None
    if tqdm is None:
        yield lambda text: None
        return
    with tqdm(total=total, initial=done, unit=" steps") as bar:

        def advance(text: str) -> None:
            bar.set_description_str(text, refresh=False)
            bar.update()

        yield advance


def _tqdm() -> Any:
    try:
        return extras.load("tqdm").tqdm
    except ImportError:
        return None
