"""Whatever is done in a training page, in whatever order: its numbers are those of a loop written by hand.

The loop records every sample anew, with the library's scalars, and knows nothing of programs, sessions or views.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from extensive import further

from autograd import Value, grad
from nn import MLP, SGD, Adam
from nn.data import NOISY
from nn.fit.objective import Objective
from nn.losses import LOSSES
from nn.viewing.live import settings as live
from nn.viewing.live.page import Tabs
from nn.viewing.live.question import Question
from nn.viewing.live.settings import Settings
from nn.viewing.live.sources import Sources
from nn.viewing.live.training import Training

FEATURES: Mapping[str, Any] = {
    "x": lambda x, y: x, "y": lambda x, y: y, "x²": lambda x, y: x**2, "y²": lambda x, y: y**2,
    "x·y": lambda x, y: x * y, "sin x": lambda x, y: math.sin(x), "sin y": lambda x, y: math.sin(y),
}  # fmt: skip


class ByHand:
    """A training under way, sample by sample."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.epochs = self.steps = 0
        self.starts: list[float] = []
        self.sizes: Any = None
        self.load()
        outputs = self.objective.n_outputs
        self.model = MLP(len(settings.features), [*settings.hidden, outputs], settings.activation, seed=settings.seed)
        self.optimizer: Any = None
        self.begin()

    def load(self) -> None:
        """The samples, scaled by those to train on."""
        settings = self.settings
        dataset = NOISY[settings.data](settings.noise)
        self.objective = Objective.named(settings.loss, dataset.classes)
        parts = dataset.split(settings.seed, settings.held_out)
        features = [name for name in FEATURES if name in settings.features]
        self.points = [part.features.tolist() for part in parts]
        rows = [np.array([[FEATURES[name](*point) for name in features] for point in part]) for part in self.points]
        mean, self.scale = (0.0, np.ones(len(features))) if dataset.scaled else (rows[0].mean(0), rows[0].std(0))
        self.inputs = [((part - mean) / self.scale).tolist() for part in rows]
        self.targets = [self.objective.encode(part.targets).tolist() for part in parts]

    def begin(self) -> None:
        """An epoch, with the optimizer that the settings ask for, which goes on with what it carries, if it can."""
        settings = self.settings
        rates: dict[str, Any] = {"lr": settings.lr, "l1": settings.l1, "weight_decay": settings.weight_decay}
        if settings.optimizer == "sgd":
            made: Any = SGD(self.model.parameters(), momentum=settings.momentum, **rates)
        else:
            made = Adam(self.model.parameters(), decoupled_weight_decay=settings.optimizer == "adamw", **rates)
        if type(made) is type(self.optimizer):
            made.load_state_dict(self.optimizer.state_dict())
        self.optimizer, self.left, self.total = made, 0, 0.0
        self.losses = self.means()

    def change(self, settings: Settings) -> None:
        means, is_other = self.losses, any(getattr(settings, n) != getattr(self.settings, n) for n in live.SAMPLES)
        self.settings = settings
        self.load()
        self.begin()
        if not is_other:
            self.losses = means

    def loss(self, part: int, row: int) -> Value:
        return LOSSES[self.settings.loss](self.model(self.inputs[part][row]), self.targets[part][row])

    def means(self) -> list[float]:
        return [float(np.mean([self.loss(part, row).data for row in range(len(self.inputs[part]))])) for part in (0, 1)]

    def step(self) -> None:
        settings, n = self.settings, len(self.inputs[0])
        if not self.left:
            order = np.random.default_rng([settings.seed, self.epochs]).permutation(n)
            self.order, self.left, self.total = order.tolist(), n, 0.0
        first = n - self.left
        rows = self.order[first : first + settings.batch_size]
        losses = [self.loss(0, row) for row in rows]
        self.optimizer.zero_grad()
        (sum(losses, Value(0.0)) / len(rows)).backward()
        self.gradients.append([parameter.grad for parameter in self.model.parameters()])
        self.optimizer.step()
        self.left, self.total = self.left - len(rows), self.total + sum(loss.data for loss in losses)
        self.steps += 1
        if not self.left:
            self.epochs += 1
            self.losses = [self.total / n, self.means()[1]]

    def train(self, steps: int) -> None:
        self.gradients: list[list[float]] = []
        for _ in range(steps):
            self.step()
        if steps:
            self.sizes = np.sqrt(np.mean(np.square(self.gradients), axis=0))

    def flow(self) -> list[float] | None:
        """The root mean square of each layer's gradient over the last steps."""
        if self.sizes is None:
            return None
        ends = np.cumsum([len(layer.parameters()) for layer in self.model.layers])[:-1]
        return [float(np.sqrt(np.mean(part**2))) for part in np.split(self.sizes, ends)]


