"""A loop on the way back: from its last step to its first, with the adjoints of what it carries.

Only what depends on these, and what they depend on, is computed step by step. The rest of each step is computed for all
steps at once, before or after; so is the gradient of what is the same in all steps, a parameter above all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from . import ir
from .algebra import expand, rearrange
from .naming import Hint
from .stacking import Stacking, is_stackable

if TYPE_CHECKING:
    from .differentiate import Reverse

Line = ir.Define | ir.Update


def backwards(reverse: Reverse, loop: ir.Loop) -> ir.Loop:
    """Add the way back through a loop; the loop is returned, collecting what is read there."""
    back = _Backwards(reverse, loop)
    back.run()
    return replace(loop, collected=back.forward)


class _Stacks(Mapping[ir.Array, ir.Expr]):
    """What stands in arrays step by step. What is not ``known`` so far is collected by its loop from then on."""

    def __init__(self, times: int) -> None:
        self.times = times
        self.known: dict[ir.Array, ir.Expr] = {}
        self.collected: dict[ir.Array, list[ir.Collected]] = {}
        """For each array of a loop what that loop collects."""

    def __contains__(self, array: object) -> bool:
        return array in self.known or array in self.collected

    def __iter__(self) -> Iterator[ir.Array]:
        return iter(self.known | self.collected)

    def __len__(self) -> int:
        return len(self.known | self.collected)

    def __getitem__(self, array: ir.Array) -> ir.Expr:
        if array not in self.known:
            self.collected[array].append(ir.Collected(self.new(array, array.shape), array))
        return self.known[array]

    def new(self, array: ir.Array, shape: ir.Shape) -> ir.Array:
        """A new array for what this one is in all steps."""
        found = replace(array_of((self.times, *shape)), stack_of=array)
        self.known[array] = found
        return found


def array_of(shape: ir.Shape, derivative_of: ir.Array | None = None) -> ir.Array:
    """An array of that shape."""
    lengths = tuple(length for length in shape if isinstance(length, int))
    return ir.Array(lengths, shape[-1:] == (ir.B,), derivative_of=derivative_of)


class _Backwards:
    def __init__(self, reverse: Reverse, loop: ir.Loop) -> None:
        self.reverse, self.loop = reverse, loop
        self.forward, self.back = [*loop.collected], list[ir.Collected]()
        self.stacks = _Stacks(loop.times)
        self.stacks.known |= {each.leaf: each.source for each in loop.stacked}
        self.stacks.known |= {c.expr: c.target for c in loop.collected if isinstance(c.expr, ir.Array) and c.each}
        inside = [*(each.leaf for each in loop.carried), *(line.target for line in ir.assignments(loop.body))]
        self.stacks.collected = dict.fromkeys(inside, self.forward)
        self.own = {*self.stacks}
        self.stacking = Stacking(loop.times, self.stacks)
        self.hoisted: dict[ir.Expr, ir.Array] = {}
        self.carried: set[ir.Array] = set()
        """The adjoints that are carried, and what depends on them."""

    def run(self) -> None:
        """The statements of the way back, and what flows on from it."""
        loop, reverse, statements = self.loop, self.reverse, self.reverse.adjoints.statements
        leaves, inner = self.through()
        lines = [*ir.assignments(inner.adjoints.statements)]
        to_sources = [(each.source, inner.adjoints[each.leaf]) for each in loop.stacked if each.leaf in inner.adjoints]
        to_next = {each: self.to_next(each, leaf, inner) for each, leaf in leaves.items()}
        before, core, after = self.split(lines, leaves.values(), to_next.values())
        statements += self.at_once(before)
        core = [replace(line, expr=self.hoist(line.expr)) for line in core]
        to_next = {each: self.hoist(expr) for each, expr in to_next.items()}
        statements += [
            ir.Define(self.stacks.new(array, expr.shape), self.stacking.of(expr))
            for expr, array in self.hoisted.items()
        ]
        place = len(statements)
        statements += [ir.Loop(loop.times, [])] * bool(leaves)  # its place is kept
        self.stacks.collected |= dict.fromkeys([*leaves.values(), *(line.target for line in core)], self.back)
        statements += self.at_once(after)
        for read, flow in inner.adjoints.outside:
            reverse.adjoints.add(read, self.stacking.total(flow))
        for source, flow in to_sources:
            reverse.back(source, self.stacking.of(flow))
        for each, leaf in leaves.items():
            if reverse.is_active(each.first):
                final = array_of(leaf.shape, each.leaf)
                self.back.append(ir.Collected(final, to_next[each], each=False))
                reverse.back(each.first, final)
        if leaves:
            statements[place] = self.loop_back(core, leaves, to_next)

    # ---- the way back through one step

    def through(self) -> tuple[dict[ir.Carried, ir.Array], Reverse]:
        """The adjoints that are carried, as the body reads them; and the way back through the body."""
        adjoints, loop = self.reverse.adjoints, self.loop
        self.firsts: dict[ir.Carried, ir.Expr] = {}
        seeds = []
        for each in loop.collected:
            if each.target in adjoints and each.each:
                seeds.append((each.expr, self.of_step(adjoints[each.target], each.target)))
            elif each.target in adjoints:
                carried = next(carried for carried in loop.carried if carried.after is each.expr)
                self.firsts[carried] = adjoints[each.target]
        leaves: dict[ir.Carried, ir.Array] = {}
        reached = [*self.firsts]
        while True:
            leaves |= {each: self.new(each.leaf.shape, "dafter") for each in reached}
            inner = self.reverse.within(self.own)
            for expr, flow in [*((each.after, leaf) for each, leaf in leaves.items()), *seeds]:
                inner.back(expr, flow)
            inner.through_all(loop.body)
            reached = [each for each in loop.carried if each.leaf in inner.adjoints and each not in leaves]
            if not reached:
                return leaves, inner

    def new(self, shape: ir.Shape, stem: str) -> ir.Array:
        """A new array, with a name."""
        found = array_of(shape)
        self.reverse.hints[found] = Hint("", stem)
        return found

    def of_step(self, flow: ir.Expr, target: ir.Array) -> ir.Expr:
        """What flows back to a step, of what flows to all of them."""
        if not flow.shape:
            return flow
        if flow.shape[0] == 1:
            return rearrange(flow, range(1, len(flow.shape)))
        leaf = array_of(flow.shape[1:], target)
        self.stacks.known[leaf] = flow
        return leaf

    def to_next(self, carried: ir.Carried, leaf: ir.Array, inner: Reverse) -> ir.Expr:
        """What flows on to the step before."""
        if carried.leaf not in inner.adjoints:
            return ir.Zeros(leaf.shape)
        return expand(inner.adjoints[carried.leaf], leaf.shape)

    # ---- before, in and after the loop

    def split(
        self, lines: Sequence[Line], leaves: Iterable[ir.Array], to_next: Iterable[ir.Expr]
    ) -> tuple[list[Line], list[Line], list[Line]]:
        """The lines that read nothing that is carried; those on which what is carried depends; and the others."""
        staying = {line.target for line in lines if not is_stackable(line.expr)}
        self.carried |= {*leaves, *staying}
        for line in lines:
            if self.is_carried(line.expr):
                self.carried.add(line.target)
        needed = staying | {array for expr in to_next for array in ir.arrays_read(expr)}
        for line in reversed(lines):
            if line.target in needed:
                needed |= {*ir.arrays_read(line.expr)}
        before = [line for line in lines if line.target not in self.carried]
        core = [line for line in lines if line.target in self.carried & needed]
        after = [line for line in lines if line.target in self.carried - needed]
        return before, core, after

    def is_carried(self, expr: ir.Expr) -> bool:
        """Whether it depends on what is carried."""
        return any(array in self.carried for array in ir.arrays_read(expr))

    def at_once(self, lines: Sequence[Line]) -> Iterator[ir.Statement]:
        """The lines for all steps; those of arrays that are the same in all of them stay as they are."""
        differing = set[ir.Array]()
        for line in lines:
            if self.stacking.differs(line.expr) or any(array in differing for array in ir.arrays_read(line.expr)):
                differing.add(line.target)
        for line in lines:
            if line.target not in differing:
                yield line
                continue
            shape = line.target.shape
            if isinstance(line, ir.Update):
                place = self.stacking.of(line.place)
                assert isinstance(place, ir.Array | ir.View | ir.Take)
                yield ir.Update(place, self.stacking.ranked(line.expr, len(line.place.shape)), line.add)
            elif isinstance(line.expr, ir.Zeros):
                target = self.stacks.new(line.target, shape)
                yield ir.Define(target, replace(line.expr, into=target.shape))
            else:
                expr = expand(self.stacking.of(line.expr), (self.loop.times, *shape))
                yield ir.Define(self.stacks.new(line.target, shape), expr)

    def hoist(self, expr: ir.Expr) -> ir.Expr:
        """The expression, in which what does not depend on what is carried has been computed for all steps before."""
        if isinstance(expr, ir.Array) or not (self.stacking.differs(expr) or self.is_carried(expr)):
            return expr
        if self.is_carried(expr) or not ir.is_computed(expr):
            return ir.rebuilt(expr, self.hoist)
        if expr not in self.hoisted:
            self.hoisted[expr] = self.new(expr.shape, "slope")
        return self.hoisted[expr]

    def loop_back(
        self, core: Sequence[Line], leaves: Mapping[ir.Carried, ir.Array], to_next: Mapping[ir.Carried, ir.Expr]
    ) -> ir.Loop:
        """The loop, with all that it reads of the steps."""
        carried = []
        for each, leaf in leaves.items():
            first = expand(self.firsts[each], leaf.shape) if each in self.firsts else ir.Zeros(leaf.shape)
            carried.append(ir.Carried(leaf, first, to_next[each]))
        own = {*leaves.values(), *(line.target for line in core)}
        exprs = [*(line.expr for line in core), *to_next.values(), *(each.expr for each in self.back)]
        read = dict.fromkeys(array for expr in exprs for array in ir.arrays_read(expr) if array not in own)
        stacked = [ir.Stacked(array, self.stacks[array]) for array in read if array in self.stacks]
        return ir.Loop(self.loop.times, core, carried, stacked, self.back, backwards=True)
