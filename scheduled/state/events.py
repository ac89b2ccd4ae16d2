"""The events of the journal: one builder for each. Pure.

Nothing else writes an event. What each does to the state is said in `scheduled.state.apply`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from scheduled.jobs.model import Attempt, AttemptResult, Job, Outcome
from scheduled.state.document import State
from scheduled.state.present import Ahead
from scheduled.state.records import ActiveRun, Retry
from scheduled.state.resolution import Resolution
from scheduled.timing.instants import format_utc
from scheduled.timing.slots import MissedRange

if TYPE_CHECKING:  # every tick would pay for loading what only a type checker reads
    from scheduled.state import event_types as kinds

TICK_DIED = "the tick that started it died"
NO_TICK = "no tick could start it in time"


# Jobs and boots


def job_registered(
    job: str,
    anchor: datetime,
    fingerprint: str,
    watermark: datetime | None,
    schedule: tuple[str, str] | None = None,
    level: str = "",
    days: str = "",
) -> kinds.JobRegistered:
    """Build the event that makes a job count from `anchor`; `schedule` is its text and zone.

    `days` are those on which it runs, as `timing.day_rule` writes them.
    """
    event: kinds.JobRegistered = {
        "event": "seen",
        "job": job,
        "anchor": format_utc(anchor),
        "fingerprint": fingerprint,
        "watermark": format_utc(watermark),
    }
    if schedule is not None:
        event["schedule"], event["zone"] = schedule
    if level:
        event["level"] = level
    if days:
        event["days"] = days
    return event


def job_missing(job: str, cause: str) -> kinds.JobMissing:
    """Build the event of a registered job that is not in the configuration any more."""
    return {"event": "away", "job": job, "cause": cause}


def job_back(job: str) -> kinds.JobBack:
    """Build the event of a job that was missing and is in the configuration again, unchanged."""
    return {"event": "back", "job": job}


def watermark_reset(job: str, watermark: datetime | None) -> kinds.WatermarkReset:
    """Build the event that brings back a watermark set while the clock was wrong."""
    return {"event": "clamped", "job": job, "watermark": format_utc(watermark)}


def instants_reset(found: Iterable[Ahead]) -> kinds.InstantsReset:
    """Build the event that brings back instants set while the clock was wrong."""
    reset = [{"path": [*at.path], "from": at.before, "to": at.after} for at in found]
    return {"event": "in_future", "reset": reset}


def machine_booted(boot_id: str, started: datetime, jobs: Sequence[str]) -> kinds.MachineBooted:
    """Build the event of a new boot, which makes `jobs` due."""
    return {
        "event": "booted",
        "boot_id": boot_id,
        "started": format_utc(started),
        "jobs": [*jobs],
    }


# Slots without a run


def slots_missed(job: str, missed: MissedRange | None, cause: str) -> list[kinds.SlotsMissed]:
    """Build the event of slots that passed unanswered; none where `missed` is None."""
    if missed is None:
        return []
    event: kinds.SlotsMissed = {
        "event": "missed",
        "job": job,
        "first": format_utc(missed.first),
        "last": format_utc(missed.last),
        "count": missed.count,
        "cause": cause,
    }
    if missed.capped:
        event["capped"] = True
    return [event]


def slot_skipped(job: str, slot: datetime | None, reason: str) -> kinds.SlotSkipped:
    """Build the event of a slot that ends without a run."""
    return {"event": "skipped", "job": job, "slot": format_utc(slot), "reason": reason}


def retry_cancelled(
    job: str, retry: Retry, reason: str, resolution: Resolution
) -> kinds.RetryCancelled:
    """Build the event of a slot that is not tried again; how its last attempt ended stands."""
    return {
        "event": "given_up",
        "job": job,
        "slot": format_utc(retry.slot),
        "reason": reason,
        "run_id": retry.run_id,
        "attempt": retry.attempt - 1,
        "outcome": retry.outcome,
        "error": retry.error,
        "missed": retry.missed,
        "dead_letter": resolution.dead_letter,
        "suspends": resolution.suspends,
    }


def guard_said_not_now(job: str, slot: datetime | None, guard: str, reason: str) -> kinds.NotNow:
    """Build the event of a slot that a guard does not let start yet; it stays due."""
    return {
        "event": "deferred",
        "job": job,
        "slot": format_utc(slot),
        "reason": reason,
        "guard": guard,
    }


# Runs


def run_started(
    attempt: Attempt, boot_id: str, lane: int = 0, tick: tuple[int, int] | None = None
) -> kinds.RunStarted:
    """Build the event of a run that is about to start, recorded before its process exists.

    `tick` is the process that will start it, and its start time.
    """
    event: kinds.RunStarted = {
        "event": "begin",
        "job": attempt.job.id,
        "run_id": attempt.run_id,
        "slot": format_utc(attempt.slot),
        "attempt": attempt.attempt,
        "catch_up": attempt.catch_up,
        "missed": attempt.missed,
        "timeout": attempt.job.timeout,
        "boot_id": boot_id,
    }
    if lane:
        event["lane"] = lane
    if tick is not None:
        event["tick"], event["tick_started"] = tick
    if attempt.interruptions:
        event["interruptions"] = attempt.interruptions
    if attempt.permission:
        event["permission"] = attempt.permission
    _add_origin(event, attempt)
    if attempt.job.mutex:
        event["mutexes"] = sorted({*attempt.job.mutex})
    if attempt.job.executor:
        event["where"] = {"executor": attempt.job.executor}
    return event


def run_said_not_now(
    attempt: Attempt,
    reason: str,
    resolution: Resolution,
    started: datetime,
    finished: datetime,
) -> kinds.NotNow:
    """Build the event of a run that answered not now; its slot stays due.

    It has a `retry_at` if the schedule alone would not find the slot again.
    """
    event: kinds.NotNow = {
        "event": "deferred",
        "job": attempt.job.id,
        "run_id": attempt.run_id,
        "slot": format_utc(attempt.slot),
        "attempt": attempt.attempt,
        "catch_up": attempt.catch_up,
        "missed": attempt.missed,
        "started_at": format_utc(started),
        "finished_at": format_utc(finished),
        "reason": reason,
    }
    if resolution.retry_at is not None:
        event["retry_at"] = format_utc(resolution.retry_at)
        event["interruptions"] = resolution.interruptions
    if attempt.moved_from:
        event["moved_from"] = attempt.moved_from
    return event


def run_ended(
    attempt: Attempt,
    result: AttemptResult,
    resolution: Resolution,
    started: datetime,
    finished: datetime,
) -> kinds.RunEnded:
    """Build the event of a run's end, with what its handler asked to remember."""
    event: kinds.RunEnded = {
        "event": "end",
        "job": attempt.job.id,
        "run_id": attempt.run_id,
        "slot": format_utc(attempt.slot),
        "attempt": attempt.attempt,
        "catch_up": attempt.catch_up,
        "missed": attempt.missed,
        "started_at": format_utc(started),
        "finished_at": format_utc(finished),
        "reason": result.reason,
        "outcome": result.outcome.value,
        "answered": resolution.answered,
        "retry_at": format_utc(resolution.retry_at),
        "dead_letter": resolution.dead_letter,
        "duration_seconds": round(result.duration.total_seconds(), 3),
        "result": result.result,
        "error": result.error,
        "exit_code": result.exit_code,
        "cpu_seconds": result.cpu_seconds,
        "max_rss_bytes": result.max_rss_bytes,
        "by_hand": attempt.slot is None,
    }
    if result.memory is not None:
        event["memory"], event["section"] = result.memory, attempt.job.memory_section
    _add_origin(event, attempt)
    if result.where or attempt.job.executor:
        event["where"] = result.where or {"executor": attempt.job.executor}
    return _with_resolution(event, resolution)


