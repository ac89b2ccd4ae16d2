"""Whether an executor can be reached: an outpost there says hello, and is sent home."""

import os
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from scheduled.quick_classes import NamedTuple
from scheduled.runs.environment import UnusableEnvironmentError
from scheduled.runs.executors import replies
from scheduled.runs.executors import settings as settings_of
from scheduled.runs.executors.transport import BrokenError, UnreachableError
from scheduled.system.trusted import Trust

AT_ONCE = 25
"""How many are asked at a time: those that do not answer take their whole patience."""


class Probe(NamedTuple):
    """What an executor has answered."""

    problem: str = ""
    """Why it did not; empty if it did."""
    hello: Mapping[str, Any] = {}
    seconds: float = 0.0
    """How long it took to answer."""
    ahead: float | None = None
    """How many seconds its clock is ahead of this one."""


def all_of(
    executors: Mapping[str, Mapping[str, Any]], folder: Path, trust: Trust
) -> Iterator[tuple[str, Probe]]:
    """Yield the executors by name with their answers; several are asked at a time.

    Paths in their settings are relative to `folder`.
    """
    with ThreadPoolExecutor(AT_ONCE) as pool:
        asked = {name: pool.submit(ask, found, folder, trust) for name, found in executors.items()}
        yield from ((name, future.result()) for name, future in asked.items())


def ask(found: Mapping[str, Any], folder: Path, trust: Trust) -> Probe:
    """Return what an executor answers."""
    try:
        settings = settings_of.with_files(found, folder, os.environ, trust)
    except UnusableEnvironmentError as error:
        return Probe(str(error))
    transport = settings_of.transport(settings)
    began = time.monotonic()
    try:
        hello = replies.greeted(transport, replies.Frames(), float(settings["connect_timeout"]))
    except (UnreachableError, BrokenError) as error:
        return Probe(str(error))
    finally:
        transport.close()
    ahead = None
    if "time" in hello:
        ahead = hello["time"] - time.time()  # noqa: TID251 - two clocks are compared
    return Probe("", hello, time.monotonic() - began, ahead)
