"""Loops in NumPy: a function for the step, and a ``for`` that calls it."""

from __future__ import annotations

import ast
import builtins
import textwrap
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace

from .. import ir
from ..naming import plural
from .functions import HELPERS
from .writer import Writer

WIDTH = 108  # of lines that are wrapped


@dataclass(frozen=True)
class Step:
    """A function that computes one step."""

    name: str
    arguments: Sequence[str]
    """The names of what it is given: what is carried and what is stacked, and what is the same in all steps."""
    lines: Sequence[str]
    returned: Sequence[str]
    left: Sequence[ir.Expr]
    """The expressions that it returns."""
    into: Mapping[ir.Expr, str]
    """Those that it can leave in an array that is there already, and the names of the arguments for these."""
    doc: str


class Repeats:
    """The loops of a program, each with the function of its step."""

    def __init__(self, writer: Writer) -> None:
        self.writer = writer
        self.steps: dict[ir.Loop, Step] = {}
        self.t = ""
        """The name of the number of a step."""

    def text(self, loop: ir.Loop) -> str:
        """The lines of a loop."""
        self.t = self.t or self.writer.names.unique("t")
        if loop not in self.steps:
            self.steps[loop] = self._step(loop)
        return _Text(self, self.steps[loop], loop).text()

    def shorter(self, loop: ir.Loop, needed: Set[ir.Array]) -> tuple[ir.Loop, str]:
        """The loop, without what it collects that is not needed, and its lines; the step is the same."""
        found = replace(loop, collected=[each for each in loop.collected if each.target in needed])
        return found, _Text(self, self.steps[loop], found).text()

    def _step(self, loop: ir.Loop) -> Step:
        writer, leaves = self.writer, {each.leaf for each in loop.carried}
        kept = {each.expr for each in loop.collected if each.each}
        kept |= {each.after for each in loop.carried if each.leaf in kept}
        lines, into = [], dict[ir.Expr, str]()
        for statement in ir.assignments(loop.body):
            line = writer.into(statement) if statement.target in kept else None
            # On the way back everything that is collected is needed: an empty row is there to be assigned to.
            is_there = loop.backwards and statement.target in kept and _is_empty(statement.expr)
            if line or is_there:
                into[statement.target] = writer.arrays[statement.target]
            lines += [] if is_there else [line or writer.statement(statement)]
        left = dict.fromkeys(each.after for each in loop.carried)
        collected = [each.expr for each in loop.collected if each.expr not in leaves]
        left |= dict.fromkeys(sorted(collected, key=lambda expr: expr in into))
        returned = [writer.full(expr) for expr in left]
        own = [writer.arrays[leaf] for leaf in loop.given]
        others = _free([*lines, f"({', '.join(returned)},)"])
        known = {*own, *HELPERS, *writer.constants, *dir(builtins), "np"}
        others = [name for name in others if name not in {*known, *into.values()}]
        arguments = [*own, *others, *(name if loop.backwards else f"{name}=None" for name in into.values())]
        name = writer.names.unique("step_back" if loop.backwards else "step")
        doc = f"One of {loop.times:,} steps{', from the last to the first' * loop.backwards}."
        return Step(name, arguments, lines, returned, [*left], into, doc)


