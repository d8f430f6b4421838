"""What people write in scalars: networks, statistics, physics, algebra, programming, derivatives.

Each model is a program of its field in a few lines: it takes a ``Draw`` and returns one output, or several.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import reduce

import numpy as np
from generators.tensors import Draw, Tensor, each, exp, maximum, relu, sigmoid, softmax, tanh, total

from autograd import Value, functional, grad

Made = Value | list[Value]

# ---- networks over images and sequences


def convolution_in_one_dimension(draw: Draw) -> Made:
    """Two channels, padded by 0, every second place, then the maximum of windows of three."""
    signal, filters = _padded(draw.input(2, 10), (0, 1)), draw.parameters(3, 2, 3)
    patches = np.stack([signal[:, i : i + 3].ravel() for i in range(0, 10, 2)])
    features = relu(patches @ filters.reshape(3, 6).T)
    return total(np.stack([maximum(features[i : i + 3], axis=0) for i in range(3)]))


def convolution_in_two_dimensions(draw: Draw) -> Made:
    """Filters of 3×3 over a padded image, two channels out, then the maximum of windows of 2×2, then a layer."""
    image, filters = _padded(draw.input(4, 4), (1, 1)), draw.parameters(2, 3, 3)
    windows = [[_product(f, image[i : i + 3, j : j + 3]) for i in range(4) for j in range(4)] for f in filters]
    maps = relu(np.array(windows).reshape(2, 4, 4))
    pooled = maximum(maximum(maps.reshape(2, 2, 2, 2, 2), axis=4), axis=2)
    return [*softmax(draw.parameters(3, 8) @ pooled.ravel())]


def separable_convolution(draw: Draw) -> Made:
    """A filter of its own for each channel, then a mixture of the channels at each place."""
    image, filters, mixture = draw.input(2, 4, 3), draw.parameters(2, 2, 2), draw.parameters(3, 2)
    places = [(i, j) for i in range(3) for j in range(2)]
    maps = [[_product(f, x[i : i + 2, j : j + 2]) for i, j in places] for f, x in zip(filters, image, strict=True)]
    return total(tanh(mixture @ np.array(maps)))


def _padded(x: Tensor, width: tuple[int, int]) -> Tensor:
    return np.pad(x, [(before, before) for before in width], constant_values=Value.constant(0.0))


def _product(x: Tensor, y: Tensor) -> Value:
    return functional.dot(x.ravel(), y.ravel())


def recurrent_network_on_sequences_of_several_lengths(draw: Draw) -> Made:
    inner, outer, start = draw.parameters(3, 3), draw.parameters(3, 2), draw.parameters(3)
    sequences = [draw.input(length, 2) for length in (3, 1, 4)]
    last = [reduce(lambda h, x: tanh(outer @ x + inner @ h), sequence, start) for sequence in sequences]
    return functional.mean(total(h * h) for h in last)


def gated_recurrent_unit(draw: Draw) -> Made:
    update, reset, candidate = (draw.parameters(2, 4) for _ in range(3))
    h = draw.parameters(2)
    for x in draw.input(3, 2):
        z, r = (sigmoid(weights @ np.concatenate([x, h])) for weights in (update, reset))
        h = (1.0 - z) * h + z * tanh(candidate @ np.concatenate([x, r * h]))
    return [*h]


def long_short_term_memory(draw: Draw) -> Made:
    """All four gates from one matrix, sliced."""
    weights, bias, head = draw.parameters(8, 4), draw.parameters(8), draw.parameters(2)
    h = c = np.full(2, Value.constant(0.0))
    outputs = []
    for x in draw.input(3, 2):
        z = weights @ np.concatenate([x, h]) + bias
        forget, remember, show = sigmoid(z[:6]).reshape(3, 2)
        c = forget * c + remember * tanh(z[6:])
        h = show * tanh(c)
        outputs.append(head @ h)
    return functional.sum(outputs)


def transformer(draw: Draw) -> Made:
    """Embeddings, two heads of causal attention, layer norm, a residual layer, and the embeddings again as the head."""
    tokens, targets = [0, 2, 1, 2], [2, 1, 2, 0]
    embedding, position = draw.parameters(3, 4), draw.parameters(4, 4)
    x = embedding[tokens] + position
    query, key, value, out = (draw.parameters(4, 4) for _ in range(4))
    q, k, v = ((_layer_norm(x) @ weights).reshape(4, 2, 2).swapaxes(0, 1) for weights in (query, key, value))
    seen = [softmax(q[:, t : t + 1] @ k[:, : t + 1].swapaxes(1, 2) * 0.7) @ v[:, : t + 1] for t in range(4)]
    x = x + np.concatenate(seen, axis=1).swapaxes(0, 1).reshape(4, 4) @ out
    x = x + relu(_layer_norm(x) @ draw.parameters(4, 6)) @ draw.parameters(6, 4)
    logits = x @ embedding.T
    return functional.mean(-functional.log_softmax(row)[target] for row, target in zip(logits, targets, strict=True))


def _layer_norm(x: Tensor) -> Tensor:
    centred = x - x.mean(-1, keepdims=True)
    return centred / each(Value.sqrt, (centred * centred).mean(-1, keepdims=True) + 1e-2)


# ---- networks over graphs and sets

NEIGHBOURS = {0: [1, 2], 1: [0], 2: [0, 3, 4], 3: [2], 4: [2, 3, 0]}


def graph_network(draw: Draw) -> Made:
    """Two rounds: each node from itself and the mean of its neighbours, of which each has its own number."""
    h = draw.input(5, 2)
    for own, others in ((draw.parameters(3, 2), draw.parameters(3, 2)), (draw.parameters(2, 3), draw.parameters(2, 3))):
        means = np.stack([h[nodes].mean(0) for nodes in NEIGHBOURS.values()])
        h = relu(h @ own.T + means @ others.T)
    return total(h * h)


def graph_attention(draw: Draw) -> Made:
    """Each node a mixture of its neighbours, weighted by an energy of every edge."""
    h, source, target = draw.input(5, 2) @ draw.parameters(2, 3), draw.parameters(3), draw.parameters(3)
    energies = {(i, j): (source @ h[i] + target @ h[j]).leaky_relu(0.2) for i, row in NEIGHBOURS.items() for j in row}
    mixed = [softmax(np.array([energies[i, j] for j in row])) @ h[row] for i, row in NEIGHBOURS.items()]
    return total(tanh(np.stack(mixed)))


def set_network(draw: Draw) -> Made:
    """The largest of each feature over the members of a set."""
    features = tanh(draw.input(5, 2) @ draw.parameters(2, 3) + draw.parameters(3))
    return total(maximum(features, axis=0) * draw.parameters(3)).sigmoid()


# ---- statistics


def batch_statistics(draw: Draw) -> Made:
    """Samples normalized by the mean and the deviation of all of them, inside one graph."""
    points, labels = draw.numbers.normal(size=(6, 2)), draw.numbers.integers(2, size=6)
    z = points @ draw.parameters(2, 3)
    centred = z - z.mean(0)
    normal = centred / each(Value.sqrt, (centred * centred).mean(0) + 1e-2)
    logits = relu(normal * draw.parameters(3) + draw.parameters(3)) @ draw.parameters(3)
    return functional.mean(logit.softplus() - float(label) * logit for logit, label in zip(logits, labels, strict=True))


def mixture_of_gaussians(draw: Draw) -> Made:
    points, centres, scales, weights = draw.input(4, 2), draw.parameters(3, 2), draw.parameters(3), draw.parameters(3)
    shares = np.array(functional.log_softmax(weights))
    distances = ((points[:, None] - centres) * (points[:, None] - centres)).sum(2)
    return -functional.sum(
        functional.logsumexp(row) for row in shares - 0.5 * distances * exp(-2.0 * scales) - 2.0 * scales
    )


def polynomial_regression(draw: Draw) -> Made:
    """Powers up to the fifth, by Horner's rule and by ``**``, and a penalty on the coefficients."""
    xs, coefficients = np.linspace(-1, 1, 7).tolist(), draw.parameters(6)
    errors = [_horner(coefficients, x) - math.sin(3 * x) for x in xs]
    powers = [functional.sum(c * x**i for i, c in enumerate(coefficients)) for x in draw.input(3)]
    penalty = 0.1 * functional.sum(abs(c) + c**2 for c in coefficients)
    return functional.sum(error**2 for error in errors) + functional.sum(powers) + penalty


