"""Whether the scheduler itself is well: healthy, degraded or critical, and why.

The words and the 10 % are AICO's: healthy below 10 % failures, degraded with more of them or
when slow (`slow_jobs`), critical when the loop itself fails or errors persist. The loop is cron
here, so no tick for too long is critical: nothing runs then, whatever the jobs did.
"""

import os
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from datetime import timedelta
from enum import IntEnum
from typing import Any

from scheduled.jobs.model import Outcome
from scheduled.planning.incidents import OF_FAILURES, Kind
from scheduled.state import failed_pings, heartbeat, incident_entries
from scheduled.system.text import one_line
from scheduled.timing.instants import EARLIEST, minute_utc
from scheduled.views import incidents as incidents_view
from scheduled.views import slow_jobs
from scheduled.views.format import counted, some, span
from scheduled.views.snapshot import Snapshot

ELEVATED = 0.10
PERSISTENT = 0.50
PERSISTENT_RUNS = 3
"""Fewer failures than this say nothing about persistence."""
SHORTEST_SILENCE = timedelta(minutes=3)
CRONTAB, TIMER = "crontab", "timer"
"""Ways to be called, as the state names them."""
_EXECUTED = (Outcome.SUCCEEDED, Outcome.FAILED, Outcome.TIMED_OUT)


class Health(IntEnum):
    """The health of the scheduler; the larger the worse."""

    HEALTHY = 0
    DEGRADED = 1
    CRITICAL = 2

    @property
    def word(self) -> str:
        """The word that JSON has."""
        return self.name.lower()


Finding = tuple[Health, str]


def judge(findings: Sequence[Finding]) -> tuple[Health, list[str]]:
    """Return the health of the scheduler, and a sentence for each thing that is wrong."""
    worst = max((health for health, _ in findings), default=Health.HEALTHY)
    return worst, [sentence for _, sentence in findings]


def findings(
    snapshot: Snapshot, outcomes: Counter[str], overdue: Sequence[Any]
) -> Sequence[Finding]:
    """Return what is wrong, worst first: a sentence, and what it means for the health.

    `outcomes` counts those of the last 24 hours, `overdue` are the jobs that wait for too long.
    """
    found = [finding for finding, _ in _found(snapshot, outcomes, overdue)]
    found += _incidents(snapshot)
    return sorted(found, key=lambda finding: -finding[0])


def untold(snapshot: Snapshot, outcomes: Counter[str], overdue: Sequence[Any]) -> Sequence[Finding]:
    """Return of `findings` those of which no open incident tells, worst first."""
    kinds = {incident.kind for incident in incident_entries.open_incidents(snapshot.state).values()}
    found = [
        finding
        for finding, told_by in _found(snapshot, outcomes, overdue)
        if kinds.isdisjoint(told_by)
    ]
    return sorted(found, key=lambda finding: -finding[0])


def _found(
    snapshot: Snapshot, outcomes: Counter[str], overdue: Sequence[Any]
) -> Iterator[tuple[Finding, Collection[str]]]:
    """Yield what is wrong besides incidents, each with the kinds of incidents that tell of it."""
    for sentence in snapshot.recovered:
        yield (Health.CRITICAL, f"state: {sentence}"), (Kind.STATE,)
    for finding in silence(snapshot):
        yield finding, ()
    for finding in _failures(outcomes):
        yield finding, (*OF_FAILURES, Kind.ERROR_RATE)
    yield from _of_jobs(snapshot, overdue)
    yield from _undelivered(snapshot)
    for finding in _pings(snapshot):
        yield finding, ()
    for sentence in slow_jobs.slow(snapshot):
        yield (Health.DEGRADED, sentence), (Kind.SLOW,)
    for line in snapshot.problems:
        yield (_unconfigured(snapshot), f"configuration: {line}"), (Kind.CONFIGURATION,)


def _unconfigured(snapshot: Snapshot) -> Health:
    """Return what problems mean: without even the built-in jobs nothing runs at all."""
    return Health.DEGRADED if snapshot.jobs else Health.CRITICAL


