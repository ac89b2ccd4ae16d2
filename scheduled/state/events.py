"""The events of the journal: one builder for each. Pure.

Nothing else writes an event. What each of them does to the state is said in
`scheduled.state.apply`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from scheduled.jobs.model import Attempt, AttemptResult, Outcome
from scheduled.state.records import ActiveRun, Event, State
from scheduled.timing.instants import format_utc, parse_utc
from scheduled.timing.slots import MissedRange

TICK_DIED = "the tick that started it died"
NO_TICK = "no tick could start it in time"


@dataclass(frozen=True)
class Resolution:
    """What the end of an attempt means for its slot."""

    answered: bool
    """Whether the slot is done with."""
    retry_at: datetime | None = None
    dead_letter: bool = False


# Jobs and boots


def job_registered(
    job: str,
    anchor: datetime,
    fingerprint: str,
    watermark: datetime | None,
    schedule: tuple[str, str] | None = None,
) -> Event:
    """Build the event that makes a job count from `anchor`; `schedule` is its text and zone."""
    event = {
        "event": "seen",
        "job": job,
        "anchor": format_utc(anchor),
        "fingerprint": fingerprint,
        "watermark": format_utc(watermark),
    }
    return event | ({"schedule": schedule[0], "zone": schedule[1]} if schedule else {})


def watermark_reset(job: str, watermark: datetime | None) -> Event:
    """Build the event that brings back a watermark set while the clock was wrong."""
    return {"event": "clamped", "job": job, "watermark": format_utc(watermark)}


def machine_booted(boot_id: str, started: datetime, jobs: Sequence[str]) -> Event:
    """Build the event of a new boot, which makes `jobs` due."""
    return {
        "event": "booted",
        "boot_id": boot_id,
        "started": format_utc(started),
        "jobs": [*jobs],
    }


# Slots without a run


def slots_missed(job: str, missed: MissedRange | None, cause: str) -> list[Event]:
    """Build the event of slots that passed unanswered; none where `missed` is None."""
    if missed is None:
        return []
    event = {
        "event": "missed",
        "job": job,
        "first": format_utc(missed.first),
        "last": format_utc(missed.last),
        "count": missed.count,
        "cause": cause,
    }
    return [event | {"capped": True}] if missed.capped else [event]


def cause_of_missed(missed: MissedRange | None, gaps: Iterable[dict[str, Any]]) -> str:
    """Return the cause of the newest gap that holds the missed slots, else NO_TICK."""
    for gap in reversed([*gaps]):
        start, end = parse_utc(gap.get("from")), parse_utc(gap.get("to"))
        if missed is not None and start and end and start <= missed.last <= end:
            return str(gap.get("cause"))
    return NO_TICK


def slot_skipped(job: str, slot: datetime | None, reason: str) -> Event:
    """Build the event of a slot that ends without a run."""
    return {"event": "skipped", "job": job, "slot": format_utc(slot), "reason": reason}


def retry_cancelled(job: str, slot: datetime, reason: str) -> Event:
    """Build the event of a failed slot that is not tried again."""
    return {"event": "given_up", "job": job, "slot": format_utc(slot), "reason": reason}


def guard_said_not_now(job: str, slot: datetime | None, guard: str, reason: str) -> Event:
    """Build the event of a slot that a guard does not let start yet; it stays due."""
    return {**slot_skipped(job, slot, reason), "event": "deferred", "guard": guard}


# Runs


def run_started(attempt: Attempt, boot_id: str, lane: int = 0) -> Event:
    """Build the event of a run that is about to start, recorded before its process exists."""
    event = {
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
    return event | ({"lane": lane} if lane else {})


def process_started(attempt: Attempt, pid: int, pid_started: int | None) -> Event:
    """Build the event that names a run's process, so that a later tick can find it."""
    return {
        "event": "spawned",
        "job": attempt.job.id,
        "run_id": attempt.run_id,
        "pid": pid,
        "pid_started": pid_started,
    }


def stop_requested(job: str, run_id: str, reason: str) -> Event:
    """Build the event that asks the tick of a run in progress to stop it."""
    return {"event": "told_to_stop", "job": job, "run_id": run_id, "reason": reason}


def run_said_not_now(attempt: Attempt, reason: str, started: datetime, finished: datetime) -> Event:
    """Build the event of a run that answered not now; its slot stays due."""
    return _of_run("deferred", attempt, started, finished) | {"reason": reason}


