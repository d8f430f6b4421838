"""collector_paused: the collector is off within, and as it was after, however the blocks lie."""

import gc
import random
import threading
from collections.abc import Iterator

import pytest

from autograd import Value, collector_paused


@pytest.fixture(autouse=True)
def _the_collector_as_it_was() -> Iterator[None]:
    was_enabled = gc.isenabled()
    yield
    (gc.enable if was_enabled else gc.disable)()


@pytest.mark.parametrize("enabled", [True, False])
def test_it_is_off_within_and_as_before_after(enabled: bool) -> None:
    (gc.enable if enabled else gc.disable)()
    with collector_paused():
        assert not gc.isenabled()
        with collector_paused():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled() == enabled


def test_an_error_ends_it_too() -> None:
    gc.enable()
    with pytest.raises(ZeroDivisionError), collector_paused():
        raise ZeroDivisionError
    assert gc.isenabled()


def test_blocks_of_threads_that_overlap_in_any_order() -> None:
    """Each thread enters and leaves as it will: off while any is within, on when none is."""
    gc.enable()
    rng = random.Random(0)
    for _ in range(30):
        blocks = [collector_paused() for _ in range(4)]
        steps = [i for i in range(4) for _ in range(2)]
        rng.shuffle(steps)
        inside: set[int] = set()
        for i in steps:
            action = blocks[i].__exit__ if i in inside else blocks[i].__enter__
            arguments = (None, None, None) if i in inside else ()
            thread = threading.Thread(target=action, args=arguments)
            thread.start()
            thread.join()
            inside ^= {i}
            assert gc.isenabled() == (not inside)


def test_a_graph_is_freed_without_the_collector() -> None:
    """Which is why pausing it costs no memory: a graph has no cycles."""
    counted = []

    class Counted(Value):
        __slots__ = ()

        def __del__(self) -> None:
            counted.append(self._number)

    with collector_paused():
        x = Counted(2.0)
        out = (x * x + x).tanh()
        out.backward()
        del x, out
        assert counted == [2.0]
