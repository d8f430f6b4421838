"""Energy and slopes of 13 atoms that attract and repel each other by Lennard and Jones. A row has 39 coordinates."""

import numpy as np

from autograd import functional

from ..work import Work

ATOMS = 13
ROWS, COLUMNS = np.triu_indices(ATOMS, 1)


def work(samples: int = 1000) -> Work:
    rng = np.random.default_rng(0)
    lattice = np.array([(i, j, k) for i in range(3) for j in range(3) for k in range(2)][:ATOMS], dtype=float)
    batch = (1.1 * lattice + rng.normal(0, 0.05, (samples, ATOMS, 3))).reshape(samples, -1)
    title = f"Lennard-Jones energy and forces, 13 atoms, {samples:,} configurations"
    return Work(title, [], np.empty(0), batch, record, by_hand, loss, forces=True)


def record(row):
    atoms, energies = [row[3 * i : 3 * i + 3] for i in range(ATOMS)], []
    for i in range(ATOMS):
        for j in range(i + 1, ATOMS):
            square = functional.sum((a - b) ** 2 for a, b in zip(atoms[i], atoms[j], strict=True))
            inverse6 = (1 / square) ** 3
            energies.append(4 * (inverse6 * inverse6 - inverse6))
    return functional.sum(energies)


def by_hand(theta, batch):
    """With pairs along one axis, configurations in long rows, every array used again, and a matrix of -1, 0 and 1 that
    adds a pair's force to one atom and takes it from the other."""
    incidence = np.zeros((ATOMS, len(ROWS)))
    incidence[ROWS, np.arange(len(ROWS))] = 1.0
    incidence[COLUMNS, np.arange(len(ROWS))] = -1.0

    def run():
        atoms = np.ascontiguousarray(batch.T).reshape(ATOMS, 3, -1)
        d = atoms[ROWS]
        d -= atoms[COLUMNS]
        inverse = np.einsum("pcb,pcb->pb", d, d)
        np.divide(1.0, inverse, out=inverse)
        inverse6 = inverse * inverse
        inverse6 *= inverse
        energy = 4.0 * (inverse6 * inverse6 - inverse6).sum(axis=0)
        slope = 2.0 * inverse6
        slope -= 1.0
        slope *= inverse6
        slope *= inverse
        slope *= -24.0
        d *= slope[:, None]
        forces = incidence @ d.reshape(len(ROWS), -1)
        return energy, forces.reshape(3 * ATOMS, -1).T

    return run


def loss(m, batch):
    atoms = batch.reshape(-1, ATOMS, 3)
    square = ((atoms[:, ROWS] - atoms[:, COLUMNS]) ** 2).sum(2)
    inverse6 = (1 / square) ** 3
    return 4 * (inverse6 * inverse6 - inverse6).sum(1)
