"""A picture that keeps still while its numbers change: laid out once, with room for any number in every place."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from copy import deepcopy
from functools import lru_cache

from ...graph import topological_order
from ...naming import name_nodes
from ...value import Value
from ..draw import draw
from ..notation import number_text
from ..parts import box_texts, edge_part, named_parts
from ..rendering import render_titled

RANKDIRS = ("LR", "TB")

_WIDEST = (-8.888e-88, -8.888e-188)
"""Numbers as wide as almost all, and as any: the first that is no narrower than those shown decides the room."""


def still_svg(root: Value, stage: tuple[float, float], room: int) -> str:
    """The picture with the widest numbers in place of the graph's own, which are to be put in by :func:`texts`.

    Computation runs to the right or down, whichever is larger on a stage of that width and height. As the picture
    hangs on nothing but structure and constants, it is the same as long as these are.
    """
    twin = deepcopy(root)
    for node in topological_order(twin):
        if not node.is_constant:
            node._number = node._grad = _WIDEST[room]
            node._dx = None if node._dx is None else _WIDEST[room]
            node._dy = None if node._dy is None else _WIDEST[room]
    pictures = [_rendered(draw(twin, rankdir).dot) for rankdir in RANKDIRS]
    return max(pictures, key=lambda picture: _scale(picture, stage))


@lru_cache(maxsize=64)
def _rendered(dot: str) -> str:
    return named_parts(render_titled(dot))


def _scale(picture: str, stage: tuple[float, float]) -> float:
    """How large the picture is on the stage."""
    size = re.search(r'width="([\d.]+)pt" height="([\d.]+)pt"', picture)
    assert size
    return min(room / float(length) for room, length in zip(stage, size.groups(), strict=True))


def texts(root: Value) -> dict[str, list[str]]:
    """Of each part, what is shown where the pointer rests on it, and then its numbers, the last texts in it."""
    order = topological_order(root)
    names, number = name_nodes(order), {node: i for i, node in enumerate(order)}
    found: dict[str, list[str]] = {}
    for node in order:
        if not node.is_constant:
            found[f"v{number[node]}"] = box_texts(names[node], node.data, node.grad if node.has_grad else None)
        for i, (parent, partial) in enumerate(zip(node.parents, node.partials, strict=False)):
            if not parent.is_constant:
                found[edge_part(number, node, i)] = [repr(partial), f"∂ {number_text(partial)}"]
    return found


def needed_room(root: Value) -> int:
    """The place in ``_WIDEST`` of the first number that is no narrower than any of the graph."""
    longest = max((len(number_text(x)) for x in _numbers(topological_order(root))), default=0)
    return next(i for i, widest in enumerate(_WIDEST) if len(number_text(widest)) >= longest)


def _numbers(order: Sequence[Value]) -> Iterator[float]:
    for node in order:
        if not node.is_constant:
            yield node.data
            yield node.grad
            yield from node.partials
