"""The C target: an array program as one file of C11 that needs nothing but C's library.

LANES samples run beside one another, as the elements of one vector where the compiler has vectors; with ``LANES`` 1 the
file is plain C. All that is computed is in a workspace that the caller gives: calls at the same time have one each.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence, Set
from math import prod

import numpy as np
import numpy.typing as npt

from .. import ir
from ..naming import Names
from .c_functions import COSTLY, FUNCTIONS, KNOWN, LIBRARY, SINCE_2_22, number
from .nests import GIVEN, Nests
from .numpy import Source
from .phases import Accumulate, Phases, Repeat, Step, Sum, in_order, phases
from .positions import ZERO, Position, nested, own_lengths

WIDTH = 100  # of comments and tables that are wrapped
LARGE = 50_000  # numbers of a matrix: 1.1 times as fast as NumPy at 192 × 192, 0.85 times at 256 × 256
LONG = 30  # steps of one function: compilers take more than twice as long for twice as many

TAKEN = re.compile(
    "auto|break|case|char|const|continue|default|do|double|else|enum|extern|float|for|goto|if|inline|int|long|register|"
    "restrict|return|short|signed|sizeof|static|struct|switch|typedef|union|unsigned|void|volatile|while|"
    "asm|typeof|near|far|huge|linux|unix|[A-Z_]{2,}|_.*"
)
"""Words of C and of its compilers, and what is kept for macros."""

LANES = """
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Samples are computed LANES at a time: as a vector of the machine, or one by one. */
#ifndef LANES
#  if !defined __GNUC__
#    define LANES 1
#  elif defined __AVX512F__
#    define LANES 8
#  elif defined __AVX__
#    define LANES 4
#  elif defined __SSE2__ || defined __aarch64__
#    define LANES 2
#  else
#    define LANES 1
#  endif
#endif
#if LANES > 1
typedef double v __attribute__((vector_size(8 * LANES)));
typedef long long truth __attribute__((vector_size(8 * LANES)));
#  define V(x) ((x) - (v){0})
typedef double anywhere __attribute__((vector_size(8 * LANES), aligned(8)));
#  define BESIDE(x) (*(anywhere *)&(x)) /* a number and those after it in memory, LANES in all */
#  define KEPT(x) ((v)((truth)(x) & w->kept)) /* in lanes without a sample 0, whatever they hold */
static inline truth KEPT_LANES(int n) { truth m; for (int t = 0; t < LANES; t++) m[t] = t < n ? -1 : 0; return m; }
static inline v pick(truth m, v x, v y) { return (v)((m & (truth)x) | (~m & (truth)y)); }
#else
typedef double v;
typedef int truth;
#  define V(x) (x)
#  define BESIDE(x) (x)
#  define KEPT(x) (x)
#  define KEPT_LANES(n) ((n) > 0)
#  define pick(m, x, y) ((m) ? (x) : (y))
#endif
#define LANE(x, t) (((double *)&(x))[t])
#define COLUMNS(n) (((n) + LANES - 1) / LANES) /* vectors for n numbers */
#define EACH(t) for (int t = 0; t < LANES; t++)
#ifdef __clang__
#  define UNROLLED _Pragma("clang loop unroll(full)")
#elif defined __GNUC__
#  define UNROLLED _Pragma("GCC unroll 8")
#else
#  define UNROLLED
#endif
#ifdef __GNUC__
#  define APART __attribute__((noinline)) /* one long function takes a compiler longer than many short ones */
#else
#  define APART
#endif
#ifdef __clang__
#  pragma STDC FP_CONTRACT OFF
#  pragma clang diagnostic ignored "-Wunused-function" /* either twin may do */
#endif
#define ALIGNMENT (8 * LANES)
#define ALIGNED(memory) ((void *)(((uintptr_t)(memory) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT))
static inline double sum(v x) { double total = 0.0; EACH(t) total += LANE(x, t); return total; }
"""

LIBMVEC = """
/* Functions of a vector: those of glibc's libmvec if LIBMVEC is defined, or C's own for each lane. */
#if defined LIBMVEC && LANES == 8 && defined __AVX512F__
#  define MVEC(f) _ZGVeN8v_##f
#  define MVEC2(f) _ZGVeN8vv_##f
#elif defined LIBMVEC && LANES == 4 && defined __AVX2__
#  define MVEC(f) _ZGVdN4v_##f
#  define MVEC2(f) _ZGVdN4vv_##f
#elif defined LIBMVEC && LANES == 2 && defined __SSE2__
#  define MVEC(f) _ZGVbN2v_##f
#  define MVEC2(f) _ZGVbN2vv_##f
#elif defined LIBMVEC && LANES == 2 && defined __aarch64__
#  define MVEC(f) _ZGVnN2v_##f
#  define MVEC2(f) _ZGVnN2vv_##f
#endif
#if defined MVEC && defined __GLIBC_PREREQ
#  if __GLIBC_PREREQ(2, 40) || (__GLIBC_PREREQ(2, 35) && defined __x86_64__)
#    define MVEC_HAS_ALL /* before, it had exp, log, sin and cos */
#  endif
#endif
"""


def write(programs: Mapping[str, ir.ArrayProgram]) -> str:
    """The programs as the text of one C file; the names of each one's functions begin with its own.

    Raises a NotImplementedError that names an operation which C has not, and whose row is no formula in others.
    """
    return _file([_Program(program, name) for name, program in programs.items()])


def _file(programs: Sequence[_Program]) -> str:
    texts = [program.text() for program in programs]
    used = set[str]().union(*(program.nests.calls.used for program in programs))
    head = "\n\n".join(program.usage() for program in programs)
    return "\n\n".join(filter(None, [f"/* {head}\n\n{_COMPILE} */", LANES.strip(), _library(used), *texts])) + "\n"


def large_matrices(program: ir.ArrayProgram) -> list[str]:
    """The parameters' matrices that NumPy multiplies faster than loops do, by their shapes."""
    found: dict[str, None] = {}
    for expr in ir.expressions(program.statements):
        for product in ir.parts_of(expr, ir.Contract):
            for factor in product.operands:
                if not factor.sampled and len(factor.shape) > 1 and prod(own_lengths(factor.shape)) >= LARGE:
                    found[" × ".join(map(str, factor.shape))] = None
    return [*found]


