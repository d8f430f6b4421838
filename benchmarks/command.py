"""Microseconds by work and target: our programs beside the same by hand, and the arithmetic limit.

Each work is a loss and its gradient, in double precision, for one batch; each target computes it with one thread, in
turns with all others, and what counts is its shortest turn. All are first checked to give the same numbers. A target
that is not installed here is left out.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from math import inf
from pathlib import Path

from autograd.commandline import Parser, run
from nn.basics import extras

from .measuring import measure
from .picture import picture
from .table import page, table
from .targets import TARGETS
from .works import WORKS

PROGRAM = "python -m benchmarks"
HERE = Path(__file__).parent
PAGE, PICTURE = HERE / "README.md", HERE / "compiled.svg"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print a table; 0 when that succeeded, 2 when something was wrong (one line says what)."""
    options = _parser().parse_args(arguments)
    return run(lambda: _measured(options), PROGRAM)


def _measured(options: argparse.Namespace) -> None:
    if options.write:
        if options.works or options.targets:
            raise ValueError("--write is for the whole table: leave works and --targets out")
        page(PAGE.read_text(encoding="utf-8"), "")  # what is wrong is said now, and not after minutes
        extras.load("matplotlib")
    works, targets = options.works or [*WORKS], options.targets or [*TARGETS]
    results = measure(works, targets, options.seconds, lambda line: print(line, file=sys.stderr, flush=True))
    text = table(results)
    print(text)
    if options.write:
        PICTURE.write_text(picture(results), encoding="utf-8")
        PAGE.write_text(page(PAGE.read_text(encoding="utf-8"), text), encoding="utf-8")


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog=PROGRAM, description=__doc__)
    parser.add_argument("works", nargs="*", type=_one_of("work", WORKS), metavar="WORK", help=f"{', '.join(WORKS)}")
    parser.add_argument("--targets", type=_several_of("target", TARGETS), metavar="A,B", help=f"{', '.join(TARGETS)}")
    parser.add_argument(
        "--seconds", type=_positive, default=1.5, help="for each target of each work (default: %(default)s)"
    )
    parser.add_argument(
        "--write", action="store_true", help=f"put the table into {PAGE.name}, and its picture beside it"
    )
    return parser


def _one_of(kind: str, known: Mapping[str, object]) -> Callable[[str], str]:
    def checked(name: str) -> str:
        if name not in known:
            raise argparse.ArgumentTypeError(f"{name!r} is no {kind}: there are {', '.join(known)}")
        return name

    return checked


def _several_of(kind: str, known: Mapping[str, object]) -> Callable[[str], list[str]]:
    one = _one_of(kind, known)
    return lambda names: [one(name) for name in names.split(",")]


def _positive(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0.0 < number < inf:
        raise argparse.ArgumentTypeError(f"wanted a number of seconds above 0, got {text!r}")
    return number
