"""The command line: ``python -m nn train`` and ``python -m nn predict``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import Any

from autograd.commandline import Parser, run

from . import prediction, training
from .checks import Check, count, fraction, not_negative, positive, whole
from .datasets import DATASETS
from .layers import ACTIVATIONS
from .losses import LOSSES
from .optim import OPTIMIZERS


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit status is 0, or 2 after one line that says what was wrong."""
    options = parser().parse_args(arguments)
    can_go_on = getattr(options, "checkpoint", False)
    advice = "the same command goes on from the last whole epoch" if can_go_on else "nothing was written"
    return run(lambda: options.run(options), f"python -m nn {options.command}", f"interrupted; {advice}")


def parser() -> argparse.ArgumentParser:
    """The parser of both commands."""
    root = Parser(prog="python -m nn", description="Train a network of scalar neurons, and use it.")
    commands = root.add_subparsers(dest="command", required=True, parser_class=Parser)
    _add_train(commands)
    _add_predict(commands)
    return root


def _add_train(commands: Any) -> None:
    train = commands.add_parser(
        "train",
        help="train a network on a data set or a CSV file",
        description="Train a network. It writes into DIR: model.npz, history.csv, loss.svg, graph.svg (the graph of\n"
        "one sample's loss), and boundary.svg for two features or fit.svg for one. The same seed gives the same files.",
    )
    add = train.add_argument
    add("data", type=_path, metavar="DATA", help=f"{', '.join(DATASETS)}, or the path of a CSV file with column names "
        "in line 1")  # fmt: skip
    add("--out", type=_path, metavar="DIR", required=True, help="the directory to write into; made if it is not there")
    add("--target", metavar="COLUMN", help="for a CSV file: the column to predict; all others are features")
    add("--classes", action="store_true", help="for a CSV file: the target's numbers name classes (default: words do)")
    add("--hidden", type=_sizes, metavar="N,N", help="sizes of the hidden layers, or none (default: 16; 16,16 for "
        "moons, circles, xor; none for line)")  # fmt: skip
    add("--activation", choices=ACTIVATIONS, default="tanh", help="of the hidden neurons (default: tanh)")
    add("--loss", choices=LOSSES, help="what training makes small (default: mse for numbers, "
        "binary_cross_entropy for two classes, cross_entropy for more)")  # fmt: skip
    add("--optimizer", choices=OPTIMIZERS, default="adam", help="how a gradient moves the parameters (default: adam)")
    add("--lr", type=_positive, metavar="X", help="the learning rate (default: 0.01 for adam, 0.05 for sgd)")
    add("--momentum", type=_fraction, metavar="X", help="for sgd: how much of the last step is kept (default: 0.9)")
    add("--nesterov", action="store_true", help="for sgd: Nesterov's momentum (default: the plain one)")
    add("--weight-decay", type=_not_negative, default=0.0, metavar="X", help="pull towards 0 (default: 0)")
    add("--epochs", type=_count, metavar="N", help="visits to each training row (default: as many as make "
        f"{training.VISITS:,} samples in all, but from 5 to 200)")  # fmt: skip
    add("--batch-size", type=_count, default=16, metavar="N", help="rows for each step (default: 16)")
    add("--seed", type=_seed, default=0, metavar="N", help="of weights, held-out rows and order (default: 0)")
    add("--tolerance", type=_not_negative, metavar="X", help="stop when an epoch's mean loss is below (default: never)")
    add("--checkpoint", action="store_true", help="save DIR/checkpoint.npz after each epoch, and go on from it if it "
        "is there: give the same command again after a kill (default: no)")  # fmt: skip
    add("--film", action="store_true", help="write DIR/film.html too, a page that plays the training epoch by epoch "
        "(default: no)")  # fmt: skip
    add("--eager", action="store_true", help="record every sample anew, many times slower, with the same numbers up to "
        "rounding (default: record one sample's loss and replay it as a NumPy program)")  # fmt: skip
    train.set_defaults(run=training.run)


def _add_predict(commands: Any) -> None:
    predict = commands.add_parser(
        "predict",
        help="apply a trained network to the rows of a CSV file",
        description="Write one line for each row of FILE: the number predicted, or the class and its probability if "
        "the loss\ngives one (cross_entropy, binary_cross_entropy). Columns are found by name; others are ignored.",
    )
    add = predict.add_argument
    add("model", type=_path, metavar="MODEL", help="a model.npz that train wrote")
    add("file", type=_path, metavar="FILE", help="a CSV file with a column for each feature the network was trained on")
    add("--out", type=_path, metavar="PRED", help="the CSV file to write (default: standard output)")
    predict.set_defaults(run=prediction.run)


# ---- what an option's text may be


def _number(check: Check[int] | Check[float]) -> Callable[[str], Any]:
    def parse(text: str) -> Any:
        try:
            return check.parse(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return parse


_count, _seed = _number(count), _number(whole)
_positive, _not_negative, _fraction = _number(positive), _number(not_negative), _number(fraction)


def _sizes(text: str) -> list[int]:
    try:
        return [] if text == "none" else [count.parse(size) for size in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError(f"wanted layer sizes such as 16,16, or none, got {text!r}") from None


def _path(text: str) -> str:
    if not text:
        raise argparse.ArgumentTypeError("wanted a path, got ''")
    return text


if __name__ == "__main__":
    sys.exit(main())
