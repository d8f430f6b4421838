"""What every command line here does alike: one line for whatever is wrong, and an exit status that says so."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from typing import Any, NoReturn

from .viewing.notation import visible
from .viewing.rendering import RenderingError

WRONG = 2
INTERRUPTED = 130  # 128 + SIGINT, as the shell has it
READER_GONE = 141  # 128 + SIGPIPE


class Parser(argparse.ArgumentParser):
    """A parser whose complaints are one line; options are written out, and descriptions keep their line breaks."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter, **settings)

    def error(self, message: str) -> NoReturn:
        self.exit(WRONG, f"{self.prog}: {one_line(message)}; --help explains the options\n")

    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:
        super().exit(flush_output(self.prog, status), message)


def run(command: Callable[[], int | None], program: str, interrupted: str = "interrupted") -> int:
    """Run a command and give its exit status: 0 or its own, or another after one line that says what was wrong.

    ``program`` begins that line; ``interrupted`` is what it says after Ctrl-C.
    """
    try:
        status = command() or 0
    except KeyboardInterrupt:
        status = _complain(program, interrupted, INTERRUPTED)
    except BrokenPipeError:
        status = READER_GONE
    except (ValueError, ImportError, OSError, MemoryError, RenderingError) as error:
        status = _complain(program, error, WRONG)
    return flush_output(program, status)


def flush_output(program: str, status: int) -> int:
    """Write out what was printed; the exit status, another one if standard output does not take it."""
    try:
        if sys.stdout is not None:  # as it is where it was closed before Python began
            sys.stdout.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python's own last flush would fail too
        if isinstance(error, BrokenPipeError):
            return READER_GONE
        return status or _complain(program, f"standard output: {one_line(error)}", WRONG)
    return status


def one_line(error: BaseException | str) -> str:
    """An error as one line of visible characters; one of the file system says of which file.

    >>> one_line(FileNotFoundError(2, "No such file or directory", "a.csv"))
    'a.csv: No such file or directory'
    >>> one_line(ValueError("wanted a number,\\n  got 'x'"))
    "wanted a number, got 'x'"
    >>> one_line(MemoryError())
    'out of memory'
    """
    text = str(error)
    if isinstance(error, OSError) and error.strerror:
        text = error.strerror if error.filename is None else f"{error.filename}: {error.strerror}"
    elif isinstance(error, MemoryError):
        text = f"out of memory: {text}" if text else "out of memory"
    return visible(" ".join(text.split())) or type(error).__name__


def _complain(program: str, error: BaseException | str, status: int) -> int:
    if sys.stderr is not None:
        print(f"{program}: {one_line(error)}", file=sys.stderr)
    return status
