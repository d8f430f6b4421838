"""View: one picture of the film, and how numbers are written for it."""

from __future__ import annotations

import html
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from autograd.viewing.notation import number_text, visible

from ...fit.recording import Moment


class View(Protocol):
    """One picture. ``frame`` is called for each moment, with the model's parameters set to those of the moment."""

    name: str

    def frame(self, moment: Moment) -> Any:
        """What the page has to know of this moment, as JSON."""

    def data(self) -> Any:
        """What it has to know besides, as JSON; asked for after all frames."""

    def figure(self) -> str:
        """The picture before any frame is shown, as HTML; asked for after all frames."""


def shown(text: str, longest: int = 24) -> str:
    """A text that people gave, as HTML: no character of it is markup, and none is invisible."""
    text = visible(text)
    return html.escape(text if len(text) <= longest else text[: longest - 1] + "…")


def digits(number: float, n: int = 4) -> float | None:
    """A number to so many significant digits, which is all that a page shows of it; None if it is not finite.

    >>> digits(0.123456), digits(-0.0), digits(math.inf)
    (0.1235, 0.0, None)
    """
    return float(f"{number:.{n}g}") + 0.0 if math.isfinite(number) else None


def all_digits(numbers: Iterable[float]) -> list[float | int | None]:
    """The same of several, whole numbers without a point, which is shorter."""
    return [int(x) if x is not None and x == int(x) else x for x in map(digits, numbers)]


@dataclass(frozen=True)
class Axis:
    """Numbers from ``low`` to ``high`` along the pixels from ``start`` to ``end``, logarithmically if ``log``."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def at(self, number: float) -> float:
        """The pixel of a number, to a tenth."""
        low, high = self._scaled(self.low), self._scaled(self.high)
        return round(self.start + (self._scaled(number) - low) / (high - low) * (self.end - self.start), 1)

    def ticks(self, most: int = 5) -> list[float]:
        """A few round numbers within the range."""
        return [tick for tick in self._candidates(most) if self.low <= tick <= self.high]

    def _scaled(self, number: float) -> float:
        return math.log10(number) if self.log else number

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
        return [round(i * step, 12) for i in range(math.ceil(self.low / step), math.floor(self.high / step) + 1)]


def scale(numbers: Iterable[float], start: float, end: float, log: bool = False, margin: float = 0.05) -> Axis:
    """An axis that spans the numbers that are finite, and a little more; logarithmic only if all are positive."""
    finite = [x for x in numbers if math.isfinite(x)] or [0.0, 1.0]
    low, high = min(finite), max(finite)
    if log and low > 0.0:
        room = max((high / low) ** margin, 1.05)
        return Axis(low / room, high * room, start, end, True)
    room = margin * (high - low) or 0.5 * abs(high) or 1.0
    return Axis(low - room, high + room, start, end)


def tick_text(number: float) -> str:
    """A tick as it is written beside an axis."""
    return number_text(number).replace("-", "−")


def frame_lines(x: Axis, y: Axis, x_ticks: Iterable[float], y_ticks: Iterable[float]) -> str:
    """Two axes as SVG: grid lines and numbers."""
    parts = []
    for tick in x_ticks:
        at = x.at(tick)
        parts.append(f'<path class="grid" d="M{at} {y.start}V{y.end}"/>')
        parts.append(f'<text class="tick" x="{at}" y="{y.start + 15}" text-anchor="middle">{tick_text(tick)}</text>')
    for tick in y_ticks:
        at = y.at(tick)
        parts.append(f'<path class="grid" d="M{x.start} {at}H{x.end}"/>')
        parts.append(f'<text class="tick" x="{x.start - 5}" y="{at + 4}" text-anchor="end">{tick_text(tick)}</text>')
    return "".join(parts)


def svg(name: str, label: str, width: float, height: float, body: str) -> str:
    """An SVG picture of that size. ``label`` is HTML."""
    return f'<svg id="{name}" viewBox="0 0 {width:g} {height:g}" role="img" aria-label="{label}">{body}</svg>'
