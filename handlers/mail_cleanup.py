"""Open mail nobody looked at, close mail nobody finished, and update the mail statistics.

New for more than 48 hours: opened. Opened for more than 7 days: closed and archived. A message
changes once a run at most. Mail is only moved on, never acted upon: `auto_execute` and
`dispatched_to` mean nothing here. A branch is told what happened to its mail in one digest a
run; what happens to the program's own notices causes none.
"""

import os
from pathlib import Path

from scheduled.ecosystem import (
    archive,
    mail_central,
    mail_counts,
    mail_digest,
    mailbox,
    registry,
    stale_mail,
)
from scheduled.ecosystem.mail_digest import Digests, foreign, summary
from scheduled.ecosystem.mailbox import Mailbox, Message
from scheduled.ecosystem.opened_mail import OpenedMail
from scheduled.ecosystem.registry import Branch, Registry
from scheduled.ecosystem.stale_mail import Overdue, Rules
from scheduled.errors import ScheduledError, UnparsableFileError
from scheduled.handler import Context, Incomplete, Kind, Param, values
from scheduled.quick_classes import dataclass, field
from scheduled.system.files import stamp
from scheduled.system.stamp_cache import Facts, StampCache

PARAMS = {
    **Rules.PARAMS,
    "dry_run": Param("only count what would be done", Kind.FLAG, False),
}

LISTED = 50
"""Messages named in an event, problems named in a result; of more, only the number."""

DIGESTS = "unread_digests"
"""What is remembered of the digests that nobody has read so far."""

BROKEN = "broken_inboxes"
"""What is remembered of the inboxes that `data_loss_risk` was fired about."""

LEFT_ALONE = (
    "Nothing can be delivered there meanwhile, and what it holds may be lost. It is left as it is:"
    " correct the JSON, or move the file away."
)

BASIS = 2
"""To be raised whenever the facts about an inbox are others; older ones are then ignored."""

LOCK_WAIT = 5.0
"""Seconds to wait for one mailbox: the others want to be tidied too."""


@dataclass
class Tally:
    """What was done and counted so far, in all inboxes."""

    auto_opened: int = 0
    auto_closed: int = 0
    errors: int = 0
    inboxes: int = 0
    problems: list[str] = field(default_factory=list)
    broken: dict[str, str] = field(default_factory=dict)
    """The inboxes whose content cannot be understood, by folder, each with what is wrong."""
    counts: dict[Branch, mail_central.Count] = field(default_factory=dict)


def run(context: Context) -> dict[str, object]:
    """Move stale mail on in all branches, archive closed mail, and publish the counts."""
    cleanup = Cleanup(context)
    branches = registry.load(context.root, context.cache_dir)
    for branch in branches:
        cleanup.tidy(branch)
    cleanup.cache.save()
    if not cleanup.dry_run:
        folders = {str(branch.mailbox) for branch in branches}
        cleanup.opened.save(folders)
    tally = cleanup.tally
    for problem in tally.problems:
        context.log(problem)
    result = {**_numbers(tally), "problems": tally.problems[:LISTED], "dry_run": cleanup.dry_run}
    if not cleanup.dry_run:
        _remember(context, tally)
        _remember_digests(context, cleanup.digests, folders)
        _tell_broken(context, tally.broken)
        context.fire("mail_cleanup_complete", **_numbers(tally), timestamp=context.local_timestamp)
        _publish(context, tally, branches, result)
    return result


