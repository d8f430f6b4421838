"""Predictor: a trained network with all it takes to apply it to rows in their own units."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from autograd import Value, no_grad

from .arrays import Floats, Rows
from .data import Dataset, Scaling
from .fields import Fields
from .files import FileFormatError, npz_bytes, read_npz
from .layers import MLP
from .module import state_arrays, state_from_arrays
from .objective import Objective

FORMAT = "valuegrad predictor 1"


@dataclass(frozen=True)
class Predictor:
    """A network, the names and the scaling of its features, and the meaning of its outputs."""

    model: MLP
    objective: Objective
    feature_names: tuple[str, ...]
    feature_scaling: Scaling
    target_name: str
    target_scaling: Scaling
    classes: tuple[str, ...]

    @classmethod
    def untrained(cls, dataset: Dataset, objective: Objective, model: MLP) -> Predictor:
        """One whose scalings are those of the rows of ``dataset``, which should be the rows to train on."""
        keep = Scaling.none
        return cls(
            model,
            objective,
            dataset.feature_names,
            keep(len(dataset.feature_names)) if dataset.scaled else Scaling.of(dataset.features),
            dataset.target_name,
            keep(1) if dataset.scaled or dataset.classes else Scaling.of(dataset.targets[:, np.newaxis]),
            dataset.classes,
        )

    def inputs(self, features: Floats) -> Floats:
        """Features (N, n_features) in their own units, as the network sees them."""
        return self.feature_scaling.apply(features)

    def targets(self, dataset: Dataset) -> Floats:
        """The targets of a data set, as the loss sees them: (N, n_outputs)."""
        return self.objective.encode(self.target_scaling.apply(dataset.targets[:, np.newaxis])[:, 0])

    def outputs(self, features: Floats) -> Floats:
        """The network's outputs for features in their own units: (N, n_outputs)."""
        with no_grad():
            outputs = [[out.data for out in self.model(x)] for x in self.inputs(features).tolist()]
        return np.array(outputs, dtype=np.float64)

    def predict(self, features: Floats) -> Floats:
        """For each row the number predicted, in its own units, or the index of the class."""
        outputs = self.outputs(features)
        if self.classes:
            return self._class_indices(outputs).astype(np.float64)
        numbers: Floats = self.target_scaling.undo(outputs)[:, 0]
        return numbers

    def _class_indices(self, outputs: Floats) -> Rows:
        indices: Rows = self.objective.margins(outputs).argmax(axis=1)
        return indices

    def table(self, features: Floats) -> tuple[list[str], list[list[object]]]:
        """The predictions as a header and rows: the number, or the class and its probability if the loss gives one."""
        if not self.classes:
            return [self.target_name], [[number] for number in self.predict(features).tolist()]
        outputs = self.outputs(features)
        indices = self._class_indices(outputs).tolist()
        if not self.objective.gives_probabilities:
            return [self.target_name], [[self.classes[index]] for index in indices]
        probability = "probability" if self.target_name != "probability" else "probability_of_class"
        return [self.target_name, probability], [
            [self.classes[index], self.objective.probability(row, index)]
            for row, index in zip(outputs.tolist(), indices, strict=True)
        ]

    def recorded_loss(self, dataset: Dataset, row: int) -> Value:
        """The loss of one row of a data set, recorded, its inputs labelled with the names of the features."""
        numbers = self.inputs(dataset.features)[row].tolist()
        # A dot in a label would read as a path in a network.
        names = [name.replace(".", "_") for name in self.feature_names]
        inputs = [Value(number, label=name) for number, name in zip(numbers, names, strict=True)]
        loss = self.objective.function(self.model(inputs), self.targets(dataset)[row].tolist())
        loss.label = "loss"
        return loss

    def file_bytes(self) -> bytes:
        """The content of an ``.npz`` file: the state, as ``Module.save`` writes it, and a description in JSON."""
        description = {
            "format": FORMAT,
            "model": self.model.shape(),
            "loss": self.objective.loss,
            "feature_names": self.feature_names,
            "feature_mean": self.feature_scaling.mean.tolist(),
            "feature_scale": self.feature_scaling.scale.tolist(),
            "target_name": self.target_name,
            "target_mean": self.target_scaling.mean.tolist(),
            "target_scale": self.target_scaling.scale.tolist(),
            "classes": self.classes,
        }
        return npz_bytes({**state_arrays(self.model.state()), "description": np.array(json.dumps(description))})

    @classmethod
    def load(cls, path: str | Path) -> Predictor:
        """The predictor in a file that training wrote; a FileFormatError if it is damaged or foreign."""
        kind = "a model that `python -m nn train` wrote"
        arrays = read_npz(path, kind, ("names", "values", "description"))
        state = state_from_arrays(arrays, path)
        try:
            predictor = _described(Fields.parse(str(arrays["description"])))
            predictor.model.load_state(state)
        except ValueError as error:
            raise FileFormatError(f"{path} is not {kind}, or is damaged: {error}") from error
        return predictor


def _described(description: Fields) -> Predictor:
    """The predictor of a description, its parameters still to be loaded; a ValueError if it is none."""
    if (kind := description.text("format")) != FORMAT:
        raise ValueError(f"its format is {kind!r}, wanted {FORMAT!r}")
    names, classes = description.texts("feature_names"), description.texts("classes")
    predictor = Predictor(
        _network(description.object("model")),
        Objective(description.text("loss"), len(classes)),
        names,
        _scaling(description, "feature", len(names)),
        description.text("target_name"),
        _scaling(description, "target", 1),
        classes,
    )
    if len(names) != predictor.model.n_inputs:
        raise ValueError("its features do not agree in number")
    if len(classes) == 1 or len(predictor.model.layers[-1].neurons) != predictor.objective.n_outputs:
        raise ValueError("its outputs and classes do not agree in number")
    return predictor


def _network(shape: Fields) -> MLP:
    return MLP(shape.whole("n_inputs"), shape.wholes("sizes"), shape.text("activation"), shape.text("output"))


def _scaling(description: Fields, name: str, length: int) -> Scaling:
    mean, scale = (description.numbers(f"{name}_{part}", length) for part in ("mean", "scale"))
    if not (scale > 0.0).all():
        raise ValueError(f"its {name}_scale is not positive")
    return Scaling(mean, scale)
