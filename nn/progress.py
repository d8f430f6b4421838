"""A progress bar for people: there is none where the output is no terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from . import extras


@contextmanager
def progress_bar(total: int, done: int, wanted: bool) -> Iterator[Callable[[str], None]]:
    """A function that moves the bar on by one step and sets its text."""
    if not wanted or not sys.stderr.isatty():
        yield lambda text: None
        return
    with extras.load("tqdm").tqdm(total=total, initial=done, unit=" steps") as bar:

        def advance(text: str) -> None:
            bar.set_description_str(text, refresh=False)
            bar.update()

        yield advance
