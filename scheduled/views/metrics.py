"""The metrics for Prometheus, in its text format, as the textfile collector of node_exporter reads.

Counters come from the state and never fall, though the journal is pruned; they count what the
journal counts (`scheduled.views.counting`).
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from scheduled.jobs.model import Outcome
from scheduled.planning import decide
from scheduled.planning.incidents import Kind
from scheduled.quick_classes import NamedTuple
from scheduled.state.document import State
from scheduled.state.incident_entries import open_incidents
from scheduled.system import plain_json
from scheduled.timing.instants import parse_utc
from scheduled.version import __version__
from scheduled.views.snapshot import Snapshot


class Sample(NamedTuple):
    """One value, with its labels."""

    value: float
    labels: Mapping[str, str] = {}


class Metric(NamedTuple):
    """A metric with its samples; without any it is left out."""

    name: str
    kind: str
    about: str
    samples: Iterable[Sample]

    def lines(self) -> Iterator[str]:
        """Yield its lines in the text format."""
        samples = [*self.samples]
        if samples:
            yield f"# HELP {self.name} {self.about}"
            yield f"# TYPE {self.name} {self.kind}"
        for sample in samples:
            yield f"{self.name}{_braces(sample.labels)} {_number(sample.value)}"


def text(snapshot: Snapshot, health: int) -> str:
    """Return all metrics; `health` is that of `status`, 0 for healthy, 2 for critical."""
    metrics = (*_of_scheduler(snapshot, health), *_of_jobs(snapshot))
    return "".join(f"{line}\n" for metric in metrics for line in metric.lines())


def _of_scheduler(snapshot: Snapshot, health: int) -> Iterator[Metric]:
    state, jobs = snapshot.state, snapshot.jobs
    enabled = sum(decide.is_enabled(job, snapshot.record(job.id)) for job in jobs)
    waiting = sum(bool(entry.get("failures")) for entry in state["outbox"])
    yield Metric("scheduled_info", "gauge", "The version.", [Sample(1, {"version": __version__})])
    for name, about, value in (
        ("health", "0 healthy, 1 degraded, 2 critical.", health),
        ("jobs", "Jobs of the configuration.", len(jobs)),
        ("jobs_enabled", "Jobs that are enabled.", enabled),
        ("jobs_running", "Jobs that run now.", len(snapshot.running)),
        ("dead_letters", "Runs that failed for good and are kept.", len(state["dead_letter"])),
        ("messages_undelivered", "Messages that could not be delivered yet.", waiting),
        ("configuration_problems", "Problems in the configuration.", len(snapshot.problems)),
        ("tick_interval_seconds", "How often a tick is expected.", _interval(snapshot)),
    ):
        yield Metric(f"scheduled_{name}", "gauge", about, [Sample(value)])
    yield Metric("scheduled_incidents", "gauge", "Open incidents.", _incidents(snapshot.state))
    yield Metric(
        "scheduled_last_tick_timestamp_seconds",
        "gauge",
        "When a tick came last.",
        _at({}, snapshot.last_tick),
    )
    for name, about, value in (
        ("ticks", "Full ticks, not those that found nothing due.", state["ticks"].get("count", 0)),
        ("schedules_refused", "Schedules refused when given.", state["refused"]["schedules"]),
    ):
        yield Metric(f"scheduled_{name}_total", "counter", about, [Sample(value)])


def _incidents(state: State) -> Iterator[Sample]:
    kinds = Counter(incident.kind for incident in open_incidents(state).values())
    yield from (Sample(kinds[kind], {"kind": kind.value}) for kind in Kind)


def _interval(snapshot: Snapshot) -> float:
    return snapshot.cadence.interval.total_seconds()


def _of_jobs(snapshot: Snapshot) -> Iterator[Metric]:
    ids = dict.fromkeys((*(job.id for job in snapshot.jobs), *snapshot.state["jobs"]))
    entries = {name: snapshot.entry(name) for name in ids}
    yield Metric(
        "scheduled_job_outcomes_total",
        "counter",
        "Scheduled times and runs by how they ended.",
        (sample for name, entry in entries.items() for sample in _outcomes(name, entry)),
    )
    for name, about, key in _COUNTERS:
        samples = [Sample(entry.get(key) or 0, {"job": job}) for job, entry in entries.items()]
        yield Metric(f"scheduled_job_{name}", "counter", about, samples)
    # An alert on the age of a job that was removed would never end; a day's absence is none.
    known = {job.id for job in snapshot.jobs}
    gone = {job for job in entries if snapshot.record(job).fingerprint in ("", decide.REMOVED)}
    present = {job: entry for job, entry in entries.items() if job not in gone - known}
    for name, about, key in _GAUGES:
        samples = [Sample(entry.get(key) or 0, {"job": job}) for job, entry in present.items()]
        yield Metric(f"scheduled_job_{name}", "gauge", about, samples)
    yield from _instants(snapshot, present)
    yield from _flags(snapshot)


_COUNTERS = (
    ("not_now_total", "How often a guard or the job itself put a run off.", "deferrals"),
    ("deferrals_total", "How often a person deferred it.", "deferral_count"),
)
_GAUGES = (("failures", "Failures since the last success.", "failures"),)


def outcomes(entry: Mapping[str, Any]) -> dict[str, int]:
    """Return how often a job's runs and slots ended in which way, from the first tick on."""
    counted = {**(entry.get("counts") or {}), **(entry.get("not_run") or {})}
    return {outcome.value: counted.get(outcome.value, 0) for outcome in Outcome}


