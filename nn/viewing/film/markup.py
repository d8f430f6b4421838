"""Markup: what stands around the pictures, as HTML: captions with their keys and controls, and the panel's parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from autograd.viewing.panel import escaped

from .view import Data, tick_text

_SHAPES = (  # circle, triangle, square, diamond, cross
    "m-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0",
    "m0-5l5 9h-10z",
    "m-4-4h8v8h-8z",
    "m0-5.5l5.5 5.5l-5.5 5.5l-5.5-5.5z",
    "m-1.7-5h3.4v3.3h3.3v3.4h-3.3v3.3h-3.4v-3.3h-3.3v-3.4h3.3z",
)
MARKS = tuple(_SHAPES[k % len(_SHAPES)] for k in range(8))
"""Those of as many classes as there are colours, as paths from the point that is marked."""

_SAID = ("note", "controls", "classes", "labels")
"""What a page is told in markup alone."""


def marked_up(specs: Mapping[str, Data]) -> Data:
    """What a page is told of views: with ``caption``, which ends in the place of the picture, and the ``panel``."""
    return {
        name: {key: value for key, value in spec.items() if key not in _SAID}
        | ({"caption": _following(spec), "panel": _panel(spec)} if spec["view"] == "followed" else _figure(spec))
        for name, spec in specs.items()
    }


def _figure(spec: Data) -> Data:
    """Title, note, key and controls, and below them the place for a picture, with the height that it asks for.

    >>> _figure({"title": "a < b", "height": 80})["caption"]
    '<figcaption>a &lt; b <small> </small><div></div></figcaption><div class="plot" style="height: 80px"></div>'
    """
    controls = "".join(choice(*control) for control in spec.get("controls", []))
    said = f"{escaped(spec['title'])} <small>{escaped(spec.get('note', ''))} {_keys(spec)}</small><div>{controls}</div>"
    height = f' style="height: {spec["height"]}px"' if "height" in spec else ""
    return {"caption": f'<figcaption>{said}</figcaption><div class="plot"{height}></div>'}


def choice(name: str, label: str, options: Sequence[Sequence[str]]) -> str:
    """A control: what is chosen has the control's name, and is one of the options' values, each with its text."""
    told = "".join(f'<option value="{escaped(value)}">{escaped(text)}</option>' for value, text in options)
    return f'<label for="{name}">{escaped(label)}</label><select id="{name}">{told}</select>'


def _keys(spec: Data) -> str:
    """The key to a picture: its lines, its colours, its marks."""
    names = [curve["name"] for curve in spec.get("curves", []) if curve["name"]]
    lines = "".join(
        f'<span class="key line c{i}" style="width: calc({len(name) + 8}ch + 2rem)">{escaped(name)}</span>'
        for i, name in enumerate(names)
    )
    field = spec.get("field", {"kind": ""})
    least, most = map(tick_text, field["ends"]) if field["kind"] == "numbers" else ("", "")
    ramp = f'<span class="ramp">{least}<i></i>{most}</span>' if most else ""
    classes = "".join(_mark(name, kind, "training") for kind, name in enumerate(spec.get("classes", [])))
    return lines + ramp + classes + _mark("held out", 0, "others") * len(spec.get("points", [])[1:-1])


def _mark(name: str, kind: int, role: str) -> str:
    mark = f'<path class="mark k{kind % 8} {role}" d="M0,0{MARKS[kind % 8]}"/>'
    return f'<span class="key"><svg viewBox="-7 -7 14 14" aria-hidden="true">{mark}</svg>{escaped(name)}</span>'


def _following(spec: Data) -> str:
    """The choice of a sample, and the place for what is told of it."""
    samples = [(str(i), label) for i, label in enumerate(spec["labels"])]
    return f"<div>{choice('sample', 'Follow the sample', samples)}</div><div></div>"


def _panel(spec: Data) -> str:
    """The places for what is told of the followed sample, and of each neuron."""
    names = (escaped(neuron["name"]).replace(".", ".<wbr>") for neuron in spec["neurons"])
    rows = "".join(f'<tr><th scope="row">{name}</th><td></td><td></td></tr>' for name in names)
    head = "".join(f'<th scope="col">{name}</th>' for name in ("Neuron", "Activation", "Gradient"))
    return (
        '<h2 id="heading"></h2><dl id="facts"></dl><div id="sum"></div><details open><summary>Its neurons</summary>'
        f'<table><thead><tr>{head}</tr></thead><tbody id="neurons">{rows}</tbody></table></details>'
    )
