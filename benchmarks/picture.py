"""The picture of ``python -m benchmarks``: a line a work, a mark a target, and the limit as an upright stroke."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from .measuring import Results
from .targets import TARGETS

sys.path.append(str(Path(__file__).parent.parent / "notebooks"))

LOOKS = {"engine": ("k7", "X"), "numpy": ("k0", "o"), "c": ("k5", "D"), "jax": ("k2", "^"), "torch": ("k3", "s")}
LOOKS["onnxruntime"] = ("k1", "v")
"""Colour and shape; what is done by hand has those of its library, and is hollow."""


def picture(results: Results) -> str:
    """As SVG, for light pages and for dark ones."""
    from plots.theme import following_theme

    from nn.viewing.plots.axes import svg_bytes

    return following_theme(svg_bytes(lambda: plotted(results)).decode())


def plotted(results: Results) -> Any:
    """The axes that it is drawn into."""
    from nn.viewing.plots.axes import new_axes
    from nn.viewing.plots.style import styled

    ax = new_axes(9.0, 0.8 + 0.45 * len(results.rows))
    rows = [*results.rows.values()]
    with styled(ax) as palette:
        for name, target in TARGETS.items():
            places = [(row.seconds[name] * 1e6, y) for y, row in enumerate(rows) if name in row.seconds]
            if not places:
                continue
            colour, marker = LOOKS[name.removesuffix("-by-hand")]
            face = palette[colour] if target.ours else palette["paper"]
            ax.plot(
                *zip(*places, strict=True),
                linestyle="",
                marker=marker,
                markersize=8,
                markerfacecolor=face,
                markeredgecolor=palette[colour],
                markeredgewidth=1.6,
                label=target.title,
            )
        ax.vlines(
            [row.limit * 1e6 for row in rows],
            [y - 0.32 for y in range(len(rows))],
            [y + 0.32 for y in range(len(rows))],
            color=palette["ink"],
            linewidth=2.2,
            label="limit",
        )
        ax.set_yticks(range(len(rows)), [row.title for row in rows])
        ax.set_xscale("log")
        ax.set(xlabel="microseconds")
        ax.grid(True)
        ax.invert_yaxis()
        ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return ax
