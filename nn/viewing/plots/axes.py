"""Axes to draw into, and files of what was drawn. No state is global: figures are objects, and pyplot is not used."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.viewing.notation import shortened, visible
from autograd.viewing.palette import PALETTES, Palette

from ...basics import extras
from .style import current_theme, settings, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes

GRID = 50  # points along each side of the plane: each is a pass through the scalar network


def new_axes(width: float = 6.0, height: float = 4.5) -> Axes:
    """Axes of a figure of their own, in inches. A notebook shows the figure where a cell ends in its axes.

    They are for a light page; within ``with theme("dark"):``, for a dark one.
    """
    return side_by_side(1, width, height)[0]


def side_by_side(count: int, width: float = 4.5, height: float = 4.0) -> list[Axes]:
    """Axes in a row of one figure, each so wide and high in inches: ``left, right = side_by_side(2)``."""
    with extras.load("matplotlib").rc_context(settings(current_theme())):
        figure = extras.load("matplotlib.figure").Figure(figsize=(count * width, height), layout="constrained")
        row: list[Axes] = [figure.add_subplot(1, count, i + 1, axes_class=_shown_axes()) for i in range(count)]
    for ax in row:
        colour_ticks(ax, PALETTES[current_theme()])
    return row


def add_legend(owner: Any, entries: Sequence[tuple[str, Any]], **how: Any) -> None:
    """A legend of axes, or of a figure: a name and a handle each."""
    legend = owner.legend([handle for _, handle in entries], ["" for _ in entries], **how)
    for text, (name, _) in zip(legend.get_texts(), entries, strict=True):
        text.set_text(name)  # here, since some versions of matplotlib leave out names that begin with _


def add_colour_bar(ax: Axes, shades: Any, label: str, **how: Any) -> None:
    """A bar beside the axes that says which number each shade is."""
    with styled(ax) as palette:
        bar = ax.figure.colorbar(shades, ax=ax, label=label, **how)
        colour_ticks(bar.ax, palette)


def colour_ticks(ax: Axes, palette: Palette) -> None:
    """Ticks and grids are made when they are drawn, and so must be told now."""
    grid: dict[str, Any] = {"grid_color": palette["rule"], "grid_linewidth": 0.8}
    ax.tick_params(which="both", color=palette["quiet"], labelcolor=palette["ink"], **grid)


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
