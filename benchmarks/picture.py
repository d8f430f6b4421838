"""The picture of ``python -m benchmarks``: a line a work, a mark a target, and the limit as an upright stroke."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from autograd.viewing.palette import Palette

from .measuring import Results
from .targets import TARGETS

sys.path.append(str(Path(__file__).parent.parent / "notebooks"))  # whose plots know both themes in one picture

UNITS = (("µs", 1e-6), ("ms", 1e-3), ("s", 1.0))
BELOW = 0.27
LOOKS = {"engine": ("k7", "X"), "numpy": ("k0", "o"), "c": ("k5", "D"), "jax": ("k2", "^"), "torch": ("k3", "s")}
LOOKS["onnxruntime"] = ("k1", "v")
"""Colour and shape; what is done by hand has those of its library, and is hollow."""


def picture(results: Results) -> str:
    """As SVG, for light pages and for dark ones."""
    from plots.theme import following_theme

    from nn.viewing.plots.axes import svg_bytes

    return following_theme(svg_bytes(lambda: plotted(results)).decode())


def plotted(results: Results) -> Any:
    """The axes that it is drawn into: ours on the line of each work, what is done by hand below it."""
    from nn.viewing.plots.axes import new_axes
    from nn.viewing.plots.style import styled

    rows = [*results.rows.values()]
    ax = new_axes(9.0, 1.3 + 0.62 * len(rows))
    with styled(ax) as palette:
        ys = range(len(rows))
        limits = [row.limit for row in rows]
        stroke = {"color": palette["ink"], "linewidth": 2.4, "label": "limit"}
        ax.vlines(limits, [y - 0.12 for y in ys], [y + BELOW + 0.14 for y in ys], **stroke)
        for name, target in TARGETS.items():
            places = [
                (row.seconds[name], y + (not target.ours) * BELOW) for y, row in enumerate(rows) if name in row.seconds
            ]
            if places:
                look = _look(name, palette)
                ax.plot(*zip(*places, strict=True), linestyle="", markersize=8, label=target.title, **look)
        ax.set_xscale("log")
        ax.xaxis.set_major_formatter(lambda seconds, _: _told(seconds))
        ax.xaxis.set_minor_formatter(lambda seconds, _: "")
        ax.set_yticks(ys, [""] * len(rows))
        ax.tick_params(axis="y", length=0)
        ax.set_ylim(len(rows) - 0.4, -0.7)
        for y, row in enumerate(rows):
            ax.annotate(row.title, (0, y), (6, 12), xycoords=("axes fraction", "data"), textcoords="offset points")
        ax.grid(True)
        ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.5 / len(rows)), ncols=5)
    return ax


def _look(target: str, palette: Palette) -> dict[str, Any]:
    colour, marker = LOOKS[target.removesuffix("-by-hand")]
    face = palette[colour if TARGETS[target].ours else "paper"]
    return {"marker": marker, "markerfacecolor": face, "markeredgecolor": palette[colour], "markeredgewidth": 1.6}


def _told(seconds: float) -> str:
    """
    >>> [_told(10.0**n) for n in (-6, -4, -3, 1)]
    ['1 µs', '100 µs', '1 ms', '10 s']
    """
    unit, size = next((unit, size) for unit, size in UNITS if seconds < 999 * size)
    return f"{seconds / size:.3g} {unit}"
