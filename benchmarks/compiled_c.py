"""Programs in C beside the same on NumPy, NumPy by hand, and the machine's limit: ``python benchmarks/compiled_c.py``.

The limit is the time of as many operations as the program counts, at the rate of a large product of matrices; exp, tanh
and the like count as one. Values and gradients are compared before they are measured.
"""

import timing  # isort: skip  # sets the number of threads

import time
from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import Any

import compiled_attention
import compiled_convolution
import compiled_digits
import compiled_lennard_jones
import compiled_lstm
import compiled_moons
import numpy as np

from autograd import Value, compile, functional
from autograd.compiler import ir
from autograd.compiler.differentiate import differentiate
from autograd.compiler.fold import fold
from autograd.compiler.layout import layout
from autograd.compiler.lift import lift
from autograd.compiler.record import record


@dataclass
class Work:
    """What is computed: the outputs, or if they are one its gradient too; and the same by hand, if that is known."""

    name: str
    outputs: Value | list[Value]
    inputs: list[Value]
    batch: Any
    by_hand: Callable[[], Any] | None = None


def works() -> list[Work]:
    rng = np.random.default_rng(0)
    found = []
    loss, inputs = compiled_moons.graph(compiled_moons.SIZES)
    points, classes = rng.normal(size=(100, 2)), np.where(rng.random(100) < 0.5, -1.0, 1.0)
    theta = rng.normal(0, 0.3, 337)
    hand = compiled_moons.by_hand(theta, points, classes)
    found.append(Work("moons, 2-16-16-1, batch 100", loss, inputs, np.column_stack([points, classes]), hand))
    for module, size, name in (
        (compiled_digits, 64, "digits, 64-32-10, batch 64"),
        (compiled_convolution, compiled_convolution.SIZE**2, "convolution, six 3×3 filters, batch 64"),
    ):
        loss, inputs = module.graph()
        x, y = rng.random((64, size)), np.eye(10)[rng.integers(0, 10, 64)]
        theta = compile(loss, inputs).theta
        found.append(Work(name, loss, inputs, np.column_stack([x, y]), module.by_hand(theta, x, y)))
    for module, name in ((compiled_attention, "attention, 8 positions, batch 32"), (compiled_lstm, "LSTM, batch 32")):
        loss, inputs, parameters = module.graph()
        batch = rng.normal(size=(32, len(inputs)))
        found.append(Work(name, loss, inputs, batch, module.by_hand(np.array([p.data for p in parameters]), batch)))
    outputs, inputs = compiled_lennard_jones.graph()
    lattice = np.array([(i, j, k) for i in range(3) for j in range(3) for k in range(2)][:13], dtype=float)
    atoms = (1.1 * lattice + rng.normal(0, 0.05, (1000, 13, 3))).reshape(1000, -1)
    hand = compiled_lennard_jones.by_hand_tuned(atoms)
    found.append(Work("Lennard-Jones, 13 atoms, 1,000 of them", outputs, inputs, atoms, hand))
    found.append(Work("GPT, one layer, on one name", gpt(), [], None))
    return found


def gpt(width: int = 16, heads: int = 4, letters: int = 27, name: tuple[int, ...] = (13, 5, 12, 9, 19, 19, 1)) -> Value:
    """The mean cross-entropy of the letters of a name, each from those before it."""
    rng = np.random.default_rng(0)

    def parameters(*shape: int) -> Any:
        return np.frompyfunc(Value, 1, 1)(np.asarray(rng.normal(0, 0.2, shape))).astype(object)

    def normed(x: Any) -> Any:
        return np.array([row * (functional.dot(row, row) / width + 1e-5) ** -0.5 for row in x], dtype=object)

    seen, wanted = (0, *name), (*name, 0)
    embedding, places = parameters(letters, width), parameters(len(seen), width)
    x = normed(embedding[list(seen)] + places)
    before = normed(x)
    q, k, v = (before @ parameters(width, width) for _ in range(3))
    mixed = []
    for t in range(len(seen)):
        row: list[Value] = []
        for head in range(heads):
            part = slice(head * width // heads, (head + 1) * width // heads)
            weights = functional.softmax([0.5 * functional.dot(q[t, part], k[s, part]) for s in range(t + 1)])
            row += [functional.dot(weights, v[: t + 1, i]) for i in range(part.start, part.stop)]
        mixed.append(row)
    x = x + np.array(mixed, dtype=object) @ parameters(width, width)
    inner = np.frompyfunc(Value.relu, 1, 1)(normed(x) @ parameters(width, 4 * width))
    logits = (x + inner @ parameters(4 * width, width)) @ parameters(width, letters)
    return functional.mean(-functional.log_softmax(list(row))[i] for row, i in zip(logits, wanted, strict=True))


def operations(work: Work) -> int:
    """How many additions, multiplications and functions the program counts for the batch."""
    outputs = work.outputs if isinstance(work.outputs, list) else [work.outputs]
    program = differentiate(layout(lift(fold(record(outputs, work.inputs)))))
    rows = 1 if work.batch is None else len(work.batch)

    def size(shape: ir.Shape) -> int:
        return prod(length.count * rows if isinstance(length, ir.Batch) else length for length in shape)

    def count(expr: ir.Expr) -> int:
        own = size(expr.shape) if isinstance(expr, ir.Apply) else 0
        if isinstance(expr, ir.Reduce):
            own = size(expr.inside.shape)
        elif isinstance(expr, ir.Contract):
            pairs = zip(expr.left_letters + expr.right_letters, expr.left.shape + expr.right.shape, strict=True)
            own = 2 * size(tuple(dict(pairs).values()))
        return own + sum(map(count, expr.operands))

    return sum(count(statement.expr) for statement in (*program.statements, *program.backward))


def rate() -> float:
    """Operations a second of a product of two matrices of 512 × 512, at best."""
    n = 512
    a = np.random.default_rng(0).normal(size=(n, n))
    times = []
    for _ in range(100):
        start = time.perf_counter()
        a @ a
        times.append(time.perf_counter() - start)
    return 2 * n**3 / min(times)


def main() -> None:
    most = rate()
    print(f"a large product of matrices: {most * 1e-9:.0f} billion operations a second")
    for work in works():
        programs = {name: compile(work.outputs, work.inputs, target=name) for name in ("numpy", "c")}
        thetas = {name: program.theta for name, program in programs.items()}

        def run(name: str, work: Work = work, programs: Any = programs, thetas: Any = thetas) -> Any:
            program, theta = programs[name], thetas[name]
            if isinstance(work.outputs, list):
                return [program(work.batch)]
            return program.value_and_grad(work.batch, theta=theta)

        order = timing.order(programs["c"], programs["numpy"].parameters)

        def in_order(run: Any = run, order: Any = order) -> Any:
            value, *gradient = run("c")
            return [value, *(slopes[order] for slopes in gradient)]

        timing.check({"numpy": lambda run=run: run("numpy"), "c": in_order})
        competitors = {"C": lambda run=run: run("c"), "NumPy": lambda run=run: run("numpy")}
        if work.by_hand:
            competitors["NumPy by hand"] = work.by_hand
        timing.side_by_side(work.name, competitors)
        print(f"  {'limit':<28} {operations(work) / most * 1e6:10.1f} µs")


if __name__ == "__main__":
    main()
