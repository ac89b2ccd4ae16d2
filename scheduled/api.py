"""The Python API: load or define jobs, preview what is due, run a tick, ask what came of it.

Everything here calls what the command line calls, and raises the errors that it prints:
`ScheduledError` and its subclasses. All names are available from `scheduled` itself, which
imports this module on first use, because an idle tick pays for every import.
"""

import os
import threading
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from scheduled.config import conflicts, lookup, ownership, paths, permissions
from scheduled.config import load as configuration
from scheduled.config.load import DEFAULTS, Config
from scheduled.config.paths import PathOptions
from scheduled.config.python_jobs import job, jobs_in
from scheduled.errors import ConfigError, ScheduledError, UsageError
from scheduled.jobs.model import SYSTEM_ZONE, Job, Outcome
from scheduled.planning import pausing
from scheduled.planning.decision import Decision, Verdict
from scheduled.quick_classes import replace
from scheduled.state import events
from scheduled.state.history import DEFAULT_LIMIT, HistoryQuery
from scheduled.state.history import Row as HistoryRow
from scheduled.state.journal import Event
from scheduled.state.records import ALL_JOBS
from scheduled.state.store import Store
from scheduled.system import machine
from scheduled.system.text import one_line
from scheduled.ticks import announcing, dispatcher, tick
from scheduled.ticks.report import Report
from scheduled.ticks.signals import Bus
from scheduled.timing import timezones
from scheduled.timing.local_zone import local_zone
from scheduled.views import answers
from scheduled.views.answers import Status, Why
from scheduled.views.snapshot import Snapshot, observe

