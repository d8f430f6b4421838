"""The same training as a program and as a command: what a page shows leads into the library."""

from __future__ import annotations

from shlex import quote

from ...data.datasets import NOISY
from .settings import Settings
from .training import Training

TERMS = {"x": "x", "y": "y", "x²": "x * x", "y²": "y * y", "x·y": "x * y", "sin x": "np.sin(x)", "sin y": "np.sin(y)"}
"""Features as they are written in a program."""

_PROGRAM = """{note}from dataclasses import replace

import numpy as np

from nn import MLP, {optimizer}, Trainer
from nn.data import Encoding, Predictor, {imports}
from nn.fit.objective import Objective

dataset = {load}
x, y = dataset.features{columns}.T
features = np.stack([{terms}], axis=1)
dataset = replace(dataset, encoding=Encoding.of_numbers({names}), features=features)
train, held_out = dataset.split(seed={seed}, share={share})
objective = Objective.named({loss!r}, dataset.classes)
model = MLP({n_features}, [{hidden}objective.n_outputs], {activation!r}, seed={seed})
predictor = Predictor.untrained(train, objective, model)
trainer = Trainer(model, objective.loss, {optimizer}(model.parameters(), {rates}))
history = trainer.fit(
    predictor.inputs(train.features),
    predictor.targets(train),
    epochs={epochs},
    batch_size={batch_size},
    seed={seed},
    held_out=(predictor.inputs(held_out.features), predictor.targets(held_out)),
)
print(history)"""

_CHANGED = "Something was changed while the page trained: this trains with what is set now, from the start."


def as_python(training: Training) -> str:
    """A program that ends with the bits of the page after its last whole epoch, if nothing was changed meanwhile."""
    settings, own = training.settings, training.sources.own
    own = own if settings.data not in NOISY else None
    names = training.source.feature_names
    columns = "" if settings.columns == names else f"[:, {[names.index(name) for name in settings.columns]}]"
    return _PROGRAM.format(
        note="".join(f"# {note}\n" for note in _notes(training)),
        optimizer="SGD" if settings.optimizer == "sgd" else "Adam",
        imports=own.imports if own else settings.data,
        load=own.expression if own else f"{settings.data}(noise={settings.noise!r})",
        columns=columns,
        terms=", ".join(TERMS[name] for name in settings.features),
        names=list(settings.features),
        seed=settings.seed,
        share=settings.held_out,
        loss=settings.loss,
        n_features=len(settings.features),
        hidden="".join(f"{size}, " for size in settings.hidden),
        activation=settings.activation,
        rates=", ".join(f"{name}={value!r}" for name, value in _rates(settings).items()),
        epochs=max(training.history.epochs, 1),
        batch_size=settings.batch_size,
    )


def _notes(training: Training) -> list[str]:
    """Where the program ends elsewhere than the page is."""
    epochs = training.history.epochs
    if training.is_changed:
        return [_CHANGED]
    if not epochs:
        return ["The page has not come to the end of an epoch: this trains one."]
    return [f"The page is within epoch {epochs + 1}: this ends with epoch {epochs}."] * training.run.is_within_epoch


def as_command(training: Training) -> str:
    """The command that trains the same and writes it down; or why there is none."""
    settings, words = training.settings, training.sources.words(training.settings)
    if settings.features != ("x", "y") or not words:
        return "# `python -m nn train` has no option for these features of the data"
    hidden = ",".join(map(str, settings.hidden)) or "none"
    given = {
        "held-out": settings.held_out, "hidden": hidden, "activation": settings.activation, "loss": settings.loss,
        "optimizer": settings.optimizer,
    }  # fmt: skip
    rates = {name.replace("_", "-"): value for name, value in _rates(settings).items() if value is not True}
    last = {"batch-size": settings.batch_size, "seed": settings.seed, "epochs": max(training.history.epochs, 1)}
    options = " ".join(f"--{name} {quote(str(value))}" for name, value in {**given, **rates, **last}.items())
    return f"python -m nn train {words} {options} --out run"


def _rates(settings: Settings) -> dict[str, float]:
    """What the optimizer is made with; what would change nothing is left out."""
    found: dict[str, float] = {"lr": settings.lr}
    if settings.optimizer == "sgd":
        found["momentum"] = settings.momentum
    if settings.weight_decay:
        found["weight_decay"] = settings.weight_decay
    if settings.l1:
        found["l1"] = settings.l1
    if settings.optimizer == "adamw":
        found["decoupled_weight_decay"] = True
    return found
