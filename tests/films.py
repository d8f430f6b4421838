"""A few recorded trainings, and what their films tell, for the tests of both."""

import base64
import json
import re

import numpy as np

from nn import MLP, Adam, Trainer, binary_cross_entropy

ZERO, NOT_FINITE = b"\xfe\xff\xff", b"\xff\xff\xff"


def number(code):
    """Three bytes as the number they stand for: exponent, sign and four digits as one whole number."""
    if code in (ZERO, NOT_FINITE):
        return 0.0 if code == ZERO else None
    signs, digits = divmod(int.from_bytes(code, "little"), 9000)
    return float(f"{'-' if signs % 2 else ''}{digits + 1000}e{signs // 2 - 327}")


def unpacked(data):
    """What was packed for a page: numbers as lists, pictures as arrays."""
    if isinstance(data, list):
        return [unpacked(part) for part in data]
    if not isinstance(data, dict):
        return data
    if data.keys() == {"kind", "base64"}:
        raw, kind = base64.b64decode(data["base64"]), data["kind"]
        found = (
            [number(raw[i : i + 3]) for i in range(0, len(raw), 3)] if kind == "d3" else np.frombuffer(raw, f"<{kind}")
        )
        return found
    return {name: unpacked(part) for name, part in data.items()}


def content(film):
    """What the page plays: a film's, or that of a page's text."""
    page = film if isinstance(film, str) else film.html
    return unpacked(json.loads(re.search(r'<script id="data" type="application/json">(.*?)</script>', page)[1]))


def samples_of(data, epoch=-1):
    """What a frame tells of each of the samples that can be followed, one dict each."""
    rows, count = data["frames"][epoch]["followed"]["rows"], len(data["specs"]["followed"]["targets"])
    split = {kind: [part[i * len(part) // count : (i + 1) * len(part) // count] for i in range(count)]
             for kind, part in rows.items()}  # fmt: skip
    return [{kind: parts[i] for kind, parts in split.items()} for i in range(count)]


def followed_rows(data):
    """Which rows of the training data they are."""
    return [int(row) for row in re.findall(r">row (\d+),", data["specs"]["followed"]["caption"])]


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
