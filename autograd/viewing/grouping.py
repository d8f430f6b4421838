"""Which part of a network each node belongs to, and the few boxes that a large graph is collapsed into."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from .. import ops
from ..value import Value

Scope = tuple[str, ...]
"""A part of a network, as its path: ``("layers[0]", "neurons[3]")``. The empty one is no part of any."""

Level = Literal["neuron", "layer"]

Edge = tuple[Value, Value]
"""A node that is read, and the one that reads it."""

DEEPEST_SCOPE = 8
LARGEST_LOOSE_STAGE = 12

_PATH = re.compile(r"[^\W\d]\w*(\[\w+\])*(\.[^\W\d]\w*(\[\w+\])*)+")


def scope_of(label: str) -> Scope:
    """The part of a network that a label names, which is its Python path without the last component.

    >>> scope_of("layers[0].neurons[3].bias"), scope_of("loss"), scope_of("v1.5, final")
    (('layers[0]', 'neurons[3]'), (), ())
    """
    return tuple(label.rsplit(".", DEEPEST_SCOPE)[:-1]) if _PATH.fullmatch(label) else ()


def scopes_of(order: Sequence[Value]) -> dict[Value, Scope]:
    """The scope of each node of a topological order.

    A label tells it. What an operation made without a label, and a constant, is of the scope of all that consumes it,
    or of none. A leaf without a label is of none, as is a number that a parameter is multiplied by: it comes from
    outside.
    """
    scopes: dict[Value, Scope] = {}
    consumers: dict[Value, Scope] = {}
    known: dict[str, Scope] = {}
    for node in reversed(order):
        if not node.label:
            scope = () if node.is_leaf else consumers.get(node, ())
        elif node.label in known:
            scope = known[node.label]
        else:
            scope = known[node.label] = scope_of(node.label)
        scopes[node] = scope
        for parent in node.parents:
            if consumers.setdefault(parent, scope) != scope or (parent.is_constant and _is_weighted(node)):
                consumers[parent] = ()
    return scopes


def _is_weighted(node: Value) -> bool:
    return node.op is ops.MUL and any(parent.is_leaf and parent.label for parent in node.parents)


@dataclass(frozen=True)
class Passage:
    """Where numbers enter parts of a network that read the same, as the neurons of a layer do, or leave them."""

    outer: Scope
    """What encloses these parts."""
    edges: Sequence[Sequence[Edge]]
    """Into each of the parts, or from each of what leaves them to its readers: in the order of the parts."""


def entrances(order: Sequence[Value], scopes: Mapping[Value, Scope]) -> list[Passage]:
    """What comes into parts that stand side by side, but where it comes from these parts themselves."""
    read: dict[Scope, dict[Value, dict[Value, None]]] = {}
    for node in order:
        scope = scopes[node]
        outer = scope[:-1] or scope
        for parent in node.parents if scope else ():
            if scopes[parent][: len(outer)] != outer:
                read.setdefault(scope, {}).setdefault(parent, {})[node] = None
    alike: dict[tuple[Scope, frozenset[Value]], list[Scope]] = {}
    for scope in sorted(read, key=_place):
        alike.setdefault((scope[:-1], frozenset(read[scope])), []).append(scope)
    places = {node: i for i, node in enumerate(order)}
    passages = []
    for (outer, reads), parts in alike.items():
        first = [node for node in reads if node.parents] or reads  # beside a result, a leaf is but an operand
        in_order = sorted(first, key=lambda node: (_place(scopes[node]), places[node]))
        edges = [[(node, reader) for node in in_order for reader in read[scope][node]] for scope in parts]
        if reads.isdisjoint(_behind(order, edges)):
            passages.append(Passage(outer, edges))
    return passages


def exits(order: Sequence[Value], scopes: Mapping[Value, Scope]) -> list[Passage]:
    """What comes out of parts that stand side by side, to be read outside of all."""
    read: dict[Scope, dict[Value, dict[Value, None]]] = {}
    for node in order:
        for parent in node.parents if not scopes[node] else ():
            if scopes[parent]:
                read.setdefault(scopes[parent][:-1], {}).setdefault(parent, {})[node] = None
    passages = []
    for outer, readers in read.items():
        in_order = sorted(readers, key=lambda node: _place(scopes[node]))
        edges = [[(node, reader) for reader in readers[node]] for node in in_order]
        if len(edges) > 1 and readers.keys().isdisjoint(_behind(order, edges)):
            passages.append(Passage(outer, edges))
    return passages


def _behind(order: Sequence[Value], edges: Sequence[Sequence[Edge]]) -> set[Value]:
    """What these edges lead to, and all that is computed from that."""
    behind = {head for part in edges for _, head in part}
    for node in order:
        if not behind.isdisjoint(node.parents):
            behind.add(node)
    return behind


@dataclass(eq=False)
class Box:
    """Many nodes drawn as one: all those of ``scope``, or of one stage between scopes."""

    scope: Scope
    name: str = ""
    nodes: list[Value] = field(default_factory=list)
    scopes: set[Scope] = field(default_factory=set)
    """The innermost scopes in it."""
    outputs: dict[Value, None] = field(default_factory=dict)
    """Its results that are read outside of it, or are the root, in topological order."""

    @property
    def leaves(self) -> list[Value]:
        """The parameters of a scope; the inputs or targets of a stage."""
        return [node for node in self.nodes if node.is_leaf]

    @property
    def operations(self) -> list[str]:
        """The symbols of its operations, each once, in the order of computation."""
        return list(dict.fromkeys(node.op.symbol for node in self.nodes if node.op and node.parents))


Part = Box | Value


@dataclass
class Flow:
    """The scalar edges between two parts of a collapsed graph, merged."""

    edges: int = 0
    gradient: float | None = None
    """The sum of the child's gradient × the local derivative; None where none was computed, or is of any use."""
    partials: float = 0.0
    """The sum of the local derivatives' magnitudes: of one edge into a neuron, its weight's."""
    strength: float = 0.0
    """The same, each times the child's gradient."""

    def add(self, child: Value, i: int) -> None:
        """One more edge, from the child's i-th parent."""
        self.edges += 1
        if not child.partials:
            return
        partial = child.partials[i]
        self.partials += abs(partial)
        if child.has_grad:
            self.strength += abs(child.grad * partial)
            if not child.parents[i].is_constant:
                self.gradient = (self.gradient or 0.0) + child.grad * partial


