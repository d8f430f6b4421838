"""Sources: the data sets that a page can train on, brought into the plane by two of their columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from shlex import quote

from autograd.viewing.live import QuestionError

from ...data.dataset import Dataset
from ...data.datasets import NOISY
from ...data.encoding import Encoding
from ...fit.objective import Objective
from .settings import MOST_POINTS, Settings


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
        dataset = self.own.dataset
        if len(dataset) > MOST_POINTS:
            raise QuestionError(f"{settings.data} has {len(dataset):,} points; {MOST_POINTS:,} is the most here")
        return dataset

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
