"""Memory of replaying a program: ``python benchmarks/replay_memory.py``. The moons step, 2-16-16-1, 100 points."""

import timing  # isort: skip  # sets the number of threads

import tracemalloc

import numpy as np
from compiled_moons import SIZES, graph

from autograd import compile

assert timing


def main() -> None:
    program = compile(*graph(SIZES))
    batch = np.random.default_rng(0).normal(size=(100, 3))
    theta = np.array([p.data for p in program.parameters])
    program.value_and_grad(batch, theta=theta)
    tracemalloc.start()
    print(f"{'calls':>8} {'kept':>12} {'peak':>12}   (bytes)")
    done = 0
    for calls in (1, 10, 100, 1_000, 10_000):
        while done < calls:
            program.value_and_grad(batch, theta=theta)
            done += 1
        kept, peak = tracemalloc.get_traced_memory()
        print(f"{calls:>8,} {kept:>12,} {peak:>12,}")


if __name__ == "__main__":
    main()
