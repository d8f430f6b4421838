"""The page of a drawing: its picture under a camera, in which collapsed layers open in place.

Graphviz lays out a picture for each set of open layers that can be reached; the page shows one or another. Two layers
that follow one another can be open at once, so that what flows between their neurons is seen.
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from .notation import visible
from .panel import PANEL, elements, escaped
from .parts import named_parts
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
    page = fill_player(
        title=visible(title),
        stage="".join(_stage(i, view) for i, view in enumerate(views)),
        stage_label="Picture",
        map=asset("map.html"),
        panel=PANEL,
        panel_label="What is asked",
        style=asset("camera.css") + asset("picture.css") + asset("opening.css"),
        script=asset("camera.js") + asset("opening.js"),
        data={"frames": [_frame(view, views) for view in views]},
        unit="view",
        pace=PACE,
    )
    return DrawingPage(page, f"{len(views)} view{'s' * (len(views) > 1)}")


def _stage(number: int, view: View) -> str:
    labels = {part: visible(asked.lines[0]) + ", closed" * asked.opens for part, asked in view.asked.items()}
    opened = [visible(layer) for layer in view.opened]
    return "".join(
        named_parts(picture, labels, opened, **{"class": shape, "data-view": str(number)})
        for shape, picture in view.pictures.items()
    )


def _frame(view: View, views: Sequence[View]) -> dict[str, Any]:
    """A view for the page's script: what is told of each box, and in which view a click on a box or a frame turns its
    layer the other way: open or closed. There it is ``held`` where it was, and has the focus."""
    turns = {}
    for part, asked in view.asked.items():
        layer, index = visible(asked.layer), _turned(view.opened, asked.layer, [tuple(other.opened) for other in views])
        if layer and index >= 0:
            box = next(box for box, other in views[index].asked.items() if other.layer == asked.layer)
            turns[part if asked.opens else layer] = {
                "view": index, "held": layer if asked.opens else box, "focused": box,
            }  # fmt: skip
    opened = list(map(visible, view.opened))
    hints = ["Click or Enter on a box says what is in it."]
    if any(part in turns for part in view.asked):
        hints.append("On a layer it opens its neurons.")
    if opened:
        hints.append(f"Open: {', '.join(opened)}. A click on the frame closes it.")
    return {
        "said": f"{' and '.join(opened)} open" if opened else "all closed",
        "turns": turns,
        "hints": _told("", hints),
        "told": {
            part: _told(asked.lines[0], asked.lines[1:], layer if (layer := visible(asked.layer)) in turns else "")
            for part, asked in view.asked.items()
        },
    }


def _told(name: str, lines: Sequence[str], closes: str = "") -> str:
    """What is told of a box, with a button that closes the layer it is in."""
    close = f'<button id="toggle" value="{html.escape(closes)}">close {html.escape(closes)}</button>' if closes else ""
    return f'{close}<h2 id="asked">{escaped(name)}</h2><div id="said">{elements("div", lines)}</div>'


def _turned(opened: Sequence[str], layer: str, views: Sequence[tuple[str, ...]]) -> int:
    """The view in which a layer is closed if it is open, and else open, with a neighbour that was, or alone; or -1."""
    if layer in opened:
        wanted = [tuple(other for other in opened if other != layer)]
    else:
        wanted = [both for other in opened for both in ((other, layer), (layer, other))] + [(layer,)]
    return next((views.index(one) for one in wanted if one in views), -1)
