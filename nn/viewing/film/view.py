"""View: one picture of a training, as what is there and the numbers of a moment; and the axes that all share."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Protocol

from autograd.viewing.notation import number_text, visible

from ...fit.recording import Moment

Data = dict[str, Any]
"""Strings, numbers, arrays, and lists and dicts of them: what :func:`~nn.viewing.film.packing.packed` takes."""


class View(Protocol):
    """One picture; the package's docstring says how a page draws it."""

    name: str

    def spec(self) -> Data:
        """What is there, whatever the moment."""

    def frame(self, moment: Moment) -> Data | None:
        """The numbers of a moment, to whose parameters the model is set; None if there are none."""


@dataclass(frozen=True)
class Axis:
    """Numbers from ``low`` to ``high``, logarithmically if ``log``.

    >>> Axis(0.0, 10.0, "x").spec(most=2)
    {'name': 'x', 'low': 0.0, 'high': 10.0, 'log': False, 'ticks': [0.0, 5.0, 10.0]}
    """

    low: float
    high: float
    name: str = ""
    log: bool = False

    def spec(self, most: int = 5) -> Data:
        """The axis with its ticks, as a page draws it."""
        ticks = [tick for tick in self.ticks(most) if self.name != "epoch" or tick == int(tick)]
        return {"name": visible(self.name), "low": self.low, "high": self.high, "log": self.log, "ticks": ticks}

    def ticks(self, most: int = 5) -> list[float]:
        """A few round numbers within the range."""
        found = [tick for tick in self._candidates(most) if self.low <= tick <= self.high]
        return replace(self, log=False).ticks(most) if self.log and len(found) < 2 else found

    def _candidates(self, most: int) -> list[float]:
        if self.log:
            first, last = math.floor(math.log10(self.low)), math.ceil(math.log10(self.high))
            for mantissas in ((1, 2, 5), (1,)):
                found = [float(f"{m}e{k}") for k in range(first, last + 1) for m in mantissas]
                if sum(self.low <= tick <= self.high for tick in found) <= most:
                    return found
            return found[:: math.ceil(len(found) / most)]
        rough = (self.high - self.low) / most
        size = 10.0 ** math.floor(math.log10(rough))
        step = next(m * size for m in (1, 2, 5, 10) if m * size >= rough * (1 - 1e-9))
        return [float(f"{i * step:.12g}") for i in range(math.ceil(self.low / step), math.floor(self.high / step) + 1)]


def scale(numbers: Iterable[float], name: str = "", log: bool = False, margin: float = 0.05) -> Axis:
    """An axis that spans the numbers that are finite, and a little more; logarithmic only if all are positive."""
    finite = [x for x in numbers if math.isfinite(x)] or [0.0, 1.0]
    low, high = min(finite), max(finite)
    if log and low > 0.0:
        room = max((high / low) ** margin, 1.05)
        return Axis(low / room, high * room, name, True)
    room = margin * (high - low) or 0.5 * abs(high) or 1.0
    return Axis(low - room, high + room, name)


def tick_text(number: float) -> str:
    """A number as it is written on a page."""
    return number_text(number).replace("-", "−")
