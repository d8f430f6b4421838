"""The main job: train a network on a data set, and write down all there is to see of it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from autograd import Value
from autograd.commandline import one_line
from autograd.files import write_file
from autograd.graph import topological_order
from autograd.viewing import draw
from autograd.viewing.notation import visible
from autograd.viewing.palette import Theme

from ..basics.files import require_files, require_writable
from ..data import DATASETS, NOISY, Dataset, read_table
from ..data.dataset import from_table
from ..data.job import Job, prepare
from ..fit import devices
from ..history import History
from ..trainer import DivergenceError, Trainer
from ..viewing import plots

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PICTURES = ("loss.svg", "graph.svg", "confusion.svg", "boundary.svg", "fit.svg", "film.html")
FILES = ("model.npz", "history.csv", *PICTURES, "checkpoint.npz", "last_finite.npz")
"""All that some run may write."""

DRAWN_WHOLE, COLLAPSED = 25, 300
"""The most nodes of a graph that is drawn whole, less than 2,500 points wide; and of one collapsed by neuron."""

PICTURE_FAILED = 1


@np.errstate(over="ignore", invalid="ignore")  # inf and nan are reported as such
def run(options: argparse.Namespace) -> int:
    """Train as the command line says, print what came out and write the files: the model before its pictures."""
    job = prepare(load(options), options)
    out = Path(options.out)
    try:
        require_writable(out)
    except OSError as error:
        raise ValueError(f"cannot write into {out}: {error.strerror}; choose another --out") from None
    require_files(out, FILES)
    _require_libraries()
    if options.devices:
        devices.prepare(options.devices)
    print(_beginning(job), flush=True)
    history = _fit(job, options, out)
    written = {"model.npz": job.predictor.file_bytes(), "history.csv": history.csv().encode()}
    for name, content in written.items():
        write_file(out / name, content)
    print(_report(job, history), flush=True)
    pictures = _pictures(job, history, options.theme)
    _remove_others(out, list(pictures))
    with plots.theme(options.theme):
        failed = [name for name, picture in pictures.items() if not _is_drawn(out / name, picture)]
    print(f"wrote {', '.join(str(out / name) for name in [*written, *pictures] if name not in failed)}")
    return PICTURE_FAILED if failed else 0


def load(options: argparse.Namespace) -> Dataset:
    """The data set that comes with the package, or that of the CSV file."""
    if options.noise is not None and options.data not in NOISY:
        raise ValueError(f"--noise is for {', '.join(NOISY)}; {options.data} is as it is")
    if options.data in DATASETS:
        if options.target or options.classes or options.ignore or options.separator or options.missing != "error":
            raise ValueError(
                f"--target, --classes, --ignore, --missing and --separator are for CSV files; {options.data} has a "
                f"target of its own"
            )
        return DATASETS[options.data]() if options.noise is None else DATASETS[options.data](options.noise)
    names = ", ".join(DATASETS)
    if not Path(options.data).exists():
        raise ValueError(f"there is no data set and no file {options.data!r}: wanted one of {names}, or a CSV file")
    table = read_table(options.data, options.separator)
    if options.target is None:
        raise ValueError(f"a CSV file needs --target COLUMN; the columns are {', '.join(table.header)}")
    return from_table(table, options.target, options.classes, options.ignore, options.missing)


def _require_libraries() -> None:
    """Fail now, rather than after the training, where Graphviz or matplotlib is not installed, or is too old."""
    _ = draw(Value(0.0)).svg
    plots.svg_bytes(plots.new_axes)


def _fit(job: Job, options: argparse.Namespace, out: Path) -> History:
    predictor = job.predictor
    trainer = Trainer(predictor.model, predictor.objective.loss, job.optimizer)
    try:
        return trainer.fit(
            predictor.inputs(job.train.features),
            predictor.targets(job.train),
            epochs=job.epochs,
            batch_size=options.batch_size,
            tolerance=options.tolerance,
            patience=options.patience,
            seed=options.seed,
            held_out=(predictor.inputs(job.held_out.features), predictor.targets(job.held_out)),
            checkpoint=out / "checkpoint.npz" if options.checkpoint else None,
            record=not options.no_film,
            compiled=not options.eager,
            target=options.program,
            devices=options.devices,
        )
    except DivergenceError as error:
        kept = out / "last_finite.npz"
        write_file(kept, predictor.file_bytes())
        raise ValueError(f"{error} (--lr). Those parameters are in {kept}; nothing else was written") from None


def _is_drawn(path: Path, picture: Callable[[], bytes]) -> bool:
    """Whether a picture was made and written; what fails costs neither the model nor another picture."""
    try:
        write_file(path, picture())
    except Exception as error:  # too large, beyond Graphviz, the disk full, …
        if sys.stderr is not None:
            print(f"{path.name} was left out: {one_line(error)}", file=sys.stderr)
        return False
    return True


def _pictures(job: Job, history: History, theme: Theme) -> dict[str, Callable[[], bytes]]:
    """The pictures there are to make; that of what the network made of its features, where they are one or two."""
    pictures = {"loss.svg": lambda: plots.svg_bytes(history.plot), "graph.svg": lambda: _graph(job, theme)}
    arguments = (job.predictor, job.train, job.held_out)
    if job.predictor.classes:
        pictures["confusion.svg"] = lambda: plots.svg_bytes(lambda: _confusion(job))
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
    predictor = job.predictor
    film = history.film(
        f"Training on {job.train.name}",
        predictor.feature_names,
        predictor.classes or None,
        predictor.feature_scaling,
        None if predictor.classes else predictor.target_scaling,
    )
    return film.html.encode()


def _graph(job: Job, theme: Theme) -> bytes:
    """The graph of one sample's loss, after backward; gradients of another pass would add up with it."""
    loss = job.predictor.recorded_loss(job.train, 0)
    job.predictor.model.zero_grad()
    loss.backward()
    count = len(topological_order(loss))
    return draw(loss, collapse="neuron" if DRAWN_WHOLE < count <= COLLAPSED else None, theme=theme).svg.encode()


