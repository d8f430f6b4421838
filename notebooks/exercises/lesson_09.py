"""Checks of lesson 9, scalars to matrices."""

from __future__ import annotations

import numpy as np

from autograd import Program, Value

from . import UnfitAnswerError, exercise, function, near, number, numbers


@exercise("9.1")
def shape(answer: object) -> str | None:
    """W (20, 30) @ x (30, 100)."""
    got = numbers(answer, 2)
    if got == [20, 100]:
        return None
    if got == [100, 20]:
        return "it is the other way round: in the program a sample is a column, so there are 100 columns."
    if got in ([20, 30], [30, 20]):
        return "that is W alone; the product has a column for each sample, and the 30 is summed away."
    if got in ([30, 100], [100, 30]):
        return "that is x; the product has a row for each neuron, and the 30 is summed away."
    return "a matrix product has the rows of the left factor, one a neuron, and the columns of the right, one a sample."


@exercise("9.2")
def bias(answer: object) -> str | None:
    """The sum of dz."""
    if hasattr(answer, "__len__"):
        return "db is one number: the bias is the same for all samples, so its gradient is the sum over them."
    got = number(answer)
    if near(got, 1.0):
        return None
    if near(got, 0.25):
        return "you divided by 4 once too often: weight is 1/4 already, so dz is added up, not averaged."
    if near(got, 4.0):
        return "nothing is left to multiply by: dz is added up as it is."
    return "the bias is used by every sample, so what comes back from each of them is added up."


@exercise("9.3")
def program(answer: object) -> str | None:
    """compile(Layer(3, 5, "tanh")(x), x)."""
    if not isinstance(answer, Program):
        what = "Values, not yet compiled" if _is_values(answer) else f"a {type(answer).__name__}"
        raise UnfitAnswerError(f"the answer is what compile returns, and this is {what}.")
    far = np.array([[500.0, -1000.0, 2000.0], [-500.0, 1000.0, -2000.0]])
    try:
        outputs = answer(far)
    except ValueError as error:
        return f"it cannot be called with a batch of shape (2, 3): {error}. Name the inputs: compile(outputs, inputs)."
    if outputs.shape != (2, 5):
        return f"for 2 samples it gives an array of shape {outputs.shape}, wanted (2, 5): 5 outputs for each."
    if len(answer.parameters) != 20:
        return f"it has {len(answer.parameters)} parameters; 5 neurons with 3 weights and a bias each have 20."
    if np.abs(outputs).max() > 1.0:
        return "its outputs grow beyond 1, so they are not those of tanh: which activation did you give the layer?"
    if not np.allclose(outputs[0], -outputs[1]):
        return "far from 0 tanh is −1 on one side and 1 on the other; these outputs are not. Which activation is it?"
    return None


def _is_values(answer: object) -> bool:
    return isinstance(answer, Value) or (isinstance(answer, list) and all(isinstance(item, Value) for item in answer))


@exercise("9.4")
def replayed_loop(answer: object) -> str | None:
    """Two doublings were recorded, and are replayed: 3 · 2 · 2."""
    got = number(answer)
    hints = {
        192.0: "that is what the function gives. The program has no loop in it, only the doublings that were recorded.",
        120.0: "that is what was recorded, at 30; the program is called with 3.",
        3.0: "two doublings were recorded, from 30 to 120, and they are replayed for every number.",
        24.0: "that is three doublings; from 30 it takes two to reach 100.",
        6.0: "that is one doubling; from 30 it takes two to reach 100.",
    }
    return (
        None if got == 12.0 else hints.get(got, "how many doublings were there at 30? Those are what the program does.")
    )


@exercise("9.5")
def gradients_by_hand(answer: object) -> str | None:
    """dW = dz xᵀ, db = the sum of dz, dx = Wᵀ dz."""
    gradients = function(answer)
    random = np.random.default_rng(0)
    W, b, x, t = (random.normal(size=shape) for shape in ((2, 3), (2, 1), (3, 5), (2, 5)))
    got = gradients(W, b, x, t)
    if not isinstance(got, tuple) or len(got) != 2:
        raise UnfitAnswerError("the function returns dW and db, as a pair.")
    dW, db = map(np.asarray, got)
    a = np.tanh(W @ x + b)
    dz = 2.0 / 5.0 * (a - t) * (1.0 - a * a)
    right = dz.sum(axis=1, keepdims=True)
    if dW.shape != (2, 3) or not np.allclose(dW, dz @ x.T):
        return f"dW should be an array of shape (2, 3) and is right as it was; yours has the shape {dW.shape}" + (
            "." if dW.shape != (2, 3) else " and other numbers."
        )
    if db.shape not in ((2,), (2, 1)):
        return f"db has one number for each of the 2 neurons, and its shape is {db.shape}."
    if np.allclose(db.ravel(), right.ravel()):
        return None
    if np.allclose(db.ravel(), right.ravel() / 5.0):
        return (
            "dW is right and db 5 times too small: dz carries the 1/B of the mean already, so nothing is left to "
            "divide by."
        )
    return f"dW is right; db should be {right.ravel().round(4).tolist()}, got {db.ravel().round(4).tolist()}."