def _horner(coefficients: Tensor, x: float) -> Value:
    return reduce(lambda value, coefficient: value * x + coefficient, coefficients)


def matrix_factorization(draw: Draw) -> Made:
    """Ratings of some pairs, by the product of two embeddings and two biases."""
    users, items, biases, others = draw.parameters(4, 3), draw.parameters(5, 3), draw.parameters(4), draw.parameters(5)
    rated = [(0, 1), (0, 4), (1, 1), (2, 0), (2, 3), (3, 2), (3, 4)]
    errors = [users[i] @ items[j] + biases[i] + others[j] - 0.1 * (i + j) for i, j in rated]
    return functional.sum(e * e for e in errors) + 0.01 * total(users * users) + 0.01 * total(items * items)


def variational_autoencoder(draw: Draw) -> Made:
    """A decoder that is the encoder transposed; the divergence from a normal distribution."""
    x, noise, weights, spread = draw.input(5), draw.numbers.normal(size=2), draw.parameters(2, 5), draw.parameters(2, 5)
    mean, deviation = weights @ x, spread @ x
    rebuilt = weights.T @ tanh(mean + exp(deviation) * noise)
    divergence = total(mean * mean + exp(2.0 * deviation) - 2.0 * deviation) * 0.5
    return total((rebuilt - x) * (rebuilt - x)) + divergence