def run_ended(
    attempt: Attempt,
    result: AttemptResult,
    resolution: Resolution,
    started: datetime,
    finished: datetime,
) -> Event:
    """Build the event of a run's end, with what its handler asked to remember."""
    event = _of_run("end", attempt, started, finished) | {
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
        event |= {"memory": result.memory, "section": attempt.job.memory_section}
    return event


def for_last_run(attempt: Attempt, local: datetime) -> Event:
    """Return what a run's end carries for the seed's `last_run`: local time without an offset."""
    if not attempt.job.last_run_key:
        return {}
    naive = local.replace(tzinfo=None)
    return {"seed_key": attempt.job.last_run_key, "local_time": naive.isoformat(timespec="seconds")}


def run_interrupted(job: str, run: ActiveRun, *, answered: bool) -> Event:
    """Build the end of a run whose tick died."""
    reason = run.stop.reason if run.stop else TICK_DIED
    return {
        "event": "end",
        "job": job,
        "run_id": run.run_id,
        "slot": format_utc(run.slot),
        "outcome": Outcome.INTERRUPTED.value,
        "reason": reason,
        "error": reason,
        "answered": answered,
        "attempt": run.attempt,
        "catch_up": run.catch_up,
        "missed": run.missed,
        "started_at": format_utc(run.started_at),
        "finished_at": None,
        "duration_seconds": None,
        "by_hand": run.slot is None,
    }


def _of_run(kind: str, attempt: Attempt, started: datetime, finished: datetime) -> Event:
    return {
        "event": kind,
        "job": attempt.job.id,
        "run_id": attempt.run_id,
        "slot": format_utc(attempt.slot),
        "attempt": attempt.attempt,
        "catch_up": attempt.catch_up,
        "missed": attempt.missed,
        "started_at": format_utc(started),
        "finished_at": format_utc(finished),
    }


# Messages


def messages_delivered(ids: Sequence[str]) -> Event:
    """Build the event that takes messages out of the outbox."""
    return {"event": "delivered", "ids": [*ids]}


def delivery_failed(message: str, problem: str, retry_at: datetime) -> Event:
    """Build the event of a message that stays in the outbox until `retry_at`."""
    return {
        "event": "undelivered",
        "id": message,
        "problem": problem,
        "retry_at": format_utc(retry_at),
    }


# Commands of a person


def job_enabled(job: str, *, enabled: bool) -> Event:
    """Build the event of a job that is enabled, or disabled."""
    return {"event": "enabled", "job": job, "enabled": enabled}


def job_paused(job: str, until: datetime | None, reason: str) -> Event:
    """Build the event of a pause; `job` may be ALL_JOBS."""
    return {"event": "paused", "job": job, "until": format_utc(until), "reason": reason}


def job_resumed(job: str, until: datetime) -> Event:
    """Build the event that ends a pause at `until`; `job` may be ALL_JOBS."""
    return {"event": "resumed", "job": job, "until": format_utc(until)}


def job_deferred(job: str, until: datetime, reason: str) -> Event:
    """Build the event of a job that is to run at `until` and not before."""
    return {"event": "deferral", "job": job, "until": format_utc(until), "reason": reason}


def deferral_ended(job: str) -> Event:
    """Build the event that takes a deferral back."""
    return {"event": "deferral", "job": job, "until": None}


def deferrals_imported(job: str, count: int, history: Iterable[Any]) -> Event:
    """Build the event of deferrals that another program counted."""
    return {"event": "deferrals_told", "job": job, "count": count, "history": [*history]}


def skip_requested(job: str, slot: datetime) -> Event:
    """Build the event of a slot to come that a person wants skipped."""
    return {"event": "skip", "job": job, "slot": format_utc(slot)}


def job_cancelled(job: str, reason: str) -> Event:
    """Build the event of a job that does not run again until it is enabled."""
    return {"event": "cancelled", "job": job, "reason": reason}


def dead_letters_dropped(job: str) -> Event:
    """Build the event that forgets all dead letters of a job."""
    return {"event": "dead_letter_dropped", "job": job}


def schedule_refused(schedule: str) -> Event:
    """Build the event of a schedule that could not be parsed when a person gave it."""
    return {"event": "schedule_refused", "schedule": schedule}


# Ticks


def tick_interval_installed(by: str, seconds: float | None) -> Event:
    """Build the event of a crontab or timer that calls each `seconds`; None: not any more."""
    return {"event": "cadence", "by": by, "seconds": seconds}


def gap_explained(start: datetime, end: datetime, cause: str) -> Event:
    """Build the event of a time without ticks."""
    return {"event": "gap", "from": format_utc(start), "to": format_utc(end), "cause": cause}


def tick_ended(ran: int) -> Event:
    """Build the last event of a tick that ran so many jobs."""
    return {"event": "tick", "ran": ran}


def snapshot(state: State, now: datetime | None = None) -> Event:
    """Build the event that holds the whole state; `now` where nothing else stamps it."""
    return {"event": "snapshot", **({"at": format_utc(now)} if now else {}), "state": state}
