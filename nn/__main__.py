"""The command line: ``python -m nn train`` and ``python -m nn predict``."""

from __future__ import annotations

import argparse
import math
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from autograd.viewing import RenderingError

from . import prediction, training
from .datasets import DATASETS
from .layers import ACTIVATIONS
from .losses import LOSSES
from .optim import OPTIMIZERS

USAGE_ERROR = 2
INTERRUPTED = 130  # 128 + SIGINT, as the shell has it
READER_GONE = 141  # 128 + SIGPIPE


class Parser(argparse.ArgumentParser):
    """A parser whose complaints are one line."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter, **settings)

    def error(self, message: str) -> NoReturn:
        self.exit(USAGE_ERROR, f"{self.prog}: {message}; --help explains the options\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit status is 0, or 2 after one line that says what was wrong."""
    options = parser().parse_args(arguments)
    try:
        options.run(options)
        sys.stdout.flush()
    except KeyboardInterrupt:
        can_go_on = getattr(options, "checkpoint", False)
        advice = "the same command goes on from the last whole epoch" if can_go_on else "nothing was written"
        return _complain(options, f"interrupted; {advice}", INTERRUPTED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # so that closing stdout does not fail again
        return READER_GONE
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        return _complain(options, f"{where}{error.strerror or error}", USAGE_ERROR)
    except (ValueError, ImportError, RenderingError) as error:
        return _complain(options, str(error), USAGE_ERROR)
    return 0


def _complain(options: argparse.Namespace, message: str, status: int) -> int:
    print(f"python -m nn {options.command}: {' '.join(message.split())}", file=sys.stderr)
    return status


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
    add("data", metavar="DATA", help=f"{', '.join(DATASETS)}, or the path of a CSV file with column names in line 1")
    add("--out", metavar="DIR", required=True, help="the directory to write into; made if it is not there")
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
    train.set_defaults(run=training.run)


def _add_predict(commands: Any) -> None:
    predict = commands.add_parser(
        "predict",
        help="apply a trained network to the rows of a CSV file",
        description="Write one line for each row of FILE: the number predicted, or the class and its probability if "
        "the loss\ngives one (cross_entropy, binary_cross_entropy). Columns are found by name; others are ignored.",
    )
    add = predict.add_argument
    add("model", metavar="MODEL", help="a model.npz that train wrote")
    add("file", metavar="FILE", help="a CSV file with a column for each feature the network was trained on")
    add("--out", metavar="PRED", help="the CSV file to write (default: standard output)")
    predict.set_defaults(run=prediction.run)


# ---- what an option's text may be


def _checked(wanted: str, convert: Callable[[str], Any], is_valid: Callable[[Any], bool]) -> Callable[[str], Any]:
    def parse(text: str) -> Any:
        try:
            value = convert(text)
        except ValueError:
            value = None
        if value is None or not is_valid(value):
            raise argparse.ArgumentTypeError(f"wanted {wanted}, got {text!r}")
        return value

    return parse


def _split_sizes(text: str) -> list[int]:
    return [] if text == "none" else [int(size) for size in text.split(",")]


_sizes = _checked("layer sizes such as 16,16, or none", _split_sizes, lambda sizes: all(n >= 1 for n in sizes))
_count = _checked("a whole number from 1", int, lambda n: n >= 1)
_seed = _checked("a whole number from 0", int, lambda n: n >= 0)
_positive = _checked("a finite number above 0", float, lambda x: 0.0 < x < math.inf)
_not_negative = _checked("a finite number from 0", float, lambda x: 0.0 <= x < math.inf)
_fraction = _checked("a number from 0 up to but not 1", float, lambda x: 0.0 <= x < 1.0)


if __name__ == "__main__":
    sys.exit(main())
