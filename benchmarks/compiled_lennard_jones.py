"""Energy and forces of 13 Lennard-Jones atoms, 1,000 configurations: ``python benchmarks/compiled_lennard_jones.py``.

The forces are recorded by ``grad(create_graph=True)`` and compiled as 39 further outputs.
"""

import timing  # isort: skip  # sets the number of threads

import numpy as np

from autograd import Value, grad
from autograd.compiler import compile

ATOMS, CONFIGURATIONS = 13, 1000


def graph() -> tuple[list[Value], list[Value]]:
    """[energy, -force on each coordinate], of 39 coordinates."""
    rng = np.random.default_rng(0)
    coordinates = [Value(c) for c in rng.normal(0, 2, 3 * ATOMS)]
    atoms = [coordinates[3 * i : 3 * i + 3] for i in range(ATOMS)]
    energy = Value.constant(0.0)
    for i in range(ATOMS):
        for j in range(i + 1, ATOMS):
            square = sum((a - b) ** 2 for a, b in zip(atoms[i], atoms[j], strict=True))
            inverse6 = (1 / square) ** 3
            energy = energy + 4 * (inverse6 * inverse6 - inverse6)
    return [energy, *grad(energy, coordinates, create_graph=True)], coordinates


def by_hand(x):
    """Pairs along one axis, forces gathered by a matrix of -1, 0 and 1."""
    rows, columns, incidence = pairs()

    def run():
        atoms = x.reshape(-1, ATOMS, 3)
        d = atoms[:, rows] - atoms[:, columns]
        inverse = 1.0 / np.einsum("bpc,bpc->bp", d, d)
        inverse6 = inverse * inverse * inverse
        energy = 4.0 * (inverse6 * inverse6 - inverse6).sum(axis=1)
        slope = -24.0 * inverse * inverse6 * (2.0 * inverse6 - 1.0)
        forces = incidence @ (slope[:, :, None] * d)
        return energy, forces.reshape(-1, 3 * ATOMS)

    return run


def by_hand_tuned(x):
    """The same with the configurations along the last axis, in long rows, and every array used again."""
    rows, columns, incidence = pairs()

    def run():
        atoms = np.ascontiguousarray(x.T).reshape(ATOMS, 3, -1)
        d = atoms[rows]
        d -= atoms[columns]
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
        forces = incidence @ d.reshape(len(rows), -1)
        return energy, forces.reshape(3 * ATOMS, -1).T

    return run


def pairs():
    """Both atoms of each pair, and the matrix that adds a pair's force to one and takes it from the other."""
    rows, columns = np.triu_indices(ATOMS, 1)
    incidence = np.zeros((ATOMS, len(rows)))
    incidence[rows, np.arange(len(rows))] = 1.0
    incidence[columns, np.arange(len(rows))] = -1.0
    return rows, columns, incidence


def by_jax(x):
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    rows, columns = np.triu_indices(ATOMS, 1)

    def energy(x):
        atoms = x.reshape(ATOMS, 3)
        square = ((atoms[rows] - atoms[columns]) ** 2).sum(axis=1)
        inverse6 = (1 / square) ** 3
        return 4 * (inverse6 * inverse6 - inverse6).sum()

    both = jax.jit(jax.vmap(jax.value_and_grad(energy)))
    x = jnp.array(x)

    def run():
        return jax.block_until_ready(both(x))

    return run


def main() -> None:
    rng = np.random.default_rng(0)
    lattice = np.array([(i, j, k) for i in range(3) for j in range(3) for k in range(2)][:ATOMS], dtype=float)
    x = (1.1 * lattice + rng.normal(0, 0.05, (CONFIGURATIONS, ATOMS, 3))).reshape(CONFIGURATIONS, -1)
    program = compile(*graph())

    def compiled():
        found = program(x)
        return found[:, 0], found[:, 1:]

    competitors = {"compiled": compiled, "NumPy by hand": by_hand(x), "NumPy by hand, tuned": by_hand_tuned(x)}
    try:
        competitors["JAX jit"] = by_jax(x)
    except ImportError as error:
        print(f"(without {error.name})")
    timing.check(competitors)
    timing.side_by_side("Lennard-Jones energy and forces, 13 atoms, 1,000 configurations", competitors)


if __name__ == "__main__":
    main()
