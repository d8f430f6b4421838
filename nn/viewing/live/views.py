"""What a page shows of a training: the film's views, of a network that goes on, over points of the plane."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np

from autograd.viewing.notation import visible

from ...basics.arrays import Floats, Rows
from ...fit.objective import Objective
from ...fit.recording import Moment
from ...fit.samples import Samples
from ..film.bars import Flow
from ..film.columns import Column, mlp_columns, parameter_places
from ..film.followed import Followed
from ..film.network import Network
from ..film.plane import Boundary, Plane
from ..film.units import Units
from ..film.view import Data
from .losses import FLOW, loss_spec
from .training import Training, features_of

MOST_MARKS = 600
"""Of more points, some are shown."""
SOON = 20
"""So many times the engine traces the sample that is followed: a program for it takes as long to be compiled."""
AS_FINE_AS = 20
"""Pictures are as fine as those of a film of so many frames."""


class Views:
    """The views of one training, and which of its rows can be followed."""

    training: Training
    places: Sequence[Rows]  # of the parameters
    columns: Sequence[Column]

    def __init__(self, training: Training, before: Views | None = None) -> None:
        """``before`` are those that were shown last: of the same network the same neurons are shown."""
        kept = before if before and before.training.model is training.model else None
        self.training = training
        predictor, samples, numbers = training.predictor, training.samples, training.run.numbers
        names = [visible(name) for name in training.settings.columns]
        self.rows = _spread(len(samples))
        self.units = Units.of(
            samples, predictor.feature_scaling, None if predictor.classes else predictor.target_scaling
        )
        outputs = list(predictor.classes) if predictor.objective.n_outputs > 1 else []
        self.places = kept.places if kept else parameter_places(training.model)
        self.columns = kept.columns if kept else mlp_columns(
            training.model, self.places, training.moment, predictor.feature_names, outputs, is_image=False
        )  # fmt: skip
        self.objective = objective = told_objective(training)
        self.every = self._following(self.rows)
        self.cloud = _PlaneCloud(training, self.units, self.rows)
        plane = Plane(numbers, self.cloud, names, objective.n_outputs, AS_FINE_AS)  # type: ignore[arg-type]
        self.boundary = Boundary(plane, self.cloud)  # type: ignore[arg-type]
        self.network = Network(self.places, self.columns, [training.moment], plane, 0, self.units, samples)
        self.flow = Flow(training.names, [])
        self.flow.axis = FLOW
        self._followed: tuple[int, Followed] = -1, self.every
        self._traced: int = kept._traced if kept else 0

    def _following(self, rows: Sequence[int]) -> Followed:
        training = self.training
        return Followed(
            training.run.numbers, training.samples, rows, self.objective, self.units, self.columns,
            training.predictor.feature_names,
        )  # fmt: skip

    def specs(self) -> Data:
        """What is there to be drawn, by name."""
        network = self.network.spec()
        network["pixels"] = [0.0, 1.0]  # of an image, which this is not
        network["controls"] = [control for control in network["controls"] if control[0] == "shade"]
        return {
            "followed": self.every.spec(),
            "network": network,
            "plane": self.boundary.spec(),
            **self.axes(),
        }

    def axes(self) -> Data:
        """Of these, what changes as the training goes on."""
        training = self.training
        now = [] if training.is_told else training.losses
        return {"loss": loss_spec(training.history, training.starts, now), "flow": self.flow.spec()}

    def frames(self, sample: int) -> Data:
        """The numbers of this moment, by name; of the samples, those of one."""
        moment = self.training.moment
        if self._followed[0] != sample:
            self._followed = sample, self._following([self.rows[sample]])
        followed = self._trace(moment)
        network, losses = self.network.frame(moment), {"at": float(moment.epoch), "values": self.training.losses}
        return {
            "followed": {**followed["rows"], "full": followed["full"]},
            "network": network,
            "plane": self.boundary.frame(moment),
            "loss": losses,
            "flow": self.flow.frame(replace(moment, epoch=self.training.n_steps)),  # it has one from the first step on
        }

    def _trace(self, moment: Moment) -> Data:
        """What the followed sample is to the network; soon after it was made, by the engine."""
        followed, run = self._followed[1], self.training.run
        self._traced += 1
        followed.numbers = run.eager if self._traced <= SOON else run.numbers
        return followed.frame(moment)


class _PlaneCloud:
    """The samples as points over the plane, whatever features of them the network is given."""

    def __init__(self, training: Training, units: Units, rows: Sequence[int]) -> None:
        self.objective, self._features = told_objective(training), training.settings.features
        self._apply = training.predictor.inputs
        # of the points it takes the features, as the network is to see them
        inputs = SimpleNamespace(apply=lambda points: self._apply(features_of(points, self._features)))
        self.units = SimpleNamespace(inputs=inputs, numbers=units.numbers)
        places = training.places.split(training.settings.seed, training.settings.held_out)
        some = [rows, _spread(len(training.others))]
        parts = (training.samples, training.others)
        self._points = [
            (part.features[i], samples.chosen(i)) for part, samples, i in zip(places, parts, some, strict=True)
        ]

    def inputs(self) -> Floats:
        return np.concatenate([points for points, _ in self._points])

    def classes(self) -> list[str]:
        return list(map(visible, self.objective.classes))

    def points(self, is_plane: bool) -> list[Data]:
        """None, then those held out, then those to train on: each can be followed, and the key names the others."""
        training, others = (self._told(points, samples) for points, samples in self._points)
        nobody = {"role": "training", "x": [], "y": []}
        return [nobody, {"role": "others", **others}, {"role": "training", **training}]

    def _told(self, points: Floats, samples: Samples) -> Data:
        found: dict[str, Any] = {"x": points[:, 0], "y": points[:, 1]}
        if self.objective.kind != "numbers":
            return found | {"kinds": self.objective.class_indices(samples.targets).astype(np.uint8)}
        span = (self.objective.high - self.objective.low) or 1.0
        return found | {"shares": np.clip((samples.targets[:, 0] - self.objective.low) / span, 0.0, 1.0)}


def told_objective(training: Training) -> Objective:
    """What outputs mean; of numbers, with the range of the targets."""
    objective, targets = training.predictor.objective, training.samples.targets
    if objective.kind != "numbers":
        return objective
    return replace(objective, low=float(targets.min()), high=float(targets.max()))


def _spread(count: int) -> list[int]:
    """As many rows as are shown, from all over the data."""
    return list(range(0, count, -(-count // MOST_MARKS)))
