"""Side by side: the competitors take turns within one run, and what counts is the ratio of their medians."""

import contextlib
import ctypes
import gc
import os
import statistics
import time
from collections.abc import Callable
from typing import Any

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")  # before NumPy is imported
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")
os.environ.setdefault("JAX_PLATFORMS", "cpu")

# Temporaries of more than 128 KiB would be mapped from and returned to the system at every use, or not, as the heap
# happens to lie: the same program then differs by a factor of up to 8 from run to run. Keep them, for all competitors.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
with contextlib.suppress(OSError, AttributeError, TypeError):
    for setting in (M_TRIM_THRESHOLD, M_MMAP_THRESHOLD):
        ctypes.CDLL(None).mallopt(setting, 1 << 30)


def side_by_side(title: str, competitors: dict[str, Callable[[], Any]], seconds: float = 3.0) -> dict[str, float]:
    """Median microseconds of each, printed with the ratio of the first to each of the others."""
    counts, medians = {}, {}
    for name, run in competitors.items():
        start = time.perf_counter()
        for _ in range(5):
            run()
        counts[name] = max(1, int(5 * 0.01 / (time.perf_counter() - start)))  # runs a turn: about 10 ms
    times: dict[str, list[float]] = {name: [] for name in competitors}
    gc.collect()
    deadline = time.perf_counter() + seconds
    while time.perf_counter() < deadline:
        for name, run in competitors.items():
            count = counts[name]
            start = time.perf_counter()
            for _ in range(count):
                run()
            times[name].append((time.perf_counter() - start) / count)
    print(title)
    first = None
    for name, samples in times.items():
        medians[name] = statistics.median(samples) * 1e6
        first = first or medians[name]
        print(f"  {name:<28} {medians[name]:10.1f} µs   ratio {first / medians[name]:6.2f}")
    return medians


def check(competitors: dict[str, Callable[[], Any]]) -> None:
    """All of them give the first one's numbers."""
    import numpy as np

    results = {name: [np.array(part, dtype=float) for part in run()] for name, run in competitors.items()}
    wanted = next(iter(results.values()))
    for name, found in results.items():
        for a, b in zip(found, wanted, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-8, atol=1e-10, err_msg=name)


def order(program: Any, parameters: list[Any]) -> list[int]:
    """Where each parameter stands in the program's vector."""
    place = {parameter: i for i, parameter in enumerate(program.parameters)}
    return [place[parameter] for parameter in parameters]
