"""How the last runs of many jobs ended, from the end of the journal.

It is read once, backwards, for all jobs together, and no further than a limit: a job that rarely
runs among many that run each minute may have fewer runs found than there are.
"""

import re
from collections.abc import Iterable, Iterator

from scheduled.state import history, lines
from scheduled.state.history import Row
from scheduled.state.journal import Journal

MOST_BYTES = 16 << 20
"""So much of the journal is looked through, which takes about a tenth of a second."""
_ENDS = frozenset(("end", "missed", "skipped"))
_JOB = re.compile(rb'"job":"([A-Za-z0-9._-]+)"')


def last_runs(
    journal: Journal, jobs: Iterable[str], count: int, most_bytes: int = MOST_BYTES
) -> dict[str, list[Row]]:
    """Return the last rows of each job, at most `count`, oldest first. Raises StateError.

    Runs in progress and those put off are left out.
    """
    found: dict[bytes, list[Row]] = {job.encode(): [] for job in jobs}
    wanted = set(found)
    for text in _backwards(journal, most_bytes):
        if not wanted:
            break
        named = _JOB.search(text)
        if named is None or named[1] not in wanted or not history.may_be(text, _ENDS):
            continue
        event = lines.decode(text) or lines.repair(text)
        row = history.row_of(event) if event is not None and event["event"] in _ENDS else None
        if row is None or row["job"].encode() not in wanted:
            continue
        own = found[row["job"].encode()]
        own.append(row)
        if len(own) == count:
            wanted.discard(row["job"].encode())
    return {job.decode(): rows[::-1] for job, rows in found.items()}


def _backwards(journal: Journal, most_bytes: int) -> Iterator[bytes]:
    """Yield the lines of the journal, newest first, until enough was looked at."""
    looked_at = 0
    for day in reversed(journal.names()):
        for _, text in journal.backwards(day):
            yield text
            looked_at += len(text)
            if looked_at >= most_bytes:
                return
