"""Subscriptions: which commands and webhooks are told of which events of the scheduler. Pure.

A subscriber has the settings of a channel, and is told by the same code. It is told at once or not
at all: nothing waits for it in the outbox.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any

from scheduled.notify import recipients
from scheduled.notify.channel import Settings
from scheduled.notify.kinds import Kind
from scheduled.notify.message import Message, digest
from scheduled.notify.notice import Notice
from scheduled.system import plain_json

EVENTS: Mapping[str, str] = {
    "startup": "a tick begins",
    "job_started": "a run begins",
    "job_finished": "a run ends, and has not failed",
    "job_failed": "a run fails",
    "job_recovered": "the [incident](incidents.md) of a job that failed ends because the job works"
    " again",
    "incident_opened": "an [incident](incidents.md) begins",
    "incident_closed": "an [incident](incidents.md) ends",
    "health_check_complete": "the [built-in job](aipass.md#the-built-in-jobs) `health` has looked"
    " at all branches",
    "memory_threshold_exceeded": "`memory_rollover` has found a memory file over its limit",
    "mail_cleanup_complete": "`mail_cleanup` has been through all inboxes",
    "data_loss_risk": "[data](aipass.md#messages) was lost, or may be",
    "scheduler.task.create": "a job is new or changed",
    "scheduler.task.delete": "a job is deleted or missing",
    "scheduler.task.status": "a job is enabled, paused, deferred, skipped and the like, or has"
    " missed a run",
    "scheduler.stats": "a tick has ended",
    "scheduler.health": "there was a time without ticks",
}
"""The events of the scheduler and its shipped jobs; handlers of others fire more.

Each with when it comes, in the words of the manual."""
KINDS = (str(Kind.COMMAND), str(Kind.WEBHOOK))
"""The kinds of channels that a subscriber can be."""


def notice(
    event: str, data: Mapping[str, Any], tags: Mapping[str, Sequence[str]], ident: str, at: datetime
) -> Notice:
    """Return an event as the filters of subscribers see it; `tags` are those of each job."""
    job = data.get("job")
    about = job if isinstance(job, str) else ""
    kind = data.get("kind")
    return Notice(
        event=event,
        group="event",
        kind=kind if isinstance(kind, str) else event,
        subject=f"{event}: {about}" if about else event,
        body="",
        id=ident,
        created=at,
        job=about,
        tags=tuple(tags.get(about, ())),
        facts=plain_json.plain(dict(data)),
    )


def is_told(about: Notice, settings: Settings) -> bool:
    """Return whether a subscriber wants to be told of an event; by default of all."""
    patterns = settings.get("on") or ("*",)
    wanted = any(fnmatchcase(about.event, pattern) for pattern in patterns)
    return wanted and recipients.is_among(about, settings)


def message(about: Notice, name: str, settings: Settings) -> Message:
    """Return the message of an event to a subscriber: to a command, its data are the input."""
    is_command = settings["kind"] == Kind.COMMAND
    own = {"event": about.event, "group": about.group, "kind": about.kind, "job": about.job}
    return Message(
        to=name,
        subject=about.subject,
        body=json.dumps(about.facts) if is_command else "",
        priority=about.priority,
        key=None,
        id=digest(about.id, about.event, name)[:8],
        created=about.created,
        facts={**about.facts, **own, "tags": [*about.tags]},
    )
