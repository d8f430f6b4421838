"""Reads: who is told when a number leaves a graph that is being recorded."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

import autograd
from autograd import Value, modes

ENGINE = f"{Path(autograd.__file__).parent}{os.sep}"

_lock = Lock()
_hashing = 0


@contextmanager
def noticing_reads(notice: Callable[[str], None]) -> Iterator[None]:
    """Whatever lets a Value's number leave the graph calls ``notice`` with what was used; looking one up does too.

    A Value is never found in a dict of numbers, where the number itself is: ``table.get(x)`` is a branch.
    """
    with modes.noticing_reads(notice), _noticing_hashes():
        yield


@contextmanager
def _noticing_hashes() -> Iterator[None]:
    """The engine does not ask about hashes, which it needs often: while this is on, those of others are told of."""
    global _hashing
    with _lock:
        _hashing += 1
        Value.__hash__ = _noticed_hash  # type: ignore[method-assign, assignment]
    try:
        yield
    finally:
        with _lock:
            _hashing -= 1
            if not _hashing:
                Value.__hash__ = object.__hash__  # type: ignore[method-assign, assignment]


def _noticed_hash(value: Value) -> int:
    if not sys._getframe(1).f_code.co_filename.startswith(ENGINE):
        modes.read("hash")
    return object.__hash__(value)
