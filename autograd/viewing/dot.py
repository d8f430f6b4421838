"""DOT text: records, operations, edges and nested clusters, in one style.

Whatever a text contains is shown as it stands: all of it is escaped here, and only plain and record labels are
written, never HTML-like ones.
"""

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise

import graphviz

from .notation import shortened, visible
from .palette import Theme, palette_of

Cluster = tuple[str, ...]
"""The titles of nested clusters, the outermost first; empty for the picture itself."""

_DEFAULTS: Mapping[str, Mapping[str, str]] = {
    "graph": {
        "charset": "UTF-8", "bgcolor": "transparent", "margin": "0", "pad": "0.1", "nodesep": "0.16",
        "fontname": "Helvetica,Arial,sans-serif", "fontsize": "11", "fontcolor": "quiet",
    },
    "node": {
        "shape": "record", "style": "rounded,filled", "fillcolor": "result", "color": "line", "fontcolor": "ink",
        "fontname": "Helvetica,Arial,sans-serif", "fontsize": "11", "height": "0.28", "margin": "0.09,0.03",
    },
    "edge": {
        "color": "line", "fontcolor": "accent-ink", "fontname": "Helvetica,Arial,sans-serif", "fontsize": "10",
        "arrowsize": "0.55",
    },
}  # fmt: skip
_CLUSTER = {"style": "rounded,filled", "color": "line", "fillcolor": "cluster/10", "penwidth": "0.8", "margin": "9"}
# Straight lines with room to fan out. Where everything is connected to everything, no order has fewer crossings than
# another: what can stand in columns is told its order, and Graphviz need not look for one. A second look at clusters,
# which it would take, forgets about columns within them.
_BOXES = {"ranksep": "0.6", "splines": "line", "mclimit": "0.01", "remincross": "false"}
_CROWDED = {**_BOXES, "ranksep": "1.4"}
# Simple curves, and a bound on polishing: a line around all that stands between far ends takes Graphviz minutes.
_FAR = {"ranksep": "0.28", "splines": "curved", "nslimit": "0.1", "nslimit1": "0.1", "mclimit": "0.1"}
_LAYOUTS: Mapping[str, Mapping[str, str]] = {
    "plain": {"ranksep": "0.28"},
    "network": {"ranksep": "0.2"},
    "boxes": _BOXES,
    "crowded": _CROWDED,
    "far": _FAR,
}
_SIDES = {"LR": "ew", "RL": "we", "TB": "sn", "BT": "ns"}
_STYLES: Mapping[str, Mapping[str, str]] = {
    "result": {},
    "leaf": {"fillcolor": "leaf", "color": "leaf-rim"},
    "constant": {
        "shape": "box", "fillcolor": "constant", "color": "constant", "fontsize": "10", "width": "0.2",
        "height": "0.2", "margin": "0.06,0.02",
    },
    "operation": {
        "shape": "ellipse", "style": "filled", "fillcolor": "operation", "color": "operation",
        "fontcolor": "operation-ink", "width": "0.3", "height": "0.3", "margin": "0.01,0",
    },
    "input": {"fillcolor": "constant"},
    "box": {"fillcolor": "collapsed", "color": "collapsed-rim"},
    "neuron": {"shape": "circle", "fillcolor": "collapsed", "color": "collapsed-rim", "width": "0.24"},
    "entry": {"shape": "circle", "fillcolor": "constant", "width": "0.18"},
    "more": {"shape": "plaintext", "style": "", "fontcolor": "quiet", "height": "0.2", "margin": "0"},
    "pin": {"shape": "point", "width": "0.04", "color": "line", "fillcolor": "operation"},
    "gate": {"shape": "point", "width": "0.02", "color": "line", "fillcolor": "operation"},  # closes the gap in a line
}  # fmt: skip

_COLOURS = ("color", "fillcolor", "fontcolor")
"""Attributes that hold a colour of the palette, by name; what follows a slash is its opacity, from 00 to ff."""


