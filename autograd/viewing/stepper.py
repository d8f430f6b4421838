"""step_through: one page that plays the forward and the backward pass of a graph, one node at a time.

Everything on the page was computed here: the picture by :mod:`.draw`, the numbers by the engine's own rules, and in the
engine's own order. The page only shows one frame or another.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, Literal

from ..graph import topological_order
from ..naming import name_nodes
from ..value import Value
from .draw import draw
from .formula import TEXT, rule_text, spelled_out
from .ledger import computation, contributions
from .notation import number_text, visible
from .panel import PANEL, Ledgers, Piece, elements, escaped
from .parts import box_texts, edge_part, named_parts
from .player import Page, asset, fill_player


class Stepper(Page):
    """What :func:`step_through` returns: ``html`` is the page, :meth:`save` writes it, and a notebook shows it."""


def step_through(root: Value, rankdir: str | None = None, max_nodes: int = 300) -> Stepper:
    """The forward and the backward pass of the graph that ``root`` was computed by, as a page to step through.

    The picture fits its stage, or follows what happens in it; computation runs in the direction ``rankdir``, or else
    from left to right or upright, as the screen has room.

    Forward steps compute one node each; backward steps visit the nodes in the order of ``backward`` and write out the
    chain rule for each parent. The values are left as they are: no gradient of theirs is read or written. A graph of
    more than ``max_nodes`` is a ValueError: record one sample, or a smaller network.

    >>> a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    >>> step_through(a * b + 10)
    Stepper(6 steps)
    """
    if not isinstance(root, Value):
        raise TypeError(f"step_through takes the Value that a computation ends in, got {type(root).__name__}: {root!r}")
    size = len(topological_order(root))
    if size > max_nodes:
        raise ValueError(
            f"the graph has {size:,} nodes, and step_through shows every one (max_nodes={max_nodes:,}). "
            "Step through one sample's loss, or a smaller network; draw(root, collapse='layer') shows large ones"
        )
    twin = deepcopy(root)
    twin.zero_grad()
    twin.backward()
    order = topological_order(twin)
    names = name_nodes(order)
    frames = list(_frames(order, names))
    labels = {f"v{i}": visible(names[node]) for i, node in enumerate(order) if not node.is_constant}
    title = f"{visible(root.label) or 'The graph'}, step by step"
    page = fill_player(
        title=title,
        stage="".join(_pictures(twin, rankdir, max_nodes, labels)),
        stage_label="Computation graph",
        map=asset("map.html"),
        panel=PANEL,
        panel_label="This step",
        style=asset("camera.css") + asset("picture.css") + asset("stepper.css"),
        script=asset("camera.js") + asset("stepper.js"),
        data={
            "frames": [
                frame.as_json() | {"texts": texts}
                for frame, texts in zip(frames, _texts(order, names, frames), strict=True)
            ],
            "ledgers": _ledgers(order, names, frames),
        },
    )
    return Stepper(page, f"{len(frames) - 1} steps")


def _pictures(root: Value, rankdir: str | None, max_nodes: int, labels: Mapping[str, str]) -> Iterator[str]:
    """The picture for each shape of stage."""
    for shape, direction in [("only", rankdir)] if rankdir else _SHAPES.items():
        yield named_parts(draw(root, direction, max_nodes).titled_svg, labels, **{"class": shape})


_SHAPES = {"wide": "LR", "upright": "TB"}

Line = tuple[Literal["statement", "continued", "sum"], str]


@dataclass(frozen=True)
class Frame:
    """One step. Nodes are numbered as in the picture: in topological order."""

    phase: str
    heading: str
    lines: Sequence[Line] = ()
    rules: Sequence[str] = ()
    node: int | None = None
    parents: Sequence[int] = ()
    edges: Sequence[str] = ()  # those from the parents, by their names in the picture
    values: Mapping[int, float] = field(default_factory=dict)  # what becomes known in this step
    gradients: Mapping[int, float] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """As the page plays it: what is told, and which parts of the picture become known, change and are looked at."""
        own = [] if self.node is None else [f"v{self.node}", f"v{self.node}_op"]
        changed = [f"v{i}" for i in (*self.values, *self.gradients)]
        nodes = list(dict.fromkeys([*changed, *own[:1], *(f"v{i}" for i in self.parents)]))
        return {
            "told": self.html(),
            "said": f"{self.phase}. {visible(self.heading)}. {'; '.join(visible(text) for _, text in self.lines)}",
            "known": [*changed, *own[1:], *(f"{part}->{own[0]}#0" for part in own[1:]), *self.edges],
            "passed": self.edges if self.phase == "Backward" else [],
            "current": [*own, *self.edges],
            "changed": [f"v{i}" for i in self.gradients] if own else [],
            "focus": [*nodes[:1], *(own[1:] if self.edges else []), *nodes[1:]] if own else [],
        }

    def html(self) -> str:
        """The step in the panel."""
        lines = "".join(f'<div class="{kind}">{escaped(text)}</div>' for kind, text in self.lines)
        rules = elements("li", list(dict.fromkeys(self.rules)))
        return (
            f'<div id="step"><p id="phase">{self.phase}</p><h2 id="heading">{escaped(self.heading)}</h2>'
            f'<div id="lines">{lines}</div>'
            + (f'<h3 id="rules-heading">Rules used</h3><ul id="rules">{rules}</ul>' if rules else "")
            + "</div>"
        )


def _frames(order: Sequence[Value], names: Mapping[Value, str]) -> Iterator[Frame]:
    number = {node: i for i, node in enumerate(order)}
    root = order[-1]
    given = {number[node]: node.data for node in order if not node.parents}
    nothing_yet: Line = ("statement", "Leaves and constants have their values; nothing is computed yet.")
    yield Frame("Start", "What is given", [nothing_yet], values=given)

    for node in order:
        if node.parents:
            yield _forward(node, names, number)

    top = names.get(root, number_text(root.data))
    seed: Line = ("statement", f"d{top}/d{top} = 1")
    yield Frame("Backward", f"Begin at {top}", [seed], node=number[root], gradients={number[root]: 1.0})

    gradients: dict[Value, float] = {root: 1.0}
    for node in reversed(order):
        if node in gradients and node.partials:
            yield _backward(node, top, names, number, gradients)

    leaves = [node for node in order if node.is_leaf]
    results: list[Line] = [
        ("statement", f"d{top}/d{names[leaf]} = {TEXT.number(gradients.get(leaf, 0.0))}") for leaf in leaves
    ]
    unreached = {number[node]: 0.0 for node in order if node not in gradients and not node.is_constant}
    yield Frame("Done", "Every gradient is known", results, gradients=unreached)


def _texts(order: Sequence[Value], names: Mapping[Value, str], frames: Sequence[Frame]) -> Iterator[dict[str, Any]]:
    """For each step the texts of the boxes in which it makes a number known; for the first, of all that have any."""
    boxes = {i: names[node] for i, node in enumerate(order) if not node.is_constant}
    data: dict[int, float] = {}
    gradients: dict[int, float] = {}
    for step, frame in enumerate(frames):
        data.update(frame.values)
        gradients.update(frame.gradients)
        changed = {*frame.values, *frame.gradients} if step else boxes
        yield {f"v{i}": box_texts(boxes[i], data.get(i), gradients.get(i)) for i in changed if i in boxes}


def _ledgers(order: Sequence[Value], names: Mapping[Value, str], frames: Sequence[Frame]) -> dict[str, list[Piece]]:
    """What the page tells of each node that is asked, by the name of its box."""
    steps = {order[frame.node]: i for i, frame in enumerate(frames) if frame.node is not None}  # the last is backward's
    ledgers = Ledgers(names, {node: f"v{i}" for i, node in enumerate(order)}, steps)
    gained = contributions(order)
    return {
        part: ledgers.of_root(node) if node is order[-1] else ledgers.of(node, gained.get(node, ()))
        for node, part in ledgers.parts.items()
        if not node.is_constant
    }


def _forward(node: Value, names: Mapping[Value, str], number: Mapping[Value, int]) -> Frame:
    """One operation: its formula, the same with numbers put in, and its value."""
    assert node.op is not None
    statement, *rest = computation(node, names)
    lines: list[Line] = [("statement", statement), *(("continued", text) for text in rest)]
    return Frame(
        "Forward",
        f"Compute {names[node]}",
        lines,
        [spelled_out(node.op)] if node.op.formula != node.op.forward else [],
        number[node],
        [number[parent] for parent in node.parents],
        [edge_part(number, node, i) for i in range(len(node.parents))],
        values={number[node]: node.data},
    )


def _backward(
    node: Value, top: str, names: Mapping[Value, str], number: Mapping[Value, int], gradients: dict[Value, float]
) -> Frame:
    """One operation passed: what its gradient adds to that of each parent. ``gradients`` is brought up to date."""
    assert node.op is not None
    lines: list[Line] = []
    rules, edges, changed = [], [], {}
    for i, (parent, partial) in enumerate(zip(node.parents, node.partials, strict=True)):
        if parent.is_constant:
            continue
        flow = gradients[node] * partial
        before = gradients.get(parent)
        gradients[parent] = flow if before is None else before + flow
        chain = f"d{top}/d{names[node]} · d{names[node]}/d{names[parent]}"
        product = TEXT.product(map(TEXT.number, (gradients[node], partial)))
        lines.append(("statement", f"d{top}/d{names[parent]} {'=' if before is None else '+='} {chain}"))
        lines.append(("continued", f"= {product} = {TEXT.number(flow)}"))
        if before is not None:
            so_far = TEXT.sum(map(TEXT.number, (before, flow)))
            lines.append(("sum", f"so far {so_far} = {TEXT.number(gradients[parent])}"))
        rules.append(rule_text(node.op, i))
        edges.append(edge_part(number, node, i))
        changed[number[parent]] = gradients[parent]
    return Frame("Backward", f"Pass {names[node]}", lines, rules, number[node], [], edges, gradients=changed)
