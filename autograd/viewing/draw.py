"""draw: the picture of a recorded graph, collapsed where it is large."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import get_args

from ..graph import topological_order
from ..value import Value
from . import grouping, opening
from .architecture import HasArchitecture, Part
from .drawing import Drawing
from .grouping import Level, Parts, Scope
from .opening import DrawingPage, View
from .palette import Theme, palette_of
from .rendering import render_titled

RANKDIRS = ("LR", "RL", "TB", "BT")
MOST_OPENED = 12  # layers that open: each takes two more pictures
EDGES_PER_NODE = 4  # a collapsed picture with more of them is a tangle, and slow to lay out


def draw(
    root: Value | HasArchitecture,
    rankdir: str = "LR",
    max_nodes: int = 300,
    collapse: Level | None = None,
    theme: Theme = "light",
) -> Drawing:
    """Draw the graph that ``root`` was computed by, or the architecture of a model, for a ``light`` or a ``dark`` page.

    ``rankdir`` is the direction of computation: LR, RL, TB or BT. A label that is a path in a network, such as
    ``layers[0].neurons[3].bias``, puts its node in the clusters ``layers[0]`` and ``neurons[3]``; ``collapse``
    ("neuron" or "layer") draws each of them as one box. A graph of more than ``max_nodes`` Values is collapsed by
    neuron, else by layer; a ValueError says so where that does not make it small enough.

    A line between collapsed boxes stands for all edges between them. It is as wide and as dark as the gradient that
    flows back through it (before ``backward``: as the local derivatives, which in a network are the weights), compared
    with the strongest line between the same two layers; one that carries next to nothing is faint, never gone.

    A model is what has a method ``architecture``, as modules of ``nn`` have: its parts are drawn with the numbers of
    their parameters, a network of few layers with its neurons and weights, unless ``collapse`` is "layer".

    >>> a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    >>> drawing = draw(a * b)
    >>> drawing
    Drawing(3 nodes)
    >>> drawing.save("product.svg")  # doctest: +SKIP
    """
    if isinstance(root, HasArchitecture):
        _check_arguments(rankdir, max_nodes, collapse, theme)
        return _draw_model(root.architecture(), rankdir, max_nodes, collapse, theme)
    return draw_marked(root, (), rankdir, max_nodes, collapse, theme)


def _draw_model(model: Part, rankdir: str, max_nodes: int, collapse: Level | None, theme: Theme) -> Drawing:
    if model.count > max_nodes:
        raise ValueError(
            f"the model has {model.count:,} parts (max_nodes={max_nodes:,}). Draw one of its parts, or raise max_nodes"
        )
    from .blueprint import dot_of_model  # and with it graphviz, which nothing but drawing needs

    description = f"{model.kind}, {model.lines[-1]}"
    dot, asked = dot_of_model(model, rankdir, theme, circles=collapse != "layer")

    def page() -> DrawingPage:
        return opening.page_of(model.kind, [View({"only": render_titled(dot)}, (), asked)])

    return Drawing(dot, description, page)


def draw_marked(
    root: Value,
    marked: Collection[Value],
    rankdir: str = "LR",
    max_nodes: int = 300,
    collapse: Level | None = None,
    theme: Theme = "light",
) -> Drawing:
    """The same with some nodes, and the edges between them, standing out."""
    if not isinstance(root, Value):
        raise TypeError(
            f"draw takes the Value that a computation ends in, or a model, got {type(root).__name__}: {repr(root)[:80]}"
        )
    _check_arguments(rankdir, max_nodes, collapse, theme)
    drawn = _Drawn.of(root, rankdir, max_nodes, marked, theme)
    if collapse is None and len(drawn.order) <= max_nodes:
        parts, description = Parts(loose=drawn.order), _size(drawn.order)
        return Drawing(drawn.dot(parts), description, lambda: drawn.page([((), parts)]))
    level, parts = _collapse_to_fit(drawn.order, drawn.scopes, max_nodes, collapse)
    description = f"{_size(drawn.order)}, collapsed by {level}"
    return Drawing(drawn.dot(parts), description, lambda: drawn.page(drawn.views(level)))


@dataclass(frozen=True, eq=False)
class _Drawn:
    """What is drawn of a graph, and how."""

    order: Sequence[Value]
    scopes: Mapping[Value, Scope]
    rankdir: str
    max_nodes: int
    marked: Collection[Value]
    theme: Theme
    numbers: Sequence[tuple[float, float | None]]
    """The data and gradients that were drawn."""

    @classmethod
    def of(cls, root: Value, rankdir: str, max_nodes: int, marked: Collection[Value], theme: Theme) -> _Drawn:
        order = topological_order(root)
        return cls(order, grouping.scopes_of(order), rankdir, max_nodes, marked, theme, _numbers(order))

    @property
    def shapes(self) -> Mapping[str, str]:
        """The direction of computation for each shape of a page's stage: upright ones are for phones."""
        return {"wide": "LR", "upright": "TB"} if self.rankdir == "LR" else {"only": self.rankdir}

    def dot(self, parts: Parts, rankdir: str = "") -> str:
        from .picture import dot_of  # and with it graphviz, which nothing but drawing needs

        return dot_of(self.order, self.scopes, parts, rankdir or self.rankdir, self.marked, self.theme)

    def views(self, level: Level) -> Iterator[tuple[Sequence[Scope], Parts]]:
        """Which layers are open in each view of a collapsed graph, and its parts; first the view that was drawn."""
        layers = grouping.layers_to_open(self.order, self.scopes)
        everything = tuple(layers)
        tours = list(opening.tour(layers)) if len(layers) <= MOST_OPENED else [()]
        for opened in dict.fromkeys([everything, *tours] if level == "neuron" else [*tours, everything]):
            parts = grouping.collapse(self.order, self.scopes, "layer", opened)
            if not opened or _fits(parts, self.max_nodes):
                yield opened, parts

    def page(self, views: Iterable[tuple[Sequence[Scope], Parts]]) -> DrawingPage:
        from .picture import asked_of

        if _numbers(self.order) != self.numbers:
            raise ValueError("the numbers of the graph are no longer those that were drawn: draw it again for its page")
        return opening.page_of(
            self.order[-1].label or "The graph",
            [
                View(
                    {shape: render_titled(self.dot(parts, way)) for shape, way in self.shapes.items()},
                    [scope for (scope,) in opened],
                    asked_of(self.order, self.scopes, parts),
                )
                for opened, parts in views
            ],
        )