class _Text:
    """The lines of one loop: those before it, and the one that calls the step."""

    def __init__(self, repeats: Repeats, step: Step, loop: ir.Loop) -> None:
        self.writer, self.t, self.step, self.loop = repeats.writer, repeats.t, step, loop
        self.collected = [*loop.collected]
        self.before: list[str] = []
        self.last: list[str] = []
        self.targets: dict[ir.Expr, list[str]] = {expr: [] for expr in step.left}

    def text(self) -> str:
        """All lines."""
        loop, step = self.loop, self.step
        given = [*map(self.carried, loop.carried), *map(self.stacked, loop.stacked)]
        for each in self.collected:
            self.collect(each)
        others = step.arguments[len(given) : len(step.arguments) - len(step.into)]
        call = f"{step.name}({', '.join([*given, *others, *self.into()])})"
        steps = f"reversed(range({loop.times}))" if loop.backwards else f"range({loop.times})"
        lines = [f"for {self.t} in {steps}:", *(f"    {line}" for line in self.assigned(call))]
        return "\n".join([*self.before, *lines, *self.last])

    def into(self) -> Iterator[str]:
        """Arguments for what the step leaves in a row of an array; that need not be assigned then."""
        for expr, name in self.step.into.items():
            rows = [target for target in self.targets[expr] if target.endswith(f"[{self.t}]")]
            if rows:
                self.targets[expr].remove(rows[0])
                yield f"{name}={rows[0]}"

    def assigned(self, call: str) -> list[str]:
        """The call, and what becomes of what it returns."""
        targets = [*self.targets.values()]
        if not any(targets):
            return _wrapped(call)
        if len(targets) == 1:
            line = " = ".join([*targets[0], call])
            return _wrapped(line)
        while targets and not targets[-1]:
            targets.pop()
        rest = ["*_"] * (len(targets) < len(self.targets))
        firsts = [names[0] if names else "_" for names in targets]
        again = [f"{other} = {names[0]}" for names in targets for other in names[1:]]
        into = ", ".join([*firsts, *rest])
        line = f"{into} = {call}" if len(into) + len(call) < WIDTH else f"({into}) = {call}"
        return [*_wrapped(line), *again]

    def carried(self, each: ir.Carried) -> str:
        """What a step is given of what is carried: a name, or a row of an array if all rows are kept."""
        name, first = self.writer.arrays[each.leaf], self.writer.full(each.first)
        kept = next((c for c in self.collected if c.expr is each.leaf and c.each), None)
        if kept is None:
            self.before.append(f"{name} = {first}")
            self.targets[each.after].insert(0, name)
            return name
        after = next((c for c in self.collected if c.expr == each.after and c.each), None)
        self.collected = [c for c in self.collected if c not in (kept, after)]
        names, shape = self.writer.names, (self.loop.times + 1, *each.leaf.shape)
        history, rows = names.numbered("history"), self.writer.arrays[kept.target]
        later = self.writer.arrays[after.target] if after else names.unique(f"{rows}_after")
        sides = [f"{history}[1:]", f"{history}[:-1]"][:: 1 if self.loop.backwards else -1]
        self.before += [
            f"{history} = np.empty({self.writer.shape(shape)})",
            f"{rows}, {later} = {', '.join(sides)}",
            f"{rows}[{-1 if self.loop.backwards else 0}] = {first}",
        ]
        self.targets[each.after].insert(0, f"{later}[{self.t}]")
        return f"{rows}[{self.t}]"

    def stacked(self, each: ir.Stacked) -> str:
        """What a step is given of a stack."""
        source = each.source
        if isinstance(source, ir.Rearrange) and isinstance(source.inside, ir.Array):
            first, *rest = source.order
            if first is not None and rest == [axis for axis in range(len(source.inside.shape)) if axis != first]:
                return f"{self.writer.text(source.inside)}[{':, ' * first}{self.t}]"
        if isinstance(source, ir.Array):
            return f"{self.writer.text(source)}[{self.t}]"
        rows = self.writer.names.unique(plural(self.writer.arrays[each.leaf]))
        self.before.append(f"{rows} = {self.writer.full(source)}")
        return f"{rows}[{self.t}]"

    def collect(self, each: ir.Collected) -> None:
        """Where what is collected goes."""
        name, targets = self.writer.arrays[each.target], self.targets[each.expr]
        if each.each:
            self.before.append(f"{name} = np.empty({self.writer.shape(each.target.shape)})")
            targets.append(f"{name}[{self.t}]")
        elif targets:
            self.last.append(f"{name} = {targets[0].replace(f'[{self.t}]', f'[{0 if self.loop.backwards else -1}]')}")
        else:
            targets.append(name)


def _is_empty(expr: ir.Expr) -> bool:
    """Whether it is an array of which every element is assigned before it is read."""
    return isinstance(expr, ir.Zeros) and expr.assigned and bool(expr.shape)


def _wrapped(line: str) -> list[str]:
    """An assignment on several lines if it is long, but none that ends with its ``=``."""
    kept = line.replace(" = ", "\0=\0")
    return [
        part.replace("\0", " ")
        for part in textwrap.wrap(kept, WIDTH, subsequent_indent=" " * 4, break_long_words=False)
    ]


def _free(lines: Sequence[str]) -> list[str]:
    """The names that are read and not given, in order."""
    names = [node for node in ast.walk(ast.parse("\n".join(lines))) if isinstance(node, ast.Name)]
    given = {node.id for node in names if isinstance(node.ctx, ast.Store)}
    return [*dict.fromkeys(node.id for node in names if node.id not in given)]
