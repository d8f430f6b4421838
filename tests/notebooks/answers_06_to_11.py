"""Answers to the exercises of lessons 6 to 11: right ones, and the usual wrong ones with what is said to them."""

import math

import numpy as np

from autograd import Operation, Value, compile
from autograd.functional import softmax
from nn import Layer, Module, Neuron, cross_entropy


def compiled(n_inputs=3, n_outputs=5, activation="tanh", declared=True):
    x = [Value(1.0) for _ in range(n_inputs)]
    outputs = Layer(n_inputs, n_outputs, activation, seed=0)(x)
    return compile(outputs, x if declared else [])


def one_bias():
    """Five neurons that share the weights of one."""
    x = [Value(1.0) for _ in range(3)]
    neuron = Neuron(3, "tanh", seed=0)
    return compile([neuron(x) for _ in range(5)], x)


def skipping(layers, values, cut=False):
    for layer in layers:
        values = [out + (value.data if cut else value) for value, out in zip(values, layer(values), strict=True)]
    return values


def signals(model, samples):
    """What each layer gives, one list for all samples."""
    found = [[] for _ in model.layers]
    for values in samples:
        for numbers, layer in zip(found, model.layers, strict=True):
            values = layer(values)
            numbers += [value.data for value in values]
    return [np.array(numbers) for numbers in found]


def sizes(model, samples):
    return [np.sqrt(np.mean(numbers**2)) for numbers in signals(model, samples)]


def sizes_of_inputs(model, samples):
    """Each layer reads the inputs, or as many of what comes before as it takes."""
    first = sizes(model, samples)[0]
    return [first, 2 * first]


def shuffle(points, targets, seed):
    order = np.random.default_rng(seed).permutation(len(points))
    return points[order], targets[order]


def shuffle_apart(points, targets, seed):
    random = np.random.default_rng(seed)
    return random.permutation(points), random.permutation(targets)


def best_epoch(losses, patience):
    best = 0
    for epoch, loss in enumerate(losses):
        if loss < losses[best]:
            best = epoch
        elif epoch - best >= patience:
            break
    return best + 1


def last_epoch(losses, patience):
    best = best_epoch(losses, patience)
    return min(best + patience, len(losses))


def loss_of(logits, target):
    return cross_entropy(logits, target)


def top(logits, classes, k):
    return np.mean([c in np.argsort(row)[-k:] for row, c in zip(logits, classes, strict=True)])


def by_hand(weights, b, x, t, reduce=np.sum):
    a = np.tanh(weights @ x + b)
    dz = 2 / x.shape[1] * (a - t) * (1 - a * a)
    return dz @ x.T, reduce(dz, axis=1, keepdims=True)


def shifted(scores):
    largest = max(score.data for score in scores)
    powers = [(score - largest).exp() for score in scores]
    return [power / sum(powers) for power in powers]


def as_given(scores):
    powers = [score.exp() for score in scores]
    return [power / sum(powers) for power in powers]


def of_scores(scores):
    return [score / sum(scores) for score in scores]


def without_memory(scores):
    return [Value(weight.data) for weight in shifted(scores)]


def far_shifted(scores):
    powers = [(score - 5000).exp() for score in scores]
    return [power / sum(powers) for power in powers]


def chances(logits, temperature):
    powers = np.exp(np.array(logits) / temperature)
    return list(powers / powers.sum())


def softsign(partial="1 / (1 + abs(x)) ** 2", forward="x / (1 + abs(x))"):
    return Operation("softsign", "softsign", forward, (partial,))


class Resonance(Module):
    remembers = True

    def __init__(self):
        self.height, self.centre, self.width = Value(1.0), Value(0.0), Value(1.0)

    def __call__(self, inputs):
        centre = self.centre if self.remembers else self.centre.data
        return self.height / (1 + ((inputs[0] - centre) / self.width) ** 2)


class Flat(Resonance):
    def __call__(self, inputs):
        return self.height * (1 + 0 * (inputs[0] - self.centre) / self.width)


class Steep(Resonance):
    def __call__(self, inputs):
        return self.height / (1 + ((inputs[0] - self.centre) / (2 * self.width)) ** 2)


class Forgetful(Resonance):
    remembers = False


