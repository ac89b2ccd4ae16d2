"""The current status: `status --json`, and the central file that others read."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scheduled.jobs.model import Outcome
from scheduled.planning import decide
from scheduled.runs.output_files import log_path
from scheduled.state import failed_pings, tallies
from scheduled.state.document import State
from scheduled.state.records import ActiveRun, pauses
from scheduled.timing.instants import format_utc, parse_utc
from scheduled.timing.timezones import zone_info
from scheduled.views import gaps, incidents, jobs, upcoming
from scheduled.views.health import Finding, findings, judge
from scheduled.views.snapshot import Snapshot, observe

if TYPE_CHECKING:
    from scheduled.config.load import Config

NEXT_SHOWN = 5
SEED_SECTIONS = ("last_run", "memory_rollover", "mail_cleanup", "health_check")


def document(snapshot: Snapshot) -> dict[str, Any]:
    """Return `status --json`."""
    overdue = _overdue(snapshot)
    outcomes = tallies.of_last_day(snapshot.state, snapshot.now)
    health, reasons = judge(findings(snapshot, outcomes, overdue))
    sections: dict[str, Any] = {**snapshot.state}
    ahead = upcoming.of_all(snapshot, NEXT_SHOWN)
    return {
        "health": health.word,
        "reasons": reasons,
        "last_tick": _last_tick(snapshot),
        "gaps": [gaps.row(gap) for gap in snapshot.state["gaps"]],
        "pings": failed_pings.load(snapshot.state_dir),
        "running": _running(snapshot),
        "waiting": _waiting(snapshot),
        "overdue": overdue,
        "failing": _failing(snapshot),
        "incidents": incidents.rows(snapshot.state, snapshot.now),
        "dead_letter": snapshot.state["dead_letter"],
        "paused": _paused(snapshot),
        "next": ahead["next"],
        "finished": ahead["finished"],
        "counts": _counts(snapshot, outcomes),
        "seed_state": {section: sections[section] for section in SEED_SECTIONS},
    }


def problems(snapshot: Snapshot) -> Sequence[Finding]:
    """Return the `reasons` of the status, each with what it means for the health, worst first."""
    outcomes = tallies.of_last_day(snapshot.state, snapshot.now)
    return findings(snapshot, outcomes, _overdue(snapshot))


def central(
    config: "Config", state: State, now: datetime, recovered: Sequence[str] = ()
) -> dict[str, Any]:
    """Return `SCHEDULED.central.json`: the status at `now`, when a tick has just done its work.

    `recovered` is what its store had to repair.
    """
    snapshot = observe(config, state, now, zone_info(config.timezone), recovered)
    whole = document(snapshot)
    del whole["seed_state"]
    whole["away"] = gaps.away(snapshot)
    return {"service": "scheduled", "last_updated": format_utc(now), **whole}


def _last_tick(snapshot: Snapshot) -> dict[str, Any] | None:
    if snapshot.last_tick is None:
        return None
    ago = (snapshot.now - snapshot.last_tick).total_seconds()
    return {"at": format_utc(snapshot.last_tick), "ago_seconds": round(ago, 3)}


def _paused(snapshot: Snapshot) -> dict[str, Any]:
    """Return the pauses in force, by job; `*` is the one of all jobs."""
    entries = snapshot.state["paused"]
    in_force = pauses(snapshot.state).items()
    return {name: entries[name] for name, pause in in_force if pause.covers(snapshot.now)}


def _running(snapshot: Snapshot) -> list[dict[str, Any]]:
    """Return what runs now, longest first."""
    active = [(job, run) for job in snapshot.running for run in snapshot.record(job).runs.values()]
    rows = [
        {
            "job": job,
            "run_id": run.run_id,
            "slot": format_utc(run.slot),
            "since": format_utc(run.started_at),
            "pid": run.pid,
            "where": elsewhere(snapshot.state_dir, job, run),
        }
        for job, run in active
    ]
    return sorted(rows, key=lambda row: (str(row["since"]), str(row["job"])))


def elsewhere(state_dir: Path, job: str, run: ActiveRun) -> dict[str, Any] | None:
    """Return where a run takes place that is not of this machine; None for any other."""
    if not run.executor:
        return None
    from scheduled.runs.executors import lease
    from scheduled.runs.run_context import output_in

    found = lease.read(lease.path_of(output_in(state_dir, job, run.run_id)))
    return (found.where if found is not None else None) or {"executor": run.executor}


def _waiting(snapshot: Snapshot) -> list[dict[str, Any]]:
    """Return the jobs whose run waits for a mutex, and who has it, or for a place elsewhere."""
    return [
        {"job": job.id, **waits}
        for job in snapshot.jobs
        if (job.executor or (job.mutex and snapshot.running))
        and (waits := jobs.waits_for(snapshot, job)) is not None
    ]


def _overdue(snapshot: Snapshot) -> list[dict[str, Any]]:
    """Return the jobs that wait for longer than two ticks though nothing runs, longest first.

    What counts is their first unanswered slot: a job of every minute has a fresh one always.
    """
    rows = []
    for decision in snapshot.decisions():
        if not decision.is_due or decision.slot is None or decision.job.id in snapshot.running:
            continue
        if decide.is_off(decision) or decision.reason == decide.SKIPPED_BY_USER:
            continue
        not_now = snapshot.entry(decision.job.id).get("deferred") or {}
        if parse_utc(not_now.get("slot")) == decision.slot:
            continue  # a guard, or the job itself, said "not now"
        if snapshot.lack_of_place(decision.job):
            continue
        since = decision.missed.first if decision.missed else decision.slot
        waited = snapshot.now - since
        if waited > snapshot.late_after:
            rows.append(
                {
                    "job": decision.job.id,
                    "slot": format_utc(decision.slot),
                    "since": format_utc(since),
                    "late_seconds": waited.total_seconds(),
                }
            )
    return sorted(rows, key=lambda row: (str(row["since"]), str(row["job"])))


def _failing(snapshot: Snapshot) -> list[dict[str, Any]]:
    """Return the jobs that have failed since they last succeeded, most often first."""
    rows = []
    for job in snapshot.jobs:
        entry = snapshot.entry(job.id)
        if not entry.get("failures"):
            continue
        last = entry.get("last") or {}
        if not last.get("run_id"):  # skipped: what failed is the last run
            last = entry.get("ran") or last
        path = log_path(snapshot.state_dir, job.id, last.get("run_id"))
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


def _counts(snapshot: Snapshot, outcomes: Counter[str]) -> dict[str, Any]:
    return {
        "jobs": len(snapshot.jobs),
        "enabled": sum(decide.is_enabled(job, snapshot.record(job.id)) for job in snapshot.jobs),
        "runs_24h": {outcome.value: outcomes[outcome.value] for outcome in Outcome},
        "missed_capped": outcomes["missed_capped"] > 0,
        "schedules_refused": snapshot.state["refused"]["schedules"],
    }
