"""The command line: ``python -m nn train``, ``play``, ``predict`` and ``export``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module

from autograd.commandline import run

from .command.arguments import parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit status is 0, or 2 after one line that says what was wrong."""
    options = parser().parse_args(arguments)
    can_go_on = getattr(options, "checkpoint", False)
    advice = "the same command goes on from the last whole epoch" if can_go_on else "whatever was written is whole"
    module = f"nn.command.{options.command}"  # imported when it is asked for, and with it what it needs
    return run(lambda: import_module(module).run(options), f"python -m nn {options.command}", f"interrupted; {advice}")


if __name__ == "__main__":
    sys.exit(main())
