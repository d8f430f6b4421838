"""How operations are recorded, chosen by context: :func:`no_grad` and :func:`detect_anomaly`; and who is told when a
number leaves the graph.

A mode belongs to the running context (a thread, an asyncio task), never to the process: what one thread chooses
does not reach another.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from threading import Lock


@dataclass(frozen=True, slots=True)
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
    read("no_grad()")
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


# ---- numbers that leave the graph

Notice = Callable[[str], None]

_notice: ContextVar[Notice | None] = ContextVar("who is told of a number that leaves the graph", default=None)
_lock = Lock()
noticing = 0
"""How many contexts want to be told: while there is none, a read costs one comparison more."""


@contextmanager
def noticing_reads(notice: Notice) -> Iterator[None]:
    """Whatever lets a Value's number leave the graph calls ``notice`` with what was used, such as ``"data"``.

    A graph that is recorded once and replayed for other numbers is the right one only if it did not depend on these.
    Noticed are ``data``, ``grad``, ``partials``, ``detach``, formatting, copies and pickles, ``no_grad``, and what is
    refused: conversions, comparisons with numbers, truth values.

    >>> from autograd import Value
    >>> with noticing_reads(print):
    ...     number = Value(3.0).data
    data
    """
    global noticing
    token = _notice.set(notice)
    with _lock:
        noticing += 1
    try:
        yield
    finally:
        with _lock:
            noticing -= 1
        _notice.reset(token)


@contextmanager
def reads_unnoticed() -> Iterator[None]:
    """What is read in this block does not shape the graph: a check that raises, a message, a picture."""
    token = _notice.set(None)
    try:
        yield
    finally:
        _notice.reset(token)


def read(what: str) -> None:
    """Say that a number left the graph by way of ``what``."""
    if noticing and (notice := _notice.get()):
        notice(what)
