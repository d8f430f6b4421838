"""The picture of a graph: how nodes, boxes, and what flows between them are drawn.

A Value is a record (label, data, gradient), an operation a small ellipse; an edge into an operation carries the local
derivative. Between boxes an edge stands for many, and carries their number and the gradient that flows through them.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise

from ..naming import name_nodes
from ..value import Value
from . import grouping
from .dot import Sheet
from .grouping import Box, Edge, Flow, Part, Parts, Passage, Scope
from .ledger import Contribution, computation, contributions, sum_text
from .notation import gradient_text, largest_text, number_text, range_text, shortened, visible
from .opening import Asked
from .palette import Theme

LONGEST_REACH = 500  # beyond this, Graphviz is too slow at leading lines around what stands between
MOST_LEAVES = 100  # of a box that are told one by one
_MARK = {"color": "accent", "penwidth": "2.2"}
_WEIGHTS = ("1", "8")  # of the legs of a line's way: from the gate to the pin it is level
MOST_EDGE_TEXTS = 12  # of more, none is seen to belong to its line: all are shown where the pointer rests


def dot_of(
    order: Sequence[Value],
    scopes: Mapping[Value, Scope],
    parts: Parts,
    rankdir: str,
    marked: Collection[Value] = (),
    theme: Theme = "light",
) -> str:
    """The DOT text of a graph in parts, ``order`` being its nodes in topological order; ``marked`` ones stand out."""
    labels, marked = name_nodes(order), set(marked)
    crowded = len(parts.flows) > MOST_EDGE_TEXTS
    far = _reach(parts.loose) > LONGEST_REACH
    passages = [] if parts.flows else [*grouping.entrances(order, scopes), *grouping.exits(order, scopes)]
    boxes = "crowded" if crowded else "boxes"
    whole = "far" if far else "network" if passages else "plain"
    sheet = Sheet(rankdir, boxes if parts.flows else whole, theme)
    names: dict[Part, str] = {node: f"v{i}" for i, node in enumerate(order)}
    names |= {box: f"b{i}" for i, box in enumerate(parts.boxes)}
    for box in parts.boxes:
        style = {} if marked.isdisjoint(box.nodes) else _MARK
        sheet.card(names[box], _box_lines(box), "box", box.scope[:-1], "", **style)
    entering = _entering(order, scopes, parts)
    gained = contributions(order)
    for node in parts.loose:
        hint = repr(node.data) if node.is_constant else _hint(node, labels, gained.get(node, ()))
        style = _MARK if node in marked else {}
        if node in entering:
            sheet.card(names[node], _input_lines(node, labels), _input_style(node), (), hint, **style)
        else:
            _add_value(sheet, names[node], node, labels.get(node, ""), hint, scopes[node], style)
    if parts.flows:
        for column in parts.columns:
            sheet.column([names[part] for part in column], column[0].scope[:-1] if isinstance(column[0], Box) else ())
    else:
        sheet.column([names[node] for node in order if node in entering], first=True)
    ways = _add_ways(sheet, names, scopes, passages)
    reached, loose = _reached_by_gradient(order), set(parts.loose)
    for node in parts.loose:
        for i, parent in enumerate(node.parents):
            if parent in loose:
                text = _partial_text(node, i) if node in reached else ""
                style = {**_MARK} if parent in marked and node in marked and node.partials else {}
                stops = [names[parent], *ways.get((parent, node), ())]
                for leg, weight in zip(pairwise(stops), _WEIGHTS, strict=False):
                    sheet.leg(*leg, text, weight=weight, **style)
                sheet.edge(stops[-1], _operation(names[node]), "" if crowded or far else text, hint=text, **style)
    _add_flows(sheet, names, parts.flows, crowded, _marked_flows(order, parts, marked))
    return sheet.dot


def asked_of(order: Sequence[Value], scopes: Mapping[Value, Scope], parts: Parts) -> dict[str, Asked]:
    """What a page says of each box and loose node, by its name in the DOT text."""
    labels, gained = name_nodes(order), contributions(order)
    layers = set(grouping.layers_to_open(order, scopes))
    places = {node: i for i, node in enumerate(order)}
    asked = {}
    for i, box in enumerate(parts.boxes):
        opens = len(box.scope) == 1 and box.scope in layers
        inside = [] if opens else [_leaf_line(node, labels) for node in box.leaves[:MOST_LEAVES]]
        more = [] if opens or len(box.leaves) <= MOST_LEAVES else [f"… {len(box.leaves) - MOST_LEAVES:,} more"]
        layer = box.scope[0] if box.scope and box.scope[:1] in layers else ""
        asked[f"b{i}"] = Asked([*_box_lines(box), *inside, *more], layer, opens)
    for node in parts.loose:
        if not node.is_constant:
            asked[f"v{places[node]}"] = Asked(_hint(node, labels, gained.get(node, ())).split("\n"))
    return asked


def _leaf_line(node: Value, labels: Mapping[Value, str]) -> str:
    name = labels.get(node, "").rpartition(".")[2] or "input"
    return f"{shortened(name)} {number_text(node.data)}" + (f", grad {number_text(node.grad)}" if node.has_grad else "")


def _entering(order: Sequence[Value], scopes: Mapping[Value, Scope], parts: Parts) -> set[Value]:
    """The inputs of a network: numbers of no part of it that some part reads; where it is collapsed, leaves too."""
    heads = {parent for node in order if scopes[node] for parent in node.parents}
    read = {tail for tail, _ in parts.flows}
    return {
        node
        for node in parts.loose
        if not node.parents and not scopes[node] and (node in read or (node.is_constant and node in heads))
    }


def _marked_flows(order: Sequence[Value], parts: Parts, marked: Collection[Value]) -> set[tuple[Part, Part]]:
    """The flows that hold an edge between two marked nodes."""
    if not marked:
        return set()
    part: dict[Value, Part] = {node: box for box in parts.boxes for node in box.nodes}
    edges = ((p, node) for node in order if node in marked and node.partials for p in node.parents if p in marked)
    return {(part.get(tail, tail), part.get(head, head)) for tail, head in edges}


def _reach(nodes: Sequence[Value]) -> int:
    """How many nodes all edges together pass by, in a picture of one column for each depth of the graph."""
    depth: dict[Value, int] = {}
    column: dict[Value, int] = {}
    for node in nodes:
        depth[node] = 1 + max((depth.get(parent, 0) for parent in node.parents), default=0)
        for parent in node.parents:  # a leaf stands beside the first operation that uses it
            column.setdefault(parent, depth[parent] if parent.parents and parent in depth else depth[node] - 1)
    return sum(depth[node] - column[parent] - 1 for node in nodes for parent in node.parents)


def _add_ways(
    sheet: Sheet, names: Mapping[Part, str], scopes: Mapping[Value, Scope], passages: Sequence[Passage]
) -> dict[Edge, list[str]]:
    """What each edge into a part of a network, or out of all parts, passes through on its way: a gate, then a pin.

    Graphviz has no order for clusters: it draws as few crossings as it can find. But nodes of one rank stand in the
    order of their column. So all that enters parts which stand side by side, or leaves them, goes through a column of
    gates in the order of the parts: in that order nothing crosses on the way from there, in any other order lines do.

    Graphviz leads a line into the midst of a cluster around all of it. So whatever enters has a pin at the border of
    the part, before all that is computed in it: lines run straight there.
    """
    ways: dict[Edge, list[str]] = {}

    def add(kind: str, edges: Sequence[Edge], cluster: Scope) -> None:
        added = [f"{names[tail]}_{names[head]}_{kind}" for tail, head in edges]
        sheet.stops(kind, added, cluster)
        for edge, stop in zip(edges, added, strict=True):
            ways.setdefault(edge, []).append(stop)

    for passage in passages:
        if len(passage.edges) > 1:  # within the cluster itself, a column would not keep its order to the end
            add("gate", [edge for edges in passage.edges for edge in edges], passage.outer[:-1])
        for edges in passage.edges:
            if scope := scopes[edges[0][1]]:
                add("pin", edges, scope)
                first = _first_operations(edges)
                sheet.column([_operation(names[node]) for node in first], scope)
                if not {node for _, node in edges}.issubset(first):
                    leaves = [names[node] for node in scopes if scopes[node] == scope and not node.parents]
                    sheet.behind(ways[edges[0]][-1], leaves)
    return ways


def _first_operations(edges: Sequence[Edge]) -> list[Value]:
    """Those that read nothing but what comes from outside, and leaves: they can stand in a column."""
    read = {tail for tail, _ in edges}
    heads = dict.fromkeys(head for _, head in edges)
    return [head for head in heads if all(parent in read or not parent.parents for parent in head.parents)]


def _operation(value_name: str) -> str:
    return f"{value_name}_op"


# ---- nodes that stand for themselves


def _add_value(
    sheet: Sheet, name: str, node: Value, label: str, hint: str, scope: Scope, style: Mapping[str, str]
) -> None:
    """A Value, and the operation that made it."""
    if node.is_constant:
        sheet.text(name, number_text(node.data), "constant", scope, hint=repr(node.data))
        return
    short = shortened(label.rpartition(".")[2] if scope else label)
    numbers = [f"data {number_text(node.data)}", f"grad {gradient_text(node.grad if node.has_grad else None)}"]
    rows = [[short], numbers] if visible(short).strip() else [numbers]
    sheet.record(name, rows, "leaf" if node.is_leaf else "result", scope, hint, **style)
    if node.op:
        sheet.text(_operation(name), node.op.symbol, "operation", scope, f"{node.op.name}: {node.op.formula}")
        sheet.edge(_operation(name), name, weight="4", **style)


def _input_lines(node: Value, labels: Mapping[Value, str]) -> list[str]:
    gradient = f" · grad {number_text(node.grad)}" if node.has_grad else ""
    return [shortened(labels.get(node, "input")), f"data {number_text(node.data)}{gradient}"]


def _input_style(node: Value) -> str:
    return "input" if node.is_constant else "leaf"


def _hint(node: Value, labels: Mapping[Value, str], gained: Sequence[Contribution]) -> str:
    """What is shown where the pointer rests: the whole path, the numbers with all their digits, and the ledger."""
    gradient = f"grad {node.grad!r}" if node.has_grad else "no gradient yet"
    lines = [f"{shortened(labels[node])} data {node.data!r}, {gradient}".strip()]
    if node.parents:
        lines.append(" ".join(computation(node, labels)))
    if gained and node.has_grad:
        lines.append(sum_text(node, gained, labels))
    return "\n".join(map(visible, lines))


def _partial_text(node: Value, i: int) -> str:
    """The local derivative for the edge from a parent; none to a constant, nor where the operation has none."""
    return f"∂ {number_text(node.partials[i])}" if node.partials and not node.parents[i].is_constant else ""


def _reached_by_gradient(order: Sequence[Value]) -> set[Value]:
    """The nodes to which a gradient flows back from the last one."""
    reached = {order[-1]}
    for node in reversed(order):
        if node in reached and node.partials:
            reached.update(node.parents)
    return reached


# ---- boxes


def _box_lines(box: Box) -> list[str]:
    shown = list(box.outputs) or box.leaves or box.nodes
    numbers = [f"{'output' if box.outputs else 'data'} {range_text(node.data for node in shown)}"]
    if len(box.scopes) > 1:
        known = [node.grad for node in box.leaves if node.has_grad]
        numbers += [f"parameters |grad| ≤ {largest_text(known)}"] if known else []
    else:
        known = [node.grad for node in shown if node.has_grad]
        numbers += [f"grad {range_text(known)}"] if known else []
    operations = f"{' '.join(box.operations)} · " if box.operations else ""
    return [shortened(box.name), operations + " · ".join(_counts(box)), " · ".join(numbers)]


def _counts(box: Box) -> list[str]:
    """How many parts, parameters and nodes are in a box; its parts are called what they are called in their paths."""
    counts = Counter(scope[-1].partition("[")[0] for scope in box.scopes if len(scope) > len(box.scope))
    if box.scope:
        counts["parameters"] += len(box.leaves)
    counts["nodes"] += len(box.nodes)
    return [f"{shortened(name)} {count:,}" for name, count in counts.items() if count]


def _add_flows(
    sheet: Sheet,
    names: Mapping[Part, str],
    flows: Mapping[tuple[Part, Part], Flow],
    crowded: bool,
    marked: Collection[tuple[Part, Part]],
) -> None:
    """One edge for all between two parts, as wide and as dark as its part of the strongest of its fan."""
    shares = _shares(flows)
    for (tail, head), flow in flows.items():
        texts = [f"{flow.edges:,} edges"] if flow.edges > 1 else []
        if flow.gradient is not None:
            texts.append(f"grad {gradient_text(flow.gradient)}")
        ends = names[tail], names[head] if isinstance(head, Box) else _operation(names[head])
        if (tail, head) in marked:
            sheet.connector(*ends, "" if crowded else "\n".join(texts), ", ".join(texts), **_MARK)
        else:
            sheet.thinned(*ends, shares[tail, head], "" if crowded else "\n".join(texts), ", ".join(texts))


def _shares(flows: Mapping[tuple[Part, Part], Flow]) -> dict[tuple[Part, Part], float]:
    """How strong each flow is, from 0 to 1, among those from its layer to the next, or whatever encloses them.

    What counts is the gradient that flows back; before there is any, the local derivatives, which in a network are the
    weights.
    """
    backward_ran = any(flow.gradient is not None for flow in flows.values())
    sizes = {ends: flow.strength if backward_ran else flow.partials for ends, flow in flows.items()}
    largest: dict[tuple[Scope, Scope], float] = {}
    for (tail, head), size in sizes.items():
        fan = _place(tail), _place(head)
        largest[fan] = max(largest.get(fan, 0.0), size if math.isfinite(size) else 0.0)
    return {
        (tail, head): min(size / most, 1.0) if (most := largest[_place(tail), _place(head)]) and size == size else 1.0
        for (tail, head), size in sizes.items()
    }


def _place(part: Part) -> Scope:
    """What encloses a part; of one that nothing encloses, itself."""
    return (part.scope[:-1] or part.scope) if isinstance(part, Box) else ()
