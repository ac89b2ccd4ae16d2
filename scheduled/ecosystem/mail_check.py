"""The check of the mail of a branch: what waits there, and when its owner last worked with it."""

import contextlib
import os
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, tzinfo
from pathlib import Path

from scheduled.ecosystem import issues, mail_work, mailbox
from scheduled.ecosystem.branch import MAILBOXES
from scheduled.ecosystem.issues import Flaw, Issue, Part
from scheduled.ecosystem.mailbox import Mailbox
from scheduled.ecosystem.opened_mail import OpenedMail
from scheduled.ecosystem.registry import Branch
from scheduled.errors import UnreadableFileError
from scheduled.quick_classes import NamedTuple
from scheduled.system.folder import Folder
from scheduled.system.stamp_cache import Facts, StampCache

LISTED = 5
"""Messages of unknown age named for each inbox."""

FAR_FUTURE = datetime.max.replace(tzinfo=UTC)


class MailFinding(NamedTuple):
    """What was found in one mailbox."""

    issues: Sequence[Issue]
    worked: float | None = None
    """When its owner last worked with it, epoch seconds; None if that was not lately."""
    problem: str = ""
    """Why that cannot be known; empty if it is."""


class MailCheck:
    """The checks of many mailboxes, which read only what changed since the last time."""

    def __init__(self, cache: StampCache, opened: OpenedMail, now: datetime, zone: tzinfo) -> None:
        self._cache = cache
        self._opened = opened
        self._now = now
        self._zone = zone
        self._beside: Facts | None = None
        """Which folders there are beside an inbox, if its mailbox was opened just now."""

    def of(self, branch: Branch, names: Sequence[str]) -> MailFinding:
        """Check the mail of a branch whose folder holds these names."""
        self._beside = None
        folder = branch.folder
        place = next((name for name in MAILBOXES if name in names), None)
        inbox = f"{folder}/{place}/{mailbox.INBOX}"
        try:
            facts = self._cache.unchanged(inbox) if place else None
        except OSError:
            facts = None
        try:
            if facts is None or len(facts) != 4:
                facts = self._waiting(branch, place, inbox)
        except UnreadableFileError as error:
            text = f"{mailbox.INBOX}: unreadable ({error.reason})"
            return MailFinding((issues.error(Part.MAIL, Flaw.UNREADABLE, text),), problem=text)
        if facts is None:
            text = f"Missing {branch.mailbox.name} directory"
            return MailFinding((issues.error(Part.MAIL, Flaw.MISSING, text),))
        *waiting, worked = facts
        moments = [worked, *self._sent_and_closed(folder, place)] if place else [worked]
        known = [moment for moment in moments if moment is not None]
        return MailFinding([*_issues(*waiting)], max(known, default=None))

    def _waiting(self, branch: Branch, place: str | None, inbox: str) -> Facts | None:
        """Return what waits in the mailbox of a branch and when its owner last opened something.

        None if there is no mailbox.
        """
        box = self._inbox(branch, place)
        if box is None:
            return None
        opened_by = self._opened.opened_by(box, self._now)
        stale = mailbox.stale(box, self._now, self._zone, opened_by)
        worked = mail_work.in_inbox(box, self._now, self._zone)
        facts = [stale.new, stale.opened, list(stale.unreadable), worked.moment]
        # Worth remembering only if no message in it can become stale by waiting longer.
        is_final = mailbox.stale(box, FAR_FUTURE, self._zone, opened_by) == stale
        if box.seen and is_final and worked.is_final:
            self._cache.remember(inbox, box.seen, facts)
        return facts

    def _sent_and_closed(self, folder: str, place: str) -> Iterator[float | None]:
        """Yield when mail was last sent, and last closed, as the folders beside the inbox tell."""
        with contextlib.suppress(OSError):
            for name in self._known_beside(folder, place):
                yield self._last_put_into(folder, place, name)

    def _known_beside(self, folder: str, place: str) -> Facts:
        """Return which folders there are beside the inbox. Raises OSError."""
        if self._beside is not None:
            return self._beside
        beside = self._cache.unchanged(f"{folder}/{place}")
        if beside is None:
            with self._cache.folders.folder(folder).inner_within(place) as box:
                beside = self._look_beside(box, f"{folder}/{place}")
        return beside

    def _look_beside(self, box: Folder, path: str) -> Facts:
        beside = [name for name in mail_work.BESIDE if box.stamp(name)]
        self._cache.remember(path, box.seen, beside)
        return beside

    def _last_put_into(self, folder: str, place: str, name: str) -> float | None:
        path = f"{folder}/{place}/{name}"
        with contextlib.suppress(OSError):
            facts = self._cache.unchanged(path)
            if facts is not None:
                moment: float | None = facts[0]
                return moment
            with (
                self._cache.folders.folder(folder).inner_within(place) as box,
                box.inner(name) as inside,
            ):
                worked = mail_work.beside_inbox(inside, name, self._now, self._zone)
            if worked.is_final:
                self._cache.remember(path, inside.seen, [worked.moment])
            return worked.moment
        return None

    def _inbox(self, branch: Branch, place: str | None) -> Mailbox | None:
        if place is not None:
            with (
                contextlib.suppress(OSError),
                self._cache.folders.folder(branch.folder).inner_within(place) as folder,
            ):
                path = f"{branch.folder}/{place}"
                self._beside = self._look_beside(folder, path)
                return mailbox.read_in(folder, Path(path))
        box = branch.mailbox
        return mailbox.read(box) if os.path.isdir(box) else None


def _issues(new: int, opened: int, unreadable: Sequence[str]) -> Iterator[Issue]:
    if new:
        yield _issue(Flaw.STALE, f"{_messages(new, 'new')} older than 48 hours")
    if opened:
        yield _issue(Flaw.STALE, f"{_messages(opened, 'opened')} for over 24 hours")
    for message in unreadable[:LISTED]:
        yield _issue(Flaw.UNDATED, message)
    if len(unreadable) > LISTED:
        yield _issue(Flaw.UNDATED, f"and {len(unreadable) - LISTED} more of unknown age")


def _issue(flaw: Flaw, text: str) -> Issue:
    return issues.warning(Part.MAIL, flaw, f"{mailbox.INBOX}: {text}")


def _messages(count: int, status: str) -> str:
    return f"{count} {status} message{'' if count == 1 else 's'}"
