"""Memory of replaying a program: ``python -m benchmarks.replay_memory``. The moons, 2-16-16-1, 100 points."""

from . import one_core  # isort: skip  # noqa: F401  # before NumPy is imported

import tracemalloc

from .works import moons


def main() -> None:
    work = moons.work()
    program, batch = work.compiled(), work.batch
    theta = program.theta
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
