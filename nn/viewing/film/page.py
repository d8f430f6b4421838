"""Film: the page itself, its views put together and played."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from autograd.viewing.notation import visible
from autograd.viewing.player import Page, fill_player

from ...data.scaling import Scaling
from ...fit.agreement import evaluation, parameters_kept, set_parameters
from ...fit.evaluation import Evaluation, is_mlp
from ...fit.objective import Objective
from ...fit.recording import Recording
from ...fit.samples import Samples
from ...module import parameters_of
from .charts import Flow, Loss
from .followed import Followed
from .network import MOST, Column, Network
from .plane import Boundary, Cloud, Fit
from .units import Units
from .view import View, shown


class Film(Page):
    """What ``History.film`` returns: ``html`` is the page, :meth:`save` writes it, and a notebook shows it."""


def make_film(
    recording: Recording,
    losses: Sequence[list[float]],
    title: str,
    feature_names: Sequence[str] | None = None,
    class_names: Sequence[str] | None = None,
    scaling: Scaling | None = None,
    target_scaling: Scaling | None = None,
) -> Film:
    """The recording as a page to play, one frame for each of its moments.

    ``losses`` are those of the epochs, of the samples and of those held out. Numbers are shown as they were before the
    scalings, if there are any: a ValueError unless they have as many columns as inputs and targets. Names are those of
    the inputs and of the classes; a ValueError if there are more or fewer. A model that is no MLP has no picture of its
    network; the boundary is for two inputs, the fit for one.
    """
    samples = recording.samples
    features, units = _feature_names(samples, feature_names), Units.of(samples, scaling, target_scaling)
    with parameters_kept(parameters_of(recording.model)):
        numbers = _evaluation(recording)
        n_outputs = numbers.column_sizes(samples)[-1]
        objective = Objective.told(recording.loss, samples.targets, n_outputs, class_names)
        views, followed = _views(numbers, recording, losses, objective, features, units)
        frames: list[dict[str, Any]] = []
        for moment in recording.moments:
            set_parameters(numbers.parameters, moment.parameters)
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
    return Film(page, f"{len(frames)} frames, epochs 0 to {len(losses[0])}")


def _evaluation(recording: Recording) -> Evaluation:
    model, moments = recording.model, recording.moments
    thetas = [moments[0].parameters, moments[-1].parameters]
    return evaluation(model, recording.loss, parameters_of(model), recording.samples, thetas, traced=True)[0]


def _views(
    numbers: Evaluation,
    recording: Recording,
    losses: Sequence[list[float]],
    objective: Objective,
    features: list[str],
    units: Units,
) -> tuple[list[View], Followed]:
    model, samples, moments = recording.model, recording.samples, recording.moments
    views: list[View] = []
    outputs = list(objective.classes) if objective.n_outputs > 1 else []
    inside = units.names_inside(features)
    if is_mlp(model):
        network = Network(model, moments[-1], features, outputs)
        views.append(network)
        columns = network.columns
    else:
        n_inputs, n_outputs = numbers.column_sizes(samples)
        columns = [_first("inputs", n_inputs, features), _first("outputs", n_outputs, outputs)]
    cloud = Cloud(objective, units, samples, recording.others)
    if len(features) == 2:
        views.append(Boundary(numbers, cloud, features, len(moments)))
    elif len(features) == 1 and objective.n_outputs == 1:
        views.append(Fit(numbers, cloud, features))
    set_parameters(numbers.parameters, moments[0].parameters)
    starts = [numbers.mean(s) for s in (samples, recording.others) if s]
    views.append(Loss(losses, starts, units.scales_numbers and objective.kind == "numbers"))
    views.append(Flow(list(model.state_dict()), moments))
    return views, Followed(numbers, samples, objective, units, columns, features, inside)


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