__all__ = [
    "Bus",
    "Config",
    "Decision",
    "HistoryRow",
    "Job",
    "Outcome",
    "Report",
    "ScheduledError",
    "Status",
    "Verdict",
    "Why",
    "define",
    "history",
    "job",
    "jobs_in",
    "load",
    "pause",
    "preview",
    "resume",
    "run",
    "status",
    "why",
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
    """Return the configuration that `scheduled --root ROOT --config FILE --state-dir DIR` follows.

    What is wrong with single jobs is in its `problems`. Raises ConfigError where none of it can
    be followed, UsageError for a place that does not exist.
    """
    return configuration.load(_path_options(root, config, state_dir, environ))


def define(
    jobs: Iterable[Job],
    *,
    root: Where,
    state_dir: Where,
    timezone: str | None = None,
    max_concurrent: int = 4,
    environ: Mapping[str, str] | None = None,
) -> Config:
    """Return a configuration of just these jobs, without a file and built-in jobs.

    Relative paths count from the current directory; `timezone` is the machine's unless it is named.
    Raises ConfigError as `with_jobs` does, UsageError for a root that is not a directory,
    ScheduleError for a zone that does not exist.
    """
    options = _path_options(root, None, state_dir, environ)
    places = replace(paths.find(options), config_path=None)
    name = timezones.require_zone(timezone) if timezone else local_zone(options.environ).name
    values: dict[str, Any] = {**DEFAULTS, "max_concurrent": max_concurrent}
    values |= {"timezone": name, "zone_is_local": not timezone}
    values["host"] = machine.named_host(options.environ) or None
    empty = Config(places=places, jobs=(), problems=(), sources=(), **values)
    return with_jobs(empty, jobs)


def with_jobs(config: Config, jobs: Iterable[Job]) -> Config:
    """Return the configuration with these jobs added; their default time zone is its own.

    Raises ConfigError for an id that is taken or not permitted, and for jobs whose `after` names no
    job.
    """
    taken = {job.id: job.source for job in config.jobs} | dict(config.taken)
    added = []
    problems = []
    for new in jobs:
        if new.id in taken:
            problems.append(f"{new.id}: the id is already used by {taken[new.id]}")
        elif refused := permissions.refusal_of(new, config.permissions):
            problems.append(f"{new.id}: {refused}")
        taken[new.id] = new.source
        level = permissions.level_for(new.id, config.permissions)
        added.append(replace(_in_zone_of(config, new), level=level))
    every = (*config.jobs, *added)
    problems += [f"{name}: {wrong}" for name, wrong in conflicts.dependency_problems(every).items()]
    if problems:
        raise ConfigError(problems)
    return replace(config, jobs=every)


def _in_zone_of(config: Config, job: Job) -> Job:
    if job.timezone != SYSTEM_ZONE:
        return job
    return replace(job, timezone=config.timezone, zone_is_local=config.zone_is_local)


def preview(config: Config, now: datetime, *, only: Sequence[str] = ()) -> list[Decision]:
    """Return a decision a job: what a tick at `now` would do; `is_due` marks what it would start.

    Changes nothing. `now` is aware; `only` names jobs and `tag:NAME`. Raises as `run` does.
    """
    from scheduled.ticks.simulation.preview import decisions

    return decisions(config, _instant(now), _request(config, only, by_hand=False))


def run(
    config: Config,
    now: datetime,
    *,
    only: Sequence[str] = (),
    by_hand: bool = False,
    environ: Mapping[str, str] | None = None,
    bus: Bus | None = None,
) -> Report:
    """Run one tick at `now`, as `scheduled run` does: what is due, each in a process of its own.

    `only` names jobs and `tag:NAME`; `by_hand` runs them without a slot, due or not, unless they
    are disabled, and changes no schedule. `environ` is what the jobs inherit, by default that of
    this process. A job that fails is a row of the report and no error. Meanwhile SIGTERM, SIGINT
    and SIGHUP stop the runs; therefore only the main thread can call this. Raises UsageError,
    UnavailableError for a clock that cannot be right, LockedError and StateError where not even a
    beginning could be recorded.
    """
    if threading.current_thread() is not threading.main_thread():
        raise UsageError("run: only the main thread can run jobs, as only it receives signals")
    request = _request(config, only, by_hand=by_hand)
    given = dict(_environ(environ))
    return tick.run(
        config,
        _instant(now),
        environ=given,
        request=request if only or by_hand else None,
        bus=bus,
    )


def status(config: Config, now: datetime, *, environ: Mapping[str, str] | None = None) -> Status:
    """Return what is the case at `now`, as `scheduled status --json` does.

    `environ` says where the crontab and the units of this user are; by default it is that of this
    process. Raises StateError.
    """
    store, instant = _store(config), _instant(now)
    return answers.status(config, store, _snapshot(config, store, instant), _environ(environ))


def history(
    config: Config,
    job: str | None = None,
    *,
    since: datetime | None = None,
    outcome: Outcome | str | None = None,
    limit: int = DEFAULT_LIMIT,
) -> list[HistoryRow]:
    """Return what ran, was skipped or was missed, newest first, as `scheduled history --json` does.

    `since` is aware; a `limit` of 0 means all. Raises UsageError for a job nobody has heard of and
    for an outcome that does not exist, StateError.
    """
    try:
        wanted = Outcome(outcome) if outcome is not None else None
    except ValueError:
        raise UsageError(f"outcome: {outcome!r}: known are {', '.join(Outcome)}") from None
    if limit < 0:
        raise UsageError(f"limit: {limit}: 0 means all, and less means nothing")
    first = _instant(since, "since") if since is not None else None
    return answers.past(config, _store(config), HistoryQuery(job, first, wanted, limit))


def why(config: Config, now: datetime, job: str, *, at: datetime | None = None) -> Why:
    """Return why a job ran, or did not, as `scheduled why --json` does at `now`.

    It is about the newest scheduled time at or before `at`, by default `now`. Raises UsageError for
    a job that does not exist, StateError.
    """
    store, instant = _store(config), _instant(now)
    asked = instant if at is None else _instant(at, "at")
    return answers.why(config, store, _snapshot(config, store, instant), job, asked)


def pause(
    config: Config,
    now: datetime,
    job: str | None = None,
    *,
    until: datetime | None = None,
    reason: str = "",
    environ: Mapping[str, str] | None = None,
) -> None:
    """Skip the runs of a job, or of all jobs, from `now` until `until`, or until `resume`.

    `reason` is recorded with every run that is skipped. Raises UsageError for a job that does not
    exist and an `until` that is past, NotOwnerError for a state of others, LockedError, StateError.
    """
    instant = _instant(now)
    end = _instant(until, "until") if until is not None else None
    if end is not None and end <= instant:
        raise UsageError(f"until: {end.isoformat()} is in the past")
    name = lookup.find_job(config, job).id if job is not None else ALL_JOBS
    store = ownership.open_store(config, _environ(environ), ("pause", *filter(None, [job])))
    _record(config, store, instant, environ, events.job_paused(name, end, one_line(reason, 200)))


def resume(
    config: Config,
    now: datetime,
    job: str | None = None,
    *,
    environ: Mapping[str, str] | None = None,
) -> None:
    """End the pause of a job, or of all jobs, or the deferral of a job. Raises as `pause` does.

    Also UsageError if there is none to end.
    """
    instant = _instant(now)
    name = lookup.find_job(config, job).id if job is not None else ALL_JOBS
    store = ownership.open_store(config, _environ(environ), ("resume", *filter(None, [job])))
    event, _ = pausing.ended(name, store.state, instant)
    _record(config, store, instant, environ, event)


def _store(config: Config) -> Store:
    """Return the state, to be read. Raises StateError."""
    store = Store(config.places.state_dir).load()
    store.claimant = ownership.reader(config)
    return store


def _snapshot(config: Config, store: Store, now: datetime) -> Snapshot:
    return observe(config, store.state, now, timezones.zone_info(config.timezone), store.recovered)


def _record(
    config: Config,
    store: Store,
    now: datetime,
    environ: Mapping[str, str] | None,
    event: Event,
) -> None:
    """Record an event, and tell the subscribers of the configuration."""
    store.recorded = [] if config.subscribe else store.recorded
    store.record(now, event)
    store.checkpoint(now)
    if store.recorded:
        with suppress(ScheduledError):  # what was to be done is done
            announcing.tell_of_command(config, store, _environ(environ), now)


def _environ(environ: Mapping[str, str] | None) -> Mapping[str, str]:
    return machine.given_environment() if environ is None else dict(environ)


def _path_options(
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


def _request(config: Config, only: Sequence[str], *, by_hand: bool) -> dispatcher.RunRequest:
    lookup.check_only(config, only)
    return dispatcher.RunRequest(only=tuple(only), by_hand=by_hand, slotless=by_hand)


def _instant(now: datetime, name: str = "now") -> datetime:
    given: object = now
    if not isinstance(given, datetime):
        raise UsageError(f"{name}: {given!r} is no datetime; write datetime.now(UTC)")
    if now.tzinfo is None:
        raise UsageError(f"{name}: {now.isoformat()} has no time zone; write datetime.now(UTC)")
    try:
        return now.astimezone(UTC)
    except OverflowError:
        raise UsageError(f"{name}: {now.isoformat()} is not a time that UTC has") from None
