"""What the journal is told of slots and runs: from decisions and ends to events. Pure.

The other side is `scheduled.state.apply`, which says what each of them does to the state.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from scheduled.jobs.model import Attempt, AttemptResult, Outcome
from scheduled.state.records import ActiveRun, Event
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


def begun(attempt: Attempt, boot_id: str, lane: int = 0) -> Event:
    """The intent to run: written before the child starts."""
    beside = {"lane": lane} if lane else {}
    return {
        "event": "begin",
        "job": attempt.job.id,
        "run_id": attempt.run_id,
        "slot": format_utc(attempt.slot),
        "attempt": attempt.attempt,
        "catch_up": attempt.catch_up,
        "missed": attempt.missed,
        "timeout": attempt.job.timeout,
        "boot_id": boot_id,
        **beside,
    }


def spawned(attempt: Attempt, pid: int, pid_started: int | None) -> Event:
    """The child of a run, by which a later tick knows whether it lives on."""
    about = {"event": "spawned", "job": attempt.job.id, "run_id": attempt.run_id}
    return about | {"pid": pid, "pid_started": pid_started}


def missed(job: str, stretch: MissedRange | None, cause: str) -> list[Event]:
    """Slots that passed unanswered; no event for no stretch."""
    if stretch is None:
        return []
    event = {
        "event": "missed",
        "job": job,
        "first": format_utc(stretch.first),
        "last": format_utc(stretch.last),
        "count": stretch.count,
        "cause": cause,
    }
    return [event | {"capped": True}] if stretch.capped else [event]


def cause(stretch: MissedRange | None, gaps: Iterable[dict[str, Any]]) -> str:
    """Why nobody came for these slots: what the newest gap that holds them was due to."""
    for gap in reversed([*gaps]):
        start, end = parse_utc(gap.get("from")), parse_utc(gap.get("to"))
        if stretch is not None and start and end and start <= stretch.last <= end:
            return str(gap.get("cause"))
    return NO_TICK


def skipped(job: str, slot: datetime | None, reason: str) -> Event:
    """A slot that ends without a run, and why."""
    return {"event": "skipped", "job": job, "slot": format_utc(slot), "reason": reason}


def given_up(job: str, slot: datetime, reason: str) -> Event:
    """A slot that failed and is not tried again, because a newer one has come."""
    return {"event": "given_up", "job": job, "slot": format_utc(slot), "reason": reason}


def told_to_stop(job: str, run_id: str, reason: str) -> Event:
    """The word that a run under way is to end; the tick that started it will read it."""
    return {"event": "told_to_stop", "job": job, "run_id": run_id, "reason": reason}


def held(job: str, slot: datetime | None, guard: str, reason: str) -> Event:
    """A slot that stays due because the machine has something else to do."""
    return {**skipped(job, slot, reason), "event": "deferred", "guard": guard}


def interrupted(job: str, opened: ActiveRun, *, answered: bool) -> Event:
    """The end of a run whose tick died, as far as anybody knows it."""
    why = opened.stop.reason if opened.stop else TICK_DIED
    return {
        "event": "end",
        "job": job,
        "run_id": opened.run_id,
        "slot": format_utc(opened.slot),
        "outcome": Outcome.INTERRUPTED.value,
        "reason": why,
        "error": why,
        "answered": answered,
        "attempt": opened.attempt,
        "catch_up": opened.catch_up,
        "missed": opened.missed,
        "started_at": format_utc(opened.started_at),
        "finished_at": None,
        "duration_seconds": None,
        "by_hand": opened.slot is None,
    }


def put_off(attempt: Attempt, reason: str, started: datetime, finished: datetime) -> Event:
    """A run that said not now: no end, and its slot stays due."""
    return _of_run("deferred", attempt, started, finished) | {"reason": reason}


def ended(
    attempt: Attempt, end: AttemptResult, settled: Resolution, started: datetime, finished: datetime
) -> Event:
    """How a run ended; with it what its handler asked to remember."""
    event = _of_run("end", attempt, started, finished) | {
        "reason": end.reason,
        "outcome": end.outcome.value,
        "answered": settled.answered,
        "retry_at": format_utc(settled.retry_at),
        "dead_letter": settled.dead_letter,
        "duration_seconds": round(end.duration.total_seconds(), 3),
        "result": end.result,
        "error": end.error,
        "exit_code": end.exit_code,
        "cpu_seconds": end.cpu_seconds,
        "max_rss_bytes": end.max_rss_bytes,
        "by_hand": attempt.slot is None,
    }
    if end.memory is not None:
        event |= {"memory": end.memory, "section": attempt.job.memory_section}
    return event


def noted(attempt: Attempt, local: datetime) -> Event:
    """What an end carries for the seed's `last_run`: local time without an offset."""
    if not attempt.job.last_run_key:
        return {}
    naive = local.replace(tzinfo=None)
    return {"seed_key": attempt.job.last_run_key, "local_time": naive.isoformat(timespec="seconds")}


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
