"""`scheduled simulate`: what would run in a period, and what an outage would change."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import click

from scheduled.cli import simulated, when
from scheduled.cli.command import command
from scheduled.cli.context import Session
from scheduled.cli.output import print_json, print_problems
from scheduled.cli.when import length
from scheduled.config.lookup import check_only
from scheduled.errors import UsageError
from scheduled.state.document import empty
from scheduled.system.text import one_line
from scheduled.ticks.simulation.fakes import InMemoryStore
from scheduled.ticks.simulation.simulator import Simulator
from scheduled.ticks.tick import select_jobs
from scheduled.timing.tick_times import Outage, TickTimeline
from scheduled.views import simulation
from scheduled.views.format import clock

PAUSE = 0.2
"""Seconds between two drawings of the progress line."""


@command()
@click.option(
    "--from",
    "start",
    metavar="WHEN",
    help="Start: 2h (from now), 8:00, yesterday, last mon, an ISO date. [now]",
)
@click.option(
    "--to",
    "end",
    metavar="WHEN",
    default="1d",
    help="End: 2h (after --from), 8:00, tomorrow, an ISO date. [1d]",
)
@click.option(
    "--outage",
    "outages",
    multiple=True,
    metavar="A..B",
    help="No ticks from A up to B; repeatable.",
)
@click.option("--tick", "step", metavar="TIME", help="The time between two ticks. [as installed]")
@click.option("--only", multiple=True, metavar="JOB|tag:TAG", help="Show only these; repeatable.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def simulate(
    session: Session,
    *,
    start: str | None,
    end: str,
    outages: tuple[str, ...],
    step: str | None,
    only: tuple[str, ...],
    as_json: bool,
) -> None:
    """Simulate a period: show what would run, and when. Nothing is run or changed.

    Guards and `only_if` are assumed to pass, and every run to succeed at once. A future period
    starts from the current state, with ticks from now on; a past one from an empty state.
    """
    check_only(session.config, only)
    shown_from = session.now
    if start is not None:
        shown_from = when.at("--from", start, session.now, session.config.timezone)
    timeline = _timeline(session, shown_from, end, outages, step)
    is_past = shown_from < session.now
    simulator = _fresh(session, timeline) if is_past else simulated.remembering(session, timeline)
    runs = _rows(session, simulator, shown_from, only)
    kind = simulation.FRESH if is_past else simulation.REMEMBERED
    document = simulation.document(timeline, shown_from, kind, runs)
    print_problems(session)
    if as_json:
        print_json(document)
        return
    from scheduled.views import terminal

    terminal.show(*simulation.page(document, session.zone), color=session.color)


def _timeline(
    session: Session, shown_from: datetime, end: str, outages: tuple[str, ...], step: str | None
) -> TickTimeline:
    """When ticks come. For a time ahead they come from now on, or all until then were missed."""
    start = min(session.now, shown_from)
    timeline = TickTimeline(
        start=start,
        end=_time(session, "--to", end, shown_from),
        step=simulated.pace(session) if step is None else length("--tick", step),
        zone=session.config.timezone,
        outages=tuple(_outage(text, shown_from, session) for text in outages),
    )
    if timeline.end <= shown_from:
        raise UsageError(f"--to {one_line(end, 60)!r} is not after --from")
    simulated.check_length(timeline)
    return timeline


def _outage(text: str, shown_from: datetime, session: Session) -> Outage:
    start, dots, end = text.partition("..")
    if not dots:
        raise UsageError(f"--outage {one_line(text, 60)!r} is not a valid period; write A..B")
    begin, over = (_time(session, "--outage", side, shown_from) for side in (start, end))
    if over <= begin:  # a time of day is the next one then
        over = _time(session, "--outage", end, begin)
    outage = Outage(begin, over)
    if outage.end <= outage.start:
        raise UsageError(f"--outage {one_line(text, 60)!r} ends before it starts")
    return outage


def _time(session: Session, option: str, text: str, origin: datetime) -> datetime:
    return when.at(option, text, session.now, session.config.timezone, origin=origin)


def _fresh(session: Session, timeline: TickTimeline) -> Simulator:
    # How often cron calls is no memory of what was, it is how things are set up.
    state = empty() | {"cadence": session.store.state["cadence"]}
    return Simulator(session.config, InMemoryStore(session.store.state_dir, state), timeline)


def _rows(
    session: Session, simulator: Simulator, shown_from: datetime, only: tuple[str, ...]
) -> list[dict[str, Any]]:
    """Return the rows to show; all jobs are simulated, as they may wait for each other."""
    jobs = {job.id: job for job in simulator.config.jobs}
    selected = {job.id for job in select_jobs(simulator.config.jobs, only)}
    timeline, runs = simulator.timeline, []
    with _progress(timeline, session) as advance:
        for at, rows in simulator.run():
            advance(at)
            matching = [row for row in rows if row["job"] in selected or not only]
            if at >= shown_from:
                runs += [simulation.run(row, at, jobs.get(row["job"])) for row in matching]
    return runs


@contextmanager
def _progress(timeline: TickTimeline, session: Session) -> Iterator[Callable[[datetime], None]]:
    """Draw a progress line on a terminal, gone when it is done, however that ends."""
    if session.quiet or not sys.stderr.isatty():
        yield lambda _: None
        return
    from scheduled.views import live_lines

    screen = live_lines.on(sys.stderr, session.environ)
    total = (timeline.end - timeline.start).total_seconds()
    drawn = 0.0

    def advance(at: datetime) -> None:
        nonlocal drawn
        if time.monotonic() - drawn >= PAUSE:
            drawn = time.monotonic()
            share = (at - timeline.start).total_seconds() / total
            screen.draw([f"simulating: {share:.0%}, {clock(at, session.now, session.zone)}"])

    try:
        yield advance
    finally:
        screen.clear()
