"""What CIRIS's task scheduler tells about itself, with its keys: `scheduled telemetry WHAT`.

The bodies are those of the seed's document (Task Scheduler Service Telemetry). Delays are in
milliseconds, rates between 0 and 1 with three decimals; a rate of nothing is 0. Tasks are jobs,
and a deferral is whatever put a run off: a person, a guard, or the run itself.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from scheduled.jobs.model import Job, Outcome
from scheduled.jobs.schedule import schedule_of
from scheduled.planning import decide
from scheduled.quick_classes import dataclass
from scheduled.timing.instants import format_utc, parse_utc
from scheduled.version import __version__
from scheduled.views import jobs as job_views
from scheduled.views.counting import Counts, rate
from scheduled.views.health import Health
from scheduled.views.schedule_label import label
from scheduled.views.snapshot import Snapshot

SERVICE = "TaskSchedulerService"
TYPES = ("one_time", "recurring")
PERIODS = {
    "1h": timedelta(hours=1),
    "1d": timedelta(days=1),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
}
LISTED = 5
"""Of reasons for deferrals, the most common."""
TRIGGERS = 3
"""Of runs to come, a cron expression."""


@dataclass(frozen=True)
class Telemetry:
    """An installation, what its journal adds up to, and its health."""

    snapshot: Snapshot
    counts: Counts
    health: Health

    def entry(self, job: Job) -> Mapping[str, Any]:
        """Return what the state has about a job."""
        return self.snapshot.entry(job.id)

    def task_status(self, job: Job) -> str:
        """Return the status of a job in CIRIS's words."""
        snapshot = self.snapshot
        return job_views.status(job, snapshot.record(job.id), snapshot.entry(job.id))

    @property
    def active(self) -> list[Job]:
        """The jobs that may run again."""
        return [
            job
            for job in self.snapshot.jobs
            if decide.is_enabled(job, self.snapshot.record(job.id))
            and self.task_status(job) in ("PENDING", "ACTIVE")
        ]

    @property
    def created(self) -> int:
        """How many jobs there are and were, as far as they are remembered."""
        return len({*(job.id for job in self.snapshot.jobs), *self.snapshot.state["jobs"]})

    @property
    def uptime(self) -> int:
        """Seconds since the first recorded tick."""
        first = parse_utc(self.snapshot.state["ticks"].get("first"))
        return max(int((self.snapshot.now - first).total_seconds()), 0) if first else 0

    @property
    def interval(self) -> int:
        """Seconds between two ticks."""
        return int(self.snapshot.cadence.interval.total_seconds())

    @property
    def since_last_run(self) -> int | None:
        """Seconds since a run last ended; None if none ever did."""
        ended = [
            instant
            for entry in self.snapshot.state["jobs"].values()
            if (instant := parse_utc(last_run(entry).get("finished_at"))) is not None
        ]
        last = max(ended, default=None)
        return None if last is None else max(int((self.snapshot.now - last).total_seconds()), 0)


def task_type(job: Job) -> str:
    """Return `one_time` or `recurring`."""
    return "one_time" if schedule_of(job).kind == "once" else "recurring"


def deferral_count(entry: Mapping[str, Any]) -> int:
    """Return how often a job was deferred, by whomever."""
    return (entry.get("deferral_count") or 0) + (entry.get("deferrals") or 0)


def status(told: Telemetry) -> dict[str, Any]:
    """Return the body of `/telemetry/task-scheduler/status`."""
    counts, runs = told.counts, told.counts.total.runs
    return {
        "service_name": SERVICE,
        "healthy": told.health is Health.HEALTHY,
        "uptime_seconds": told.uptime,
        "task_management": {
            "active_tasks": len(told.active),
            "check_interval_seconds": told.interval,
            "cron_support": True,
        },
        "execution_metrics": {
            "task_run_count": runs,
            "task_error_count": _errors(counts),
            "task_error_rate": rate(_errors(counts), runs),
            "time_since_last_run": told.since_last_run,
            "task_running": bool(told.snapshot.running),
        },
        "performance": {
            "request_count": counts.requests,
            "error_count": counts.refused,
            "error_rate": rate(counts.refused, counts.requests),
        },
    }


def _errors(counts: Counts) -> int:
    return counts.total.runs - counts.total.outcomes[Outcome.SUCCEEDED]


