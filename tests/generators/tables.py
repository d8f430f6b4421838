"""Tables with something wrong, drawn from a seed, and tables that only look so: each kind by its name."""

import gzip
import random

HEADER = ["a", "b", "t"]
SEPARATORS = ",;\t|"


def rows():
    """The cells of the table that nothing happened to: numbers, words, and the class that they are of."""
    rng = random.Random(0)
    return [[f"{rng.gauss(0, 1):.3f}", rng.choice(["u", "v"]), rng.choice(["yes", "no"])] for _ in range(30)]


def text(cells, separator=","):
    return "\n".join(separator.join(row) for row in cells)


def plain():
    return text([HEADER, *rows()])


def with_cell(rng, column, cell, row=None, separator=","):
    """The table with another cell in one row, drawn if it is not given."""
    cells = [HEADER, *rows()]
    cells[row or rng.randrange(1, 31)][column] = cell
    return text(cells, separator)


def with_column(column, made):
    """The table with other cells in all of a column, made of the number of the row."""
    cells = rows()
    for i, row in enumerate(cells):
        row[column] = made(i)
    return text([HEADER, *cells], ";")


def with_line(rng, line):
    """The table with another line in the midst of it."""
    lines = plain().split("\n")
    lines[rng.randrange(1, 31)] = line
    return "\n".join(lines)


def is_usable(a, b):
    """Whether a row has what a network needs that was trained on the table: a number, and one of its two words."""
    try:
        return "_" not in a and abs(float(a)) < 1e300 and b in ("u", "v")
    except ValueError:
        return False


NO_NUMBER = ["", "NA", "nan", "inf", "1_0", "1,5", "0x1f", "x", "x y", "1e999", "−1", "=1+1", "5%", "$5"]
GROUPED = ["1,234", "1,234.50", "1.234.567", "12 345", "1'234", "1\u202f234,5", "1,234,567"]
UNREADABLE = {  # to predict from either
    "nothing", "header alone", "not UTF-8", "UTF-16", "nul", "nul far down", "noise", "gzip ends early", "gzip damaged",
    "gzip of noise", "too few cells", "too many cells", "a word alone", "open quote", "two columns of one name",
    "wrong separator", "one column", "no header", "zip", "longer than a cell may be",
}  # fmt: skip
FAULTS = {
    "nothing": lambda rng: plain()[: rng.randrange(0, 3)],
    "header alone": lambda rng: "a,b,t" + "\n" * rng.randrange(3),
    "no header": lambda rng: text(rows()[rng.randrange(9) :]),
    "one row": lambda rng: text([HEADER, rng.choice(rows())]),
    "one column": lambda rng: text([row[2:] for row in [HEADER, *rows()]]),
    "too few rows": lambda rng: text([HEADER, *rows()[: rng.randrange(2, 5)]]),
    "no number": lambda rng: with_cell(rng, 0, rng.choice(NO_NUMBER), separator=";"),
    "grouped digits": lambda rng: with_cell(rng, 0, rng.choice(GROUPED), separator=";"),
    "only grouped digits": lambda rng: with_column(0, lambda i: GROUPED[i % 3]),
    "grouped digits as target": lambda rng: with_column(2, lambda i: GROUPED[i % 3]),
    "only words": lambda rng: with_column(0, lambda i: f"w{i}"),
    "no word": lambda rng: with_cell(rng, 1, rng.choice(["", "NA", "?"])),
    "no target": lambda rng: with_cell(rng, 2, ""),
    "one class": lambda rng: with_column(2, lambda i: "yes"),
    "class of one row": lambda rng: with_cell(rng, 2, "Yes"),
    "two columns of one name": lambda rng: plain().replace("a,b,t", rng.choice(["a,a,t", "a,t,t", "b,b,t"]), 1),
    "too many cells": lambda rng: with_line(rng, "1,u,yes,extra"),
    "too few cells": lambda rng: with_line(rng, "1,u"),
    "a word alone": lambda rng: with_line(rng, rng.choice(["alone", " ", "Total: 30"])),
    "empty cells alone": lambda rng: with_line(rng, ",,"),
    "open quote": lambda rng: with_cell(rng, 1, rng.choice(['"u', '"u"v'])),
    "wrong separator": lambda rng: (plain(), "--separator", rng.choice(";:|")),
    "not UTF-8": lambda rng: with_cell(rng, 1, "é").encode("latin-1"),
    "UTF-16": lambda rng: plain().encode(rng.choice(["utf-16", "utf-16-le", "utf-16-be"])),
    "nul": lambda rng: with_cell(rng, rng.randrange(3), "\0"),
    "nul far down": lambda rng: plain() + text([[]] + rows() * 400) + "\n0.5,u\0,yes",
    "noise": lambda rng: b"\xff" + rng.randbytes(200),
    "zip": lambda rng: b"PK\3\4" + bytes(99),
    "longer than a cell may be": lambda rng: with_cell(rng, 1, "x" * 200_000),
    "gzip ends early": lambda rng: gzip.compress(plain().encode())[: rng.choice([4, 60, -40, -8, -1])],
    "gzip damaged": lambda rng: gzip.compress(plain().encode())[:-8] + rng.randbytes(8),
    "gzip of noise": lambda rng: b"\x1f\x8b" + rng.randbytes(50),
}
"""What no network can be trained on, as text, bytes, or either with options of the command line."""

DISGUISES = {
    "byte order mark": lambda rng: "\ufeff" + plain(),
    "ends of lines": lambda rng: plain().replace("\n", rng.choice(["\r\n", "\r"])) + "\n" * rng.randrange(2),
    "empty lines": lambda rng: plain().replace("\n", "\n" * rng.randrange(2, 5)),
    "separator": lambda rng: text([HEADER, *rows()], rng.choice(SEPARATORS)),
    "separator given": lambda rng: (text([HEADER, *rows()], ":"), "--separator", ":"),
    "spaces": lambda rng: text([[f" {cell}  " for cell in row] for row in [HEADER, *rows()]], rng.choice(SEPARATORS)),
    "quotes": lambda rng: text([[f'"{cell}"' for cell in row] for row in [HEADER, *rows()]], rng.choice(SEPARATORS)),
    "gzip": lambda rng: gzip.compress(plain().encode(), rng.randrange(10)),
    "gzip in parts": lambda rng: b"".join(gzip.compress(part.encode()) for part in plain().partition("\n")),
    "powers of ten": lambda rng: text([HEADER, *([f"{a.replace('.', '')}e-3", b, t] for a, b, t in rows())]),
    "a column to ignore": lambda rng: (text([[*HEADER, "d"], *([*row, "x"] for row in rows())]), "--ignore", "d"),
}
"""What is the same table all the same."""


def broken(fault, seed):
    return _made(FAULTS[fault], f"{fault} {seed}")


def disguised(disguise, seed):
    return _made(DISGUISES[disguise], f"{disguise} {seed}")


def _made(kind, seed):
    """The content of a file, and options of the command line."""
    made = kind(random.Random(seed))
    return made if isinstance(made, tuple) else (made,)
