"""Curves over the epochs: the loss, and the parameters where they are few, or no picture of a network has them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from autograd.viewing.notation import visible

from ...fit.recording import Moment
from .view import Axis, Data, scale

MOST_CURVES = 12
"""So many parameters have a curve: those that change most."""


class Loss:
    """The loss over the epochs, with the current point. Epoch 0 is the mean loss before the first step."""

    name = "loss"

    def __init__(self, losses: Sequence[Sequence[float]], starts: Sequence[float], is_scaled: bool = False) -> None:
        self.note = "of the scaled target" if is_scaled else ""
        self.curves = [[start, *rest] for start, rest in zip(starts, losses, strict=False)]  # held out, or not
        self.x = Axis(0.0, max(len(losses[0]), 1), "epoch")
        self.y = scale((loss for curve in self.curves for loss in curve), log=True)

    def spec(self) -> Data:
        names = ("training", "held out")
        return {
            "view": "chart",
            "side": 1,
            "title": "Mean loss",
            "note": self.note,
            "x": self.x.spec(),
            "y": self.y.spec(4),
            "xs": list(range(len(self.curves[0]))),
            "curves": [{"name": name, "ys": curve} for name, curve in zip(names, self.curves, strict=False)],
        }

    def frame(self, moment: Moment) -> Data:
        return {"at": moment.epoch, "values": [curve[moment.epoch] for curve in self.curves]}


class Parameters:
    """The parameters over the epochs."""

    name = "parameters"

    def __init__(self, names: Sequence[str], moments: Sequence[Moment]) -> None:
        self.epochs = [moment.epoch for moment in moments]
        table = np.array([moment.parameters for moment in moments])
        changes = table.max(axis=0) - table.min(axis=0)
        self.shown = np.sort(np.argsort(-changes, kind="stable")[:MOST_CURVES])
        paths = {names[i].rpartition(".")[0] for i in self.shown}
        self.path = f"{paths.pop()}." if len(paths) == 1 and "" not in paths else ""
        self.names = [visible(names[i].removeprefix(self.path)) for i in self.shown]
        self.table = table[:, self.shown]
        some = f"{MOST_CURVES} of {len(names)}, those that change most" if len(names) > MOST_CURVES else ""
        self.note = ", ".join(filter(None, [visible(self.path).removesuffix("."), some]))

    def spec(self) -> Data:
        curves = [{"name": name, "ys": ys} for name, ys in zip(self.names, self.table.T, strict=True)]
        x, y = Axis(0.0, max(self.epochs[-1], 1), "epoch"), scale(self.table.ravel().tolist())
        told = {
            "view": "chart",
            "side": 0,
            "title": "Parameters",
            "note": self.note,
            "xs": self.epochs,
        }
        return told | {"x": x.spec(), "y": y.spec(), "curves": curves}

    def frame(self, moment: Moment) -> Data:
        return {"at": moment.epoch, "values": moment.parameters[self.shown]}