def random_settings(draws: random.Random) -> dict[str, Any]:
    return {
        "data": draws.choice(list(NOISY)), "noise": draws.choice([0.05, 0.2, 0.4]),
        "held_out": draws.choice([0.2, 0.85, 0.9]), "features": draws.sample(list(FEATURES), draws.choice([1, 2, 3])),
        "hidden": [draws.choice([1, 2, 3]) for _ in range(draws.choice([0, 1, 2]))],
        "activation": draws.choice(["linear", "tanh", "sigmoid", "softplus"]), "loss": draws.choice(list(LOSSES)),
        "optimizer": draws.choice(["sgd", "adam", "adamw"]), "lr": draws.choice([0.001, 0.03]),
        "momentum": draws.choice([0.0, 0.5]), "weight_decay": draws.choice([0.0, 0.01]), "l1": 0.0,
        "batch_size": draws.choice([5, 16, 9999]), "seed": draws.choice([0, 5]),
    }  # fmt: skip


def some(draws: random.Random, names: Sequence[str]) -> dict[str, Any]:
    """One or two of these settings."""
    found = random_settings(draws)
    return {name: found[name] for name in draws.sample(names, 2)}


KEPT = ("lr", "noise", "held_out", "optimizer", "momentum", "weight_decay", "batch_size")
OTHER = ("data", "features", "hidden", "activation", "seed")


def random_act(draws: random.Random, n_parameters: int) -> dict[str, Any]:
    acts: list[dict[str, Any]] = [
        {"steps": draws.choice([1, 2, 7])}, {"epochs": 1}, {"settings": some(draws, KEPT)},
        {"settings": some(draws, KEPT), "steps": 3}, {"settings": some(draws, OTHER)}, {"restart": True},
        {"set": [[draws.randrange(n_parameters), draws.gauss(0.0, 1.0)]]}, {},
    ]  # fmt: skip
    return {"sample": draws.choice([0, 7]), **draws.choice(acts)}


def differences(training: Training, told: Mapping[str, Any], by_hand: ByHand, row: int) -> list[str]:
    """What is told, beside what it is."""
    x, t = by_hand.inputs[0][row], by_hand.targets[0][row]
    columns = [[Value(number) for number in x]]
    for layer in by_hand.model.layers:
        columns.append(layer(columns[-1]))
    loss = LOSSES[by_hand.settings.loss](columns[-1], t)
    nodes = [node for column in columns for node in column]
    by_inputs, gradients = np.split(grad(loss, nodes), [len(x)])
    followed, flow = told["followed"], told["flow"]
    pairs = {
        "weights": (training.moment.parameters, [parameter.data for parameter in by_hand.model.parameters()]),
        "mean losses": (told["loss"]["values"], by_hand.losses),
        "flow": ((flow or {"values": []})["values"], by_hand.flow() or []),
        "nodes": (followed["nodes"][0], [node.data for node in nodes]),
        "gradients": (followed["gradients"][0], [*(by_inputs / by_hand.scale), *gradients]),
        "outputs": (followed["outputs"][0], [node.data for node in columns[-1]]),
        "its loss": (followed["losses"], [loss.data]),
    }
    counted = (training.history.epochs, training.n_steps) == (by_hand.epochs, by_hand.steps)
    least = 1e-5 if by_hand.settings.loss == "hinge" else 1e-10  # its slopes may cancel but for rounding, as Adam sees
    same = {name: np.allclose(got, wanted, rtol=1e-6, atol=least) for name, (got, wanted) in pairs.items()}
    return [f"{name}: {pairs[name]}" for name in same if not same[name]] + ["epochs or steps"] * (not counted)


@pytest.mark.parametrize("seed", [*range(6), *further(*range(6, 60))])
def test_the_numbers_are_those_of_a_loop_by_hand(seed: int) -> None:
    draws, tabs, acts = random.Random(seed), Tabs(Sources(), Settings()), []
    question: dict[str, Any] = {"begin": random_settings(draws)}
    by_hand: ByHand | None = None
    for _ in range(8):
        acts.append(question)
        tabs.ask({"tab": "a", **question})
        training = tabs.sessions["a"].training
        if by_hand is None or "restart" in question or not by_hand.settings.same_network(training.settings):
            by_hand = ByHand(training.settings)
        elif by_hand.settings != training.settings:
            by_hand.change(training.settings)
        if "set" in question:
            ((place, number),) = question["set"]
            by_hand.model.parameters()[place].data = number
            by_hand.begin()
        by_hand.train(training.n_steps - by_hand.steps)
        asked = Question.read({"tab": "a", **question})
        views = tabs.sessions["a"].views
        row = views.rows[min(asked.sample, len(views.rows) - 1)]
        assert not differences(training, views.frames(views.rows.index(row)), by_hand, row), acts
        question = random_act(draws, len(training.parameters))
