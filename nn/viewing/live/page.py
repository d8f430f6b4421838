"""The training page: one training for each of its tabs, and what the page is told of it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograd.viewing.live import Answer, LivePage, QuestionError
from autograd.viewing.live.page import asset

from ...layers import ACTIVATIONS
from ...losses import LOSSES
from .question import Question
from .session import Session
from .settings import FEATURES, MOST_LAYERS, MOST_NEURONS, OPTIMIZERS, Settings
from .training import Own, Sources, Training

MOST_TABS = 8


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
