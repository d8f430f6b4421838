"""What is to be trained: a data set split in two, a network for it, and how its parameters move.

The command line and the live page make it of the same options, so that they end with the same bits.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass

from ..fit.objective import Objective
from ..layers import MLP
from ..optim import SGD, Adam, Optimizer, Schedule
from .dataset import Dataset
from .datasets import NOISY
from .predictor import Predictor

VISITS = 12_000
"""By default, the epochs are as many as show the network about so many samples in all: some ten seconds' work."""


@dataclass(frozen=True)
class Job:
    """A data set split in two, and a network to train on the larger part."""

    train: Dataset
    held_out: Dataset
    predictor: Predictor
    optimizer: Optimizer
    epochs: int


def prepare(dataset: Dataset, options: argparse.Namespace, model: MLP | None = None) -> Job:
    """The data set split and the network made, still untrained, unless there is a ``model`` of that shape already."""
    classes = dataset.classes
    objective = Objective.named(options.loss, classes) if options.loss else Objective.default(classes)
    train, held_out = dataset.split(options.seed, options.held_out)
    hidden = default_hidden(dataset) if options.hidden is None else options.hidden
    sizes = [*hidden, objective.n_outputs]
    model = model or MLP(len(dataset.feature_names), sizes, options.activation, seed=options.seed)
    epochs = options.epochs or default_epochs(len(train))
    steps_per_epoch = -(-len(train) // options.batch_size)
    optimizer = _optimizer(model, options, epochs * steps_per_epoch, options.warm_up * steps_per_epoch)
    return Job(train, held_out, Predictor.untrained(train, objective, model), optimizer, epochs)


def default_hidden(dataset: Dataset) -> list[int]:
    """Two layers for the small data sets of the plane, none for ``line``, one for all others."""
    return [] if dataset.name == "line" else [16, 16] if dataset.name in NOISY else [16]


def default_epochs(rows: int) -> int:
    """As many epochs over so many rows as make some 12,000 samples, but from 5 to 200."""
    return min(200, max(5, round(VISITS / rows)))


def _optimizer(model: MLP, options: argparse.Namespace, steps: int, warm_up: int) -> Optimizer:
    lr = options.lr or (0.05 if options.optimizer == "sgd" else 0.01)
    falls = options.schedule == "cosine"
    if falls and warm_up >= steps:
        raise ValueError(f"--warm-up {options.warm_up} leaves no epoch for the rate to fall in: wanted fewer")
    rate = Schedule(lr, steps if falls else None, warm_up) if falls or warm_up else lr
    penalties = {"weight_decay": options.weight_decay, "l1": options.l1, "clip": options.clip}
    if options.optimizer != "sgd":
        if options.momentum is not None or options.nesterov:
            raise ValueError("--momentum and --nesterov are for --optimizer sgd; adam has running means of its own")
        decoupled = options.optimizer == "adamw"
        return Adam(model.parameters(), rate, decoupled_weight_decay=decoupled, **penalties)
    momentum = 0.9 if options.momentum is None else options.momentum
    return SGD(model.parameters(), rate, momentum, options.nesterov, **penalties)