def silence_limit(tick_interval: timedelta) -> timedelta:
    """Return how long no tick may come before that is a finding."""
    return max(3 * tick_interval, SHORTEST_SILENCE)


def silence(snapshot: Snapshot) -> list[Finding]:
    """Return that no tick has come for too long, or ever; nothing if all is well.

    With a clock that is wrong, or was, this cannot be known; then that is said.
    """
    if wrong := _clock(snapshot) or _locked_out(snapshot):
        return [wrong]
    installed = snapshot.cadence.since
    limit = silence_limit(snapshot.cadence.interval)
    if snapshot.last_tick is None and installed and snapshot.now - installed <= limit:
        within = span(snapshot.cadence.interval.total_seconds())
        missing = _without_daemon(snapshot)
        first = f"the first is expected within {within}{', but ' if missing else ''}{missing}"
        return [(Health.DEGRADED, f"no tick has come yet; {first}")]
    if snapshot.last_tick is None:
        advice = "`scheduled cron install` makes cron call it, `scheduled run` does it once"
        return [(Health.DEGRADED, f"no tick has come yet: {advice}")]
    away, interval = snapshot.now - snapshot.last_tick, snapshot.cadence.interval
    # What was installed a moment ago could not call before.
    waited = snapshot.now - max(snapshot.last_tick, snapshot.cadence.since or snapshot.last_tick)
    if waited <= silence_limit(interval):
        return []
    expected = span(interval.total_seconds())
    sentence = (
        f"no tick for {span(away.total_seconds())}, one is expected every {expected}: "
        f"{_without_daemon(snapshot) or _with_daemon(snapshot)}"
    )
    return [(Health.CRITICAL, sentence)]


def _clock(snapshot: Snapshot) -> Finding | None:
    now, last = snapshot.now, snapshot.last_tick
    if now < EARLIEST:
        sentence = f"the clock says {minute_utc(now)}: nothing runs until it is set"
        return Health.CRITICAL, sentence
    if last is not None and last - now > SHORTEST_SILENCE:
        sentence = f"the last tick came at {minute_utc(last)}, which is in the future"
        return Health.DEGRADED, f"{sentence}: the clock was wrong then, or is now"
    return None


def _locked_out(snapshot: Snapshot) -> Finding | None:
    """Return that ticks come and have waited in vain for the lock of the state for too long."""
    if not os.path.lexists(snapshot.state_dir / heartbeat.LOCKED_OUT):
        return None
    import shlex  # each tick that runs something loads this module

    from scheduled.state import ticks_in_vain

    limit = silence_limit(snapshot.cadence.interval)
    since = snapshot.now
    # Ticks that come minutes apart are a stretch each.
    for ticks in reversed(ticks_in_vain.load(snapshot.state_dir, heartbeat.LOCKED_OUT)):
        if since - ticks.last.at > limit:
            break
        since = ticks.first.at
    lasted = snapshot.now - since
    if lasted <= limit:
        return None
    lock = shlex.quote(one_line(snapshot.state_dir / "locks" / "journal"))
    return Health.CRITICAL, (
        f"no tick could do anything for {span(lasted.total_seconds())}: another process holds the"
        f" lock of the state; `fuser -v {lock}` names it"
    )


def _with_daemon(snapshot: Snapshot) -> str:
    runs = "is cron running?" if snapshot.callers() is None else "the daemon runs;"
    if _ways(snapshot) == {TIMER}:
        return f"{runs} `systemctl --user list-timers` tells whether the timer is active"
    return f"{runs} `scheduled cron show` tells whether the crontab has its line"


def _without_daemon(snapshot: Snapshot) -> str:
    """Return that nothing runs that could call a tick, and what to do; '' if something may."""
    callers, ways = snapshot.callers(), _ways(snapshot)
    if callers is None or (callers.timers and CRONTAB not in ways):
        return ""
    if ways == {TIMER}:
        return "systemd does not run for this user; type: loginctl enable-linger, or log in"
    if callers.cron or (callers.timers and TIMER in ways):
        return ""
    return (
        "no cron daemon runs here; start it: `systemctl enable --now cron` (on Fedora and Arch"
        " `crond` and `cronie`), or `cron` in a container"
    )


