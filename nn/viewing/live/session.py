"""Session: the training of one tab, and what its page is told of it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from typing import Any

import numpy as np

from autograd import step_through
from autograd.viewing.live import Answer, QuestionError, nothing

from ...data.datasets import NOISY
from ...fit.objective import Objective
from ..film.markup import marked_up
from .code import as_command, as_python
from .packing import packed
from .question import MOST_SECONDS, MOST_STEPS, Question
from .settings import Settings
from .sources import Sources
from .training import Training
from .views import Views

MOST_NODES = 400
"""Of a graph that is stepped through."""
PATIENCE = 0.2
"""Seconds between one drawing of the axes and the next, while numbers change all the time."""


class Session:
    """One tab: its training, its views, and when it was last told of its axes."""

    def __init__(self, training: Training, sources: Sources) -> None:
        self.sources = sources
        self.drawn: dict[str, str] = {}  # the specs that the page has, as text
        self._begin(training, None)

    def _begin(self, training: Training, before: Views | None) -> None:
        self.training, self.views = training, Views(training, before)
        self.told, self.told_epochs = 0.0, -1
        self.stopped = ""  # why the training ended before it was to

    def answer(self, asked: Question) -> Answer:
        """What the page is told after whatever is to be changed and trained: all of it, or nothing if any is wrong."""
        self.asked = asked
        training = self._changed(asked)
        self._require(training, asked)
        is_other, is_theirs = training is not self.training, training.model is self.training.model
        if is_other:
            self._begin(training, self.views)
        if asked.weights and is_theirs:  # those of a network that is gone have no place in another
            training.set(asked.weights)
            self.told_epochs = -1  # the axes may no longer reach the losses
        if asked.plays:
            return self._played(asked)
        if asked.wants_code:
            return Answer({"code": f"{as_python(training)}\n\n{as_command(training)}"})
        if (asked.steps or asked.epochs) and not asked.seconds:
            self.stopped = training.advance(asked.steps or MOST_STEPS, asked.epochs, MOST_SECONDS)
        told = self._told(asked, is_other or asked.is_new)
        goes_on = asked.seconds and not told["stopped"]
        return Answer(*packed(told), partial(self._go_on, asked) if goes_on else nothing)

    def _go_on(self, asked: Question, is_asked: Callable[[], bool]) -> None:
        """Train for as long as that question said, unless there is another already."""
        if asked is self.asked:
            with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
                self.stopped = self.training.advance(asked.steps, asked.epochs, asked.seconds, is_asked)

    def _changed(self, asked: Question) -> Training:
        settings = self.training.settings.changed(asked.settings)
        if settings == self.training.settings and not asked.restarts:
            return self.training
        if settings.data != self.training.settings.data:
            settings = settings.changed(self._fitting(settings, asked.settings))
        return Training(settings, self.sources, None if asked.restarts else self.training)

    def _fitting(self, settings: Settings, given: Mapping[str, Any]) -> dict[str, Any]:
        """Another data set has other columns, and perhaps needs another loss."""
        classes = self.sources.load(settings).classes
        changes: dict[str, Any] = {"columns": ("x", "y") if settings.data in NOISY else self.sources.columns[:2]}
        try:
            Objective.named(settings.loss, classes)
        except ValueError:
            changes["loss"] = Objective.default(classes).name
        return {name: value for name, value in changes.items() if name not in given}

    def _require(self, training: Training, asked: Question) -> None:
        if beyond := [place for place in asked.weights if place >= len(training.parameters)]:
            raise QuestionError(f"there is no weight {beyond[0]}; there are {len(training.parameters)}")
        if asked.plays == "neuron":
            layers, (layer, i) = training.model.layers, asked.neuron or (-1, 0)
            if not (0 <= layer < len(layers) and i < len(layers[layer].neurons)):
                raise QuestionError("choose a neuron first, by a click on its picture")

    def _played(self, asked: Question) -> Answer:
        training, row = self.training, self.views.rows[self._sample(asked)]
        training.run.look()
        if asked.plays == "sample":
            return Answer({"html": step_through(training.sample_graph(row), max_nodes=MOST_NODES).html})
        assert asked.neuron
        return Answer({"html": step_through(training.neuron_graph(*asked.neuron, row)).html})

    def _sample(self, asked: Question) -> int:
        return min(asked.sample, len(self.views.rows) - 1)

    def _told(self, asked: Question, is_other: bool) -> dict[str, Any]:
        training, now = self.training, time.monotonic()
        stopped, self.stopped = self.stopped, ""
        sample = self._sample(asked)
        told: dict[str, Any] = {"moment": self.views.frames(sample), "sample": sample, "epoch": training.history.epochs}
        told |= {"step": training.n_steps, "stopped": stopped}
        told |= {"isWithin": not stopped and training.run.is_within_epoch}
        if asked.is_new:
            self.drawn.clear()
        if is_other:
            told |= {
                "specs": self._undrawn(self.views.specs()),
                "settings": asdict(training.settings),
                "off": self._off(),
            }
            told |= {"whole": self._too_large()}
        elif (asked.rests or stopped or now - self.told > PATIENCE) and training.history.epochs != self.told_epochs:
            told |= {"specs": self._undrawn(self.views.axes())}
        if "specs" in told:
            self.told, self.told_epochs = now, training.history.epochs
        if asked.neuron:
            told |= {"weights": self._weights_of(*asked.neuron)}
        return told

    def _undrawn(self, specs: Mapping[str, Any]) -> dict[str, Any]:
        """Of these, the ones that the page does not have as they are: a picture that is built anew takes it long."""
        found = {}
        for name, spec in marked_up(specs).items():
            text = json.dumps(spec, default=lambda array: array.tobytes().hex())
            if self.drawn.get(name) != text:
                self.drawn[name], found[name] = text, spec
        return found

    def _off(self) -> dict[str, str]:
        """The settings that change nothing at present, and why."""
        settings = self.training.settings
        off = {}
        if settings.data not in NOISY:
            off["noise"] = f"{settings.data} is as it is"
        elif self.sources.own:
            off["columns"] = f"{settings.data} has two columns only"
        if settings.optimizer != "sgd":
            off["momentum"] = f"{settings.optimizer} has running means of its own"
        return off

    def _too_large(self) -> str:
        size = self.training.graph_size
        return (
            f"The sample's graph has {size:,} nodes; at most {MOST_NODES} can be stepped through."
            if size > MOST_NODES
            else ""
        )

    def _weights_of(self, layer: int, i: int) -> Sequence[tuple[int, str, str]]:
        """Of a neuron, the place, the name and the number of the bias and of each weight."""
        path = f"layers[{layer}].neurons[{i}]."
        parameters = self.training.parameters
        return [
            (place, name.removeprefix(path), repr(parameters[place].data))
            for place, name in enumerate(self.training.names)
            if name.startswith(path)
        ]
