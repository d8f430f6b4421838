"""What the panel beside a picture tells, as HTML: a step, the ledger of a node, a box of a drawing."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..value import Value
from .formula import TEXT, spelled_out
from .ledger import Contribution, computation
from .notation import visible

PANEL = """
<button id="close" value="" aria-label="Back" title="Back (Escape)" aria-keyshortcuts="Escape">×</button>
<div id="told"></div>
"""
"""The panel itself. The value of a button in it is the name of the part that is asked by it; this one asks none."""

Piece = Sequence[tuple[int, str]]
"""HTML that changes: what it is from some steps on, the first of which is the first of all."""


def escaped(text: str) -> str:
    """Any text, as HTML that shows it."""
    return html.escape(visible(text))


def elements(tag: str, texts: Sequence[str]) -> str:
    """An element for each text.

    >>> elements("li", ["a < b", "c"])
    '<li>a &lt; b</li><li>c</li>'
    """
    return "".join(f"<{tag}>{escaped(text)}</{tag}>" for text in texts)


@dataclass(frozen=True)
class Ledgers:
    """The ledgers of a graph's nodes, in which a contribution is told from the step on that makes it."""

    names: Mapping[Value, str]
    parts: Mapping[Value, str]
    """The names of their boxes in the picture."""
    steps: Mapping[Value, int]
    """In which backward passes them."""

    def of(self, node: Value, entries: Sequence[Contribution]) -> list[Piece]:
        """The ledger of one node, which gets these contributions."""
        return [
            [(0, self._value(node))],
            *([(0, self._awaited(entry)), (self.steps[entry.child], self._made(entry))] for entry in entries),
            [(0, f'</ul><p id="together">{"" if entries else "0: nothing reaches it"}'), *self._sums(entries)],
            [(0, "</p></section>")],
        ]

    def of_root(self, node: Value) -> list[Piece]:
        return [[(0, f'{self._value(node)}</ul><p id="together">1, where backward begins</p></section>')]]

    def _value(self, node: Value) -> str:
        """How it was computed, up to where its contributions begin."""
        lines = computation(node, self.names)
        if node.op and node.op.formula != node.op.forward:
            lines = [*lines, spelled_out(node.op)]
        sources = dict.fromkeys(self._link(parent) for parent in node.parents if not parent.is_constant)
        return (
            '<section id="ledger" aria-label="Ledger">'
            f'<p id="kind">{node.op.name if node.op and node.parents else "leaf"}</p>'
            f'<h2 id="asked">{escaped(self.names[node])}</h2><div id="made">{elements("div", lines)}</div>'
            f'<ul id="sources">{"".join(f"<li>made from {link}</li>" for link in sources)}</ul>'
            '<h3>Its gradient</h3><ul id="contributions">'
        )

    def _awaited(self, entry: Contribution) -> str:
        return f"<li>from {self._link(entry.child)} in step {self.steps[entry.child]}</li>"

    def _made(self, entry: Contribution) -> str:
        amount, product, rule = map(escaped, (TEXT.number(entry.amount), entry.product, entry.rule))
        return f"<li>{amount} from {self._link(entry.child)} = {product}<div>{rule}</div></li>"

    def _sums(self, entries: Sequence[Contribution]) -> list[tuple[int, str]]:
        """What the gradient comes to after each; of a single contribution there is nothing to be said."""
        words = ["so far"] * (len(entries) - 1) + ["together"]
        return [
            (self.steps[entry.child], f'</ul><p id="together">{word} {TEXT.number(entry.so_far)}')
            for word, entry in zip(words[1:], entries[1:], strict=True)
        ]

    def _link(self, node: Value) -> str:
        return f'<button class="name" value="{self.parts[node]}">{escaped(self.names[node])}</button>'
