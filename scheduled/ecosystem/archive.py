"""Mail beside the inbox: closed messages in `deleted/`, copies of sent ones in `sent/`.

One file a message, `<YYYYMMDD_HHMMSS>_<subject>.json`. A name never leads out of its folder and
never takes the place of another file.
"""

import contextlib
import os
import re
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any

from scheduled.ecosystem import timestamps
from scheduled.ecosystem.mailbox import Message, confined, give_to_owner
from scheduled.errors import UnreadableFileError
from scheduled.system.files import json_bytes, read_json, sync_folder

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
    target = _folder(folder, DELETED)
    copy = _copy_of(message, target)
    if copy is not None:
        return copy
    closed = {**message, **_MARKS, "archived_at": timestamps.written(now, zone)}
    return _create(target, closed, now.astimezone(zone))


def keep_sent(folder: Path, message: Message, to: str, now: datetime, zone: tzinfo) -> Path:
    """Put a copy of a message into `sent/` of its sender's mailbox. Raises as `close` does."""
    copy = {**message, "to": to, "status": "sent"}
    return _create(_folder(folder, SENT), copy, now.astimezone(zone))


def safe_name(subject: Any) -> str:
    """Return a subject as part of a file name, reduced to letters, digits, `-` and `_`."""
    text = subject if isinstance(subject, str) else ""
    return _UNSAFE.sub("_", text).strip("_")[:SUBJECT_LENGTH] or "no_subject"


def _folder(mailbox: Path, name: str) -> Path:
    path = mailbox / name
    if not os.path.lexists(path):
        path.mkdir()
        give_to_owner(path, mailbox)
    return confined(path, branch=mailbox.parent)


def _create(folder: Path, message: Message, local: datetime) -> Path:
    stem = f"{local:%Y%m%d_%H%M%S}_{safe_name(message.get('subject'))}"
    descriptor, path = _new_file(folder, stem)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(json_bytes(message))
            stream.flush()
            os.fsync(stream.fileno())
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    give_to_owner(path, folder)
    sync_folder(folder)
    return path


def _new_file(folder: Path, stem: str) -> tuple[int, Path]:
    number = 1
    while True:
        path = folder / (f"{stem}.json" if number == 1 else f"{stem}_{number}.json")
        with contextlib.suppress(FileExistsError):
            return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644), path
        number += 1


def _copy_of(message: Message, folder: Path) -> Path | None:
    """Return the archived copy of this very message, if an earlier run made one."""
    subject = f"_{safe_name(message.get('subject'))}"
    names = sorted(name for name in os.listdir(folder) if subject in name)
    for name in reversed(names[-_RECENT:]):
        with contextlib.suppress(UnreadableFileError):
            if _is_copy(read_json(folder / name), message):
                return folder / name
    return None


def _is_copy(archived: Any, message: Message) -> bool:
    # All of it and not the id alone: an id that occurs twice must not cost a message.
    if not isinstance(archived, dict) or not message.get("id"):
        return False
    expected = {**message, **_MARKS, "archived_at": archived.get("archived_at")}
    return archived == expected
