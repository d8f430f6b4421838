"""Settings of a process that measures, made where this is imported: before NumPy, JAX or PyTorch are.

All have one core and one thread: JAX takes what it may run on for what it may have, whatever its flags say, and its
threads then hand each other what one could do. And temporaries of more than 128 KiB would be mapped from and returned
to the system at every use, or not, as the heap happens to lie: the same program then differs by a factor of up to 8
from run to run. They are kept, for all competitors.
"""

import contextlib
import ctypes
import os

if hasattr(os, "sched_setaffinity"):  # Linux
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
os.environ["JAX_PLATFORMS"] = "cpu"

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
with contextlib.suppress(OSError, AttributeError, TypeError):
    for setting in (M_TRIM_THRESHOLD, M_MMAP_THRESHOLD):
        ctypes.CDLL(None).mallopt(setting, 1 << 30)
