"""Names for arrays, from the labels of the nodes they hold and from what was found in them.

Labels come first: what has none is named when all others are, and takes a number that is free.
"""

from __future__ import annotations

import builtins
import keyword
import re
import unicodedata
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

T = TypeVar("T", bound=Hashable)
Ints = npt.NDArray[np.signedinteger[Any]]

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
_MOST_OF_ONE = 40  # characters of a name
_ENOUGH = 1000  # labels of one array that are looked at
_SHORT = {"weights": "W", "weight": "W", "biases": "b", "bias": "b"}
_RESERVED = {
    *keyword.kwlist,
    *dir(builtins),
    *("power", "root", "raised", "sigmoid", "softplus", "leaky_relu", "mul_no_nan", "matmul", "strided", "ones"),
    *("add_rows", "np", "theta", "grad", "weight", "B", "views", "gradient_views", "forward", "value_and_grad", "x"),
}


@dataclass(frozen=True)
class Hint:
    """What to name an array after: the labels of its nodes, or else what was found in it."""

    label: str
    stem: str


class Names:
    """Names that are given already; each is given once, and is fit for Python."""

    def __init__(self) -> None:
        self._taken = set(_RESERVED)
        self._last: Counter[str] = Counter()

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


def named(hints: Mapping[T, Hint], names: Names) -> dict[T, str]:
    """A name for each, those of labels first.

    >>> named({"array": Hint("", "tanh"), "other": Hint("", "dot"), "third": Hint("tanh1", "dot")}, Names())
    {'third': 'tanh1', 'array': 'tanh2', 'other': 'm1'}
    """
    labelled = {what: names.unique(hint.label) for what, hint in hints.items() if hint.label}
    others = {what: hint.stem for what, hint in hints.items() if not hint.label}
    return labelled | {what: names.numbered(_STEMS.get(stem, stem)) for what, stem in others.items()}


def plural(name: str) -> str:
    """A name for many of what has this name.

    >>> plural("h"), plural("tanh2"), plural("loss")
    ('hs', 'tanhs2', 'losses')
    """
    stem = name.rstrip("_0123456789")
    return f"{stem}{'es' if stem.endswith('s') else 's'}{name[len(stem) :]}"


def label(nodes: Ints, labels: Mapping[int, str]) -> str:
    """What the labels of these nodes have in common, as a name; nothing if they have none."""
    if not labels:
        return ""
    distinct = dict.fromkeys(nodes.ravel().tolist())
    found = dict.fromkeys(labels[i] for i in distinct if i in labels)
    if len(distinct) == 1 and found:
        (only,) = found
        return _name(only, many="." in only)
    return _common([*found][:: 1 + len(found) // _ENOUGH])


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


@lru_cache(maxsize=10_000)  # the programs of one network have the same labels
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
    written = unicodedata.normalize("NFKC", _SHORT.get(stem, stem))
    name = re.sub("_+", "_", "".join(c if f"a{c}".isidentifier() else "_" for c in written)).strip("_")[:_MOST_OF_ONE]
    if layer:
        name += "_" * name[-1:].isdigit() + str(int(layer[1]) + 1)
    return name if name.isidentifier() else f"v_{name}".rstrip("_")
