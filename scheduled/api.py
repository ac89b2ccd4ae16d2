"""The program from Python: load or define jobs, see what is due, do a tick.

Everything here calls what the command line calls, and raises what the command line tells:
`ScheduledError` and those below it. All of it can be had from `scheduled` itself, which imports
this when it is first asked for something, because an idle tick pays for every import.
"""

import os
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from scheduled.config import conflicts, lookup, paths
from scheduled.config import load as configuration
from scheduled.config.load import DEFAULTS, Config
from scheduled.config.paths import PathOptions
from scheduled.config.python_jobs import job, jobs_in
from scheduled.errors import ConfigError, ScheduledError, UsageError
from scheduled.jobs.model import SYSTEM_ZONE, Job, Outcome
from scheduled.planning.decision import Decision, Verdict
from scheduled.ticks import dispatcher, tick
from scheduled.ticks.report import Report
from scheduled.ticks.signals import Bus
from scheduled.timing import timezones

__all__ = [
    "Bus",
    "Config",
    "Decision",
    "Job",
    "Outcome",
    "Report",
    "ScheduledError",
    "Verdict",
    "define",
    "job",
    "jobs_in",
    "load",
    "preview",
    "run",
    "with_jobs",
]

Where = str | os.PathLike[str]


def load(
    root: Where | None = None,
    *,
    config: Where | None = None,
    state_dir: Where | None = None,
    environ: Mapping[str, str] | None = None,
) -> Config:
    """The configuration that `scheduled --root ROOT --config FILE --state-dir DIR` would follow.

    What is wrong with single jobs is in its `problems`. Raises ConfigError where none of it can
    be followed, UsageError for a place that does not exist.
    """
    return configuration.load(_asked(root, config, state_dir, environ))


def define(
    jobs: Iterable[Job],
    *,
    root: Where,
    state_dir: Where,
    timezone: str | None = None,
    max_concurrent: int = 4,
    environ: Mapping[str, str] | None = None,
) -> Config:
    """A configuration of just these jobs, with no file behind it and none of the shipped ones.

    Relative paths count from the current folder; `timezone` is the machine's unless it is named.
    Raises ConfigError as `with_jobs` does, UsageError for a root that is no folder, ScheduleError
    for a zone that does not exist.
    """
    asked = _asked(root, None, state_dir, environ)
    found = replace(paths.find(asked), config_path=None)
    name = timezones.require_zone(timezone) if timezone else timezones.local_zone(asked.environ)
    values = {**DEFAULTS, "max_concurrent": max_concurrent}
    empty = Config(places=found, jobs=(), timezone=name, problems=(), sources=(), **values)
    return with_jobs(empty, jobs)


def with_jobs(config: Config, jobs: Iterable[Job]) -> Config:
    """The configuration with these jobs besides its own; a zone they do not name is its zone.

    Raises ConfigError for an id that is taken, and for jobs that wait for nobody in `after`.
    """
    taken = {one.id: one.source for one in config.jobs} | dict(config.taken)
    added = []
    problems = []
    for one in jobs:
        if one.id in taken:
            problems.append(f"{one.id}: the id is already used by {taken[one.id]}")
        taken[one.id] = one.source
        added.append(one if one.timezone != SYSTEM_ZONE else replace(one, timezone=config.timezone))
    every = (*config.jobs, *added)
    problems += [f"{name}: {wrong}" for name, wrong in conflicts.dependency_problems(every).items()]
    if problems:
        raise ConfigError(problems)
    return replace(config, jobs=every)


def preview(config: Config, now: datetime, *, only: Sequence[str] = ()) -> list[Decision]:
    """A decision a job about what a tick at `now` would do; `is_due` says what it would start.

    Changes nothing. `now` is aware; `only` names jobs and `tag:NAME`. Raises as `run` does.
    """
    from scheduled.ticks.simulation.preview import decisions

    return decisions(config, _instant(now), _wanted(config, only, by_hand=False))


def run(
    config: Config,
    now: datetime,
    *,
    only: Sequence[str] = (),
    by_hand: bool = False,
    environ: Mapping[str, str] | None = None,
    bus: Bus | None = None,
) -> Report:
    """One tick at `now`, as `scheduled run` does it: what is due, each in a process of its own.

    `only` names jobs and `tag:NAME`; `by_hand` runs them without a slot, due or not, unless they
    are disabled, and moves no schedule. `environ` is what the jobs inherit, ours unless it is
    given. A job that fails is a row of the report and no error. Meanwhile SIGTERM, SIGINT and
    SIGHUP stop the runs; therefore only the main thread can call this. Raises UsageError,
    UnavailableError for a clock that cannot be right, LockedError and StateError where not even a
    beginning could be recorded.
    """
    if threading.current_thread() is not threading.main_thread():
        raise UsageError("run: only the main thread can run jobs, for it alone hears signals")
    wanted = _wanted(config, only, by_hand=by_hand)
    given = dict(os.environ if environ is None else environ)
    return tick.run(
        config,
        _instant(now),
        environ=given,
        request=wanted if only or by_hand else None,
        bus=bus,
    )


def _asked(
    root: Where | None,
    config: Where | None,
    state_dir: Where | None,
    environ: Mapping[str, str] | None,
) -> PathOptions:
    return PathOptions(
        root=None if root is None else os.fspath(root),
        config=None if config is None else os.fspath(config),
        state_dir=None if state_dir is None else os.fspath(state_dir),
        environ=dict(os.environ if environ is None else environ),
        cwd=Path.cwd(),
    )


def _wanted(config: Config, only: Sequence[str], *, by_hand: bool) -> dispatcher.RunRequest:
    lookup.check_only(config, only)
    return dispatcher.RunRequest(only=tuple(only), by_hand=by_hand, slotless=by_hand)


def _instant(now: datetime) -> datetime:
    if now.tzinfo is None:
        raise UsageError(f"now: {now.isoformat()} has no time zone; write datetime.now(UTC)")
    return now.astimezone(UTC)
