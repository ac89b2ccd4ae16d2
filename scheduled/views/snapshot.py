"""What every view is made from: the jobs, the state, and what else can be observed now.

Observing changes nothing on the disk, and works where there is no state yet.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scheduled.config import ownership
from scheduled.errors import UnreadableFileError
from scheduled.jobs.model import Job
from scheduled.planning import decide
from scheduled.planning.decision import Decision, Verdict
from scheduled.planning.next_run import Start, next_run
from scheduled.planning.slot_cache import SlotCache
from scheduled.quick_classes import dataclass, field, replace
from scheduled.runs.running import running_jobs
from scheduled.state import heartbeat, records, tick_interval
from scheduled.state.document import State
from scheduled.state.records import ActiveRun, JobMemory
from scheduled.state.tick_interval import Cadence
from scheduled.system import daemons, files
from scheduled.system.daemons import Callers
from scheduled.timing import instants
from scheduled.views.format import absolute, clock, clock_offset_and_distance, relative

if TYPE_CHECKING:
    from scheduled.config.load import Config

MAIL_FILE = "AI_MAIL.central.json"


@dataclass(frozen=True)
class Snapshot:
    """An installation at one instant."""

    now: datetime
    zone: tzinfo
    """For what is shown to a person; each job has its own for its slots."""
    jobs: tuple[Job, ...]
    state: State
    state_dir: Path
    cadence: Cadence
    """How often cron is expected to call."""
    last_tick: datetime | None = None
    """When a tick came last, the idle ones included; None if none ever did."""
    running: frozenset[str] = frozenset()
    """Ids of the jobs that run now, in a tick or on their own after it died."""
    warnings: tuple[str, ...] = ()
    """What is suspicious in the configuration, though it is followed."""
    problems: tuple[str, ...] = ()
    """What is wrong with the configuration, a sentence each."""
    recovered: tuple[str, ...] = ()
    """What was broken about the state, a sentence each."""
    is_on_screen: bool = False
    """Whether its sentences are read at once and not kept: times are as on a clock then."""
    mail: dict[str, Any] = field(default_factory=dict)
    """`system_totals` of the mail's central file; empty where there is none."""
    executors: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """The settings of the executors besides this machine."""
    other_host: str = ""
    """The owner of the state, if that is not this host."""
    callers: Callable[[], Callers | None] = lambda: None
    """Returns what runs that could call a tick; None if that cannot be seen."""
    _records: dict[str, JobMemory] = field(default_factory=dict, init=False, compare=False)
    """What `job_memory` found out: there are views that ask five times about each job."""

    def on_screen(self) -> "Snapshot":
        """Return the same for who reads it at once."""
        return replace(self, is_on_screen=True)

    def time(self, moment: datetime) -> str:
        """Return an instant for a sentence: `14:32`, or `2026-11-21 14:32+01:00` if it is kept."""
        if self.is_on_screen:
            return clock(moment, self.now, self.zone)
        return absolute(moment, self.zone)

    def time_and_distance(self, moment: datetime) -> str:
        """`14:32 (3 min ago)`."""
        return f"{self.time(moment)} ({relative(moment, self.now)})"

    def time_offset_and_distance(self, moment: datetime) -> str:
        """`14:32 (+01:00, 3 min ago)`: the first time of a text that has no heading."""
        if self.is_on_screen:
            return clock_offset_and_distance(moment, self.now, self.zone)
        return self.time(moment)

    def entry(self, job: str) -> dict[str, Any]:
        """Return what the state has about a job; empty for one never seen."""
        return _entry(self.state, job)

    def record(self, job: str) -> JobMemory:
        """Return what is remembered about a job, as of the first time it is asked for."""
        if job not in self._records:
            self._records[job] = records.job_memory(self.state, job)
        return self._records[job]

    @cached_property
    def slots(self) -> SlotCache:
        """The slots around now, computed once for all jobs that share a schedule."""
        return SlotCache.at(self.now)

    def next_start(self, job: Job) -> Start | None:
        """Return what runs next of a job."""
        return next_run(
            job,
            self.record(job.id),
            self.slots,
            self.late_after,
            is_running=job.id in self.running,
        )

    def next_run(self, job: Job) -> datetime | None:
        """Return when a job runs next: in the past if it is due; None if no run will come."""
        start = self.next_start(job)
        return start.at if start is not None else None

    @property
    def late_after(self) -> timedelta:
        """How long a slot may wait before it is late: two ticks."""
        return 2 * self.cadence.interval

    def decisions(self) -> Iterator[Decision]:
        """Yield what a tick would decide about each job now, in the order of the configuration."""
        for job in self.jobs:
            yield self.decision(job)

    def runs(self, decision: Decision) -> bool:
        """Return whether the slot of a decision is being run."""
        runs = self.record(decision.job.id).runs.values()
        is_running = decision.job.id in self.running
        return is_running and any(run.slot == decision.slot for run in runs)

    def blocker(self, job: Job) -> str | None:
        """Return the job that has to succeed before a slot of `job` that is due may start."""
        if not job.after or job.id in self.running:
            return None
        decision = self.decision(job)
        if decision.verdict is not Verdict.RUN or decision.slot is None:
            return None
        others = {other.id: other for other in self.jobs}
        return decide.blocker(job, decision.slot, others, self.record, self.slots)

    def mutex(self, job: Job) -> tuple[str, list[str]] | None:
        """Return the mutex that a slot of `job` which is due waits for, and the jobs that run."""
        if not job.mutex or job.id in self.running:
            return None
        if self.decision(job).verdict is not Verdict.RUN:
            return None
        from scheduled.planning import mutexes

        for name in sorted(job.mutex):
            if found := [other for other, _ in mutexes.holders(name, self.active_runs())]:
                return name, [*dict.fromkeys(found)]
        return None

    def lack_of_place(self, job: Job) -> str:
        """Return why a slot of `job` which is due waits for its executor; '' if it does not."""
        settings = self.executors.get(job.executor) if job.executor else None
        if settings is None or job.id in self.running:
            return ""
        lack = ""
        if not (self.entry(job.id).get("deferred") or {}).get("unstarted"):  # then it was tried
            lack = self._why_unreached(job.place, settings["max_concurrent"])
        if len(self._runs_by_executor.get(job.executor, ())) >= settings["max_concurrent"]:
            lack = "has no free one"
        return lack if lack and self.decision(job).verdict is Verdict.RUN else ""

    def _why_unreached(self, place: str, most: int) -> str:
        """Return that a place takes no run, by what the last ticks have found; '' if it may."""
        entry = (self.state.get("unreached") or {}).get(place)
        at = instants.parse_utc(entry["at"]) if entry is not None else None
        if entry is None or at is None or entry["count"] < most or self.now - at > self.late_after:
            return ""
        return f"takes no run now: {entry['reason']}"

    @cached_property
    def _runs_by_executor(self) -> dict[str, list[str]]:
        return records.runs_by_executor(self.state)

    def active_runs(self) -> Iterator[tuple[str, ActiveRun]]:
        """Yield the runs in progress, each with its job, which may have been removed since."""
        for job in sorted(self.running):
            for run in self.record(job).runs.values():
                yield job, run

    def decision(self, job: Job) -> Decision:
        """Return what a tick would decide about a job now."""
        return decide.decide(job, self.record(job.id), self.slots, self.late_after)