def analytics(told: Telemetry, period: str, kind: str | None = None) -> dict[str, Any]:
    """Return the body of `.../analytics`; the counts are those of the period."""
    total, since = told.counts.total, told.snapshot.now - PERIODS[period]
    good = total.outcomes[Outcome.SUCCEEDED]
    jobs = [job for job in told.snapshot.jobs if kind in (None, task_type(job))]
    created = sum(_is_in(told.entry(job).get("first_seen"), since) for job in jobs)
    completed = sum(
        told.task_status(job) == "COMPLETE"
        and _is_in(last_run(told.entry(job)).get("finished_at"), since)
        for job in jobs
    )
    deferred = sum(1 for tally in told.counts.jobs.values() if tally.deferrals)
    days = PERIODS[period] / timedelta(days=1)
    reasons = total.deferral_reasons.most_common(LISTED)
    return {
        "period": period,
        "execution_summary": {
            "total_executions": total.runs,
            "successful_executions": good,
            "failed_executions": total.runs - good,
            "success_rate": rate(good, total.runs),
            "avg_executions_per_day": round(total.runs / days, 3),
        },
        "task_creation": {
            "tasks_created": created,
            "tasks_completed": completed,
            "tasks_cancelled": told.counts.cancelled,
            "completion_rate": min(rate(completed, created), 1.0),
        },
        "deferral_patterns": {
            "total_deferrals": total.deferrals,
            "avg_deferrals_per_task": rate(total.deferrals, max(len(jobs), deferred)),
            "common_deferral_reasons": [
                {"reason": reason, "count": count} for reason, count in reasons
            ],
        },
    }


def _is_in(instant: str | None, since: datetime) -> bool:
    moment = parse_utc(instant)
    return moment is not None and moment >= since


