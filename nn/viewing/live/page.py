"""The training page: one training for each of its tabs, and what the page is told of it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from html import escape
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd import collector_paused
from autograd.commandline import one_line
from autograd.viewing.live import Answer, LivePage, QuestionError
from autograd.viewing.live.page import asset

from ...layers import ACTIVATIONS
from ...losses import LOSSES
from ..film.colours import colours
from ..film.markup import MARKS
from .question import Question
from .settings import FEATURES, MOST_LAYERS, OPTIMIZERS, Settings
from .sources import Own, Sources

if TYPE_CHECKING:
    from .session import Session
    from .training import Training

MOST_TABS = 8


def training_page(settings: Settings | None = None, own: Own | None = None) -> LivePage:
    """The page, to begin with these settings; a ValueError where there is nothing to be trained with them."""
    sources, settings = Sources(own), settings or Settings()
    sources.require(settings)
    return LivePage(
        title="A network in training",
        style=asset("film.css", "nn.viewing.film") + asset("training.css", __package__),
        body=asset("training.html", __package__).replace("{{settings}}", settings_form(sources)),
        script="".join(asset(name, "nn.viewing.film") for name in ("views.js", "network.js"))
        + asset("training.js", __package__),
        data={"colours": colours(), "marks": MARKS},
        ask=Tabs(sources, settings).ask,
        prepare=_import_the_rest,
    )


def _import_the_rest() -> None:
    """What trainings and their pictures are made of: the address of a page is there before."""
    for module in ("autograd.compiler", "nn.viewing.live.session"):
        import_module(module)


def settings_form(sources: Sources) -> str:
    """The fields of all that can be set, in the order of the page, as HTML: each has the name of its setting."""
    columns = sources.columns
    return "\n".join(
        [
            _field("data", "Data", _select("data", sources.names)),
            *([_list("columns", "x and y", 2 * _select("columns", columns))] if len(columns) > 2 else []),
            _field("noise", "Noise", _input("noise", "range", max=0.5, step=0.01) + "<output></output>"),
            _field("held_out", "Held out", _input("held_out", "range", 0.1, max=0.9, step=0.05) + "<output></output>"),
            _list("features", "Features", "".join(f"<label>{_checkbox(name)}{name}</label>" for name in FEATURES)),
            _list("hidden", "Layers", _LAYERS),
            _field("activation", "Activation", _select("activation", ACTIVATIONS)),
            _field("loss", "Loss", _select("loss", LOSSES)),
            _field("optimizer", "Optimizer", _select("optimizer", OPTIMIZERS)),
            *(_field(name, label, _input(name, "number", step=step)) for name, label, step in _NUMBERS),
        ]
    )


_NUMBERS = [
    ("lr", "Rate", 0.01), ("momentum", "Momentum", 0.1), ("l1", "L1", 0.001), ("weight_decay", "L2", 0.001),
    ("batch_size", "Batch size", 1), ("seed", "Seed", 1),
]  # fmt: skip
_SIZES = "".join(
    f'<input type="number" name="hidden" min="1" aria-label="Neurons of layer {i}" hidden>' for i in range(MOST_LAYERS)
)
_LAYERS = (
    f'<span id="sizes">{_SIZES}</span>'
    '<button type="button" id="less" aria-label="A layer less" title="A layer less">−</button>'
    '<button type="button" id="more" aria-label="A layer more" title="A layer more">+</button>'
)


def _field(name: str, label: str, field: str) -> str:
    return f'<label data-name="{name}"><span>{label}</span>{field}</label>'


def _list(name: str, label: str, fields: str) -> str:
    return f'<fieldset data-name="{name}"><legend>{label}</legend>{fields}</fieldset>'


def _select(name: str, options: Iterable[str]) -> str:
    return f'<select name="{name}">{"".join(f"<option>{escape(option)}</option>" for option in options)}</select>'


def _input(name: str, kind: str, min: float = 0, **attributes: float) -> str:
    told = "".join(f' {attribute}="{number}"' for attribute, number in attributes.items())
    return f'<input type="{kind}" name="{name}" min="{min}"{told}>'


def _checkbox(feature: str) -> str:
    return f'<input type="checkbox" name="features" value="{feature}">'


@dataclass
class Tabs:
    """The trainings of the tabs that were asked last, and where each of them begins."""

    sources: Sources
    settings: Settings
    sessions: OrderedDict[str, Session] = field(default_factory=OrderedDict)

    def ask(self, question: Mapping[str, Any]) -> Answer:
        from .session import Session

        asked = Question.read(question)
        refused: dict[str, str] = {}
        if asked.tab not in self.sessions:
            if asked.begins is None:
                raise QuestionError(f"this training was given up, as {MOST_TABS} newer pages are open: load it again")
            training, refused = self._begun(asked.begins)
            self.sessions[asked.tab] = Session(training, self.sources)
            while len(self.sessions) > MOST_TABS:
                self.sessions.popitem(last=False)
        self.sessions.move_to_end(asked.tab)
        with collector_paused(), np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            answer = self.sessions[asked.tab].answer(asked)  # inf and nan are reported as such
        return answer._replace(head={**answer.head, **refused})

    def _begun(self, begins: Any) -> tuple[Training, dict[str, str]]:
        """A training with these settings; with those of the page, and why, if there is none."""
        from .training import Training

        try:
            return Training(self.settings.changed(begins), self.sources), {}
        except (ValueError, ArithmeticError) as error:
            why = f"These are other settings than in the address: {one_line(error)}"
            return Training(self.settings, self.sources), {"error": why}
