"""Loss and gradient of recurrences over many steps: ``python -m benchmarks.compiled_sequences [STEPS ...]``.

An RNN (8 units, 4 inputs, a loss in every step), an LSTM of that size, the chain ``y = sin(w * y + b)`` and the Lorenz
equations by RK4, for 32 samples. Beside the program: the same in C; NumPy by hand, with a loop of its own and gradients
of parameters taken once over all steps; and, up to 250 steps, the program without loops.
"""

from . import one_core  # isort: skip  # noqa: F401  # before NumPy is imported

import os
import sys
import tempfile
from functools import partial
from unittest import mock

from autograd import compile
from autograd.compiler import roll

from .targets import numpy_by_hand
from .timing import shortest
from .work import CLOSE, Work, difference
from .works import recurrences


def compiled(work: Work, target: str):
    """The program, and the processor time that it takes to make it; in C, to build it besides."""
    (loss,), inputs, parameters = work.graph()
    with tempfile.TemporaryDirectory() as directory, mock.patch.dict(os.environ, VALUEGRAD_CACHE=directory):
        start = os.times()
        program = compile(loss, inputs, parameters, target)
        took = [b - a for a, b in zip(start, os.times(), strict=True)]
    return program, sum(took[:4])


def main() -> None:
    for steps in [int(argument) for argument in sys.argv[1:]] or [50, 250, 1000]:
        for made_of in (recurrences.rnn, recurrences.lstm, recurrences.chain, recurrences.lorenz):
            work = made_of(steps)
            made = {name: compiled(work, target) for name, target in {"NumPy": "numpy", "C": "c"}.items()}
            if steps <= 250:
                with mock.patch.object(roll, "SAVED", 10**12):
                    made["NumPy without loops"] = compiled(work, "numpy")
            runs = {
                name: partial(program.value_and_grad, work.batch, theta=work.theta)
                for name, (program, _) in made.items()
            }
            runs["NumPy by hand"] = numpy_by_hand(work)
            for name, run in runs.items():
                off = difference(run(), runs["NumPy by hand"]())
                assert off <= CLOSE, (work.title, name, off)
            best = shortest(runs, 3.0)
            print(work.title)
            for name, took in best.items():
                made_in = f"made in {made[name][1]:.2f} s" if name in made else ""
                print(f"  {name:<20} {took * 1e6:10.1f} µs   NumPy / it {best['NumPy'] / took:6.2f}   {made_in}")


if __name__ == "__main__":
    main()