class Cleanup:
    """One run over the inboxes. A problem with one of them is counted and never raised."""

    def __init__(self, context: Context) -> None:
        self.rules = Rules.from_params(context.params)
        self.dry_run: bool = values(PARAMS, context.params)["dry_run"]
        self.cache = StampCache(context.cache_dir / f"{context.job}.json")
        self.opened = OpenedMail(context.cache_dir)
        self.tally = Tally()
        self.digests = Digests(context.memory.get(DIGESTS))
        self._context = context
        self._basis = f"{BASIS} {self.rules} {context.zone}"

    def tidy(self, branch: Branch) -> None:
        """Move on the stale mail of one branch; a branch without a mailbox is skipped."""
        try:
            facts = self._remembered(branch) or self._examined(branch)
        except (ScheduledError, OSError) as error:
            self.tally.inboxes += 1
            if isinstance(error, UnparsableFileError):
                self.tally.broken[str(branch.mailbox)] = f"{branch.name}: {error}"
            self._note(branch, error)
            return
        if facts is not None:
            unread, total, unreadable, *_ = facts
            self.tally.inboxes += 1
            for problem in unreadable:
                self._note(branch, problem)
            self.tally.counts[branch] = mail_central.Count(unread, total)

    def _remembered(self, branch: Branch) -> Facts | None:
        """Return the facts of an inbox, unread, if nothing changed and nothing is due."""
        facts = mail_counts.recalled(branch, self.cache)
        if facts is None or facts[4] != self._basis:
            return None
        next_due = facts[3]
        return facts if next_due is None or self._context.now.timestamp() <= next_due else None

    def _examined(self, branch: Branch) -> Facts | None:
        folder = branch.mailbox
        if not os.path.isdir(folder):  # Path would raise where we may not look
            return None
        path = folder / mailbox.INBOX
        seen = stamp(path)
        box = mailbox.read(folder)
        self.digests.look(box)
        overdue = self._overdue(box)
        if overdue and not self.dry_run:
            box, overdue = self._moved_on(branch, folder)
        self.tally.auto_opened += len(overdue.to_open)
        self.tally.auto_closed += len(overdue.to_close)
        facts = [box.unread, len(box.messages), overdue.unreadable, overdue.next_due, self._basis]
        if seen and not overdue:
            self.cache.remember(str(path), seen, facts)
        return facts

    def _overdue(self, box: Mailbox) -> Overdue:
        now, zone = self._context.now, self._context.zone
        opened_by = self.opened.opened_by(box, now)
        return stale_mail.overdue(box.messages, self.rules, now, zone, opened_by)

    def _moved_on(self, branch: Branch, folder: Path) -> tuple[Mailbox, Overdue]:
        """Do what is overdue, decided again under the lock: others change the inbox, too."""
        with mailbox.editing(folder, LOCK_WAIT) as box:
            overdue = self._overdue(box)
            overdue.to_close = self._archived(branch, box, overdue.to_close)
            box.remove(overdue.to_close)
            for message in overdue.to_open:
                self._open(box, message)
        _tell(self._context, branch, box, overdue, self.digests)
        return box, overdue

    def _archived(self, branch: Branch, box: Mailbox, messages: list[Message]) -> list[Message]:
        """Yield those of the messages that are safely in the archive now."""
        done: list[Message] = []
        try:
            for message in messages:
                archive.close(box.folder, message, self._context.now, self._context.zone)
                done.append(message)
        except (ScheduledError, OSError) as error:
            self._note(branch, error)
        return done

    def _open(self, box: Mailbox, message: Message) -> None:
        at = self._context.local_timestamp
        box.update(message, status="opened", auto_opened=True, auto_opened_at=at)
        if "read" in message:
            box.update(message, read=True)

    def _note(self, branch: Branch, error: Exception | str) -> None:
        self.tally.errors += 1
        self.tally.problems.append(f"{branch.name}: {error}")


def _tell(
    context: Context, branch: Branch, box: Mailbox, overdue: Overdue, digests: Digests
) -> None:
    """Fire the branch's digest, unless only notices of this program were moved on."""
    opened, closed = foreign(overdue.to_open), foreign(overdue.to_close)
    if not opened and not closed:
        return
    digest = digests.of(box, closed)
    context.fire(
        "stale_mail",
        branch=branch.name,
        email=branch.email,
        auto_opened=len(opened),
        auto_closed=len(closed),
        messages=[summary(message) for message in (opened + closed)[:LISTED]],
        message={"subject": digest.subject, "body": digest.body, "key": mail_digest.KEY},
    )


def _tell_broken(context: Context, broken: dict[str, str]) -> None:
    """Fire `data_loss_risk` about the inboxes that have become unusable since the last run."""
    known = context.memory.pop(BROKEN, None)
    if broken:
        context.memory[BROKEN] = sorted(broken)
    news = {folder: broken[folder] for folder in broken if folder not in (known or ())}
    if not news:
        return
    lines = [*news.values()][:LISTED]
    if len(news) > LISTED:
        lines.append(f"and {len(news) - LISTED} more")
    count = "1 inbox" if len(news) == 1 else f"{len(news)} inboxes"
    context.fire(
        "data_loss_risk",
        inboxes=[*news][:LISTED],
        message={
            "subject": f"[SCHEDULED] {count} unreadable",
            "body": "\n".join([*lines, "", LEFT_ALONE]),
        },
    )


def _numbers(tally: Tally) -> dict[str, int]:
    return {
        "auto_opened": tally.auto_opened,
        "auto_closed": tally.auto_closed,
        "errors": tally.errors,
        "inboxes": tally.inboxes,
        "unread": sum(count.unread for count in tally.counts.values()),
        "total": sum(count.total for count in tally.counts.values()),
    }


def _publish(
    context: Context, tally: Tally, registered: Registry, result: dict[str, object]
) -> None:
    """Update AI_MAIL.central.json. Raises Incomplete: what was moved on stays moved."""
    today = context.local_now.date()
    try:
        mail_central.update(context.central_dir, tally.counts, registered, today)
    except (ScheduledError, OSError) as error:
        raise Incomplete(str(error), result) from error


def _remember_digests(context: Context, digests: Digests, folders: set[str]) -> None:
    unread = {folder: entry for folder, entry in digests.memory.items() if folder in folders}
    context.memory.pop(DIGESTS, None)
    if unread:
        context.memory[DIGESTS] = unread


def _remember(context: Context, tally: Tally) -> None:
    """Save the totals, in the words of the seed's state section `mail_cleanup`."""
    before = context.memory.get("stats")
    stats = before if isinstance(before, dict) else {}
    for key, done in (
        ("auto_opened_total", tally.auto_opened),
        ("auto_closed_total", tally.auto_closed),
    ):
        total = stats.get(key)
        stats[key] = (total if isinstance(total, int) else 0) + done
    context.memory.update(last_run=context.local_timestamp, stats=stats)