@dataclass(eq=False)
class Parts:
    """A graph in the parts that are drawn: boxes, and the loose nodes, which stand for themselves."""

    loose: Sequence[Value]
    boxes: Sequence[Box] = ()
    flows: Mapping[tuple[Part, Part], Flow] = field(default_factory=dict)
    """Between each two parts of which at least one is a box."""

    @property
    def count(self) -> int:
        """How many parts there are to draw."""
        return len(self.boxes) + len(self.loose)

    @property
    def columns(self) -> list[list[Part]]:
        """Boxes of one place that read from the same parts, and leaves that the same parts read: in their order."""
        tails: dict[Part, set[Part]] = {}
        heads: dict[Part, set[Part]] = {}
        for tail, head in self.flows:
            tails.setdefault(head, set()).add(tail)
            heads.setdefault(tail, set()).add(head)
        boxes: dict[tuple[Scope, frozenset[Part]], list[Part]] = {}
        for box in sorted(self.boxes, key=lambda box: _natural(box.name)):
            if box.scope:
                boxes.setdefault((box.scope[:-1], frozenset(tails.get(box, ()))), []).append(box)
        leaves: dict[frozenset[Part], list[Part]] = {}
        for node in self.loose:
            if not node.parents and node in heads:
                leaves.setdefault(frozenset(heads[node]), []).append(node)
        return [*boxes.values(), *leaves.values()]


def _natural(name: str) -> list[tuple[int, str]]:
    """By which names are sorted as people count: neurons[9] before neurons[10]."""
    return [(int(piece), "") if i % 2 else (0, piece) for i, piece in enumerate(re.split(r"(\d+)", name))]


def _place(scope: Scope) -> list[list[tuple[int, str]]]:
    return list(map(_natural, scope))


def collapse(
    order: Sequence[Value], scopes: Mapping[Value, Scope], level: Level, opened: Collection[Scope] = ()
) -> Parts:
    """One box for each innermost scope (``neuron``) or outermost scope (``layer``, but for those that are ``opened``).

    The nodes of no scope are put in boxes too where they are many: the inputs, what is computed from the last layer,
    what is computed in between.
    """
    keys = {node: scope if level == "neuron" or scope[:1] in opened else scope[:1] for node, scope in scopes.items()}
    stages = _stages(order, keys)
    sizes = Counter(stages.values())
    boxes: dict[Scope | int, Box] = {}
    parts: dict[Value, Part] = {}
    for node in order:
        key = keys[node] or stages[node]
        if isinstance(key, int) and sizes[key] <= LARGEST_LOOSE_STAGE:
            parts[node] = node
        else:
            parts[node] = box = boxes.setdefault(key, Box(keys[node]))
            box.nodes.append(node)
            box.scopes.add(scopes[node])
    _name_boxes(boxes, root=order[-1])
    loose = [node for node in order if parts[node] is node]
    return Parts(loose, list(boxes.values()), _flows(order, parts))


def layers_to_open(order: Sequence[Value], scopes: Mapping[Value, Scope]) -> list[Scope]:
    """The outermost scopes that hold others, in the order of computation."""
    return list(dict.fromkeys(scopes[node][:1] for node in order if node.parents and len(scopes[node]) > 1))


def _stages(order: Sequence[Value], keys: Mapping[Value, Scope]) -> dict[Value, int]:
    """For each node of no scope how many scopes in a row it was computed from: 0 on the inputs' side of a network.

    A leaf or number that nodes of one stage alone read, as a target is, belongs to that stage.
    """
    behind: dict[Value, int] = {}
    readers: dict[Value, int] = {}
    for node in order:
        key = keys[node]
        behind[node] = max((behind[p] + (keys[p] != () and keys[p] != key) for p in node.parents), default=0)
        reader = 0 if key else behind[node]
        for parent in node.parents:
            if readers.setdefault(parent, reader) != reader:
                readers[parent] = 0
    return {node: behind[node] if node.parents else readers.get(node, 0) for node in order if not keys[node]}


def _name_boxes(boxes: Mapping[Scope | int, Box], root: Value) -> None:
    """A box of no scope is named for its result where that has a label."""
    for key, box in boxes.items():
        result = box.nodes[-1]
        if not isinstance(key, int):
            box.name = key[-1]
        elif key == 0:
            box.name = "inputs"
        else:
            box.name = result.label or ("output" if result is root else "unnamed")


def _flows(order: Sequence[Value], parts: Mapping[Value, Part]) -> dict[tuple[Part, Part], Flow]:
    """Merge the edges between parts, and note in each box what is read from outside of it."""
    flows: dict[tuple[Part, Part], Flow] = {}
    for node in order:
        part = parts[node]
        for i, parent in enumerate(node.parents):
            source = parts[parent]
            if source is not part and (isinstance(source, Box) or isinstance(part, Box)):
                flows.setdefault((source, part), Flow()).add(node, i)
                if isinstance(source, Box) and parent.parents:
                    source.outputs[parent] = None
    last = parts[order[-1]]
    if isinstance(last, Box):
        last.outputs[order[-1]] = None
    return flows
