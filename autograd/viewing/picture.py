"""The picture of a graph: how nodes, boxes, and what flows between them are drawn.

A Value is a record (label, data, gradient), an operation a small ellipse; an edge into an operation carries the local
derivative. Between boxes an edge stands for many, and carries their number and the gradient that flows through them.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import TypeGuard

from ..value import Value
from .dot import ORANGE, Sheet
from .drawing import Theme
from .grouping import Box, Flow, Part, Parts, Scope
from .ledger import Contribution, computation, contributions, sum_text
from .naming import name_nodes
from .notation import gradient_text, largest_text, number_text, range_text, shortened, visible

LONGEST_REACH = 500  # beyond this, Graphviz is too slow at leading lines around what stands between
_MARK = {"color": ORANGE, "penwidth": "2.2"}
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
    sheet = Sheet(rankdir, "crowded" if parts.flows else "far" if far else "plain", theme)
    names: dict[Part, str] = {node: f"v{i}" for i, node in enumerate(order)}
    names |= {box: f"b{i}" for i, box in enumerate(parts.boxes)}
    for box in parts.boxes:
        sheet.record(names[box], _box_rows(box), "box", box.scope[:-1])
    entering = {tail for tail, head in parts.flows if _is_constant(tail) and isinstance(head, Box)}
    gained = contributions(order)
    for node in parts.loose:
        hint = "" if node.is_constant else _hint(node, labels, gained.get(node, ()))
        style = _MARK if node in marked else {}
        if node in entering:
            sheet.record(names[node], [["input"], [f"data {number_text(node.data)}"]], "input", hint=repr(node.data))
        else:
            _add_value(sheet, names[node], node, labels.get(node, ""), hint, scopes[node], style)
    reached, loose = _reached_by_gradient(order), set(parts.loose)
    for node in parts.loose:
        for i, parent in enumerate(node.parents):
            if parent in loose:
                text = _partial_text(node, i) if node in reached else ""
                style = _MARK if parent in marked and node in marked and node.partials else {}
                sheet.edge(names[parent], _operation(names[node]), "" if crowded or far else text, hint=text, **style)
    _add_flows(sheet, names, parts.flows, crowded)
    return sheet.dot


def _is_constant(part: Part) -> bool:
    return isinstance(part, Value) and part.is_constant


def _reach(nodes: Sequence[Value]) -> int:
    """How many nodes all edges together pass by, in a picture of one column for each depth of the graph."""
    depth: dict[Value, int] = {}
    column: dict[Value, int] = {}
    for node in nodes:
        depth[node] = 1 + max((depth.get(parent, 0) for parent in node.parents), default=0)
        for parent in node.parents:  # a leaf stands beside the first operation that uses it
            column.setdefault(parent, depth[parent] if parent.parents and parent in depth else depth[node] - 1)
    return sum(depth[node] - column[parent] - 1 for node in nodes for parent in node.parents)


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


def _box_rows(box: Box) -> list[list[str]]:
    shown = list(box.outputs) or box.leaves or box.nodes
    summary = [f"{'output' if box.outputs else 'data'} {range_text(node.data for node in shown)}"]
    if box.operations:
        summary.insert(0, " ".join(box.operations))
    if len(box.scopes) > 1:
        summary.append(f"parameters |grad| ≤ {largest_text(node.grad for node in box.leaves if node.has_grad)}")
    else:
        summary.append(f"grad {range_text(node.grad for node in shown if node.has_grad)}")
    return [[shortened(box.name)], [" · ".join(_counts(box))], summary]


def _counts(box: Box) -> list[str]:
    """How many parts, parameters and nodes are in a box; its parts are called what they are called in their paths."""
    counts = Counter(scope[-1].partition("[")[0] for scope in box.scopes if len(scope) > len(box.scope))
    if box.scope:
        counts["parameters"] += len(box.leaves)
    counts["nodes"] += len(box.nodes)
    return [f"{shortened(name)} {count:,}" for name, count in counts.items()]


def _add_flows(sheet: Sheet, names: Mapping[Part, str], flows: Mapping[tuple[Part, Part], Flow], crowded: bool) -> None:
    """One edge for all between two parts; the more gradient flows through it, the thicker."""
    largest = max((abs(flow.gradient) for flow in flows.values() if _is_finite(flow.gradient)), default=0.0)
    for (tail, head), flow in flows.items():
        texts = [f"{flow.edges:,} edges"] if flow.edges > 1 else []
        if flow.gradient is not None:
            texts.append(f"grad {gradient_text(flow.gradient)}")
        share = abs(flow.gradient) / largest if largest and _is_finite(flow.gradient) else 0.0
        sheet.connector(
            names[tail],
            names[head] if isinstance(head, Box) else _operation(names[head]),
            "" if crowded else "\n".join(texts),
            hint=", ".join(texts),
            penwidth=f"{0.6 + 1.6 * share:.2f}",
        )


def _is_finite(gradient: float | None) -> TypeGuard[float]:
    return gradient is not None and math.isfinite(gradient)
