"""Recipients: which channels of the configuration are told of a notice. Pure.

A channel without `on:` is told of everything but reports. Its filters are combined: each one that
is set has to match.
"""

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

from scheduled.notify.channel import Settings
from scheduled.notify.message import PRIORITIES, Message, digest
from scheduled.notify.notice import GROUPS, Notice
from scheduled.system.text import printable

PREFIX = "notify:"
"""What the address of a channel of the configuration begins with; its name follows."""
DEFAULT_GROUPS = tuple(group for group in GROUPS if group != "report")
BODY_LENGTH = 20_000
"""Characters. What is longer is cut: a message is no place for a log."""


def messages(notice: Notice, channels: Mapping[str, Settings]) -> list[Message]:
    """Return the messages about a notice, one for each channel whose filters match."""
    return [
        _message(notice, name) for name, settings in channels.items() if is_told(notice, settings)
    ]


def message_to(name: str, notice: Notice) -> Message:
    """Return the message of a notice to the channel `name`, whatever its filters are."""
    return _message(notice, name)


def is_told(notice: Notice, settings: Settings) -> bool:
    """Return whether the filters of a channel let a notice through."""
    wanted = settings.get("on") or DEFAULT_GROUPS
    least = settings.get("priority") or PRIORITIES[0]
    return (
        (notice.group in wanted or notice.kind in wanted)
        and (notice.group == "report" or _rank(notice.weight or notice.priority) >= _rank(least))
        and is_among(notice, settings)
    )


def is_among(notice: Notice, settings: Settings) -> bool:
    """Return whether a notice is about one of the jobs that a channel is limited to."""
    jobs: Sequence[str] = settings.get("jobs") or ()
    tags: Sequence[str] = settings.get("tags") or ()
    if jobs and not any(fnmatchcase(notice.job, pattern) for pattern in jobs if notice.job):
        return False
    return not tags or not set(tags).isdisjoint(notice.tags)


def _rank(priority: str) -> int:
    return PRIORITIES.index(priority if priority in PRIORITIES else "normal")


def _message(notice: Notice, name: str) -> Message:
    body = printable(notice.body)
    if len(body) > BODY_LENGTH:
        body = f"{body[:BODY_LENGTH]}\n[...]"
    return Message(
        to=f"{PREFIX}{name}",
        subject=notice.subject,
        body=body,
        priority=notice.priority,
        key=None,
        id=digest(notice.id, notice.event, name)[:8],
        created=notice.created,
        facts={
            **notice.facts,
            "event": notice.event,
            "group": notice.group,
            "kind": notice.kind,
            "job": notice.job,
            "tags": [*notice.tags],
        },
    )
