"""Ticks in progress in a process of their own, while a test has others come beside them."""

import multiprocessing
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.process import BaseProcess

from tests.builders.engine import Engine

UNTIL_GO = "while [ ! -e go ]; do sleep 0.02; done"
"""A command that runs until somebody makes the file `go`."""

PATIENCE = 120.0
"""How many seconds may pass until something is so: far more than a slow machine takes."""
_FORK = multiprocessing.get_context("fork")


@contextmanager
def ticking(engine: Engine, when: str) -> Iterator[BaseProcess]:
    """Run a tick at `when`, waited for at the end of the block."""
    tick = _FORK.Process(target=engine.run_at, args=(when,))
    tick.start()
    try:
        yield tick
    finally:
        tick.join(PATIENCE)
        tick.kill()


@contextmanager
def running_since_noon(engine: Engine, *, finish: bool = True) -> Iterator[BaseProcess]:
    """Run a tick of 12:00, with a job started that appends to `out` and waits for `go`.

    Unless `finish` is false, the end of the block lets the job go, and waits for the tick.
    """
    engine.run_at("11:30")
    with ticking(engine, "12:00") as tick:
        wait_for(lambda: engine.lines() != [])
        try:
            yield tick
        finally:
            if finish:
                (engine.folder / "go").touch()
            tick.join(PATIENCE)
            (engine.folder / "go").touch()


def wait_for(is_so: Callable[[], bool]) -> None:
    """Wait until something is so; it fails the test if that takes very long."""
    deadline = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)
