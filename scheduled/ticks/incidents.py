"""What a tick does about incidents: it finds the signs, asks the rules, and records what follows.

Everything is decided under the journal's lock from the state as it is then, so of two ticks at once
only one tells. The messages stand in the event that they tell of.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from scheduled.config.load import Config
from scheduled.planning.incidents import (
    DAY,
    Act,
    Finding,
    Kind,
    Sign,
    act_on,
    is_recovery,
    next_look,
)
from scheduled.state import incident_entries, incident_events
from scheduled.state.document import State
from scheduled.state.incident_entries import Incident, is_acknowledged
from scheduled.state.journal import Event
from scheduled.state.store import Store
from scheduled.ticks import incident_signs
from scheduled.ticks.context import TickContext
from scheduled.ticks.incident_posts import Change, Post, Posted
from scheduled.ticks.report import Report
from scheduled.ticks.signals import Bus
from scheduled.timing.instants import format_utc


def update(context: TickContext, config: Config, report: Report, bus: Bus, now: datetime) -> None:
    """Record what this tick found about jobs, configuration, messages and gaps.

    Raises LockedError or StateError.
    """
    from scheduled.ticks import incident_changes, incident_notices

    post = incident_notices.poster(config, now, incident_notices.details_of(context, report))
    changes = record(
        context.store,
        lambda known: incident_signs.all_signs(context, config, report, known, now),
        now,
        post,
        is_quiet=lambda kind, job: incident_signs.is_quiet(context.store.state, kind, job, now),
        changed=incident_changes.since_success(context),
    )
    report_changes(changes, report, bus)
    tell_new_channels(context, config, report, now)


def record(
    store: Store,
    find: Callable[[Mapping[str, Incident]], Iterable[Finding]],
    now: datetime,
    post: Post,
    is_quiet: Callable[[Kind, str], bool] = lambda _kind, _job: False,
    changed: Callable[[str], tuple[str, ...]] = lambda _job: (),
) -> list[Change]:
    """Record what follows from what is found, and return it. Raises LockedError or StateError.

    `find` is given the open incidents by case; `changed` returns what has changed about a job since
    its last success.
    """
    if not _changes(store.state, find, now, is_quiet):
        return []
    with store.locked():
        changes = _changes(store.state, find, now, is_quiet)
        changes = [_with_changed(change, changed) for change in changes]
        if changes:
            posted = post(changes)
            store.write(now, *map(_posted_event, changes, posted))
            changes = [
                change._replace(messages=_to_channels(told))
                for change, told in zip(changes, posted, strict=True)
            ]
    return changes


def _with_changed(change: Change, changed: Callable[[str], tuple[str, ...]]) -> Change:
    """Return a change with what has changed about the job, if it opens an incident of one."""
    incident = change.incident
    if change.act is not Act.OPEN or not incident.job:
        return change
    return change._replace(incident=incident._replace(changed=changed(incident.job)))


def report_changes(changes: Sequence[Change], report: Report, bus: Bus) -> None:
    """Report what was recorded, and fire its events."""
    report.incidents += changes
    for act, incident, text, _ in changes:
        data = {
            "id": incident.id,
            "kind": incident.kind,
            "job": incident.job or None,
            "since": format_utc(incident.since),
            "count": incident.times,
            "error": text,
        }
        if act is Act.OPEN:
            bus.fire("incident_opened", **data)
        elif act is Act.CLOSE:
            bus.fire("incident_closed", **data)
            if is_recovery(incident.case, text):
                bus.fire("job_recovered", **data)


def next_due(state: State, now: datetime) -> datetime | None:
    """Return when the next reminder is due; None if none is."""
    looks = (
        next_look(incident)
        for incident in incident_entries.open_incidents(state).values()
        if not incident_signs.is_quiet(state, incident.kind, incident.job, now)
    )
    return min((instant for instant in looks if instant is not None), default=None)


def _changes(
    state: State,
    find: Callable[[Mapping[str, Incident]], Iterable[Finding]],
    now: datetime,
    is_quiet: Callable[[Kind, str], bool],
) -> list[Change]:
    known = incident_entries.open_incidents(state)
    ended = cache(lambda: _ended_lately(state, now))
    return [
        _change(act, finding, known.get(finding.case) or _new(finding, now, ended))
        for finding in find(known)
        if (
            act := act_on(
                finding, known.get(finding.case), now, quiet=is_quiet(finding.kind, finding.job)
            )
        )
        is not Act.NOTHING
    ]


def _change(act: Act, finding: Finding, incident: Incident) -> Change:
    """Return what follows from a finding; a reminder says what is wrong now, if that is known."""
    if act is not Act.REMIND:
        return Change(act, incident, finding.text)
    if finding.sign is Sign.UNKNOWN or finding.text == incident.last_error:
        return Change(act, incident, "")
    return Change(act, incident._replace(last_error=finding.text), finding.text)


def opening(finding: Finding, now: datetime) -> Change:
    """Return the change by which an incident opens that cannot be recorded."""
    return Change(Act.OPEN, _new(finding, now, tuple), finding.text)


def _new(finding: Finding, now: datetime, ended: Callable[[], Collection[str]]) -> Incident:
    at = format_utc(now)
    return Incident(
        id=incident_entries.new_id(finding.case, at),
        case=finding.case,
        kind=finding.kind.value,
        job=finding.job,
        since=finding.since or now,
        times=finding.times,
        last_at=now,
        told_at=now,
        first_error=finding.text,
        last_error=finding.text,
        reopened=finding.case in ended(),
    )


def _ended_lately(state: State, now: datetime) -> frozenset[str]:
    """Return the cases whose last incident has ended within a day."""
    return frozenset(
        incident.case
        for incident in incident_entries.closed_incidents(state)
        if incident.closed_at is not None and now - incident.closed_at < DAY
    )


def tell_new_channels(context: TickContext, config: Config, report: Report, now: datetime) -> bool:
    """Tell of open incidents that were only printed, now that there is a channel for them.

    Return whether there was any. Raises LockedError or StateError.
    """
    from scheduled.ticks import incident_notices

    store = context.store
    post = incident_notices.poster(config, now, incident_notices.details_of(context, report))
    if not config.notify or not _untold(store.state, post, now):
        return False
    with store.locked():
        untold = _untold(store.state, post, now)
        store.write(
            now,
            *(
                {**incident_events.told(change.incident.case, change.incident.id), **more}
                for change, more in untold
            ),
        )
    return bool(untold)


def _untold(state: State, post: Post, now: datetime) -> list[tuple[Change, dict[str, Any]]]:
    changes = [
        Change(Act.OPEN, incident, incident.last_error)
        for incident in incident_entries.open_incidents(state).values()
        if not incident.has_message and not is_acknowledged(incident, now)
    ]
    if not changes:
        return []
    return [
        (change, more)
        for change, posted in zip(changes, post(changes), strict=True)
        if (more := _messages(posted))
    ]


def _messages(posted: Posted) -> dict[str, Any]:
    """Return what the event of a change says about messages; {} if there are none."""
    more: dict[str, Any] = {"outgoing": posted.outgoing} if posted.outgoing else {}
    if posted.elsewhere:
        more |= {"has_message": True, "messages": [*posted.elsewhere]}
    return more


def _to_channels(posted: Posted) -> tuple[str, ...]:
    to_channels = [each["id"] for each in posted.outgoing if each["to"].startswith("notify:")]
    return (*to_channels, *posted.elsewhere)


def _posted_event(change: Change, posted: Posted) -> Event:
    return {**_event(change), **posted.filtered, **_messages(posted)}


def _event(change: Change) -> Event:
    act, incident, text, _ = change
    case, ident = incident.case, incident.id
    match act:
        case Act.OPEN:
            return incident_events.opened(
                case,
                ident,
                incident.kind,
                incident.job,
                text,
                count=incident.times,
                since=incident.since,
                changed=incident.changed,
                reopened=incident.reopened,
            )
        case Act.REMIND:
            return incident_events.reminded(case, ident, text)
        case Act.CLOSE:
            return incident_events.closed(case, ident, text)
        case _:
            return incident_events.happened_again(case, ident, text)
