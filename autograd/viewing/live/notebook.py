"""play: the formula page in a notebook."""

from __future__ import annotations

from typing import Any

from ...expression import read
from .formula import formula_page
from .widget import widget


def play(formula: str = "", **numbers: float) -> Any:
    """A formula with a slider for each of its names: graph, gradients and chain rule follow as they are moved.

    It is a widget for notebooks, which needs anywidget (extra ``notebook``); without a formula it begins with an
    example. From a terminal, ``python -m autograd play`` opens the same page. An ExpressionError where the formula is
    none, or lacks a name to which a number is given.

    >>> play("a = tanh(w*x + b); (a - 1)**2", w=0.5, x=2.0, b=-0.3)  # doctest: +SKIP
    """
    if numbers:
        read(formula).require(numbers)
    return widget(formula_page(formula, numbers))
