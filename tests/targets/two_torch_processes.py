"""One of two processes that train a program together by DistributedDataParallel: which one, and a file to meet at."""

import sys
import warnings

import numpy as np
import torch

from autograd import Value, compile
from nn import MLP, hinge

rank, store = int(sys.argv[1]), sys.argv[2]
warnings.simplefilter("ignore")
torch.distributed.init_process_group("gloo", init_method=f"file://{store}", rank=rank, world_size=2)
network = MLP(2, [8, 1], seed=0)
point, target = [Value(0.3), Value(-0.4)], Value(1.0)
program = compile(hinge(network(point), [target]), [*point, target])
batch = np.random.default_rng(0).normal(size=(10, 3))
module = torch.nn.parallel.DistributedDataParallel(program.to_torch())
theta = program.theta
for _ in range(3):
    module.zero_grad()
    module(torch.from_numpy(batch[rank::2])).mean().backward()
    gradient = program.value_and_grad(batch, theta=theta)[1]
    np.testing.assert_allclose(module.module.theta.grad, gradient, rtol=1e-12, atol=1e-15)
    theta = theta - 0.1 * gradient
    with torch.no_grad():
        module.module.theta -= 0.1 * module.module.theta.grad
torch.distributed.destroy_process_group()
print(f"process{rank} agrees")
