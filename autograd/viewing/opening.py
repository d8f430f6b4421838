"""The page of a drawing: its picture under a camera, in which collapsed layers open in place.

Graphviz lays out a picture for each set of open layers that can be reached; the page shows one or another. Two layers
that follow one another can be open at once, so that what flows between their neurons is seen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from .notation import visible
from .player import Page, asset, fill_player

T = TypeVar("T")

PACE = 2000  # milliseconds that a view stays while the page plays


class DrawingPage(Page):
    """The page that :meth:`Drawing.save` writes as .html."""


@dataclass(frozen=True)
class Asked:
    """What the page says of a box that is asked, and the layer that it opens, or stands open within."""

    lines: Sequence[str]
    layer: str = ""
    opens: bool = False


@dataclass(frozen=True)
class View:
    """A graph, some of its layers open, in a picture for each shape of stage: ``wide`` and ``upright``, or ``only``.

    By the titles in them the page's script finds their boxes.
    """

    pictures: Mapping[str, str]
    opened: Sequence[str]
    asked: dict[str, Asked]


def tour(layers: Sequence[T]) -> Iterator[tuple[T, ...]]:
    """Which layers are open in each view: none, then each alone and with the one after it.

    >>> list(tour(["a", "b"]))
    [(), ('a',), ('a', 'b'), ('b',)]
    """
    yield ()
    for i, layer in enumerate(layers):
        yield (layer,)
        if i + 1 < len(layers):
            yield (layer, layers[i + 1])


def page_of(title: str, views: Sequence[View]) -> DrawingPage:
    """The page of one or more pictures of a graph or model."""
    frames = [_frame(view) for view in views]
    page = fill_player(
        title=visible(title),
        stage="".join(_stage(i, view) for i, view in enumerate(views)),
        stage_label="Picture",
        map=asset("map.html"),
        panel=_PANEL,
        panel_label="What is asked",
        style=asset("camera.css") + asset("picture.css") + asset("opening.css"),
        script=asset("camera.js") + asset("opening.js"),
        data={"frames": frames},
        unit="view",
        pace=PACE,
    )
    return DrawingPage(page, f"{len(views)} view{'s' * (len(views) > 1)}")


def _stage(number: int, view: View) -> str:
    return "".join(
        re.sub(r' id="[^"]*"', "", picture).replace("<svg", f'<svg class="{shape}" data-view="{number}"', 1)
        for shape, picture in view.pictures.items()
    )


def _frame(view: View) -> dict[str, Any]:
    return {
        "opened": list(map(visible, view.opened)),
        "asked": {
            part: {"lines": list(map(visible, asked.lines)), "layer": visible(asked.layer), "opens": asked.opens}
            for part, asked in view.asked.items()
        },
    }


_PANEL = """
<button id="toggle"></button>
<h2 id="asked"></h2>
<div id="said"></div>
"""
