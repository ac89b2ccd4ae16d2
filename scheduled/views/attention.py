"""What needs a person, gravest first, each with the command that helps: a part of `status`.

Where an incident tells of a job, nothing else does. An incident that a person knows of comes last.
"""

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any

from rich.cells import cell_len

from scheduled.quick_classes import NamedTuple
from scheduled.state import tallies
from scheduled.state.incident_entries import Incident, is_acknowledged, open_incidents
from scheduled.system.text import one_line
from scheduled.timing.instants import parse_utc
from scheduled.views import health, incidents, signs, wording
from scheduled.views.columns import Paint
from scheduled.views.fitting import cut_name, wrapped
from scheduled.views.format import counted, relative, span
from scheduled.views.health import Health
from scheduled.views.snapshot import Snapshot

MOST = 12
"""So many are shown."""
LINES = 3
OF_ALL = (
    "state",
    "configuration",
    "no_ticks",
    "disk",
    "undeliverable",
    "unreachable",
    "error_rate",
)
"""The kinds of incidents that concern all jobs; they come before those of one."""


class Gravity(StrEnum):
    """How grave something is."""

    ERROR = "error"
    LATE = "late"
    WARNING = "warning"


_SIGNS = {Gravity.ERROR: "failed", Gravity.LATE: "missed", Gravity.WARNING: "interrupted"}


class Item(NamedTuple):
    """Something that needs a person."""

    subject: str
    """The job it is about; empty if it is about none."""
    what: str
    detail: str = ""
    command: str = ""
    ident: str = ""
    """The id of its incident."""
    is_known: bool = False
    """Whether somebody has said that they know of it."""
    gravity: Gravity = Gravity.ERROR


def items(document: Mapping[str, Any], snapshot: Snapshot) -> list[Item]:
    """Return what needs a person; `document` is that of `status --json`."""
    outcomes = tallies.of_last_day(snapshot.state, snapshot.now)
    general = health.besides_jobs(snapshot, outcomes)
    found = [Item("", sentence) for grave, sentence in general if grave is Health.CRITICAL]
    told = [*open_incidents(snapshot.state).values()]
    found += [_of_incident(incident, snapshot) for incident in sorted(told, key=_gravity)]
    found += _of_jobs(document, snapshot, {incident.job for incident in told})
    found += [
        Item("", sentence, gravity=Gravity.WARNING)
        for grave, sentence in general
        if grave is not Health.CRITICAL
    ]
    for finding in document.get("findings", ()):
        found.append(Item("", finding["message"], finding["remedy"], gravity=Gravity.WARNING))
    return sorted(found, key=lambda item: item.is_known)


def _gravity(incident: Incident) -> tuple[int, Any]:
    kind = incident.kind
    return (OF_ALL.index(kind) if kind in OF_ALL else len(OF_ALL)), incident.since


def _of_incident(incident: Incident, snapshot: Snapshot) -> Item:
    words = incidents.WORDS.get(incident.kind, incident.kind)
    return Item(
        one_line(incident.job),
        f"{words} {incidents.lasting(incident, snapshot.now)}",
        wording.printed(one_line(incident.last_error.partition("\n")[0])),
        incidents.advice(incident),
        one_line(incident.id),
        is_known=is_acknowledged(incident, snapshot.now),
    )


def _of_jobs(document: Mapping[str, Any], snapshot: Snapshot, told: set[str]) -> Iterator[Item]:
    """Yield what single jobs wait for, of which no incident tells."""
    suspended = [job.id for job in snapshot.jobs if snapshot.record(job.id).suspended]
    yield from (
        Item(job, "suspended", command=f"scheduled enable {job}")
        for job in suspended
        if job not in told
    )
    for row in document["failing"]:
        if row["job"] not in told and row["job"] not in suspended:
            yield _of_failing(row, snapshot)
    for row in document["overdue"]:
        if row["job"] not in told:
            late = f"overdue for {span(row['late_seconds'])} and not running"
            command = f"scheduled why {row['job']}"
            yield Item(row["job"], late, command=command, gravity=Gravity.LATE)
    letters = [row for row in document["dead_letter"] if row.get("job") not in told]
    if letters:
        command = "scheduled dead-letter list"
        yield Item("", counted(len(letters), "dead letter"), command=command)


def _of_failing(row: Mapping[str, Any], snapshot: Snapshot) -> Item:
    when = parse_utc(row["at"])
    ago = f", {relative(when, snapshot.now)}" if when else ""
    error = wording.printed(one_line(row["error"] or wording.outcome(row["outcome"])))
    what = f"failed {counted(row['failures'], 'time')}{ago}"
    return Item(row["job"], what, error, f"scheduled logs {row['job']} --failed")


class Attention:
    """Items as lines: at most three each, and the command in one of its own."""

    def __init__(self, found: Sequence[Item]) -> None:
        self._found = found

    def text(self, width: int, paint: Paint | None = None) -> str:
        """Return the lines as text."""
        lines: list[str] = []
        for item in self._found[:MOST]:
            shown = _SIGNS[item.gravity]
            style = signs.STYLES["skipped" if item.is_known else shown]
            sign = signs.SIGNS[shown]
            first, *more = self._lines(item, width - 4)
            lines.append(f"  {paint(style, sign) if paint and style else sign} {first}")
            lines += [f"    {line}" for line in more]
        if (more_items := len(self._found) - MOST) > 0:
            lines += [f"  and {more_items} more; `scheduled incidents` lists all incidents"]
        return "".join(f"{line}\n" for line in lines)

    def _lines(self, item: Item, room: int) -> list[str]:
        """Return what is wrong, how it showed, and what to type."""
        command = _command(item, room)
        most = LINES - bool(command)
        head = f"{item.subject}: {item.what}" if item.subject else item.what
        if item.subject and cell_len(head) > room:
            about = f"{item.what}: {item.detail}" if item.detail else item.what
            lines = [cut_name(item.subject, room), *wrapped(about, room, most - 1)]
        elif item.detail:
            lines = wrapped(head, room, most - 1)
            lines += wrapped(item.detail, room, most - len(lines))
        else:
            lines = wrapped(head, room, most)
        return [*lines, *([command] if command else [])]


def _command(item: Item, room: int) -> str:
    """Return the command that helps, with the incident behind it as a comment, as far as they fit.

    A command that is cut would be a wrong one.
    """
    said = f"{item.command}  # incident {item.ident}" if item.ident else item.command
    for text in (said, item.command, "scheduled incidents" if item.ident else ""):
        if cell_len(text) <= room:
            return text
    return ""
