"""One training step of micrograd's moons demo, on several engines: ``python benchmarks/moons_step.py [CHECKOUT ...]``.

The network code is micrograd's own ``nn`` in all cases (MLP 2-16-16-1, 100 points, hinge loss and L2: 65,614 scalar
nodes); only the Value under it changes. The engines are micrograd, this one, and this one in any other checkouts that
are named, such as ``git worktree add ../before COMMIT`` makes. Each runs in a process of its own, and they take turns
within one run. What counts is processor time, with the collector as Python sets it and off, and its ratio to ours.
Each turn starts from a collected heap: micrograd's graphs are cyclic, and are not to be collected within a step.
"""

import gc
import random
import statistics
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType
from typing import Any

HERE = Path(__file__).parent.parent
TURNS, STEPS = 4, 4  # steps a turn


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


def work(checkout: str) -> None:
    """Run steps when told to: a line ``on`` or ``off``, for the collector, is answered by the seconds of each step."""
    import micrograd.engine
    import micrograd.nn

    if checkout == "micrograd":
        value_class: Any = micrograd.engine.Value
    else:
        sys.path.insert(0, checkout)
        import autograd

        assert Path(autograd.__file__).is_relative_to(checkout)
        value_class = autograd.Value
    step = Step(value_class, micrograd.nn, *two_moons(100))
    for line in sys.stdin:
        gc.collect()
        (gc.enable if line.strip() == "on" else gc.disable)()
        for _ in range(STEPS):
            start = time.process_time()
            loss = step()
            print(time.process_time() - start, repr(loss), end=" ")
        print(flush=True)


def main(checkouts: list[str]) -> None:
    engines = ["micrograd", str(HERE), *(str(Path(checkout).resolve()) for checkout in checkouts)]
    workers = {}
    for engine in engines:
        command = [sys.executable, __file__, "--work", engine]
        workers[engine] = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    seconds: dict[tuple[str, str], list[float]] = {}
    losses: dict[str, list[float]] = {engine: [] for engine in engines}
    for turn in range(2 * TURNS):
        collector = ("on", "off")[turn % 2]
        for engine, worker in workers.items():
            assert worker.stdin is not None
            assert worker.stdout is not None
            worker.stdin.write(f"{collector}\n")
            worker.stdin.flush()
            answer = [float(word) for word in worker.stdout.readline().split()]
            seconds.setdefault((engine, collector), []).extend(answer[::2])
            losses[engine] += answer[1::2]
    for worker in workers.values():
        worker.communicate()

    ours = losses[str(HERE)]
    for engine in engines:
        assert all(abs(a - b) < 1e-9 for a, b in zip(ours, losses[engine], strict=True)), f"{engine} disagrees"
    print("processor milliseconds a step, and the ratio to ours, with the collector as Python sets it, and off")
    for engine in engines:
        name = "valuegrad" if engine == str(HERE) else engine
        columns = []
        for collector in ("on", "off"):
            median = statistics.median(seconds[engine, collector])
            columns.append(f"{median * 1e3:8.1f} {median / statistics.median(seconds[str(HERE), collector]):6.2f}")
        print(f"{name:<28} {'   '.join(columns)}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--work"]:
        work(sys.argv[2])
    else:
        main(sys.argv[1:])
