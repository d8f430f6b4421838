"""The parts of a page's picture, by the names that scripts find them by."""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from types import MappingProxyType

from ..value import Value
from .notation import NOT_COMPUTED, gradient_text, number_text, visible

_GROUP = re.compile(r'<g id="\w+" class="((?:node|edge)\b[^"]*)">\s*<title>([^<]*)</title>')
_CLUSTER = re.compile(r'class="cluster"(>\s*<title>[^<]*</title>\s*<path[^>]*>\s*<text[^>]*>([^<]*)<)')
_STOP = re.compile(r"(v\d+)_(v\d+)_(?:gate|pin)")  # on the way from one node to another
_ORIGIN = re.compile(r'(class="graph") transform="[^"]*translate\(([-\d.]+)[ ,]([-\d.]+)\)"')


def named_parts(
    svg: str, labels: Mapping[str, str] = MappingProxyType({}), opened: Collection[str] = (), **attributes: str
) -> str:
    """A picture by :func:`.rendering.render_titled` as a page has it, its ``<svg>`` with some attributes.

    Each part says its name, in place of a title, which would show where the pointer rests. A node is called as in the
    DOT text, ``v1_op``; an edge by its ends, and which of those between them it is, ``v0->v1_op#0``: each of its lines,
    if there are stops on its way. Nodes with labels can be asked, and keys reach them in this order; a cluster of
    a title in ``opened`` stands open. Units are the picture's own, without an offset.
    """
    order = {name: place for place, name in enumerate(labels)}
    names = _names([html.unescape(title) for _, title in _GROUP.findall(svg)])

    def named(match: re.Match[str]) -> str:
        name = next(names)
        label = f' data-asked="{order[name]}" aria-label="{html.escape(labels[name])}"' if name in order else ""
        return f'<g class="{match[1]}" data-part="{html.escape(name)}"{label}>'

    def frame(match: re.Match[str]) -> str:
        is_open = html.unescape(match[2]) in opened
        return f'class="cluster open" data-part="{match[2]}"{match[1]}' if is_open else match[0]

    svg = _CLUSTER.sub(frame, _GROUP.sub(named, svg))
    svg = re.sub(r'<title>[^<]*</title>\n?| id="[^"]*"', "", svg)
    origin = _ORIGIN.search(svg)
    assert origin
    moved = f'viewBox="-{origin[2]} -{origin[3]} '
    svg = re.sub(r'viewBox="[-\d.]+ [-\d.]+ ', moved, _ORIGIN.sub(r"\1", svg), count=1)
    told = "".join(f' {name}="{html.escape(text)}"' for name, text in attributes.items())
    return svg.replace("<svg", f"<svg{told}", 1)


def _names(titles: Sequence[str]) -> Iterator[str]:
    """The names of nodes and edges of these titles.

    >>> list(_names(["v3", "v3:e->v3_v5_pin", "v3_v5_pin->v5_op", "v4->v5_op", "v4->v5_op"]))
    ['v3', 'v3->v5_op#0', 'v3->v5_op#0', 'v4->v5_op#0', 'v4->v5_op#1']
    """
    before = Counter[str]()
    for title in titles:
        name = re.sub(":[nesw]", "", title)  # whatever side a line begins and ends on
        if "->" in name:
            edge = _STOP.search(name)
            yield f"{f'{edge[1]}->{edge[2]}_op' if edge else name}#{before[name]}"
            before[name] += 1
        else:
            yield name


def box_texts(name: str, data: float | None, gradient: float | None) -> list[str]:
    """What is shown where the pointer rests on a node's box, and its numbers, the last texts in it, as far as known.

    >>> box_texts("w", 0.1 + 0.2, None)
    ['w: data 0.30000000000000004, grad –', 'data 0.3', 'grad –']
    """
    exact = "?" if data is None else repr(data), NOT_COMPUTED if gradient is None else repr(gradient)
    return [
        f"{visible(name)}: data {exact[0]}, grad {exact[1]}",
        f"data {'?' if data is None else number_text(data)}",
        f"grad {gradient_text(gradient)}",
    ]


def edge_part(number: Mapping[Value, int], node: Value, i: int) -> str:
    """The name of the edge from a node's ``i``-th parent, nodes being numbered as in the picture."""
    parent = node.parents[i]
    which = sum(other is parent for other in node.parents[:i])
    return f"v{number[parent]}->v{number[node]}_op#{which}"
