"""Predictor: a trained network with all it takes to apply it to rows of a table."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

import autograd
from autograd import Value

from ..basics.arrays import Floats
from ..basics.files import ArrayFile, FileFormatError, npz_bytes, read_npz, state_arrays, texts
from ..fit.evaluation import in_chunks
from ..fit.objective import Objective
from ..layers import MLP
from ..losses import LOSSES
from .dataset import Dataset
from .encoding import Encoding
from .scaling import Scaling
from .tables import Table

FORMAT = "valuegrad predictor 2"


@dataclass(frozen=True)
class Predictor:
    """A network, how the cells of a table become its inputs, and the meaning of its outputs."""

    model: MLP
    objective: Objective
    encoding: Encoding
    feature_scaling: Scaling
    target_name: str
    target_scaling: Scaling

    @classmethod
    def untrained(cls, dataset: Dataset, objective: Objective, model: MLP) -> Predictor:
        """One whose scalings are those of the rows of ``dataset``, which should be the rows to train on."""
        keep, encoding = Scaling.none, dataset.encoding
        return cls(
            model,
            objective,
            encoding,
            keep(len(encoding.fill)) if dataset.scaled else Scaling.of(dataset.features, encoding.is_word),
            dataset.target_name,
            keep(1) if dataset.scaled or dataset.classes else Scaling.of(dataset.targets[:, np.newaxis]),
        )

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The names of the features."""
        return self.encoding.feature_names

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes; none where numbers are predicted."""
        return self.objective.classes

    def inputs(self, features: Floats) -> Floats:
        """Features (N, n_features) in their own units, as the network sees them."""
        return self.feature_scaling.apply(features)

    def targets(self, dataset: Dataset) -> Floats:
        """The targets of a data set, as the loss sees them: (N, n_outputs)."""
        return self.objective.encode(self.target_scaling.apply(dataset.targets[:, np.newaxis])[:, 0])

    def outputs(self, features: Floats) -> Floats:
        """The network's outputs for features in their own units: (N, n_outputs)."""
        return in_chunks(self._program, self.inputs(features))

    @cached_property
    def _program(self) -> autograd.Program:
        inputs = [Value(0.0) for _ in range(self.model.n_inputs)]
        return autograd.compile(list(self.model(inputs)), inputs)

    def compiled(self) -> autograd.Program:
        """From features in their own units to what is :attr:`exported`."""
        features = [Value(0.0) for _ in self.feature_names]
        scores = self.objective.scores(self.model(self._scaled(features, "scaled[{}]")))
        if self.classes:
            return autograd.compile(scores, features)
        mean, scale = self.target_scaling.mean.item(), self.target_scaling.scale.item()
        return autograd.compile(scores[0] * scale + mean, features)

    @property
    def exported(self) -> str:
        """What :meth:`compiled` gives, in words."""
        if not self.classes:
            return f"The {self.target_name} predicted"
        return f"The {'probability' if self.objective.gives_probabilities else 'score'} of each class"

    def predict(self, features: Floats) -> Floats:
        """For each row the number predicted, in its own units, or the index of the class."""
        outputs = self.outputs(features)
        if self.classes:
            return self.objective.chosen(outputs).astype(np.float64)
        numbers: Floats = self.target_scaling.undo(outputs)[:, 0]
        return numbers

    @property
    def header(self) -> list[str]:
        """The columns of :meth:`rows`."""
        if not self.objective.gives_probabilities:
            return [self.target_name]
        return [self.target_name, "probability" if self.target_name != "probability" else "probability_of_class"]

    def rows(self, table: Table) -> list[tuple[Any, ...]]:
        """For each row of a table the number predicted, or the class and its probability if the loss gives one.

        Cells are empty for a row with a cell that the network was not trained for.
        """
        features, strange = self.encoding.features(table)
        features = self.encoding.filled(features)
        usable = ~strange & np.isfinite(features).all(axis=1)
        found = list(zip(*self._columns(self.outputs(features[usable])), strict=True)) if usable.any() else []
        if len(found) < len(table):
            cells = iter(found)
            found = [next(cells) if is_usable else ("",) * len(self.header) for is_usable in usable.tolist()]
        return found

    def _columns(self, outputs: Floats) -> list[list[Any]]:
        if not self.classes:
            return [self.target_scaling.undo(outputs)[:, 0].tolist()]
        classes = [self.classes[index] for index in self.objective.chosen(outputs).tolist()]
        if not self.objective.gives_probabilities:
            return [classes]
        return [classes, self.objective.probabilities(outputs).tolist()]

    def recorded_loss(self, dataset: Dataset, row: int) -> Value:
        """The loss of one row of a data set, recorded: the features in their own units, scaled, and what comes of them.

        What comes before and after the network is labelled as part of ``scaled`` and of ``loss``.
        """
        named = zip(dataset.features[row].tolist(), self.feature_names, strict=True)
        features = [Value(number, label=name.replace(".", "_")) for number, name in named]  # a dot would be a path
        targets: list[Any] = self.targets(dataset)[row].tolist()
        if not self.classes:
            target = Value(float(dataset.targets[row]), label=self.target_name.replace(".", "_"))
            targets = [
                _scaled(target, "loss.target", self.target_scaling.mean.item(), self.target_scaling.scale.item())
            ]
        loss = self.objective.loss(self.model(self._scaled(features, "scaled.x{}")), targets)
        loss.label = f"loss.{self.objective.name}"
        return loss

    def _scaled(self, features: list[Value], label: str) -> list[Value]:
        """Features in their own units, as the network sees them."""
        columns = zip(features, self.feature_scaling.mean.tolist(), self.feature_scaling.scale.tolist(), strict=True)
        return [_scaled(x, label.format(i), mean, scale) for i, (x, mean, scale) in enumerate(columns)]

    # ---- files

    def file_bytes(self) -> bytes:
        """The content of an ``.npz`` file of plain arrays: the state, as ``Module.save`` writes it, and all else."""
        shape, words = self.model.shape(), self.encoding.words
        arrays = {
            "format": FORMAT,
            "network.sizes": np.array([shape["n_inputs"], *shape["sizes"]], dtype=np.int64),
            "network.activations": texts([shape["activation"], shape["output"]]),
            "loss": self.objective.name,
            "columns": texts(self.encoding.columns),
            "words.column": np.array([i for i, kinds in enumerate(words) for _ in kinds], dtype=np.int64),
            "words.word": texts(word for kinds in words for word in kinds),
            "fill": self.encoding.fill,
            "features.mean": self.feature_scaling.mean,
            "features.scale": self.feature_scaling.scale,
            "target": self.target_name,
            "target.mean": self.target_scaling.mean,
            "target.scale": self.target_scaling.scale,
            "classes": texts(self.classes),
        }
        return npz_bytes(state_arrays(self.model.state_dict()) | {k: np.asarray(v) for k, v in arrays.items()})

    @classmethod
    def load(cls, path: str | Path) -> Predictor:
        """The predictor in a file that training wrote; a FileFormatError if it is damaged or foreign."""
        file = read_npz(path, "a model that `python -m nn train` wrote")
        state = file.state()
        try:
            predictor = _described(file)
            predictor.model.load_state_dict(state)
            if not np.isfinite(list(state.values())).all():
                raise ValueError("its parameters are not all finite")
        except FileFormatError:
            raise
        except ValueError as error:
            raise file.refused(error) from error
        return predictor


