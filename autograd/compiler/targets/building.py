"""Building: a C file becomes a library of this machine, and its functions are called with arrays.

The system's compiler builds it, in a directory that is the user's alone; a file that was built before, by the same
compiler for the same machine, is taken from there.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import hashlib
import os
import platform
import shlex
import shutil
import stat
import subprocess
import sys
import tempfile
import threading
from functools import cache
from pathlib import Path

import numpy as np

from ..ir import Floats

OPTIONS = ("-std=c11", "-O1", "-ftree-vectorize", "-ffp-contract=off", "-fno-math-errno", "-fPIC", "-shared")
"""-O3 takes up to ten times as long, for nothing more."""
COMPILERS = ("cc", "gcc", "clang")
DIRECTORY = "VALUEGRAD_CACHE"


class BuildError(RuntimeError):
    """A program cannot be built: no compiler is there, it fails, or there is no private place for what it makes."""


def compiler() -> list[str]:
    """The command of the C compiler: what the variable CC says, or the first that the system has of cc, gcc, clang.

    A BuildError says what to install.
    """
    wanted = shlex.split(os.environ.get("CC", ""))
    if sys.platform == "win32":
        raise BuildError("programs are built in C on Linux and macOS; on Windows write a file by program.to_c(path)")
    for command in [wanted] if wanted else [[name] for name in COMPILERS]:
        found = shutil.which(command[0])
        if found:
            return [found, *command[1:]]
    tried = f"CC is {wanted[0]!r}, which is not there" if wanted else f"none of {', '.join(COMPILERS)} is there"
    raise BuildError(
        f'target="c" builds a program with the C compiler of the system, and {tried}. Install one (Debian, Ubuntu: apt '
        f"install gcc; Fedora: dnf install gcc; macOS: xcode-select --install), or leave target out: NumPy needs none"
    )


def build(source: str, *options: str) -> Path:
    """The library of a C source: built if it was not before, with these options of the compiler besides.

    A BuildError has the compiler's words if it fails.
    """
    command = [*compiler(), *OPTIONS, *_machine_options(), *options]
    libraries = ["-lmvec", "-lm"] if "-DLIBMVEC" in command else ["-lm"]
    written = "\0".join([source, *command, *libraries, _version(tuple(compiler())), _machine()])
    directory = cache_directory()
    library = directory / f"{hashlib.sha256(written.encode()).hexdigest()[:40]}.so"
    if library.exists():
        return library
    with tempfile.TemporaryDirectory(dir=directory) as work:
        file, made = Path(work) / "program.c", Path(work) / "program.so"
        file.write_text(source, encoding="ascii")
        done = _run([*command, "-o", str(made), str(file), *libraries])
        if done.returncode:
            raise BuildError(f"{shlex.join(command)} failed:\n{done.stderr.strip()[:2000]}")
        os.replace(made, library)  # at once: whoever builds the same meanwhile finds a whole file
    return library


def cache_directory() -> Path:
    """Where libraries are kept: nobody but the user may write or read there, for what is there is run.

    ``VALUEGRAD_CACHE`` names another; the default is ``valuegrad`` in ``XDG_CACHE_HOME``, or in ``~/.cache``.
    """
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    directory = Path(os.environ.get(DIRECTORY) or Path(home) / "valuegrad")
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise BuildError(
            f"cannot make {directory}, where programs are built: {error}. Name another by {DIRECTORY}"
        ) from None
    found = directory.stat()
    if found.st_uid != os.getuid() or stat.S_IMODE(found.st_mode) & 0o077:
        raise BuildError(
            f"{directory} is not private: programs are built and run there, so that it must be yours, with mode 700. "
            f"Try chmod 700, or name another directory by {DIRECTORY}"
        )
    return directory


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"LC_ALL": "C"}
    return subprocess.run(command, capture_output=True, text=True, errors="replace", env=environment, check=False)


@cache
def _version(command: tuple[str, ...]) -> str:
    return _run([*command, "--version"]).stdout


@cache
def _machine() -> str:
    """What tells this machine's processor from others that may share the directory."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    return "\n".join(
        [platform.machine(), platform.processor(), *dict.fromkeys(li for li in lines if li[:5] in ("flags", "Featu"))]
    )


def has_wide_vectors() -> bool:
    """Whether a vector of the processor holds four doubles or more, as far as is known."""
    return sys.platform != "linux" or platform.machine() not in ("x86_64", "AMD64") or " avx " in f"{_machine()} "


@cache
def _machine_options() -> tuple[str, ...]:
    """This machine's instructions; glibc's functions of vectors, where it has them."""
    native = "-mcpu=native" if platform.machine() in ("arm64", "aarch64") else "-march=native"
    try:
        ctypes.CDLL("libmvec.so.1")
    except OSError:
        return (native,)
    return native, "-DLIBMVEC"


class Library:
    """The functions of a program in a library, on arrays. Each thread has memory of its own to work in."""

    def __init__(self, path: Path, name: str, n_parameters: int, n_outputs: int) -> None:
        self.n_parameters, self.n_outputs = n_parameters, n_outputs
        try:
            functions = ctypes.CDLL(str(path))
        except OSError as error:
            raise BuildError(f"cannot load {path}: {error}. Name another directory by {DIRECTORY}") from None
        workspace = functions[f"{name}_workspace"]
        workspace.restype = ctypes.c_size_t
        self.size: int = workspace()
        pointer = ctypes.c_void_p
        self._forward = functions[f"{name}_forward"]
        self._forward.argtypes, self._forward.restype = [ctypes.c_size_t, *[pointer] * 4], None
        if hasattr(functions, f"{name}_value_and_grad"):
            self._gradient = functions[f"{name}_value_and_grad"]
            self._gradient.argtypes = [ctypes.c_size_t, pointer, pointer, ctypes.c_double, pointer, pointer]
            self._gradient.restype = ctypes.c_double
        self._kept = threading.local()

    def outputs(self, rows: Floats, theta: Floats) -> Floats:
        """The outputs (B, n_outputs) for rows (B, n_inputs)."""
        rows, out = np.ascontiguousarray(rows), np.empty((len(rows), self.n_outputs))
        self._forward(len(rows), _address(rows), _address(theta), _address(out), self._memory())
        return out

    def value_and_grad(self, rows: Floats, weight: float, theta: Floats) -> tuple[float, Floats]:
        """Weight times the sum of the outputs, and its gradient."""
        rows, grad = np.ascontiguousarray(rows), np.empty(self.n_parameters)
        value = self._gradient(len(rows), _address(rows), _address(theta), weight, _address(grad), self._memory())
        return value, grad

    def _memory(self) -> int:
        """The address of the thread's own memory."""
        if not hasattr(self._kept, "memory"):
            self._kept.memory = np.empty(self.size, dtype=np.uint8)
            self._kept.address = _address(self._kept.memory)
        return self._kept.address  # type: ignore[no-any-return]


_Nothing = ctypes.c_char * 0


def _address(array: np.ndarray[tuple[int, ...], np.dtype[np.generic]]) -> int:
    """Where a contiguous array begins: its buffer tells in a third of the time that NumPy takes, if it is writeable."""
    if array.flags.writeable:
        return ctypes.addressof(_Nothing.from_buffer(array))  # type: ignore[arg-type]  # an array is a buffer
    return array.__array_interface__["data"][0]  # type: ignore[no-any-return]