def _ways(snapshot: Snapshot) -> set[str]:
    """Return what `cron install` has written: CRONTAB, TIMER; empty if that is unknown."""
    return {by.partition(" of ")[0] for by in snapshot.state["cadence"].get("installed", {})}


def _failures(outcomes: Counter[str]) -> list[Finding]:
    executed = sum(outcomes[outcome] for outcome in _EXECUTED)
    failed = executed - outcomes[Outcome.SUCCEEDED]
    rate = failed / executed if executed else 0.0
    if rate < ELEVATED:
        return []
    persists = rate >= PERSISTENT and failed >= PERSISTENT_RUNS
    sentence = f"{failed} of {executed} runs failed in the last 24 hours ({rate:.0%})"
    return [(Health.CRITICAL if persists else Health.DEGRADED, sentence)]


def besides_jobs(snapshot: Snapshot, outcomes: Counter[str]) -> Sequence[Finding]:
    """Return of `untold` what is not about single jobs that are overdue, suspended or given up."""
    about_jobs = {finding for finding, _ in _of_jobs(snapshot, ())}
    return [finding for finding in untold(snapshot, outcomes, ()) if finding not in about_jobs]


def _of_jobs(
    snapshot: Snapshot, overdue: Sequence[Any]
) -> Iterator[tuple[Finding, Collection[str]]]:
    if overdue:
        names = some([str(row["job"]) for row in overdue])
        yield (Health.DEGRADED, f"overdue and not running: {names}"), ()
    letters = snapshot.state["dead_letter"]
    if letters:
        yield (Health.DEGRADED, counted(len(letters), "dead letter")), OF_FAILURES
    suspended = [job.id for job in snapshot.jobs if snapshot.record(job.id).suspended]
    if suspended:
        yield (Health.DEGRADED, f"suspended: {some(suspended)}"), (Kind.SUSPENDED,)


def _undelivered(snapshot: Snapshot) -> Iterator[tuple[Finding, Collection[str]]]:
    stuck = [message for message in snapshot.state["outbox"] if message.get("failures")]
    if stuck:
        sentence = f"{counted(len(stuck), 'message')} could not be delivered yet: {_why(stuck)}"
        yield (Health.DEGRADED, sentence), (Kind.UNDELIVERABLE,)
    failing = snapshot.state.get("subscribers") or {}
    if failing:
        why = some(f"{one_line(name)} ({one_line(why, 100)})" for name, why in failing.items())
        yield (Health.DEGRADED, f"subscribers that could not be told: {why}"), ()


def _incidents(snapshot: Snapshot) -> list[Finding]:
    """Return which incidents are open, except those that a person knows of."""
    incidents = [
        incidents_view.headline(incident)
        for incident in incident_entries.open_incidents(snapshot.state).values()
        if not incident_entries.is_acknowledged(incident, snapshot.now)
    ]
    if not incidents:
        return []
    sentence = f"{counted(len(incidents), 'open incident')}: {some(map(one_line, incidents))}"
    return [(Health.DEGRADED, sentence)]


def _pings(snapshot: Snapshot) -> list[Finding]:
    """Return which pings fail, and why: those that wait for them raise an alarm."""
    rows = failed_pings.load(snapshot.state_dir)
    if not rows:
        return []
    pings = some(
        f"{one_line(row['job'] or failed_pings.TICK)} ({one_line(row['reason'], 100)})"
        for row in rows
    )
    return [(Health.DEGRADED, f"pings fail: {pings}")]


def _why(stuck: Sequence[Any]) -> str:
    """Return which channels or recipients messages wait for, each with the last problem."""
    problems = {
        str(entry.get("to", "")).removeprefix("notify:"): entry.get("problem", "")
        for entry in stuck
    }
    return some(f"{one_line(name)} ({one_line(why, 100)})" for name, why in problems.items())
