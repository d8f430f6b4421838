"""Starts an example in several processes of this machine, as on several machines; they meet at an address of it."""

import socket
import subprocess
import sys
from collections.abc import Callable

PROCESSES = 2


def run(train: Callable[[int, str], None]) -> None:
    """The parent starts all; each trains, and is told which of them it is, and where they meet."""
    if len(sys.argv) > 1:
        train(int(sys.argv[1]), sys.argv[2])
        return
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    commands = [[sys.executable, sys.argv[0], str(rank), address] for rank in range(PROCESSES)]
    processes = [subprocess.Popen(command) for command in commands]
    if sum(process.wait() for process in processes):
        sys.exit("a process failed")
