"""Training: one network, trained a little whenever somebody looks, by the same steps as ``Trainer.fit``."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from shlex import quote

import numpy as np

from autograd import Value
from autograd.graph import topological_order
from autograd.viewing.live import QuestionError

from ...basics.arrays import Floats, Vector
from ...data.dataset import Dataset
from ...data.datasets import NOISY
from ...data.encoding import Encoding
from ...data.job import Job, prepare
from ...fit.objective import Objective
from ...fit.plan import Plan
from ...fit.recording import Curves, GradientSizes, Moment
from ...fit.run import DivergenceError, Run
from ...fit.samples import Samples
from ...layers import MLP
from ...module import parameters_of
from .settings import FEATURES, MOST_POINTS, SAMPLES, Settings

FOREVER = 10**9
"""Epochs of a plan that ends when nobody asks any more."""


@dataclass(frozen=True)
class Own:
    """The user's own data set, and how it is read: in a program, and by ``python -m nn train``, if it is by that."""

    dataset: Dataset
    imports: str
    expression: str
    words: str = ""
    can_ignore: bool = False  # a column: the other columns of the same rows are left

    @property
    def name(self) -> str:
        """That of the data set, if it is not one of the page's own."""
        return f"own {self.dataset.name}" if self.dataset.name in NOISY else self.dataset.name


@dataclass(frozen=True)
class Sources:
    """The data sets there are: those with noise of one's choice, and the user's own, if there is one."""

    own: Own | None = None

    @property
    def names(self) -> list[str]:
        """Their names, the user's first."""
        return [*([self.own.name] if self.own else []), *NOISY]

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that can be chosen of the user's."""
        return self.own.dataset.feature_names if self.own else ()

    def words(self, settings: Settings) -> str:
        """How ``python -m nn train`` is told the data set with these columns as its features; "" where it cannot be."""
        if settings.data in NOISY:
            return f"{settings.data} --noise {settings.noise!r}" if settings.columns == ("x", "y") else ""
        assert self.own
        encoding = self.own.dataset.encoding
        numbers = [name for name, words in zip(encoding.columns, encoding.words, strict=True) if not words]
        others = [name for name in encoding.columns if name not in settings.columns]
        if [name for name in numbers if name not in others] != [*settings.columns]:
            return ""
        if not self.own.words or (others and not self.own.can_ignore):
            return ""
        return " ".join([self.own.words, *(f"--ignore={quote(name)}" for name in others)])

    def load(self, settings: Settings) -> Dataset:
        """The data set that is chosen."""
        if settings.data not in self.names:
            raise QuestionError(f"there is no data set {settings.data[:40]!r}; there are {', '.join(self.names)}")
        if settings.data in NOISY:
            return NOISY[settings.data](settings.noise)
        assert self.own
        if len(self.own.dataset) > MOST_POINTS:
            raise QuestionError(
                f"{settings.data} has {len(self.own.dataset):,} points; {MOST_POINTS:,} is the most here"
            )
        return self.own.dataset

    def require(self, settings: Settings) -> None:
        """A ValueError if there are no samples for these settings, or if the loss is not for their targets."""
        dataset = plane_of(self.load(settings), settings.columns)
        dataset.split(settings.seed, settings.held_out)
        Objective.named(settings.loss, dataset.classes)


def plane_of(dataset: Dataset, columns: Sequence[str]) -> Dataset:
    """The data set with these two columns as its features."""
    if missing := [name for name in columns if name not in dataset.feature_names]:
        raise QuestionError(f"there is no column {missing[0][:40]!r}; there are {', '.join(dataset.feature_names)}")
    places = [dataset.feature_names.index(name) for name in columns]
    return replace(dataset, encoding=Encoding.of_numbers(columns), features=dataset.features[:, places])


class Training:
    """A network under way. ``before`` is the one that the settings were changed from: it goes on, where it can."""

    settings: Settings
    model: MLP
    job: Job
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
        self.sizes = GradientSizes(parameters_of(self.model), optimizer.parameters)
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

    @cached_property
    def parameters(self) -> Sequence[Value]:
        """The model's, in the order in which everything about them stands."""
        return self.run.numbers.all_parameters

    def advance(self, most: int, epochs: int, seconds: float) -> str:
        """Train for so many steps or epochs, as far as the time reaches; why it ended before, if it did."""
        end, last, before = time.perf_counter() + seconds, self.history.epochs + epochs, self.run.state.steps
        try:
            while (left := most - self.run.state.steps + before) > 0:
                self.run.advance(left, end - time.perf_counter())
                if time.perf_counter() > end or (epochs and self.history.epochs >= last):
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
        theta = np.array([parameter.data for parameter in self.parameters])
        return Moment(self.history.epochs, theta, self.gradient)

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
