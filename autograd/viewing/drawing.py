"""A Drawing: the picture of a graph, as DOT text that is rendered when it is looked at or saved."""

import math
import os
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from functools import cached_property, partial

from ..files import save
from .opening import DrawingPage, View, page_of
from .rendering import FORMATS, render, render_titled

POINTS_PER_INCH = 72
TEXT = 10  # points: the smallest text of a picture as it is drawn
SMALLEST_TEXT = 5  # points, on paper
SMALLEST_SHOWN = 9  # pixels, in a notebook
UNBOUNDED = 1000  # inches


@dataclass(frozen=True)
class Drawing:
    """What :func:`autograd.draw` returns: ``dot`` and ``svg`` are text, :meth:`save` writes a file, and a notebook
    shows the picture itself.

    >>> Drawing("digraph { a -> b }", "2 nodes")
    Drawing(2 nodes)
    """

    dot: str = field(repr=False)
    description: str
    _page: Callable[[], DrawingPage] | None = field(default=None, repr=False, compare=False)

    def __repr__(self) -> str:
        return f"Drawing({self.description})"

    @cached_property
    def page(self) -> DrawingPage:
        """The picture as a page, which zooms and pans, says what is in a box, and opens collapsed layers in place."""
        return self._page() if self._page else page_of(self.description, [View({"only": self.titled_svg}, (), {})])

    @cached_property
    def svg(self) -> str:
        """The picture as one ``<svg>`` element, for a file or for a page; RenderingError without Graphviz."""
        return untitled(self.titled_svg)

    @cached_property
    def titled_svg(self) -> str:
        """The same with each part's name in ``dot`` as its title, by which a page's script can find it."""
        return render_titled(self.dot)

    def save(self, path: str | os.PathLike[str], width: float | None = None) -> None:
        """Write the picture to a file, whole or not at all; its extension decides: .svg, .png, .pdf, .html or .dot.

        A picture that is wider than ``width`` inches is scaled down to it, if its text can still be read in print: of
        10 points as it is drawn, it may shrink to 5. An .html file is the :attr:`page`, which fits any window.

        ValueError for another extension, or a width at which the text would be smaller; OSError where the folder is
        missing or cannot be written to; RenderingError without Graphviz (which .dot does not need).
        """
        kinds = {f".{format}": partial(self._as_bytes, format, width) for format in (*FORMATS, "dot", "html")}
        save("a drawing", path, kinds)

    def _as_bytes(self, format: str, width: float | None) -> bytes:
        if format == "html":
            if width is not None:
                raise ValueError("a page fits its window: width is for pictures, such as .svg, .png and .pdf")
            return self.page.html.encode()
        dot = self.dot if width is None else self._fitted(width)
        if format == "dot":
            return dot.encode()
        return untitled(render_titled(dot)).encode() if format == "svg" else render(dot, format)

    def _fitted(self, width: float) -> str:
        """The DOT text with a bound on the width of the picture."""
        if not width > 0:
            raise ValueError(f"width is in inches, above 0, got {width!r}")
        if width < self.width * SMALLEST_TEXT / TEXT:
            raise ValueError(
                f"the picture is {self.width:.1f} inches wide: at {width:g} its text would be "
                f"{TEXT * width / self.width:.1f} points high, wanted {SMALLEST_TEXT} or more. Give a width of "
                f"{math.ceil(self.width * SMALLEST_TEXT / TEXT)} or more, or draw it collapsed or with rankdir='TB'"
            )
        return self.dot.replace("{", f'{{\n\tgraph [size="{width:g},{UNBOUNDED}"]', 1)

    @property
    def width(self) -> float:
        """In inches, as it is drawn."""
        found = re.search(r'<svg width="([\d.]+)pt"', self.svg)
        assert found is not None
        return float(found[1]) / POINTS_PER_INCH

    def _repr_mimebundle_(
        self, include: Collection[str] | None = None, exclude: Collection[str] | None = None
    ) -> dict[str, str]:
        try:
            return {"image/svg+xml": self._fluid_svg(), "text/plain": repr(self)}
        except Exception as error:  # a notebook cell must show something, whatever is wrong with the renderer
            return {"text/plain": f"{self!r} cannot be shown here: {error}"}

    def _fluid_svg(self) -> str:
        """The picture for a notebook: as wide as there is room, but not so small that its text cannot be read."""
        least = self.width * POINTS_PER_INCH * SMALLEST_SHOWN / TEXT
        return self.svg.replace("<svg ", f'<svg style="max-width: 100%; min-width: {least:.0f}px; height: auto" ', 1)


def untitled(svg: str) -> str:
    """A picture without the names of its parts, which would show where the pointer rests."""
    return re.sub(r"<title>[^<]*</title>\n", "", svg)
