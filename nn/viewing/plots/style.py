"""How plots look: one style, for light and for dark pages, in the colours of graphs, pages and the film.

What differs in colour differs in shape or dashes too. A plot has the theme of the axes it is drawn into, and so suits
those of a user's own as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from autograd.viewing.palette import CLASSES, PALETTES, Palette, Theme, luminance, palette_of

from ...basics import extras

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MARKERS = ("o", "^", "s", "D", "v", "P", "X", "*")

_theme: ContextVar[Theme] = ContextVar("theme", default="light")


@contextmanager
def theme(name: Theme) -> Iterator[None]:
    """New axes made within are for a ``light`` or a ``dark`` page.

    >>> with theme("dark"):
    ...     current_theme()
    'dark'
    """
    palette_of(name)
    token = _theme.set(name)
    try:
        yield
    finally:
        _theme.reset(token)


def current_theme() -> Theme:
    """That of new axes."""
    return _theme.get()


@contextmanager
def styled(ax: Axes) -> Iterator[Palette]:
    """The colours that suit the axes; text, legends and lines made within have them."""
    matplotlib = extras.load("matplotlib")
    face = extras.load("matplotlib.colors").to_hex(ax.get_facecolor())
    name: Theme = "dark" if luminance(face) < 0.18 else "light"  # at which black and white stand out alike
    with matplotlib.rc_context(settings(name)):
        yield PALETTES[name]


def settings(name: Theme) -> dict[str, Any]:
    """matplotlib's settings for a theme: ``matplotlib.rcParams.update(settings("dark"))`` draws all in our style."""
    palette = PALETTES[name]
    cycle = extras.load("matplotlib").cycler(color=[palette[part] for part in CLASSES])
    return {
        **dict.fromkeys(("figure.facecolor", "axes.facecolor", "legend.facecolor"), palette["paper"]),
        **dict.fromkeys(("text.color", "axes.labelcolor", "xtick.labelcolor", "ytick.labelcolor"), palette["ink"]),
        **dict.fromkeys(("axes.edgecolor", "xtick.color", "ytick.color"), palette["quiet"]),
        **dict.fromkeys(("grid.color", "legend.edgecolor"), palette["rule"]),
        **dict.fromkeys(("axes.spines.top", "axes.spines.right", "legend.frameon"), False),
        "axes.axisbelow": True,
        "axes.prop_cycle": cycle,
        "axes.titlesize": "medium",
        "grid.linewidth": 0.8,
        "lines.linewidth": 1.8,
    }


def shades_of(*colours: str) -> Any:
    """A colour map that runs through these colours."""
    return extras.load("matplotlib.colors").LinearSegmentedColormap.from_list("valuegrad", colours)
