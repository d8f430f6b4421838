"""What the benchmarks measure: every work gives the same numbers by the engine, compiled, by hand and in PyTorch."""

import doctest
from functools import partial

import numpy as np
import pytest

from autograd import functional
from autograd.functional import values
from benchmarks import frameworks, limit, picture, table, targets, work
from benchmarks.targets import TARGETS
from benchmarks.work import CLOSE, Work, difference
from benchmarks.works import WORKS, gpt, recurrences

SMALL = dict(WORKS) | {
    "recurrence": lambda: recurrences.rnn(5),
    "gpt-32": lambda: gpt.of_names(["mia", "ava", "emma"], places=5),
}
SEQUENCES = {f.__name__: partial(f, 5) for f in (recurrences.lstm, recurrences.chain, recurrences.lorenz)}


@pytest.mark.parametrize("target", ["engine", "numpy"])
@pytest.mark.parametrize("name", SMALL | SEQUENCES)
def test_every_target_gives_the_numbers_of_numpy_by_hand(name, target):
    work = (SMALL | SEQUENCES)[name]().first(2)
    found, wanted = TARGETS[target].run(work)(), TARGETS["numpy-by-hand"].run(work)()
    assert difference(found, wanted) < CLOSE


@pytest.mark.parametrize("name", SMALL)
def test_so_does_pytorch_by_hand(name):
    pytest.importorskip("torch")
    work = SMALL[name]().first(2)
    assert difference(frameworks.torch_by_hand(work)(), targets.numpy_by_hand(work)()) < CLOSE


@pytest.mark.parametrize("name", SMALL)
def test_by_hand_gives_the_same_when_it_is_run_again(name):
    work = SMALL[name]().first(3)
    run = targets.numpy_by_hand(work)
    first = [np.copy(part) for part in run()]
    assert difference(run(), first) == 0.0


@pytest.mark.parametrize("k", [0, 1])
def test_a_wrong_number_is_seen(k):
    """In the values and in the gradient, however small the others are."""
    wanted = [np.array([1e-6]), np.array([1.0, 1e6, 3.0])]
    found = [np.copy(part) for part in wanted]
    found[k][0] += 1e-8 * np.max(wanted[k])
    assert difference(found, wanted) > CLOSE
    found[k][0] = np.nan
    assert not difference(found, wanted) <= CLOSE


def test_results_of_other_sizes_are_no_results():
    with pytest.raises(ValueError, match="2 and 3"):
        difference([np.zeros(2)], [np.zeros(3)])


@pytest.mark.parametrize(
    ("record", "shapes", "wanted"),
    [
        (lambda row, w: functional.dot(w, row), [(5,)], 2 * 5 * 7 + 2 * 5 * 7),  # w @ x and weight @ x
        (
            lambda row, w: functional.sum(functional.dot(u, row).tanh() for u in w),
            [(4, 5)],
            2 * 4 * 5 * 7 + 4 * 7 + 3 * 4 * 7 + 2 * 4 * 5 * 7,  # W @ x, its sum, weight * (1 - y * y), that @ x
        ),
        (lambda row, w: row[0].exp() / w[0], [(1,)], 7 + 7),  # weight * y, its sum; not exp, nor what is divided
    ],
)
def test_the_limit_counts_additions_and_multiplications(record, shapes, wanted):
    """Of 7 samples of 5 numbers, forward and backward."""
    theta = np.arange(1.0, 1.0 + sum(map(np.prod, shapes)))
    assert limit.operations(Work("small", shapes, theta, np.ones((7, 5)), record, None)) == wanted


@pytest.mark.parametrize("module", [work, table, picture], ids=lambda module: module.__name__)
def test_examples(module):
    tried = doctest.testmod(module)
    assert tried.attempted > 0
    assert tried.failed == 0


def test_a_gpt_without_knowledge_guesses_one_of_27():
    one = WORKS["gpt-1"]()
    parameters = values(0.0 * one.theta)
    loss = one.record(one.batch[0].tolist(), *work.split(parameters, one.shapes))
    assert loss.data == pytest.approx(np.log(27), rel=1e-12)
    assert len(parameters) == 4192
