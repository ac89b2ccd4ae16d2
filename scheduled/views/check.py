"""What a monitoring system is told: one status, one line, performance data.

Status words, codes and the line follow the guidelines for Nagios plug-ins, which Icinga, Naemon,
Zabbix and Checkmk read as well: `SCHEDULED WARNING - text | 'label'=value;warn;crit;min;max`.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from enum import IntEnum
from typing import Any

from scheduled.errors import cut, did_you_mean
from scheduled.jobs.model import Job
from scheduled.planning import decide
from scheduled.planning.incidents import oldest_success
from scheduled.quick_classes import NamedTuple
from scheduled.state.records import JobMemory
from scheduled.system.text import one_line
from scheduled.timing.instants import parse_utc
from scheduled.views import health, wording
from scheduled.views.format import counted, span
from scheduled.views.health import Health
from scheduled.views.snapshot import Snapshot

LONGEST = 1000
"""Of the text; old monitoring systems read 1 kB of a plug-in's output, newer ones 4 or more."""


class Status(IntEnum):
    """The status of a job, or of the scheduler, and the exit code that says so."""

    OK = 0
    WARNING = 1
    CRITICAL = 2
    UNKNOWN = 3


class JobCheck(NamedTuple):
    """What is said about one job."""

    id: str
    status: Status
    age_seconds: float | None
    """Since its last success; None if it never succeeded."""
    reason: str


class Figure(NamedTuple):
    """One item of the performance data."""

    label: str
    value: float
    unit: str = ""
    critical: float | None = None
    """CRITICAL above it."""

    def __str__(self) -> str:
        limit = "" if self.critical is None else _number(self.critical)
        return f"{self.label}={_number(self.value)}{self.unit};;{limit};0"


class Check(NamedTuple):
    """The answer to a check."""

    status: Status
    jobs: Sequence[JobCheck]
    reasons: Sequence[str]
    """What is wrong, the gravest first; where nothing is, a summary."""
    figures: Sequence[Figure] = ()

    def document(self) -> dict[str, Any]:
        """Return `check --json`."""
        rows = [{**job._asdict(), "status": job.status.name} for job in self.jobs]
        return {
            "version": 1,
            "status": self.status.name,
            "code": int(self.status),
            "reasons": [*self.reasons],
            "jobs": rows,
        }

    def line(self) -> str:
        """Return what a plug-in prints: one line, whatever jobs are called and have said."""
        # What follows a bar is performance data.
        text = one_line("; ".join(self.reasons), LONGEST).replace("|", "/")
        figures = " ".join(map(str, self.figures))
        line = f"SCHEDULED {self.status.name} - {text}"
        return f"{line} | {figures}" if figures else line


def of_scheduler(snapshot: Snapshot, problems: Iterable[tuple[Health, str]]) -> Check:
    """Return the check of the scheduler and of all its jobs; `problems` are those of `status`."""
    letters = _dead_letters(snapshot)
    rows = [_job(snapshot, job, letters, None, is_named=False) for job in snapshot.jobs]
    found = _never_ticked(snapshot)
    if not found:
        found = [(Status(grade), sentence) for grade, sentence in problems]
        found += _as_findings(row for row in rows if row.status is not Status.OK)
    sentences = _sentences(found) or [_summary(snapshot)]
    return Check(worst(found), rows, sentences, [*_figures(snapshot)])


def of_jobs(snapshot: Snapshot, names: Iterable[str], max_age: timedelta | None) -> Check:
    """Return the check of the jobs of these ids, which need not exist."""
    jobs = {job.id: job for job in snapshot.jobs}
    letters = _dead_letters(snapshot)
    rows = [
        _job(snapshot, jobs[name], letters, max_age, is_named=True)
        if name in jobs
        else _unknown(snapshot, name)
        for name in dict.fromkeys(names)
    ]
    found = [*(_never_ticked(snapshot) or _silence(snapshot)), *_as_findings(rows)]
    wrong = [finding for finding in found if finding[0] is not Status.OK]
    sentences = _sentences(wrong or found)
    named = (jobs[row.id] for row in rows if row.id in jobs)
    limits = {job.id: _limit(snapshot, job, max_age) for job in named}
    return Check(worst(found), rows, sentences, [*_ages(rows, limits)])


