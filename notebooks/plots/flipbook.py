"""A page with a slider: pictures that were drawn beforehand, one of which is shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from autograd import Drawing
from autograd.viewing.player import Page, fill_player
from nn.viewing.plots.axes import svg_bytes

from .theme import rules_for_dark_pages

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class Flipbook(Page):
    """What :func:`flipbook` returns: ``html`` is the page, :meth:`save` writes it, and a notebook shows it."""


def flipbook(
    title: str, pictures: Mapping[Any, tuple[Axes | Drawing, Sequence[str]]], unit: str, first: object = None
) -> Flipbook:
    """Pictures, each with lines of text beside it, under the names that the slider gives them: so many of one ``unit``.

    It opens with the picture named ``first``. All was drawn before: the page only shows one picture or another.
    """
    names = list(pictures)
    if not names or first not in (None, *names):
        raise ValueError(f"first is the name of one of the {len(names)} pictures, got {first!r}")
    page = fill_player(
        title=title,
        stage="",
        stage_label="Picture",
        panel='<div id="lines"></div>',
        panel_label="What it shows",
        style=rules_for_dark_pages() + _STYLE,
        script=_SCRIPT,
        data={
            "frames": [{"svg": _svg(picture), "lines": list(lines)} for picture, lines in pictures.values()],
            "places": [str(name) for name in names],
            "first": 0 if first is None else names.index(first),
        },
        unit=unit,
    )
    return Flipbook(page, f"{len(names)} pictures")


def _svg(picture: Axes | Drawing) -> str:
    svg = picture.svg if isinstance(picture, Drawing) else svg_bytes(lambda: picture).decode()
    return svg[svg.index("<svg ") :]


_STYLE = """
#stage { justify-items: center; }
#stage svg { max-width: 100%; max-height: 100%; }
#lines p { margin: 0 0 .7rem; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
#lines p:first-child { font-size: 1.1rem; font-weight: 600; }
"""

_SCRIPT = """
function show(frame) {
  $("stage").innerHTML = frame.svg;
  $("lines").replaceChildren(...frame.lines.map((line) => {
    const paragraph = document.createElement("p");
    paragraph.textContent = line;
    return paragraph;
  }));
  return frame.lines.join(" ");
}
play(show).move(data.first);
"""
