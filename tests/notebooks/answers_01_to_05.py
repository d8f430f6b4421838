"""Answers to the exercises of lessons 1 to 5: right ones, and the usual wrong ones with what is said to them."""

import math
from collections import defaultdict

import numpy as np

from autograd import Value
from autograd.graph import topological_order


def product(a, b):
    return (a + b) * (a - b)


def neuron(xs, ws, b):
    for x, w in zip(xs, ws, strict=True):
        b = b + w * x
    return b.tanh()


def descend(cost, w, rate, steps):
    leaf, path = Value(w), [w]
    for _ in range(steps):
        leaf.zero_grad()
        cost(leaf).backward()
        leaf.data -= rate * leaf.grad
        path.append(leaf.data)
    return path


def descend_without_zeroing(cost, w, rate, steps):
    leaf, path = Value(w), [w]
    for _ in range(steps):
        cost(leaf).backward()
        leaf.data -= rate * leaf.grad
        path.append(leaf.data)
    return path


def distance(xs, ys):
    return sum((x - y) ** 2 for x, y in zip(xs, ys, strict=True))


def unrecorded_distance(xs, ys):
    total = Value(0.0)
    for x, y in zip(xs, ys, strict=True):
        total.data += ((x - y) ** 2).data
    return total


def half_recorded_distance(xs, ys):
    first, *others = ((x - y) ** 2 for x, y in zip(xs, ys, strict=True))
    return first + sum(other.data for other in others)


def step(w1, b1, w2, b2, x, target, rate, order="old"):
    a1 = 1 / (1 + math.exp(-(w1 * x + b1)))
    a2 = 1 / (1 + math.exp(-(w2 * a1 + b2)))
    dz2 = -(target - a2) * a2 * (1 - a2)
    new = w2 - rate * dz2 * a1
    dz1 = dz2 * {"old": w2, "new": new, "none": 1.0}[order] * a1 * (1 - a1)
    return [w1 - rate * dz1 * x, b1 - rate * dz1, new, b2 - rate * dz2]


def slopes(f, numbers, nudge=1e-6, put_back=True, copies=False, sign=1.0, divisor=1.0):
    numbers = list(numbers) if copies else numbers
    found = []
    for i in range(len(numbers)):
        before = f(numbers)
        numbers[i] += nudge
        found.append(sign * (f(numbers) - before) / (nudge * divisor))
        if put_back:
            numbers[i] -= nudge
    return found


def slopes_on_top(f, numbers):
    """Each nudge stays, and is measured against the start."""
    numbers, before = list(numbers), f(numbers)
    found = []
    for i in range(len(numbers)):
        numbers[i] += 1e-6
        found.append((f(numbers) - before) / 1e-6)
    return found


def slopes_restoring(f, numbers, **how):
    given = list(numbers)
    found = slopes(f, numbers, copies=True, **how)
    assert numbers == given
    return found


def gradients_of(root, order=topological_order):
    gradients = defaultdict(float, {root: 1.0})
    for node in reversed(order(root)):
        for parent, partial in zip(node.parents, node.partials, strict=True):
            gradients[parent] += gradients[node] * partial
    return gradients


def depth_first(root):
    order, seen, stack = [], set(), [root]
    while stack:
        node = stack.pop()
        if node not in seen:
            seen.add(node)
            order.append(node)
            stack.extend(node.parents)
    return order[::-1]


def paths(root, leaf):
    counts = defaultdict(int, {root: 1})
    for node in reversed(topological_order(root)):
        for parent in node.parents:
            counts[parent] += counts[node]
    return counts[leaf]


def walked_paths(root, leaf):
    return 1 if root is leaf else sum(walked_paths(parent, leaf) for parent in root.parents)


def joint_step(cost, weights, rate):
    for weight in weights:
        weight.zero_grad()
    cost(weights).backward()
    for weight in weights:
        weight.data -= rate * weight.grad


def step_in_turns(cost, weights, rate):
    for weight in weights:
        cost(weights).backward()
        weight.data -= rate * weight.grad


def joint_step_without_zeroing(cost, weights, rate):
    cost(weights).backward()
    for weight in weights:
        weight.data -= rate * weight.grad


