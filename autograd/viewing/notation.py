"""How numbers and labels are written where people read them."""

import math
import re
from collections.abc import Iterable

NOT_COMPUTED = "–"
LONGEST_LABEL = 48

_INVISIBLE = re.compile(
    "[\x00-\x1f\x7f-\x9f"  # control characters; most of them may not stand in XML at all
    "\u2028\u2029"  # line and paragraph separators
    "\u202a-\u202e\u2066-\u2069"  # changes of direction, which would reorder the text that follows
    "\ud800-\udfff\ufffe\uffff]"  # not characters
)


def number_text(x: float) -> str:
    """A number to four digits; no digit before the point is dropped below a million, and −0 is 0.

    >>> [number_text(x) for x in (2.0, -0.0, 0.70710678, 65614.4, 1e-5, float("nan"))]
    ['2', '0', '0.7071', '65614', '1e-05', 'nan']
    """
    return f"{x:.0f}" if 1e4 <= abs(x) < 1e6 else f"{x + 0.0:.4g}"


def gradient_text(gradient: float | None) -> str:
    """The same for a gradient, which may not have been computed: ``–``."""
    return NOT_COMPUTED if gradient is None else number_text(gradient)


def range_text(numbers: Iterable[float]) -> str:
    """The least and the greatest of some numbers; one number where they agree, nan where any is nan, – for none.

    >>> range_text([0.5, -1.0, 0.25]), range_text([2.0, 2.0]), range_text([])
    ('-1 … 0.5', '2', '–')
    """
    numbers = list(numbers)
    if not numbers:
        return NOT_COMPUTED
    if any(x != x for x in numbers):
        return number_text(math.nan)
    least, greatest = number_text(min(numbers)), number_text(max(numbers))
    return least if least == greatest else f"{least} … {greatest}"


def largest_text(numbers: Iterable[float]) -> str:
    """The greatest magnitude; nan where any is nan, – for none.

    >>> largest_text([0.5, -1.0]), largest_text([])
    ('1', '–')
    """
    return range_text(abs(x) for x in numbers).rpartition(" ")[2]


def visible(text: str) -> str:
    """A text as one line in which every character can be seen.

    >>> visible("first\\nsecond"), visible("\\x00")
    ('first␊second', '␀')
    """
    return text if text.isascii() and text.isprintable() else _INVISIBLE.sub(_picture, text)


def shortened(label: str) -> str:
    """A label of at most 48 characters.

    >>> len(shortened("long" * 99)), shortened("short")
    (48, 'short')
    """
    return label if len(label) <= LONGEST_LABEL else label[: LONGEST_LABEL - 1] + "…"


def _picture(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code < 0x20:
        return chr(0x2400 + code)
    return "\u2421" if code == 0x7F else "\ufffd"