def last_run(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return how the last run of a job went; empty if it never ran."""
    last = entry.get("last") or {}
    return last if last.get("run_id") else entry.get("ran") or {}


def _cron_jobs(told: Telemetry) -> dict[str, list[Job]]:
    found: dict[str, list[Job]] = defaultdict(list)
    for job in told.active:
        if schedule_of(job).kind == "cron":
            found[job.schedule].append(job)
    return found


def cron(told: Telemetry) -> dict[str, Any]:
    """Return the body of `.../cron`."""
    expressions = _cron_jobs(told)
    valid = sum(schedule_of(job).kind == "cron" for job in told.snapshot.jobs)
    invalid = told.snapshot.state["refused"]["schedules"]
    return {
        "cron_support": {"available": True, "library": "croniter"},
        "active_cron_tasks": sum(map(len, expressions.values())),
        "cron_expressions": [
            {
                "expression": expression,
                "description": _described(jobs),
                "task_count": len(jobs),
                "next_triggers": _triggers(told, jobs),
            }
            for expression, jobs in expressions.items()
        ],
        "validation_stats": {
            "valid_expressions": valid,
            "invalid_attempts": invalid,
            "success_rate": rate(valid, valid + invalid),
        },
    }


def _described(jobs: Sequence[Job]) -> str:
    """Return what the expression of some jobs means, and in which time zones."""
    words = dict.fromkeys(label(schedule_of(job)) for job in jobs)
    zones = ", ".join(dict.fromkeys(job.timezone for job in jobs))
    # With an H in it, the times of each job are its own.
    sentence = next(iter(words)) if len(words) == 1 else f"{len(words)} different times"
    return f"{sentence} ({zones})"


def _triggers(told: Telemetry, jobs: Iterable[Job]) -> list[dict[str, Any]]:
    upcoming = [(told.snapshot.next_run(job), job) for job in jobs]
    known = sorted(
        ((start, job.id, job.name or job.id) for start, job in upcoming if start is not None)
    )
    return [
        {"task_id": id_, "task_name": name, "next_execution": format_utc(start)}
        for start, id_, name in known[:TRIGGERS]
    ]


def performance(told: Telemetry, memory: int) -> dict[str, Any]:
    """Return the body of `.../performance`; `memory` are the bytes that running jobs use."""
    total, counts = told.counts.total, told.counts
    delay = total.delay_seconds / total.scheduled if total.scheduled else 0.0
    is_late = told.health is Health.CRITICAL or told.snapshot.last_tick is None
    refused = told.snapshot.state["refused"]["schedules"]
    return {
        "service_performance": {
            "uptime_seconds": told.uptime,
            "check_frequency": {
                "interval_seconds": told.interval,
                "checks_per_hour": round(3600 / told.interval, 3) if told.interval else 0,
                "missed_checks": counts.missed_ticks,
            },
            "execution_timing": {
                "avg_trigger_delay_ms": round(delay * 1000, 3),
                "max_trigger_delay_ms": round(total.delay_peak * 1000, 3),
                "tasks_triggered_on_time": rate(total.on_time, total.scheduled),
            },
        },
        "resource_usage": {
            "active_task_memory_mb": round(memory / 1e6, 3),
            "database_connections": 0,
            "background_task_status": "stopped" if is_late else "running",
        },
        "error_analysis": {
            "task_execution_errors": _errors(counts),
            "cron_parsing_errors": refused,
            "database_errors": len(told.snapshot.recovered),
            "most_common_error": _most_common(total.errors, refused),
        },
    }


def _most_common(errors: Counter[str], refused: int) -> str:
    """Return the kind of error there was most of; empty if there was none."""
    everything = Counter(errors)
    if refused:
        everything["Invalid cron expression"] = refused
    return max(everything, key=lambda name: (everything[name], name), default="")


def capabilities(_told: Telemetry) -> dict[str, Any]:
    """Return the metadata of the service."""
    return {
        "features": ["cron_scheduling", "one_time_defer", "task_persistence"],
        "cron_support": True,
        "description": "Task scheduling and deferral service",
        "service_name": SERVICE,
        "actions": ["schedule_task", "cancel_task", "get_scheduled_tasks"],
        "version": __version__,
        "dependencies": ["TimeService"],
    }


def statistics(told: Telemetry) -> dict[str, Any]:
    """Return the statistics about tasks."""
    jobs = told.snapshot.jobs
    states = Counter(map(told.task_status, jobs))
    types = Counter(map(task_type, jobs))
    deferrals = {job.id: deferral_count(told.entry(job)) for job in jobs}
    most = max(jobs, key=lambda job: deferrals[job.id], default=None)
    return {
        "total_tasks_created": told.created,
        "active_tasks": len(told.active),
        "completed_tasks": states["COMPLETE"],
        "cancelled_tasks": states["CANCELLED"],
        "failed_tasks": states["FAILED"],
        "one_time_tasks": types["one_time"],
        "recurring_tasks": types["recurring"],
        "avg_deferral_count": rate(sum(deferrals.values()), len(jobs)),
        "most_deferred_task": None
        if most is None or not deferrals[most.id]
        else {
            "task_id": most.id,
            "deferral_count": deferrals[most.id],
            "name": most.name or most.id,
        },
    }


def metrics(told: Telemetry) -> dict[str, Any]:
    """Return the metrics of the seed's table, and those that the service really has."""
    counts, total = told.counts, told.counts.total
    types = Counter(map(task_type, told.snapshot.jobs))
    good = total.outcomes[Outcome.SUCCEEDED]
    mean = total.mean
    return {
        "active_tasks": len(told.active),
        "check_interval": told.interval,
        "task_run_count": total.runs,
        "task_error_count": _errors(counts),
        "task_error_rate": rate(_errors(counts), total.runs),
        "task_interval_seconds": told.interval,
        "time_since_last_task_run": told.since_last_run,
        "task_running": bool(told.snapshot.running),
        "uptime_seconds": told.uptime,
        "request_count": counts.requests,
        "error_count": counts.refused,
        "error_rate": rate(counts.refused, counts.requests),
        "healthy": told.health is Health.HEALTHY,
        "scheduled_tasks_created": told.created,
        "scheduled_tasks_completed": good,
        "scheduled_tasks_failed": _errors(counts),
        "deferral_requests": total.deferrals,
        "cron_trigger_count": total.runs - total.by_hand,
        "avg_task_execution_time": round(mean * 1000, 3) if mean is not None else 0.0,
        "tasks_scheduled": len(told.active),
        "tasks_triggered": total.runs,
        "tasks_completed": good,
        "tasks_failed": _errors(counts),
        "tasks_dead_lettered": total.dead_letters,
        "task_success_rate": rate(good, total.runs),
        "recurring_tasks": types["recurring"],
        "oneshot_tasks": types["one_time"],
    }


def flat(body: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    """Yield a body as names and values, for a page."""
    for key, value in body.items():
        name = f"{above}{key}"
        if isinstance(value, dict):
            yield from flat(value, f"{name}.")
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            for number, item in enumerate(value):
                yield from flat(item, f"{name}.{number}.")
        else:
            listed = ", ".join(map(str, value)) if isinstance(value, list) else value
            yield name, "" if listed is None else str(listed)