def leaky(z):
    return z.relu() - 0.1 * (-z).relu()


def dead(layer, samples):
    outputs = [[out.data for out in layer(sample)] for sample in samples]
    return sum(all(row[k] == 0 for row in outputs) for k in range(len(outputs[0])))


def silences(layer, samples, count=any):
    outputs = [[out.data for out in layer(sample)] for sample in samples]
    return sum(count(row[k] == 0 for row in outputs) for k in range(len(outputs[0])))


SHARED = Value(3.0), Value(2.0)
LAYERS = dict.fromkeys(("price", "digit", "photograph"), "linear")

RIGHT = [
    ("1.1", 0.5),
    ("1.1", Value(0.5)),
    ("1.2", product(*SHARED)),
    ("1.3", neuron),
    ("1.4", 14),
    ("1.5", distance),
    ("2.1", 0.001532),
    ("2.2", -0.03763),
    ("2.3", 0.2),
    ("2.4", step),
    ("2.4", lambda *given: np.array(step(*given))),
    ("2.5", slopes_restoring),
    ("2.5", lambda f, numbers: slopes_restoring(f, numbers, nudge=-1e-4)),
    ("3.1", 16),
    ("3.2", ["a", "b", "c", "p", "q", "r"]),
    ("3.2", ("c", "a", "q", "b", "p", "r")),
    ("3.3", 14),
    ("3.4", gradients_of),
    ("3.5", paths),
    ("4.1", 0.2),
    ("4.2", 1.5),
    ("4.3", descend),
    ("4.4", 8),
    ("4.5", joint_step),
    ("5.1", 0.64),
    ("5.2", [0.25, 0.75]),
    ("5.2", np.array([0.25, 0.75])),
    ("5.2", [Value(0.25), Value(0.75)]),
    ("5.3", {"price": "linear", "digit": "softmax", "photograph": "sigmoid"}),
    ("5.4", 0.875),
    ("5.5", leaky),
    ("5.5", lambda z: z.maximum(0.1 * z)),
    ("5.6", dead),
    ("5.6", lambda layer, samples: silences(layer, samples, all)),
]

