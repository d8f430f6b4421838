"""Memory and time of long chains: ``python benchmarks/chain.py``.

A chain ``x + y + y + …`` is recorded, differentiated and freed at several lengths. Time and bytes a node should not
depend on the length. Bytes are what tracemalloc counts, with the gradients in place; micrograd's are taken from a
chain it can still differentiate (it recurses).
"""

import sys
import time
import tracemalloc
from typing import Any

import micrograd.engine

import autograd

LENGTHS = (1_000, 10_000, 100_000, 1_000_000)


def chain(value_class: Any, length: int) -> Any:
    """A sum of ``length`` additions, each a node of its own."""
    total, term = value_class(0.0), value_class(1e-3)
    for _ in range(length):
        total = total + term
    return total


def bytes_a_node(value_class: Any, length: int) -> float:
    """What the recorded and differentiated chain keeps, per addition."""
    tracemalloc.start()
    total = chain(value_class, length)
    total.backward()
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return kept / length


def microseconds_a_node(value_class: Any, length: int) -> tuple[float, float, float]:
    """(recording, differentiating, freeing), per addition."""
    start = time.perf_counter()
    total = chain(value_class, length)
    recorded = time.perf_counter()
    total.backward()
    differentiated = time.perf_counter()
    del total
    freed = time.perf_counter()
    times = (recorded - start, differentiated - recorded, freed - differentiated)
    return tuple(seconds / length * 1e6 for seconds in times)  # type: ignore[return-value]


def main() -> None:
    print(f"{'additions':>10} {'record':>8} {'backward':>9} {'free':>6}   (µs a node)")
    for length in LENGTHS:
        record, differentiate, free = microseconds_a_node(autograd.Value, length)
        print(f"{length:>10,} {record:>8.2f} {differentiate:>9.2f} {free:>6.2f}")
    ours = bytes_a_node(autograd.Value, 100_000)
    sys.setrecursionlimit(10_000)
    theirs = bytes_a_node(micrograd.engine.Value, 1_000)
    print(f"bytes a node: {ours:.0f} (micrograd 0.1.0: {theirs:.0f})")


if __name__ == "__main__":
    main()
