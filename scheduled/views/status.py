"""How things stand: `status --json`, and the central file that others read."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from scheduled.jobs.model import Outcome
from scheduled.planning import decide
from scheduled.runs.output_files import log_path
from scheduled.state.records import State, outcomes_of_a_day, pauses
from scheduled.timing.instants import stamped
from scheduled.views import upcoming
from scheduled.views.health import judge
from scheduled.views.snapshot import Picture, observe

if TYPE_CHECKING:
    from scheduled.config.load import Config

NEXT_SHOWN = 5
SEED_SECTIONS = ("last_run", "memory_rollover", "mail_cleanup", "health_check")


def document(picture: Picture) -> dict[str, Any]:
    """`status --json`."""
    overdue = _overdue(picture)
    outcomes = outcomes_of_a_day(picture.state, picture.now)
    health, reasons = judge(picture, outcomes, overdue)
    return {
        "health": health.word,
        "reasons": reasons,
        "last_tick": _last_tick(picture),
        "gaps": picture.state["gaps"],
        "running": _running(picture),
        "overdue": overdue,
        "failing": _failing(picture),
        "dead_letter": picture.state["dead_letter"],
        "paused": _paused(picture),
        "next": upcoming.of_all(picture, NEXT_SHOWN)["next"],
        "counts": _counts(picture, outcomes),
        "seed_state": {section: picture.state[section] for section in SEED_SECTIONS},
    }


def central(
    config: "Config", state: State, now: datetime, recovered: Sequence[str] = ()
) -> dict[str, Any]:
    """`SCHEDULED.central.json`: the status at `now`, when a tick has just done its work.

    `recovered` is what its store had to mend.
    """
    picture = observe(config, state, now, ZoneInfo(config.timezone), recovered)
    whole = document(picture)
    del whole["seed_state"]
    return {"service": "scheduled", "last_updated": stamped(now), **whole}


def _last_tick(picture: Picture) -> dict[str, Any] | None:
    if picture.last_tick is None:
        return None
    ago = (picture.now - picture.last_tick).total_seconds()
    return {"at": stamped(picture.last_tick), "ago_seconds": round(ago, 3)}


def _paused(picture: Picture) -> dict[str, Any]:
    """The pauses in force, by job; `*` is the one of all jobs."""
    held = pauses(picture.state)
    kept = picture.state["paused"]
    return {name: kept[name] for name, pause in held.items() if pause.covers(picture.now)}


def _running(picture: Picture) -> list[dict[str, Any]]:
    """What runs now, longest first."""
    under_way = [(job, run) for job in picture.running for run in picture.record(job).runs.values()]
    rows = [
        {
            "job": job,
            "run_id": run.run_id,
            "slot": stamped(run.slot) if run.slot else None,
            "since": stamped(run.started_at),
            "pid": run.pid,
        }
        for job, run in under_way
    ]
    return sorted(rows, key=lambda row: (str(row["since"]), str(row["job"])))


def _overdue(picture: Picture) -> list[dict[str, Any]]:
    """The jobs that wait for longer than two ticks though nothing runs, longest first.

    What counts is their first unanswered slot: a job of every minute has a fresh one always.
    """
    rows = []
    for decision in picture.decisions():
        if not decision.is_due or decision.slot is None or decision.job.id in picture.running:
            continue
        since = decision.missed.first if decision.missed else decision.slot
        waited = picture.now - since
        if waited > picture.late_after:
            rows.append(
                {
                    "job": decision.job.id,
                    "slot": stamped(decision.slot),
                    "since": stamped(since),
                    "late_seconds": waited.total_seconds(),
                }
            )
    return sorted(rows, key=lambda row: (str(row["since"]), str(row["job"])))


def _failing(picture: Picture) -> list[dict[str, Any]]:
    """The jobs that have failed since they last succeeded, most often first."""
    rows = []
    for job in picture.jobs:
        entry = picture.entry(job.id)
        if not entry.get("failures"):
            continue
        last = entry.get("last") or {}
        path = log_path(picture.state_dir, job.id, last.get("run_id"))
        rows.append(
            {
                "job": job.id,
                "failures": entry["failures"],
                "outcome": last.get("outcome"),
                "error": last.get("error"),
                "at": last.get("finished_at"),
                "log": str(path) if path else None,
            }
        )
    return sorted(rows, key=lambda row: (-row["failures"], row["job"]))


def _counts(picture: Picture, outcomes: Counter[str]) -> dict[str, Any]:
    return {
        "jobs": len(picture.jobs),
        "enabled": sum(decide.is_enabled(job, picture.record(job.id)) for job in picture.jobs),
        "runs_24h": {outcome.value: outcomes[outcome.value] for outcome in Outcome},
        "missed_capped": outcomes["missed_capped"] > 0,
        "schedules_refused": picture.state["refused"]["schedules"],
    }
