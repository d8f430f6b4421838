"""The page of a training that can be touched: ``python -m nn play``."""

from __future__ import annotations

import argparse
from inspect import signature
from shlex import join

from autograd.viewing.live.server import serve

from ..data import DATASETS, NOISY
from ..fit.objective import Objective
from ..viewing.live.page import training_page
from ..viewing.live.settings import Settings
from ..viewing.live.sources import Own
from .train import load

GIVEN = ("held_out", "activation", "optimizer", "l1", "weight_decay", "batch_size", "seed")


def run(options: argparse.Namespace) -> None:
    """Serve the page until it is closed."""
    own = own_data(options)
    serve(training_page(settings_of(options, own), own), "python -m nn play", browser=not options.no_browser)


def own_data(options: argparse.Namespace) -> Own | None:
    """The data set that is no part of the page, and how it is read; a ValueError unless it has two columns."""
    if options.data in NOISY:
        load(options)  # refuses what is for files only
        return None
    dataset = load(options)
    if len(dataset.feature_names) < 2:
        raise ValueError(f"{dataset.name} has one column beside the target: a page in the plane wants two or more")
    if options.data in DATASETS:
        return Own(dataset, options.data, f"{options.data}()", options.data)
    arguments = [options.target, options.classes, options.ignore, options.missing]
    expression = f"from_table(read_table({options.data!r}, {options.separator!r}), {', '.join(map(repr, arguments))})"
    words = [options.data, "--target", options.target, *(["--classes"] if options.classes else [])]
    words += [word for name in options.ignore for word in ("--ignore", name)]
    words += ["--missing", options.missing] if options.missing != "error" else []
    words += ["--separator", options.separator] if options.separator else []
    return Own(dataset, "from_table, read_table", expression, join(words), can_ignore=options.missing != "drop")


def settings_of(options: argparse.Namespace, own: Own | None) -> Settings:
    """What the page begins with: as ``train`` would, but a network whose pictures have room."""
    classes = own.dataset.classes if own else ("one", "other")
    changes = {name: getattr(options, name) for name in GIVEN}
    changes |= {"data": own.name if own else options.data}
    changes |= {"columns": own.dataset.feature_names[:2]} if own else {}
    changes |= {"loss": options.loss or Objective.default(classes).name}
    changes |= {"lr": options.lr or (0.05 if options.optimizer == "sgd" else 0.01)}
    if options.data in NOISY:
        changes |= {"noise": signature(NOISY[options.data]).parameters["noise"].default}
    for name in ("noise", "hidden", "momentum"):
        changes |= {name: getattr(options, name)} if getattr(options, name) is not None else {}
    return Settings().changed(changes)
