"""Counts of mail: every inbox is counted, only changed ones are read."""

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path

from scheduled.ecosystem import mailbox
from scheduled.ecosystem.branch import MAILBOXES
from scheduled.ecosystem.mail_central import Count
from scheduled.ecosystem.registry import Branch
from scheduled.errors import UnreadableFileError
from scheduled.system.files import stamp
from scheduled.system.stamp_cache import Facts, StampCache


def count(branches: Iterable[Branch], cache: StampCache) -> tuple[dict[str, Count], list[str]]:
    """Return the mail of each branch with a mailbox, and the problems with other inboxes."""
    counts: dict[str, Count] = {}
    problems: list[str] = []
    for branch in branches:
        try:
            facts = recalled(branch, cache) or _facts(branch.mailbox, cache)
        except (UnreadableFileError, OSError) as error:
            problems.append(f"{branch.name}: {error}")
            continue
        if facts is not None:
            counts[branch.name] = Count(*facts)
    return counts, problems


def recalled(branch: Branch, cache: StampCache) -> Facts | None:
    """Return what is remembered of a branch's inbox if it did not change; costs one stat."""
    for place in MAILBOXES:
        with contextlib.suppress(OSError):
            facts = cache.unchanged(f"{branch.folder}/{place}/{mailbox.INBOX}")
            if facts is not None:
                return facts
    return None


def total(counts: Iterable[Count]) -> Count:
    """Return all counts together."""
    unread, messages = 0, 0
    for each in counts:
        unread += each.unread
        messages += each.total
    return Count(unread, messages)


def _facts(folder: Path, cache: StampCache) -> Facts | None:
    if not os.path.isdir(folder):  # Path would raise where we may not look
        return None
    path = folder / mailbox.INBOX
    seen = stamp(path)
    box = mailbox.read(folder)
    facts = [box.unread, len(box.messages)]
    if seen:
        cache.remember(str(path), seen, facts)
    return facts
