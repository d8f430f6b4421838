"""The main job: train a network on a data set, and write down all there is to see of it."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from autograd import Value
from autograd.commandline import one_line
from autograd.files import write_file, write_files
from autograd.viewing import draw
from autograd.viewing.notation import visible

from . import datasets, plots
from .data import Dataset, from_table, held_out_rows
from .files import require_files, require_writable
from .history import History
from .layers import MLP
from .objective import Objective
from .optim import SGD, Adam, Optimizer
from .predictor import Predictor
from .tables import read_table
from .trainer import DivergenceError, Trainer

VISITS = 12_000
"""By default, the epochs are as many as show the network about so many samples in all: some ten seconds' work."""

PICTURES = ("loss.svg", "graph.svg", "boundary.svg", "fit.svg", "film.html")
FILES = ("model.npz", "history.csv", *PICTURES, "checkpoint.npz", "last_finite.npz")
"""All that some run may write."""


@dataclass(frozen=True)
class Job:
    """A data set split in two, and a network to train on the larger part."""

    train: Dataset
    held_out: Dataset
    predictor: Predictor
    optimizer: Optimizer


@np.errstate(over="ignore", invalid="ignore")  # inf and nan are reported as such
def run(options: argparse.Namespace) -> None:
    """Train as the command line says, print what came out and write the files."""
    job = prepare(load(options), options)
    out = Path(options.out)
    try:
        require_writable(out)
    except OSError as error:
        raise ValueError(f"cannot write into {out}: {error.strerror}; choose another --out") from None
    require_files(out, FILES)
    _require_libraries()
    print(_beginning(job), flush=True)
    history = _fit(job, options, out)
    contents, notes = _contents(job, history)
    write_files({out / name: content for name, content in contents.items()})
    notes += _remove_others(out, contents)
    print(_report(job, history))
    print(f"wrote {', '.join(str(out / name) for name in contents)}", *notes, sep="\n")


def load(options: argparse.Namespace) -> Dataset:
    """The data set that comes with the package, or that of the CSV file."""
    if options.data in datasets.DATASETS:
        if options.target or options.classes:
            raise ValueError(f"--target and --classes are for CSV files; {options.data} has a target of its own")
        return datasets.DATASETS[options.data]()
    names = ", ".join(datasets.DATASETS)
    if not Path(options.data).exists():
        raise ValueError(f"there is no data set and no file {options.data!r}: wanted one of {names}, or a CSV file")
    table = read_table(options.data)
    if options.target is None:
        raise ValueError(f"a CSV file needs --target COLUMN; the columns are {', '.join(table.header)}")
    return from_table(table, options.target, options.classes)


def prepare(dataset: Dataset, options: argparse.Namespace) -> Job:
    """The data set split and the network made, still untrained."""
    n_classes = len(dataset.classes)
    objective = Objective(options.loss, n_classes) if options.loss else Objective.default(n_classes)
    train, held_out = (dataset.rows(rows) for rows in held_out_rows(dataset, options.seed))
    hidden = default_hidden(dataset) if options.hidden is None else options.hidden
    sizes = [*hidden, objective.n_outputs]
    model = MLP(len(dataset.feature_names), sizes, options.activation, seed=options.seed)
    return Job(train, held_out, Predictor.untrained(train, objective, model), _optimizer(model, options))


def default_hidden(dataset: Dataset) -> list[int]:
    """Two layers for the small data sets of the plane, none for ``line``, one for all others."""
    return {"moons": [16, 16], "circles": [16, 16], "xor": [16, 16], "line": []}.get(dataset.name, [16])


def default_epochs(rows: int) -> int:
    """As many epochs over so many rows as make some 12,000 samples, but from 5 to 200."""
    return min(200, max(5, round(VISITS / rows)))


def _optimizer(model: MLP, options: argparse.Namespace) -> Optimizer:
    if options.optimizer == "adam":
        if options.momentum is not None or options.nesterov:
            raise ValueError("--momentum and --nesterov are for --optimizer sgd; adam has running means of its own")
        return Adam(model.parameters(), options.lr or 0.01, weight_decay=options.weight_decay)
    momentum = 0.9 if options.momentum is None else options.momentum
    return SGD(model.parameters(), options.lr or 0.05, momentum, options.nesterov, options.weight_decay)


def _require_libraries() -> None:
    """Fail now, rather than after the training, where Graphviz or matplotlib is not installed."""
    _ = draw(Value(0.0)).svg
    plots.new_axes()