def contrastive_loss(draw: Draw) -> Made:
    """Two views of each sample should find each other by the cosine of their angle."""
    weights = draw.parameters(3, 2)
    views = [draw.input(4, 3) @ weights for _ in range(2)]
    units = [view / each(Value.sqrt, (view * view).sum(1, keepdims=True) + 1e-2) for view in views]
    cosines = units[0] @ units[1].T * 5.0
    return functional.sum(-functional.log_softmax(m[i])[i] for m in (cosines, cosines.T) for i in range(4))


# ---- physics


def pair_potential(draw: Draw) -> Made:
    """Lennard-Jones with softened distances, of every pair of five points in space."""
    points = draw.input(5, 3) + draw.parameters(5, 3)
    apart = [points[i] - points[j] for i in range(5) for j in range(i)]
    powers = [((d * d).sum() + 1.0) ** -3 for d in apart]
    return functional.sum(p * p - p for p in powers)


def springs_by_runge_kutta(draw: Draw) -> Made:
    """A chain of masses in the plane, two steps of the fourth order."""
    lengths, stiffness, mass = draw.parameters(3), draw.parameters(3), exp(draw.parameters(4, 1))

    def slope(state: Tensor) -> Tensor:
        place, velocity = state
        edge = place[1:] - place[:-1]
        length = each(Value.sqrt, (edge * edge).sum(1) + 0.1)
        pull = (stiffness * (length - lengths) / length)[:, None] * edge
        force = np.concatenate([pull, pull[:1] * 0.0]) - np.concatenate([pull[:1] * 0.0, pull])
        return np.stack([velocity, force / mass])

    state = draw.input(2, 4, 2)
    for _ in range(2):
        k1 = slope(state)
        k2 = slope(state + 0.05 * k1)
        k3 = slope(state + 0.05 * k2)
        state = state + (k1 + 2.0 * k2 + 2.0 * k3 + slope(state + 0.1 * k3)) * (0.1 / 6)
    return total(state * state)


def pendulum_by_leapfrog(draw: Draw) -> Made:
    angle, momentum = draw.input(2)
    gravity, damping = draw.parameters(2)
    for _ in range(10):
        momentum = momentum - 0.05 * (gravity * angle.sin() + damping * momentum)
        angle = angle + 0.1 * momentum
    return angle.cos() + momentum * momentum


