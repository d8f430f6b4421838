"""Two processes train one network, each on half of every batch, by PyTorch's DistributedDataParallel.

    python examples/two_processes_torch.py

On several machines, torchrun starts them and says where they meet.
"""

import numpy as np
import torch
from processes import PROCESSES, run

from autograd import Value, compile
from nn import MLP, hinge
from nn.data import DATASETS

STEPS, RATE = 20, 0.5


def train(rank: int, address: str) -> None:
    """One of the processes."""
    torch.distributed.init_process_group("gloo", init_method=f"tcp://{address}", rank=rank, world_size=PROCESSES)
    moons = DATASETS["moons"]()
    network = MLP(2, [16, 16, 1], seed=0)
    point, target = [Value(0.0), Value(0.0)], Value(1.0)
    program = compile(hinge(network(point), [target]), [*point, target])
    rows = np.column_stack([moons.features, 2.0 * moons.targets - 1.0])
    rows = rows[: len(rows) // PROCESSES * PROCESSES]  # as many for each: what is averaged are the processes' means
    mine = torch.from_numpy(rows[rank::PROCESSES])

    module = torch.nn.parallel.DistributedDataParallel(program.to_torch())
    optimizer = torch.optim.SGD(module.parameters(), lr=RATE)
    for _ in range(STEPS):
        optimizer.zero_grad()
        module(mine).mean().backward()  # leaves the gradient of both halves together
        optimizer.step()

    theta = module.module.theta.detach().numpy()
    alone = program.theta
    for _ in range(STEPS):
        alone = alone - RATE * program.value_and_grad(rows, theta=alone)[1]
    if rank == 0:
        loss, _ = program.value_and_grad(rows, theta=theta)
        print(f"loss {loss:.4f}; parameters differ by {np.abs(theta - alone).max():.0e} from those of one process")
    torch.distributed.destroy_process_group()


if __name__ == "__main__":
    run(train)
