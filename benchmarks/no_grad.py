"""A forward pass under ``no_grad`` beside a recorded one: ``python benchmarks/no_grad.py``.

The pass is that of an MLP 2-16-16-1 on 100 and on 500 points, whose results are kept; the two take turns within one
run, in processor time, with the collector as Python sets it. Then single operations, without it.
"""

import gc
import statistics
import time
import timeit
from collections.abc import Callable
from contextlib import nullcontext

from autograd import Value, no_grad
from nn import MLP

MODEL = MLP(2, [16, 16, 1], seed=0)
POINTS = [(i / 250 - 1, (i * 37 % 500) / 250 - 1) for i in range(500)]  # 65,000 nodes for 100 of them
TURNS = 7


def seconds(mode: Callable[[], object], points: int) -> float:
    gc.collect()
    kept = []
    start = time.process_time()
    with mode():  # type: ignore[attr-defined]
        for point in POINTS[:points]:
            kept.append(MODEL([Value(x) for x in point]))
    return time.process_time() - start


def main() -> None:
    modes: dict[str, Callable[[], object]] = {"recorded": nullcontext, "no_grad": no_grad}
    for points in (100, 500):
        times: dict[str, list[float]] = {name: [] for name in modes}
        for _ in range(TURNS):
            for name, mode in modes.items():
                times[name].append(seconds(mode, points))
        recorded, other = (statistics.median(samples) * 1e3 for samples in times.values())
        print(f"{points} points: recorded {recorded:.1f} ms, no_grad {other:.1f} ms, ratio {other / recorded:.2f}")
    names = {"a": Value(0.3), "b": Value(0.4)}
    for text in ("a + b", "a * b", "a / b", "-a", "a.tanh()", "2.0 * a", "a ** 2"):
        samples: dict[str, list[float]] = {name: [] for name in modes}
        for _ in range(TURNS):
            for name, mode in modes.items():
                with mode():  # type: ignore[attr-defined]
                    samples[name].append(timeit.timeit(text, globals=names, number=20_000, timer=time.process_time))
        one, other = (statistics.median(numbers) / 20_000 * 1e9 for numbers in samples.values())
        print(f"{text:<10} recorded {one:5.0f} ns, no_grad {other:5.0f} ns, ratio {other / one:.2f}")


if __name__ == "__main__":
    main()