def source(program: ir.ArrayProgram) -> Source:
    """The file of one program, to be built and run; its functions are named ``program_...``."""
    written, places = _Program(program, "program"), {}
    for statement in ir.assignments(program.statements):
        array = statement.target
        while array in written.phases.readers:
            array = written.phases.readers[array]
        places[statement.target] = written.arrays[array]
    return Source(_file([written]), {}, False, places)


class _Program:
    """One program of a file."""

    def __init__(self, program: ir.ArrayProgram, name: str) -> None:
        self.program, self.name = program, name
        self.phases = phases(program, COSTLY, KNOWN)
        self.arrays = _names(program, self.phases)
        self.nests = Nests(self.arrays, f"{name}_", self.phases.stacks)
        self.n_loops = 0
        self.n_inputs, self.width = program.inputs.size, sum(map(n_numbers, program.outputs))

    def text(self) -> str:
        """Its tables, its workspace and its functions."""
        calls, functions = self.steps()
        functions.append(self.forward(calls))
        if self.program.gradient:
            functions.append(self.value_and_grad(calls))
        tables = "\n".join(_table(name, values) for name, values in self.nests.tables.values())
        return "\n\n".join(filter(None, [tables, self.workspace(), self.load(), *functions]))

    def usage(self) -> str:
        """What its functions do, for the head of the file."""
        n, p, name = self.n_inputs, self.program.theta.size, self.name
        functions = [
            "size_t {0}_workspace(void);",
            "void {0}_forward(size_t B, const double *batch, const double *theta, double *outputs, void *memory);",
            "double {0}_value_and_grad(size_t B, const double *batch, const double *theta, double weight,",
            "        double *grad, void *memory);",
        ]
        batch = f"batch (B, {n})" if n else "no inputs (B is 1, batch may be NULL)"
        told = f"{name}: from {batch} and parameters theta ({p}) to outputs (B, {self.width})"
        if self.program.gradient:
            told += f". {name}_value_and_grad returns weight times their sum, and leaves its gradient in grad ({p})"
        declared = functions if self.program.gradient else functions[:2]
        return "\n".join([textwrap.fill(f"{told}.", WIDTH), "", *(f"    {line.format(name)}" for line in declared)])

    # ---- steps

    def steps(self) -> tuple[dict[str, list[str]], list[str]]:
        """How the steps of each phase are called, and the functions in which they are."""
        calls: dict[str, list[str]] = {}
        functions: list[str] = []
        for phase, steps in self.phases.named():
            grad = "grad" if phase in ("before_backward", "after") else "NULL"
            calls[phase] = self.called(f"steps_{phase}", steps, functions, f"w, theta, {grad}")
        return calls, functions

    def called(self, name: str, steps: Sequence[Step], functions: list[str], arguments: str) -> list[str]:
        """The calls of the functions that run these steps, which are added: several where the steps are many."""
        parts = [steps[start : start + LONG] for start in range(0, len(steps), LONG)]
        names = [f"{self.name}_{name}" + f"_{i + 1}" * (len(parts) > 1) for i in range(len(parts))]
        is_step = arguments.endswith("step")
        kind = "static inline void" if is_step and len(parts) == 1 else "static APART void"
        for each, part in zip(names, parts, strict=True):
            lines = [line for step in part for line in self.lines(step, functions)]
            space, step = f"struct {self.name} *restrict w", ", int step" * is_step
            head = f"{kind} {each}({space}, const double *restrict theta, double *restrict grad{step})"
            functions.append(_function(head, lines))
        return [f"{each}({arguments});" for each in names]

    def lines(self, step: Step, functions: list[str]) -> list[str]:
        """The lines of a step, led by what it computes; a loop calls functions of its own, which are added."""
        if not isinstance(step, Repeat):
            return [_comment(self.told(step)), *self.nests.step(step)]
        times, back = step.loop.times, step.loop.backwards
        each = f"int step = {times - 1}; step >= 0; step--" if back else f"int step = 0; step < {times}; step++"
        self.n_loops += 1
        name = f"loop{self.n_loops}_step{'_back' * back}"
        calls = self.called(name, step.body, functions, "w, theta, grad, step")
        return [_comment(self.told_of_loop(step)), *nested([f"for ({each})"], calls)]

    def told_of_loop(self, repeat: Repeat) -> str:
        """What is in the rows of arrays in each step, and what becomes of it, for people."""
        loop, names, stacks = repeat.loop, self.arrays, self.phases.stacks
        steps = [*in_order(repeat.body)]
        there = dict.fromkeys(array for step in steps for array in (*ir.arrays_read(step.expr), step.target))
        sources = {each.leaf: f"{ir.text(each.source, names)}[step]" for each in loop.stacked}
        told = []
        for array in there:
            place = stacks.place(array)
            if array in sources:
                told.append(f"{names[array]} is {sources[array]}")
            elif place.step and isinstance(place.source, ir.Array) and array not in stacks.stands_for:
                later = " + 1" * (place.start.constant > 0)  # in a history, which has a row more than there are steps
                told.append(f"{names[array]} is {names[place.source]}[step{later}]")
        told += [f"the next {names[c.leaf]} is {ir.text(c.after, names)}" for c in loop.carried if c.leaf in there]
        return f"{loop.times} steps{' back' * loop.backwards}: {', '.join(told)}"

    def told(self, step: ir.Define | ir.Update | Accumulate) -> str:
        """What a step computes, for people."""
        if isinstance(step, Accumulate):
            return f"{self.arrays[step.target]} += {ir.text(step.expr, self.arrays)}"
        return ir.statement_text(step, self.arrays)

    # ---- its own functions

    def workspace(self) -> str:
        """All that a call writes to, and how large it is."""
        fields: dict[str, list[str]] = {"v": [], "double": []}
        columns, others = self.nests.columns, self.others()
        for array, name in self.arrays.items():
            if array in self.phases.stacks.places:
                continue
            told = f"; /* {', '.join(others[array])} */" if array in others else ";"
            if array in columns:
                fields["v"].append(f"{name}[{columns[array].rows} * COLUMNS({columns[array].width})];")
            elif name not in GIVEN and array.size:
                kind = "v" if array.sampled or isinstance(array, Sum) else "double"
                fields[kind].append((name if array.size == 1 else f"{name}[{array.size}]") + told)
        if columns:
            fields["v"].append(f"lanes[LANES * COLUMNS({max(found.width for found in columns.values())})];")
        lines = ["  int n; /* the first lanes, which have a sample */", "  truth kept;", "  v value;"]
        lines += [f"  v {f}" for f in fields["v"]]
        lines += ["  double weight, B;", *(f"  double {f}" for f in fields["double"])]
        struct = f"struct {self.name} {{\n" + "\n".join(lines) + "\n};"
        size = f"size_t {self.name}_workspace(void)\n{{\n  return sizeof(struct {self.name}) + ALIGNMENT;\n}}"
        return f"{struct}\n\n{size}"

    def others(self) -> dict[ir.Array, list[str]]:
        """For an array the others that lie in its memory, from where on."""
        found: dict[ir.Array, list[str]] = {}
        for array, name in self.arrays.items():
            place = self.phases.stacks.place(array)
            source, start = place.source, place.start
            if isinstance(source, ir.Array) and not place.step and name != self.arrays[source]:
                where = f"{self.arrays[source]} + {start}" if start.constant else self.arrays[source]
                found.setdefault(source, []).append(f"{name} is {where}")
        return found

    def load(self) -> str:
        """What brings samples into lanes."""
        n = self.n_inputs
        lines = ["w->n = n;", "w->kept = KEPT_LANES(n);"]
        if n:
            place = "w->x[i]" if n > 1 else "w->x"
            lines += ["EACH(t) {", f"  const double *sample = batch + (t < n ? t : n - 1) * {n};"]
            lines += [f"  for (int i = 0; i < {n}; i++) LANE({place}, t) = sample[i];", "}"]
        told = "/* n samples into lanes; those beyond hold the last sample, and are not kept */"
        return f"{told}\n" + _function(
            f"static void {self.name}_load(struct {self.name} *w, const double *batch, int n)", lines
        )

    def forward(self, calls: Mapping[str, Sequence[str]]) -> str:
        name = self.name
        head = f"void {name}_forward(size_t B, const double *batch, const double *theta, double *outputs, void *memory)"
        lines = [
            f"struct {name} *w = ALIGNED(memory);",
            "w->B = (double)B;",
            *calls["before"],
            *self.loop([*calls["forward"], *self.outputs()]),
        ]
        return _function(head, lines)

    def value_and_grad(self, calls: Mapping[str, Sequence[str]]) -> str:
        name = self.name
        head = (
            f"double {name}_value_and_grad(size_t B, const double *batch, const double *theta, double weight,\n"
            f"        double *grad, void *memory)"
        )
        (output,) = self.phases.outputs
        value = self.nests.element(output, (None,) * len(output.shape)).as_sampled()
        sums = [(self.arrays[total], 0 if total in self.nests.columns else total.size) for total in self.phases.sums]
        lines = [
            f"struct {name} *w = ALIGNED(memory);",
            "w->weight = weight;",
            "w->B = (double)B;",
            "w->value = V(0.0);",
            *(f"memset({'&' * (size == 1)}w->{total}, 0, sizeof w->{total});" for total, size in sums),
            *calls["before"],
            *calls["before_backward"],
            *self.loop([*calls["forward"], f"w->value += KEPT({value});", *calls["backward"]]),
            *calls["after"],
            "return weight * sum(w->value);",
        ]
        return _function(head, lines)

    def loop(self, body: Sequence[str]) -> list[str]:
        """The body, for LANES samples at a time."""
        batch = f"batch + start * {self.n_inputs}" if self.n_inputs else "batch"
        return [
            "for (size_t start = 0; start < B; start += LANES) {",
            "  int n = B - start < LANES ? (int)(B - start) : LANES;",
            f"  {self.name}_load(w, {batch}, n);",
            *(f"  {line}" for line in body),
            "}",
        ]

    def outputs(self) -> list[str]:
        """What writes the outputs of n samples."""
        lines, start = [], 0
        for output in self.phases.outputs:
            size = n_numbers(output)
            i = Position.of("i") if size > 1 else ZERO
            index = tuple(None if isinstance(length, ir.Batch) else i for length in output.shape)
            term = self.nests.element(output, index)
            each = [f"for (int i = 0; i < {size}; i++) {{", "}"] if size > 1 else ["{", "}"]
            place = f"outputs[(start + (size_t)t) * {self.width} + {i + start}]"
            lines += [
                each[0],
                f"  v output = {term.as_sampled()};",
                f"  for (int t = 0; t < n; t++) {place} = LANE(output, t);",
                each[1],
            ]
            start += size
        return lines