def _confusion(job: Job) -> Axes:
    """The held-out rows of each class, and what they were taken for."""
    classes, predicted = job.predictor.classes, job.predictor.predict(job.held_out.features)
    counts = plots.confusion_matrix(job.held_out.targets, predicted, len(classes))
    return plots.plot_confusion(counts, classes)


def _remove_others(out: Path, names: list[str]) -> None:
    """Remove the pictures of an earlier run that this one has none of: they would be taken for its own."""
    for path in (out / name for name in PICTURES if name not in names):
        if path.exists():
            path.unlink()
            print(f"removed {path}, which was of an earlier run")


def _beginning(job: Job) -> str:
    """What is trained on, with the meaning of the target: it is easily taken for the other."""
    train, targets = job.train, job.train.targets
    kind = f"{len(train.classes)} classes" if train.classes else "numbers"
    if not train.classes and len(set(targets.tolist())) < 10 and not (targets % 1.0).any():
        kind += " (if they name classes, use --classes)"
    lines = [
        f"{visible(train.name)}: {len(train)} rows to train on, {len(job.held_out)} held out; "
        f"target {visible(train.target_name)}: {kind}",
        *map(visible, train.notes),
    ]
    return "\n".join(lines)


def _report(job: Job, history: History) -> str:
    predictor, n = job.predictor, len(job.held_out)
    predicted = predictor.predict(job.held_out.features)
    if predictor.classes:
        right = int((predicted == job.held_out.targets).sum())
        quality = f"held-out accuracy {right / n:.3f} ({right} of {n} rows)"
    else:
        error = float(np.sqrt(np.mean((predicted - job.held_out.targets) ** 2)))
        quality = f"held-out error {error:.4g} in {visible(predictor.target_name)} (root mean square over {n} rows)"
    last = history.kept_epoch - 1 if history.kept_epoch else -1
    kept = f": those of epoch {history.kept_epoch}, whose parameters are kept" if history.kept_epoch else ""
    shape = predictor.model.shape()
    sizes = "-".join(map(str, [shape["n_inputs"], *shape["sizes"]]))
    return (
        f"network {sizes}, {shape['activation']}: {len(predictor.model.parameters())} parameters\n"
        f"final loss {history.losses[last]:.4g} ({predictor.objective.name}) after {history.epochs} epochs, "
        f"held out {history.held_out_losses[last]:.4g}{kept}\n"
        f"{quality}"
    )
