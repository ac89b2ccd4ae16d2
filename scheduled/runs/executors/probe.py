"""Whether an executor can be reached: an outpost there says hello, and is sent home."""

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from scheduled.jobs.model import Job
from scheduled.quick_classes import NamedTuple
from scheduled.runs.environment import UnusableEnvironmentError
from scheduled.runs.executors import replies
from scheduled.runs.executors import settings as settings_of
from scheduled.runs.executors.transport import BrokenError, UnreachableError
from scheduled.system.trusted import Trust
from scheduled.version import __version__

AT_ONCE = 25
"""How many are asked at a time: those that do not answer take their whole patience."""
NAMED = 3
"""Of the jobs that need something, so many are named."""


class Probe(NamedTuple):
    """What an executor has answered."""

    problem: str = ""
    """Why it did not; empty if it did."""
    hello: Mapping[str, Any] = {}
    seconds: float = 0.0
    """How long it took to answer."""
    ahead: float | None = None
    """How many seconds its clock is ahead of this one."""
    differences: tuple[str, ...] = ()
    """What else differs there from here, as runs may show: a sentence for each."""


def all_of(
    executors: Mapping[str, Mapping[str, Any]],
    jobs: Sequence[Job],
    folder: Path,
    trust: Trust,
) -> Iterator[tuple[str, Probe]]:
    """Yield the executors by name with their answers; several are asked at a time.

    Of the jobs, those with a handler need more of their executor. Paths in the settings are
    relative to `folder`.
    """
    with ThreadPoolExecutor(AT_ONCE) as pool:
        asked = {}
        for name, found in executors.items():
            handlers = [job.id for job in jobs if job.handler and job.executor == name]
            asked[name] = pool.submit(ask, found, handlers, folder, trust)
        yield from ((name, future.result()) for name, future in asked.items())


def ask(found: Mapping[str, Any], handlers: Sequence[str], folder: Path, trust: Trust) -> Probe:
    """Return what an executor answers, on which these jobs run a handler."""
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
    differences = (*transport.differences, *_of_handlers(hello.get("scheduled", ""), handlers))
    return Probe("", hello, time.monotonic() - began, ahead, differences)


def _of_handlers(there: str, handlers: Sequence[str]) -> Iterator[str]:
    """Yield what keeps handlers from running where scheduled has this version."""
    if handlers and there != __version__:
        listed = ", ".join(handlers[:NAMED]) + (", ..." if len(handlers) > NAMED else "")
        what = f"scheduled {there} is there, and {__version__} here"
        if not there:
            what = "scheduled is not installed for its Python"
        yield f"{what}; it is needed by {listed}"
