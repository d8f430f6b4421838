"""Names for arrays, from the labels of the nodes they hold and from what was found in them.

Labels come first: what has none is named when all others are, and takes a number that is free.
"""

from __future__ import annotations

import builtins
import keyword
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence

from ...value import Value
from ..helpers import HELPERS
from ..record import NONE, Ints

_STEMS = {
    "dot": "m",
    "weighted": "z",
    "add": "s",
    "sub": "diff",
    "mul": "p",
    "div": "q",
    "neg": "n",
    "maximum": "max",
    "minimum": "min",
}
_MOST, _LONGEST = 3, 12  # as many stems, and characters in all, are joined to one name
_ENOUGH = 1000  # labels of one array that are looked at
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
        self._asked: list[tuple[str, str, Callable[[str], None]]] = []

    def ask(self, nodes: Ints, found: str, give: Callable[[str], None]) -> None:
        """The array of these nodes will be given a name after their labels, or else after what was found in it."""
        self._asked.append((self._of_labels(nodes), _STEMS.get(found, found), give))

    def ask_for_parameters(self, nodes: Ints, axes: int, give: Callable[[str], None]) -> None:
        """Without labels matrices are W, vectors b, numbers w."""
        self.ask(nodes, "wbW"[min(axes, 2)], give)

    def answer(self) -> None:
        """Give all names that were asked for, those of labels first."""
        for label, _, give in self._asked:
            if label:
                name = self.unique(label)
                self.labelled.add(name)
                give(name)
        for label, stem, give in self._asked:
            if not label:
                give(self.numbered(stem))
        self._asked.clear()

    def numbered(self, stem: str) -> str:
        """The stem with the next free number."""
        self._last[stem] += 1
        while not self._is_free(f"{stem}{self._last[stem]}"):
            self._last[stem] += 1
        return self.unique(f"{stem}{self._last[stem]}")

    def unique(self, name: str) -> str:
        """The name, with an underscore and a number if it is taken."""
        free, i = name, 1
        while not self._is_free(free):
            i += 1
            free = f"{name}_{i}"
        self._taken |= {free, f"d{free}"}
        return free

    def _is_free(self, name: str) -> bool:
        return name not in self._taken and f"d{name}" not in self._taken

    def _of_labels(self, nodes: Ints) -> str:
        distinct = dict.fromkeys(nodes.ravel().tolist())
        labels = dict.fromkeys(self._values[i].label for i in distinct if NONE < i < len(self._values))
        labels.pop("", None)
        if len(distinct) == 1 and labels:
            (label,) = labels
            return _name(label, many="." in label)
        return _common([*labels][:: 1 + len(labels) // _ENOUGH])


def _common(labels: Sequence[str]) -> str:
    """A name for what has these labels: without what tells them apart, their indices and numbers.

    >>> _common(["layers[0].neurons[3].weights[1]", "layers[0].neurons[4].weights[0]"])
    'W1'
    >>> _common(["W1[0]", "W1[1]"]), _common(["x0", "x1"]), _common(["Wq[0]", "Wq[1]", "Wk[0]"])
    ('W1', 'x', 'Wq_Wk')
    """
    names = [*dict.fromkeys(_name(label) for label in labels)]
    stems = [*dict.fromkeys(re.sub(r"[\d_]+$", "", name) or name for name in names)]
    if len(names) <= 1 or len(stems) == 1:
        return "".join(names if len(names) <= 1 else stems)
    joined = "_".join(names if len(names) == len(stems) else stems)
    return joined if len(stems) <= _MOST and len(joined) <= _LONGEST else ""


def _name(label: str, many: bool = True) -> str:
    """A label as a Python name: indices dropped where it is one of many, layers numbered from 1.

    >>> _name("layers[0].neurons[3].weights[1]"), _name("layers[0].neurons[3].a"), _name("my loss"), _name("θ₁")
    ('W1', 'a1', 'my_loss', 'θ1')
    >>> _name("x[3]"), _name("x[3]", many=False)
    ('x', 'x_3')
    """
    *scope, last = label.split(".")
    stem = re.sub(r"\[.*?\]", "", last) if many else last
    layer = re.search(r"\[(\d+)\]", scope[0]) if scope else None
    name = re.sub(r"\W+", "_", unicodedata.normalize("NFKC", _SHORT.get(stem, stem))).strip("_")
    if layer:
        name += "_" * name[-1:].isdigit() + str(int(layer[1]) + 1)
    return name if name.isidentifier() else f"v_{name}".rstrip("_")