def with_last_run(event: kinds.RunEnded, job: Job, local: datetime) -> kinds.RunEnded:
    """Return the end of a run with what the seed's `last_run` keeps: local time, no offset."""
    if not job.last_run_key:
        return event
    naive = local.replace(tzinfo=None).isoformat(timespec="seconds")
    return {**event, "seed_key": job.last_run_key, "local_time": naive}


def run_interrupted(
    job: str, run: ActiveRun, resolution: Resolution, reason: str = TICK_DIED
) -> kinds.RunEnded:
    """Build the end of a run whose tick died, or of which nothing else is known."""
    reason = run.stop.reason if run.stop else reason
    event: kinds.RunEnded = {
        "event": "end",
        "job": job,
        "run_id": run.run_id,
        "slot": format_utc(run.slot),
        "outcome": Outcome.INTERRUPTED.value,
        "reason": reason,
        "error": reason,
        "answered": resolution.answered,
        "retry_at": format_utc(resolution.retry_at),
        "dead_letter": resolution.dead_letter,
        "attempt": run.attempt,
        "catch_up": run.catch_up,
        "missed": run.missed,
        "started_at": format_utc(run.started_at),
        "finished_at": None,
        "duration_seconds": None,
        "by_hand": run.slot is None,
    }
    _add_origin(event, run)
    if run.executor:
        event["where"] = {"executor": run.executor}
    return _with_resolution(event, resolution)


