"""One training step of micrograd's moons demo, on micrograd's Value and on ours: ``python benchmarks/moons_step.py``.

The network code is micrograd's own ``nn`` in both cases (MLP 2-16-16-1, 100 points, hinge loss and L2: 65,614 scalar
nodes); only the Value under it changes. The two take turns within one run, the garbage collector is as Python sets
it, and the figure that counts is the ratio of the medians. Each turn starts from a collected heap: micrograd's graphs
are cyclic, and what one engine leaves behind must not be collected on the other's time.
"""

import gc
import random
import statistics
import time
from types import ModuleType
from typing import Any

import micrograd.engine
import micrograd.nn

import autograd

TURNS, STEPS = 3, 4  # steps a turn


def two_moons(n: int, seed: int = 1337) -> tuple[list[list[float]], list[int]]:
    """n noisy points on two interleaved half circles, and their classes -1 and 1."""
    import numpy as np

    rng = np.random.default_rng(seed)
    angle = rng.uniform(0.0, np.pi, n)
    upper = np.arange(n) % 2 == 0
    x = np.where(upper, np.cos(angle), 1 - np.cos(angle)) + rng.normal(0, 0.1, n)
    y = np.where(upper, np.sin(angle), 0.5 - np.sin(angle)) + rng.normal(0, 0.1, n)
    return np.stack([x, y], axis=1).tolist(), np.where(upper, 1, -1).tolist()


class Step:
    """The step of micrograd's demo notebook, with every number a ``value_class``."""

    def __init__(self, value_class: Any, nn: ModuleType, points: list[list[float]], classes: list[int]) -> None:
        nn.Value = value_class  # type: ignore[attr-defined]  # micrograd's nn looks Value up in its own module
        random.seed(1337)
        self.value_class, self.nn, self.points, self.classes = value_class, nn, points, classes
        self.model = nn.MLP(2, [16, 16, 1])

    def __call__(self) -> float:
        self.nn.Value = self.value_class  # type: ignore[attr-defined]
        inputs = [list(map(self.value_class, point)) for point in self.points]
        scores = list(map(self.model, inputs))
        losses = [(1 + -y * score).relu() for y, score in zip(self.classes, scores, strict=True)]
        data_loss = sum(losses) * (1.0 / len(losses))
        loss = data_loss + 1e-4 * sum(p * p for p in self.model.parameters())
        self.model.zero_grad()
        loss.backward()
        for p in self.model.parameters():
            p.data -= 0.1 * p.grad
        return float(loss.data)


def main() -> None:
    points, classes = two_moons(100)
    engines = {"micrograd 0.1.0": micrograd.engine.Value, "valuegrad": autograd.Value}
    steps = {name: Step(value, micrograd.nn, points, classes) for name, value in engines.items()}
    seconds: dict[str, list[float]] = {name: [] for name in engines}
    losses: dict[str, list[float]] = {name: [] for name in engines}
    for _ in range(TURNS):
        for name, step in steps.items():
            gc.collect()
            for _ in range(STEPS):
                start = time.perf_counter()
                losses[name].append(step())
                seconds[name].append(time.perf_counter() - start)

    theirs, ours = losses.values()
    assert all(abs(a - b) < 1e-9 for a, b in zip(theirs, ours, strict=True)), "the two engines disagree"
    medians = {name: statistics.median(times) for name, times in seconds.items()}
    for name, median in medians.items():
        print(f"{name:<16} {median * 1e3:8.1f} ms a step")
    print(f"ratio            {medians['micrograd 0.1.0'] / medians['valuegrad']:8.1f}")


if __name__ == "__main__":
    main()
