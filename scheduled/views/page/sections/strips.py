"""The last runs of a job as a strip of marks, oldest first, and what it printed last."""

import itertools
from collections import Counter
from collections.abc import Iterable, Sequence

from scheduled.quick_classes import NamedTuple
from scheduled.runs import output_files
from scheduled.state import history
from scheduled.state.history import Row
from scheduled.system.text import uncoloured
from scheduled.timing.instants import parse_utc
from scheduled.views import wording
from scheduled.views.page import moments
from scheduled.views.page.facts import Facts
from scheduled.views.page.past import looks

NEWEST = 30
RUNNING = "running"
LOOKS = {**{look.value: words for look, words in looks.WORDS.items()}, RUNNING: "running"}
"""How runs look, and what that is called; in this order wherever they are counted."""


class Mark(NamedTuple):
    """One run in a strip."""

    look: str
    title: str
    """What it is, for a pointer; empty for what went well."""


class Strip(NamedTuple):
    """The newest runs of a job, oldest first."""

    marks: tuple[Mark, ...]
    words: str
    """`23 on time, 1 failed`, for who does not see it."""


def look(row: Row) -> str:
    """Return how a run looks: a word of LOOKS."""
    return RUNNING if row["outcome"] is None else looks.of(row).value


def newest_rows(facts: Facts, job: str, count: int = NEWEST) -> list[Row]:
    """Return the newest rows of a job, newest first. Raises StateError."""
    found = history.newest_first(facts.journal, job, facts.oldest)
    shown = (row for row in found if row["outcome"] or row["reason"] == history.RUNNING)
    return [*itertools.islice(shown, count)]


def strip(facts: Facts, rows: Sequence[Row]) -> Strip:
    """Return the strip of rows that are newest first."""
    found = [look(row) for row in rows]
    marks = [Mark(word, _title(facts, row, word)) for row, word in zip(rows, found, strict=True)]
    return Strip(tuple(reversed(marks)), words(found))


def words(found: Iterable[str]) -> str:
    """Return looks counted: `23 on time, 1 failed`."""
    counted = Counter(found)
    return ", ".join(f"{counted[word]} {name}" for word, name in LOOKS.items() if counted[word])


def _title(facts: Facts, row: Row, word: str) -> str:
    if word == looks.Look.OK:
        return ""
    when = parse_utc(row["slot"]) or parse_utc(row["started_at"])
    causes = wording.ended(row["outcome"], row["error"], row["reason"]) or LOOKS[word]
    return f"{moments.moment(when, facts.now, facts.zone)}: {causes}" if when else causes


def last_lines(facts: Facts, job: str, run_id: str | None, count: int) -> list[str]:
    """Return the last lines that a run printed; none if the page is to show no output."""
    if not facts.with_output:
        return []
    path = output_files.log_path(facts.snapshot.state_dir, job, run_id)
    if path is None or run_id is None:
        return []
    lines = output_files.RunOutput(job, run_id, path).tail(count)
    return [facts.cut(uncoloured(line).expandtabs().rstrip()) for line in lines]
