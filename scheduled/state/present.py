"""Remembered instants that lie in the future because the clock was wrong when they were noted.

Whatever the state remembers goes through `ahead` at the start of each tick that does anything. An
instant further ahead than it can be becomes now; a time that a person set under the wrong clock
(`defer`, `pause`) is as long from now as it was from then. So nothing waits for years.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from scheduled.quick_classes import NamedTuple
from scheduled.state.document import State
from scheduled.timing.instants import format_utc, parse_utc

CORRECTION = timedelta(hours=3)
"""A larger step of the clock is the correction of an error: the new time counts (cron(8))."""

Path = tuple[str | int, ...]
"""Where a value stands in the state: `("jobs", "backup", "retry", "retry_at")`."""

_OF_JOB: tuple[Path, ...] = (
    ("anchor",),
    ("last_success",),
    ("succeeded_slot",),
    ("failing_since",),
    ("retry", "retry_at"),
    ("open", "started_at"),
    ("deferred", "at"),
    ("deferred", "since"),
    ("away", "at"),
    ("cancelled", "at"),
    ("suspended", "at"),
)
"""The instants of a job that can only be past, or soon. `planning.decide` has the watermark. The
slots of a run, of a retry and of a not now stay what they are: they are names."""
_NESTED = frozenset(path[0] for path in _OF_JOB if len(path) > 1) | {"beside", "deferral"}
_IN_LISTS = (
    ("outbox", "retry_at"),
    ("outbox", "created"),
    ("dead_letter", "since"),
    ("gaps", "to"),
    ("closed_incidents", "closed_at"),
)
_OTHERS: tuple[Path, ...] = (
    ("ticks", "first"),
    ("ticks", "last"),
    ("boot", "at"),
    ("cadence", "since"),
    ("owner", "since"),
)


class Ahead(NamedTuple):
    """An instant that lies too far in the future, and what counts in its place."""

    path: Path
    before: str
    after: str

    @property
    def owner(self) -> str:
        """Whose instant it is, as messages say it: the id of a job, or `state`."""
        return str(self.path[1]) if self.path[0] in ("jobs", "paused") else "state"


def ahead(state: State, now: datetime, delays: Mapping[str, float]) -> list[Ahead]:
    """Return the remembered instants that lie too far in the future.

    `delays` are the longest waits for a retry, in seconds, by job.
    """
    return [*_ahead(state, now, delays)]


def replace(state: State, path: Path, before: str, after: str) -> None:
    """Put `after` where `path` leads, if `before` is there still."""
    place: Any = state
    for step in path[:-1]:
        place = place[step]
    if place[path[-1]] == before:
        place[path[-1]] = after


def _ahead(state: State, now: datetime, delays: Mapping[str, float]) -> Iterator[Ahead]:
    limit = _Limit(now, CORRECTION)
    jobs: Mapping[str, Any] = state["jobs"]
    for name, entry in jobs.items():
        if _is_past(entry, limit.text):
            continue
        yield from _of_job(name, entry, limit, timedelta(seconds=delays.get(name, 0.0)))
    for name, pause in state["paused"].items():
        since = pause.get("since")
        yield from _wish(pause, since, ("paused", name), limit)
        yield from limit.check(since, ("paused", name, "since"))
    for case, incident in state["incidents"].items():
        for key in ("since", "last_at", "told_at"):
            yield from limit.check(incident.get(key), ("incidents", case, key))
        silenced: Any = incident.get("acknowledged") or {}
        yield from _wish(silenced, silenced.get("at"), ("incidents", case, "acknowledged"), limit)
        yield from limit.check(silenced.get("at"), ("incidents", case, "acknowledged", "at"))
    sections: dict[str, Any] = {**state}
    for section, key in _IN_LISTS:
        for number, item in enumerate(sections.get(section, [])):
            yield from limit.check(item.get(key), (section, number, key))
    for path in _OTHERS:
        yield from limit.check(_value(state, path), path)


def _is_past(entry: Any, latest: str) -> bool:
    """Return quickly whether a job has no instant after `latest`, as nearly every job in a tick."""
    newest = max(
        entry.get("anchor") or "",
        entry.get("last_success") or "",
        entry.get("succeeded_slot") or "",
        entry.get("failing_since") or "",
    )
    return newest <= latest and _NESTED.isdisjoint(entry)


def _of_job(name: str, entry: Any, limit: "_Limit", delay: timedelta) -> Iterator[Ahead]:
    for path in _OF_JOB:
        more = delay if path[-1] == "retry_at" else timedelta(0)
        yield from limit.check(_value(entry, path), ("jobs", name, *path), more)
    for lane, run in (entry.get("beside") or {}).items():
        path = ("jobs", name, "beside", lane, "started_at")
        yield from limit.check(run.get("started_at"), path)
    if deferral := entry.get("deferral"):
        path, since = ("jobs", name, "deferral"), deferral.get("since")
        yield from _wish(deferral, since or _deferred_at(entry), path, limit)
        yield from limit.check(since, (*path, "since"))


def _wish(wish: Any, noted: str | None, path: Path, limit: "_Limit") -> Iterator[Ahead]:
    """Yield the end of what a person wished, if that was noted under a clock that was ahead."""
    until, since = parse_utc((wish or {}).get("until")), parse_utc(noted)
    if until is not None and since is not None and limit.is_beyond(noted):
        lasting = max(until - since, timedelta(0))
        yield Ahead((*path, "until"), wish["until"], format_utc(limit.now + lasting))


def _deferred_at(entry: Any) -> str | None:
    """Return when the deferral in force was noted, if it is of 0.1.0, which left that out of it."""
    until = (entry.get("deferral") or {}).get("until")
    for deferral in reversed(entry.get("deferral_history") or []):
        if isinstance(deferral, dict) and deferral.get("deferred_until") == until:
            return deferral.get("deferred_at")
    return None


def _value(place: Any, path: Path) -> Any:
    for step in path:
        place = place.get(step) if isinstance(place, dict) else None
    return place


class _Limit:
    """How far ahead an instant may lie. Most are compared as text, which is quick."""

    def __init__(self, now: datetime, allowed: timedelta) -> None:
        self.now, self._latest = now, now + allowed
        self.text, self._present = format_utc(self._latest), format_utc(now)

    def is_beyond(self, text: Any, more: timedelta = timedelta(0)) -> bool:
        """Return whether an instant lies further ahead than it may, and `more`."""
        if not isinstance(text, str) or text <= self.text:
            return False
        instant = parse_utc(text)
        return instant is not None and instant > self._latest + more

    def check(self, text: Any, path: Path, more: timedelta = timedelta(0)) -> Iterator[Ahead]:
        """Yield the instant at `path` if it lies further ahead than it may."""
        if self.is_beyond(text, more):
            yield Ahead(path, text, self._present)
