"""The page that plays what Python computed, frame by frame: controls, keys and layout; a viewer adds its stage."""

from __future__ import annotations

import html
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

from ..files import save
from .palette import css_variables


@dataclass(frozen=True)
class Page:
    """One self-contained HTML page: it opens from disk, asks the network for nothing, and shows itself in notebooks."""

    html: str = field(repr=False)
    description: str

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.description})"

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the page to a file, whole or not at all.

        ValueError unless its name ends in .html or .htm, OSError where the folder is missing or cannot be written to.
        """
        save("a page", path, dict.fromkeys((".html", ".htm"), self.html.encode))

    def _repr_html_(self) -> str:
        return framed(self.html, self.description, "40rem")


def framed(page: str, title: str, height: str) -> str:
    """A page in a frame of its own, which keeps its styles and keys out of the notebook, and the notebook's out of it.

    >>> framed("<p>", "a < b", "9rem")
    '<iframe srcdoc="&lt;p&gt;" title="a &lt; b" style="width: 100%; height: 9rem; border: 0"></iframe>'
    """
    return (
        f'<iframe srcdoc="{html.escape(page)}" title="{html.escape(title)}" '
        f'style="width: 100%; height: {height}; border: 0"></iframe>'
    )


def asset(name: str) -> str:
    """A file of the pages' styles, scripts and pieces, which stands beside this one."""
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def common_style() -> str:
    """The style that all pages begin with: the colours, and what is alike everywhere."""
    return css_variables() + asset("page.css")


def fill_player(
    *,
    title: str,
    stage: str,
    stage_label: str,
    panel: str,
    panel_label: str,
    style: str,
    script: str,
    data: Any,
    map: str = "",
    unit: str = "step",
    pace: int = 1200,
) -> str:
    """The player's HTML. ``title`` and labels are text; ``stage``, ``panel`` and ``map``, which moves the stage, are
    HTML; ``data.frames`` is played.

    A frame is one ``unit``, and at single speed it stays for ``pace`` milliseconds.
    """
    as_json = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    parts = {
        "title": html.escape(title),
        "stage": stage,
        "stage_label": html.escape(stage_label),
        "map": map,
        "panel": panel,
        "panel_label": html.escape(panel_label),
        "unit": html.escape(unit),
        "pace": str(pace),
        "common": common_style(),
        "style": style,
        "elements": asset("elements.js"),
        "script": script,
        "data": as_json.replace("<", "\\u003c"),  # so that no text in it can end the script element
    }
    return fill(asset("player.html"), parts)


def fill(template: str, parts: Mapping[str, str]) -> str:
    """A template with its names in double braces replaced; what takes their place is not looked at again.

    >>> fill("<p>{{name}}</p>", {"name": "{{name}}"})
    '<p>{{name}}</p>'
    """
    first, *pieces = template.split("{{")
    return first + "".join(parts[name] + rest for name, _, rest in (piece.partition("}}") for piece in pieces))
