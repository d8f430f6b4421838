"""The engine from the command line: draw, explain, step through, check, differentiate and play a typed formula."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Sequence
from functools import partial
from math import inf
from pathlib import Path
from typing import Any

from .commandline import Parser, progress, run
from .expression import CONSTANTS, ExpressionError, Formula, read
from .gradcheck import gradcheck
from .value import Value
from .viewing import draw, explain, step_through

PROGRAM = "python -m autograd"
EXPRESSION = (
    "numbers, names, + - * / **, functions such as tanh(x) or x.tanh(), softmax(x, y)[0]; parts with names, as in "
    "'z = w*x; z**2'; pi and e, unless they are given as names"
)
EXAMPLE = 'python -m autograd draw "(a*b + c).tanh()" a=2 b=-3 c=10 --out g.svg'


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 when it succeeded, 1 when a check failed, 2 when the input was wrong (one line says what)."""
    options = _parsed(_protected(sys.argv[1:] if arguments is None else arguments))

    def command() -> int | None:
        status: int | None = options.command(options)
        return status

    return run(command, PROGRAM)


def _parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """The options; values may stand on either side of them."""
    parser = _parser()
    options, others = parser.parse_known_args(arguments)
    unknown = [word for word in others if word.startswith("-") or "=" not in word]
    if unknown:
        parser.error(f"unrecognized arguments: {' '.join(unknown)}")
    options.values += others
    return options


def _protected(arguments: Sequence[str]) -> list[str]:
    """A formula that begins with a minus gets a space before it, or it would be taken for an option."""
    return [f" {word}" if i == 1 and re.match(r"-(?!h$|-[a-z])", word) else word for i, word in enumerate(arguments)]


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog=PROGRAM, description=__doc__, epilog=f"example: {EXAMPLE}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND", parser_class=Parser)

    def command(name: str, action: Action, text: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=text, description=text)
        sub.add_argument("expression", help=EXPRESSION)
        sub.add_argument("values", nargs="*", metavar="NAME=NUMBER", help="the value of each name in the expression")
        sub.set_defaults(command=partial(_at_values, action))
        return sub

    drawing = command("draw", _draw, "draw the computation graph, with values, gradients and local derivatives")
    drawing.add_argument(
        "--out", default="graph.svg", help="file; .svg, .png, .pdf, .html or .dot (default: %(default)s)"
    )
    explaining = command("explain", _explain, "write out the chain rule, path by path")
    explaining.add_argument("--wrt", required=True, metavar="NAME", help="the name to differentiate with respect to")
    explaining.add_argument("--paths", type=int, default=5, help="how many paths to show (default: %(default)s)")
    stepping = command("step", _step, "write a page that plays the forward and the backward pass step by step")
    stepping.add_argument("--out", default="steps.html", help="HTML file (default: %(default)s)")
    checking = command(
        "check", _check, "compare gradient and Hessian with central differences; exit status 1 if not equal"
    )
    checking.add_argument("--tolerance", type=_positive, default=1e-6, help="relative (default: %(default)s)")
    command("grad", _grad, "print the value and a table of gradients")
    _add_play(commands)
    return parser


def _add_play(commands: Any) -> None:
    text = "open a page in which the formula's numbers can be moved, with graph, gradients and chain rule"
    playing = commands.add_parser("play", help=text, description=text)
    playing.add_argument("expression", nargs="?", default="", help=f"to begin with; {EXPRESSION}")
    playing.add_argument("values", nargs="*", metavar="NAME=NUMBER", help="to begin with")
    playing.add_argument("--no-browser", action="store_true", help="only print the address (default: open it)")
    playing.add_argument(
        "--build", metavar="DIR", help="write the page as a site that needs no Python, into DIR (default: serve it)"
    )
    playing.set_defaults(command=_play)


def _positive(text: str) -> float:
    number = float(text)
    if not 0.0 < number < inf:
        raise argparse.ArgumentTypeError(f"wanted a finite number above 0, got {text}")
    return number


Leaves = dict[str, Value]
Action = Callable[[argparse.Namespace, Formula, Leaves], int]


def _at_values(action: Action, options: argparse.Namespace) -> int:
    formula = read(options.expression)
    return action(options, formula, _leaves(formula, options.values))


def _leaves(formula: Formula, assignments: Sequence[str]) -> Leaves:
    """A labelled leaf for each name in the formula, in its order; every name must be given, and no other."""
    given = _given(formula, assignments)
    needed = [name for name in formula.names if name in given or name not in CONSTANTS]
    if missing := [name for name in needed if name not in given]:
        raise ExpressionError(f"no value for {', '.join(missing)}: write {missing[0]}=NUMBER")
    return {name: Value(given[name], label=name) for name in needed}


def _given(formula: Formula, assignments: Sequence[str]) -> dict[str, float]:
    """The numbers of some of the formula's names."""
    given: dict[str, float] = {}
    for assignment in assignments:
        name, separator, number = assignment.partition("=")
        try:
            value = float(number)
        except ValueError:
            separator = ""
        if not (separator and name.isidentifier()):
            raise ExpressionError(f"expected NAME=NUMBER, got {assignment!r}")
        if name in given:
            raise ExpressionError(f"{name} is given twice")
        given[name] = value
    formula.require(given)
    return given


def _draw(options: argparse.Namespace, formula: Formula, leaves: Leaves) -> int:
    output = formula.output(leaves)
    output.backward()
    draw(output).save(options.out)
    print(f"wrote {options.out}")
    return 0


def _explain(options: argparse.Namespace, formula: Formula, leaves: Leaves) -> int:
    if options.wrt not in leaves:
        raise ExpressionError(f"--wrt {options.wrt}: the expression has {', '.join(leaves) or 'no names'}")
    print(explain(formula.output(leaves), leaves[options.wrt], options.paths))
    return 0


def _step(options: argparse.Namespace, formula: Formula, leaves: Leaves) -> int:
    step_through(formula.output(leaves)).save(options.out)
    print(f"wrote {options.out}")
    return 0


def _check(options: argparse.Namespace, formula: Formula, leaves: Leaves) -> int:
    def f(*inputs: Value) -> Value:
        return formula.evaluate(dict(zip(leaves, inputs, strict=True)))

    try:
        gradcheck(f, list(leaves.values()), order=2, tolerance=options.tolerance, progress=progress)
    except AssertionError as error:
        print(error)
        return 1
    print(f"gradient and Hessian agree with central differences within {options.tolerance:g}")
    return 0


def _grad(options: argparse.Namespace, formula: Formula, leaves: Leaves) -> int:
    output = formula.output(leaves)
    output.backward()
    rows = [("name", "value", "gradient"), *((v.label, f"{v.data:.6g}", f"{v.grad:.6g}") for v in leaves.values())]
    print(f"{output.label} = {output.data:.6g}\n")
    widths = [max(len(row[i]) for row in rows) for i in range(3)]
    for name, value, gradient in rows:
        print(f"{name:<{widths[0]}}  {value:>{widths[1]}}  {gradient:>{widths[2]}}")
    return 0


def _play(options: argparse.Namespace) -> None:
    from .viewing.live.formula import formula_page
    from .viewing.live.server import serve
    from .viewing.live.site import build

    numbers = _given(read(options.expression), options.values) if options.expression else {}
    if options.build:
        build(Path(options.build), options.expression, numbers)
        print(f"wrote {options.build}: a server of files shows it, as `python -m http.server -d {options.build}` does")
        return
    serve(formula_page(options.expression, numbers), f"{PROGRAM} play", browser=not options.no_browser)


if __name__ == "__main__":
    sys.exit(main())
