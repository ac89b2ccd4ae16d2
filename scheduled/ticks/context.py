"""What the steps of one tick share: the store, the jobs, the clock, and the effects."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from scheduled.config.load import ZONE_FILES, Config
from scheduled.jobs.model import AttemptResult, Job
from scheduled.planning import active_runs, decide, due
from scheduled.planning.decision import Decision
from scheduled.planning.slot_cache import SlotCache
from scheduled.quick_classes import NamedTuple
from scheduled.runs import environment
from scheduled.runs.effects import Effects
from scheduled.runs.keeper_pool import KeeperPool
from scheduled.runs.run_context import RunContext
from scheduled.state import events, history, records
from scheduled.state.history import Row
from scheduled.state.journal import Event
from scheduled.state.records import JobMemory
from scheduled.state.store import Store
from scheduled.ticks.pings import Pings
from scheduled.timing.timezones import INSTANT

if TYPE_CHECKING:
    from scheduled.state.event_types import NotNow, RunEnded

SECRET_FILES = frozenset(("password_file", "token_file", "url_file"))
"""The settings of channels and pings that name a file with a secret."""


class TickContext(NamedTuple):
    """One tick, as claiming, running and recovering jobs need to know it."""

    store: Store
    jobs: Mapping[str, Job]
    """Every configured job, by id."""
    run_context: RunContext
    slots: SlotCache
    grace: timedelta
    """A start within `grace` of its slot is on time."""
    clock: Callable[[], datetime]
    """The tick's own time: its `now`, moved on by what has elapsed since."""
    warn: Callable[[str], object]
    """Called with a sentence for the user about something that is no job's failure."""
    warn_of_lock: Callable[[str], object]
    """Called with a sentence about the lock of a job that cannot be used."""
    report_end: Callable[[Row, AttemptResult], object]
    """Called with the end of a run whose tick died."""
    tell: Callable[[Row], object]
    """Called with the row of a slot that has failed for good."""
    effects: Effects
    routes: Mapping[str, Any]
    """Whom the messages of an event go to."""
    channels: Mapping[str, Any]
    """Those of the configuration, by name."""
    lanes: int
    """How many runs of one job may go on side by side, where its policy allows that."""
    pings: Pings
    given: Mapping[str, Any]
    """What the runs of this tick were given by hand, for the record."""

    def later(self) -> Self:
        """Return the same context, with decisions made as of now instead of the tick's start."""
        return self._replace(slots=SlotCache.at(self.clock()))

    def memory(self, job_id: str) -> JobMemory:
        """Return what is remembered now about a job."""
        return records.job_memory(self.store.state, job_id)

    def decide(self, job: Job) -> Decision:
        """Decide about `job` from what is remembered now."""
        return decide.decide(job, self.memory(job.id), self.slots, self.grace)

    def tell_called_off(self, events: Iterable[Event]) -> None:
        """Tell of each slot among these events whose next attempt was called off."""
        for event in events:
            row = history.row_of_called_off(event)
            if row is not None:
                self.tell(row)

    def write_end(
        self, event: "RunEnded | NotNow", trouble: str, *before: Event, sync: bool = True
    ) -> None:
        """Write the end of a run after the events `before` it; for a caller within `store.locked`.

        `trouble` is what went wrong with its output: it is recorded, and the user is warned.
        """
        if trouble:
            event["trouble"] = trouble
            self.warn(f"{event['job']}: {trouble}")
        passed = self._passed_before(event)
        self.store.write(self.clock(), *before, *passed, event, sync=sync)

    def _passed_before(self, event: "RunEnded | NotNow") -> list[Event]:
        """Return the end of the slots that passed before that of a run, if a clock ahead began it.

        Since that clock was corrected they have come for the first time, while the run went on.
        """
        if not event.get("answered"):
            return []
        memory = self.memory(event["job"])
        run = memory.run(event.get("run_id", ""))
        if run is None or run.slot is None or not run.is_ahead or run.slot > self.clock():
            return []
        from scheduled.planning import missed_cause

        since = active_runs.newest_started(memory) or memory.anchor
        missed = due.missed_since(since, run.slot - INSTANT, memory, self.slots)
        return [*events.slots_missed(event["job"], missed, missed_cause.STILL_RUNNING)]


def run_context(config: Config, now: datetime, environ: Mapping[str, str]) -> RunContext:
    """Return what every run of a tick needs to know of its installation."""
    places = config.places
    files = tuple(path for path in config.sources if path not in ZONE_FILES)
    return RunContext(
        state_dir=places.state_dir,
        root=places.root,
        central_dir=places.central_dir,
        config_dir=places.config_folder,
        zone=config.timezone,
        now=now,
        environ=environ,
        trust=config.trust,
        keepers=KeeperPool(),
        permissions=config.permissions,
        executors=config.executors,
        closed_files=files,
        secret_files=lambda: tuple(_secret_files(config, environ)),
        closed=(*files, *config.jobs_dirs, *config.handler_dirs),
    )


def _secret_files(config: Config, environ: Mapping[str, str]) -> Iterator[Path]:
    """Yield the files in which the configuration says that secrets are."""
    folder = config.places.config_folder
    settings = [*config.notify.values(), *config.subscribe.values(), config.ping]
    names = [job.env_file for job in config.jobs if job.env_file]
    for each in (*settings, *(job.ping for job in config.jobs if job.ping)):
        names += [str(value) for key, value in each.items() if key in SECRET_FILES]
    yield from (environment.resolve(name, folder, environ) for name in names)
