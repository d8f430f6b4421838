"""play: the training page in a notebook."""

from __future__ import annotations

from typing import Any

from autograd.viewing.live.widget import widget

from ...data import DATASETS, NOISY, Dataset
from ...fit.objective import Objective
from .page import training_page
from .settings import Settings
from .sources import Own


def play(data: str | Dataset = "moons", **settings: Any) -> Any:
    """A network in training over two columns of a data set, to be watched and changed as it goes.

    ``data`` is moons, circles, xor or spiral, another name of ``nn.data.DATASETS``, or a Dataset; ``settings`` are
    those of the page, such as ``hidden=[8, 8]``, ``activation="relu"`` or ``lr=0.1``. It is a widget for notebooks,
    which needs anywidget (extra ``notebook``). From a terminal, ``python -m nn play`` opens the same page. A ValueError
    for a setting that the page does not have, or beyond its limits.

    >>> play("spiral", hidden=[8, 8], features=["x", "y", "sin x", "sin y"])  # doctest: +SKIP
    """
    if not isinstance(data, Dataset) and data not in list(DATASETS):
        raise ValueError(f"there is no data set {data!r}; there are {', '.join(DATASETS)}, or a Dataset of your own")
    own = own_of(data)
    begin: dict[str, Any] = {"data": data}
    if own:
        objective = Objective.default(own.dataset.classes)
        begin = {"data": own.name, "columns": own.dataset.feature_names[:2], "loss": objective.name}
    return widget(training_page(Settings().changed({**begin, **settings}), own), height="52rem")


def own_of(data: str | Dataset) -> Own | None:
    """The data set, unless it is one of the page's."""
    if isinstance(data, Dataset):
        return Own(data, "Dataset", "...  # the data set that nn.play was given")
    return None if data in NOISY else Own(DATASETS[data](), data, f"{data}()", data)
