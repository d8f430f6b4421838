"""Where things stand in a picture: boxes around its nodes, frames and lines, read from its SVG."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from autograd.viewing.drawing import Drawing

SVG = "{http://www.w3.org/2000/svg}"


@dataclass(frozen=True)
class Outline:
    """A node, frame or line of a picture, and the box around it."""

    title: str
    """Its name in the DOT text, without the sides on which a line begins and ends."""
    text: str
    least: tuple[float, float]
    most: tuple[float, float]

    def holds(self, other: Outline) -> bool:
        """Whether all of another is within it."""
        pairs = zip((*self.least, *other.most), (*other.least, *self.most), strict=True)
        return self != other and all(less <= more for less, more in pairs)


def outlines(drawing: Drawing, kind: str) -> list[Outline]:
    """All of a kind: ``cluster``, ``node box``, ``edge``, …"""
    groups = ET.fromstring(drawing.titled_svg).iter(f"{SVG}g")
    return [_outline(group) for group in groups if group.get("class") == kind]


def _outline(group: ET.Element) -> Outline:
    title = re.sub(":[nesw]", "", group.findtext(f"{SVG}title", ""))
    text = " ".join("".join(text.itertext()) for text in group.iter(f"{SVG}text")).replace("\xa0", " ")
    xs, ys = _corners(next(shape for shape in group.iter() if shape.tag.removeprefix(SVG) in _SHAPES))
    return Outline(title, text, (min(xs), min(ys)), (max(xs), max(ys)))


_SHAPES = ("path", "polygon", "ellipse")


def _corners(shape: ET.Element) -> tuple[Sequence[float], Sequence[float]]:
    if shape.tag == f"{SVG}ellipse":
        x, y, rx, ry = (float(shape.get(name, "")) for name in ("cx", "cy", "rx", "ry"))
        return (x - rx, x + rx), (y - ry, y + ry)
    numbers = [float(number) for number in re.findall(r"-?[\d.]+", shape.get("d") or shape.get("points", ""))]
    return numbers[::2], numbers[1::2]


def side_by_side(found: Sequence[Outline], axis: int) -> Iterator[Outline]:
    """These from left to right (``axis`` 0) or from top to bottom (1); an AssertionError where two overlap."""
    last: Outline | None = None
    for outline in sorted(found, key=lambda outline: outline.least[axis]):
        assert last is None or last.most[axis] <= outline.least[axis], (last, outline)
        last = outline
        yield outline
