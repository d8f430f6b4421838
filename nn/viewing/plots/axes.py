"""Axes to draw into, and what all pictures share: colours, markers, the grid of points over a plane.

The colours are told apart by the colour-blind (Okabe and Ito, 2008), and by their lightness in greyscale; what differs
in colour differs in shape or dashes too. No state is global: figures are objects here, and pyplot is not used.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.viewing.notation import shortened, visible

from ...basics import extras

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#999999")
MARKERS = ("o", "^", "s", "D", "v", "P", "X", "*")
GRID = 50  # points along each side of the plane: each is a pass through the scalar network


def new_axes(width: float = 6.0, height: float = 4.5) -> Axes:
    """Axes of a figure of their own, in inches. A notebook shows the figure where a cell ends in its axes."""
    return side_by_side(1, width, height)[0]


def side_by_side(count: int, width: float = 4.5, height: float = 4.0) -> list[Axes]:
    """Axes in a row of one figure, each so wide and high in inches: ``left, right = side_by_side(2)``."""
    figure = extras.load("matplotlib.figure").Figure(figsize=(count * width, height), layout="constrained")
    row: list[Axes] = [figure.add_subplot(1, count, i + 1, axes_class=_shown_axes()) for i in range(count)]
    for ax in row:
        ax.spines[["top", "right"]].set_visible(False)
    return row


def svg_bytes(draw: Callable[[], Axes]) -> bytes:
    """The figure of the axes that a function draws, as SVG: equal pictures are equal bytes.

    The user's settings of matplotlib do not count here. The picture is as large as all that stands in it; its text is
    text, for the viewer has letters that matplotlib's own font lacks.
    """
    matplotlib, buffer = extras.load("matplotlib"), io.BytesIO()
    with matplotlib.rc_context(), warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # of letters that its font lacks, and of numbers that are not finite
        matplotlib.rcdefaults()
        matplotlib.rcParams.update({"svg.hashsalt": "valuegrad", "svg.fonttype": "none"})
        figure: Any = draw().get_figure(root=True)
        figure.savefig(buffer, format="svg", metadata={"Date": None}, bbox_inches="tight")
    return buffer.getvalue()


def plain(name: str) -> str:
    """A name as matplotlib is to be given it, so that it draws the name itself: ``$a$`` is no mathematics here."""
    return shortened(visible(name)).replace("$", r"\$")


@cache
def _shown_axes() -> Any:
    """The class of axes that show themselves in notebooks, which do that only for pyplot's figures by themselves."""

    class ShownAxes(extras.load("matplotlib.axes").Axes):  # type: ignore[misc]
        def _repr_svg_(self) -> str:
            return svg_bytes(lambda: self).decode().replace("<svg ", '<svg style="max-width: 100%; height: auto" ', 1)

    return ShownAxes
