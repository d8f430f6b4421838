"""Neural networks of honest scalars: modules, losses, optimizers, a trainer, and a command line.

>>> from nn import MLP, Adam, Trainer, mse
>>> model = MLP(2, [4, 1], activation="tanh", seed=0)
>>> trainer = Trainer(model, mse, Adam(model.parameters(), lr=0.05))
>>> history = trainer.fit([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0], epochs=500, batch_size=4)
>>> [round(model(x)[0].data, 2) for x in ([0, 0], [0, 1], [1, 0], [1, 1])]
[0.0, 1.0, 1.0, 0.0]
"""

from typing import TYPE_CHECKING

from . import installation  # noqa: F401  first, for what it says where another package is found
from .basics.files import FileFormatError
from .history import History
from .layers import MLP, Layer, Neuron
from .losses import binary_cross_entropy, cross_entropy, hinge, mse
from .module import Module
from .optim import SGD, Adam, Optimizer, Schedule
from .trainer import DivergenceError, Step, Trainer

if TYPE_CHECKING:
    from .viewing.live.notebook import play

__all__ = [
    "MLP",
    "SGD",
    "Adam",
    "DivergenceError",
    "FileFormatError",
    "History",
    "Layer",
    "Module",
    "Neuron",
    "Optimizer",
    "Schedule",
    "Step",
    "Trainer",
    "binary_cross_entropy",
    "cross_entropy",
    "hinge",
    "mse",
    "play",
]


def __getattr__(name: str) -> object:
    """The page of a training, when it is first asked for: it is made of all the rest."""
    if name == "play":
        from .viewing.live.notebook import play

        globals()["play"] = play
        return play
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