def _numbers(order: Sequence[Value]) -> list[tuple[float, float | None]]:
    return [(node.data, node.grad if node.has_grad else None) for node in order]


def _fits(parts: Parts, max_nodes: int) -> bool:
    return parts.count <= max_nodes and len(parts.flows) <= EDGES_PER_NODE * max_nodes


def _size(order: Sequence[Value]) -> str:
    return f"{len(order):,} node{'s' if len(order) > 1 else ''}"


def _check_arguments(rankdir: str, max_nodes: int, collapse: Level | None, theme: Theme) -> None:
    if rankdir not in RANKDIRS:
        raise ValueError(f"rankdir is one of {', '.join(RANKDIRS)}, got {rankdir!r}")
    if collapse not in (None, *get_args(Level)):
        raise ValueError(f"collapse is None, 'neuron' or 'layer', got {collapse!r}")
    palette_of(theme)
    if not isinstance(max_nodes, int) or max_nodes < 1:
        raise ValueError(f"max_nodes is a whole number from 1 up, got {max_nodes!r}")


def _collapse_to_fit(
    order: Sequence[Value], scopes: Mapping[Value, Scope], max_nodes: int, collapse: Level | None
) -> tuple[Level, Parts]:
    """The graph collapsed as asked, or by the first level that makes it small enough."""
    if not any(scopes.values()):
        raise ValueError(
            f"the graph has {_size(order)} (max_nodes={max_nodes:,}), and no label in it is a path in a network, "
            "such as 'layers[0].neurons[1].bias', by which to collapse it. Draw a smaller part, or raise max_nodes"
        )
    levels: Sequence[Level] = [collapse] if collapse else get_args(Level)
    sizes = []
    for level in levels:
        parts = grouping.collapse(order, scopes, level)
        if _fits(parts, max_nodes):
            return level, parts
        sizes.append(f"{parts.count:,} nodes and {len(parts.flows):,} merged edges by {level}")
    raise ValueError(
        f"the graph is too large to draw even collapsed: {_size(order)} become {', '.join(sizes)}, and "
        f"max_nodes={max_nodes:,} allows as many nodes and {EDGES_PER_NODE * max_nodes:,} edges. "
        f"{'Collapse it by layer, draw' if collapse == 'neuron' else 'Draw'} a smaller part, or raise max_nodes"
    )
