"""How operations are recorded, chosen by context: :func:`no_grad` and :func:`detect_anomaly`.

A mode belongs to the running context (a thread, an asyncio task), never to the process: what one thread chooses
does not reach another.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Mode:
    """What happens to each result beyond being recorded."""

    recording: bool = True
    checking: bool = False


# None is the plain mode: recording costs one look-up and one comparison.
current: ContextVar[Mode | None] = ContextVar("autograd mode", default=None)


@contextmanager
def no_grad() -> Iterator[None]:
    """Operations compute their value and record nothing: each result is a leaf.

    >>> from autograd import Value, no_grad
    >>> w = Value(3.0)
    >>> with no_grad():
    ...     print((w * w).parents)
    ()
    """
    with _changed(recording=False):
        yield


@contextmanager
def detect_anomaly() -> Iterator[None]:
    """The first operation whose value or gradient is nan or inf raises FloatingPointError and names it.

    >>> from autograd import Value, detect_anomaly
    >>> with detect_anomaly():
    ...     Value(-1.0, label="x").log()
    Traceback (most recent call last):
      ...
    FloatingPointError: log gave nan: log(x=-1.0)
    """
    with _changed(checking=True):
        yield


@contextmanager
def _changed(**settings: bool) -> Iterator[None]:
    token = current.set(replace(current.get() or Mode(), **settings))
    try:
        yield
    finally:
        current.reset(token)


def is_recording() -> bool:
    """Whether operations are recorded: :func:`no_grad` is not on."""
    mode = current.get()
    return mode is None or mode.recording


def is_checking() -> bool:
    """Whether :func:`detect_anomaly` is on."""
    mode = current.get()
    return mode is not None and mode.checking
