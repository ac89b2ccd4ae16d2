"""Whether an executor can be reached: an outpost is started there, says hello, and is ended."""

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
"""How many executors are asked at a time: one that does not answer takes its whole timeout."""
NAMED = 3
"""How many jobs are named that need something."""


class Probe(NamedTuple):
    """The answer of an executor."""

    problem: str = ""
    """Why it did not answer; empty if it did."""
    hello: Mapping[str, Any] = {}
    seconds: float = 0.0
    """How long it took to answer."""
    ahead: float | None = None
    """How many seconds its clock is ahead of this one."""
    remarks: tuple[str, ...] = ()
    """What else somebody should know, a sentence each."""


def all_of(
    executors: Mapping[str, Mapping[str, Any]],
    jobs: Sequence[Job],
    folder: Path,
    trust: Trust,
) -> Iterator[tuple[str, Probe]]:
    """Yield the executors by name with their answers; several are asked at a time.

    Executors of jobs with a handler need `scheduled` in this version. Paths in the settings are
    relative to `folder`.
    """
    with ThreadPoolExecutor(AT_ONCE) as pool:
        asked = {}
        for name, found in executors.items():
            handlers = [job.id for job in jobs if job.handler and job.executor == name]
            asked[name] = pool.submit(ask, found, handlers, folder, trust)
        yield from ((name, future.result()) for name, future in asked.items())


def ask(found: Mapping[str, Any], handlers: Sequence[str], folder: Path, trust: Trust) -> Probe:
    """Return the answer of an executor; `handlers` are the jobs that run a handler there."""
    try:
        settings = settings_of.with_files(found, folder, os.environ, trust)
    except UnusableEnvironmentError as error:
        return Probe(str(error))
    transport = settings_of.transport(settings)
    began, asked = time.monotonic(), time.time()  # noqa: TID251 - two clocks are compared
    try:
        hello = replies.greeted(transport, replies.Frames(), float(settings["connect_timeout"]))
        seconds = time.monotonic() - began
        remarks = (*transport.remarks(asked), *_of_handlers(hello.get("scheduled", ""), handlers))
    except (UnreachableError, BrokenError) as error:
        return Probe(str(error))
    finally:
        transport.close()
    ahead = _ahead(hello["time"], asked, asked + seconds) if "time" in hello else None
    return Probe("", hello, seconds, ahead, remarks)


def _ahead(told: float, asked: float, answered: float) -> float:
    """Return by how much a clock is certainly ahead that was read between these two times."""
    return max(told - answered, 0.0) + min(told - asked, 0.0)


def _of_handlers(there: str, handlers: Sequence[str]) -> Iterator[str]:
    """Yield how `scheduled` there differs from this one, if there are jobs that need it."""
    if handlers and there != __version__:
        listed = ", ".join(handlers[:NAMED]) + (", ..." if len(handlers) > NAMED else "")
        what = f"scheduled {there} is there, and {__version__} here"
        if not there:
            what = "scheduled is not installed for its Python"
        yield f"{what}; it is needed by {listed}"
