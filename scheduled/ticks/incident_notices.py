"""The messages about incidents: what became of one, for each channel that wants to know.

If many change in one tick, one message tells a channel of all that it wants to know.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from scheduled.config.load import Config
from scheduled.jobs.model import Job, Priority
from scheduled.notify import recipients
from scheduled.notify.message import PRIORITIES
from scheduled.notify.notice import Notice
from scheduled.planning.incidents import Act, Kind
from scheduled.state.incident_entries import Incident
from scheduled.system.text import one_line
from scheduled.ticks.context import TickContext
from scheduled.ticks.incident_posts import Change, Posted
from scheduled.ticks.report import Report
from scheduled.timing.instants import format_utc
from scheduled.timing.timezones import zone_info
from scheduled.views import incident_text
from scheduled.views.incidents import row

MOST_ALONE = 10
"""More changes in one tick are told to a channel by one message."""
LISTED = 50
_EVENTS = {
    Act.OPEN: "incident_opened",
    Act.REMIND: "incident_reminded",
    Act.CLOSE: "incident_closed",
}
_GROUPS = dict.fromkeys(
    (Kind.FAILING, Kind.DEAD_LETTER, Kind.SUSPENDED, Kind.ERROR_RATE), "failure"
)

_OF_JOBS = {
    Priority.URGENT: "critical",
    Priority.HIGH: "high",
    Priority.MEDIUM: "high",
    Priority.LOW: "normal",
}


def poster(
    config: Config, now: datetime, details: Callable[[Incident], str] = lambda _incident: ""
) -> Callable[[Sequence[Change]], list[Posted]]:
    """Return a function that makes the messages of changes.

    `details` returns what is known besides about what went wrong.
    """
    jobs = {job.id: job for job in config.jobs} if config.notify else {}

    def post(changes: Sequence[Change]) -> list[Posted]:
        notices = [_notice(jobs, change, now) for change in changes]
        posted = [
            Posted([], filtered=_filtered(notice) if change.act is Act.OPEN else {})
            for change, notice in zip(changes, notices, strict=True)
        ]
        text = cache(lambda place: _text(config, changes[place], now, details))
        for name, settings in config.notify.items():
            wanted = {
                place: notice
                for place, notice in enumerate(notices)
                if notice is not None and recipients.is_told(notice, settings)
            }
            if len(wanted) > MOST_ALONE:
                first, *others = wanted
                digest = recipients.message_to(
                    name, _digest([*wanted.values()], now, _place(config))
                )
                posted[first].outgoing.append(digest.to_json())
                for place in others:
                    elsewhere = (*posted[place].elsewhere, digest.id)
                    posted[place] = posted[place]._replace(elsewhere=elsewhere)
                continue
            for place, notice in wanted.items():
                whole = notice._replace(body=text(place))
                posted[place].outgoing.append(recipients.message_to(name, whole).to_json())
        return posted

    return post if config.notify else lambda changes: [Posted([]) for _ in changes]


def details_of(context: TickContext, report: Report) -> Callable[[Incident], str]:
    """Return a function that returns the block about the newest failed run of an incident's job."""
    rows = {told["job"]: told for told in report.told}

    def details(incident: Incident) -> str:
        failed = rows.get(incident.job)
        if failed is None:
            return ""
        from scheduled.planning.next_run import next_run
        from scheduled.runs import output_files
        from scheduled.runs.output import OutputFile
        from scheduled.views.failure import LINES, failure_block

        path = output_files.log_path(context.store.state_dir, incident.job, failed["run_id"])
        lines = OutputFile(path, 0).tail(LINES) if path is not None else []
        job, later = context.jobs.get(incident.job), context.later()
        start = None
        if job is not None:
            start = next_run(job, later.memory(job.id), later.slots, later.grace)
        zone = zone_info(context.run_context.zone)
        return failure_block(failed, lines, path, start.at if start else None, zone)

    return details


def _notice(jobs: Mapping[str, Job], change: Change, now: datetime) -> Notice | None:
    """Return what is told of a change, without its text; None if nothing is."""
    act, incident, *_ = change
    if act not in _EVENTS or (act is Act.CLOSE and not incident.has_message):
        return None
    job = jobs.get(incident.job)
    weight = priority(incident, job)
    tags = job.tags if job is not None else ()
    if act is Act.CLOSE:  # for those who were told of its beginning
        tags, weight = (*tags, *incident.tags), incident.priority or weight
    return Notice(
        event=_EVENTS[act],
        group=_group(act, incident),
        kind=incident.kind,
        subject=incident_text.subject(act, incident, now),
        body="",
        id=f"{incident.id}:{_EVENTS[act]}:{incident.reminders}",
        created=now,
        job=incident.job,
        tags=tuple(dict.fromkeys(tags)),
        priority="normal" if act is Act.CLOSE else weight,
        weight=weight,
        facts=row(incident, now),
    )


def _filtered(notice: Notice | None) -> Mapping[str, Any]:
    if notice is None or not notice.job:
        return {}
    tags = {"tags": [*notice.tags]} if notice.tags else {}
    return {**tags, "priority": notice.weight}


def _text(config: Config, change: Change, now: datetime, details: Callable[[Incident], str]) -> str:
    act, incident, why, _ = change
    block = incident_text.block(act, incident, why, now, zone_info(config.timezone))
    more = details(incident) if act is Act.OPEN else ""
    commands = "`scheduled incidents` lists what is open."
    if incident.job:
        commands = f"`scheduled why {incident.job}` and `scheduled logs {incident.job}` show more."
    return "\n\n".join(part for part in (block, more, f"{commands}\n{_place(config)}") if part)


def _place(config: Config) -> str:
    """Return where it is: a channel may be told by several hosts and roots."""
    return f"This is {one_line(config.places.root)} on {one_line(os.uname().nodename)}."


def priority(incident: Incident, job: Job | None) -> str:
    """Return how important an incident is, as one of `message.PRIORITIES`."""
    if not incident.job:
        is_less = incident.kind in (Kind.UNDELIVERABLE, Kind.ERROR_RATE)
        return "high" if is_less else "critical"
    if incident.kind in (Kind.SLOW, Kind.DEADLINE):
        return "normal"
    return _OF_JOBS[job.priority if job is not None else Priority.MEDIUM]


def _group(act: Act, incident: Incident) -> str:
    if act is Act.CLOSE:
        return "recovery"
    if incident.kind == Kind.MISSED:
        return "missed"
    return next((group for kind, group in _GROUPS.items() if kind == incident.kind), "health")


def _digest(notices: Sequence[Notice], now: datetime, place: str) -> Notice:
    """Return one notice of many: of the gravest group among them."""
    groups = ("failure", "missed", "health", "recovery")
    group = min((notice.group for notice in notices), key=groups.index)
    first = next(notice for notice in notices if notice.group == group)
    lines = [one_line(notice.subject) for notice in notices[:LISTED]]
    more = f"\nand {len(notices) - LISTED} more" if len(notices) > LISTED else ""
    return first._replace(
        subject=f"{len(notices)} incidents: {first.subject} and others",
        body="\n".join(lines) + f"{more}\n\n`scheduled incidents` lists what is open.\n{place}",
        id=f"{first.id}:{len(notices)}",
        job="",
        priority=max((notice.priority for notice in notices), key=PRIORITIES.index),
        tags=tuple(dict.fromkeys(tag for notice in notices for tag in notice.tags)),
        facts={"incidents": len(notices), "at": format_utc(now)},
    )