def failed(status: Status, sentence: str) -> Check:
    """Return the check of what could not be looked at."""
    return Check(status, (), [sentence])


Finding = tuple[Status, str]
_GRAVITY = (Status.OK, Status.WARNING, Status.UNKNOWN, Status.CRITICAL)
"""What is known to be broken counts for more than what is not known."""


def worst(findings: Iterable[Finding]) -> Status:
    """Return the gravest status of all; OK for none."""
    return max((status for status, _ in findings), key=_GRAVITY.index, default=Status.OK)


def _sentences(findings: Iterable[Finding]) -> list[str]:
    ordered = sorted(findings, key=lambda finding: -_GRAVITY.index(finding[0]))
    return [*dict.fromkeys(sentence for _, sentence in ordered)]


def _as_findings(rows: Iterable[JobCheck]) -> list[Finding]:
    return [(row.status, f"{row.id}: {row.reason}") for row in rows]


def _never_ticked(snapshot: Snapshot) -> list[Finding]:
    """Return what is said where no tick ever came."""
    if snapshot.last_tick is not None or snapshot.recovered:
        return []
    since = snapshot.cadence.since
    if since is None:
        where = one_line(snapshot.state_dir)
        return [(Status.UNKNOWN, f"no tick has come yet, and none is installed ({where})")]
    waited, limit = snapshot.now - since, health.silence_limit(snapshot.cadence.interval)
    sentence = f"no tick has come since one was installed, {span(waited.total_seconds())} ago"
    return [(Status.CRITICAL if waited > limit else Status.WARNING, sentence)]


def _silence(snapshot: Snapshot) -> list[Finding]:
    return [(Status(grade), sentence) for grade, sentence in health.silence(snapshot)]


def _summary(snapshot: Snapshot) -> str:
    assert snapshot.last_tick is not None
    away = (snapshot.now - snapshot.last_tick).total_seconds()
    return f"{counted(len(snapshot.jobs), 'job')}, last tick {span(max(away, 0))} ago"


# Jobs


def _unknown(snapshot: Snapshot, name: str) -> JobCheck:
    reason = "no job is called that"
    if snapshot.problems:
        count = counted(len(snapshot.problems), "problem")
        reason += f"; the configuration has {count}: {snapshot.problems[0]}"
    reason += did_you_mean(name, [job.id for job in snapshot.jobs], "")
    return JobCheck(one_line(name), Status.UNKNOWN, None, one_line(reason))


def _dead_letters(snapshot: Snapshot) -> Counter[str | None]:
    return Counter(letter.get("job") for letter in snapshot.state["dead_letter"])


def _job(
    snapshot: Snapshot,
    job: Job,
    letters: Counter[str | None],
    max_age: timedelta | None,
    *,
    is_named: bool,
) -> JobCheck:
    memory, entry = snapshot.record(job.id), snapshot.entry(job.id)
    age = None
    if memory.last_success is not None:
        age = max((snapshot.now - memory.last_success).total_seconds(), 0.0)
    off = _why_off(snapshot, job, memory)
    found = [*_age(snapshot, entry, age, _limit(snapshot, job, max_age))]
    if not off or is_named or memory.suspended:
        found += _failures(entry, memory)
        if letters[job.id] and not entry.get("failures"):
            found.append((Status.WARNING, counted(letters[job.id], "dead letter")))
    if off:
        found.append((_weight_of_off(memory, is_named=is_named), off))
    wrong = [finding for finding in found if finding[0] is not Status.OK]
    sentences = _sentences(wrong or found) or [_good(age)]
    return JobCheck(job.id, worst(found), _rounded(age), one_line("; ".join(sentences)))


