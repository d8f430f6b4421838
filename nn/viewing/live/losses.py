"""What the film's views of losses and gradients show of a training that goes on."""

from __future__ import annotations

from collections.abc import Sequence

from ...fit.recording import Curves
from ..film.view import Axis, Data, scale

FLOW = Axis(1e-8, 10.0, log=True)
"""The axis of gradients, the same for all time: what vanishes is seen to shrink."""

METRICS = {"accuracy": "accuracy", "r2": "R²"}

MOST_CURVE = 300
"""Of more epochs, some have a point on the curve."""


def loss_spec(history: Curves, starts: Sequence[float], now: Sequence[float] = ()) -> Data:
    """The losses over the epochs; epoch 0 is the mean loss before the first step.

    ``now`` are those since something was changed that no epoch tells of yet: the axis reaches them.
    """
    stride = max(1, -(-history.epochs // MOST_CURVE))
    epochs = sorted({*range(0, history.epochs + 1, stride), history.epochs})
    curves = [
        [([start] if epoch == 0 else losses[epoch - 1 : epoch])[0] for epoch in epochs]
        for start, losses in zip(starts, (history.losses, history.held_out_losses), strict=False)  # or none
    ]
    everything = [*now, *(loss for curve in curves for loss in curve)]
    y = next(axis for axis in (scale(everything, log=True), scale(everything)) if axis.ticks(4))
    judged = () if now else (history.metrics, history.held_out_metrics)
    quality = [f"{metrics[-1]:.3f}" for metrics in judged if metrics]
    return {
        "view": "chart",
        "side": 1,
        "title": "Mean loss",
        "note": f"{METRICS[history.metric]} {', held out '.join(quality)}" if quality else "",
        "x": Axis(0.0, max(history.epochs, 1), "epoch").spec(),
        "y": y.spec(4),
        "xs": epochs,
        "curves": [{"name": name, "ys": curve} for name, curve in zip(("training", "held out"), curves, strict=False)],
    }
