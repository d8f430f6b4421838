"""The ledger of a node: how its value was computed, and every contribution to its gradient."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..value import Value
from .formula import ATOM, TEXT, applied, rule_text


@dataclass(frozen=True, eq=False)
class Contribution:
    """What a node's gradient gets through one edge: the gradient of the child times the local derivative."""

    child: Value
    i: int
    so_far: float
    """The sum of the contributions up to this one, in the order in which backward adds them."""

    @property
    def amount(self) -> float:
        return self.child.grad * self.child.partials[self.i]

    @property
    def product(self) -> str:
        """The amount with the numbers it is made of."""
        return TEXT.product(map(TEXT.number, (self.child.grad, self.child.partials[self.i])))

    @property
    def rule(self) -> str:
        assert self.child.op is not None
        return rule_text(self.child.op, self.i)


def contributions(order: Sequence[Value]) -> dict[Value, list[Contribution]]:
    """Those to each node of a topological order that has any, from the children whose gradients are known.

    >>> x = Value(3.0)
    >>> y = x * x + x
    >>> y.backward()
    >>> [c.so_far for c in contributions([x, y.parents[0], y])[x]]
    [1.0, 4.0, 7.0]
    """
    found: dict[Value, list[Contribution]] = {}
    for child in reversed(order):
        if not child.has_grad:
            continue
        for i, parent in enumerate(child.parents):
            if child.partials and not parent.is_constant:
                entries = found.setdefault(parent, [])
                amount = child.grad * child.partials[i]
                entries.append(Contribution(child, i, entries[-1].so_far + amount if entries else amount))
    return found


def computation(node: Value, names: Mapping[Value, str]) -> list[str]:
    """The lines that compute a node: its formula, the same with numbers put in, and its value.

    >>> x = Value(3.0, label="x")
    >>> y = x * 2
    >>> computation(y, {x: "x", y: "y"})
    ['y = x · 2', '= 3 · 2', '= 6']
    """
    if node.op is None or not node.parents:
        return [f"{names[node]} = {TEXT.number(node.data)}"]
    numbers = [TEXT.operand(parent.data) for parent in node.parents]
    symbols = [names.get(parent, number) for parent, number in zip(node.parents, numbers, strict=True)]
    formula, with_numbers = (applied(node.op, [(text, ATOM) for text in operands]) for operands in (symbols, numbers))
    lines = [f"{names[node]} = {formula}", *([f"= {with_numbers}"] if with_numbers != formula else [])]
    return [*lines, f"= {TEXT.number(node.data)}"]


def sum_text(node: Value, entries: Sequence[Contribution], names: Mapping[Value, str]) -> str:
    """The contributions in words: ``gradient 0.5 from v7, 0.3 from v9, together 0.8``."""
    text = "gradient " + ", ".join(f"{TEXT.number(c.amount)} from {names[c.child]}" for c in entries)
    if len(entries) > 1:
        text += f", together {TEXT.number(entries[-1].so_far)}"
    if repr(entries[-1].so_far) != repr(node.grad):
        text += f"; {TEXT.number(node.grad)} with what it had before"
    return text
