"""Training: one network, trained a little whenever somebody looks, by the same steps as ``Trainer.fit``."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np

from autograd import Value
from autograd.graph import topological_order

from ...basics.arrays import Floats, Vector
from ...data.dataset import Dataset
from ...data.encoding import Encoding
from ...data.job import Job, prepare
from ...fit.plan import Plan
from ...fit.recording import Curves, GradientSizes, Moment
from ...fit.run import DivergenceError, Run
from ...fit.samples import Samples
from ...layers import MLP
from ...module import parameters_of
from .settings import FEATURES, SAMPLES, Settings
from .sources import Sources, plane_of

FOREVER = 10**9
"""Epochs of a plan that ends when nobody asks any more."""

SLICE = 0.002
"""Seconds after which it is looked whether somebody asks."""


class Training:
    """A network under way. ``before`` is the one that the settings were changed from: it goes on, where it can."""

    settings: Settings
    model: MLP
    job: Job
    parameters: Sequence[Value]  # the model's, in the order in which everything about them stands
    names: Sequence[str]
    history: Curves
    run: Run
    starts: Sequence[float]  # the mean losses before the first step
    judged: tuple[int, Sequence[float]]  # after so many epochs data or weights were changed last: the mean losses then
    is_changed: bool  # since it began, or begun anew: then no program ends where it does
    n_steps: int
    gradient: Vector  # the root mean square of each parameter's, over the steps since somebody looked last

    def __init__(self, settings: Settings, sources: Sources, before: Training | None = None) -> None:
        kept = before if before and before.settings.same_network(settings) else None
        self.settings, self.source, self.sources = settings, sources.load(settings), sources
        self.places = plane_of(self.source, settings.columns)
        model, dataset = kept.model if kept else None, with_features(self.places, settings.features)
        self.job = prepare(dataset, settings.options(), model)
        self.predictor, optimizer = self.job.predictor, self.job.optimizer
        self.model = self.predictor.model
        if kept and type(optimizer) is type(kept.job.optimizer):
            optimizer.load_state_dict(kept.job.optimizer.state_dict())
        self.samples, self.others = (
            Samples.checked(self.predictor.inputs(part.features), self.predictor.targets(part))
            for part in (self.job.train, self.job.held_out)
        )
        self.history = kept.history if kept else Curves()
        plan = Plan(self.samples, self.others, FOREVER, settings.batch_size, settings.seed)
        numbers = kept.run.numbers if kept else None
        self.parameters = kept.parameters if kept else parameters_of(self.model)
        self.names = kept.names if kept else list(self.model.state_dict())
        self.sizes = GradientSizes(self.parameters, optimizer.parameters)
        self.run = Run(
            self.model, self.predictor.objective.loss, optimizer, plan, self.history, numbers=numbers, sizes=self.sizes
        )
        self.is_changed = kept is not None and (kept.is_changed or kept.n_steps > 0)
        self.n_steps = kept.n_steps if kept else 0
        self.gradient = kept.gradient if kept else np.zeros(len(self.parameters))
        if kept:
            self.graph_size, self.starts, self.judged = kept.graph_size, kept.starts, kept.judged
        if not kept or any(getattr(settings, name) != getattr(kept.settings, name) for name in SAMPLES):
            self._judge()

    def _judge(self) -> None:
        """Find the mean losses, which no epoch has told yet."""
        means = [self.run.numbers.mean(part) for part in (self.samples, self.others)]
        self.judged = self.history.epochs, means
        if not self.history.epochs:
            self.starts = means

    @property
    def losses(self) -> Sequence[float]:
        """The mean losses, of training and held out: those of the last epoch, or after what was changed since."""
        return [self.history.losses[-1], self.history.held_out_losses[-1]] if self.is_told else self.judged[1]

    @property
    def is_told(self) -> bool:
        """Whether an epoch has ended since data or weights were changed last, and told how good they are."""
        return self.history.epochs > self.judged[0]

    def advance(self, most: int, epochs: int, seconds: float, is_asked: Callable[[], bool] = lambda: False) -> str:
        """Train for so many steps or epochs, as far as the time reaches and nobody asks; why it ended, if by itself."""
        end, last, before = time.perf_counter() + seconds, self.history.epochs + epochs, self.run.state.steps
        try:
            while (left := most - self.run.state.steps + before) > 0:
                self.run.advance(left, min(end - time.perf_counter(), SLICE))
                if time.perf_counter() > end or is_asked() or (epochs and self.history.epochs >= last):
                    break
        except DivergenceError as error:
            self.run.begin()  # for the next attempt
            self.is_changed = True
            return str(error)
        finally:
            self.run.look()
            if made := self.run.state.steps - before:
                self.n_steps += made
                self.gradient = self.sizes.taken()
        return ""

    def set(self, numbers: Mapping[int, float]) -> None:
        """Set parameters by hand, by their places; the epoch begins anew from there."""
        for place, number in numbers.items():
            self.parameters[place].data = number
        self.run.begin()
        self.is_changed = True
        self._judge()

    @property
    def moment(self) -> Moment:
        """Where it is, as views are told it."""
        return Moment(self.history.epochs, self.run.state.theta, self.gradient)

    def sample_graph(self, row: int) -> Value:
        """The loss of one of the rows to train on, recorded."""
        return self.predictor.recorded_loss(self.job.train, row)

    @cached_property
    def graph_size(self) -> int:
        """How many nodes a sample's loss has."""
        return len(topological_order(self.sample_graph(0)))

    def neuron_graph(self, layer: int, i: int, row: int) -> Value:
        """One neuron, recorded: what it is given for that row are leaves."""
        inputs: Sequence[float] = self.samples.inputs[row].tolist()
        for before in self.model.layers[:layer]:
            inputs = [output.data for output in before(inputs)]
        seen = " scaled" if self.predictor.feature_scaling.changes else ""
        names = [f"a{j}" for j in range(len(inputs))] if layer else [f"{x}{seen}" for x in self.predictor.feature_names]
        leaves = [Value(number, label=name) for number, name in zip(inputs, names, strict=True)]
        return self.model.layers[layer].neurons[i](leaves)


def with_features(dataset: Dataset, features: Sequence[str]) -> Dataset:
    """The data set with these features of its two columns in their place."""
    return replace(dataset, encoding=Encoding.of_numbers(features), features=features_of(dataset.features, features))


def features_of(points: Floats, features: Sequence[str]) -> Floats:
    """Features (N, n_features) of points (N, 2)."""
    x, y = points.T
    return np.stack([FEATURES[name](x, y) for name in features], axis=1)
