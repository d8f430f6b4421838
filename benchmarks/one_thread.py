"""Settings of a process that measures, made where this is imported: before NumPy, JAX or PyTorch are.

Each library has one thread. And temporaries of more than 128 KiB would be mapped from and returned to the system at
every use, or not, as the heap happens to lie: the same program then differs by a factor of up to 8 from run to run.
They are kept, for all competitors.
"""

import contextlib
import ctypes
import os

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
os.environ["JAX_PLATFORMS"] = "cpu"

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
with contextlib.suppress(OSError, AttributeError, TypeError):
    for setting in (M_TRIM_THRESHOLD, M_MMAP_THRESHOLD):
        ctypes.CDLL(None).mallopt(setting, 1 << 30)
