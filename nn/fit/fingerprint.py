"""Fingerprints: short texts by which a training knows again what it was started with."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np

from autograd import Value
from autograd.graph import topological_order


def data_fingerprint(*arrays: np.ndarray[Any, Any]) -> str:
    """A short text that is another one if any number of the arrays, or their shapes, are others."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(repr(array.shape).encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()[:16]


def graph_fingerprint(root: Value) -> str:
    """A short text that is another one if the recorded graph is of other operations, edges, constants or labels."""
    order = topological_order(root)
    places = {node: i for i, node in enumerate(order)}
    digest = hashlib.sha256()
    for node in order:
        what = node.op.name if node.op else "leaf"
        number = node.data if node.is_constant else None
        digest.update(repr((what, [places[parent] for parent in node.parents], number, node.label)).encode())
    return digest.hexdigest()[:16]