class Deaf(Resonance):
    def __call__(self, inputs):
        return super().__call__(inputs).data


class Nameless(Module):
    def __init__(self):
        self.numbers = [Value(1.0), Value(0.0), Value(1.0)]


class Plain:
    height = centre = width = 1.0


RIGHT = [
    ("6.1", 0.25**5),
    ("6.1", 0.000977),
    ("6.2", 0.2),
    ("6.3", 243),
    ("6.4", skipping),
    ("6.5", sizes),
    ("6.5", lambda model, samples: np.array(sizes(model, samples))),
    ("7.1", 160),
    ("7.3", 0.05),
    ("7.2", 4),
    ("7.4", shuffle),
    ("7.5", best_epoch),
    ("8.1", 3760),
    ("8.2", 0.75),
    ("8.3", "half or fewer"),
    ("8.4", loss_of),
    ("8.4", lambda logits, target: -sum(t * p.log() for t, p in zip(target, softmax(logits), strict=True))),
    ("8.5", top),
    ("9.1", [20, 100]),
    ("9.1", (20, 100)),
    ("9.2", 1.0),
    ("9.3", compiled()),
    ("9.4", 12),
    ("9.5", by_hand),
    ("9.5", lambda *given: tuple(np.squeeze(part) for part in by_hand(*given))),
    ("10.1", math.log(100)),
    ("10.1", 4.605),
    ("10.2", 6496),
    ("10.3", shifted),
    ("10.4", chances),
    ("10.4", lambda logits, temperature: np.array(chances(logits, temperature))),
    ("11.1", math.tanh(0.5)),
    ("11.1", 0.462),
    ("11.2", 2),
    ("11.3", softsign()),
    ("11.3", softsign("(1 - abs(out)) ** 2")),
    ("11.4", Resonance),
    ("11.4", lambda: Resonance()),
]