def observe(
    config: "Config", state: State, now: datetime, zone: tzinfo, recovered: Sequence[str] = ()
) -> Snapshot:
    """Return the installation at `now`; `recovered` is what its store had to repair."""
    state_dir = config.places.state_dir
    return Snapshot(
        now=now,
        zone=zone,
        jobs=config.with_known(state["jobs"]).jobs,
        state=state,
        state_dir=state_dir,
        cadence=tick_interval.current(config.tick_interval, state),
        last_tick=_last_tick(state, state_dir),
        running=frozenset(running_jobs(state, state_dir)),
        warnings=config.warnings,
        problems=config.problems,
        recovered=tuple(recovered),
        callers=daemons.running,
        executors=config.executors,
        other_host=ownership.other_host(config, state),
        mail=_mail(config.places.central_dir / MAIL_FILE),
    )


def _entry(state: State, job: str) -> dict[str, Any]:
    entry: Any = state["jobs"].get(job)
    return entry if isinstance(entry, dict) else {}


def _last_tick(state: State, state_dir: Path) -> datetime | None:
    """Return the newer of what the state says and the heartbeat, which idle ticks leave as well."""
    recorded = instants.parse_utc(state["ticks"].get("last"))
    beat = heartbeat.load(state_dir)
    if beat is None:
        return recorded
    return beat.at if recorded is None else max(recorded, beat.at)


def _mail(path: Path) -> dict[str, Any]:
    try:
        document = files.read_json(path)
    except UnreadableFileError:
        return {}
    totals = document.get("system_totals") if isinstance(document, dict) else None
    return totals if isinstance(totals, dict) else {}
