"""How JAX is started in the tests of targets: programs that run once are compiled fast rather than well, on 8 devices."""

import os

os.environ.setdefault(
    "XLA_FLAGS", "--xla_backend_optimization_level=0 --xla_force_host_platform_device_count=8"
)  # before JAX is imported
