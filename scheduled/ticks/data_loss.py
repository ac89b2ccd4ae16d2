"""The event `data_loss_risk`: data was lost, or may be. It is told once for each case.

A case lasts from its first sign until what failed works again; one that goes on is told again
after a day. Where the state itself cannot be written, a message goes straight to its recipient,
and an empty file, which needs no space, has the next tick that can record it tell the rest.
"""

import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from scheduled.config import paths
from scheduled.config.load import Config
from scheduled.errors import ScheduledError, is_no_space
from scheduled.state import events
from scheduled.state.document import State
from scheduled.state.outbox_entries import RISK
from scheduled.state.store import Store
from scheduled.system import private
from scheduled.ticks import outbox
from scheduled.ticks.report import NO_SPACE_MARK, Report
from scheduled.ticks.signals import Bus
from scheduled.timing.instants import minute_utc, parse_utc
from scheduled.timing.timezones import zone_info

AGAIN = timedelta(days=1)


class Risk(NamedTuple):
    """Data that was lost, or may be."""

    case: str
    """What tells one case from another, while it lasts; '' for what happens once."""
    subject: str
    sentences: tuple[str, ...]
    """What happened, and what to do."""
    replaces: bool = False
    """Whether a message takes the place of an earlier one about the same that nobody has read."""


def recovered(state_dir: Path, sentences: Sequence[str]) -> Risk:
    """Return the risk of a state or journal that was damaged."""
    remedy = "`scheduled history` shows what is known; check what ran since the last good day."
    return Risk("", f"The state in {state_dir} was damaged", (*sentences, remedy))


def no_space(case: str, what: str | Path, sentence: str) -> Risk:
    """Return the risk of something that could not be written: a directory, or a job's files."""
    remedy = "Make room there; `df -h` shows which file system is full."
    return Risk(case, f"No space left: {what}", (sentence, remedy), replaces=True)


def tell(config: Config, store: Store, report: Report, bus: Bus, now: datetime) -> None:
    """Tell what a tick found of data that was lost, or may be. Raises LockedError or StateError."""
    state_dir = config.places.state_dir
    found = [no_space(case, *facts) for case, facts in report.no_space.items()]
    found += unrecorded(state_dir)
    if report.recovered:
        found.append(recovered(state_dir, report.recovered))
    before = store.number
    news = record(store, config, found, report.has_space, now)
    if store.number == before:
        return
    report.notes += outbox.deliver(store, config.places, zone_info(config.timezone), now)
    store.checkpoint(now)
    _remove_mark(state_dir)
    for risk in news:
        bus.fire(RISK, **data(risk))


def record(
    store: Store, config: Config, found: Iterable[Risk], fine: Collection[str], now: datetime
) -> list[Risk]:
    """Record what is found for the first time, and which cases are over; return the news.

    Of the cases `fine` it is known that they are over. Raises LockedError or StateError.
    """
    with store.locked():
        known = store.state["incidents"]
        news = [risk for risk in found if _is_news(risk, store.state, now)]
        over = [case for case in fine if case in known]
        if news or over:
            outgoing = [
                message.to_json()
                for number, risk in enumerate(news)
                for message in _messages(risk, config, now, f"{RISK}:{now.isoformat()}:{number}")
            ]
            told = [risk.case for risk in news if risk.case]
            store.write(now, events.risks_found(told, over, outgoing))
    return news


def record_recovered(store: Store, config: Config, now: datetime) -> None:
    """Record that a command mended the state; the next tick delivers it."""
    record(store, config, [recovered(store.state_dir, store.recovered)], (), now)
    store.checkpoint(now)


def data(risk: Risk) -> dict[str, Any]:
    """Return the data of the event."""
    return {"message": _content(risk), "sentences": [*risk.sentences]}


def tell_unrecorded(config: Config, error: ScheduledError | None, now: datetime) -> None:
    """Tell, once, that the state cannot be written for want of space. Never raises."""
    state_dir = config.places.state_dir
    if not is_no_space(error) or not _reaches_somebody(config) or not _set_mark(state_dir):
        return
    from scheduled.notify import channels
    from scheduled.notify.channel import ChannelContext

    risk = no_space(
        "", state_dir, f"{error}. Nothing can be recorded there, so no job is started meanwhile."
    )
    places, zone = config.places, zone_info(config.timezone)
    channels.deliver(
        _messages(risk, config, now, f"{RISK}:{now.isoformat()}"),
        ChannelContext(places.root, places.central_dir, zone, now),
    )


def unrecorded(state_dir: Path) -> list[Risk]:
    """Return what ticks before this one could not record for want of space."""
    try:
        since = datetime.fromtimestamp(os.lstat(state_dir / NO_SPACE_MARK).st_mtime, UTC)
    except OSError:
        return []
    sentence = (
        f"Since {minute_utc(since)} nothing could be recorded there. There is room again, and what"
        " was due meanwhile is caught up on; runs that went on may be recorded as interrupted."
    )
    return [no_space("", state_dir, sentence)]


def _set_mark(state_dir: Path) -> bool:
    """Leave the mark; return whether there was none."""
    try:
        private.make_folder((state_dir / NO_SPACE_MARK).parent)
        os.close(private.open_file(state_dir / NO_SPACE_MARK, os.O_WRONLY | os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return False
    except OSError:
        return True
    return True


def _remove_mark(state_dir: Path) -> None:
    with suppress(OSError):
        private.remove(state_dir / NO_SPACE_MARK)


def _is_news(risk: Risk, state: State, now: datetime) -> bool:
    entry = state["incidents"].get(risk.case)
    told = parse_utc(entry.get("last_at")) if isinstance(entry, dict) else None
    return told is None or not timedelta(0) <= now - told < AGAIN


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
        **({"key": f"{RISK}:{risk.subject}"} if risk.replaces else {}),
    }