def _add_origin(event: kinds.RunStarted | kinds.RunEnded, run: Attempt | ActiveRun) -> None:
    """Add what a run was given by hand, and the day from which it was moved."""
    if run.given:
        event["given"] = run.given
    if run.moved_from:
        event["moved_from"] = run.moved_from


def _with_resolution(event: kinds.RunEnded, resolution: Resolution) -> kinds.RunEnded:
    """Add what only some ends have: interrupted attempts, and whether the job is suspended."""
    if resolution.interruptions or resolution.retry_at is not None:
        event["interruptions"] = resolution.interruptions
    if resolution.dead_letter:
        event["suspends"] = resolution.suspends
    return event


# Commands of a person


def job_enabled(job: str, *, enabled: bool) -> kinds.JobEnabled:
    """Build the event of a job that is enabled, or disabled."""
    return {"event": "enabled", "job": job, "enabled": enabled}


def suspension_lifted(job: str) -> kinds.SuspensionLifted:
    """Build the event that ends a suspension that nobody asked for."""
    return {"event": "suspension_lifted", "job": job}


def job_paused(job: str, until: datetime | None, reason: str) -> kinds.JobPaused:
    """Build the event of a pause; `job` may be ALL_JOBS."""
    return {"event": "paused", "job": job, "until": format_utc(until), "reason": reason}


def job_resumed(job: str, until: datetime) -> kinds.JobResumed:
    """Build the event that ends a pause at `until`; `job` may be ALL_JOBS."""
    return {"event": "resumed", "job": job, "until": format_utc(until)}


def job_deferred(job: str, until: datetime, reason: str) -> kinds.JobDeferred:
    """Build the event of a job that is to run at `until` and not before."""
    return {"event": "deferral", "job": job, "until": format_utc(until), "reason": reason}


def deferral_ended(job: str) -> kinds.JobDeferred:
    """Build the event that takes a deferral back."""
    return {"event": "deferral", "job": job, "until": None}


def deferrals_imported(job: str, count: int, history: Iterable[Any]) -> kinds.DeferralsImported:
    """Build the event of deferrals that another program counted."""
    return {"event": "deferrals_told", "job": job, "count": count, "history": [*history]}


def skip_requested(job: str, slot: datetime) -> kinds.SkipRequested:
    """Build the event of a slot to come that a person wants skipped."""
    return {"event": "skip", "job": job, "slot": format_utc(slot)}


def job_cancelled(job: str, reason: str) -> kinds.JobCancelled:
    """Build the event of a job that does not run again until it is enabled."""
    return {"event": "cancelled", "job": job, "reason": reason}


def dead_letters_dropped(job: str) -> kinds.DeadLettersDropped:
    """Build the event that forgets all dead letters of a job."""
    return {"event": "dead_letter_dropped", "job": job}


# Ticks


def tick_ended(ran: int, code: int = 0, started: datetime | None = None) -> kinds.TickEnded:
    """Build the last event of a tick that ran so many jobs; `code` is its exit code, if known."""
    event: kinds.TickEnded = {"event": "tick", "ran": ran}
    if code:
        event["code"] = code
    if started is not None:
        event["started"] = format_utc(started)
    return event


def snapshot(state: State, now: datetime | None = None) -> kinds.Snapshot:
    """Build the event that holds the whole state; `now` where nothing else stamps it."""
    if now is None:
        return {"event": "snapshot", "state": state}
    return {"event": "snapshot", "at": format_utc(now), "state": state}
