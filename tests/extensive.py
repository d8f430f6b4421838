"""Extensive tests: further cases of what others hold, and what takes long; ``pytest -m extensive`` runs them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest


def further(*cases: Any) -> list[Any]:
    """These cases are extensive."""
    return [pytest.param(case, marks=pytest.mark.extensive) for case in cases]


def some_or_all(rows: Iterable[Any]) -> pytest.MarkDecorator:
    """A test of a whole table at once, as its argument ``rows``: of every fourth row; of all is extensive."""
    every = [*rows]
    both = [pytest.param(every[::4], id="some"), pytest.param(every, id="all", marks=pytest.mark.extensive)]
    return pytest.mark.parametrize("rows", both)
