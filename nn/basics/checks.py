"""Checks of numbers that users give: each returns the number, or says what was got and what was wanted."""

from __future__ import annotations

import math
from argparse import ArgumentTypeError
from collections.abc import Callable
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any, Generic, TypeVar

Number = TypeVar("Number", int, float)


@dataclass(frozen=True)
class Check(Generic[Number]):
    """What a number must be. A TypeError for what is none, a ValueError for a wrong one, both beginning with ``name``.

    >>> count("epochs", 3)
    3
    >>> count("epochs", 0)
    Traceback (most recent call last):
    ValueError: epochs is a whole number from 1, got 0
    """

    kind: Callable[[Any], Number]
    wanted: str
    accepts: Callable[[Number], bool]

    def __call__(self, name: str, got: Any) -> Number:
        if not isinstance(got, Real):
            raise TypeError(f"{name} is {self.wanted}, got {got!r}")
        if not self._fits(got):
            raise ValueError(f"{name} is {self.wanted}, got {got!r}")
        return self.kind(got)

    def parse(self, text: str) -> Number:
        """The number that the text of an option stands for; an ArgumentTypeError says the same if it is none."""
        try:
            if self.accepts(number := self.kind(text)):
                return number
        except ValueError:
            pass
        raise ArgumentTypeError(f"wanted {self.wanted}, got {text!r}")

    def _fits(self, got: Any) -> bool:
        if isinstance(got, bool) or (self.kind is int and not isinstance(got, Integral)):
            return False
        try:
            return self.accepts(self.kind(got))
        except OverflowError:  # a whole number beyond all floats
            return False


count = Check(int, "a whole number from 1", lambda n: n >= 1)
whole = Check(int, "a whole number from 0", lambda n: n >= 0)
positive = Check(float, "a finite number above 0", lambda x: 0.0 < x < math.inf)
not_negative = Check(float, "a finite number from 0", lambda x: 0.0 <= x < math.inf)
fraction = Check(float, "a number from 0 up to but not 1", lambda x: 0.0 <= x < 1.0)
