"""What needs a person, as `status` has it: a card for each thing, the gravest first."""

import shlex
from collections.abc import Iterator
from datetime import datetime

from scheduled.jobs.model import Outcome
from scheduled.planning.incidents import Kind
from scheduled.quick_classes import NamedTuple
from scheduled.state.history import Row
from scheduled.state.incident_entries import Incident
from scheduled.system.text import one_line
from scheduled.timing.instants import parse_utc
from scheduled.views import incidents, wording
from scheduled.views.attention import Gravity, Item
from scheduled.views.format import counted, span
from scheduled.views.page.facts import Facts
from scheduled.views.page.sections import strips
from scheduled.views.page.sections.strips import Strip

GRAVEST = (Kind.STATE, Kind.CONFIGURATION, Kind.DISK)
"""They concern all jobs."""
WARNINGS = (Kind.SLOW, Kind.DEADLINE, Kind.NO_TICKS)
"""The kinds after which runs still succeed."""
MOST = 50
"""So many cards are made; of more things that need a person, each is a sentence, ..."""
SENTENCES = 200
"""... and of still more the number."""
LINES = 6
ERROR_LINES = 4


class Card(NamedTuple):
    """One thing that needs a person."""

    what: str
    """`failing for 9 d`, or a whole sentence where it is about no job."""
    is_error: bool
    job: str = ""
    description: str = ""
    strip: Strip | None = None
    facts: tuple[tuple[str, str], ...] = ()
    """Label and text."""
    lines: tuple[str, ...] = ()
    """What the last run printed."""
    commands: tuple[str, ...] = ()


class NeedsYou(NamedTuple):
    """All of it, the gravest first."""

    cards: tuple[Card, ...]
    more: tuple[str, ...]
    """A sentence for each thing that has no card."""
    left_out: int
    """How many have no sentence, either."""
    known: tuple[str, ...]
    """A sentence for each incident that a person has acknowledged."""


def model(facts: Facts) -> NeedsYou:
    """Return what needs a person. Raises StateError."""
    known = [incident for incident in facts.incidents if facts.is_known(incident)]
    told = {one_line(incident.id): incident for incident in facts.incidents}
    found = [(item, told.get(item.ident)) for item in _urgent(facts)]
    found.sort(key=lambda thing: _rank(*thing))
    more = found[MOST : MOST + SENTENCES]
    return NeedsYou(
        tuple(_card(facts, *thing) for thing in found[:MOST]),
        tuple(_sentence(facts, *thing) for thing in more),
        len(found[MOST + SENTENCES :]),
        tuple(_of_known(facts, incident) for incident in known[:SENTENCES]),
    )


def _sentence(facts: Facts, item: Item, incident: Incident | None) -> str:
    if incident is not None:
        return _of_known(facts, incident)
    return facts.cut(f"{item.subject}: {item.what}" if item.subject else item.what)


def _of_known(facts: Facts, incident: Incident) -> str:
    return facts.cut(incidents.sentence(incident, facts.now))


def count(facts: Facts) -> int:
    """Return how many things need a person."""
    return len(_urgent(facts))


def has_errors(facts: Facts) -> bool:
    """Return whether any of them is more than a warning."""
    kinds = {one_line(incident.id): incident.kind for incident in facts.incidents}
    return any(_is_error(item, kinds.get(item.ident, "")) for item in _urgent(facts))


def _urgent(facts: Facts) -> list[Item]:
    return [item for item in facts.needs if not item.is_known]


def _is_error(item: Item, kind: str) -> bool:
    return item.gravity is not Gravity.WARNING and kind not in WARNINGS


def _rank(item: Item, incident: Incident | None) -> int:
    """Return how little a thing weighs."""
    kind = incident.kind if incident is not None else ""
    if not _is_error(item, kind):
        return 2
    is_of_all = kind in GRAVEST or not (kind or item.subject or item.command)
    return 0 if is_of_all else 1


def _card(facts: Facts, item: Item, incident: Incident | None) -> Card:
    if incident is not None:
        return _of_incident(facts, incident)
    label = "Error" if item.subject else "Advice"
    return Card(
        wording.printed(item.what),
        is_error=_is_error(item, ""),
        job=item.subject,
        description=_description(facts, item.subject),
        facts=((label, facts.cut(item.detail)),) if item.detail else (),
        commands=(item.command,) if item.command else (),
    )


