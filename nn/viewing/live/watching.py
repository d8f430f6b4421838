"""Watching: the loss and the gradient of a fit, shown in a notebook while the cell that trains is still running."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from autograd.viewing.live import Answer, LivePage, packet
from autograd.viewing.live.page import asset
from autograd.viewing.live.widget import widget

from ...fit.recording import Moment
from ...fit.run import Run
from ..film.bars import Flow
from .losses import FLOW, loss_spec
from .packing import packed

PATIENCE = 0.2
"""Seconds between one picture and the next."""


def watching_page() -> LivePage:
    """A page that is sent all it shows."""
    scripts = [("views.js", "nn.viewing.film"), ("network.js", "nn.viewing.film")]
    return LivePage(
        title="A training",
        style=asset("film.css", "nn.viewing.film") + "body { display: block; padding: .5rem } #film { height: 24rem }",
        body='<header><h1>Training</h1><span id="at"></span></header><main id="stage"><div id="film"></div></main>',
        script="".join(
            asset(*script) for script in [*scripts, ("unpacking.js", __package__), ("watching.js", __package__)]
        ),
        data={},
        ask=lambda question: Answer({}),
    )


class Watching:
    """One run, watched through a widget that is displayed at once."""

    def __init__(self, run: Run) -> None:
        from IPython.display import display

        self.run, self.shown_at = run, 0.0
        self.starts = [run.numbers.mean(part) for part in (run.plan.samples, run.plan.others) if part]
        parameters = {parameter: i for i, parameter in enumerate(run.numbers.all_parameters)}
        self._trained = [parameters[parameter] for parameter in run.optimizer.parameters]
        self.flow = Flow(list(run.model.state_dict()), [])
        self.flow.axis = FLOW
        self.widget: Any = widget(watching_page(), height="28rem")
        display(self.widget)  # type: ignore[no-untyped-call]

    def look(self, is_last: bool = False) -> None:
        """Send a picture, unless the last one was sent just now."""
        now = time.monotonic()
        if is_last or now - self.shown_at >= PATIENCE:
            self.shown_at = now
            self.widget.send({}, [packet(self._told())])

    def _told(self) -> Answer:
        history, gradient = self.run.history, np.zeros(len(self.run.numbers.all_parameters))
        if self.run.numbers.gradient is not None:
            gradient[self._trained] = self.run.numbers.gradient
        spec = {**loss_spec(history, self.starts), "side": 0}
        values = [curve["ys"][-1] for curve in spec["curves"]]
        moment = {
            "loss": {"at": float(history.epochs), "values": values},
            "flow": self.flow.frame(Moment(1, gradient, np.abs(gradient))),
        }
        told = {"specs": {"loss": spec, "flow": self.flow.spec()}, "moment": moment}
        return Answer(*packed({**told, "at": f"epoch {history.epochs}, step {self.run.state.steps:,}"}))
