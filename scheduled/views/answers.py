"""What `history`, `why` and `status` answer, for the command line and from Python alike."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypedDict

from scheduled.config import ownership
from scheduled.config.lookup import find_job
from scheduled.jobs.model import Job
from scheduled.runs.running import is_running
from scheduled.state import history, records
from scheduled.state.history import CLOCK_STEP, HistoryQuery, Row, read
from scheduled.state.store import Store
from scheduled.views import permissions
from scheduled.views import status as status_view
from scheduled.views import why as why_view
from scheduled.views.snapshot import Snapshot

if TYPE_CHECKING:
    from scheduled.config.load import Config

CHECKS = ("output",)
INSTALLED_CHECKS = ("files", "mail", *CHECKS)
"""The checks of `doctor` that cost no more than reading a crontab and listing the output."""


class Why(TypedDict):
    """What became of a slot, and why: `why --json`."""

    job: str
    at: str | None
    slot: str | None
    answer: str
    """An outcome, `due`, `running`, `unknown`, `none` or `refused`."""
    reasons: list[str]
    next: str | None


class Status(TypedDict):
    """What is the case now: `status --json`."""

    health: str
    reasons: list[str]
    last_tick: dict[str, Any] | None
    gaps: list[dict[str, Any]]
    pings: list[dict[str, Any]]
    running: list[dict[str, Any]]
    overdue: list[dict[str, Any]]
    waiting: list[dict[str, Any]]
    failing: list[dict[str, Any]]
    incidents: list[dict[str, Any]]
    dead_letter: list[dict[str, Any]]
    paused: dict[str, Any]
    next: list[dict[str, Any]]
    finished: list[dict[str, Any]]
    counts: dict[str, Any]
    seed_state: dict[str, Any]
    findings: list[dict[str, str]]


def past(config: "Config", store: Store, query: HistoryQuery) -> list[Row]:
    """Return the rows that match a query. Raise UsageError for a job nobody has heard of."""
    state, state_dir = store.state, config.places.state_dir
    if query.job is not None and query.job not in state["jobs"]:
        find_job(config, query.job)  # a job that is gone may still have a past
    running = {
        run.run_id: run
        for job, _ in records.active_runs(state)
        if query.job in (None, job)
        for run in records.job_memory(state, job).runs.values()
    }
    rows = read(
        store.journal,
        query,
        lambda name: is_running(state, state_dir, name),
        [*running],
        ownership.other_host(config, state),
    )
    for row in rows:
        # The journal learns on which host a run was when that has ended.
        if (run := running.get(row["run_id"] or "")) is not None and run.executor:
            row["where"] = status_view.elsewhere(state_dir, row["job"], run)
    return rows


def status(
    config: "Config", store: Store, snapshot: Snapshot, environ: Mapping[str, str]
) -> Status:
    """Return `status --json`."""
    document: Any = status_view.document(snapshot)
    answer: Status = document | {"findings": findings(config, store, snapshot, environ)}
    return answer


def findings(
    config: "Config", store: Store, snapshot: Snapshot, environ: Mapping[str, str]
) -> list[dict[str, str]]:
    """Return what cheap checks of `doctor` find; some are made only once ticks were installed."""
    from scheduled.views import cheap_checks

    names = INSTALLED_CHECKS if store.state["cadence"].get("installed") else CHECKS
    found = cheap_checks.findings(config, environ, snapshot.now, names)
    return [finding.document() for finding in found]


def refusal(config: "Config", store: Store, job: str) -> str:
    """Return why a job is not permitted, or was not last; '' if there is one, or never was."""
    if any(each.id == job for each in config.jobs):
        return ""
    last = store.state["jobs"].get(job, {}).get("refused") or {}
    return permissions.problem_of(job, config.problems) or last.get("reason", "")


def why(config: "Config", store: Store, snapshot: Snapshot, job: str, at: datetime) -> Why:
    """Return `why --json` about the newest slot at or before `at`. Raise UsageError for no job."""
    answer: Why
    if sentence := refusal(config, store, job):
        checks = history.events(store.journal, {"permission"}, job)
        document: Any = permissions.refused(snapshot, job, checks)
        answer = document | {"reasons": document["reasons"] or [sentence]}
        return answer
    configured = find_job(config, job)
    slot = why_view.slot_at(snapshot, configured, at)
    # Nothing that became of a slot was recorded before it, but for a clock that was set back.
    since = slot - CLOCK_STEP if slot is not None else at
    rows = past(config, store, HistoryQuery(job=job, since=since, limit=0))
    document = why_view.document(snapshot, configured, at, rows)
    document["reasons"] += _permissions(store, snapshot, configured, since, rows)
    answer = document
    return answer


def _permissions(
    store: Store, snapshot: Snapshot, job: Job, since: datetime, rows: Iterable[Row]
) -> list[str]:
    """Return what was checked of a job that is not simply the owner's."""
    entry = store.state["jobs"].get(job.id, {})
    if not (job.level or entry.get("refused")):
        return []
    checks = history.events(store.journal, permissions.KINDS, job.id, since)
    runs = {row["run_id"] for row in rows}
    return [*permissions.sentences(snapshot, checks, runs)]
