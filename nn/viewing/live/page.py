"""The training page: one training for each of its tabs, and what the page is told of it."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from autograd import step_through
from autograd.viewing.live import Answer, LivePage, QuestionError
from autograd.viewing.live.page import asset

from ...data.datasets import NOISY
from ...fit.objective import Objective
from ...layers import ACTIVATIONS
from ...losses import LOSSES
from .code import as_command, as_python
from .packing import packed
from .settings import FEATURES, MOST_LAYERS, MOST_NEURONS, OPTIMIZERS, Settings
from .training import Own, Sources, Training
from .views import Views

MOST_TABS = 8
MOST_NODES = 400
"""Of a graph that is stepped through."""
MOST_STEPS, MOST_SECONDS = 1_000_000, 0.1
"""That one question may train."""
PATIENCE = 0.2
"""Seconds between one drawing of the axes and the next, while numbers change all the time."""


def training_page(settings: Settings | None = None, own: Own | None = None) -> LivePage:
    """The page, to begin with these settings."""
    sources = Sources(own)
    return LivePage(
        title="A network in training",
        style=asset("film.css", "nn.viewing.film") + asset("training.css", __package__),
        body=asset("training.html", __package__),
        script="".join(asset(name, "nn.viewing.film") for name in ("views.js", "network.js"))
        + asset("unpacking.js", __package__)
        + asset("training.js", __package__),
        data={"controls": controls(sources), "layers": MOST_LAYERS, "neurons": MOST_NEURONS},
        ask=Tabs(sources, settings or Settings()).ask,
    )


def controls(sources: Sources) -> list[dict[str, Any]]:
    """What can be set, in the order of the page; the sizes of layers have buttons of their own there."""
    columns = sources.columns
    return [
        {"name": "data", "label": "Data", "choices": sources.names},
        *([{"name": "columns", "label": "x and y", "pair": columns}] if len(columns) > 2 else []),
        {"name": "noise", "label": "Noise", "range": [0, 0.5, 0.01]},
        {"name": "held_out", "label": "Held out", "range": [0.1, 0.9, 0.05]},
        {"name": "features", "label": "Features", "several": list(FEATURES)},
        {"name": "hidden", "label": "Layers", "sizes": True},
        {"name": "activation", "label": "Activation", "choices": list(ACTIVATIONS)},
        {"name": "loss", "label": "Loss", "choices": list(LOSSES)},
        {"name": "optimizer", "label": "Optimizer", "choices": list(OPTIMIZERS)},
        {"name": "lr", "label": "Rate", "number": 0.01},
        {"name": "momentum", "label": "Momentum", "number": 0.1},
        {"name": "l1", "label": "L1", "number": 0.001},
        {"name": "weight_decay", "label": "L2", "number": 0.001},
        {"name": "batch_size", "label": "Batch size", "number": 1},
        {"name": "seed", "label": "Seed", "number": 1},
    ]


@dataclass
class Tabs:
    """The trainings of the tabs that were asked last, and where each of them begins."""

    sources: Sources
    settings: Settings
    sessions: OrderedDict[str, Session] = field(default_factory=OrderedDict)

    def ask(self, question: Mapping[str, Any]) -> Answer:
        asked = Question.read(question)
        if asked.tab not in self.sessions:
            if asked.begins is None:
                raise QuestionError(f"this training was given up, as {MOST_TABS} newer pages are open: load it again")
            settings = self.settings.changed(asked.begins)
            self.sessions[asked.tab] = Session(Training(settings, self.sources), self.sources)
            while len(self.sessions) > MOST_TABS:
                self.sessions.popitem(last=False)
        self.sessions.move_to_end(asked.tab)
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # inf and nan are reported as such
            return self.sessions[asked.tab].answer(asked)


@dataclass(frozen=True)
class Question:
    """All that a page may ask, checked."""

    tab: str
    begins: Mapping[str, Any] | None
    settings: Mapping[str, Any]
    is_new: bool  # the page has no pictures yet
    restarts: bool
    weights: Mapping[int, float]
    steps: int
    epochs: int
    seconds: float
    sample: int
    neuron: tuple[int, int] | None
    plays: str
    wants_code: bool

    @classmethod
    def read(cls, question: Mapping[str, Any]) -> Question:
        begins, neuron = question.get("begin"), question.get("neuron")
        if not isinstance(question.get("tab"), str) or not 0 < len(question["tab"]) <= 64:
            raise QuestionError("a page says which tab it is")
        for name, value in (("begin", begins), ("settings", question.get("settings"))):
            if value is not None and not isinstance(value, Mapping):
                raise QuestionError(f"{name} are names and values, got {type(value).__name__}")
        if neuron is not None and not (isinstance(neuron, list) and len(neuron) == 2):
            raise QuestionError("a neuron is the number of its layer and its own")
        if question.get("play", "") not in ("", "neuron", "sample"):
            raise QuestionError("what can be played is the neuron or the sample")
        return cls(
            tab=question["tab"],
            begins=begins,
            settings=question.get("settings") or {},
            is_new=begins is not None,
            restarts=question.get("restart") is True,
            weights=_weights(question.get("set") or []),
            steps=_whole("steps", question.get("steps", 0), MOST_STEPS),
            epochs=_whole("epochs", question.get("epochs", 0), 1),
            seconds=min(_finite("seconds", question.get("seconds", 0.0)), MOST_SECONDS),
            sample=_whole("sample", question.get("sample", 0), 10**9),
            neuron=None if neuron is None else (_whole("layer", neuron[0], 99), _whole("neuron", neuron[1], 99)),
            plays=question.get("play", ""),
            wants_code=question.get("code") is True,
        )


def _whole(name: str, got: Any, most: int) -> int:
    if type(got) is not int or not 0 <= got <= most:
        raise QuestionError(f"{name} is a whole number from 0 to {most:,}, got {repr(got)[:40]}")
    return got


def _finite(name: str, got: Any) -> float:
    if type(got) not in (int, float) or not math.isfinite(got):
        raise QuestionError(f"{name} is a finite number, got {repr(got)[:40]}")
    return float(got)


def _weights(pairs: Any) -> dict[int, float]:
    if not isinstance(pairs, list) or not all(isinstance(pair, list) and len(pair) == 2 for pair in pairs):
        raise QuestionError("weights are set by pairs of a place and a number")
    return {_whole("place", place, 10**6): _finite("a weight", number) for place, number in pairs}


class Session:
    """One tab: its training, its views, and when it was last told of its axes."""

    def __init__(self, training: Training, sources: Sources) -> None:
        self.sources = sources
        self.drawn: dict[str, tuple[str, bytes]] = {}  # the specs that the page has
        self._begin(training)

    def _begin(self, training: Training) -> None:
        self.training, self.views = training, Views(training)
        self.told, self.told_epochs = 0.0, -1

    def answer(self, asked: Question) -> Answer:
        """What the page is told after whatever is to be changed and trained: all of it, or nothing if any is wrong."""
        training = self._changed(asked)
        self._require(training, asked)
        is_other = training is not self.training
        if is_other:
            self._begin(training)
        if asked.weights:
            training.set(asked.weights)
        if asked.plays:
            return self._played(asked)
        if asked.wants_code:
            return Answer({"code": f"{as_python(training)}\n\n{as_command(training)}"})
        stopped = ""
        if asked.steps or asked.epochs:
            stopped = training.advance(asked.steps or MOST_STEPS, asked.epochs, asked.seconds or MOST_SECONDS)
        return self._told(asked, is_other or asked.is_new, stopped)

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

    def _told(self, asked: Question, is_other: bool, stopped: str) -> Answer:
        training, now = self.training, time.monotonic()
        sample = self._sample(asked)
        told: dict[str, Any] = {"moment": self.views.frames(sample), "sample": sample, "epoch": training.history.epochs}
        told |= {"step": training.n_steps, "stopped": stopped}
        if asked.is_new:
            self.drawn.clear()
        if is_other:
            told |= {
                "specs": self._undrawn(self.views.specs()),
                "settings": asdict(training.settings),
                "off": self._off(),
            }
            told |= {"whole": self._too_large()}
        elif now - self.told > PATIENCE and training.history.epochs != self.told_epochs:
            told |= {"specs": self._undrawn(self.views.axes())}
        if "specs" in told:
            self.told, self.told_epochs = now, training.history.epochs
        if asked.neuron:
            told |= {"weights": self._weights_of(*asked.neuron)}
        return Answer(*packed(told))

    def _undrawn(self, specs: Mapping[str, Any]) -> dict[str, Any]:
        """Of these, the ones that the page does not have as they are: a picture that is built anew takes it long."""
        found = {}
        for name, spec in specs.items():
            told, body = packed(spec)
            if self.drawn.get(name) != (repr(told), body):
                self.drawn[name], found[name] = (repr(told), body), spec
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
        names = self.training.model.state_dict()
        return [
            (place, name.removeprefix(path), repr(number))
            for place, (name, number) in enumerate(names.items())
            if name.startswith(path)
        ]
