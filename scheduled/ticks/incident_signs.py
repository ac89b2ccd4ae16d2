"""The signs that a tick finds: of each job that may be ill, and of the scheduler itself.

Most jobs are well, and a tick with ten thousand of them looks at each only as far as to see that.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice, pairwise
from typing import Any

from scheduled.config.load import Config
from scheduled.jobs.model import CatchUp, Job
from scheduled.jobs.schedule import schedule_of
from scheduled.planning import decide, incidents, tick_plan
from scheduled.planning.decide import REMOVED
from scheduled.planning.due import schedule_for
from scheduled.planning.incidents import (
    NO_TICKS,
    OFTEN,
    UNDELIVERED,
    Finding,
    JobFacts,
    Kind,
    oldest_success,
)
from scheduled.planning.registration import KEPT
from scheduled.quick_classes import replace
from scheduled.state import records, tallies
from scheduled.state.document import State
from scheduled.state.heartbeat import Cause
from scheduled.state.incident_entries import Incident
from scheduled.state.records import JobMemory
from scheduled.system.text import one_line
from scheduled.ticks.context import TickContext
from scheduled.ticks.listed_findings import Known, before_colon, compared, listed
from scheduled.ticks.report import Report
from scheduled.timing import slots
from scheduled.timing.instants import parse_utc
from scheduled.timing.timezones import zone_info
from scheduled.views.format import counted

GONE = "no longer configured"
NOTED = timedelta(minutes=10)
"""How often it is recorded that the machine still has the same trouble."""
CONFIGURATION = incidents.case_of(Kind.CONFIGURATION, "problems")
UNDELIVERABLE = incidents.case_of(Kind.UNDELIVERABLE, "outbox")
SILENCE = incidents.case_of(Kind.NO_TICKS, "cron")
LOCK = incidents.case_of(Kind.STATE, "lock")
DAMAGED = incidents.case_of(Kind.STATE, "damaged")
UNRECORDED = "no space: state"
"""Nothing could be recorded for a time; when it is, there is room again."""
SHORTAGE = incidents.case_of(Kind.DISK, "shortage")


def all_signs(
    context: TickContext, config: Config, report: Report, known: Known, now: datetime
) -> Iterator[Finding]:
    """Yield all that a tick has found, but for what no space was found for."""
    state = context.store.state
    of_jobs = [*_of_jobs(context, config, report, known, now)]
    yield from of_jobs
    yield _error_rate(state, of_jobs, known, now)
    yield configuration(config.problems, known)
    yield _undelivered(state, known, now)
    if state.get("unreached") or any(each.kind == Kind.UNREACHABLE for each in known.values()):
        from scheduled.ticks import unreachable

        yield unreachable.finding(context, config, known, now)
    yield from _silence(state, config, known.get(SILENCE), now)
    yield from _troubles(report, known, now)
    for kind, case in ((Kind.STATE, DAMAGED), (Kind.DISK, UNRECORDED)):
        if case in known:
            yield incidents.moment(kind, case, known[case], now, "", "sound for a day")


def configuration(problems: Iterable[str], known: Known) -> Finding:
    """Return the finding about the configuration.

    What is wrong elsewhere than before stops other jobs, and is told.
    """
    lines, more = [*problems], "; `scheduled config validate` lists all"
    finding = incidents.condition(
        Kind.CONFIGURATION, CONFIGURATION, listed(lines, more), "corrected"
    )
    return compared(finding, known, _subjects)


def _subjects(problems: Iterable[str]) -> set[str]:
    """Return where problems are: the file, or the job or channel in it; no line, no key."""
    found = set()
    for problem in problems:
        place, _, rest = problem.partition(": ")
        path = rest.partition(": ")[0].split(".")
        named = path[:2] if len(path) > 1 and " " not in rest.partition(": ")[0] else []
        found.add(".".join((place.rstrip("0123456789").rstrip(":"), *named)))
    return found


def is_quiet(state: State, kind: str, job: str, now: datetime) -> bool:
    """Return whether nobody is to be reminded of an incident of this kind.

    Nobody is while a person has paused the job. Nor of its missed and failed runs while the job is
    failing: that incident reminds of it.
    """
    if not job:
        return False
    is_failing = incidents.case_of(Kind.FAILING, job) in state["incidents"]
    if is_failing and kind in (Kind.DEAD_LETTER, Kind.MISSED):
        return True
    pause = records.job_memory(state, job).pause
    return pause is not None and pause.covers(now)


def _of_jobs(
    context: TickContext, config: Config, report: Report, known: Known, now: datetime
) -> Iterator[Finding]:
    state = context.store.state
    involved = {incident.job for incident in known.values()}
    ran = {row["job"] for row in report.ran}
    dead = _dead_letters(state)
    waiting = {job for job, why in report.not_started if why == tick_plan.BUDGET_SPENT}
    for job in config.jobs:
        entry: Any = state["jobs"].get(job.id)
        if entry is None or not _may_be_ill(job, entry, involved, ran, dead):
            continue
        memory = context.memory(job.id)
        facts = _facts(job, memory, entry, now)._replace(
            dead_letters=dead.get(job.id, 0), is_waiting=job.id in waiting
        )
        if job.id in ran:
            facts = facts._replace(ended_empty=_ended_empty(context, facts, entry))
        yield from incidents.of_job(facts, known)
    for name in involved - {job.id for job in config.jobs} - {""}:
        if not config.problems and _is_gone(context.memory(name), now):
            yield from incidents.of_job(JobFacts(name, now, GONE), known)


def _error_rate(state: State, of_jobs: Iterable[Finding], known: Known, now: datetime) -> Finding:
    """Return the finding about all runs of a day; whoever is told of a job knows that runs fail."""
    from scheduled.state.incident_entries import closed_incidents

    outcomes = tallies.of_last_day(state, now)
    found = any(
        finding.kind in incidents.OF_FAILURES
        and (finding.case in known or finding.sign is not incidents.Sign.OVER)
        for finding in of_jobs
    )
    ended = (
        incident.kind in incidents.OF_FAILURES
        and incident.closed_at is not None
        and now - incident.closed_at < incidents.DAY
        for incident in closed_incidents(state)
    )
    return incidents.error_rate(
        outcomes[tallies.DEAD_LETTERS], outcomes["succeeded"], is_told=found or any(ended)
    )


def _may_be_ill(
    job: Job, entry: Any, involved: set[str], ran: set[str], dead: Mapping[str, int]
) -> bool:
    return bool(
        entry.get("settled")
        or entry.get("suspended")
        or entry.get("open")
        or entry.get("beside")
        or job.max_age
        or job.id in involved
        or job.id in ran
        or (job.id in dead and job.catch_up is CatchUp.ALL)
    )


def why_not_expected(config: Config, state: State, name: str, now: datetime) -> str:
    """Return why nobody expects a job to run, such as "disabled"; '' if it may run again."""
    memory = records.job_memory(state, name)
    for job in config.jobs:
        if job.id == name:
            return _unwatched(job, memory)
    return GONE if not config.problems and _is_gone(memory, now) else ""


def _is_gone(memory: JobMemory, now: datetime) -> bool:
    """Return whether a job is missing for good, not just while an editor saves its file."""
    if memory.fingerprint == REMOVED:
        return True
    return memory.away is not None and now - memory.away.since > KEPT


def _dead_letters(state: State) -> dict[str, int]:
    counts: dict[str, int] = {}
    for letter in state["dead_letter"]:
        name = letter.get("job", "")
        counts[name] = counts.get(name, 0) + 1
    return counts


def _facts(job: Job, memory: JobMemory, entry: Any, now: datetime) -> JobFacts:
    settled = entry.get("settled") or ""
    suspended = entry.get("suspended")
    started = [run.started_at for run in memory.runs.values()]
    return JobFacts(
        job=job.id,
        now=now,
        unwatched=_unwatched(job, memory),
        is_paused=memory.pause is not None and memory.pause.covers(now),
        settled=settled,
        failing_since=parse_utc(entry.get("failing_since")),
        error=_last_error(entry),
        has_more_slots=not settled or _has_more_slots(job, memory, now),
        alert_after=job.alert_after or (_usual_alert(job, memory, now) if settled else 1),
        suspended=str(suspended.get("error") or "") if suspended else None,
        counts_each_slot=job.catch_up is CatchUp.ALL,
        expected_since=_expected_since(job, memory, now),
        max_age=_max_age(job, memory, now),
        is_running=bool(started),
        durations=tuple(entry.get("durations") or ()),
        elapsed=(now - min(started)).total_seconds() if started else None,
        warn_after=job.warn_after,
    )


def _unwatched(job: Job, memory: JobMemory) -> str:
    if memory.cancelled is not None:
        return "cancelled"
    is_on = memory.suspended or decide.is_enabled(job, memory)
    return "" if is_on else "disabled"


def _last_error(entry: Any) -> str:
    run = entry.get("ran") or entry.get("last") or {}
    return str(run.get("error") or run.get("reason") or "")


def _expected_since(job: Job, memory: JobMemory, now: datetime) -> datetime | None:
    """Return from when a success is waited for: the last one, or when the job began to count.

    What was recorded before the clock was set back may lie ahead; it counts as now.
    """
    resumed = memory.pause.until if memory.pause is not None else None
    starts = schedule_of(job).bounds.first if job.starts else None
    known = (memory.last_success, memory.anchor, starts)
    instants = [min(each, now) for each in known if each is not None]
    return max([*instants, *([resumed] if resumed and resumed <= now else [])], default=None)


def _max_age(job: Job, memory: JobMemory, now: datetime) -> timedelta | None:
    """Return how old its last success may be; None if that does not matter, or not any more."""
    if not job.max_age or ((job.ends or job.max_runs) and not _has_more_slots(job, memory, now)):
        return None
    since = _expected_since(job, memory, now)
    return None if since is None else oldest_success(job, since) - since


def _has_more_slots(job: Job, memory: JobMemory, now: datetime) -> bool:
    following = slots.following(schedule_for(job, memory, now), now, memory.anchor or now)
    return following is not None or memory.retry is not None


def _usual_alert(job: Job, memory: JobMemory, now: datetime) -> int:
    """Return after how many failures a person is told if the job does not say."""
    schedule = replace(schedule_of(job), days=None)  # on each day as on the days it runs on
    upcoming = slots.between(schedule, now, now + 4 * OFTEN, memory.anchor or now)
    gaps = [later - earlier for earlier, later in pairwise(islice(upcoming, 3))]
    return 2 if gaps and min(gaps) <= OFTEN else 1


def _ended_empty(context: TickContext, facts: JobFacts, entry: Any) -> bool:
    """Return whether the newest run succeeded far too early, and printed nothing."""
    from scheduled.planning.durations import is_far_shorter
    from scheduled.runs import output_files

    last = entry.get("last") or {}
    *before, newest = facts.durations or (0.0,)
    if last.get("outcome") != "succeeded" or not is_far_shorter(newest, before):
        return False
    path = output_files.log_path(context.store.state_dir, facts.job, last.get("run_id"))
    return path is None or path.stat().st_size == 0


def _undelivered(state: State, known: Known, now: datetime) -> Finding:
    """Return the finding about messages that wait; a channel that fails besides is told."""
    waiting: dict[str, list[Any]] = {}
    for message in state["outbox"]:
        if message.get("failures") and _is_old(message, now):
            waiting.setdefault(str(message.get("to", "")), []).append(message)
    lines = [
        one_line(
            f"{to.removeprefix('notify:')}: {counted(len(them), 'message')} waiting: {_why(them)}"
        )
        for to, them in waiting.items()
    ]
    text, over = listed(lines), "all are delivered"
    finding = incidents.condition(Kind.UNDELIVERABLE, UNDELIVERABLE, text, over)
    found = (parse_utc(message.get("created")) for them in waiting.values() for message in them)
    finding = finding._replace(since=min(filter(None, found), default=None))
    return compared(finding, known, before_colon)


def _why(messages: Sequence[Any]) -> str:
    return str(messages[0].get("problem") or "no reason is known")


def _is_old(message: Any, now: datetime) -> bool:
    created = parse_utc(message.get("created"))
    return created is not None and now - created >= UNDELIVERED


def _silence(
    state: State, config: Config, incident: Incident | None, now: datetime
) -> Iterator[Finding]:
    """Yield the newest time in which cron did not call, if it is not known yet."""
    text, since, told = "", None, None
    for gap in state["gaps"]:
        start, end = parse_utc(gap.get("from")), parse_utc(gap.get("to"))
        if not start or not end or gap.get("cause") != Cause.SILENT.value:
            continue
        if now - end >= incidents.DAY or end - start < NO_TICKS:
            continue
        told = told or _last_silence(state, incident)
        if told < end:
            from scheduled.views import gaps

            text, since = f"no tick from {gaps.when(gap, zone_info(config.timezone))}", start
    if text or incident is not None:
        why_over = "ticks have come for a day"
        yield incidents.moment(Kind.NO_TICKS, SILENCE, incident, now, text, why_over, since=since)


def _last_silence(state: State, incident: Incident | None) -> datetime:
    """Return when the newest time without ticks was recorded of which an incident has told."""
    from scheduled.state.incident_entries import closed_incidents

    ended = [incident.last_at for incident in closed_incidents(state) if incident.case == SILENCE]
    known = [*ended, *([incident.last_at] if incident else [])]
    return max(known, default=datetime.min.replace(tzinfo=slots.LAST.tzinfo))


def _troubles(report: Report, known: Known, now: datetime) -> Iterator[Finding]:
    """Yield what kept jobs from being started in this tick, or lately."""
    for kind, case, text in (
        (Kind.STATE, LOCK, report.lock_trouble),
        (Kind.DISK, SHORTAGE, report.shortage),
    ):
        incident = known.get(case)
        if incident is None:
            yield from [incidents.condition(kind, case, text, "")] if text else ()
            continue
        quiet = now - incident.last_at
        sign = incidents.Sign.OVER if quiet >= OFTEN + NOTED else incidents.Sign.UNKNOWN
        if text:
            sign = incidents.Sign.HAPPENED if quiet >= NOTED else incidents.Sign.UNKNOWN
        yield Finding(kind, case, sign, text=text or "not seen for an hour")
