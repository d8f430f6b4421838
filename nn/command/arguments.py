"""The options of all commands, and what their texts may be."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from autograd.commandline import Parser
from autograd.targets import FRAMEWORKS, TARGETS

from ..basics.checks import count, fraction, not_negative, positive, share, whole
from ..data import DATASETS, NOISY
from ..data.dataset import HELD_OUT
from ..data.job import VISITS
from ..layers import ACTIVATIONS
from ..losses import LOSSES
from .export import FORMATS

OPTIMIZERS = ("sgd", "adam", "adamw")
SEPARATOR = "what stands between its cells, tab for a tabulator (default: the one of , ; tab | that fits)"


def parser() -> argparse.ArgumentParser:
    """The parser of all commands."""
    root = Parser(prog="python -m nn", description="Train a network of scalar neurons, and use it.")
    commands = root.add_subparsers(dest="command", required=True, parser_class=Parser)
    _add_train(commands)
    _add_play(commands)
    _add_predict(commands)
    _add_export(commands)
    return root


def _add_train(commands: Any) -> None:
    parser = commands.add_parser(
        "train",
        help="train a network on a data set or a CSV file",
        description="Train a network. It writes into DIR: model.npz, history.csv, loss.svg, graph.svg (the graph of\n"
        "one sample's loss), film.html (the training, epoch by epoch), confusion.svg for classes, boundary.svg for\n"
        "two features, fit.svg for one. The same seed gives the same files.",
    )
    add = parser.add_argument
    add("data", type=_path, metavar="DATA", help=f"{', '.join(DATASETS)}, or the path of a CSV file with column names "
        "in line 1; it may be packed by gzip")  # fmt: skip
    add("--out", type=_path, metavar="DIR", required=True, help="the directory to write into; made if it is not there")
    _add_noise(add)
    _add_data(parser.add_argument_group("for a CSV file").add_argument)
    hidden = f"16; 16,16 for {', '.join(NOISY)}; none for line"
    _add_network(parser.add_argument_group("the network").add_argument, hidden)
    training = parser.add_argument_group("the training").add_argument
    _add_rates(training)
    _add_training(training)


def _add_play(commands: Any) -> None:
    parser = commands.add_parser(
        "play",
        help="open a page in which a training can be watched and changed as it goes",
        description="Train a network over two columns in a page on this machine: each neuron with its own picture,\n"
        "weights that can be set by hand, the size of gradients layer by layer. Options are what the page begins with.",
    )
    add = parser.add_argument
    add("data", type=_path, nargs="?", default="moons", metavar="DATA", help=f"{', '.join(NOISY)}, another data set of "
        "train, or the path of a CSV file (default: moons)")  # fmt: skip
    add("--no-browser", action="store_true", help="only print the address (default: open it)")
    _add_noise(add)
    _add_data(parser.add_argument_group("for a CSV file").add_argument)
    _add_network(parser.add_argument_group("the network").add_argument, "8,8")
    _add_rates(parser.add_argument_group("the training").add_argument)


def _add_data(add: Callable[..., Any]) -> None:
    add("--target", metavar="COLUMN", help="the column to predict; all others are features")
    add("--classes", action="store_true", help="the target's numbers name classes (default: words do)")
    add("--ignore", action="append", default=[], metavar="COLUMN", help="a column that is no feature; may be given "
        "again (default: none)")  # fmt: skip
    add("--missing", choices=("error", "drop", "mean"), default="error", help="what becomes of rows with an empty "
        "cell, NA, nan, null or ?: an error, left out, or filled in with the mean of the column (default: "
        "error)")  # fmt: skip
    add("--separator", type=_separator, metavar="S", help=SEPARATOR)


def _add_noise(add: Callable[..., Any]) -> None:
    add("--noise", type=not_negative.parse, metavar="X", help=f"of {', '.join(NOISY)}: how far points lie from where "
        "they would without (default: 0.15 for xor, 0.1 for the others)")  # fmt: skip


def _add_network(add: Callable[..., Any], hidden: str) -> None:
    add("--hidden", type=_sizes, metavar="N,N", help=f"sizes of the hidden layers, or none (default: {hidden})")
    add("--activation", choices=ACTIVATIONS, default="tanh", help="of the hidden neurons (default: tanh)")
    add("--loss", choices=LOSSES, help="what training makes small (default: mse for numbers, "
        "binary_cross_entropy for two classes, cross_entropy for more)")  # fmt: skip


def _add_rates(add: Callable[..., Any]) -> None:
    add("--optimizer", choices=OPTIMIZERS, default="adam", help="how a gradient moves the parameters (default: adam)")
    add("--lr", type=positive.parse, metavar="X", help="the learning rate (default: 0.05 for sgd, 0.01 for the others)")
    add(
        "--momentum", type=fraction.parse, metavar="X", help="for sgd: how much of the last step is kept (default: 0.9)"
    )
    add("--weight-decay", type=not_negative.parse, default=0.0, metavar="X", help="pull towards 0 (default: 0)")
    add("--l1", type=not_negative.parse, default=0.0, metavar="X", help="pull towards 0 by the same amount wherever a "
        "parameter is (default: 0)")  # fmt: skip
    add("--held-out", type=share.parse, default=HELD_OUT, metavar="X", help="the fraction of the rows to hold out "
        f"(default: {HELD_OUT})")  # fmt: skip
    add("--batch-size", type=count.parse, default=16, metavar="N", help="rows for each step (default: 16)")
    add("--seed", type=whole.parse, default=0, metavar="N", help="of weights, held-out rows and order (default: 0)")


def _add_training(add: Callable[..., Any]) -> None:
    add("--schedule", choices=("constant", "cosine"), default="constant", help="how the learning rate goes on: as it "
        "is, or down to 0 along half a cosine (default: constant)")  # fmt: skip
    add("--warm-up", type=whole.parse, default=0, metavar="N", help="epochs in which the rate rises to its full size "
        "(default: 0)")  # fmt: skip
    add("--clip", type=positive.parse, metavar="X", help="the greatest length of a gradient (default: any)")
    add("--nesterov", action="store_true", help="for sgd: Nesterov's momentum (default: the plain one)")
    add("--epochs", type=count.parse, metavar="N", help="visits to each training row (default: as many as make "
        f"{VISITS:,} samples in all, but from 5 to 200)")  # fmt: skip
    add(
        "--tolerance",
        type=not_negative.parse,
        metavar="X",
        help="stop when an epoch's mean loss is below (default: never)",
    )
    add("--patience", type=count.parse, metavar="N", help="stop when the held-out loss was no better for N epochs, and "
        "keep the best parameters (default: never)")  # fmt: skip
    add("--checkpoint", action="store_true", help="save DIR/checkpoint.npz after each epoch, and go on from it if it "
        "is there: give the same command again after a kill (default: no)")  # fmt: skip
    add("--theme", choices=("light", "dark"), default="light", help="the pages that the pictures are for; the film "
        "follows the theme of who looks at it (default: light)")  # fmt: skip
    add("--no-film", action="store_true", help="do not write film.html (default: write it)")
    add("--eager", action="store_true", help="record every sample anew, many times slower, with the same numbers up to "
        "rounding (default: record one sample's loss and replay it as a program)")  # fmt: skip
    add("--program", choices=TARGETS, default="numpy", help="what the recorded loss is replayed by: NumPy, or C, built "
        "by the C compiler of the system (default: numpy)")  # fmt: skip
    add("--devices", type=count.parse, metavar="N", help="compute each step's gradient by JAX on N devices; one "
        "processor is taken for N where there are none but it (default: by NumPy)")  # fmt: skip


def _add_predict(commands: Any) -> None:
    parser = commands.add_parser(
        "predict",
        help="apply a trained network to the rows of a CSV file",
        description="Write one line for each row of FILE: the number predicted, or the class and its probability if\n"
        "the loss gives one (cross_entropy, binary_cross_entropy); empty cells for a row that has a cell the network\n"
        "was not trained for. Columns are found by name; others are ignored. Where the target is among them, how good\n"
        "the predictions are goes to standard error.",
    )
    add = parser.add_argument
    add("model", type=_path, metavar="MODEL", help="a model.npz that train wrote")
    add("file", type=_path, metavar="FILE", help="a CSV file with a column for each one the network was trained on")
    add("--out", type=_path, metavar="PRED", help="the CSV file to write (default: standard output)")
    add("--separator", type=_separator, metavar="S", help=SEPARATOR)


def _add_export(commands: Any) -> None:
    parser = commands.add_parser(
        "export",
        help="write a trained network as a file for other programs",
        description="Write the network with its scaling and its classes, so that rows go in as they stand in a table:\n"
        "as an ONNX file, or as a source in Python or in C that needs nothing of this package.",
    )
    add = parser.add_argument
    add("model", type=_path, metavar="MODEL", help="a model.npz that train wrote")
    add(
        "file",
        type=_path,
        metavar="FILE",
        help=f"the file to write; its suffix says which: {', '.join(FORMATS)}",
    )
    add("--framework", choices=FRAMEWORKS, help="what a Python source is for (default: numpy)")
    add("--dtype", choices=("float64", "float32"), help="of the numbers in an ONNX file (default: float64)")


# ---- what an option's text may be


def _sizes(text: str) -> list[int]:
    try:
        return [] if text == "none" else [count.parse(size) for size in text.split(",")]
    except argparse.ArgumentTypeError:
        raise argparse.ArgumentTypeError(f"wanted layer sizes such as 16,16, or none, got {text!r}") from None


def _separator(text: str) -> str:
    found = {"tab": "\t", "\\t": "\t"}.get(text, text)
    if len(found) != 1 or found in '"\r\n\0':
        raise argparse.ArgumentTypeError(f"wanted one character, or tab, got {text!r}")
    return found


def _path(text: str) -> str:
    if not text:
        raise argparse.ArgumentTypeError("wanted a path, got ''")
    return text
