"""Incidents: something that needs a person, from its first sign to its end. Pure rules.

A tick finds signs; each belongs to a case, such as `failing: backup`. One table says what a sign
means for the case as it is remembered: whether an incident opens, counts once more, is brought
back to mind, or ends. So a person is told once, not once a run.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from scheduled.jobs.model import Job
from scheduled.planning.durations import is_far_longer, is_far_shorter
from scheduled.quick_classes import NamedTuple
from scheduled.state.incident_entries import FAILED, Incident, is_acknowledged

DAY = timedelta(days=1)
LONGEST_SILENCE = timedelta(days=7)
"""Reminders come after a day, then after twice as long each time, up to this."""
OFTEN = timedelta(hours=1)
"""A job that runs this often may fail once before anybody is told."""
UNDELIVERED = timedelta(hours=1)
"""A message that waits for longer has no working channel."""
SUCCEEDED = "succeeded"
"""Why an incident of a job ends that works again."""
ELEVATED = 0.10
"""The share of runs of a day that may fail for good."""
RECOVERED = ELEVATED / 2
"""Where an incident about that share ends: with the same share, it would come and go."""
FEWEST_FAILURES = 3
"""Fewer say nothing about a rate."""
NO_TICKS = timedelta(minutes=15)
"""A shorter time without ticks, while cron should have called, is nothing to tell."""


class Kind(StrEnum):
    """What is wrong."""

    FAILING = "failing"  # runs of a job fail
    DEAD_LETTER = "dead_letter"  # a run failed for good, and no later one makes up for it
    SUSPENDED = "suspended"  # too many failures have taken a job out of service
    MISSED = "missed"  # the last success is older than `max_age`
    SLOW = "slow"  # a job takes far longer than usual
    DEADLINE = "deadline"  # a job ended far too early, and printed nothing
    CONFIGURATION = "configuration"  # jobs are left out, or none can run
    STATE = "state"  # what is remembered was damaged, or is locked by a file that cannot be used
    DISK = "disk"  # no space left, or another resource of the machine
    UNDELIVERABLE = "undeliverable"  # messages wait, as no channel takes them
    UNREACHABLE = "unreachable"  # no run can be started at an executor
    NO_TICKS = "no_ticks"  # cron did not call for a long time
    ERROR_RATE = "error_rate"  # many runs fail, but of no job enough to tell of it


OF_JOBS = frozenset(
    (Kind.FAILING, Kind.DEAD_LETTER, Kind.SUSPENDED, Kind.MISSED, Kind.SLOW, Kind.DEADLINE)
)
"""The kinds that are about a job."""


OF_FAILURES = frozenset((Kind.FAILING, Kind.DEAD_LETTER, Kind.SUSPENDED))
"""The kinds that tell that runs of a job fail."""


class Sign(StrEnum):
    """What a tick has found about a case."""

    HAPPENED = "happened"  # it went wrong at one moment, now or since the last tick
    LASTS = "lasts"  # it is wrong now
    WORSE = "worse"  # it is wrong now, and more of it than anybody was told
    UNKNOWN = "unknown"  # nothing that says whether it is over
    OVER = "over"  # it is well, or does not matter any more


class Status(StrEnum):
    """How a case is remembered."""

    NONE = "none"  # there is no open incident
    OPEN = "open"
    REMINDER_DUE = "reminder due"  # open, and told long ago
    ACKNOWLEDGED = "acknowledged"  # open, and a person knows


class Act(StrEnum):
    """What a tick does about a case."""

    NOTHING = "nothing"
    OPEN = "open"
    COUNT = "count"  # once more; nobody is told
    REMIND = "remind"
    CLOSE = "close"


_ROWS: Mapping[Sign, tuple[Act, Act, Act, Act]] = {
    # Status:        NONE         OPEN         REMINDER_DUE  ACKNOWLEDGED
    Sign.HAPPENED: (Act.OPEN, Act.COUNT, Act.COUNT, Act.COUNT),
    Sign.LASTS: (Act.OPEN, Act.NOTHING, Act.REMIND, Act.NOTHING),
    Sign.WORSE: (Act.OPEN, Act.REMIND, Act.REMIND, Act.REMIND),
    Sign.UNKNOWN: (Act.NOTHING, Act.NOTHING, Act.REMIND, Act.NOTHING),
    Sign.OVER: (Act.NOTHING, Act.CLOSE, Act.CLOSE, Act.CLOSE),
}
TABLE: Mapping[tuple[Sign, Status], Act] = {
    (sign, status): act
    for sign, row in _ROWS.items()
    for status, act in zip(Status, row, strict=True)
}


class Finding(NamedTuple):
    """What a tick has found about a case."""

    kind: Kind
    case: str
    sign: Sign
    job: str = ""
    text: str = ""
    """What is wrong; of a case that is over, why."""
    times: int = 1
    since: datetime | None = None
    """Since when, if that is known; else from now on."""


class JobFacts(NamedTuple):
    """What is known about a job, as far as incidents depend on it."""

    job: str
    now: datetime
    unwatched: str = ""
    """Why nobody expects it to run: deleted, disabled; '' if it is to run."""
    is_paused: bool = False
    settled: str = ""
    """How its last slots ended, oldest first: FAILED or SUCCEEDED."""
    failing_since: datetime | None = None
    error: str = ""
    """That of the last failure."""
    has_more_slots: bool = True
    alert_after: int = 1
    suspended: str | None = None
    """Its error when it was suspended; None if it is not."""
    dead_letters: int = 0
    counts_each_slot: bool = False
    """Whether a later run does not make up for one that failed."""
    expected_since: datetime | None = None
    """Its last success, or when it was last registered or resumed if that is later."""
    max_age: timedelta | None = None
    is_running: bool = False
    is_waiting: bool = False
    """Whether it is left to the next tick only because this one had enough to do."""
    durations: tuple[float, ...] = ()
    """Of its last successes, oldest first, in seconds."""
    elapsed: float | None = None
    """How long the run in progress has taken, in seconds."""
    warn_after: float | None = None
    ended_empty: bool = False
    """Whether its newest success printed nothing."""


def act_on(
    finding: Finding, incident: Incident | None, now: datetime, *, quiet: bool = False
) -> Act:
    """Return what a tick does about what it has found; where it is `quiet` it reminds nobody."""
    act = TABLE[finding.sign, status(incident, now)]
    return Act.NOTHING if quiet and act is Act.REMIND else act


def status(incident: Incident | None, now: datetime) -> Status:
    """Return how a case is remembered; None: there is no open incident."""
    if incident is None:
        return Status.NONE
    if is_acknowledged(incident, now):
        return Status.ACKNOWLEDGED
    return Status.REMINDER_DUE if now >= reminder_at(incident) else Status.OPEN


def reminder_at(incident: Incident) -> datetime:
    """Return when the next reminder is due, unless it is acknowledged."""
    silence: timedelta = DAY * 2 ** min(incident.reminders, 9)
    return incident.told_at + min(silence, LONGEST_SILENCE)


def next_look(incident: Incident) -> datetime | None:
    """Return when something is to be done about an incident though nothing else happens."""
    due = reminder_at(incident)
    if incident.acknowledged_at is None:
        return due
    until = incident.acknowledged_until
    return max(due, until) if until is not None else None


def is_recovery(case: str, why: str) -> bool:
    """Return whether a case that ends for this reason means that a job has recovered."""
    return case.startswith(case_of(Kind.FAILING, "")) and why == SUCCEEDED


def case_of(kind: Kind, subject: str) -> str:
    """Return the name of a case: there is one open incident of it at most."""
    return f"{kind.value}: {subject}"


def is_failing(settled: str, alert_after: int) -> bool:
    """Return whether so many slots have failed, of the last 2N-1, the newest among them.

    A job that fails every second time is failing as well.
    """
    recent = settled[-(2 * alert_after - 1) :]
    return recent.endswith(FAILED) and recent.count(FAILED) >= alert_after


def has_recovered(settled: str, *, reopened: bool) -> bool:
    """Return whether a job works again: one success, two where it failed again within a day."""
    failed_at = settled.rfind(FAILED)
    successes = len(settled) - failed_at - 1
    return failed_at < 0 or successes >= (2 if reopened else 1)


def oldest_success(job: Job, since: datetime) -> datetime:
    """Return when a success at `since` gets older than `max_age`; other days do not count."""
    assert job.max_age is not None
    length = timedelta(seconds=job.max_age)
    if not (job.not_on or job.only_on):
        return since + length
    from scheduled.planning import allowed_days

    return allowed_days.after_time_on(job, since, length)


def of_job(facts: JobFacts, known: Mapping[str, Incident]) -> Iterator[Finding]:
    """Yield what there is to say about a job; `known` are the open incidents by case."""
    cases = {kind: case_of(kind, facts.job) for kind in OF_JOBS}
    if facts.unwatched:
        for kind, case in cases.items():
            if case in known:
                yield Finding(kind, case, Sign.OVER, facts.job, facts.unwatched)
        return
    for finding in (
        _suspended(facts),
        _failing(facts, known.get(cases[Kind.FAILING])),
        _dead_letter(facts, is_failing=cases[Kind.FAILING] in known),
        _missed(facts, is_told=cases[Kind.FAILING] in known),
        _slow(facts),
        _deadline(facts),
    ):
        if finding.sign is not Sign.UNKNOWN or finding.case in known:
            yield finding


def _finding(kind: Kind, facts: JobFacts, sign: Sign, text: str = "") -> Finding:
    return Finding(kind, case_of(kind, facts.job), sign, facts.job, text)


def _suspended(facts: JobFacts) -> Finding:
    if facts.suspended is None:
        return _finding(Kind.SUSPENDED, facts, Sign.OVER, "enabled again")
    return _finding(Kind.SUSPENDED, facts, Sign.LASTS, facts.suspended)


def _failing(facts: JobFacts, incident: Incident | None) -> Finding:
    reopened = incident is not None and incident.reopened
    if has_recovered(facts.settled, reopened=reopened):
        return _finding(Kind.FAILING, facts, Sign.OVER, SUCCEEDED)
    if not facts.has_more_slots and not facts.dead_letters:
        return _finding(Kind.FAILING, facts, Sign.OVER, "its failed runs were dropped")
    if facts.suspended is not None or not is_failing(facts.settled, facts.alert_after):
        return _finding(Kind.FAILING, facts, Sign.UNKNOWN)
    finding = _finding(Kind.FAILING, facts, Sign.LASTS, facts.error)
    times = len(facts.settled) - len(facts.settled.rstrip(FAILED))  # those before it are not since
    return finding._replace(times=times, since=facts.failing_since)


def _dead_letter(facts: JobFacts, *, is_failing: bool) -> Finding:
    if not facts.dead_letters or not facts.counts_each_slot:
        return _finding(Kind.DEAD_LETTER, facts, Sign.OVER, "no dead letters are left")
    is_told = is_failing or (not has_recovered(facts.settled, reopened=False) and _opens(facts))
    sign = Sign.UNKNOWN if is_told else Sign.LASTS
    return _finding(Kind.DEAD_LETTER, facts, sign, facts.error)._replace(times=facts.dead_letters)


def _opens(facts: JobFacts) -> bool:
    return facts.suspended is not None or is_failing(facts.settled, facts.alert_after)


def _missed(facts: JobFacts, *, is_told: bool) -> Finding:
    if facts.max_age is None or facts.expected_since is None:
        return _finding(Kind.MISSED, facts, Sign.OVER, "its age is not limited")
    age = facts.now - facts.expected_since
    if age <= facts.max_age:
        return _finding(Kind.MISSED, facts, Sign.OVER, SUCCEEDED)
    if facts.is_running or facts.is_waiting or facts.is_paused or is_told or _opens(facts):
        return _finding(Kind.MISSED, facts, Sign.UNKNOWN)
    finding = _finding(Kind.MISSED, facts, Sign.LASTS, "no success for longer than its max_age")
    return finding._replace(since=facts.expected_since)


def _slow(facts: JobFacts) -> Finding:
    limit = facts.warn_after
    if facts.elapsed is not None and is_far_longer(facts.elapsed, facts.durations, limit):
        return _finding(Kind.SLOW, facts, Sign.LASTS, "the run in progress takes far longer")
    *before, last = facts.durations or (0.0,)
    if not is_far_longer(last, before, limit):
        over = Sign.UNKNOWN if facts.is_running else Sign.OVER
        return _finding(Kind.SLOW, facts, over, "back to its usual duration")
    newest = facts.durations[-NEWEST:] if limit is None else (last,)
    earlier = facts.durations[: -len(newest)]
    if is_far_longer(min(newest), earlier, limit):
        return _finding(Kind.SLOW, facts, Sign.LASTS, "its last runs took far longer")
    return _finding(Kind.SLOW, facts, Sign.UNKNOWN)


NEWEST = 3
"""One slow run may be chance."""


def _deadline(facts: JobFacts) -> Finding:
    if not facts.durations:
        return _finding(Kind.DEADLINE, facts, Sign.UNKNOWN)
    *before, last = facts.durations
    if not is_far_shorter(last, before):
        return _finding(Kind.DEADLINE, facts, Sign.OVER, "back to its usual duration")
    sign = Sign.LASTS if facts.ended_empty else Sign.UNKNOWN
    return _finding(Kind.DEADLINE, facts, sign, "ended far too early and printed nothing")


def moment(
    kind: Kind,
    case: str,
    incident: Incident | None,
    now: datetime,
    text: str,
    why_over: str,
    *,
    since: datetime | None = None,
) -> Finding:
    """Return the finding about what goes wrong at a moment: `text`, or '' if it did not.

    It is over when a day has passed without another.
    """
    if text:
        return Finding(kind, case, Sign.HAPPENED, text=text, since=since)
    is_quiet = incident is not None and now - incident.last_at >= DAY
    return Finding(kind, case, Sign.OVER if is_quiet else Sign.UNKNOWN, text=why_over)


def condition(kind: Kind, case: str, text: str, why_over: str) -> Finding:
    """Return the finding about what is wrong now: `text`, or '' if it is not."""
    sign = Sign.LASTS if text else Sign.OVER
    return Finding(kind, case, sign, text=text or why_over)


def error_rate(failed: int, succeeded: int, *, is_told: bool) -> Finding:
    """Return the finding about the runs of the last day, of all jobs.

    `is_told` is whether an incident of a job has told of failures meanwhile.
    """
    case, runs = case_of(Kind.ERROR_RATE, "runs"), failed + succeeded
    share = failed / runs if runs else 0.0
    if share <= RECOVERED:
        return Finding(Kind.ERROR_RATE, case, Sign.OVER, text="a twentieth at most fail")
    if share <= ELEVATED or failed < FEWEST_FAILURES or is_told:
        return Finding(Kind.ERROR_RATE, case, Sign.UNKNOWN)
    text = f"{failed} of {runs} runs failed for good in the last 24 hours ({share:.0%})"
    return Finding(Kind.ERROR_RATE, case, Sign.LASTS, text=text)
