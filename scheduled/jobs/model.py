"""Jobs with their policies, runs with their outcomes: data without behaviour."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from scheduled.quick_classes import dataclass, field

DEFAULT_TIMEOUT = 24 * 3600.0
"""Long enough for an ordinary backup; a job that hangs is ended all the same."""
WEEK = 7 * 24 * 3600.0
NAME = r"[A-Za-z_][A-Za-z0-9_]*"
NOT_PERMITTED = "not permitted: "
"""How the reason begins why a job is refused; its id follows, in double quotes."""


class CatchUp(StrEnum):
    """What to do about slots that passed while nothing ran."""

    SKIP = "skip"  # none of them runs
    LATEST = "latest"  # run once, for the newest of them
    ALL = "all"  # run each of them, oldest first


class FirstRun(StrEnum):
    """When a new job runs for the first time."""

    WAIT = "wait"  # at its next slot
    NOW = "now"  # at the tick that registers it


class Overlap(StrEnum):
    """What happens to a slot that comes due while the job still runs."""

    QUEUE = "queue"  # it stays due, and starts after that run
    SKIP = "skip"  # it ends as skipped
    REPLACE = "replace"  # the run in progress is stopped first
    ALLOW = "allow"  # it starts as well


class OnInterrupted(StrEnum):
    """What happens to a slot whose run was interrupted: its tick died, or was told to stop."""

    RERUN = "rerun"  # again at the next tick, at most twice
    SKIP = "skip"  # it ends as interrupted


class ReportOn(StrEnum):
    """Of which runs a tick prints a block under cron, which mails it."""

    FAILURE = "failure"  # of those that failed for good
    OUTPUT = "output"  # also of a run that succeeded and printed something
    ALWAYS = "always"  # of each run that ended
    NEVER = "never"  # of none; the exit code says that a job failed


class Move(StrEnum):
    """What becomes of a slot on a day on which the job does not run."""

    SKIP = "skip"  # it ends as skipped
    NEXT = "next"  # it runs at the same time on the next day that is allowed
    PREVIOUS = "previous"  # on the previous one


class Priority(StrEnum):
    """Start order of the jobs that are due; most urgent first."""

    URGENT = "urgent"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"

    @property
    def rank(self) -> int:
        """0 for the most urgent."""
        return list(Priority).index(self)


class Outcome(StrEnum):
    """How a slot ended. Every slot ends as exactly one of these; the manual has the texts below."""

    SUCCEEDED = "succeeded"
    """the command exited with one of its `success_codes`, or the handler returned"""
    FAILED = "failed"
    """any other end, or it could not be started"""
    TIMED_OUT = "timed_out"
    """it exceeded its `timeout` and was stopped"""
    INTERRUPTED = "interrupted"
    """it was cut short: its tick was told to stop, somebody stopped the run, or the run was killed
    together with the process that waited for it"""
    SKIPPED = "skipped"
    """deliberately not run, with the reason: paused, too late, `only_if`, `overlap` and so on"""
    MISSED = "missed"
    """it passed without a run, with the cause: no tick came, or the job could not start in time; a
    newer run covers it"""

    @property
    def is_failure(self) -> bool:
        """Whether it is reported as a failure. An interruption is retried, not reported."""
        return self in (Outcome.FAILED, Outcome.TIMED_OUT)


SYSTEM_ZONE = ""
"""A job without a zone of its own: the configuration's, else the machine's."""


@dataclass(frozen=True)
class Job:
    """A named schedule, an action, and policies. Durations are seconds."""

    id: str
    schedule: str
    timezone: str
    handler: str = ""
    command: str | tuple[str, ...] = ""
    """A string runs in the shell, a tuple without one."""
    shell: tuple[str, ...] = ()
    """What the text of a command is appended to; empty: `/bin/sh -c`."""
    env: dict[str, str] = field(default_factory=dict)
    env_file: str = ""
    """A file of NAME=VALUE lines; relative to the configuration's directory. Empty: none."""
    cwd: str = ""
    """Relative to the root; empty: the root itself."""
    executor: str = ""
    """Where it runs, by the name in `executors`; empty: on this machine."""
    resources: dict[str, float] = field(default_factory=dict)
    """What of a worker of that executor it takes, by name."""
    umask: int | None = None
    """None: that of `scheduled`."""
    nice: int | None = None
    """The niceness itself, -20 to 19, not an increment; None: that of `scheduled`."""
    success_codes: tuple[int, ...] = (0,)
    """Exit codes of a command that mean success; they take precedence over `defer_codes`."""
    defer_codes: tuple[int, ...] = (75,)
    """Exit codes of a command that mean "not now", which is no failure."""
    name: str = ""
    description: str = ""
    enabled: bool = True
    is_switched_off: bool = False
    """Whether the configuration switches all jobs off: then nobody can enable it."""
    priority: Priority = Priority.MEDIUM
    tags: tuple[str, ...] = ()
    catch_up: CatchUp = CatchUp.LATEST
    max_lateness: float | None = None
    window: str = ""
    """The hours it may start in, `21:00-06:00` on the wall clock of its zone; empty: any."""
    not_on: tuple[str, ...] = ()
    """Days on which it does not run: `sun`, `2027-01-01`, or names of calendars."""
    only_on: tuple[str, ...] = ()
    """Days on which alone it runs; empty: all."""
    move: Move = Move.SKIP
    """What becomes of its slots on other days."""
    calendars: Any = field(default=None, compare=False, repr=False)
    """The `timing.calendars.Calendars` that `not_on` and `only_on` name; None: there are none."""
    overlap: Overlap = Overlap.QUEUE
    only_if: str | tuple[str, ...] = ""
    """A command run before each start; the job starts if it exits with 0. Empty: none."""
    max_cpu_percent: float | None = None
    max_memory_percent: float | None = None
    idle_only: bool = False
    """Whether it starts only while the machine is idle."""
    idle_threshold_cpu: float = 20.0
    idle_threshold_memory: float = 70.0
    """In percent; with either of them in use, the machine is not idle."""
    min_free_disk: int | None = None
    """Bytes that must be free on the disk of its working directory."""
    jitter: float | None = None
    """Its starts are delayed by less than this, each time by the same."""
    starts: str = ""
    """A date or a time before which it has no slots, on the clock of its zone; empty: none."""
    ends: str = ""
    """One after which it has none; of a date, the end of that day."""
    max_runs: int | None = None
    """So many slots are run, however each ends; then it is finished. None: any number."""
    keep: float | None = WEEK
    """For so long it is listed once it is finished; None: always."""
    delete_after_success: bool = False
    """Whether the file that `create` made for it is deleted when its only run has succeeded."""
    first_run: FirstRun = FirstRun.WAIT
    timeout: float = DEFAULT_TIMEOUT
    max_retries: int = 0
    retry_delay: float = 60.0
    """Before the first retry; doubled for each further one."""
    max_retry_delay: float = 3600.0
    suspend_after: int | None = None
    """So many dead letters in a row suspend it; None: it is never suspended."""
    alert_after: int | None = None
    """So many failed slots open an incident; None: 1, or 2 if it runs hourly or more often."""
    max_age: float | None = None
    """An incident opens when its last success is older."""
    warn_after: float | None = None
    """An incident opens when a run takes longer; None: if far longer than usual."""
    on_interrupted: OnInterrupted = OnInterrupted.RERUN
    after: tuple[str, ...] = ()
    """Jobs that must have succeeded for the same slot, or a newer one, before this one starts."""
    max_output: int = 1024 * 1024
    retention: dict[str, Any] = field(default_factory=dict)
    """How much output is kept: `age` in seconds, `count` of runs, `size` in bytes."""
    report: ReportOn = ReportOn.FAILURE
    ping: dict[str, Any] = field(default_factory=dict)
    """Who is told when a run starts and ends: `url`, `start`, `body`, and others; empty: nobody."""
    params: dict[str, Any] = field(default_factory=dict)
    zone_is_local: bool = False
    """Whether nobody configured its zone, so that it is the machine's (`TZ`, /etc/localtime)."""
    seed: str = ""
    """Identifies machine and job; `H` and `jitter` depend on it. Empty if it has neither."""
    mutex: tuple[str, ...] = ()
    """Names, of each of which one run has the right at a time, whatever its job."""
    waits_for: tuple[str, ...] = ()
    """Jobs that, if due in the same tick, must end before this one starts."""
    memory_section: str = ""
    """The section of the state that holds this job's handler memory; empty: the job's own entry."""
    last_run_key: str = ""
    """The key in the state's `last_run` under which the last success is noted; empty: none."""
    level: str = ""
    """What its id permits (`jobs.permissions.Level`); empty: nothing is said about its id."""
    from_defaults: tuple[str, ...] = ()
    """The fields that it has from `defaults`, or has parts of from there."""
    source: str = "built-in"
    """Where it is defined, as shown to people: `scheduled.yaml:12`."""

    def words(self, command: str | tuple[str, ...]) -> list[str]:
        """Return the words of a command of the job, its own or its `only_if`."""
        if isinstance(command, str):
            return [*(self.shell or ("/bin/sh", "-c")), command]
        return list(command)

    @property
    def kind(self) -> str:
        """`handler` or `command`."""
        return "handler" if self.handler else "command"

    @property
    def place(self) -> str:
        """Its executor, with the resources that it takes there: `farm with 2 gpu`; '' if here."""
        wanted = [f"{amount:g} {name}" for name, amount in sorted(self.resources.items())]
        return f"{self.executor} with {' and '.join(wanted)}" if wanted else self.executor


