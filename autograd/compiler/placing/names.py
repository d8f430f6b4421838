"""Names for arrays, from the labels of the nodes they hold and from what was found in them."""

from __future__ import annotations

import builtins
import keyword
import re
from collections import Counter
from collections.abc import Sequence

from ...value import Value
from ..helpers import HELPERS
from ..record import NONE, Ints

_STEMS = {
    "dot": "m",
    "weighted": "z",
    "add": "s",
    "sub": "d",
    "mul": "p",
    "div": "q",
    "neg": "n",
    "maximum": "max",
    "minimum": "min",
}
_SHORT = {"weights": "W", "weight": "W", "biases": "b", "bias": "b"}
_RESERVED = {
    *keyword.kwlist,
    *dir(builtins),
    *HELPERS,
    *("np", "theta", "grad", "weight", "B", "views", "gradient_views", "forward", "value_and_grad"),
}


class Names:
    """Gives each array a name of its own, fit for Python."""

    def __init__(self, values: Sequence[Value]) -> None:
        self._values = values
        self.labelled: set[str] = set()
        self._taken = set(_RESERVED)
        self._last: Counter[str] = Counter()

    def label(self, nodes: Ints) -> str:
        """The first label among these nodes."""
        for node in nodes.ravel().tolist():
            if node != NONE and node < len(self._values) and self._values[node].label:
                return self._values[node].label
        return ""

    def of_array(self, nodes: Ints, found: str) -> str:
        """``layers[1].neurons[3].a`` gives a2; without a label the operation gives the name."""
        label = self.label(nodes)
        if not label:
            return self.numbered(_STEMS.get(found, found))
        name = self.unique(_identifier(label, nodes.size > 1))
        self.labelled.add(name)
        return name

    def of_parameters(self, nodes: Ints, axes: int) -> str:
        """``layers[1].neurons[3].weights[0]`` gives W2; without labels matrices are W, vectors b, numbers w."""
        label = self.label(nodes)
        return self.unique(_identifier(label, nodes.size > 1)) if label else self.numbered("wbW"[min(axes, 2)])

    def numbered(self, stem: str) -> str:
        """The stem with the next free number."""
        self._last[stem] += 1
        while f"{stem}{self._last[stem]}" in self._taken:
            self._last[stem] += 1
        return self.unique(f"{stem}{self._last[stem]}")

    def unique(self, name: str) -> str:
        """The name, with an underscore and a number if it is taken."""
        free, i = name, 1
        while free in self._taken or f"d{free}" in self._taken:
            i += 1
            free = f"{name}_{i}"
        self._taken |= {free, f"d{free}"}
        return free


def _identifier(label: str, many: bool) -> str:
    """A label as a Python name: indices dropped where the array holds many, layers numbered from 1.

    >>> _identifier("layers[0].neurons[3].weights[1]", True), _identifier("layers[0].neurons[3].a", True)
    ('W1', 'a1')
    >>> _identifier("x[3]", True), _identifier("my loss", False)
    ('x', 'my_loss')
    """
    *scope, last = label.split(".")
    stem = re.sub(r"\[.*?\]", "", last) if many or scope else last
    stem = _SHORT.get(stem, stem)
    if many and not scope:
        stem = re.sub(r"[\d_]+$", "", stem) or stem
    layer = re.search(r"\[(\d+)\]", scope[0]) if scope else None
    name = re.sub(r"[^0-9A-Za-z_]+", "_", stem).strip("_") + (str(int(layer[1]) + 1) if layer else "")
    return name if name.isidentifier() else f"v_{name}".rstrip("_")
