"""The nouns: jobs with their policies, runs with their outcomes. Data only, no behaviour."""

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class CatchUp(StrEnum):
    """What to do with slots that passed unanswered."""

    SKIP = "skip"  # write them off
    LATEST = "latest"  # run once, for the newest of them
    ALL = "all"  # run each of them, oldest first


class FirstRun(StrEnum):
    """When a job that was never seen before runs for the first time."""

    WAIT = "wait"  # at its next slot
    NOW = "now"  # at the tick that first sees it


class Overlap(StrEnum):
    """What becomes of a slot that comes due while the job still runs."""

    QUEUE = "queue"  # it stays due, and starts when that run has ended
    SKIP = "skip"  # it ends there, with that reason
    REPLACE = "replace"  # the run under way is stopped for it
    ALLOW = "allow"  # it starts beside it


class OnInterrupted(StrEnum):
    """What becomes of a slot whose run was cut short: its tick died, or was told to stop."""

    RERUN = "rerun"  # again at the next tick, at most twice
    SKIP = "skip"  # it ends as interrupted


class Priority(StrEnum):
    """Who goes first when several jobs are due; most urgent first."""

    URGENT = "urgent"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"

    @property
    def rank(self) -> int:
        """0 for the most urgent."""
        return list(Priority).index(self)


class Outcome(StrEnum):
    """How a slot ended. Every slot ends as exactly one of these."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    INTERRUPTED = "interrupted"  # the tick died, or was told to stop
    SKIPPED = "skipped"  # on purpose, with a reason
    MISSED = "missed"  # passed unanswered, with a cause; a newer slot answers for it

    @property
    def is_failure(self) -> bool:
        """Whether a person should be told. An interruption is retried, not reported."""
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
    """A string goes through `/bin/sh -c`, a tuple to the kernel as it is."""
    env: dict[str, str] = field(default_factory=dict)
    env_file: str = ""
    """A file of NAME=VALUE lines; relative to the configuration's folder. Empty: none."""
    cwd: str = ""
    """Relative to the root; empty: the root itself."""
    umask: int | None = None
    """None: the one `scheduled` was started with."""
    nice: int | None = None
    """The niceness itself, -20 to 19, not a change of it; None: that of `scheduled`."""
    success_codes: tuple[int, ...] = (0,)
    """Exit codes of a command that mean success; they count before `defer_codes`."""
    defer_codes: tuple[int, ...] = (75,)
    """Exit codes of a command that mean: not now, and no failure."""
    name: str = ""
    description: str = ""
    enabled: bool = True
    priority: Priority = Priority.MEDIUM
    tags: tuple[str, ...] = ()
    catch_up: CatchUp = CatchUp.LATEST
    max_lateness: float | None = None
    window: str = ""
    """The hours it may start in, `21:00-06:00` on the wall clock of its zone; empty: any."""
    overlap: Overlap = Overlap.QUEUE
    only_if: str | tuple[str, ...] = ""
    """A command that is asked before a start; its exit code 0 says yes. Empty: nobody is."""
    max_cpu_percent: float | None = None
    max_memory_percent: float | None = None
    idle_only: bool = False
    """Whether it starts on a machine only that has nothing else to do."""
    min_free_disk: int | None = None
    """Bytes that must be free where it works."""
    jitter: float | None = None
    """Its starts are later by up to this, always by the same."""
    first_run: FirstRun = FirstRun.WAIT
    timeout: float = 300.0
    max_retries: int = 0
    retry_delay: float = 60.0
    """Before the first retry; doubled before each further one."""
    max_retry_delay: float = 3600.0
    on_interrupted: OnInterrupted = OnInterrupted.RERUN
    after: tuple[str, ...] = ()
    """Jobs that must have succeeded for the same slot, or a newer one, before this one starts."""
    max_output: int = 1024 * 1024
    params: dict[str, Any] = field(default_factory=dict)
    seed: str = ""
    """Made of machine and job: what `H` and `jitter` are drawn from. Empty if it has neither."""
    waits_for: tuple[str, ...] = ()
    """Jobs that, if they are due in the same tick, have to end before this one starts."""
    memory_section: str = ""
    """The seed's section of the state that holds this job's memory; empty: its own entry."""
    last_run_key: str = ""
    """The seed's key in the state's `last_run` that tells when this job last succeeded."""
    source: str = "built-in"
    """Where it is defined, as a person would say it: `scheduled.yaml:12`."""

    @property
    def kind(self) -> str:
        """`handler` or `command`."""
        return "handler" if self.handler else "command"


@dataclass(frozen=True)
class Attempt:
    """One execution about to happen."""

    run_id: str
    job: Job
    slot: datetime | None
    """UTC; None when started by hand."""
    attempt: int = 1
    catch_up: bool = False
    missed: int = 0
    last_success: datetime | None = None


@dataclass(frozen=True)
class AttemptResult:
    """How one execution ended, as the child process and the clock tell it."""

    outcome: Outcome
    duration: timedelta
    reason: str = ""
    error: str = ""
    exit_code: int | None = None
    result: Any = None
    memory: dict[str, Any] | None = None
    events: tuple[tuple[str, dict[str, Any]], ...] = ()
    final: bool = False
    """Whether trying again will not help: the action said so, or it is a fault in the code."""
    not_now: bool = False
    """The action said that it is temporarily impossible; no failure, and no answer either."""
    trouble: str = ""
    """What went wrong with its captured output: no failure of the job, but worth a warning."""
    cpu_seconds: float | None = None
    max_rss_bytes: int | None = None