def _limit(snapshot: Snapshot, job: Job, max_age: timedelta | None) -> timedelta | None:
    """Return how old the last success may be: `max_age`, else the job's own while it is on."""
    if max_age is not None or job.max_age is None:
        return max_age
    is_off = _why_off(snapshot, job, snapshot.record(job.id))
    since = snapshot.record(job.id).last_success
    if is_off or since is None:
        return None if is_off else timedelta(seconds=job.max_age)
    return oldest_success(job, since) - since


def _rounded(age: float | None) -> float | None:
    return None if age is None else round(age, 3)


def _good(age: float | None) -> str:
    return "has not run yet" if age is None else f"last success {span(age)} ago"


def _age(
    snapshot: Snapshot, entry: Mapping[str, Any], age: float | None, limit: timedelta | None
) -> Iterator[Finding]:
    """Yield that the last success is older than it may be, or that none came in that time."""
    if limit is None:
        return
    allowed = f"the limit is {span(limit.total_seconds())}"
    if age is not None:
        if age > limit.total_seconds():
            yield Status.CRITICAL, f"no success for {span(age)}, {allowed}"
        return
    seen = parse_utc(entry.get("first_seen"))
    if seen is None:
        yield Status.UNKNOWN, "no tick has seen it yet"
    elif snapshot.now - seen > limit:
        known = span((snapshot.now - seen).total_seconds())
        yield Status.CRITICAL, f"no success since it was first seen {known} ago, {allowed}"


def _why_off(snapshot: Snapshot, job: Job, memory: JobMemory) -> str:
    if memory.suspended:
        return "suspended after too many failures"
    if memory.cancelled is not None:
        return "cancelled"
    if not decide.is_enabled(job, memory):
        return "disabled"
    is_paused = memory.pause is not None and memory.pause.covers(snapshot.now)
    return "paused" if is_paused else ""


def _weight_of_off(memory: JobMemory, *, is_named: bool) -> Status:
    if memory.suspended:
        return Status.CRITICAL
    return Status.WARNING if is_named else Status.OK  # a person wanted it so


def _failures(entry: Mapping[str, Any], memory: JobMemory) -> Iterator[Finding]:
    failures = entry.get("failures") or 0
    if failures:
        last = entry.get("last") or {}
        if not last.get("run_id"):  # skipped: what failed is the last run
            last = entry.get("ran") or last
        error = cut(wording.printed(last.get("error") or wording.outcome(last.get("outcome"))), 200)
        again = ", will be tried again" if memory.retry is not None else ""
        times = f"{counted(failures, 'time')} since the last success"
        sentence = f"failed {times}{again}: {error}"
        has_failed_for_good = not again or entry.get("dead_in_a_row")
        yield Status.CRITICAL if has_failed_for_good else Status.WARNING, sentence


# Performance data


def _ages(rows: Iterable[JobCheck], limits: Mapping[str, timedelta | None]) -> Iterator[Figure]:
    """Yield the age of each job's last success; ids of jobs need no quotes."""
    for row in rows:
        if row.age_seconds is not None:
            limit = limits.get(row.id)
            critical = None if limit is None else limit.total_seconds()
            yield Figure(f"{row.id}_age", row.age_seconds, "s", critical)


def _figures(snapshot: Snapshot) -> Iterator[Figure]:
    """Yield counts about all jobs."""
    state, jobs = snapshot.state, snapshot.jobs
    if snapshot.last_tick is not None:
        away = max((snapshot.now - snapshot.last_tick).total_seconds(), 0.0)
        limit = health.silence_limit(snapshot.cadence.interval).total_seconds()
        yield Figure("last_tick", round(away, 3), "s", limit)
    yield Figure("jobs", len(jobs))
    yield Figure("running", len(snapshot.running))
    yield Figure("failing", sum(bool(snapshot.entry(job.id).get("failures")) for job in jobs))
    yield Figure("dead_letters", len(state["dead_letter"]))
    yield Figure("undelivered", sum(bool(entry.get("failures")) for entry in state["outbox"]))


def _number(value: float) -> str:
    """Return a number as the guidelines want it: digits and a point, no exponent."""
    return f"{value:.3f}".rstrip("0").rstrip(".")
