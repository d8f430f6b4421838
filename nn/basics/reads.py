"""Reads: how ``nn`` asks the engine whether a number has left a graph that is being recorded."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from autograd import modes


def noticing_reads(notice: Callable[[str], None]) -> AbstractContextManager[Any]:
    """While it is on, ``notice(what)`` is called wherever a Value's number is read."""
    hook: Any = getattr(modes, "noticing_reads", None)
    return nullcontext() if hook is None else hook(notice)


def reads_unnoticed() -> AbstractContextManager[Any]:
    """For the package's own checks of targets, on which no graph depends."""
    hook: Any = getattr(modes, "reads_unnoticed", None)
    return nullcontext() if hook is None else hook()
