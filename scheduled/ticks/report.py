"""The report of a tick: rows of runs, counts, sentences for a person, and the exit code."""

import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scheduled.errors import LockedError, ScheduledError, StateError
from scheduled.jobs.model import Job, Outcome, ReportOn
from scheduled.quick_classes import dataclass, field
from scheduled.state import history
from scheduled.state.history import Row
from scheduled.timing.instants import format_utc

if TYPE_CHECKING:
    from scheduled.ticks.incident_posts import Change
    from scheduled.ticks.job_runner import StartedRun

NO_SPACE_CASE = "no space: "
"""What the cases of incidents begin with where something could not be written."""
NO_SPACE_MARK = "cache/no-space"
"""In the state directory from when there was no space left in it until that is on record."""


class Exit(IntEnum):
    """The exit codes of `run`; stopped by a signal it exits with 128 plus the signal's number.

    The manual has the texts below them.
    """

    OK = 0
    """nothing was due, or all is well"""
    FAILED = 1
    """a job failed"""
    USAGE = 2
    """usage or configuration; what could run, ran. Also a state that a newer version wrote; then
    nothing ran"""
    LOCKED = 3
    """the state files are locked by another process, beyond the wait"""
    STATE = 4
    """the state was recovered, or could not be saved; or the lock file of a job is not usable (the
    other jobs run)"""
    TEMPORARY = 75
    """temporarily impossible: the clock is before the release of this program, or a job started by
    hand is running already, says "not now", has nothing to do or is stopped, or the machine lacks
    open files, memory or processes"""


ENDED_BY_SIGNAL = "ended by signal n; running jobs were stopped and their results saved"
"""What 128+n means, in the words of the manual."""


@dataclass
class Report:
    """One tick, filled in step by step."""

    at: datetime
    due: int = 0
    carried: int = 0
    """Due, and left to a later tick: still running, over the budget, or not now."""
    skipped: int = 0
    duration_seconds: float = 0.0
    rows: list[Row] = field(default_factory=list)
    told: list[Row] = field(default_factory=list)
    """The slots that have failed for good in this tick, some of them by runs of earlier ticks."""
    left: list["StartedRun"] = field(default_factory=list)
    """Runs that were started and left to their keepers."""
    not_started: list[tuple[str, str]] = field(default_factory=list)
    """Jobs that were due and were not started, each with the reason."""
    problems: list[str] = field(default_factory=list)
    """What is wrong with the configuration."""
    recovered: list[str] = field(default_factory=list)
    """What was wrong with the state, and how it was recovered."""
    warnings: list[str] = field(default_factory=list)
    """What a person should know though no job failed."""
    notes: list[str] = field(default_factory=list)
    """What is printed only on request."""
    delivered: set[str] = field(default_factory=set)
    """The ids of the messages that were delivered in this tick."""
    undelivered: list[str] = field(default_factory=list)
    """Messages that no channel takes any more, as text of several lines."""
    upcoming: dict[str, datetime] = field(default_factory=dict)
    """When each job that is printed runs next."""
    shortage: str = ""
    """Why the machine could not start a run, as of one of them: no process, no descriptor."""
    lock_trouble: str = ""
    """Why a job could not be run or recovered for the file of its lock, as of one of them."""
    recurring: list[str] = field(default_factory=list)
    """The warnings that come at each tick while an incident is open, which tells of them once."""
    hourly: list[str] = field(default_factory=list)
    """Those that come at each tick, of which no incident tells."""
    incidents: list["Change"] = field(default_factory=list)
    """What became of incidents in this tick."""
    no_space: dict[str, tuple[str | Path, str]] = field(default_factory=dict)
    """Where there was no space left, by case: what could not be written, and a sentence."""
    has_space: set[str] = field(default_factory=set)
    """The cases of which is known that there is space."""
    stopped_by: signal.Signals | None = None
    storage_error: ScheduledError | None = None
    """Why state files could not be used; runs in progress were completed all the same."""
    was_saved: bool = False
    """Whether the state file was written in the end."""

    @property
    def untold(self) -> list["Change"]:
        """What became of incidents, without what a channel has taken a message about."""
        return [each for each in self.incidents if self.delivered.isdisjoint(each.messages)]

    @property
    def ran(self) -> list[Row]:
        """The rows of runs, without slots that were skipped."""
        return [row for row in self.rows if row["run_id"] is not None]

    @property
    def failed(self) -> list[Row]:
        """The rows of the runs that a person should look at."""
        return [row for row in self.ran if history.is_failure(row)]

    def announced(self, jobs: Mapping[str, Job]) -> list[Row]:
        """Return the successful runs of jobs whose `report` asks for a block, printed or not."""
        wanted = (ReportOn.OUTPUT, ReportOn.ALWAYS)
        return [
            row
            for row in self.ran
            if row["outcome"] == Outcome.SUCCEEDED
            and (job := jobs.get(row["job"])) is not None
            and job.report in wanted
        ]

    @property
    def exit_code(self) -> int:
        """The code of the gravest thing that happened."""
        return self.exit_codes[0]

    @property
    def exit_codes(self) -> list[int]:
        """The codes of all that happened, gravest first; that of success if nothing did."""
        stopped = 128 + self.stopped_by if self.stopped_by is not None else Exit.OK
        stored = self.storage_error.exit_code if self.storage_error is not None else Exit.OK
        codes = [
            stopped,
            stored,
            Exit.STATE if self.recovered or self.lock_trouble else Exit.OK,
            Exit.TEMPORARY if self.shortage else Exit.OK,
            Exit.USAGE if self.problems else Exit.OK,
            Exit.FAILED if self.failed or self.told else Exit.OK,
        ]
        return [*dict.fromkeys(int(code) for code in codes if code)] or [Exit.OK]

    def note_unusable_lock(self, sentence: str) -> None:
        """Note that the lock of a job cannot be used; other jobs run."""
        self.lock_trouble = self.lock_trouble or sentence
        if sentence not in self.warnings:
            self.warnings.append(sentence)
            self.recurring.append(sentence)

    def warn_hourly(self, sentence: str) -> None:
        """Warn, once, of what the next ticks will warn of as well."""
        if sentence not in self.hourly:
            self.warnings.append(sentence)
            self.hourly.append(sentence)

    def note_space(self, case: str, what: str | Path, sentence: str) -> None:
        """Note whether there was space for something: no sentence if so."""
        case = f"{NO_SPACE_CASE}{case}"
        if sentence:
            self.no_space.setdefault(case, (what, sentence))
        else:
            self.has_space.add(case)

    @contextmanager
    def catch_storage_errors(self) -> Iterator[None]:
        """Keep the first error of the state files: no new run starts, those in progress end."""
        try:
            yield
        except (LockedError, StateError) as error:
            self.storage_error = self.storage_error or error

    def document(self) -> dict[str, Any]:
        """Return what `run --json` prints."""
        return {
            "tick": {
                "at": format_utc(self.at),
                "due": self.due,
                "ran": len(self.ran),
                "failed": len(self.failed),
                "skipped": self.skipped,
                "carried": self.carried,
                "duration_seconds": round(self.duration_seconds, 3),
                "exit_codes": self.exit_codes,
            },
            "runs": [self._as_told(row) for row in self.rows],
        }

    def _as_told(self, row: Row) -> Row:
        """Return the row of a run without its retry, if that was called off in this tick."""
        for told in self.told if row["retry_at"] else ():
            if told["run_id"] == row["run_id"]:
                return {**row, "retry_at": None, "reason": told["reason"]}
        return row
