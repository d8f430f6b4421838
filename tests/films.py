"""A few recorded trainings, and what their films tell, for the tests of both."""

import json
import re

import numpy as np

from nn import MLP, Adam, Trainer, binary_cross_entropy


def content(film):
    """The JSON that the page plays."""
    return json.loads(re.search(r'<script id="data" type="application/json">(.*?)</script>', film.html)[1])


def rings(n=40, seed=0):
    """Points of the plane, and whether each is far from the middle."""
    points = np.random.default_rng(seed).normal(size=(n, 2))
    return points, (np.hypot(*points.T) > 1.1).astype(float)


def recorded_rings(sizes=(4, 3, 1), epochs=3, activation="tanh", **settings):
    """A model and the history of its training on the points."""
    model = MLP(2, list(sizes), activation, seed=1)
    trainer = Trainer(model, binary_cross_entropy, Adam(model.parameters(), 0.05))
    inputs, targets = rings()
    return model, trainer.fit(
        inputs, targets, epochs=epochs, batch_size=10, held_out=rings(8, 1), record=True, **settings
    )
