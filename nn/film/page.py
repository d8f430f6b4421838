"""Film: the page itself, its views put together and played."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from autograd.viewing.notation import visible
from autograd.viewing.player import Page, fill_player

from ..evaluation import evaluator, is_mlp
from ..history import History
from ..recording import Recording
from ..replay import parameters_kept, set_parameters
from ..samples import Samples
from .charts import Flow, Loss
from .followed import Followed, rows_to_follow
from .network import MOST, Column, Network
from .plane import Boundary, Cloud, Fit
from .reading import Reading
from .view import View, shown


class Film(Page):
    """What ``History.film`` returns: ``html`` is the page, :meth:`save` writes it, and a notebook shows it."""


def make_film(
    history: History,
    recording: Recording,
    title: str,
    feature_names: Sequence[str] | None = None,
    class_names: Sequence[str] | None = None,
) -> Film:
    """The recording as a page to play, one frame for each of its moments.

    Names are those of the inputs and of the classes; a ValueError if there are more or fewer. A model that is no MLP
    has no picture of its network; the boundary is for two inputs, the fit for one.
    """
    reading = Reading.of(recording.loss, recording.samples.targets, class_names)
    features = _feature_names(recording.samples, feature_names)
    with parameters_kept(recording.model):
        views, followed = _views(history, recording, reading, features)
        frames: list[dict[str, Any]] = []
        for moment in recording.moments:
            set_parameters(recording.model, moment.parameters)
            frames.append({"epoch": moment.epoch} | {view.name: view.frame(moment) for view in (*views, followed)})
    data: dict[str, Any] = {view.name: view.data() for view in (*views, followed)}
    data["places"] = [moment.epoch for moment in recording.moments]
    for view in views:
        if isinstance(view, Boundary | Fit):
            data["samples"]["at"] = view.at(followed.samples)
    figures = "".join(f'<figure class="{view.name}">{view.figure()}</figure>' for view in views)
    if not is_mlp(recording.model):
        kind = shown(type(recording.model).__name__)
        figures += f'<p class="note">The picture of a network is that of an MLP; this model is a {kind}.</p>'
    page = fill_player(
        title=visible(title),
        stage=f'<div class="film">{figures}</div>',
        stage_label="Pictures of this epoch",
        panel=followed.figure() + _asset("panel.html"),
        panel_label="The followed sample",
        unit="epoch",
        pace=300,
        style=_asset("film.css"),
        script=_asset("film.js"),
        data=data | {"frames": frames},
    )
    return Film(page, f"{len(frames)} frames, epochs 0 to {history.epochs}")


def _views(
    history: History, recording: Recording, reading: Reading, features: list[str]
) -> tuple[list[View], Followed]:
    model, samples, moments = recording.model, recording.samples, recording.moments
    rows = rows_to_follow(reading, samples)
    numbers = evaluator(model, recording.loss, samples, [moments[0].parameters, moments[-1].parameters])
    views: list[View] = []
    n_outputs = samples.targets.shape[1]
    outputs = list(reading.classes) if reading.kind == "many" else []
    if is_mlp(model):
        network = Network(model, moments[-1], features, outputs)
        views.append(network)
        columns = network.columns
    else:
        columns = [_first("inputs", numbers.column_sizes[0], features), _first("outputs", n_outputs, outputs)]
    cloud = Cloud(reading, samples, recording.others)
    if len(features) == 2:
        views.append(Boundary(numbers, cloud, features, len(moments)))
    elif len(features) == 1 and reading.kind != "many":
        views.append(Fit(numbers, cloud, features))
    set_parameters(model, moments[0].parameters)
    starts = [numbers.mean_loss.value(s) for s in (samples, recording.others) if s]
    views.append(Loss([history.losses, history.held_out_losses], starts))
    views.append(Flow(list(model.state()), moments))
    return views, Followed(numbers, samples, rows, reading, columns, features)


def _first(name: str, size: int, labels: Sequence[str]) -> Column:
    return Column(name, size, range(min(size, MOST)), labels[:MOST])


def _feature_names(samples: Samples, names: Sequence[str] | None) -> list[str]:
    wanted = samples.inputs.shape[1]
    found = [f"x{i}" for i in range(wanted)] if names is None else list(map(str, names))
    if len(found) != wanted:
        raise ValueError(f"the samples have {wanted} inputs, got {len(found)} feature_names: {found}")
    return found


def _asset(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")
