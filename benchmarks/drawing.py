"""How long pictures of large graphs take: ``python benchmarks/drawing.py``.

The loss of a 2-16-16-1 network over 100 points, some 65,000 nodes, is drawn with its neurons, then with its layers as
one box each; a graph of 100,000 nodes without a network in it is refused.
"""

import time
from collections.abc import Callable

import numpy as np

from autograd import Value, draw, functional
from nn import MLP, hinge


def seconds(work: Callable[[], object]) -> float:
    """How long the work takes, once."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def refuse(root: Value) -> None:
    """Ask for a picture that is too large, and take no for an answer."""
    try:
        draw(root)
    except ValueError:
        return
    raise AssertionError("it was drawn")


def main() -> None:
    model = MLP(2, [16, 16, 1], seed=0)
    points = np.random.default_rng(0).normal(size=(100, 2)).tolist()
    loss = functional.mean(hinge(model(point), [1.0 if point[0] > 0 else -1.0]) for point in points)
    loss.label = "loss"
    loss.backward()
    for level in ("neuron", "layer"):
        print(f"collapsed by {level:<8} {seconds(lambda level=level: draw(loss, collapse=level).svg):6.2f} s")
    chain = Value(1.0)
    for _ in range(100_000):
        chain = -chain
    print(f"100,001 nodes, refused {seconds(lambda: refuse(chain)):5.2f} s")


if __name__ == "__main__":
    main()
