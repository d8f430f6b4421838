"""Checks of lesson 9, scalars to matrices."""

from __future__ import annotations

import numpy as np

from autograd import Program, Value

from . import UnfitAnswerError, exercise, near, number, numbers


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
