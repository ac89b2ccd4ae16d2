"""The event `data_loss_risk`: data was lost, or may be. Each case is an incident.

So it is told once, brought back to mind, and its end is told when what failed works again. Where
the state itself cannot be written, a message goes straight to its recipient,
and an empty file, which needs no space, has the next tick that can record it tell the rest.
"""

import os
import stat
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from scheduled.config import paths
from scheduled.config.load import Config
from scheduled.errors import ScheduledError, is_no_space
from scheduled.planning.incidents import Act, Finding, Kind, Sign
from scheduled.quick_classes import NamedTuple
from scheduled.state.document import State
from scheduled.state.incident_entries import RISK, Incident
from scheduled.state.store import Store
from scheduled.system import private
from scheduled.ticks import incident_notices, incident_signs, incidents, outbox, publishing
from scheduled.ticks.incident_posts import Change, Posted
from scheduled.ticks.incident_signs import DAMAGED, UNRECORDED
from scheduled.ticks.report import NO_SPACE_CASE, NO_SPACE_MARK, Report
from scheduled.ticks.signals import Bus
from scheduled.timing.timezones import zone_info
from scheduled.views.format import absolute

METRICS = f"{NO_SPACE_CASE}metrics"
PAGE = f"{NO_SPACE_CASE}page"
NO_SPACE = "No space left: "
ROOM = "there is room again"


class Risk(NamedTuple):
    """Data that was lost, or may be."""

    case: str
    """What tells one case from another, while it lasts."""
    subject: str
    sentences: tuple[str, ...]
    """What happened, and what to do."""
    replaces: str = ""
    """Messages with the same text here replace each other until they are read; '' for none."""
    since: datetime | None = None
    """Since when, if it was not found now."""


def recovered(state_dir: Path, sentences: Sequence[str]) -> Risk:
    """Return the risk of a state or journal that was damaged."""
    remedy = "`scheduled history` shows what is known; check what ran since the last good day."
    return Risk(DAMAGED, f"The state in {state_dir} was damaged", (*sentences, remedy))


def no_space(case: str, what: str | Path, sentence: str) -> Risk:
    """Return the risk of something that could not be written: a directory, or a job's files."""
    remedy = "Make room there; `df -h` shows which file system is full."
    return Risk(case, f"{NO_SPACE}{what}", (sentence, remedy), f"{what}")


def tell(config: Config, store: Store, report: Report, bus: Bus, now: datetime) -> None:
    """Tell what a tick found of data that was lost, or may be. Raises LockedError or StateError."""
    state_dir = config.places.state_dir
    found = [no_space(case, *facts) for case, facts in report.no_space.items()]
    found += unrecorded(state_dir, config, now)
    if report.recovered:
        found.append(recovered(state_dir, report.recovered))
    changes = record(store, config, found, report.has_space, now)
    incidents.report_changes(changes, report, bus)
    if not changes:
        return
    given = outbox.setup(config, os.environ, report.undelivered.append, report.delivered.add)
    report.notes += outbox.deliver(store, config.places, zone_info(config.timezone), now, given)
    store.checkpoint(now)
    _remove_mark(state_dir)
    publishing.central_file(config, store, report, now)  # they were written before that was known
    publishing.metrics(config, store, report, now)
    by_case = {risk.case: risk for risk in found}
    for change in changes:
        if _is_told(change):
            bus.fire(RISK, **data(_as_risk(change, by_case)))


def record(
    store: Store, config: Config, found: Sequence[Risk], fine: Collection[str], now: datetime
) -> list[Change]:
    """Record what is found, and which cases are over; return what follows from that.

    Of the cases `fine` it is known that they are over. Raises LockedError or StateError.
    """
    by_case = {risk.case: risk for risk in found}

    tell_channels = incident_notices.poster(config, now)

    def post(changes: Sequence[Change]) -> list[Posted]:
        return [
            posted._replace(outgoing=[*by_route(change), *posted.outgoing])
            for change, posted in zip(changes, tell_channels(changes), strict=True)
        ]

    def by_route(change: Change) -> list[Any]:
        if not _is_told(change):
            return []
        seed = f"{RISK}:{now.isoformat()}:{change.incident.case}"
        risk = _as_risk(change, by_case)
        return [message.to_json() for message in _messages(risk, config, now, seed)]

    def find(known: Mapping[str, Incident]) -> Iterator[Finding]:
        yield from _findings(found, fine, known)
        unseen = [case for case in known if case not in by_case and case not in fine]
        yield from _not_tried(config, store.state, unseen, now)

    return incidents.record(store, find, now, post)


def _findings(
    found: Iterable[Risk], fine: Collection[str], known: Mapping[str, Incident]
) -> Iterator[Finding]:
    """Yield what is over first: of two messages about a directory a mailbox keeps the later one."""
    for case in known:
        if case in fine:
            yield Finding(Kind.DISK, case, Sign.OVER, text=ROOM)
    for risk in found:
        kind = Kind.STATE if risk.case == DAMAGED else Kind.DISK
        sign = Sign.HAPPENED if risk.case in (DAMAGED, UNRECORDED) else Sign.LASTS
        text = "\n".join((risk.subject, *risk.sentences))
        yield Finding(kind, risk.case, sign, text=text, since=risk.since)


