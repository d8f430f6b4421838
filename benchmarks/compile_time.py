"""Processor time to compile, by node and by array operation: ``python -m benchmarks.compile_time``.

The moons loss summed over many points (the batch is inside of the graph), and the other graphs of ``graphs.py``.
"""

from . import one_core  # isort: skip  # noqa: F401  # before NumPy is imported

import gc
import time
from collections.abc import Callable
from unittest import mock

from autograd import Value
from autograd.compiler import compile, roll

from .graphs import lorenz, moons, random_operands, sine_chain, sum_chain


def report(name: str, build: Callable[[int], Value], *sizes: int) -> None:
    for size in sizes:
        output = build(size)
        gc.collect()
        start = time.process_time()
        program = compile(output)
        seconds = time.process_time() - start
        words = program.summary.split()
        nodes, operations = (int(words[i].replace(",", "")) for i in (0, 4))
        each, one = seconds / nodes * 1e6, seconds / operations * 1e3
        print(
            f"{name:<16} {nodes:>10,} nodes {operations:>7,} operations {seconds:8.2f} s "
            f"{each:8.2f} µs a node {one:9.2f} ms an operation"
        )


if __name__ == "__main__":
    report("moons", moons, 15, 150, 1500)
    report("sum of many", sum_chain, 1_000, 100_000, 1_000_000)
    with mock.patch.object(roll, "SAVED", 10**12):  # one node wide: with their loops found they would be no work
        report("chain of sines", sine_chain, 100, 1_000, 20_000)
        report("Lorenz", lorenz, 30, 300)
    report("random", random_operands, 2_000, 10_000)
