"""What every command line here does alike: one line for whatever is wrong, and an exit status that says so."""

from __future__ import annotations

import argparse
import codecs
import io
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any, NoReturn

from .viewing.notation import visible
from .viewing.rendering import RenderingError

WRONG = 2
INTERRUPTED = 130  # 128 + SIGINT, as the shell has it
READER_GONE = 141  # 128 + SIGPIPE

PATIENCE = 5.0
"""Seconds after which a command says how far it is, and between one such line and the next."""

SIGNS = {
    **{"−": "-", "–": "-", "×": "*", "·": "*", "÷": "/", "±": "+-", "½": "1/2", "√": "sqrt ", "∂": "d", "Σ": "sum"},
    **{"≤": "<=", "≥": ">=", "∞": "inf", "…": "...", "→": "->", "←": "<-", "′": "'"},
    **{"β": "beta", "θ": "theta", "μ": "mu", "σ": "sigma"},
}
"""How signs are written where the output has none of them, as that of an older terminal has."""
SUPERSCRIPTS = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹ⁿ", "0123456789n", strict=True))
SUBSCRIPTS = dict(zip("₀₁₂₃₄₅₆₇₈₉ₙᵢ", "0123456789ni", strict=True))


class Parser(argparse.ArgumentParser):
    """A parser whose complaints are one line; options are written out, and descriptions keep their line breaks."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter, **settings)

    def error(self, message: str) -> NoReturn:
        self.exit(WRONG, f"{self.prog}: {one_line(message)}; --help explains the options\n")

    def print_help(self, file: Any = None) -> None:
        spell_out_signs()
        super().print_help(file)

    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:
        spell_out_signs()
        super().exit(flush_output(self.prog, status), message)


def run(command: Callable[[], int | None], program: str, interrupted: str = "interrupted") -> int:
    """Run a command and give its exit status: 0 or its own, or another after one line that says what was wrong.

    ``program`` begins that line; ``interrupted`` is what it says after Ctrl-C.
    """
    spell_out_signs()
    try:
        status = command() or 0
    except KeyboardInterrupt:
        status = _complain(program, interrupted, INTERRUPTED)
    except BrokenPipeError:
        status = READER_GONE
    except (ValueError, ImportError, OSError, MemoryError, RenderingError) as error:
        status = _complain(program, error, WRONG)
    return flush_output(program, status)


def progress(steps: Sequence[int]) -> Iterator[int]:
    """The steps one by one; where they take long, standard error says how far they are.

    On a terminal with tqdm installed that is a bar, else a line now and then.
    """
    if sys.stderr is not None and sys.stderr.isatty():
        with suppress(ImportError):
            from tqdm import tqdm

            yield from tqdm(steps, delay=PATIENCE / 5, leave=False, file=sys.stderr)
            return
    said = time.monotonic()
    for done, step in enumerate(steps):
        if sys.stderr is not None and time.monotonic() - said >= PATIENCE:
            print(f"{done} of {len(steps)} done", file=sys.stderr, flush=True)
            said = time.monotonic()
        yield step


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


def spell_out_signs() -> None:
    """From now on whatever is printed can be: as ``-`` where the output's encoding has no ``−``, or as ``\\xf1``."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors in ("strict", "backslashreplace"):
            stream.reconfigure(errors=_SPELLED_OUT)


def _spelled_out(error: UnicodeError) -> tuple[str, int]:
    """What the codecs ask for: a text in place of characters that cannot be encoded, and where to go on."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(_in_ascii(error.object, i) for i in range(error.start, error.end)), error.end


def _in_ascii(text: str, i: int) -> str:
    """
    >>> [_in_ascii("2⁵⁰", i) for i in range(3)], _in_ascii("ñ", 0)
    (['2', '^5', '0'], '\\\\xf1')
    """
    character = text[i]
    if character in SUPERSCRIPTS:
        return SUPERSCRIPTS[character] if i and text[i - 1] in SUPERSCRIPTS else f"^{SUPERSCRIPTS[character]}"
    plain = SIGNS.get(character) or SUBSCRIPTS.get(character)
    return plain or character.encode("ascii", "backslashreplace").decode()


_SPELLED_OUT = "valuegrad.spelled_out"
codecs.register_error(_SPELLED_OUT, _spelled_out)


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
