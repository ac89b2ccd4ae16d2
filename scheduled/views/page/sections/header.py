"""The head of the page: the state in a sentence, and what it is the state of."""

from datetime import datetime

from scheduled.quick_classes import NamedTuple
from scheduled.views.format import counted, span
from scheduled.views.page import moments
from scheduled.views.page.facts import Facts
from scheduled.views.page.sections import needs_you

WELL, WARNING, ERROR = "well", "warning", "error"
SLOWEST = 600.0
"""Seconds: a tick comes and writes the page at least this often, whatever is due."""


class Header(NamedTuple):
    """What the head says."""

    things: int
    """How many of them need a person."""
    icon: str
    """WELL, WARNING or ERROR."""
    sentence: str
    title: str
    at: datetime
    date: str
    """The same for a person: `Sat 31 Oct 2026, 14:32:05`."""
    zone: str
    host: str
    root: str
    last_tick: datetime | None
    cadence: str
    """How often a tick is expected: `every minute`."""
    fresh: str
    """How old the page may get before something is wrong; empty if nobody writes it again."""


def model(facts: Facts) -> Header:
    """Return the head."""
    count = needs_you.count(facts)
    sentence = _sentence(facts, count)
    interval = facts.snapshot.cadence.interval.total_seconds()
    local = facts.now.astimezone(facts.zone)
    clock = moments.clock(facts.now, facts.zone, seconds=True)
    return Header(
        count,
        (ERROR if needs_you.has_errors(facts) else WARNING) if count else WELL,
        sentence,
        f"{count} need{'s' if count == 1 else ''} you: {facts.host or facts.config.places.root}",
        facts.now,
        f"{moments.day(facts.now, facts.zone)} {local.year}, {clock}",
        moments.zone(facts.now, facts.zone),
        facts.host,
        str(facts.config.places.root),
        facts.snapshot.last_tick,
        "every minute" if interval == 60 else f"every {span(interval)}",
        span(max(SLOWEST, interval) + 2 * interval) if facts.is_refreshed else "",
    )


def _sentence(facts: Facts, count: int) -> str:
    jobs, well = len(facts.jobs), len(_well(facts))
    if not jobs:
        state = "no jobs are configured" if not facts.config.problems else "no job can be read"
    elif well == jobs:
        state = "the job is well" if jobs == 1 else f"all {jobs} jobs are well"
    else:
        state = f"{well} of {counted(jobs, 'job')} {'is' if well == 1 else 'are'} well"
    needs = (
        f"{count} {'thing needs' if count == 1 else 'things need'}" if count else "Nothing needs"
    )
    return f"{needs} you; {state}"


def _well(facts: Facts) -> set[str]:
    """Return the jobs about which `status` says nothing that needs a person, known or not."""
    return {job.id for job in facts.jobs} - {item.subject for item in facts.needs}