WRONG = [
    ("1.1", -0.5, "the bias is missing"),
    ("1.1", 3.5, "the second input is −1"),
    ("1.1", 2.5, "added once"),
    ("1.1", math.tanh(0.5), "asked for is z"),
    ("1.1", 7, "plus the bias"),
    ("1.1", "half", "the answer is a number, and this is a str"),
    ("1.1", True, "this is a bool"),
    ("1.2", 5.0, "remembers nothing"),
    ("1.2", Value(3.0) + 1, "holds 4"),
    ("1.2", Value(5.0), "the leaves of this graph: 5"),
    ("1.2", (Value(3.0) + Value(2.0)) * (SHARED[0] - SHARED[1]), "the leaves of this graph: 3, 2, 3, 2"),
    ("1.2", SHARED[0] * SHARED[0] - SHARED[1] * SHARED[1], "has mul, mul, sub"),
    ("1.3", Value(1.0), "hand in the function"),
    ("1.3", lambda xs, ws, b: None, "did you return"),
    ("1.3", lambda xs, ws, b: b + sum(w * x for w, x in zip(ws, xs, strict=True)), "the activation is missing"),
    ("1.3", lambda xs, ws, b: sum(w * x for w, x in zip(ws, xs, strict=True)).tanh(), "the bias is missing"),
    ("1.3", lambda xs, ws, b: sum(w * x + b for w, x in zip(ws, xs, strict=True)).tanh(), "not once for each input"),
    ("1.3", lambda xs, ws, b: (b + sum(w * x for w, x in zip(ws, xs, strict=True))).sigmoid(), "that is the sigmoid"),
    ("1.3", lambda xs, ws, b: (b + ws[0] * xs[0]).tanh(), "only the first input"),
    ("1.3", lambda xs, ws, b: b.exp(), "is asked for"),
    ("1.4", 30, "25 + 5"),
    ("1.4", 12, "9 + 3"),
    ("1.4", 28, "the other way round"),
    ("1.4", 9, "z is y + x"),
    ("1.4", 1, "which number does y hold"),
    ("1.5", 3.0, "the function itself"),
    ("1.5", unrecorded_distance, "does not remember it"),
    ("1.5", half_recorded_distance, "some are missing"),
    ("1.5", lambda xs, ys: None, "did you return"),
    ("1.5", lambda xs, ys: sum(x - y for x, y in zip(xs, ys, strict=True)), "gave 1, wanted 5"),
    ("1.5", lambda xs: xs, "ends with TypeError"),
    ("2.1", 0.003064, "twice too large"),
    ("2.1", 0.010214, "dz1/dx, is still missing"),
    ("2.1", 0.0010214, "that is dE/dw1"),
    ("2.1", -0.001532, "the sign is wrong"),
    ("2.1", 1, "go back from E"),
    ("2.2", 0.03763, "the sign is wrong"),
    ("2.2", -0.07525, "twice too large"),
    ("2.2", -0.18475, "the slope of the sigmoid"),
    ("2.2", -0.02266, "that is dE/dw2"),
    ("2.2", 0.09476, "the old target"),
    ("2.2", 3, "two factors"),
    ("2.3", 0.8, "the other way round"),
    ("2.3", 0.4, "twice as long"),
    ("2.3", 5, "rate · gradient"),
    ("2.4", lambda *given: step(*given, order="new"), "w1 and b1 are a little off"),
    ("2.4", lambda *given: step(*given, order="none"), "for w1, wanted"),
    ("2.4", lambda *given: step(*given[:-1], -given[-1]), "for w1, wanted"),
    ("2.4", lambda *given: step(*given)[:2], "this one has 2"),
    ("2.4", 0.4, "the function itself"),
    ("2.5", lambda f, numbers: slopes(f, numbers, put_back=False), "put each number back"),
    ("2.5", slopes_on_top, "the first nudge is still there"),
    ("2.5", lambda f, numbers: slopes_restoring(f, numbers, sign=-1.0), "the signs are wrong"),
    ("2.5", lambda f, numbers: slopes_restoring(f, numbers, divisor=0.5), "2 times too large"),
    ("2.5", lambda f, numbers: slopes_restoring(f, numbers, divisor=1e6), "divide each by the nudge"),
    ("2.5", lambda f, numbers: [1.0, 2.0, 3.0], "yours are 1, 2, 3"),
    ("2.5", lambda f, numbers: f(numbers), "a list of 3 numbers"),
    ("3.1", 31, "every_path"),
    ("3.1", 32, "one doubling too many"),
    ("3.1", 8, "multiply"),
    ("3.1", 4, "counts steps or nodes"),
    ("3.1", 100, "the choices multiply"),
    ("3.2", "abcpqr", "a list of names"),
    ("3.2", ["a", "b", "c", "p", "q"], "missing: r"),
    ("3.2", ["a", "b", "c", "p", "q", "r", "q"], "too many: q"),
    ("3.2", ["r", "p", "q", "a", "b", "c"], "p was made from a, so a comes before it"),
    ("3.2", ["a", "b", "p", "q", "c", "r"], "q was made from c"),
    ("3.3", 7, "after one call"),
    ("3.3", 10, "the derivative of 3x is 3"),
    ("3.3", 21, "three calls"),
    ("3.3", 0, "second call adds"),
    ("3.4", lambda root: gradients_of(root, depth_first), "is each node's gradient complete"),
    ("3.4", lambda root: {root: 1.0}, "there is no gradient of a"),
    ("3.4", lambda root: None, "the dictionary of all gradients"),
    ("3.5", walked_paths, "it walks each path"),
    ("3.5", lambda root, leaf: len(topological_order(root)), "4 paths from a to c"),
    ("3.5", lambda root, leaf: paths(root, leaf) or 1, "that is 0"),
    ("3.5", lambda root, leaf: min(paths(root, leaf), 100), "make 4096 paths"),
    ("4.1", 0.1, "the best rate"),
    ("4.1", 10, "that is the curvature"),
    ("4.1", 0.4, "you forgot the factor 2"),
    ("4.1", 0.25, "squared before the mean"),
    ("4.1", 3, "stays below 2/J''"),
    ("4.2", 0.5, "uphill"),
    ("4.2", 1.25, "you forgot the factor 2"),
    ("4.2", 2.0, "divide the sum over the two points"),
    ("4.2", 1.2, "multiplied by its x"),
    ("4.2", -10, "now take the step"),
    ("4.2", 9, "over the points"),
    ("4.3", [0.0], "hand in the function"),
    ("4.3", lambda cost, w, rate, steps: None, "a list of 5 numbers"),
    ("4.3", lambda cost, w, rate, steps: descend(cost, w, rate, steps)[1:], "gave 4 weights, wanted 5"),
    ("4.3", lambda cost, w, rate, steps: [Value(x) for x in descend(cost, w, rate, steps)], "gave Values"),
    ("4.3", descend_without_zeroing, "the gradient of the last step"),
    ("4.3", lambda cost, w, rate, steps: descend(cost, w, -rate, steps), "uphill"),
    ("4.3", lambda cost, w, rate, steps: descend(cost, 1.0, rate, steps), "begins with the start"),
    ("4.3", lambda cost, w, rate, steps: descend(cost, w, 2 * rate, steps), "after step 1"),
    ("4.4", 7, "not quite"),
    ("4.4", 9, "already"),
    ("4.4", 1, "overshoots"),
    ("4.4", 20, "is halved"),
    ("4.5", step_in_turns, "Where does the first weight stand"),
    ("4.5", joint_step_without_zeroing, "the gradient of the step before"),
    ("4.5", lambda cost, weights, rate: joint_step(cost, weights, -rate), "its rate · gradient less"),
    ("4.5", lambda cost, weights, rate: weights[5], "ends with IndexError"),
    ("5.1", 0.24, "the rule of the sigmoid"),
    ("5.1", 0.4, "the a is squared"),
    ("5.1", 0.36, "1 less that"),
    ("5.1", 1 - math.tanh(0.6) ** 2, "0.6 is a, not z"),
    ("5.1", 2, "1 − tanh²"),
    ("5.2", [0.75, 0.25], "the other way round"),
    ("5.2", [1, 3], "divide each by their sum"),
    ("5.2", [0.5, 0.75], "the sigmoid of each"),
    ("5.2", [0, 1], "e⁰ is 1"),
    ("5.2", [0.2, 0.7], "these to 0.9"),
    ("5.2", [0.4, 0.6], "is 3"),
    ("5.2", 0.25, "a list of 2 numbers"),
    ("5.2", [0.25], "this one has 1"),
    ("5.3", "softmax", "the dictionary"),
    ("5.3", LAYERS | {"price": "softsign"}, "choose among"),
    ("5.3", LAYERS | {"price": "sigmoid"}, "it lies between 0 and 1"),
    ("5.3", LAYERS | {"price": "relu"}, "never negative"),
    ("5.3", LAYERS | {"digit": "sigmoid"}, "need not sum to 1"),
    ("5.3", LAYERS | {"digit": "tanh"}, "tanh does not give probabilities"),
    ("5.3", LAYERS | {"digit": "softmax", "photograph": "softmax"}, "compete"),
    ("5.3", LAYERS | {"digit": "softmax"}, "linear does not give that"),
    ("5.4", 0.625, "the others still send"),
    ("5.4", 0.75, "one that is active is enough"),
    ("5.4", 0.5, "all three samples are active"),
    ("5.4", 1, "the bound 2/J''"),
    ("5.4", 0.9, "not the smallest"),
    ("5.4", 1.75, "J'(2) = 2 · 2"),
    ("5.4", 3, "no more than 0"),
    ("5.5", lambda z: z.relu() + 0.1 * z, "both terms count"),
    ("5.5", lambda z: z.relu(), "leaky(-2.0) gave 0, wanted -0.2"),
    ("5.5", lambda z: Value(leaky(z).data), "no gradient comes back"),
    ("5.5", lambda z: z + leaky(z).data - z.data, "its slope is 1, wanted 0.1"),
    ("5.6", silences, "not for one"),
    ("5.6", lambda layer, samples: 4 - dead(layer, samples), "that are alive"),
    ("5.6", lambda layer, samples: 0, "gave 0, wanted 2"),
    (
        "5.6",
        lambda layer, samples: sum(out.data == 0 for sample in samples for out in layer(sample)),
        "that counts outputs of 0",
    ),
]
