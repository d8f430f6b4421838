"""Watching: the network, the loss and the gradient of a fit, shown in a notebook while its cell is still running."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from autograd.viewing.live import Answer, LivePage, packet
from autograd.viewing.live.page import asset
from autograd.viewing.live.widget import widget

from ...fit.evaluation import Evaluation, is_mlp
from ...fit.recording import Moment, Recording
from ...fit.run import Run
from ..film.bars import Flow
from ..film.colours import colours
from ..film.markup import MARKS, marked_up
from ..film.page import pictures
from ..film.units import Units
from ..film.view import View
from .losses import FLOW, loss_spec
from .packing import packed

PATIENCE = 0.2
"""Seconds between one picture and the next, or more: training has five times as long as the picture took."""


def watching_page() -> LivePage:
    """A page that is sent all it shows."""
    scripts = [("views.js", "nn.viewing.film"), ("network.js", "nn.viewing.film"), ("watching.js", __package__)]
    return LivePage(
        title="A training",
        style=asset("film.css", "nn.viewing.film") + asset("watching.css", __package__),
        body=asset("watching.html", __package__),
        script="".join(asset(*script) for script in scripts),
        data={"colours": colours(), "marks": MARKS},
        ask=lambda question: Answer({}),
    )


class Watching:
    """One run, watched through a widget that is displayed at once."""

    def __init__(self, run: Run) -> None:
        from IPython.display import display

        self.run, self.due = run, 0.0
        self.starts = [run.numbers.mean(part) for part in (run.plan.samples, run.plan.others) if part]
        parameters = {parameter: i for i, parameter in enumerate(run.numbers.all_parameters)}
        self._trained = [parameters[parameter] for parameter in run.optimizer.parameters]
        self.flow = Flow(list(run.model.state_dict()), [])
        self.flow.axis = FLOW
        self._drawn: tuple[Evaluation | None, list[View]] = None, []
        self.widget: Any = widget(watching_page(), height="40rem")
        display(self.widget)  # type: ignore[no-untyped-call]

    def look(self, is_last: bool = False) -> None:
        """Send a picture, unless the last one was sent just now."""
        now = time.monotonic()
        if is_last or now >= self.due:
            self.widget.send({}, [packet(self._told())])
            took = time.monotonic() - now
            self.due = now + took + max(PATIENCE, 5 * took) * (PATIENCE > 0)

    def _told(self) -> Answer:
        self.run.look()
        history, moment = self.run.history, self._moment()
        views = self._pictures(moment)
        spec = loss_spec(history, self.starts) | {"side": int(bool(views))}
        values = [curve["ys"][-1] for curve in spec["curves"]]
        frames = {view.name: view.frame(moment) for view in views} | {
            "epoch": history.epochs,
            "loss": {"at": float(history.epochs), "values": values},
            "flow": self.flow.frame(moment),
        }
        specs = {view.name: view.spec() for view in views} | {"loss": spec, "flow": self.flow.spec()}
        if "network" in specs:
            specs["network"] |= {"controls": specs["network"]["controls"][:1]}  # all epochs are not known yet
        at = f"epoch {history.epochs}, step {self.run.state.steps:,}"
        return Answer(*packed({"specs": marked_up(specs), "moment": frames, "at": at}))

    def _moment(self) -> Moment:
        parameters = self.run.numbers.all_parameters
        gradient = np.zeros(len(parameters))
        if self.run.numbers.gradient is not None:
            gradient[self._trained] = self.run.numbers.gradient
        return Moment(1, np.array([parameter.data for parameter in parameters]), np.abs(gradient))

    def _pictures(self, moment: Moment) -> list[View]:
        """Those of the film, of an MLP; made anew if the run changed what it is computed by."""
        run, (numbers, views) = self.run, self._drawn
        if numbers is not run.numbers and is_mlp(run.model):
            samples, others = run.plan.samples, run.plan.others
            recording = Recording(run.model, run.loss, run.optimizer, samples, others, [moment])
            features = [f"x{i}" for i in range(samples.inputs.shape[1])]
            views = pictures(run.numbers, recording, run.objective, features, Units.of(samples, None, None))
        self._drawn = run.numbers, views
        return views
