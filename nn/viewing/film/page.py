"""Film: the page itself, its views put together and played."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files

import numpy as np

from autograd.viewing.notation import visible
from autograd.viewing.player import Page, fill_player

from ...data.scaling import Scaling
from ...fit.agreement import evaluation, parameters_at
from ...fit.evaluation import Evaluation, is_mlp
from ...fit.objective import Objective
from ...fit.recording import Recording
from ...fit.samples import Samples
from ...module import parameters_of, set_parameters
from .bars import Classes, Flow
from .cloud import Cloud
from .colours import colours
from .columns import image_side, mlp_columns, other_columns, parameter_places
from .curves import MOST_CURVES, Loss, Parameters
from .followed import Followed, rows_to_follow
from .markup import MARKS, marked_up
from .network import Network
from .packing import packed
from .plane import Boundary, Fit, Plane
from .units import Units
from .view import Data, View


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
    the inputs and of the classes; a ValueError if there are more or fewer. A model that is no MLP has curves of its
    parameters, not a picture of its network; the boundary is for two inputs, the fit for one, and where there is
    neither the classes have bars.
    """
    samples = recording.samples
    features, units = _feature_names(samples, feature_names), Units.of(samples, scaling, target_scaling)
    with parameters_at(parameters_of(recording.model), recording.moments[0].parameters):
        numbers = _evaluation(recording)
        n_outputs = numbers.column_sizes(samples)[-1]
        objective = Objective.told(recording.loss, samples.targets, n_outputs, class_names)
        views = _views(numbers, recording, losses, objective, features, units)
        frames: list[Data] = []
        for moment in recording.moments:
            set_parameters(numbers.parameters, moment.parameters)
            frames.append({"epoch": moment.epoch} | {view.name: view.frame(moment) for view in views})
    page = fill_player(
        title=visible(title),
        stage='<div id="film"></div>',
        stage_label="Pictures of this epoch",
        panel='<div id="followed"></div>' + _asset("legend.html"),
        panel_label="What is followed",
        unit="epoch",
        pace=300,
        style=_asset("film.css"),
        script="".join(map(_asset, ("views.js", "network.js", "film.js"))),
        data={
            "specs": packed(marked_up({view.name: view.spec() for view in views})),
            "places": [moment.epoch for moment in recording.moments],
            "frames": packed(frames),
            "full": packed(_full(frames)),
            "colours": colours(),
            "marks": MARKS,
        },
    )
    return Film(page, f"{len(frames)} frames, epochs 0 to {len(losses[0])}")


def _full(frames: Sequence[Data]) -> Data:
    """What full colour stands for, if it is that of all epochs: view by view the largest."""
    kinds = {name: part["full"] for name, part in frames[0].items() if isinstance(part, dict) and "full" in part}
    return {
        name: {kind: np.max([frame[name]["full"][kind] for frame in frames], axis=0) for kind in full}
        for name, full in kinds.items()
    }


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
) -> list[View]:
    """The pictures of the network, then those of the whole training, in the order of the page."""
    model, samples, others, moments = recording.model, recording.samples, recording.others, recording.moments
    views, names = pictures(numbers, recording, objective, features, units), list(model.state_dict())
    if not is_mlp(model) or len(names) <= MOST_CURVES:
        views.insert(1 + is_mlp(model), Parameters(names, moments))
    set_parameters(numbers.parameters, moments[0].parameters)
    starts = [numbers.mean(s) for s in (samples, others) if s]
    return [*views, Loss(losses, starts, units.numbers.changes and objective.kind == "numbers"), Flow(names, moments)]


def pictures(
    numbers: Evaluation, recording: Recording, objective: Objective, features: list[str], units: Units
) -> list[View]:
    """The followed sample, whose frame others read, the network, and what it makes of the inputs."""
    model, samples, others, moments = recording.model, recording.samples, recording.others, recording.moments
    outputs = list(objective.classes) if objective.n_outputs > 1 else []
    side = image_side(features) if is_mlp(model) else 0
    if is_mlp(model):
        places = parameter_places(model)
        columns = mlp_columns(model, places, moments[-1], features, outputs, side > 0)
    else:
        n_inputs, n_outputs = numbers.column_sizes(samples)
        columns = other_columns(n_inputs, n_outputs, features, outputs)
    followed = Followed(numbers, samples, rows_to_follow(objective, samples), objective, units, columns, features)
    cloud = Cloud(objective, units, samples, others, followed)
    plane = Plane(numbers, cloud, features, objective.n_outputs, len(moments)) if len(features) == 2 else None

    views: list[View] = [followed]
    if is_mlp(model):
        views.append(Network(places, columns, moments, plane, side, units, samples))
    if plane:
        views.append(Boundary(plane, cloud))
    elif len(features) == 1 and objective.n_outputs == 1:
        views.append(Fit(numbers, cloud, features[0]))
    elif objective.kind == "many" or objective.gives_probabilities:
        views.append(Classes(objective, followed))
    return views


def _feature_names(samples: Samples, names: Sequence[str] | None) -> list[str]:
    wanted = samples.inputs.shape[1]
    found = [f"x{i}" for i in range(wanted)] if names is None else list(map(str, names))
    if len(found) != wanted:
        raise ValueError(f"the samples have {wanted} inputs, got {len(found)} feature_names: {found}")
    return found


def _asset(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")
