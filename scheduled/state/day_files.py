"""Which files the journal consists of: one a day, and in which order they were begun.

They stand in the order of their numbers, not of their names: a clock may have been wrong. Each tick
asks many times, so what a folder held is remembered while its stamp stays the same.
"""

import io
import math
import re
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate
from pathlib import Path
from typing import IO

from scheduled.errors import StateError, reason_of
from scheduled.state import lines
from scheduled.system import files, private

SUFFIX = ".jsonl"
DAY_FILE = r"\d{4}-\d{2}-\d{2}\.jsonl"
"""The names of the files."""
_STEP = 3 * 10**9
"""Nanoseconds; file systems count modification times in steps of two seconds at most."""


class DayFiles:
    """The files of the journal in `folder`, which need not exist yet."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ordered: list[str] = []
        self._listed: list[str] = []
        """What was ordered."""
        self._names: list[str] = []
        """What the folder held when it had this stamp; None: it may have changed meanwhile."""
        self._stamp: files.Stamp | None = None

    def names(self) -> list[str]:
        """Return the file names in the order in which the files were begun. Raises StateError."""
        listed = self._list()
        if listed != self._listed:
            self._ordered, self._listed = self._in_order(listed), listed
        return self._ordered

    def listing(self) -> int:
        """Return a checksum of the names: while it stays the same, no file has been begun."""
        return zlib.crc32("\n".join(self._list()).encode())

    def expect(self, newest: str, listing: int) -> None:
        """Take `newest` for the newest file if the listing is still the one that was noted."""
        listed = self._list()
        if newest in listed and zlib.crc32("\n".join(listed).encode()) == listing:
            self._listed = listed
            self._ordered = [*(name for name in listed if name != newest), newest]

    def file_with(self, number: int) -> str | None:
        """Return the file in which the event of that number stands, or would stand."""
        names = [name for name in self.names() if (self.first_number(name) or 0) <= number]
        return names[-1] if names else next(iter(self.names()), None)

    def outdated(self, today: date, keep_days: int) -> list[str]:
        """Return the files of days before the last `keep_days`; never the newest file."""
        oldest = (today - timedelta(days=keep_days)).isoformat()
        # At least `keep_days` files stay: a clock that is years ahead once deletes nothing.
        return [name for name, day in self.days()[: -keep_days - 1] if day < oldest]

    def days(self) -> list[tuple[str, str]]:
        """Return each file with its day: the one in its name, if no later file is of an earlier."""
        names = self.names()
        days = accumulate((name.removesuffix(SUFFIX) for name in reversed(names)), min)
        return [*zip(names, reversed([*days]), strict=True)]

    def oldest_kept(self, now: datetime, age: timedelta) -> datetime:
        """Return from when on output counts as younger than `age`.

        Days without ticks do not count, so a clock that jumps ahead ages nothing. Beyond the days
        that the journal has, its first one counts.
        """
        days = [datetime.fromisoformat(day).replace(tzinfo=UTC) for _, day in self.days()]
        whole = math.ceil(age / timedelta(days=1)) + 1
        return min([now - age, *days[-whole:][:1]])

    def _list(self) -> list[str]:
        stamp = files.stamp(self.folder)
        if stamp is not None and stamp == self._stamp:
            return self._names
        try:
            names = private.names(self.folder)
        except FileNotFoundError:
            return []
        except OSError as error:
            raise StateError(f"{self.folder}: cannot be read: {reason_of(error)}") from error
        self._names = sorted(name for name in names if re.fullmatch(DAY_FILE, name))
        # A folder may change again within the same step of the clock of its file system.
        is_old = stamp is not None and time.time_ns() - stamp[1] > _STEP
        self._stamp = stamp if is_old else None
        return self._names

    def _in_order(self, listed: list[str]) -> list[str]:
        """Return the files by their first number; they are `listed` by name."""
        ordered = self._by_number(listed, trusting=True)
        if ordered != listed:  # was the clock set back, or is a number damaged?
            ordered = self._by_number(listed, trusting=False)
        return ordered

    def _by_number(self, listed: list[str], *, trusting: bool) -> list[str]:
        numbers, number = {}, 0
        for name in listed:
            first = self.first_number(name, trusting=trusting)
            number = number if first is None else first  # without any it follows the one before
            numbers[name] = number
        return sorted(listed, key=lambda name: (numbers[name], name))

    def first_number(self, name: str, *, trusting: bool = True) -> int | None:
        """Return the number of the first event in a file; None if there is none.

        `trusting` takes the number of a line that may be damaged, which is quicker.
        """
        with reading(self.folder / name) as stream:
            number = lines.number_of(stream.read(32)) if trusting else 0
            if number:
                return number
            stream.seek(0)
            for text in stream:
                event = lines.decode(text) if text.endswith(b"\n") else None
                if event is not None:
                    return lines.number_of(text)
        return None

    def forget_order(self) -> None:
        """Look anew in which order the files were begun."""
        self._listed = []


def file_name(instant: datetime) -> str:
    """Return the name of the file for the day of `instant`, in UTC."""
    return instant.strftime("%Y-%m-%d") + SUFFIX


@contextmanager
def reading(path: Path) -> Iterator[IO[bytes]]:
    """Open a file of the journal to read it; one that was pruned meanwhile is empty.

    Raises StateError.
    """
    try:
        with private.opened(path, "rb") as stream:
            yield stream
    except FileNotFoundError:
        yield io.BytesIO()
    except OSError as error:
        raise StateError(f"{path}: cannot be read: {reason_of(error)}") from error
