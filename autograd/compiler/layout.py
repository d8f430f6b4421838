"""Pass 5, layout: each group gets an order and a shape in which its operands are views.

A group follows the order of its operands, so that most of them are whole arrays, slices, transposes and broadcasts;
what is left is gathered. Parameters have no order of their own: the first group that reads some of them chooses their
place in the vector.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from math import inf, prod

import numpy as np

from .. import ops
from ..value import Value
from .algebra import apply, contract, expand, rearrange, reduced, reshape
from .graphs import LETTERS, NUMBERS, PARAMETERS, Group, Lifted, Repeat
from .holes import held
from .ir import (
    Array,
    ArrayProgram,
    B,
    Carried,
    Collected,
    Concat,
    Constant,
    Define,
    Expr,
    Ints,
    Length,
    Lengths,
    Loop,
    Shape,
    Stacked,
    Take,
    View,
    Where,
    contiguous,
    read,
)
from .placing.fitting import Fitted, fitted, line
from .placing.orders import Orders
from .placing.places import Places
from .ragged import NONE, runs


def layout(lifted: Lifted, parameters: Sequence[Value] = ()) -> ArrayProgram:
    """Statements on views, from groups of nodes; with the parameters in this order, if one is given.

    >>> from autograd import Value, functional
    >>> from .fold import fold
    >>> from .lift import lift
    >>> from .record import record
    >>> x = [Value(1.0) for _ in range(3)]
    >>> rows = [[Value(1.0) for _ in x] for _ in range(5)]
    >>> outputs = [functional.dot(row, x).tanh() for row in rows]
    >>> print(layout(lift(fold(record(outputs, x)))))
    m1 (5, B) = dot(theta[0: shape (5, 3), strides (3, 1)], x)
    tanh1 (5, B) = tanh(m1)
    return tanh1
    """
    first = _Layout(lifted)
    program, lifted = first.run(), first.with_carried_as_made()
    if lifted is not first.lifted:
        program = _Layout(lifted).run()
    if not parameters or [*program.parameters] == [*parameters]:
        return program
    recording = lifted.folded.recording
    place = {leaf: i for i, leaf in recording.leaves.items()}
    asked = replace(recording, parameters=tuple(place[parameter] for parameter in parameters))
    return _Layout(replace(lifted, folded=replace(lifted.folded, recording=asked))).run()


class _Layout:
    def __init__(self, lifted: Lifted) -> None:
        self.lifted, self.places = lifted, Places(lifted)
        self.orders = Orders(lifted, self.places)
        self.products: set[Expr] = set()

    def run(self) -> ArrayProgram:
        places, recording = self.places, self.lifted.folded.recording
        statements = [self.statement(home, group) for home, group in _in_turn(self.lifted)]
        places.place(places.leaves)
        parameters = [recording.leaves[i] for i in places.parameters]
        program = ArrayProgram(
            places.inputs, places.theta, parameters, statements, self.outputs(), places.hints, places.alike
        )
        return held(program)

    def statement(self, home: int, group: Group | Repeat) -> Define | Loop:
        """The group in its best order, and its place."""
        if isinstance(group, Repeat):
            return self.loop(group)
        if group.kind == "join":
            return self.join(home, group)
        best = self.best(group)
        group, operands = best.group, best.operands
        for nodes, operand in zip(group.operands, operands, strict=True):
            self.named(operand, nodes)
        array = self.places.settle(home, group.targets, best.shape(group.makes), self.stem(group, operands))
        if group.kind == "dot":
            self.products.add(array)
        return Define(array, expand(_expression(best, array.shape), array.shape))

    def best(self, group: Group) -> Fitted:
        """The first order that reads arrays as they are, or else the one that comes nearest to that."""
        best = None
        for order in self.orders.of(group):
            found = fitted(order, self.places)
            if group.kind == "map" and len(group.targets) == 1:
                return found
            if best is None or found.cost < best.cost:
                best = found
            if best.cost == 0:
                break
        assert best is not None
        return best

    def stem(self, group: Group, operands: Sequence[Expr]) -> str:
        """What was found, for a name."""
        sources = [operand.source if isinstance(operand, View) else operand for operand in operands]
        of_products = not self.products.isdisjoint(sources)
        return "weighted" if of_products and group.name in ("add", "sub") else group.name

    def join(self, home: int, group: Group) -> Define:
        """Each array is a piece."""
        (ordered,) = self.orders.of(group)
        (sources,) = ordered.operands
        rows = [sources[run] for run in runs(self.lifted.nodes.home[sources])]
        arrays = [self.places.array(nodes) for nodes in rows]
        sampled = any(array is not None and array.sampled for array in arrays)
        pieces = tuple(self.named(line(nodes, self.places, sampled), nodes) for nodes in rows)
        array = self.places.settle(home, ordered.targets, ordered.targets.shape, "join")
        return Define(array, expand(Concat(pieces), array.shape))

    # ---- loops

    def loop(self, group: Repeat) -> Loop:
        """What the steps are given, in the order in which it stands outside; the body; and what they leave."""
        statements: list[Define | Loop] = []
        stacked, carried, own, same = [], [], [], self.lifted.nodes.same
        for home, inner in group.body.items():
            if inner.kind == "carry":
                carried.append((inner, self.given(home, inner)))
            elif inner.kind == "stack" and (
                self.places.key(inner.operands[0]) is None and self.places.array(inner.operands[0])
            ):
                own.append((home, inner, self.places.wait(home, inner.targets, "each")))
            elif inner.kind == "stack":
                stacked.append(self.stack(home, inner))
            else:
                statements.append(self.statement(home, inner))
        stacked += [self.stack_of_parameters(home, inner, leaf) for home, inner, leaf in own]
        pairs = [
            Carried(leaf, self.side_by_side(inner.operands[0], leaf), self.side_by_side(same[inner.operands[1]], leaf))
            for inner, leaf in carried
        ]
        collected = [self.collect(home, inner, pairs) for home, inner in group.collects.items()]
        return Loop(group.times, statements, pairs, stacked, collected)

    def with_carried_as_made(self) -> Lifted:
        """The groups; what a step makes in one array is carried on in the order of that array, or as that array.

        It is read as it stands then, and not picked out: 14 small networks side by side take two thirds of the time.
        """
        groups = {home: self.as_made(group) for home, group in self.lifted.groups.items()}
        changed = any(groups[home] is not group for home, group in self.lifted.groups.items())
        return replace(self.lifted, groups=groups) if changed else self.lifted

    def as_made(self, group: Group | Repeat) -> Group | Repeat:
        """The group; of a loop what it carries in the order in which its body makes it."""
        if not isinstance(group, Repeat):
            return group
        body = {
            home: self.carried_as_made(inner, group.body) if inner.kind == "carry" else inner
            for home, inner in group.body.items()
        }
        return replace(group, body=body) if any(body[home] is not group.body[home] for home in body) else group

    def carried_as_made(self, carried: Group, body: Mapping[int, Group]) -> Group:
        """What is carried in the order of the one array that the body makes it in, and with its axes if it is all."""
        first, after = carried.operands
        made = self.lifted.nodes.same[after]
        homes, places = self.lifted.nodes.home[made], self.places.position[made]
        home = int(homes[0])
        if (homes != home).any() or home not in body or body[home].kind == "carry":
            return carried
        order, lengths = np.argsort(places, kind="stable"), self.places.arrays[home].lengths
        if len(lengths) > 1 and np.array_equal(places[order], np.arange(prod(lengths))):
            order = order.reshape(lengths)
        elif (np.diff(order) == 1).all():
            return carried
        return replace(carried, targets=carried.targets[order], operands=(first[order], after[order]))

    def given(self, home: int, group: Group) -> Array:
        """The array of what is carried; a single number has no axis."""
        lengths = group.targets.shape if group.targets.size > 1 else ()
        self.places.stands_for[group.targets] = group.operands[0]
        return self.places.settle(home, group.targets, lengths, "before")

    def side_by_side(self, nodes: Ints, array: Array) -> Expr:
        """Nodes that may live in several arrays, as one with this shape."""
        nodes = nodes.ravel()
        lines = [self.line(nodes[run], array.sampled) for run in runs(self.lifted.nodes.home[nodes])]
        found = lines[0] if len(lines) == 1 else Concat(tuple(lines))
        if not array.lengths:
            return expand(rearrange(found, range(1, len(found.shape))), array.shape)
        return expand(_in_lengths(found, array.lengths), array.shape)

    def line(self, nodes: Ints, sampled: bool) -> Expr:
        """Nodes of one home side by side."""
        if self.places.array(nodes) is None:
            if self.places.home(nodes) != NUMBERS:
                raise TypeError(f"what is read is not there yet: nodes {nodes}")
            values = self.lifted.nodes.number[nodes]
            return Constant(values[:, None] if sampled else values)
        self.places.place(nodes)
        if len(nodes) > 1 and (nodes == nodes[0]).all():
            one = self.line(nodes[:1], sampled)
            return expand(one, (len(nodes), *one.shape[1:]))
        return self.named(line(nodes, self.places, sampled), nodes)

    def stack(self, home: int, group: Group) -> Stacked:
        """What is stacked, in the order in which the first step has it."""
        (sources,) = group.operands
        order = np.argsort(self.places.position[sources[:, 0]], kind="stable")
        rows = sources[order].T
        source = self.rows(rows) if self.places.array(rows) else Constant(self.places.nodes.number[rows])
        lengths = tuple(length for length in source.shape[1:] if isinstance(length, int))
        return Stacked(self.places.settle(home, group.targets[order], lengths, "each"), source)

    def stack_of_parameters(self, home: int, group: Group, leaf: Array) -> Stacked:
        """Parameters of each step, which stand step by step, as the body has read those of the first."""
        _, placed = self.places.waiting.pop(home)
        place = {node: i for i, node in enumerate(group.targets.tolist())}
        rows = group.operands[0][[place[node] for node in placed]].T
        self.places.place(rows.ravel())
        return Stacked(leaf, reshape(self.rows(rows), rows.shape))

    def rows(self, rows: Ints) -> Expr:
        """What is read step by step: a view of which the first axis is that of the steps, or else a gather."""
        array = self.places.array(rows)
        assert array is not None
        fit = self.places.fit(rows)
        if fit is not None:
            offset, (along, across) = fit
            pairs = (*along, *across)
            if len(along) == 1 and all(stride > 0 for length, stride in pairs if length > 1):
                strides = tuple(stride if length > 1 else 0 for length, stride in pairs)
                return self.named(read(array, tuple(length for length, _ in pairs), strides, offset), rows)
        return Take(array, Constant(self.places.position[rows]))

    def collect(self, home: int, group: Group, carried: Sequence[Carried]) -> Collected:
        """An array of all steps, or the last of what is carried; its nodes stand in it as they do in the body."""
        places, (nodes,) = self.places, group.operands
        array = places.array(nodes)
        assert array is not None
        last = (group.targets[:, :-1] == NONE).all() and any(each.after is array for each in carried)
        times = group.targets.shape[1]
        lengths = array.lengths if last else (times, *array.lengths)
        holes = None if array.holes is None else np.broadcast_to(array.holes, lengths)
        target = places.arrays[home] = Array(lengths, array.sampled, holes, stack_of=array)
        there = group.targets != NONE
        step = np.zeros(times, dtype=np.int64) if last else np.arange(times) * array.size
        places.position[group.targets[there]] = (places.position[nodes][:, None] + step)[there]
        return Collected(target, array, not last)

    def named(self, operand: Expr, nodes: Ints) -> Expr:
        """The operand; if it is a part of theta, with a name for that."""
        inside = operand.inside if isinstance(operand, Where) else operand
        if isinstance(inside, View) and inside.source is self.places.theta:
            self.places.name(inside, nodes)
        return operand

    def outputs(self) -> list[Expr]:
        """The outputs in order; neighbours that are one view of one array come as one operand."""
        nodes = self.lifted.nodes.same[list(self.lifted.folded.recording.outputs)]
        lines: list[list[int]] = []
        for node in nodes.tolist():
            if lines and self.follows(lines[-1], node):
                lines[-1].append(node)
            else:
                lines.append([node])
        found = [self.named(line(np.array(one), self.places), np.array(one)) for one in lines]
        return [
            rearrange(output, range(1, len(output.shape))) if len(one) == 1 else output
            for output, one in zip(found, lines, strict=True)
        ]

    def follows(self, before: list[int], node: int) -> bool:
        """Whether the node stands in its array one step further, and what came before it in even steps."""
        home, position = self.lifted.nodes.home, self.places.position
        if home[node] != home[before[-1]] or home[node] == NUMBERS:
            return False
        step = position[node] - position[before[-1]]
        return bool(step > 0 and (len(before) == 1 or step == position[before[-1]] - position[before[-2]]))


def _in_lengths(side_by_side: Expr, lengths: Lengths) -> Expr:
    """What stands side by side, with these axes in place of the one."""
    if len(lengths) == 1:
        return side_by_side
    if isinstance(side_by_side, Array):
        return read(side_by_side, lengths, contiguous(lengths))
    if isinstance(side_by_side, View) and side_by_side.strides[0]:
        (_, *batch), (step, *_) = side_by_side.lengths, side_by_side.strides
        strides = (*(step * stride for stride in contiguous(lengths)), *[0] * len(batch))
        return read(side_by_side.source, (*lengths, *batch), strides, side_by_side.offset)
    if isinstance(side_by_side, Take):
        return Take(side_by_side.source, Constant(side_by_side.picked.values.reshape(lengths)))
    return reshape(side_by_side, (*lengths, *side_by_side.shape[1:]))


def _expression(best: Fitted, shape: Shape) -> Expr:
    """What the group computes from its operands."""
    group, operands = best.group, best.operands
    if group.kind == "map":
        assert group.op
        return apply(group.op, *operands)
    batch: list[Length] = [B] if shape[-1:] == (B,) else []
    if group.kind == "dot":
        return _product(best, batch)
    (operand,) = operands
    full = (*best.shape("qk"), *batch)
    axes = range(len(best.shape("q")), len(best.shape("qk")))
    if group.op is ops.ADD:
        return reduced("sum", operand, full, axes)
    if isinstance(operand, Where):
        operand = Where(operand.mask, operand.inside, -inf)
    return reduced("max", operand, full, axes)


def _product(best: Fitted, batch: Sequence[Length]) -> Expr:
    """A letter for each axis: those of c, m, p and k; the batch is B."""
    letters, sizes = iter(LETTERS), dict[str, Length](zip("B", batch, strict=False))
    named = {}
    for group in "cmpk":
        lengths = best.shape(group)
        named[group] = "".join(next(letters) for _ in lengths)
        sizes |= dict(zip(named[group], lengths, strict=True))
    c, m, p, k = (named[group] for group in "cmpk")
    left, right = best.operands
    on_left, on_right = (
        wanted + "B" * (len(x.shape) > len(wanted)) for x, wanted in ((left, c + m + k), (right, c + p + k))
    )
    return contract(left, on_left, right, on_right, c + m + p + "B" * len(batch), sizes)


def _in_turn(lifted: Lifted) -> Iterator[tuple[int, Group | Repeat]]:
    """The groups with their homes, each after those it reads.

    What is made of parameters alone (a penalty on the weights) waits until it is read: by then the layers have given
    the parameters their places, and the penalty reads them in that order.
    """
    waiting: dict[int, Group | Repeat] = {}
    for home, group in lifted.groups.items():
        read = _homes(lifted, group)
        if read <= {PARAMETERS} or (read & waiting.keys() and read <= {PARAMETERS, NUMBERS, *waiting}):
            waiting[home] = group
        else:
            needed = _waited_for(lifted, read, waiting)
            yield from [(other, waiting.pop(other)) for other in needed]
            yield home, group
    yield from waiting.items()


def _homes(lifted: Lifted, group: Group | Repeat) -> set[int]:
    """Where the operands of a group live."""
    several = isinstance(group, Repeat) or group.kind == "join"
    nodes = (
        np.concatenate([read.ravel() for read in group.operands])
        if several
        else [read.max() for read in group.operands]
    )
    return set(lifted.nodes.home[nodes].tolist()) - {NONE}


def _waited_for(lifted: Lifted, read: set[int], waiting: Mapping[int, Group | Repeat]) -> list[int]:
    """Those that wait, but are read or are needed by what is read, in order."""
    found: set[int] = set()
    new = read & waiting.keys()
    while new:
        found |= new
        new = set().union(*(_homes(lifted, waiting[home]) for home in new)) & waiting.keys() - found
    return sorted(found)