@dataclass(frozen=True)
class Attempt:
    """One execution of a job, about to start."""

    run_id: str
    job: Job
    slot: datetime | None
    """UTC; None when started by hand."""
    attempt: int = 1
    catch_up: bool = False
    missed: int = 0
    last_success: datetime | None = None
    interruptions: int = 0
    """How many earlier attempts for the slot were interrupted."""
    moved_from: str = ""
    """The day from which its slot was moved, `2026-12-25`; empty: it was not."""
    permission: str = ""
    """What it may do, in words; empty if nothing is said about the id of its job."""
    as_before: bool = False
    """Whether it is not confined, though its level is: its job is older than permissions."""
    given: dict[str, Any] = field(default_factory=dict)
    """What somebody gave it by hand, without secrets: `params`, `env`, `detached`."""


@dataclass(frozen=True)
class AttemptResult:
    """How one execution ended."""

    outcome: Outcome
    duration: timedelta
    reason: str = ""
    error: str = ""
    exit_code: int | None = None
    result: Any = None
    memory: dict[str, Any] | None = None
    events: tuple[tuple[str, dict[str, Any]], ...] = ()
    final: bool = False
    """Whether a retry cannot help: the action said so, or its code is wrong."""
    not_now: bool = False
    """Whether the action said "not now": no failure, and the slot stays due."""
    is_shortage: bool = False
    """Whether nothing was started, as the machine lacked something; `not_now` is set, too."""
    is_unstarted: bool = False
    """Whether nothing was started for another reason than the job's; `not_now` is set, too."""
    is_unreached: bool = False
    """Whether that was since its executor took no run; `is_unstarted` is set, too."""
    is_refused: bool = False
    """Whether nothing was started, as the run could not be confined; `final` is set, too."""
    trouble: str = ""
    """What went wrong with its captured output: worth a warning, no failure of the job."""
    no_space: bool = False
    """Whether a handler failed because there is no space left where it writes."""
    cpu_seconds: float | None = None
    max_rss_bytes: int | None = None
    where: dict[str, Any] = field(default_factory=dict)
    """Where else it ran: `executor`, `host`, `user`, `worker`, `pid`; empty: on this machine."""
    handler_file: str = ""
    """The file of the handler that ran; empty for a command, and for a built-in handler."""
