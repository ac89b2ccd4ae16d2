"""Mail beside the inbox: closed messages in `deleted/`, copies of sent ones in `sent/`.

One file a message, `<YYYYMMDD_HHMMSS>_<subject>.json`. A name never leads out of its folder and
never takes the place of another file.
"""

import contextlib
import re
from collections.abc import Iterator
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any

from scheduled.ecosystem import timestamps
from scheduled.ecosystem.mailbox import Message, opened
from scheduled.errors import UnreadableFileError, reason_of
from scheduled.system.files import json_bytes, parse_json
from scheduled.system.folder import Folder

DELETED = "deleted"
SENT = "sent"

SUBJECT_LENGTH = 50
"""Characters of a subject in a file name, as ai_mail has it; in UTF-8 at most 200 bytes."""

_UNSAFE = re.compile(r"[^\w-]+")

# Where to look for a copy that a crash left behind: it is among the last few with that subject,
# and a folder may hold thousands that share one.
_RECENT = 20

_MARKS = {"status": "closed", "read": True}
"""What closing sets in a message, beside `archived_at`."""


def close(folder: Path, message: Message, now: datetime, zone: tzinfo) -> Path:
    """Archive a message of the mailbox `folder`; it is on disk when this returns.

    Call it before removing the message from the inbox: after a crash in between, the message exists
    twice rather than not at all, and the next call finds the copy and makes no second one. Raises
    OSError, and UnreadableFileError if the archive leads outside the branch.
    """
    with _folder(folder, DELETED) as target:
        name = _copy_of(message, target)
        if name is None:
            closed = {**message, **_MARKS, "archived_at": timestamps.written(now, zone)}
            name = _create(target, closed, now.astimezone(zone))
    return folder / DELETED / name


def keep_sent(folder: Path, message: Message, to: str, now: datetime, zone: tzinfo) -> Path:
    """Put a copy of a message into `sent/` of its sender's mailbox. Raises as `close` does."""
    copy = {**message, "to": to, "status": "sent"}
    with _folder(folder, SENT) as target:
        return folder / SENT / _create(target, copy, now.astimezone(zone))


def safe_name(subject: Any) -> str:
    """Return a subject as part of a file name, reduced to letters, digits, `-` and `_`."""
    text = subject if isinstance(subject, str) else ""
    return _UNSAFE.sub("_", text).strip("_")[:SUBJECT_LENGTH] or "no_subject"


@contextlib.contextmanager
def _folder(mailbox: Path, name: str) -> Iterator[Folder]:
    with opened(mailbox) as box, contextlib.ExitStack() as stack:
        try:
            place = stack.enter_context(box.make(name))
        except OSError as error:
            raise UnreadableFileError(mailbox / name, reason_of(error)) from error
        yield place


def _create(folder: Folder, message: Message, local: datetime) -> str:
    """Create the file of a message and return its name."""
    data = json_bytes(message)  # before there is a file
    stem = f"{local:%Y%m%d_%H%M%S}_{safe_name(message.get('subject'))}"
    number = 1
    while True:
        name = f"{stem}.json" if number == 1 else f"{stem}_{number}.json"
        with contextlib.suppress(FileExistsError):
            folder.create(name, data)
            return name
        number += 1


def _copy_of(message: Message, folder: Folder) -> str | None:
    """Return the name of the archived copy of this very message, if an earlier run made one."""
    subject = f"_{safe_name(message.get('subject'))}"
    names = sorted(name for name in folder.names() if subject in name)
    for name in reversed(names[-_RECENT:]):
        with contextlib.suppress(UnreadableFileError, OSError):
            if _is_copy(parse_json(folder.read_stamped(name)[1], Path(name)), message):
                return name
    return None


def _is_copy(archived: Any, message: Message) -> bool:
    # All of it and not the id alone: an id that occurs twice must not cost a message.
    if not isinstance(archived, dict) or not message.get("id"):
        return False
    expected = {**message, **_MARKS, "archived_at": archived.get("archived_at")}
    return archived == expected
