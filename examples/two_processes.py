"""Two processes, as on two machines, train one network with JAX: each has its half of the rows.

    python examples/two_processes.py

On several machines each starts its own process, with the address of the first.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec
from processes import PROCESSES, run

from autograd import Value, compile
from nn import MLP, hinge
from nn.data import DATASETS

STEPS, RATE = 20, 0.5


def train(rank: int, address: str) -> None:
    """One of the processes."""
    jax.config.update("jax_enable_x64", True)
    jax.config.update("jax_cpu_collectives_implementation", "gloo")  # how processors of several machines add up
    jax.distributed.initialize(address, PROCESSES, rank)

    moons = DATASETS["moons"]()
    network = MLP(2, [16, 16, 1], seed=0)
    point, target = [Value(0.0), Value(0.0)], Value(1.0)
    program = compile(hinge(network(point), [target]), [*point, target])
    f = program.to_jax()
    rows = np.column_stack([moons.features, 2.0 * moons.targets - 1.0])

    mesh = Mesh(np.array(jax.devices()), ("rows",))
    spread, everywhere = NamedSharding(mesh, PartitionSpec("rows")), NamedSharding(mesh, PartitionSpec())
    mine = rows[rank * len(rows) // PROCESSES : (rank + 1) * len(rows) // PROCESSES]  # no process needs the others'
    batch = jax.make_array_from_process_local_data(spread, mine)
    theta = jax.device_put(program.theta, everywhere)
    step = jax.jit(
        jax.value_and_grad(lambda theta, rows: jnp.mean(f(rows, theta))),
        in_shardings=(everywhere, spread),
        out_shardings=everywhere,
    )
    for _ in range(STEPS):
        loss, gradient = step(theta, batch)
        theta = jax.device_put(np.asarray(theta) - RATE * np.asarray(gradient), everywhere)

    alone = program.theta
    for _ in range(STEPS):
        alone = alone - RATE * program.value_and_grad(rows, theta=alone)[1]
    if rank == 0:
        print(f"{jax.process_count()} processes, {len(jax.devices())} devices; last loss {float(loss):.4f}")
        print(f"parameters differ by {np.abs(np.asarray(theta) - alone).max():.0e} from those of one process")
    jax.distributed.shutdown()


if __name__ == "__main__":
    run(train)
