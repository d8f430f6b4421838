"""The chain rule written out: every path from an output back to a value, in symbols, in numbers, and summed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from ..backward import grad
from ..graph import topological_order
from ..naming import name_nodes
from ..value import Value
from .draw import draw_marked
from .drawing import Drawing
from .formula import ATOM, LATEX, TEXT, Notation, applied, rule_text
from .palette import Theme
from .paths import Step, between, count_paths, largest_paths

MOST_FACTORS = 12  # of a product; of a longer one the middle is left out
MOST_STEPS = 40  # local derivatives listed with their rules


def explain(output: Value, wrt: Value, most_paths: int = 5) -> Explanation:
    """d(output)/d(wrt) by the chain rule, path by path.

    Shows the ``most_paths`` largest paths as products of local derivatives, first in symbols, then in numbers, and the
    sum of the others, so that the total is the gradient; then each local derivative with the rule it follows from.
    Paths that take one edge or its like, as both of ``x + x``, are written once, with their number before them.
    The result prints as text and shows itself in notebooks; it has ``text``, ``markdown`` and ``latex``, and
    :meth:`Explanation.draw` shows the paths in the graph.

    >>> x = Value(3.0, label="x")
    >>> y = (2 * x).tanh()
    >>> y.label = "y"
    >>> print(explain(y, x))
    dy/dx = dy/dv1 · dv1/dx
          = 2.458e−05 · 2
          = 4.915e−05
    <BLANKLINE>
    Local derivatives
    dy/dv1 = 2.458e−05    y = tanh(v1)    d tanh(x)/dx = 1 − tanh(x)²
    dv1/dx = 2            v1 = 2 · x      d(x · y)/dy = x
    """
    for node in (output, wrt):
        if not isinstance(node, Value):
            raise TypeError(f"explain takes two Values, got {type(node).__name__}: {node!r}")
    if most_paths < 1:
        raise ValueError(f"explain shows at least one path, got most_paths={most_paths!r}")
    nodes, order = between(output, wrt), topological_order(output)
    return Explanation(
        output=output,
        wrt=wrt,
        total=grad(output, wrt),
        count=count_paths(nodes),
        nodes=nodes,
        paths=[tuple(path.steps()) for path in largest_paths(nodes, most_paths)],
        names=name_nodes(order if wrt in order else [*order, wrt]),
    )


@dataclass(frozen=True, eq=False)
class Explanation:
    """What ``explain`` found: the total, the number of paths, and the largest of them as steps from output to wrt.

    >>> x = Value(3.0, label="x")
    >>> found = explain(x * x, x)
    >>> found.total, found.count
    (6.0, 2)
    """

    output: Value
    wrt: Value
    total: float
    count: int
    nodes: Sequence[Value]  # those on any path, parents first
    paths: Sequence[Sequence[Step]]
    names: Mapping[Value, str]

    @property
    def text(self) -> str:
        """For a terminal."""
        sections = []
        for title, equations in self._sections(TEXT):
            lines = [line for equation in equations for line in equation.lines()]
            sections.append("\n".join([title, *_in_columns(lines)] if title else _in_columns(lines)))
        return "\n\n".join(sections)

    @property
    def markdown(self) -> str:
        """For a notebook: headings and formulas."""
        return "\n\n".join(
            (f"**{title}**\n\n" if title else "") + f"$$\n{_aligned(equations)}\n$$"
            for title, equations in self._sections(LATEX)
        )

    @property
    def latex(self) -> str:
        """One formula, in display mode."""
        equations = [equation for _, section in self._sections(LATEX) for equation in section]
        return f"$\\displaystyle {_aligned(equations)}$"

    def draw(self, rankdir: str = "LR", max_nodes: int = 300, theme: Theme = "light") -> Drawing:
        """The graph of the output, with the paths that lead to ``wrt`` standing out; see :func:`autograd.draw`."""
        return draw_marked(self.output, self.nodes, rankdir, max_nodes, theme=theme)

    def __str__(self) -> str:
        return self.text

    __repr__ = __str__

    def _repr_markdown_(self) -> str:
        return self.markdown

    def _repr_latex_(self) -> str:
        return self.latex

    # ---- what is said, in any notation

    def _sections(self, notation: Notation) -> Iterator[tuple[str, list[Equation]]]:
        if not self.paths:
            note = "the gradient does not reach it"
            yield "", [Equation(self._ratio(notation, self.output, self.wrt), ["0"], (note,))]
            return
        if self.count > 1:
            yield "", [self._sum(notation)]
        for title, links in zip(self._titles(), self._links, strict=True):
            yield title, [self._chain(notation, links)]
        detours = [link for links in self._links for link in links if len(link) > 1]
        if detours:
            yield "Step by step", [self._chain(notation, [[step] for step in link]) for link in _distinct(detours)]
        steps = _distinct([step] for path in self.paths for step in path)
        rules = [self._rule(notation, link[0]) for link in steps[:MOST_STEPS]]
        more = len(steps) - MOST_STEPS
        yield "Local derivatives" + (f" ({MOST_STEPS} of {len(steps):,})" if more > 0 else ""), rules

    def _titles(self) -> Iterator[str]:
        """Which of all paths a written one stands for; none where it is the only one that is written."""
        of_all = f" of {self.count:,}" if self.count < 10**6 else ""
        first = 1
        for path in self.paths:
            last = first + _times(path) - 1
            places = f"Path {first:,}" if first == last else f"Paths {first:,} to {last:,}"
            yield f"{places}{of_all}" if len(self.paths) > 1 else ""
            first = last + 1

    def _sum(self, notation: Notation) -> Equation:
        terms = [notation.folded(_times(path), notation.number(_product(path))) for path in self.paths]
        notes = [f"{self.count:,} paths"]
        shown = sum(map(_times, self.paths))
        if self.count > shown:
            contributions = (math.prod(step.times * step.partial for step in path) for path in self.paths)
            terms.append(notation.number(self.total - sum(contributions)))
            notes.append(f"the last term is the sum of the other {self.count - shown:,}")
        left = self._ratio(notation, self.output, self.wrt)
        return Equation(left, [notation.sum(terms), notation.number(self.total)], (", ".join(notes),))

    def _chain(self, notation: Notation, links: Sequence[Sequence[Step]]) -> Equation:
        """A product of derivatives, one for each link: in symbols, in numbers, and its value."""
        if not links:
            return Equation(self._ratio(notation, self.output, self.output), ["1"])
        values = [_product(link) for link in links]
        times = math.prod(map(_times, links))
        rights = [notation.number(math.prod(step.times * step.partial for link in links for step in link))]
        if len(links) > 1:
            symbols = [self._ratio(notation, link[0].node, link[-1].parent) for link in links]
            numbers = [notation.number(value) for value in values]
            products = (notation.product(_abridged(factors)) for factors in (symbols, numbers))
            rights = [*(notation.folded(times, product) for product in products), *rights]
        elif times > 1:
            rights.insert(0, notation.folded(times, notation.number(values[0])))
        return Equation(self._ratio(notation, links[0][0].node, links[-1][-1].parent), rights)

    def _rule(self, notation: Notation, step: Step) -> Equation:
        op = step.node.op
        assert op is not None
        operands = [(self._operand(notation, parent), ATOM) for parent in step.node.parents]
        made = f"{notation.name(self.names[step.node])} = {applied(op, operands, notation)}"
        left = self._ratio(notation, step.node, step.parent)
        return Equation(left, [notation.number(step.partial)], (made, rule_text(op, step.i, notation)))

    def _ratio(self, notation: Notation, above: Value, below: Value) -> str:
        return notation.ratio.format(notation.name(self.names[above]), notation.name(self.names[below]))

    def _operand(self, notation: Notation, value: Value) -> str:
        name = self.names.get(value)
        return notation.name(name) if name else notation.operand(value.data)

    def _contracted(self, path: Sequence[Step]) -> list[list[Step]]:
        """The path cut at its labelled nodes: each link leads from one to the next through unlabelled ones.

        A link stands for one derivative, as people write it, only where no other way leads from one end to the other.
        """
        links: list[list[Step]] = []
        for step in path:
            if not links or step.node.label:
                links.append([])
            links[-1].append(step)
        if len(links) > 1 and all(self._count(link[0].node, link[-1].parent) == 1 for link in links if len(link) > 1):
            return links
        return [[step] for step in path]

    @cached_property
    def _links(self) -> list[list[list[Step]]]:
        return [self._contracted(path) for path in self.paths]

    @cached_property
    def _places(self) -> dict[Value, int]:
        return {node: i for i, node in enumerate(self.nodes)}

    def _count(self, above: Value, below: Value) -> int:
        """How many paths lead from one node to another: all of them lie between the two in the topological order."""
        return count_paths(self.nodes[self._places[below] : self._places[above] + 1])


@dataclass(frozen=True)
class Equation:
    """left = rights[0] = rights[1] …, and what is said beside it."""

    left: str
    rights: Sequence[str]
    notes: Sequence[str] = ()

    def lines(self) -> list[tuple[str, ...]]:
        """The cells of each line; the notes stand on the last."""
        *above, last = (f"= {right}" for right in self.rights)
        lefts = [self.left] + [" " * len(self.left)] * len(above)
        cells = [(f"{left} {right}",) for left, right in zip(lefts, [*above, last], strict=True)]
        return [*cells[:-1], (*cells[-1], *self.notes)]


def _product(steps: Sequence[Step]) -> float:
    return math.prod(step.partial for step in steps)


def _times(steps: Sequence[Step]) -> int:
    """How many paths these steps stand for."""
    return math.prod(step.times for step in steps)


def _in_columns(lines: Sequence[tuple[str, ...]]) -> list[str]:
    """Cells set one below the other; lines of one cell do not count, as they have nothing to line up with."""
    widths: dict[int, int] = {}
    for cells in lines:
        for i, cell in enumerate(cells[:-1]):
            widths[i] = max(widths.get(i, 0), len(cell))
    return ["    ".join(cell.ljust(widths.get(i, 0)) for i, cell in enumerate(cells)).rstrip() for cells in lines]


def _aligned(equations: Sequence[Equation]) -> str:
    rows = []
    for equation in equations:
        row = f"{equation.left} &= " + r" \\ &= ".join(equation.rights)
        notes = [note if "=" in note else rf"\text{{{note}}}" for note in equation.notes]
        rows.append(r" \qquad & ".join([row, *notes]))
    return "\\begin{aligned}\n" + " \\\\\n".join(rows) + "\n\\end{aligned}"


def _abridged(factors: list[str]) -> list[str]:
    """At most MOST_FACTORS of them: of more, the first and the last, and how many are left out."""
    if len(factors) <= MOST_FACTORS:
        return factors
    head, tail = MOST_FACTORS // 2, MOST_FACTORS // 3
    return [*factors[:head], f"… {len(factors) - head - tail:,} more …", *factors[-tail:]]


def _distinct(links: Iterable[Sequence[Step]]) -> list[Sequence[Step]]:
    """Each link once, in order: two are the same if they take the same edges."""
    found = {tuple((step.node, step.i) for step in link): link for link in links}
    return list(found.values())