_COMPILE = """Rows are contiguous. memory is a place to work in, of as many bytes as ..._workspace() says, for any B:
from malloc, on the stack or static. Calls at the same time need memory of their own, and share nothing else. Numbers
are of IEEE 754: inf and nan are results.

Compile without -ffast-math:
    cc -std=c11 -O2 -ffp-contract=off -march=native -c FILE.c         and link with -lm
-DLANES=1 makes plain C of it, for any compiler; -DLIBMVEC, with -lmvec, takes exp, tanh, ... from glibc's vectors."""

_POW = """
#if defined MVEC_HAS_ALL
v MVEC2(pow)(v, v);
#  define vpow MVEC2(pow)
#elif LANES > 1
static inline v vpow(v x, v y) { EACH(t) LANE(x, t) = pow(LANE(x, t), LANE(y, t)); return x; }
#else
#  define vpow pow
#endif
"""


def _library_function(f: str, is_old: bool) -> str:
    condition = "defined MVEC" if is_old else "defined MVEC_HAS_ALL"
    return f"""
#if {condition}
v MVEC({f})(v);
#  define v{f} MVEC({f})
#elif LANES > 1
static inline v v{f}(v x) {{ EACH(t) LANE(x, t) = {f}(LANE(x, t)); return x; }}
#else
#  define v{f} {f}
#endif
""".strip()