class Sheet:
    r"""The statements of one picture, each under the cluster that it stands in.

    >>> sheet = Sheet("LR")
    >>> sheet.record("v0", [["a|b"], ["data 1", "grad –"]], "leaf")
    >>> r'label="a\|b|{data\ 1|grad\ –}"' in sheet.dot
    True
    """

    def __init__(self, rankdir: str, layout: str = "plain", theme: Theme = "light") -> None:
        self._palette = palette_of(theme)
        self._layout = {"rankdir": rankdir, **_LAYOUTS[layout]}
        self._sides = _SIDES[rankdir]
        self._nodes: dict[Cluster, list[tuple[str, dict[str, str]]]] = {(): []}
        self._edges: list[tuple[str, str, dict[str, str]]] = []
        self._captions: dict[Cluster, Sequence[str]] = {}
        self._columns: list[tuple[Cluster, Sequence[str], str]] = []
        self._gates: set[str] = set()

    def record(
        self,
        name: str,
        rows: Sequence[Sequence[str]],
        style: str,
        cluster: Cluster = (),
        hint: str = "",
        **attributes: str,
    ) -> None:
        """A box of rows, each of one or more cells."""
        fields = "|".join("{" + "|".join(map(_field, row)) + "}" if len(row) > 1 else _field(row[0]) for row in rows)
        label = fields if self._sides in ("ew", "we") else "{" + fields + "}"  # rows follow the direction of ranks
        self._add(name, graphviz.nohtml(label), style, cluster, hint, **attributes)

    def card(
        self, name: str, lines: Sequence[str], style: str, cluster: Cluster = (), hint: str = "", **attributes: str
    ) -> None:
        """A box of lines without cells, which can stand in a column."""
        self._add(name, _lines("\n".join(map(visible, lines))), style, cluster, hint, shape="box", **attributes)

    def circle(self, name: str, style: str, cluster: Cluster = (), hint: str = "") -> None:
        """A node without a text."""
        self._add(name, "", style, cluster, hint)

    def stops(self, style: str, names: Sequence[str], cluster: Cluster) -> None:
        """A column of points that lines pass through: a ``pin`` is seen, a ``gate`` is no wider than they."""
        for name in names:
            self._add(name, "", style, cluster, "")
        self._gates.update(names if style == "gate" else ())
        self.column(names, cluster)

    def caption(self, cluster: Cluster, lines: Sequence[str]) -> None:
        """What is written on a cluster, in the place of its title."""
        self._captions[cluster] = lines

    def text(self, name: str, text: str, style: str, cluster: Cluster = (), hint: str = "") -> None:
        """A small node with one text."""
        self._add(name, _escaped(text), style, cluster, hint)

    def column(self, names: Sequence[str], cluster: Cluster = (), first: bool = False) -> None:
        """Cards of one rank, the first at the top, or on the left where ranks run downwards; ``first`` of all ranks."""
        # Where ranks run sideways, Graphviz counts from the bottom within a cluster, from the top outside of all.
        ordered = names[::-1] if cluster and self._sides in ("ew", "we") else names
        self._columns.append((cluster, ordered, "source" if first else "same"))

    def behind(self, first: str, others: Sequence[str]) -> None:
        """All of ``others`` stand in later ranks than ``first``."""
        self._edges += [(first, other, {"style": "invis", "weight": "0"}) for other in others]

    def edge(self, tail: str, head: str, text: str = "", hint: str = "", **style: str) -> None:
        """An arrow with a text of one or more lines beside it; a hint is shown where the pointer rests."""
        if text:
            lines = (f" {_escaped(line)} " for line in text.split("\n"))  # set off from the arrowhead
            style["label"] = graphviz.nohtml("\\n".join(lines))
        if hint:
            style["tooltip"] = _lines(hint)
        if tail in self._gates:
            style["tailclip"] = "false"
        self._edges.append((tail, head, style))

    def connector(self, tail: str, head: str, text: str = "", hint: str = "", **style: str) -> None:
        """An edge from the middle of one side to the middle of the opposite one."""
        self.edge(tail, head, text, hint, tailport=self._sides[0], headport=self._sides[1], **style)

    def leg(self, tail: str, head: str, hint: str = "", **style: str) -> None:
        """The part of an arrow that ends in a stop; it arrives from any side, and so is straight."""
        port = {} if tail in self._gates else {"tailport": self._sides[0]}
        self.edge(tail, head, hint=hint, headclip="false", arrowhead="none", **port, **style)

    def thinned(self, tail: str, head: str, share: float, text: str = "", hint: str = "", color: str = "line") -> None:
        """A connector of a fan, as wide and as dark as its share of the strongest of them, and its arrowhead too."""
        opacity = round(255 * (0.2 + 0.8 * share))
        style = {"penwidth": f"{0.4 + 1.8 * share:.2f}", "arrowsize": f"{0.3 + 0.25 * share:.2f}"}
        self.connector(tail, head, text, hint, color=f"{color}/{opacity:02x}", **style, **{"class": color})

    @property
    def dot(self) -> str:
        """The whole picture."""
        graph = graphviz.Digraph()
        for kind, attributes in _DEFAULTS.items():
            graph.attr(kind, **self._themed(attributes))
        graph.attr("graph", **self._layout)
        self._write(graph, ())
        for tail, head, style in self._edges:
            graph.edge(tail, head, **self._themed(style))
        source: str = graph.source
        return source

    def _add(self, name: str, label: str, style: str, cluster: Cluster, hint: str, **attributes: str) -> None:
        for depth in range(len(cluster)):
            self._nodes.setdefault(cluster[: depth + 1], [])
        attributes = {"label": label, "class": style, **_STYLES[style], **attributes}
        if hint:
            attributes["tooltip"] = _lines(hint)
        self._nodes[cluster].append((name, attributes))

    def _write(self, graph: graphviz.Digraph, cluster: Cluster) -> None:
        for name, attributes in self._nodes[cluster]:
            graph.node(name, **self._themed(attributes))
        for names, rank in ((names, rank) for place, names, rank in self._columns if place == cluster and names):
            with graph.subgraph() as subgraph:
                subgraph.attr(rank=rank)
                for name in names:
                    subgraph.node(name)
                for pair in pairwise(names):
                    subgraph.edge(*pair, style="invis")
        for number, inner in enumerate(self._nodes):
            if inner and inner[:-1] == cluster:
                with graph.subgraph(name=f"cluster_{number}") as subgraph:
                    lines = self._captions.get(inner, [shortened(inner[-1])])
                    subgraph.attr("graph", label="\\n".join(map(_escaped, lines)), **self._themed(_CLUSTER))
                    self._write(subgraph, inner)

    def _themed(self, attributes: Mapping[str, str]) -> dict[str, str]:
        return {name: self._colour(x) if name in _COLOURS else x for name, x in attributes.items()}

    def _colour(self, name: str) -> str:
        part, _, opacity = name.partition("/")
        return self._palette[part] + opacity


def _escaped(text: str) -> str:
    """A text with every character of it meant literally: no escape sequence, no entity, no HTML."""
    escaped: str = graphviz.escape(visible(text).replace("&", "&amp;"))
    return escaped


def _lines(text: str) -> str:
    """The same of several lines."""
    return "\\n".join(map(_escaped, text.split("\n")))


def _field(text: str) -> str:
    """The same within a record."""
    return re.sub(r"[{}|<> ]", r"\\\g<0>", _escaped(text))
