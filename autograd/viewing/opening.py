"""The page of a drawing: its picture under a camera, in which collapsed layers open in place.

Graphviz lays out a picture for each set of open layers that can be reached; the page shows one or another. Two layers
that follow one another can be open at once, so that what flows between their neurons is seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from .notation import visible
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
        panel=_PANEL,
        panel_label="What is asked",
        style=asset("camera.css") + asset("picture.css") + asset("opening.css"),
        script=asset("camera.js") + asset("opening.js"),
        data={"frames": [_frame(view, [tuple(other.opened) for other in views]) for view in views]},
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


def _frame(view: View, views: Sequence[tuple[str, ...]]) -> dict[str, Any]:
    """A view for the page's script. ``turns`` says which view shows a layer the other way, open or closed; ``opens``
    and ``within`` by which box it is opened, or begins where it stands open."""
    boxes = {(asked.layer, asked.opens): part for part, asked in reversed(view.asked.items()) if asked.layer}
    turns = {visible(layer): _turned(view.opened, layer, views) for layer, _ in boxes}
    opened = list(map(visible, view.opened))
    hints = ["Click or Enter on a box says what is in it."]
    if any(asked.opens for asked in view.asked.values()):
        hints.append("On a layer it opens its neurons.")
    if opened:
        hints.append(f"Open: {', '.join(opened)}. A click on the frame closes it.")
    return {
        "opened": opened,
        "hints": hints,
        "turns": turns,
        "boxes": {visible(layer): part for (layer, _), part in boxes.items()},
        "asked": {
            part: {"lines": list(map(visible, asked.lines)), "layer": visible(asked.layer), "opens": asked.opens}
            for part, asked in view.asked.items()
        },
    }


def _turned(opened: Sequence[str], layer: str, views: Sequence[tuple[str, ...]]) -> int:
    """The view in which a layer is closed if it is open, and else open, with a neighbour that was, or alone; or -1."""
    if layer in opened:
        wanted = [tuple(other for other in opened if other != layer)]
    else:
        wanted = [both for other in opened for both in ((other, layer), (layer, other))] + [(layer,)]
    return next((views.index(one) for one in wanted if one in views), -1)


_PANEL = """
<button id="toggle"></button>
<h2 id="asked"></h2>
<div id="said"></div>
"""