def _not_tried(
    config: Config, state: State, cases: Iterable[str], now: datetime
) -> Iterator[Finding]:
    """Yield the cases of which is known only at the next attempt whether there is room again.

    Where nothing is to be written any more, they are over.
    """
    for case in cases:
        if not case.startswith(NO_SPACE_CASE) or case == UNRECORDED:
            continue
        why, job = "", case.removeprefix(f"{NO_SPACE_CASE}job ")
        if job != case:
            why = incident_signs.why_not_expected(config, state, job, now)
        elif case == METRICS and not config.metrics_file:
            why = "metrics_file is not set"
        elif case == PAGE and not config.page:
            why = "page is not set"
        yield Finding(Kind.DISK, case, Sign.OVER if why else Sign.UNKNOWN, text=why)


def _is_told(change: Change) -> bool:
    """Return whether the event is fired: also of each time that the state was damaged."""
    return change.act is not Act.COUNT or change.incident.case == DAMAGED


def _as_risk(change: Change, by_case: Mapping[str, Risk]) -> Risk:
    """Return what is told of a change: the risk, or that it is over."""
    case = change.incident.case
    if case in by_case:
        return by_case[case]
    subject, *sentences = change.incident.last_error.splitlines() or [case]
    if change.act is Act.CLOSE:
        subject = change.incident.first_error.partition("\n")[0] or case
        is_room = change.text == ROOM
        over = "There is room again, and it can be written"
        why = over if is_room else f"Nothing is written there any more: {change.text}"
        subject, sentences = f"Over: {subject}", [f"{why}."]
    return Risk(case, subject, tuple(sentences), subject.rpartition(NO_SPACE)[2])


def record_recovered(store: Store, config: Config, now: datetime) -> None:
    """Record that a command mended the state; the next tick delivers it."""
    record(store, config, [recovered(store.state_dir, store.recovered)], (), now)
    store.checkpoint(now)


def data(risk: Risk) -> dict[str, Any]:
    """Return the data of the event."""
    return {"message": _content(risk), "sentences": [*risk.sentences]}


def tell_unrecorded(config: Config, error: ScheduledError | None, now: datetime) -> None:
    """Tell, once, that the state cannot be written for want of space. Never raises.

    If nobody can be reached, the next tick tries again.
    """
    state_dir = config.places.state_dir
    is_wanted = bool(config.notify) or _reaches_somebody(config)
    if not is_no_space(error) or not is_wanted or not _set_mark(state_dir, now):
        return
    from scheduled.notify import channels
    from scheduled.notify.message import Message

    risk = no_space(
        UNRECORDED,
        state_dir,
        f"{error}. Nothing can be recorded there, so no job is started meanwhile.",
    )
    places, zone = config.places, zone_info(config.timezone)
    change = incidents.opening(next(_findings([risk], (), {})), now)
    (posted,) = incident_notices.poster(config, now)([change])
    messages = _messages(risk, config, now, f"{RISK}:{now.isoformat()}")
    messages += [Message.from_json(message) for message in posted.outgoing]
    given = outbox.setup(config, os.environ, str)
    context = outbox.channel_context(places, zone, now, given)
    delivery = channels.deliver(messages, context)
    if delivery.delivered or not messages:
        _note_told(state_dir)


def unrecorded(state_dir: Path, config: Config, now: datetime) -> list[Risk]:
    """Return what ticks before this one could not record for want of space."""
    try:
        since = datetime.fromtimestamp(os.lstat(state_dir / NO_SPACE_MARK).st_mtime, UTC)
    except OSError:
        return []
    since = min(since, now).replace(second=0, microsecond=0)
    sentence = (
        f"Since {absolute(since, zone_info(config.timezone))} nothing could be recorded there."
        " There is room again, and what was due meanwhile is caught up on; runs that went on may"
        " be recorded as interrupted."
    )
    return [no_space(UNRECORDED, state_dir, sentence)._replace(since=since)]


def _set_mark(state_dir: Path, now: datetime) -> bool:
    """Leave the mark; return whether nobody was told since: until then it is read-only.

    Where not even an empty file can be made, people are told at each full hour, as of refusals.
    """
    path = state_dir / NO_SPACE_MARK
    try:
        private.make_folder(path.parent)
        descriptor = private.open_file(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    except FileExistsError:
        with suppress(OSError):
            return not os.lstat(path).st_mode & stat.S_IWUSR
        return False
    except OSError:
        return now.minute == 0
    os.fchmod(descriptor, stat.S_IRUSR)
    os.close(descriptor)
    return True


def _note_told(state_dir: Path) -> None:
    with suppress(OSError):
        descriptor = private.open_file(state_dir / NO_SPACE_MARK, os.O_RDONLY)
        os.fchmod(descriptor, stat.S_IRUSR | stat.S_IWUSR)
        os.close(descriptor)


def _remove_mark(state_dir: Path) -> None:
    with suppress(OSError):
        private.remove(state_dir / NO_SPACE_MARK)


def _messages(risk: Risk, config: Config, now: datetime, seed: str) -> list[Any]:
    from scheduled.notify.routes import messages_for

    if not _reaches_somebody(config):
        return []
    return messages_for(RISK, data(risk), config.routes, now, seed=seed)


def _reaches_somebody(config: Config) -> bool:
    """Return whether there are mailboxes, or somebody has said who is to be told."""
    return RISK in config.routes or paths.is_ecosystem(config.places.root)


def _content(risk: Risk) -> Mapping[str, str]:
    return {
        "subject": f"[SCHEDULED] {risk.subject}",
        "body": "\n\n".join(risk.sentences),
        **({"key": f"{RISK}:{NO_SPACE}{risk.replaces}"} if risk.replaces else {}),
    }