def _scaled(value: Value, label: str, mean: float, scale: float) -> Value:
    """(value - mean) / scale, or the value itself where nothing is to be done."""
    if (mean, scale) == (0.0, 1.0):
        return value
    scaled = (value - mean) / scale
    scaled.label = label
    return scaled


def _described(file: ArrayFile) -> Predictor:
    """The predictor that a file describes, its parameters still to be loaded; a ValueError if it describes none."""
    if (kind := file.array("format", "U").item()) != FORMAT:
        raise ValueError(f"its format is {kind!r}, wanted {FORMAT!r}")
    n_inputs, *sizes = file.array("network.sizes", "i", None).tolist() or [0]
    encoding, classes, name = _encoding(file), _different(file, "classes"), file.array("loss", "U").item()
    if name not in LOSSES or len(classes) == 1:
        raise ValueError(f"its loss {name!r} and its classes do not go together")
    objective = Objective.named(name, classes)
    if len(encoding.fill) != n_inputs:
        raise ValueError("its features do not agree in number")
    if not sizes or sizes[-1] != objective.n_outputs:
        raise ValueError("its outputs and classes do not agree in number")
    activation, output = file.texts("network.activations", 2)
    model = MLP(n_inputs, sizes, activation, output)
    scalings = _scaling(file, "features", n_inputs), _scaling(file, "target", 1)
    return Predictor(model, objective, encoding, scalings[0], file.array("target", "U").item(), scalings[1])


def _encoding(file: ArrayFile) -> Encoding:
    columns, words = _different(file, "columns"), file.texts("words.word")
    places = file.array("words.column", "i", len(words)).tolist()
    if places != sorted(places) or not set(places) <= set(range(len(columns))):
        raise ValueError("its words are of no columns")
    pairs = list(zip(places, words, strict=True))
    kinds = tuple(tuple(word for place, word in pairs if place == i) for i in range(len(columns)))
    fill = file.array("fill", "f", sum(len(kind) or 1 for kind in kinds))
    if np.isinf(fill).any() or len(set(pairs)) < len(pairs):
        raise ValueError("its words repeat, or what it fills in is infinite")
    return Encoding(columns, kinds, fill)


def _scaling(file: ArrayFile, name: str, length: int) -> Scaling:
    mean, scale = (file.array(f"{name}.{part}", "f", length) for part in ("mean", "scale"))
    if not (np.isfinite(mean).all() and np.isfinite(scale).all() and (scale > 0.0).all()):
        raise ValueError(f"the scaling of its {name} is not finite, or not positive")
    return Scaling(mean, scale)


def _different(file: ArrayFile, name: str) -> tuple[str, ...]:
    found = file.texts(name)
    if len(set(found)) < len(found):
        raise ValueError(f"its {name!r} repeat")
    return tuple(found)
