"""Sources: the data sets that a page can train on, brought into the plane by two of their columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from autograd.viewing.live import QuestionError

from ...data.dataset import Dataset
from ...data.datasets import NOISY
from ...data.encoding import Encoding
from .settings import Settings


@dataclass(frozen=True)
class Own:
    """The user's own data set, and how it is read: in a program, and by ``python -m nn train``."""

    dataset: Dataset
    imports: str
    expression: str
    words: str


@dataclass(frozen=True)
class Sources:
    """The data sets there are: those with noise of one's choice, and the user's own, if there is one."""

    own: Own | None = None

    @property
    def names(self) -> list[str]:
        """Their names, the user's first."""
        return [*([self.own.dataset.name] if self.own else []), *NOISY]

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that can be chosen of the user's."""
        return self.own.dataset.feature_names if self.own else ()

    def load(self, settings: Settings) -> Dataset:
        """The data set that is chosen."""
        if settings.data not in self.names:
            raise QuestionError(f"there is no data set {settings.data[:40]!r}; there are {', '.join(self.names)}")
        if settings.data in NOISY:
            return NOISY[settings.data](settings.noise)
        assert self.own
        return self.own.dataset


def plane_of(dataset: Dataset, columns: Sequence[str]) -> Dataset:
    """The data set with these two columns as its features."""
    if missing := [name for name in columns if name not in dataset.feature_names]:
        raise QuestionError(f"there is no column {missing[0][:40]!r}; there are {', '.join(dataset.feature_names)}")
    places = [dataset.feature_names.index(name) for name in columns]
    return replace(dataset, encoding=Encoding.of_numbers(columns), features=dataset.features[:, places])