def _names(program: ir.ArrayProgram, found: Phases) -> dict[ir.Array, str]:
    """A name of its own for each array that is read or written, fit for a field of a struct."""
    names, stacks = Names(), found.stacks
    given = {what: name for what, name in program.named(names).items() if isinstance(what, ir.Array)}
    rows = [place.source for place in stacks.places.values() if isinstance(place.source, ir.Array)]
    live = dict.fromkeys([program.inputs, program.theta, *(step.target for step in found.steps), *stacks.places, *rows])
    if program.gradient:
        live[program.gradient] = None
    named_after = {o: array for o, array in stacks.stands_for.items() if {o, array} & stacks.places.keys()}
    for array in live:
        if array not in given and array not in named_after:
            given[array] = names.numbered("total" if isinstance(array, Sum) else "t")
    distinct = _distinct(given)
    for other, array in named_after.items():
        distinct[other] = distinct[array]
    return {array: _plain(name) for array, name in distinct.items() if array in live}


def _distinct(given: Mapping[ir.Array, str]) -> dict[ir.Array, str]:
    """The names in ASCII and apart from C's words, and still each its own."""
    taken = {"n", "kept", "value", "lanes", "weight", "B"}
    found = {}
    for array, name in given.items():
        plain = free = _plain(name)
        i = 1
        while free in taken:
            i += 1
            free = f"{plain}_{i}"
        taken.add(free)
        found[array] = free
    return found