def _outcomes(job: str, entry: Mapping[str, Any]) -> Iterator[Sample]:
    for outcome, number in outcomes(entry).items():
        yield Sample(number, {"job": job, "outcome": outcome})


def _instants(snapshot: Snapshot, entries: Mapping[str, Mapping[str, Any]]) -> Iterator[Metric]:
    seen, success = (
        [
            sample
            for job, entry in entries.items()
            for sample in _at({"job": job}, parse_utc(entry.get(key)))
        ]
        for key in ("first_seen", "last_success")
    )
    last = {job: _last_run(entry) for job, entry in entries.items()}
    ended = [
        sample
        for job, run in last.items()
        for sample in _at({"job": job}, parse_utc(run.get("finished_at")))
    ]
    took = [
        Sample(run["duration_seconds"], {"job": job})
        for job, run in last.items()
        if isinstance(run.get("duration_seconds"), int | float)
    ]
    upcoming = [
        sample for job in snapshot.jobs for sample in _at({"job": job.id}, snapshot.next_run(job))
    ]
    for name, about, samples in (
        ("first_seen_timestamp_seconds", "When a tick first saw it.", seen),
        ("last_success_timestamp_seconds", "When it last succeeded.", success),
        ("last_run_timestamp_seconds", "When its last run ended.", ended),
        ("last_run_duration_seconds", "How long its last run took.", took),
        ("next_run_timestamp_seconds", "When it runs next; in the past if it is due.", upcoming),
    ):
        yield Metric(f"scheduled_job_{name}", "gauge", about, samples)


def _last_run(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    last = entry.get("last") or {}
    return last if last.get("run_id") else entry.get("ran") or {}


def _flags(snapshot: Snapshot) -> Iterator[Metric]:
    running, enabled = [], []
    for job in snapshot.jobs:
        running.append(Sample(job.id in snapshot.running, {"job": job.id}))
        is_on = decide.is_enabled(job, snapshot.record(job.id))
        enabled.append(Sample(is_on, {"job": job.id}))
    yield Metric("scheduled_job_running", "gauge", "1 while it runs.", running)
    yield Metric("scheduled_job_enabled", "gauge", "1 if it is enabled.", enabled)


def _at(labels: Mapping[str, str], instant: datetime | None) -> Iterator[Sample]:
    if instant is not None:
        yield Sample(instant.timestamp(), labels)


def _braces(labels: Mapping[str, str]) -> str:
    inner = ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items())
    return f"{{{inner}}}" if inner else ""


def _escaped(value: str) -> str:
    whole = str(plain_json.plain(value))
    return whole.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(float(value))
