"""Where the matrices are: a graph of single numbers, in which the compiler's first matrix product is coloured."""

from __future__ import annotations

from collections.abc import Sequence

from autograd import Drawing, Value, draw
from autograd.compiler.fold import fold
from autograd.compiler.graphs import everything
from autograd.compiler.lift import lift
from autograd.compiler.ragged import NONE
from autograd.compiler.record import record
from autograd.graph import topological_order
from autograd.viewing.palette import LIGHT

COLOURS = {"left": "k4", "right": "k1", "products": "k3"}
ON_COLOURS = "#000000"  # on dark pages too, where the ink of other boxes is light


def product_nodes(root: Value, inputs: Sequence[Value]) -> dict[str, list[Value]]:
    """The Values of the first matrix product that ``compile`` finds: its factors, and the products of their numbers.

    A ValueError where there is none.

    >>> from autograd.functional import dot
    >>> w, x = [Value(2.0), Value(3.0)], [Value(5.0), Value(7.0)]
    >>> {part: [node.data for node in nodes] for part, nodes in product_nodes(dot(w, x).tanh(), x).items()}
    {'left': [2.0, 3.0], 'right': [5.0, 7.0], 'products': [10.0, 21.0]}
    """
    values = topological_order(*inputs, root)  # the order in which the compiler numbers them
    lifted = lift(fold(record([root], inputs)))
    found = next((group for _, group in everything(lifted.groups) if group.kind == "dot"), None)
    if found is None:
        raise ValueError("the compiler finds no matrix product in this graph")
    numbers = [sorted({*factor[factor != NONE].tolist()}) for factor in found.operands]
    left, right = ([values[i] for i in side] for side in numbers)
    factors = {frozenset((a, b)) for a in left for b in right}
    products = [node for node in values if frozenset(node.parents) in factors and node.op and node.op.name == "mul"]
    return {"left": left, "right": right, "products": products}


def draw_product(root: Value, inputs: Sequence[Value], rankdir: str = "LR") -> Drawing:
    """The graph as ``draw`` shows it, with the numbers of the first matrix product coloured.

    The left factor is blue, the right one orange, and the products of their numbers are pink.
    """
    drawing = draw(root, rankdir)
    place = {node: i for i, node in enumerate(topological_order(root))}
    rules = [
        f'v{place[node]} [fillcolor="{LIGHT[COLOURS[part]]}", fontcolor="{ON_COLOURS}"]'
        for part, nodes in product_nodes(root, inputs).items()
        for node in nodes
    ]
    body = drawing.dot.rstrip().removesuffix("}")
    return Drawing("\n".join([body, *rules, "}"]), drawing.description)
