"""The story of one `scheduled run`: open, recover, plan, dispatch, deliver, close.

Whatever can stop half-way has recorded its intent in the journal before it starts.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from scheduled.config import changes, ownership
from scheduled.config.load import Config
from scheduled.errors import (
    LockedError,
    ScheduledError,
    StateError,
    UnavailableError,
)
from scheduled.jobs.model import AttemptResult, Job
from scheduled.jobs.permissions import CONFINED
from scheduled.planning import reboot, registration, tick_plan
from scheduled.planning.decision import Decision, Verdict
from scheduled.planning.next_run import next_run
from scheduled.planning.slot_cache import SlotCache
from scheduled.planning.standing import Start
from scheduled.runs import lingering_output
from scheduled.runs.effects import LIVE, Effects
from scheduled.runs.run_context import RunContext
from scheduled.runs.supervisor import Supervisor
from scheduled.state import events, heartbeat, history, known_days, records, tick_interval
from scheduled.state.history import Row
from scheduled.state.journal import Event
from scheduled.state.records import ALL_JOBS
from scheduled.state.store import Store
from scheduled.ticks import clean_up, idle_hint, opening, outbox, publishing, recovery, telling
from scheduled.ticks.context import TickContext, run_context
from scheduled.ticks.dispatcher import Children, Dispatcher, RunRequest
from scheduled.ticks.idle_hint import IdleHint
from scheduled.ticks.pings import Pings
from scheduled.ticks.report import Report
from scheduled.ticks.signals import Bus
from scheduled.timing.instants import EARLIEST, format_utc, minute_utc, parse_utc
from scheduled.timing.timezones import zone_info

ON_TIME_TICKS = 2
"""A start within this many tick intervals of its slot is on time."""


def run(
    config: Config,
    now: datetime,
    *,
    environ: Mapping[str, str],
    arguments: list[str] | None = None,
    request: RunRequest | None = None,
    bus: Bus | None = None,
    on_poll: Callable[[], object] = lambda: None,
) -> Report:
    """Do one tick at `now` and return a report of it.

    `arguments` are those of the command, for the hint that lets the next tick be an idle one;
    without them, or with a `request`, no hint is written. `on_poll` is called several times a
    second while runs are in progress.

    Raises UnavailableError for a clock that cannot be right, LockedError and StateError if the
    tick could not even start. What goes wrong later is in the report.
    """
    if now < EARLIEST:
        raise UnavailableError(
            f"the clock says {minute_utc(now)}, which is before the first release; "
            "nothing is run or written until it is set",
            trouble="the clock is before the first release",
        )
    words = arguments or ("run",)
    trouble: ScheduledError | None = None
    try:
        tick = Tick(config, now, environ=environ, request=request, bus=bus, arguments=words)
        report = _run(tick, arguments if request is None else None, on_poll)
        trouble = report.storage_error
    except (StateError, LockedError) as error:
        trouble = error
        raise
    finally:
        telling.leave_word(config, trouble, now, is_plain=request is None)
    return report


def _run(tick: "Tick", arguments: list[str] | None, on_poll: Callable[[], object]) -> Report:
    if left_behind := ownership.left_behind(tick.config, tick.context.run_context.environ):
        tick.report.warnings.append(left_behind)
    pings, days = tick.context.pings, known_days.load(tick.store.state_dir)
    with (
        pings.answered(tick.report, tick.clock),
        telling.logged(tick.config, tick.context, tick.report, tick.bus),
        telling.subscribers(tick.config, tick.context, tick.report, tick.bus) as poll,
    ):
        tick.open()
        recovery.recover_all(tick.context)
        decisions = tick.plan()
        tick.fire_recorded()
        keepers = tick.context.run_context.keepers
        with tick.store.lock_file, Supervisor(lambda: (on_poll(), poll()), keepers) as children:
            tick.dispatcher(children).run(decisions)
            children.end_free_keepers()
            tick.fire_recorded()
            telling.incidents(tick.config, tick.context, tick.report, tick.bus)
            tick.deliver()
            tick.close(decisions, arguments)
            days.save(tick.now.date())
            tick.fire_recorded()
            telling.risks(tick.config, tick.context, tick.report, tick.bus)
            tick.report.stopped_by = children.stopped_by  # also one of the last steps
        if not tick.request.only and not tick.request.by_hand:
            pings.ticked(tick.report)
    tick.report.warnings += [str(failure) for failure in tick.bus.failures]
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
        arguments: Sequence[str] = ("run",),
        effects: Effects = LIVE,
    ) -> None:
        self.now = now
        self.request = request or RunRequest()
        self.bus = bus or Bus()
        self.report = Report(now, problems=list(config.problems))
        self.start = Start()
        self._started = time.monotonic()
        self.store = store or ownership.open_store(
            config, environ or {}, arguments, now=now, by_tick=not self.request.by_hand
        )
        self.config = config.with_known({*self.store.state["jobs"], *self.request.only})
        self.cadence = tick_interval.current(config.tick_interval, self.store.state)
        selected = select_jobs(self.config.jobs, self.request.only)
        self.jobs = [self.request.applied_to(job) for job in selected]
        self.context = self._context(run_context(config, now, environ or {}), effects)

    def _context(self, run_context: RunContext, effects: Effects) -> TickContext:
        return TickContext(
            store=self.store,
            jobs={job.id: job for job in self.config.jobs},
            run_context=run_context,
            slots=SlotCache.at(self.now),
            grace=ON_TIME_TICKS * self.cadence.interval,
            clock=self.clock,
            warn=self.report.warnings.append,
            warn_of_lock=self.report.note_unusable_lock,
            report_end=self._report_recovered,
            tell=self.report.told.append,
            effects=effects,
            routes=self.config.routes,
            channels=self.config.notify,
            lanes=self.config.max_concurrent,
            pings=Pings(self.config, run_context, is_live=effects.are_told),
            given=self.request.given,
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

    def _report_recovered(self, row: Row, result: AttemptResult) -> None:
        """Report the end of a run whose tick died, as that tick would have."""
        self.report.rows.append(row)
        is_failure = history.is_failure(row)
        self.bus.fire("job_failed" if is_failure else "job_finished", **row)
        for name, data in result.events:
            self.bus.fire(name, **data)

    def clock(self) -> datetime:
        """Return the tick's own time: `now`, moved on by what has elapsed since."""
        return self.now + timedelta(seconds=time.monotonic() - self._started)

    def open(self) -> None:
        """Save the heartbeat, and record a gap since the last one with its cause."""
        idle_hint.remove(self.config)
        beat = heartbeat.read_clocks(self.now)
        self.note_previous()
        if opening.record_gaps(self.store, beat, self.cadence, self.now):
            # Jobs of this very tick report what happened while nobody was here.
            publishing.central_file(self.config, self.store, self.report, self.clock())
        self.report.warnings += opening.reset_future(self.store, self.config.jobs, self.now)
        heartbeat.save(self.config.places.state_dir, beat)
        opening.forget(self.store, heartbeat.UNREAD)
        self.bus.fire("startup", at=format_utc(self.now))
        self.fire_recorded()

    def fire_recorded(self) -> None:
        """Fire what has been recorded and is known by its record alone, if anybody listens."""
        if self.store.recorded:
            from scheduled.ticks import announcing

            announcing.fire_recorded(self.store, self.bus)

    def note_previous(self) -> None:
        """Find out when a tick last saw the configuration; call it before the heartbeat is saved.

        What was changed since then counts from its change.
        """
        last = heartbeat.load(self.config.places.state_dir)
        ticked = parse_utc(self.store.state["ticks"].get("last"))
        self.start = Start(
            last.at if last is not None else ticked,
            lambda job: changes.changed_at(self.config, job),
        )

    def plan(self) -> list[Decision]:
        """Register new and changed jobs, then decide about every job, in the order of starts."""
        decisions = self._decide_all()
        if self._registrations(decisions):
            with self.store.locked():  # another tick may have registered them meanwhile
                registered = self._registrations(self._decide_all())
                self.store.write(self.now, *registered)
            self._tell(registered)
            for decision in decisions:
                if decision.verdict is Verdict.RESET_WATERMARK:
                    self.report.warnings.append(f"{decision.job.id}: {decision.reason}")
            decisions = self._decide_all()
        self.store.changed_jobs.clear()
        return decisions

    def _tell(self, registered: list[Event]) -> None:
        self.context.tell_called_off(registered)
        self.report.warnings += [
            f"{event['job']}: version 0.1.0 had suspended it after three dead letters in a row; "
            "that is lifted, and it runs again (suspend_after: 3 would suspend it as before)"
            for event in registered
            if event["event"] == "suspension_lifted"
        ]

    def _decide_all(self, jobs: Sequence[Job] | None = None) -> list[Decision]:
        return tick_plan.plan(
            self.jobs if jobs is None else jobs,
            self.context.memory,
            self.context.slots,
            grace=self.context.grace,
            budget=self.config.catch_up_budget,
            ticking_since=records.end_of_last_gap(self.store.state),
        )

    def _registrations(self, decisions: list[Decision]) -> list[Event]:
        """Return the events of a new boot and of jobs that are new, changed or missing.

        Of all jobs, also in a tick for some of them: it counts as the last that saw the others.
        """
        state, slots = self.store.state, self.context.slots
        booted = reboot.boot_events(
            self.config.jobs, state, heartbeat.read_clocks(self.now), self.now
        )
        if self.request.only and self.start.previous is not None:
            decisions = self._decide_all(self.config.jobs)
        registered = registration.register(decisions, state, slots, self.start)
        lifted = registration.lift_suspensions(state, slots)
        return [*booted, *self._missing(), *lifted, *registered, *self._permissions(registered)]

    def _permissions(self, registered: list[Event]) -> list[Event]:
        """Return the events of jobs that are refused, and of those that run as before."""
        config, new = self.config, {event.get("job") for event in registered}
        jobs = [job for job in config.jobs if job.level in CONFINED and job.id not in new]
        if not jobs and not config.problems:
            return []
        from scheduled.ticks import permissions

        return permissions.changes(jobs, config.problems, self.store.state, config.permissions)

    def _missing(self) -> list[Event]:
        """Return the events of jobs that are on record and not in the configuration."""
        ids = {job.id for job in self.config.jobs}
        found = registration.missing(
            ids,
            self.store.state,
            self.context.slots,
            is_broken=bool(self.config.problems),  # one may be missing for a mistake in its file
        )
        # A job may have been made since the configuration was read.
        return found if found and self.config.is_current() else []

    def deliver(self) -> None:
        """Deliver the waiting messages; those that fail wait for a later tick."""
        with self.report.catch_storage_errors():
            self._deliver()
            # A channel may have been given another name.
            untold = self.report.undelivered
            if untold and telling.given_up(self.config, self.context, self.report):
                self._deliver()

    def _deliver(self) -> None:
        self.report.notes += outbox.deliver(
            self.store,
            self.config.places,
            zone_info(self.config.timezone),
            self.clock(),
            self._delivery_setup(),
        )

    def _delivery_setup(self) -> outbox.Setup:
        environ = self.context.run_context.environ
        report = self.report
        return outbox.setup(self.config, environ, report.undelivered.append, report.delivered.add)

    def close(self, decisions: list[Decision], arguments: list[str] | None) -> None:
        """Write the checkpoint, the central file, and the hint for the next tick."""
        with self.report.catch_storage_errors():
            self._delete_files()
            ended = events.tick_ended(len(self.report.ran), self.report.exit_code, self.now)
            self.store.record(self.clock(), ended)
            stamp = self.store.checkpoint(self.clock())
            self.report.was_saved = True
            opening.forget(self.store, heartbeat.LOCKED_OUT)
            is_watching = lingering_output.trim_all(self.store.state_dir)
            # A change of permissions shows in no stamp, and may be what a problem waits for.
            is_watching |= bool(self.config.problems) or self.config.is_watched
            if arguments is not None:
                next_due = self._next_due(decisions, is_watching=is_watching)
                tolerance = self.cadence.tolerance(self.now)
                hint = IdleHint(arguments, next_due, tolerance, self.cadence.interval)
                idle_hint.write(self.config, hint, self.now, {self.store.path: stamp})
        if self.store.began_new_day or self.report.ran:
            clean_up.outputs(self.config, self.store, self.report, self.now)
        publishing.central_file(self.config, self.store, self.report, self.clock())
        publishing.metrics(self.config, self.store, self.report, self.clock())
        environ = self.context.run_context.environ
        publishing.page(self.config, self.store, self.report, self.clock(), environ)
        clean_up.past_days(self.store)
        self._find_upcoming()
        self.report.recovered += self.store.recovered
        self.report.duration_seconds = time.monotonic() - self._started

    def _delete_files(self) -> None:
        """Delete the files of jobs that want it, now that their only run has succeeded."""
        if any(job.delete_after_success for job in self.config.jobs):
            from scheduled.ticks import created_files

            created_files.delete(self.config.jobs, self.context, self.report)

    def _find_upcoming(self) -> None:
        """Report when the jobs that are printed run next, as it is now that the tick is over."""
        later = self.context.later()
        for row in (*self.report.told, *self.report.announced(self.context.jobs)):
            job = self.context.jobs.get(row["job"])
            if job is None:
                continue
            start = next_run(job, later.memory(job.id), later.slots, later.grace)
            if start is not None:
                due = self.now + self.cadence.interval
                self.report.upcoming[row["job"]] = start.at if start.at > later.slots.now else due

    def _next_due(self, decisions: list[Decision], *, is_watching: bool) -> datetime | None:
        """Return when a tick next has something to do; None for never.

        `is_watching` tells whether a full tick has to come in some minutes, whatever is due.
        """
        # Other ticks and commands may have recorded something since the plan was made.
        changed = self.store.changed_jobs
        revised = [
            self.context.decide(decision.job)
            for decision in decisions
            if decision.verdict is not Verdict.NOT_DUE
            or decision.job.id in changed
            or ALL_JOBS in changed
        ]
        if any(decision.is_due for decision in revised) or records.active_runs(self.store.state):
            return self.now  # the next tick has to notice if the tick of an active run dies
        instants = [
            tick_plan.next_due(decisions),
            tick_plan.next_due(revised),
            outbox.next_due(self.store.state, self.now),
            telling.next_due(self.config.jobs, self.store.state, self.now),
            self.now + lingering_output.LOOK_AGAIN if is_watching else None,
        ]
        return min((instant for instant in instants if instant is not None), default=None)


def select_jobs(jobs: tuple[Job, ...], only: tuple[str, ...]) -> list[Job]:
    """Return the jobs that `only` names by id or `tag:NAME`; all of them if it is empty."""
    if not only:
        return list(jobs)
    return [job for job in jobs if job.id in only or any(f"tag:{tag}" in only for tag in job.tags)]
