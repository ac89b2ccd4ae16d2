"""What was learned from a day of the journal that is over, so that it is not read again.

Only the newest file of the journal is written to: what has been learned from another one holds as
long as its stamp does. It is kept in `cache/`, in a file for each day and kind of facts: a line
that says of what it is, and a row for each job, all with checksums. If anything is wrong with such
a file it counts as absent, and the journal is read. Nobody needs to be able to write one.
"""

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from scheduled.quick_classes import NamedTuple
from scheduled.state.checksum import Seal
from scheduled.state.day_files import SUFFIX
from scheduled.state.journal import Journal
from scheduled.system import private

VERSION = 1
"""To be raised when the format of the files changes; others are then ignored, and replaced."""
SMALL = 1 << 20
"""A day with fewer bytes is read in less time than it takes to write a file about it."""
YOUNG = 1_000_000_000
"""A file changed twice within one tick of the file system's clock, in ns, keeps its stamp."""
_NAME = r"journal-(\d{4}-\d{2}-\d{2})\.\w+"
_SEAL = Seal(b',"crc":"', b'"}')


class DayStamp(NamedTuple):
    """What tells that the file of a day has not been changed."""

    size: int
    changed: int
    """In ns, as is the next."""
    altered: int
    """When the file, its name or its mode was changed: no program can set that back."""
    inode: int


class DayFacts:
    """The facts of one kind about a day, by job."""

    def __init__(self, stream: IO[bytes], places: Mapping[str, Any]) -> None:
        self._stream, self._start, self._places = stream, stream.tell(), places

    def __contains__(self, name: str) -> bool:
        """Return whether there is a row of that name."""
        return name in self._places

    def __iter__(self) -> Iterator[str]:
        """Yield the names of the rows, in the order in which they were written."""
        return iter(self._places)

    def of(self, name: str) -> Any:
        """Return the row of a name; None if it is damaged."""
        try:
            begin, length = self._places[name]
            self._stream.seek(self._start + begin)
            row = _unsealed(self._stream.read(length))
        except (OSError, ValueError, TypeError):
            return None
        return row["facts"] if row is not None and row.get("of") == name else None


def path_of(journal: Journal, day: str, kind: str) -> Path:
    """Return the file with the facts of a kind about the file `day` of the journal."""
    return journal.folder.parent / "cache" / f"journal-{day.removesuffix(SUFFIX)}.{kind}"


def day_of(name: str) -> str:
    """Return the file of the journal about which a file of this name in `cache/` is; '' if none."""
    match = re.fullmatch(_NAME, name)
    return f"{match[1]}{SUFFIX}" if match else ""


def keepable(journal: Journal, day: str) -> DayStamp | None:
    """Return the stamp of a day whose facts can be kept; None if it is small, or may change.

    It has to be older than the newest file was when that was last written to: what changes it from
    now on gives it another stamp.
    """
    newest = journal.names()[-1:]
    stamp, now = _stamp(journal, day), _stamp(journal, newest[0]) if newest else None
    if stamp is None or now is None or day in newest or stamp.size < SMALL:
        return None
    return stamp if max(stamp.changed, stamp.altered) + YOUNG < now.changed else None


@contextmanager
def opened(journal: Journal, day: str, kind: str, key: object) -> Iterator[DayFacts | None]:
    """Yield the facts of a kind about a day; None if there are none that can be believed.

    `key` is what they depend on besides the day.
    """
    with ExitStack() as stack:
        facts, stamp = None, _stamp(journal, day)
        with suppress(OSError):
            if stamp is not None and stamp.size >= SMALL:
                stream = stack.enter_context(private.opened(path_of(journal, day, kind), "rb"))
                head = _unsealed(stream.readline())
                rows = head.get("rows") if head is not None else None
                if isinstance(rows, dict) and head == _head(day, key, stamp, rows):
                    facts = DayFacts(stream, rows)
        yield facts


def save(
    journal: Journal,
    day: str,
    kind: str,
    key: object,
    seen: DayStamp,
    rows: Iterable[tuple[str, Any]],
) -> None:
    """Keep what was learned since the day had the stamp `seen`. A failed write is ignored."""
    lines, places, begin = list[bytes](), {}, 0
    for name, facts in rows:
        lines.append(_sealed({"of": name, "facts": facts}))
        places[name] = [begin, len(lines[-1])]
        begin += len(lines[-1])
    if _stamp(journal, day) != seen:
        return
    path = path_of(journal, day, kind)
    with suppress(OSError):
        private.make_folder(path.parent)
        with private.replacing(path) as stream:
            stream.write(_sealed(_head(day, key, seen, places)))
            stream.writelines(lines)


def forget(journal: Journal) -> None:
    """Remove what is about days that the journal no longer has."""
    days, folder = {*journal.names(), ""}, path_of(journal, "", "").parent
    with suppress(OSError):
        for name in private.names(folder):
            if day_of(name) not in days:
                private.remove(folder / name)


def _head(day: str, key: object, stamp: DayStamp, rows: object) -> dict[str, Any]:
    return {"version": VERSION, "key": key, "day": day, "stamp": [*stamp], "rows": rows}


def _stamp(journal: Journal, day: str) -> DayStamp | None:
    try:
        status = os.lstat(journal.folder / day)
    except OSError:
        return None
    return DayStamp(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)


def _sealed(document: Mapping[str, Any]) -> bytes:
    return _SEAL.seal(json.dumps(document, separators=(",", ":"))[:-1].encode("ascii")) + b"\n"


def _unsealed(line: bytes) -> dict[str, Any] | None:
    body = _SEAL.body(line.rstrip(b"\n"))
    try:
        document = None if body is None else json.loads(body + b"}")
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None