def _fit(job: Job, options: argparse.Namespace, out: Path) -> History:
    predictor = job.predictor
    trainer = Trainer(predictor.model, predictor.objective.function, job.optimizer)
    try:
        return trainer.fit(
            predictor.inputs(job.train.features),
            predictor.targets(job.train),
            epochs=options.epochs or default_epochs(len(job.train)),
            batch_size=options.batch_size,
            tolerance=options.tolerance,
            seed=options.seed,
            held_out=(predictor.inputs(job.held_out.features), predictor.targets(job.held_out)),
            checkpoint=out / "checkpoint.npz" if options.checkpoint else None,
            record=options.film,
            compiled=not options.eager,
        )
    except DivergenceError as error:
        kept = out / "last_finite.npz"
        write_file(kept, predictor.file_bytes())
        raise ValueError(f"{error} (--lr). Those parameters are in {kept}; nothing else was written") from None


def _contents(job: Job, history: History) -> tuple[Mapping[str, bytes], list[str]]:
    """What each file is to hold, and notes on what was left out."""
    contents = {"model.npz": job.predictor.file_bytes(), "history.csv": history.csv().encode()}
    notes = []
    for name, picture in _pictures(job, history).items():
        try:
            contents[name] = picture()
        except Exception as error:  # too large, beyond Graphviz, …: whatever it is, the model is worth having
            notes.append(f"{name} was left out: {one_line(error)}")
    return contents, notes


def _pictures(job: Job, history: History) -> dict[str, Callable[[], bytes]]:
    """The pictures there are to make; that of what the network made of its features, where they are one or two."""
    pictures = {"loss.svg": lambda: plots.svg_bytes(history.plot), "graph.svg": lambda: _graph(job)}
    arguments = (job.predictor, job.train, job.held_out)
    match len(job.predictor.feature_names), bool(job.predictor.classes):
        case 2, True:
            pictures["boundary.svg"] = lambda: plots.svg_bytes(lambda: plots.plot_boundary(*arguments))
        case 2, False:
            pictures["boundary.svg"] = lambda: plots.svg_bytes(lambda: plots.plot_surface(*arguments))
        case 1, False:
            pictures["fit.svg"] = lambda: plots.svg_bytes(lambda: plots.plot_curve(*arguments))
    if history.recording:
        pictures["film.html"] = lambda: _film(job, history)
    return pictures


def _film(job: Job, history: History) -> bytes:
    """The training as a page to play."""
    film = history.film(f"Training on {job.train.name}", job.predictor.feature_names, job.predictor.classes or None)
    return film.html.encode()


def _graph(job: Job) -> bytes:
    """The graph of one sample's loss, after backward."""
    loss = job.predictor.recorded_loss(job.train, 0)
    loss.backward()
    return draw(loss).svg.encode()


def _remove_others(out: Path, contents: Mapping[str, bytes]) -> list[str]:
    """Remove the pictures of an earlier run that this one has none of: they would be taken for its own."""
    others = [out / name for name in PICTURES if name not in contents and (out / name).exists()]
    for path in others:
        path.unlink()
    return [f"removed {path}, which was of an earlier run" for path in others]


def _beginning(job: Job) -> str:
    """What is trained on, with the meaning of the target: it is easily taken for the other."""
    train, targets = job.train, job.train.targets
    kind = f"{len(train.classes)} classes" if train.classes else "numbers"
    if not train.classes and len(set(targets.tolist())) < 10 and not (targets % 1.0).any():
        kind += " (if they name classes, use --classes)"
    return (
        f"{visible(train.name)}: {len(train)} rows to train on, {len(job.held_out)} held out; "
        f"target {visible(train.target_name)}: {kind}"
    )


def _report(job: Job, history: History) -> str:
    predictor, n = job.predictor, len(job.held_out)
    predicted = predictor.predict(job.held_out.features)
    if predictor.classes:
        right = int((predicted == job.held_out.targets).sum())
        quality = f"held-out accuracy {right / n:.3f} ({right} of {n} rows)"
    else:
        error = float(np.sqrt(np.mean((predicted - job.held_out.targets) ** 2)))
        quality = f"held-out error {error:.4g} in {visible(predictor.target_name)} (root mean square over {n} rows)"
    shape = predictor.model.shape()
    sizes = "-".join(map(str, [shape["n_inputs"], *shape["sizes"]]))
    return (
        f"network {sizes}, {shape['activation']}: {len(predictor.model.parameters())} parameters\n"
        f"final loss {history.losses[-1]:.4g} ({predictor.objective.loss}) after {history.epochs} epochs, "
        f"held out {history.held_out_losses[-1]:.4g}\n"
        f"{quality}"
    )