def heat_on_a_ring(draw: Draw) -> Made:
    """Diffusion with a rate at each place, and with what stands across the border of the grid."""
    heat, rate = draw.input(3, 4), sigmoid(draw.parameters(3, 4))
    for _ in range(3):
        around = [np.roll(heat, shift, axis) for axis in (0, 1) for shift in (1, -1)]
        heat = heat + 0.1 * rate * (sum(around[1:], around[0]) - 4.0 * heat)
    return total(heat * heat)


# ---- algebra


def determinant_and_inverse(draw: Draw) -> Made:
    """By elimination, without pivots, of a matrix whose diagonal is large."""
    matrix = draw.parameters(4, 4) + 4.0 * np.eye(4) + np.diag(draw.input(4))
    rows, determinant = np.concatenate([matrix, np.eye(4)], axis=1), Value.constant(1.0)
    for i in range(4):
        determinant = determinant * rows[i, i]
        pivot = rows[i] / np.full(8, rows[i, i])
        rows = np.stack([pivot if j == i else rows[j] - pivot * np.full(8, rows[j, i]) for j in range(4)])
    return functional.sum([determinant, *rows[:, 4:].ravel()])


def gaussian_process(draw: Draw) -> Made:
    """The evidence of five observations, by the factor of Cholesky of their covariance."""
    points, scale, noise = draw.input(5), draw.parameters(1)[0].exp(), draw.parameters(1)[0].exp()
    apart = (points[:, None] - points) * (points[:, None] - points)
    covariance = each(lambda d: (-d * scale).exp(), apart)
    factor: list[list[Value]] = []
    for i in range(5):
        factor.append([])
        for j in range(i + 1):
            rest = covariance[i, j] - functional.dot(factor[i][:j], factor[j][:j]) + (noise if i == j else 0.0)
            factor[i].append(rest.sqrt() if i == j else rest / factor[j][j])
    solved: list[Value] = []
    for i, row in enumerate(factor):
        solved.append((float(i % 2) - functional.dot(row[:i], solved)) / row[i])
    return functional.dot(solved, solved) * 0.5 + functional.sum(row[-1].log() for row in factor)


def power_iteration(draw: Draw) -> Made:
    """The largest eigenvalue of WᵀW."""
    weights, vector = draw.parameters(4, 3), draw.input(3)
    for _ in range(4):
        vector = weights.T @ (weights @ vector)
        vector = vector / np.full(3, ((vector * vector).sum() + 0.1).sqrt())
    return vector @ (weights.T @ (weights @ vector))


# ---- dynamic programming


def edit_distance(draw: Draw) -> Made:
    """With a soft minimum, of two sequences of points: an anti-diagonal depends on the two before it."""
    first, second, skip = draw.input(4, 2), draw.parameters(3, 2), draw.parameters(1)[0]
    cost = ((first[:, None] - second) * (first[:, None] - second)).sum(2)
    best = {(i, j): skip * float(i + j) for i in range(5) for j in range(4) if i * j == 0}
    for i in range(1, 5):
        for j in range(1, 4):
            ways = best[i - 1, j] + skip, best[i, j - 1] + skip, best[i - 1, j - 1] + cost[i - 1, j - 1]
            best[i, j] = -functional.logsumexp([-way for way in ways])
    return best[4, 3]


def hidden_markov_model(draw: Draw) -> Made:
    """The likelihood of a sequence by the forward recursion, in logarithms."""
    transition = np.stack([np.array(functional.log_softmax(row)) for row in draw.parameters(3, 3)])
    emission = np.stack([np.array(functional.log_softmax(row)) for row in draw.parameters(3, 4)])
    state = emission[:, 2] + draw.input(3)
    for symbol in (0, 3, 3, 1):
        state = np.array([functional.logsumexp(state + transition[:, j]) for j in range(3)]) + emission[:, symbol]
    return functional.logsumexp(state)


