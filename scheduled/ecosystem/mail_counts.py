"""How much mail there is: every inbox counted, only those read that changed."""

import os
from collections.abc import Iterable
from pathlib import Path

from scheduled.ecosystem import mailbox
from scheduled.ecosystem.mail_central import Count
from scheduled.ecosystem.registry import Branch
from scheduled.ecosystem.sweep import Cache
from scheduled.errors import UnreadableFileError
from scheduled.files import stamp


def count(branches: Iterable[Branch], cache: Cache) -> tuple[dict[str, Count], list[str]]:
    """The mail of each branch that has a mailbox, and what is wrong with the others' inboxes."""
    counts: dict[str, Count] = {}
    problems: list[str] = []
    for branch in branches:
        folder = branch.mailbox
        if not os.path.isdir(folder):  # Path would raise where we may not look
            continue
        try:
            counts[branch.name] = _count(folder, cache)
        except (UnreadableFileError, OSError) as error:
            problems.append(f"{branch.name}: {error}")
    return counts, problems


def total(counts: Iterable[Count]) -> Count:
    """All of them together."""
    unread, messages = 0, 0
    for each in counts:
        unread += each.unread
        messages += each.total
    return Count(unread, messages)


def _count(folder: Path, cache: Cache) -> Count:
    path = folder / mailbox.INBOX
    seen = stamp(path)
    known = cache.recall(str(path), seen) if seen else None
    if known is not None:
        return Count(*known)
    box = mailbox.read(folder)
    found = Count(box.unread, len(box.messages))
    if seen:
        cache.remember(str(path), seen, list(found))
    return found