WRONG = [
    ("6.1", 0.25**4, "count the neurons"),
    ("6.1", 0.25**6, "count the neurons"),
    ("6.1", 1.25, "not added up"),
    ("6.1", 0.5**5, "the slope there"),
    ("6.1", 0.25, "for one neuron"),
    ("6.1", 7, "one factor for each neuron"),
    ("6.1", "small", "the answer is a number"),
    ("6.2", 0.04, "the variance"),
    ("6.2", 0.141421, "forgot the 2"),
    ("6.2", 5, "upside down"),
    ("6.2", 1, "√(2 / n)"),
    ("6.3", 729, "not itself a factor"),
    ("6.3", 15, "no sum"),
    ("6.3", 3, "all six layers"),
    ("6.3", 10, "how many other weights"),
    ("6.4", lambda layers, values: skipping(layers, values, cut=True), "the shortcut is a plain number"),
    ("6.4", lambda layers, values: layers[2](layers[1](layers[0](values))), "wanted"),
    ("6.4", lambda layers, values: skipping(layers, values)[:1], "this one has 1"),
    ("6.4", lambda layers, values: [out.data for out in skipping(layers, values)], "a list of Values"),
    (
        "6.4",
        lambda layers, values: [Value(out.data) for out in skipping(layers, values)],
        "the gradient at the first input",
    ),
    ("6.4", [1, 2], "the function itself"),
    ("6.5", lambda *given: [size**2 for size in sizes(*given)], "take the root"),
    ("6.5", lambda *given: [x.mean() for x in signals(*given)], "square first"),
    ("6.5", lambda *given: [abs(x).mean() for x in signals(*given)], "without a sign"),
    ("6.5", lambda *given: [np.sqrt(np.sum(x**2)) for x in signals(*given)], "divide by how many"),
    ("6.5", lambda model, samples: sizes(model, samples[-1:]), "the last sample alone"),
    ("6.5", sizes_of_inputs, "what does it read"),
    ("6.5", lambda *given: [0.0, 0.0], "the first layer should be"),
    ("7.1", 155, "the last batch of each epoch"),
    ("7.1", 156.25, "no parts of a step"),
    ("7.1", 157, "do not reach over"),
    ("7.1", 32, "of one epoch"),
    ("7.1", 5000, "how many points are visited"),
    ("7.1", 1, "count the batches"),
    ("7.3", 5, "the learning rate times v"),
    ("7.3", 0.1, "momentum 0.9"),
    ("7.3", 0.018, "the second step"),
    ("7.3", 0.01, "the first step"),
    ("7.3", 0.0125, "and μ is 0.8"),
    ("7.3", 1, "v grows to"),
    ("7.2", 3, "counted from 1"),
    ("7.2", 7, "the last epoch"),
    ("7.2", 0.41, "after which epoch"),
    ("7.2", 5, "the one before"),
    ("7.2", 1, "the lowest held-out loss"),
    ("7.4", shuffle_apart, "one and the same order"),
    ("7.4", lambda points, targets, seed: (points, targets), "nothing has moved"),
    ("7.4", lambda points, targets, seed: shuffle(points, targets, 0), "another seed gives the same"),
    ("7.4", lambda points, targets, seed: shuffle(points, targets, None), "draw it from default_rng(seed)"),
    ("7.4", lambda points, targets, seed: (np.sort(points.ravel())[::-1].reshape(30, 2), targets), "have changed"),
    ("7.4", lambda points, targets, seed: (points[:5], targets[:5]), "arrays of shape"),
    ("7.4", lambda points, targets, seed: points, "as a pair"),
    ("7.5", lambda losses, patience: best_epoch(losses, patience) - 1, "counted from 1"),
    ("7.5", lambda losses, patience: 1 + int(np.argmin(losses)), "looks ahead"),
    ("7.5", last_epoch, "the epoch at which it stops"),
    ("7.5", lambda losses, patience: 20, "gave 20, wanted 3"),
    ("8.1", 3700, "forgot the biases"),
    ("8.1", 3250, "the hidden layer's"),
    ("8.1", 3750, "all neurons have a bias"),
    ("8.1", 124, "inputs and neurons"),
    ("8.1", 9, "add them up"),
    ("8.2", 6 / 9, "the last column"),
    ("8.2", 22 / 28, "accuracy over all classes"),
    ("8.2", 0.25, "read wrong"),
    ("8.2", 6, "not a part of 1"),
    ("8.2", 0.1, "the diagonal"),
    ("8.3", "nearly all", "which pixels are neighbours"),
    ("8.3", "about three in four", "which pixels are neighbours"),
    ("8.3", 0.5, "choose among"),
    ("8.4", lambda logits, target: cross_entropy(softmax(logits), target), "softmax is taken twice"),
    ("8.4", lambda logits, target: -1.0 * cross_entropy(logits, target), "wanted 0.2413"),
    ("8.4", lambda logits, target: Value(cross_entropy(logits, target).data), "p − t at each logit"),
    ("8.4", lambda logits, target: None, "did you return"),
    ("8.5", lambda logits, classes, k: top(logits, classes, k) * 4, "divide by how many"),
    ("8.5", lambda logits, classes, k: top(-logits, classes, k), "the smallest logits"),
    ("8.5", lambda logits, classes, k: top(logits, classes, 1), "for k = 1"),
    ("8.5", lambda logits, classes, k: 0.9, "wanted 0.25"),
    ("9.1", [100, 20], "the other way round"),
    ("9.1", [20, 30], "that is W alone"),
    ("9.1", [30, 100], "that is x"),
    ("9.1", [1, 1], "rows of the left factor"),
    ("9.1", [20, 30, 100], "this one has 3"),
    ("9.2", [0.1, 0.2, 0.3, 0.4], "one number"),
    ("9.2", 0.25, "once too often"),
    ("9.2", 4, "nothing is left to multiply"),
    ("9.2", 3, "added up"),
    ("9.3", Layer(3, 5, "tanh"), "this is a Layer"),
    ("9.3", Layer(3, 5, "tanh")([1.0, 2.0, 3.0]), "not yet compiled"),
    ("9.3", compiled(declared=False), "Name the inputs"),
    ("9.3", compiled(n_inputs=4), "cannot be called"),
    ("9.3", compiled(n_outputs=4), "5 outputs for each"),
    ("9.3", one_bias(), "it has 4 parameters"),
    ("9.3", compiled(activation="relu"), "beyond 1"),
    ("9.3", compiled(activation="sigmoid"), "far from 0"),
    ("9.4", 192, "no loop in it"),
    ("9.4", 120, "called with 3"),
    ("9.4", 3, "replayed for every number"),
    ("9.4", 24, "three doublings"),
    ("9.4", 6, "one doubling"),
    ("9.4", 5, "how many doublings"),
    ("9.5", lambda *given: by_hand(*given, reduce=np.mean), "5 times too small"),
    ("9.5", lambda *given: by_hand(*given, reduce=np.max), "db should be"),
    ("9.5", lambda w, b, x, t: (by_hand(w, b, x, t)[0].T, b), "yours has the shape (3, 2)"),
    ("9.5", lambda w, b, x, t: (w, b), "and other numbers"),
    ("9.5", lambda w, b, x, t: (by_hand(w, b, x, t)[0], 1.0), "for each of the 2 neurons"),
    ("9.5", lambda w, b, x, t: w, "as a pair"),
    ("10.1", 2, "base 10"),
    ("10.1", math.log2(100), "base 2"),
    ("10.1", 0.01, "the surprise"),
    ("10.1", math.log(27), "with 27 signs"),
    ("10.1", 7, "minus the logarithm"),
    ("10.1", "much", "the answer is a number"),
    ("10.2", 4448, "the network within has grown"),
    ("10.2", 6240, "places are twice as many"),
    ("10.2", 5472, "one of the network's two tables"),
    ("10.2", 8384, "start from 4,192"),
    ("10.3", as_given, "nan for the scores"),
    ("10.3", far_shifted, "nan for the scores"),
    ("10.3", of_scores, "wanted 0.3127"),
    ("10.3", without_memory, "their gradient is not"),
    ("10.3", lambda scores: shifted(scores)[:1], "it gives 1 weights"),
    ("10.3", lambda scores: tuple(shifted(scores)), "returns a list of Values"),
    ("10.3", lambda: None, "ends with TypeError"),
    ("10.3", [0.5, 0.5], "the function itself"),
    ("10.4", lambda logits, temperature: chances(logits, 1.0), "makes no difference"),
    ("10.4", lambda logits, temperature: chances(logits, 1 / temperature), "divide by it"),
    ("10.4", lambda logits, temperature: [2 * p for p in chances(logits, temperature)], "1 in sum"),
    ("10.4", lambda logits, temperature: chances(logits, temperature)[::-1], "wanted"),
    ("10.4", lambda logits, temperature: [1.0], "this one has 1"),
    ("10.4", 0.5, "the function itself"),
    ("11.1", math.log(math.cosh(0.5)), "not its slope"),
    ("11.1", 1 / math.cosh(0.5), "times that of cosh"),
    ("11.1", math.sinh(0.5), "times that of the logarithm"),
    ("11.1", math.tan(0.5), "cosh is not cos"),
    ("11.1", -math.tan(0.5), "without a minus"),
    ("11.1", -math.tanh(0.5), "sinh, without a minus"),
    ("11.1", 3, "two factors"),
    ("11.2", 4, "the root of its inverse"),
    ("11.2", 16, "wanted is its root"),
    ("11.2", 1, "there are more of them"),
    ("11.2", 0.5, "what is left of them"),
    ("11.2", 7, "a mean of 4 measurements"),
    ("11.3", softsign("1 / (1 + abs(x))"), "the one it had"),
    ("11.3", softsign("1 / (1 + x) ** 2"), "abs is missing"),
    ("11.3", softsign("1 / (1 + x * x)"), "should be 0.4444"),
    ("11.3", softsign(forward="tanh(x)"), "the value was right before"),
    ("11.3", Operation("softsign", "s", "x / (1 + abs(x))", ()), "0 partials"),
    ("11.3", softsign("1 / (1 + size(x)) ** 2"), "ends with"),
    ("11.3", "1 / (1 + abs(x)) ** 2", "is an Operation"),
    ("11.4", Flat, "still has all of it"),
    ("11.4", Steep, "should be 1.5: half its height"),
    ("11.4", Forgetful, "its slope by centre is 0.0000"),
    ("11.4", Deaf, "not a Value"),
    ("11.4", Nameless, "this one has numbers[0]"),
    ("11.4", Plain, "has Module as its base"),
    ("11.4", Resonance(), "ends with TypeError"),
    ("11.4", 3, "the function itself"),
]