def best_path(draw: Draw) -> Made:
    """The same with the best path in place of all of them."""
    transition, emission, state = draw.parameters(3, 3), draw.input(4, 3), draw.parameters(3)
    for row in emission:
        state = maximum(state[:, None] + transition, axis=0) + row
    return maximum(state).item()


def value_iteration(draw: Draw) -> Made:
    """Soft values of four states under three actions."""
    rewards, chances = draw.input(4, 3), softmax(draw.parameters(4, 3, 4))
    values = np.full(4, Value.constant(0.0))
    for _ in range(3):
        values = np.array([functional.logsumexp(row) for row in rewards + 0.9 * (chances @ values)])
    return total(values)


# ---- derivatives of derivatives


def hessian_times_a_vector(draw: Draw) -> Made:
    weights, x, direction = draw.parameters(3, 2), draw.parameters(2), draw.input(2)
    first = grad(total(tanh(weights @ x)), x.tolist(), create_graph=True)
    return [*grad(functional.dot(first, direction), x.tolist(), create_graph=True)]


def gradient_penalty(draw: Draw) -> Made:
    """How far the slope of a network by its inputs is from 1, to be differentiated by the weights."""
    x, inner, outer = draw.input(3), draw.parameters(4, 3), draw.parameters(4)
    slopes = grad(outer @ tanh(inner @ x), x.tolist(), create_graph=True)
    return (functional.dot(slopes, slopes) - 1.0) ** 2


def learned_learning_rate(draw: Draw) -> Made:
    """The loss after two steps of gradient descent, by the rate of each weight."""
    points, targets, weights, rates = (
        draw.input(4, 2),
        draw.numbers.normal(size=4),
        draw.parameters(2),
        draw.parameters(2),
    )

    def mean_square(weights: Tensor) -> Value:
        errors = sigmoid(points @ weights) - targets
        return (errors * errors).mean()

    for _ in range(2):
        slopes = grad(mean_square(weights), weights.tolist(), create_graph=True)
        weights = weights - rates * np.array(slopes, dtype=object)
    return mean_square(weights)


def network_that_solves_an_equation(draw: Draw) -> Made:
    """u'' + u = 0 at several points, u a network: second derivatives by the input, then by the weights."""
    inner, bias, outer = draw.parameters(4), draw.parameters(4), draw.parameters(4)
    residuals = []
    for x in draw.input(3):
        u = outer @ tanh(inner * np.full(4, x) + bias)
        slope = grad(u, x, create_graph=True)
        residuals.append(grad(slope, x, create_graph=True) + u)
    return functional.sum(r * r for r in residuals)


def forces(draw: Draw) -> Made:
    """Every component of minus the gradient of a potential."""
    places = draw.input(4, 2)
    apart = places[:, None] - places + draw.parameters(2)
    energy = total(each(lambda d: 1.0 / (d + 1.0), (apart * apart).sum(2)))
    return [-slope for slope in grad(energy, places.ravel().tolist(), create_graph=True)]


NETWORKS = [convolution_in_one_dimension, convolution_in_two_dimensions, separable_convolution]
NETWORKS += [recurrent_network_on_sequences_of_several_lengths, gated_recurrent_unit, long_short_term_memory]
NETWORKS += [transformer, graph_network, graph_attention, set_network]
STATISTICS = [batch_statistics, mixture_of_gaussians, polynomial_regression, matrix_factorization]
STATISTICS += [variational_autoencoder, contrastive_loss]
PHYSICS = [pair_potential, springs_by_runge_kutta, pendulum_by_leapfrog, heat_on_a_ring]
ALGEBRA = [determinant_and_inverse, gaussian_process, power_iteration]
PROGRAMMING = [edit_distance, hidden_markov_model, best_path, value_iteration]
DERIVATIVES = [hessian_times_a_vector, gradient_penalty, learned_learning_rate, network_that_solves_an_equation, forces]
MODELS: list[Callable[[Draw], Made]] = [*NETWORKS, *STATISTICS, *PHYSICS, *ALGEBRA, *PROGRAMMING, *DERIVATIVES]
