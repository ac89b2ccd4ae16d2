"""Where the lines about each job stand in the days of the journal that are over.

A journal can have a million lines a day, and a command that looks back asks about one job. The
index of a day is made by the tick that begins the next one; what a day without one costs is a
search for the id through its bytes.
"""

import json
from array import array
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import accumulate, pairwise

from scheduled.errors import StateError
from scheduled.state import day_facts, names
from scheduled.state.journal import Journal

KIND = "lines"
KEY = 1
"""To be raised when other lines belong into the index, or are noted in another way."""
MOST = 512 << 20
"""So many bytes of the journal one tick indexes at most, which takes some two seconds."""
MANY = 10_000
"""A job with more lines a day is searched for: that finds one in each block, and memory is flat."""
_MARK = b'"job":"'


def lines_about(journal: Journal, day: str, job: str) -> Iterator[tuple[int, bytes]]:
    """Yield the lines of a file that may be about a job, as `Journal.backwards` does."""
    needle, end = b'"job":' + json.dumps(job).encode(), None
    offsets = _offsets(journal, day, job) if names.is_id(job) else None
    if offsets is not None:
        for at, text in journal.lines_at(day, offsets):
            if needle not in text:
                break  # it is not the line that stood there: from here on all is searched
            yield at, text
            end = at
        else:
            return
    for at, text in journal.backwards(day, needle):
        if end is None or at < end:
            yield at, text


def keep_up(journal: Journal) -> None:
    """Index the days that are over and have no index, the newest first; forget those that are gone.

    Nothing that is parsed depends on it, so a write that fails is ignored. Raises StateError.
    """
    left = MOST
    for day in reversed(journal.names()):
        seen = day_facts.keepable(journal, day)
        if seen is None or _is_indexed(journal, day):
            continue
        left -= seen.size
        if left < 0:
            break
        with suppress(StateError):  # a day that cannot be read has none
            day_facts.save(journal, day, KIND, KEY, seen, _rows(journal, day))
    day_facts.forget(journal)


def _is_indexed(journal: Journal, day: str) -> bool:
    with day_facts.opened(journal, day, KIND, KEY) as facts:
        return facts is not None


def _offsets(journal: Journal, day: str, job: str) -> Iterable[int] | None:
    """Return where the lines about a job begin, the newest first; None if it is not known."""
    with day_facts.opened(journal, day, KIND, KEY) as facts:
        if facts is None:
            return None
        steps = facts.of(job) if job in facts else []
        return None if steps is None else reversed([*accumulate(steps)])


def _rows(journal: Journal, day: str) -> Iterator[tuple[str, list[int] | None]]:
    """Yield each job with how far it is to its first line, and from each line to the next.

    None stands for too many lines.
    """
    for name, begins in _found(journal, day).items():
        if name.isascii() and names.is_id(job := name.decode("ascii")):
            steps = [after - before for before, after in pairwise(begins)]
            yield job, [begins[0], *steps] if len(begins) <= MANY else None


def _found(journal: Journal, day: str) -> dict[bytes, "array[int]"]:
    """Return where the lines begin in which a text stands that may be the id of a job."""
    found: dict[bytes, array[int]] = {}
    begin = 0
    for text in journal.whole_lines(day):
        at = text.find(_MARK)
        while at >= 0:
            start = at + len(_MARK)
            name = text[start : text.find(b'"', start)]
            begins = found.get(name)
            if begins is None:
                found[name] = array("Q", (begin,))
            elif begins[-1] != begin and len(begins) <= MANY:  # a result may name a job, too
                begins.append(begin)
            at = text.find(_MARK, start - 1)  # its last quote may begin the next one
        begin += len(text)
    return found
