"""Checks of lesson 4: gradient descent and its rate."""

from __future__ import annotations

from collections.abc import Sequence

from autograd import Value, grad

from . import UnfitAnswerError, exercise, function, near, number, numbers


@exercise("4.1")
def bound(answer: object) -> str | None:
    """J'' = 2 · (1 + 9) / 2 = 10, so the rate is below 2 / 10."""
    got = number(answer)
    if near(got, 0.2):
        return None
    if near(got, 0.1):
        return "that is 1/J'', the best rate; it still comes nearer up to twice that."
    if near(got, 10.0):
        return "that is the curvature J''; the bound is 2/J''."
    if near(got, 0.4):
        return "you forgot the factor 2 in J'' = 2 · mean of x²."
    if near(got, 0.5) or near(got, 0.25):
        return "the x are squared before the mean is taken: (1² + 3²)/2, and J'' is twice that."
    return "the curvature is J'' = 2 · mean of x², and the rate stays below 2/J''."


@exercise("4.2")
def one_step(answer: object) -> str | None:
    """J'(1) = 10 · (1 − 2) = −10, so w = 1 + 0.05 · 10 = 1.5."""
    got = number(answer)
    if near(got, 1.5):
        return None
    if near(got, 0.5):
        return "that went uphill: the step is against the gradient, w − 0.05 · J'(w), and J'(1) is negative."
    if near(got, 1.25):
        return "you forgot the factor 2: the derivative of (wx − t)² is 2 (wx − t) x."
    if near(got, 2.0):
        return "the cost is a mean: divide the sum over the two points by 2."
    if near(got, 1.2):
        return "you forgot the inner derivative: each (wx − t) is also multiplied by its x."
    if near(got, -10.0):
        return "that is the gradient J'(1); now take the step."
    return "J'(w) is the mean of 2 (wx − t) x over the points; then w − 0.05 · J'(w)."


@exercise("4.3")
def descent(answer: object) -> str | None:
    """The weights of gradient descent, start included, with the gradient set to zero at each step."""
    if not callable(answer):
        raise UnfitAnswerError(f"hand in the function itself, answer = descend; this is {answer!r}.")

    def cost(w: Value) -> Value:
        return (w - 2.0) ** 2 + 0.1 * w**4

    path = answer(cost, 0.0, 0.1, 4)
    call = "descend(cost, 0.0, 0.1, 4)"
    if isinstance(path, list | tuple) and len(path) != 5:
        return f"{call} gave {len(path)} weights, wanted 5: the start, and one after each of the 4 steps."
    got = numbers(path, 5)
    if isinstance(path[0], Value):
        return f"{call} gave Values: put their numbers into the list, w.data."
    right = _path(cost, 0.1)
    if all(map(near, got, right)):
        return None
    if all(map(near, got, _path(cost, 0.1, forgets=False))):
        return "the gradient of the last step is still there at the next one: set w.grad to 0 before each backward()."
    if all(map(near, got, _path(cost, -0.1))):
        return "it goes uphill: subtract rate · gradient."
    k = next(k for k in range(5) if not near(got[k], right[k]))
    if k == 0:
        return f"the list begins with the start, 0.0, and this one with {got[0]:g}."
    return f"after step {k} the weight should be {right[k]:.6g}, got {got[k]:.6g}: each step is w − rate · gradient."


def _path(cost: object, rate: float, forgets: bool = True) -> list[float]:
    assert callable(cost)
    path, total = [0.0], 0.0
    for _ in range(4):
        w = Value(path[-1])
        total = grad(cost(w), w) + (0.0 if forgets else total)
        path.append(w.data - rate * total)
    return path


@exercise("4.4")
def steps_needed(answer: object) -> str | None:
    """2 · 0.5⁸ is the first one below 0.01."""
    got = number(answer)
    hints = {
        7.0: "after 7 steps the distance is 2 / 2⁷ = 0.0156: not quite.",
        9.0: "after 8 steps the distance is 2 / 2⁸ = 0.0078 already.",
        1.0: "the best rate is 1/J'' = 0.2; with this one each step overshoots.",
    }
    if got == 8.0:
        return None
    return hints.get(
        got, "the factor of each step is 1 − 0.3 · 5 = −0.5, so the distance, which is 2 at first, is halved."
    )


@exercise("4.5")
def joint_step(answer: object) -> str | None:
    """All weights move along one gradient, that of the place where the step begins."""
    step = function(answer)

    def cost(weights: Sequence[Value]) -> Value:
        u, v = weights
        return (u * v - 1.0) ** 2 + 0.5 * u * u

    weights = [Value(2.0), Value(1.0)]
    place, rate = [2.0, 1.0], 0.1
    for count in ("the first step", "the second step, from where the first one led"):
        slopes = _slopes(place)
        step(cost, weights, rate)
        wanted = [w - rate * slope for w, slope in zip(place, slopes, strict=True)]
        got = [weight.data for weight in weights]
        if not near(got[0], wanted[0]):
            left = [weight.has_grad for weight in weights]
            said = (
                "is the gradient of the step before still there?"
                if "second" in count and all(left)
                else "it is its rate · gradient less."
            )
            return f"in {count}, the first weight should become {wanted[0]:.6g}, got {got[0]:.6g}: {said}"
        if not near(got[1], wanted[1]):
            return (
                f"in {count}, the first weight is right, and the second should become {wanted[1]:.6g}, got "
                f"{got[1]:.6g}. Where does the first weight stand when its gradient is taken, and how often has it "
                "been added to?"
            )
        place = got
    return None


def _slopes(place: Sequence[float]) -> tuple[float, float]:
    u, v = place
    return 2.0 * (u * v - 1.0) * v + u, 2.0 * (u * v - 1.0) * u