def identifier(name: str) -> str:
    """A name for a program, made of any text.

    >>> identifier("my loss-2"), identifier("2nd"), identifier("loss")
    ('my_loss_2', 'p2nd', 'loss')
    """
    plain = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_")
    return _plain(plain if plain[:1].isalpha() else f"p{plain}")


def _plain(name: str) -> str:
    """A name that C takes for one: neither a word of its own nor all capitals, as macros are.

    >>> _plain("θ1"), _plain("double"), _plain("W1")
    ('u3b8_1', 'double_', 'W1')
    """
    ascii_name = "".join(c if c.isascii() else f"u{ord(c):x}_" for c in name)
    return f"{ascii_name}_" if TAKEN.fullmatch(ascii_name) else ascii_name


def n_numbers(output: ir.Expr) -> int:
    """How many numbers an output of a program is, a sample."""
    lengths = [length for length in output.shape if isinstance(length, int)]
    return lengths[0] if lengths else 1


def _table(name: str, values: npt.NDArray[np.generic]) -> str:
    kind = {"b": "unsigned char", "f": "double"}.get(values.dtype.kind, "int")
    if kind == "double":
        written = [number(value).text for value in values.ravel().tolist()]
    else:
        written = [str(int(value)) for value in values.ravel().tolist()]
    text = f"static const {kind} {name}[] = {{{', '.join(written)}}};"
    return textwrap.fill(text, WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)


def _comment(text: str) -> str:
    lines = textwrap.wrap(text, WIDTH, break_long_words=False, break_on_hyphens=False)
    return "/* " + "\n   ".join(lines) + " */"


def _function(head: str, lines: Sequence[str]) -> str:
    """A function; an argument that its lines do not name is said to be unused, for compilers that warn of it."""
    body = "\n".join(lines)
    arguments = re.findall(r"(\w+)[,)]", head)
    unused = [f"(void){name};" for name in arguments if not re.search(rf"\b{name}\b", body)]
    return "\n".join([head, "{", *(f"  {line}" for line in [*unused, *lines]), "}"])


def _library(used: Set[str]) -> str:
    """The functions that are called, those of C's library first."""
    library = [written for name, written in LIBRARY.items() if name in used]
    has_power = "pow" in used
    lines = [LIBMVEC.strip()] if library or has_power else []
    lines += [_library_function(f, f in SINCE_2_22) for f in library]
    lines += [_POW.strip()] * has_power
    return "\n".join([*lines, *(text.strip() for name, text in FUNCTIONS.items() if name in used)])
