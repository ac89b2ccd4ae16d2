"""The story of one `scheduled run`.

Read, work out what is owed, run it, write down what came of it, tell who has to know, and go.
Everything that can stop half-way has left its intent in the journal before.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from scheduled.config.load import Config
from scheduled.errors import UnavailableError, reason_of
from scheduled.jobs.model import Job
from scheduled.planning import decide, reboot, registration
from scheduled.planning.decision import Decision, Verdict
from scheduled.planning.slot_cache import SlotCache
from scheduled.runs import lingering_output, output
from scheduled.runs.effects import LIVE, Effects
from scheduled.runs.process import RunContext
from scheduled.runs.supervisor import Supervisor
from scheduled.state import events, heartbeat, records, tick_interval
from scheduled.state.records import ALL_JOBS
from scheduled.state.store import KEEP_DAYS, Store
from scheduled.system import files
from scheduled.ticks import idle_hint, outbox, recovery
from scheduled.ticks.context import TickContext
from scheduled.ticks.dispatcher import Children, Dispatcher, RunRequest
from scheduled.ticks.report import Report
from scheduled.ticks.signals import Bus
from scheduled.timing.instants import format_utc
from scheduled.views import status

EARLIEST = datetime.fromisoformat("2026-01-01T00:00:00+00:00")
"""The year this program was first released in. A clock before it is wrong."""
ON_TIME_TICKS = 2
"""A slot that starts within this many tick intervals is not late."""


def run(
    config: Config,
    now: datetime,
    *,
    environ: Mapping[str, str],
    arguments: list[str] | None = None,
    wanted: RunRequest | None = None,
    bus: Bus | None = None,
    look: Callable[[], object] = lambda: None,
) -> Report:
    """Do one tick at `now` and say what was done.

    `arguments` is how the command was called, for the hint that lets the next tick be an idle
    one; without it no hint is left. `look` is called now and then while runs go on.

    Raises UnavailableError for a clock that cannot be right,
    LockedError and StateError when not even a beginning could
    be recorded. What goes wrong later is in the report.
    """
    if now < EARLIEST:
        raise UnavailableError(
            f"the clock says {now:%Y-%m-%d %H:%M} UTC, which is before this program was made; "
            "nothing is run or written until it is set"
        )
    tick = Tick(config, now, environ=environ, request=wanted, bus=bus)
    tick.open()
    recovery.recover_all(tick.context)
    decisions = tick.plan()
    with Supervisor(look) as children:
        tick.dispatcher(children).run(decisions)
        tick.deliver()
        tick.close(decisions, arguments if wanted is None else None)
        tick.report.stopped_by = children.stopped_by  # one that came in the last steps counts too
    return tick.report


class Tick:
    """One tick in progress: the steps of `run`, in the order it takes them."""

    def __init__(
        self,
        config: Config,
        now: datetime,
        *,
        environ: Mapping[str, str] | None = None,
        request: RunRequest | None = None,
        bus: Bus | None = None,
        store: Store | None = None,
        effects: Effects = LIVE,
    ) -> None:
        self.config = config
        self.now = now
        self.request = request or RunRequest()
        self.bus = bus or Bus()
        self.report = Report(now, problems=list(config.problems))
        self._started = time.monotonic()
        self.store = store or Store(config.places.state_dir).load()
        self.cadence = tick_interval.current(config.tick_interval, self.store.state)
        self.jobs = [
            _with_params(job, self.request) for job in select_jobs(config.jobs, self.request.only)
        ]
        self.context = TickContext(
            store=self.store,
            jobs={job.id: job for job in config.jobs},
            run_context=_run_context(config, now, environ or {}),
            slots=SlotCache.at(now),
            grace=ON_TIME_TICKS * self.cadence.interval,
            clock=self.clock,
            warn=self.report.warnings.append,
            effects=effects,
            lanes=config.max_concurrent,
        )

    def dispatcher(self, children: Children) -> Dispatcher:
        """Return a dispatcher that runs the jobs of this tick as `children`."""
        return Dispatcher(
            config=self.config,
            tick=self.context,
            children=children,
            report=self.report,
            bus=self.bus,
            request=self.request,
        )

    def clock(self) -> datetime:
        """The tick's own time: `now`, moved on by what has elapsed since."""
        return self.now + timedelta(seconds=time.monotonic() - self._started)

    def open(self) -> None:
        """Note that a tick came, and explain why none did for a while, if that was so."""
        idle_hint.remove(self.config)
        beat = heartbeat.read_clocks(self.now)
        self.explain_silence(beat)
        heartbeat.save(self.config.places.state_dir, beat)
        self.bus.fire("startup", at=format_utc(self.now))

    def explain_silence(self, beat: heartbeat.Heartbeat) -> None:
        """Put on record why no tick came since the last heartbeat, if that is too long ago."""
        last = heartbeat.load(self.config.places.state_dir)
        gap = heartbeat.find_gap(last, beat, self.cadence.tolerance(last.at if last else None))
        if gap is not None:
            self.store.record(self.now, events.gap_explained(gap.start, gap.end, gap.cause.value))

    def plan(self) -> list[Decision]:
        """Decide about every job; one seen for the first time is first put on record."""
        decisions = self.decided()
        if self.first_sights(decisions):
            with self.store.locked():  # another tick may have met them meanwhile
                self.store.write(self.now, *self.first_sights(self.decided()))
            clamped = [one for one in decisions if one.verdict is Verdict.RESET_WATERMARK]
            self.report.warnings += [f"{one.job.id}: {one.reason}" for one in clamped]
            decisions = self.decided()
        self.store.changed_jobs.clear()
        return decisions

    def decided(self) -> list[Decision]:
        """A decision a job, in order, from what is remembered now."""
        return decide.plan(
            self.jobs,
            lambda job: records.job_memory(self.store.state, job),
            self.context.slots,
            grace=self.context.grace,
            budget=self.config.catch_up_budget,
            ticking_since=records.end_of_last_gap(self.store.state),
        )

    def first_sights(self, decisions: list[Decision]) -> list[dict[str, Any]]:
        """The events that make the engine know a new boot, and new, changed and removed jobs."""
        state, slots = self.store.state, self.context.slots
        started = reboot.boot_events(
            self.config.jobs, state, heartbeat.read_clocks(self.now), self.now
        )
        ids = {job.id for job in self.config.jobs}
        parted = [] if self.config.problems else registration.unregistered(ids, state, slots)
        return [*started, *parted, *registration.register(decisions, state, slots)]

    def deliver(self) -> None:
        """Take the waiting messages to where they are read; what fails waits for another tick."""
        with self.report.catch_storage_errors():
            self.report.notes += outbox.deliver(
                self.store, self.config.places, ZoneInfo(self.config.timezone), self.clock()
            )

    def close(self, decisions: list[Decision], arguments: list[str] | None) -> None:
        """Write the checkpoint, the central file, and the hint for the next tick."""
        with self.report.catch_storage_errors():
            self.store.record(self.clock(), events.tick_ended(len(self.report.ran)))
            saved = self.store.checkpoint(self.clock())
            noisy = lingering_output.trim_all(self.store.state_dir)
            if arguments is not None:
                due = self._next_due(decisions, noisy=noisy)
                patience = self.cadence.tolerance(self.now)
                ours = {self.store.path: saved}
                idle_hint.write(self.config, arguments, self.now, due, patience, ours)
        if self.store.began_new_day:
            oldest = self.now - timedelta(days=KEEP_DAYS)
            output.prune(self.store.state_dir / "runs", oldest.timestamp())
        self._publish()
        self.report.warnings += [str(failure) for failure in self.bus.failures]
        self.report.recovered += self.store.recovered
        self.report.duration_seconds = time.monotonic() - self._started

    def _publish(self) -> None:
        path = self.config.places.central_dir / "SCHEDULED.central.json"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            files.replace_json(path, self._status())
        except OSError as error:
            reason = reason_of(error)
            self.report.notes.append(f"{path}: cannot be written: {reason}")

    def _status(self) -> dict[str, Any]:
        return status.central(self.config, self.store.state, self.clock(), self.store.recovered)

    def _next_due(self, decisions: list[Decision], *, noisy: bool = False) -> datetime | None:
        """When the next tick has something to do: a slot, or a message to try again.

        `noisy` says that there is output to be looked after.
        """
        # Of what other ticks and commands put on record since the plan, the hint is to know, too.
        touched, anybody = self.store.changed_jobs, ALL_JOBS in self.store.changed_jobs
        again = [
            self.context.decide(one.job)
            for one in decisions
            if one.verdict is not Verdict.NOT_DUE or one.job.id in touched or anybody
        ]
        if any(one.is_due for one in again) or records.active_runs(self.store.state):
            return self.now  # and if the tick of a run under way dies, the next one is to notice
        instants = [
            decide.next_due(decisions),
            decide.next_due(again),
            outbox.next_due(self.store.state, self.now),
            self.now + lingering_output.LOOK_AGAIN if noisy else None,
        ]
        return min((one for one in instants if one is not None), default=None)


def _run_context(config: Config, now: datetime, environ: Mapping[str, str]) -> RunContext:
    places = config.places
    return RunContext(
        state_dir=places.state_dir,
        root=places.root,
        central_dir=places.central_dir,
        config_dir=(places.config_path or places.root / "scheduled.yaml").parent,
        zone=config.timezone,
        now=now,
        environ=environ,
    )


def select_jobs(jobs: tuple[Job, ...], only: tuple[str, ...]) -> list[Job]:
    """The jobs that `only` names by id or `tag:NAME`; all of them if it is empty."""
    if not only:
        return list(jobs)
    return [job for job in jobs if job.id in only or any(f"tag:{tag}" in only for tag in job.tags)]


def _with_params(job: Job, wanted: RunRequest) -> Job:
    if not wanted.params:
        return job
    # It is not quite that job any more, and does not count as its last run.
    return replace(job, params={**job.params, **wanted.params}, last_run_key="")
