"""Data-parallel training over all devices that JAX has: the batch is spread over them, the parameters are on each.

    python examples/many_devices.py 8

An argument makes so many devices of one processor, to try it out; without it JAX takes what there is.
"""

import sys

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from autograd import Value, compile
from nn import MLP, hinge
from nn.data import DATASETS

STEPS, RATE = 20, 0.5

jax.config.update("jax_enable_x64", True)
if len(sys.argv) > 1:
    jax.config.update("jax_num_cpu_devices", int(sys.argv[1]))

moons = DATASETS["moons"]()
network = MLP(2, [16, 16, 1], seed=0)
point, target = [Value(0.0), Value(0.0)], Value(1.0)
program = compile(hinge(network(point), [target]), [*point, target])
f = program.to_jax()

devices = jax.devices()
mesh = Mesh(np.array(devices), ("rows",))
spread, everywhere = NamedSharding(mesh, PartitionSpec("rows")), NamedSharding(mesh, PartitionSpec())


def mean(theta, rows, weights):
    """What a row of weight 0 gives is left out, and not multiplied by 0: it may be nan."""
    return jnp.where(weights > 0, weights * f(rows, theta), 0.0).sum()


step = jax.jit(
    jax.value_and_grad(mean), in_shardings=(everywhere, spread, spread), out_shardings=everywhere
)  # each device differentiates its own rows, and one all-reduce adds up what they found

rows = np.column_stack([moons.features, 2.0 * moons.targets - 1.0])[:499]
copies = -len(rows) % len(devices)  # of the first row, with weight 0: the devices divide the batch evenly then
weights = np.repeat([1.0 / len(rows), 0.0], [len(rows), copies])
batch = np.concatenate([rows, np.repeat(rows[:1], copies, axis=0)])
theta, batch, weights = program.theta, jax.device_put(batch, spread), jax.device_put(weights, spread)
for _ in range(STEPS):
    loss, gradient = step(theta, batch, weights)
    theta = theta - RATE * np.asarray(gradient)  # waits: devices that share a processor must not run ahead

alone = program.theta
for _ in range(STEPS):
    alone = alone - RATE * program.value_and_grad(rows, theta=alone)[1]
compiled = step.lower(theta, batch, weights).compile().as_text()
print(f"{len(devices)} devices, {len(rows)} rows and {copies} copies; loss {float(loss):.4f} before the last step")
print(f"all-reduces: {compiled.count(' all-reduce(')}, all-gathers: {compiled.count(' all-gather(')}")
print(f"parameters differ by {np.abs(theta - alone).max():.0e} from those of one device")
