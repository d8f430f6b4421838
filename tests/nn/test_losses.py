"""Losses: values and gradients against mpmath at 50 digits, and what they refuse."""

import math

import mpmath
import pytest

from autograd import Value, gradcheck
from autograd.graph import topological_order
from nn import binary_cross_entropy, cross_entropy, hinge, mse


@pytest.fixture(autouse=True)
def fifty_digits():
    with mpmath.workdps(50):
        yield


def exact_mse(z, t):
    return sum((zi - ti) ** 2 for zi, ti in zip(z, t, strict=True)) / len(z)


def exact_binary(z, t):
    p = [1 / (1 + mpmath.exp(-zi)) for zi in z]
    q = [1 / (1 + mpmath.exp(zi)) for zi in z]
    return -sum(ti * mpmath.log(pi) + (1 - ti) * mpmath.log(qi) for pi, qi, ti in zip(p, q, t, strict=True)) / len(z)


def exact_cross(z, t):
    total = sum(mpmath.exp(zi) for zi in z)
    return -sum(ti * mpmath.log(mpmath.exp(zi) / total) for zi, ti in zip(z, t, strict=True))


def exact_hinge(z, t):
    return sum(max(mpmath.mpf(0), 1 - ti * zi) for zi, ti in zip(z, t, strict=True)) / len(z)


CASES = [
    (mse, exact_mse, [0.3], [1.2]),
    (mse, exact_mse, [0.3, -2.0, 5.0], [1.2, 0.0, -1.0]),
    (binary_cross_entropy, exact_binary, [0.7], [1]),
    (binary_cross_entropy, exact_binary, [0.7, -3.0], [0, 0.25]),
    (binary_cross_entropy, exact_binary, [1000.0, -1000.0], [0, 1]),
    (cross_entropy, exact_cross, [0.1, 0.2, -0.4], [0, 1, 0]),
    (cross_entropy, exact_cross, [0.1, 0.2, -0.4], [0.5, 0.25, 0.25]),
    (cross_entropy, exact_cross, [1000.0, -1000.0], [0, 1]),
    (cross_entropy, lambda z, t: exact_cross(z, [0, 0, 1]), [0.1, 0.2, -0.4], 2),
    (cross_entropy, lambda z, t: exact_cross(z, [0, 0, 1]), [0.1, 0.2, -0.4], [2.0]),
    (cross_entropy, lambda z, t: exact_cross(z, [1, 0]), [0.3, 700.0], [0]),
    (hinge, exact_hinge, [0.25], [-1]),
    (hinge, exact_hinge, [0.25, 3.0, -2.0], [1, 1, 1]),
]


@pytest.mark.parametrize(("loss", "exact", "outputs", "targets"), CASES)
def test_values(loss, exact, outputs, targets):
    wanted = exact([mpmath.mpf(z) for z in outputs], targets)
    assert loss([Value(z) for z in outputs], targets).data == pytest.approx(float(wanted), rel=1e-15)


@pytest.mark.parametrize(("loss", "exact", "outputs", "targets"), CASES)
def test_gradients(loss, exact, outputs, targets):
    values = [Value(z) for z in outputs]
    loss(values, targets).backward()
    for i, value in enumerate(values):

        def along(x, i=i):
            point = [mpmath.mpf(z) for z in outputs]
            point[i] = x
            return exact(point, targets)

        wanted = float(mpmath.diff(along, mpmath.mpf(outputs[i])))
        assert value.grad == pytest.approx(wanted, rel=1e-12, abs=1e-18)


@pytest.mark.parametrize(("loss", "exact", "outputs", "targets"), CASES[:2] + CASES[5:7])
def test_second_derivatives(loss, exact, outputs, targets):
    assert gradcheck(lambda *z: loss(z, targets), outputs, order=2)


def test_targets_may_be_values_that_stand_for_numbers():
    target = Value(1.0)
    loss = mse([Value(3.0)], [target])
    loss.backward()
    assert (loss.data, target.grad) == (4.0, -4.0)


@pytest.mark.parametrize("index", range(3))
def test_a_class_index_that_is_a_value_gives_the_same_graph_for_every_class(index):
    logits = [Value(z) for z in (0.1, 0.2, -0.4)]
    loss = cross_entropy(logits, Value(float(index)))
    plain = [Value(z.data) for z in logits]
    wanted = cross_entropy(plain, index)
    loss.backward()
    wanted.backward()
    assert loss.data == wanted.data
    assert [z.grad for z in logits] == pytest.approx([z.grad for z in plain], rel=1e-15)
    kinds = [node.op for node in topological_order(loss)]
    assert kinds == [node.op for node in topological_order(cross_entropy(logits, [Value(0.0)]))]


Z = [Value(0.5), Value(-0.5)]
NAN, INF = math.nan, math.inf


@pytest.mark.parametrize(
    ("loss", "outputs", "targets", "error", "message"),
    [
        (mse, Z, [1.0], ValueError, "got 1 for 2 outputs"),
        (mse, [], [], ValueError, "got 0 for 0 outputs"),
        (mse, Z[0], [1.0], TypeError, "mse takes a list of outputs, got Value"),
        (mse, Z, 1.0, TypeError, "mse takes a list of targets, got float"),
        (mse, Z, [1.0, "a"], TypeError, "mse: target 1 is 'a', wanted a finite number"),
        (hinge, Z, [None, 1.0], TypeError, "hinge: target 0 is None, wanted -1 or 1"),
        (mse, Z, [1.0, NAN], ValueError, "target 1 is nan, wanted a finite number"),
        (mse, Z, [INF, 1.0], ValueError, "target 0 is inf"),
        (binary_cross_entropy, Z, [0, 2], ValueError, r"target 1 is 2\.0, wanted a probability"),
        (binary_cross_entropy, Z, [-1, 1], ValueError, r"target 0 is -1\.0"),
        (binary_cross_entropy, Z, [NAN, 1], ValueError, "target 0 is nan"),
        (cross_entropy, Z, [1, 1], ValueError, r"sum to 2\.0"),
        (cross_entropy, Z[:1], [1], ValueError, "two or more classes"),
        (cross_entropy, Z, 2, ValueError, r"target 0 is 2\.0, wanted a class index from 0 to 1"),
        (cross_entropy, Z, [0.5], ValueError, r"target 0 is 0\.5, wanted a class index"),
        (cross_entropy, Z, -1, ValueError, r"target 0 is -1\.0, wanted a class index"),
        (cross_entropy, Z, None, TypeError, "target 0 is None, wanted a class index"),
        (cross_entropy, Z, [Value(NAN)], ValueError, "target 0 is nan"),
        (cross_entropy, Z, [], ValueError, "got 0 for 2 outputs"),
        (cross_entropy, Z, [2, -1], ValueError, r"target 0 is 2\.0"),
        (hinge, Z, [0, 1], ValueError, r"target 0 is 0\.0, wanted -1 or 1"),
        (hinge, Z, [NAN, 1], ValueError, "target 0 is nan"),
    ],
)
def test_wrong_targets_are_refused(loss, outputs, targets, error, message):
    with pytest.raises(error, match=message):
        loss(outputs, targets)
