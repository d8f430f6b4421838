"""How operations are recorded, chosen by context: :func:`no_grad` and :func:`detect_anomaly`; and who is told when a
number leaves the graph.

A mode belongs to the running context (a thread, an asyncio task), never to the process: what one thread chooses
does not reach another.
"""

import inspect
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ContextDecorator, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from threading import Lock
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Mode:
    """What happens to each result beyond being recorded."""

    recording: bool = True
    checking: bool = False


UNRECORDED = object()
"""In a node's scratch until it takes part in a pass: it was computed under :func:`no_grad`, so that nothing leads to
it. It is a leaf like any other, but to differentiate *it* would give zeros that mean nothing."""

# None is the plain mode: recording costs one look-up and one comparison.
current: ContextVar[Mode | None] = ContextVar("autograd mode", default=None)


class _Switch(ContextDecorator):
    """A block, or a function, in which the mode has other settings."""

    def __init__(self, what: str, **settings: bool) -> None:
        self._what = what
        self._settings = settings
        self._blocks: list[AbstractContextManager[None]] = []

    def __enter__(self) -> None:
        block = _changed(**self._settings)
        block.__enter__()
        self._blocks.append(block)
        if not self._settings.get("recording", True):
            read(self._what)

    def __exit__(self, *error: Any) -> None:
        self._blocks.pop().__exit__(*error)

    def __call__(self, function: F) -> F:
        for is_kind in (inspect.isgeneratorfunction, inspect.iscoroutinefunction, inspect.isasyncgenfunction):
            if is_kind(function):
                raise TypeError(
                    f"{self._what} would end before {function.__name__} runs, which runs piece by piece: "
                    f"write 'with {self._what}:' within it, around what does not yield or await"
                )
        return super().__call__(function)


def no_grad() -> _Switch:
    """Operations compute their value and record nothing: each result is a leaf, and its own ``backward`` a ValueError.

    Within a generator, the block must not hold a ``yield``: until it goes on, its caller would record nothing either.

    >>> from autograd import Value, no_grad
    >>> w = Value(3.0)
    >>> with no_grad():
    ...     print((w * w).parents)
    ()
    """
    return _Switch("no_grad()", recording=False)


def detect_anomaly() -> _Switch:
    """The first operation whose value or gradient is nan or inf raises FloatingPointError and names it.

    >>> from autograd import Value, detect_anomaly
    >>> with detect_anomaly():
    ...     Value(-1.0, label="x").log()
    Traceback (most recent call last):
      ...
    FloatingPointError: log gave nan: log(x=-1.0)
    """
    return _Switch("detect_anomaly()", checking=True)


def recorded() -> AbstractContextManager[None]:
    """Operations are recorded, also within :func:`no_grad`: a derivative that is asked for as a graph is one."""
    return _changed(recording=True)


@contextmanager
def _changed(**settings: bool) -> Iterator[None]:
    before = current.get()
    try:  # before the change: an interrupt right after it must not leave it
        mode = replace(before or Mode(), **settings)
        current.set(None if mode == Mode() else mode)
        yield
    finally:
        current.set(before)


def is_recording() -> bool:
    """Whether operations are recorded: :func:`no_grad` is not on."""
    mode = current.get()
    return mode is None or mode.recording


def require_recorded(what: str, node: Any) -> None:
    """A ValueError if the node is the result of what was not recorded, for ``what`` needs to know how it was made."""
    if node._adjoint is UNRECORDED:
        raise ValueError(
            f"{what} of {node.call_text()}, which was computed under no_grad(): nothing was recorded that leads to it. "
            f"Compute it outside of no_grad(), or, if it is to be a leaf, write Value(x.data)"
        )


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
    Noticed are ``data``, ``grad``, ``partials``, ``detach``, formatting, copies and pickles, ``no_grad``, the numbers
    of ``autograd.grad``, and what is refused: conversions, comparisons with numbers, truth values. A hash is not: it is
    that of the object, whatever its number.

    >>> from autograd import Value
    >>> with noticing_reads(print):
    ...     number = Value(3.0).data
    data
    """
    global noticing
    before = _notice.get()
    with _lock:
        noticing += 1
    try:
        _notice.set(notice)
        yield
    finally:
        _notice.set(before)
        with _lock:
            noticing -= 1


@contextmanager
def reads_unnoticed() -> Iterator[None]:
    """What is read in this block does not shape the graph: a check that raises, a message, a picture."""
    before = _notice.get()
    try:
        _notice.set(None)
        yield
    finally:
        _notice.set(before)


def read(what: str) -> None:
    """Say that a number left the graph by way of ``what``."""
    if noticing and (notice := _notice.get()):
        notice(what)