def _of_incident(facts: Facts, incident: Incident) -> Card:
    words = incidents.WORDS.get(incident.kind, incident.kind)
    lasted = span((facts.now - incident.since).total_seconds())
    what = (
        f"{words} {lasted} ago" if incident.kind in incidents.MOMENTS else f"{words} for {lasted}"
    )
    rows = strips.newest_rows(facts, incident.job) if incident.job else []
    failed = next((row for row in rows if row["run_id"] and _is_failure(row)), None)
    return Card(
        what,
        is_error=incident.kind not in WARNINGS,
        job=incident.job,
        description=_description(facts, incident.job),
        strip=strips.strip(facts, rows) if rows else None,
        facts=tuple(_facts(facts, incident, failed)),
        lines=tuple(_lines(facts, incident, failed)),
        commands=tuple(_commands(incident)),
    )


def _description(facts: Facts, job: str) -> str:
    found = next((each for each in facts.snapshot.jobs if each.id == job), None)
    return facts.cut(found.description) if found is not None else ""


def _is_failure(row: Row) -> bool:
    return row["outcome"] is not None and row["outcome"] not in (
        Outcome.SUCCEEDED,
        Outcome.SKIPPED,
        Outcome.MISSED,
    )


def _facts(facts: Facts, incident: Incident, failed: Row | None) -> Iterator[tuple[str, str]]:
    since = facts.moment(incident.since)
    if incident.times > 1:
        since += f", {counted(incident.times, 'time')}, last {facts.moment(incident.last_at)}"
    yield "Since", since
    if incident.job:
        success = parse_utc(facts.snapshot.entry(incident.job).get("last_success"))
        yield "Last success", facts.moment(success) if success else "none on record"
    if incident.last_error:
        yield "Error", _first_lines(facts, wording.printed(incident.last_error))
    if failed is not None and failed["where"]:
        yield "Ran", facts.cut(wording.where(failed["where"]))
    for sentence in incident.changed:
        yield "Changed", facts.cut(sentence)
    if next_run := _next(facts, incident):
        yield "Next", next_run
    yield "Told", _told(facts, incident)


def _first_lines(facts: Facts, text: str) -> str:
    lines = text.splitlines()
    more = f"\nand {len(lines) - ERROR_LINES} more" if len(lines) > ERROR_LINES else ""
    return "\n".join(map(facts.cut, lines[:ERROR_LINES])) + more


def _next(facts: Facts, incident: Incident) -> str:
    job = next((job for job in facts.snapshot.jobs if job.id == incident.job), None)
    if job is None:
        return "never: the job is not configured any more" if incident.job else ""
    if not facts.is_enabled(job):
        return f"never, until `scheduled enable {job.id}`"
    start = facts.snapshot.next_start(job)
    if start is None:
        return "not planned"
    memory = facts.snapshot.record(job.id)
    is_retry = memory.retry is not None and memory.retry.slot == start.slot
    what = f", attempt {memory.retry.attempt}" if is_retry and memory.retry else ""
    return f"{_soon(facts, start.at)}{what}"


def _soon(facts: Facts, at: datetime) -> str:
    return facts.moment(at) if at > facts.now else "at the next tick"


def _told(facts: Facts, incident: Incident) -> str:
    how = "" if incident.has_message else " (printed by the tick; no channel is configured)"
    if not incident.reminders:
        return f"{facts.moment(incident.told_at)}{how}"
    reminders = counted(incident.reminders, "reminder")
    return (
        f"{facts.moment(incident.since)}; {reminders}, last {facts.moment(incident.told_at)}{how}"
    )


def _lines(facts: Facts, incident: Incident, failed: Row | None) -> list[str]:
    if failed is None or incident.kind in WARNINGS:
        return []
    known = {*incident.last_error.splitlines()}  # a handler prints its error as well
    printed = strips.last_lines(facts, incident.job, failed["run_id"], LINES)
    return [line for line in printed if line not in known]


def _commands(incident: Incident) -> Iterator[str]:
    """Yield what to type: to learn more, to try again, to silence it."""
    job = shlex.quote(incident.job)
    match incident.kind:
        case Kind.FAILING | Kind.DEADLINE:
            yield from (f"scheduled why {job}", f"scheduled logs {job}")
        case Kind.DEAD_LETTER:
            yield from (f"scheduled logs {job}", f"scheduled dead-letter retry {job}")
        case Kind.SUSPENDED:
            yield from (f"scheduled logs {job}", f"scheduled enable {job}")
        case Kind.MISSED:
            yield from (f"scheduled why {job}", f"scheduled trigger {job}")
        case Kind.SLOW:
            yield f"scheduled history {job}"
        case Kind.CONFIGURATION:
            yield "scheduled config validate"
        case Kind.STATE:
            yield "scheduled state check"
        case Kind.UNREACHABLE:
            yield "scheduled executors"
        case Kind.UNDELIVERABLE:
            yield "scheduled notify test"
        case _:
            yield "scheduled doctor"
    yield f"scheduled ack {incident.id}"
