"""Run a tick for a command, and print what people and cron's mail get to see of it."""

import os
import sys
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from scheduled.cli.context import Session
from scheduled.errors import ScheduledError
from scheduled.jobs.model import Job, Outcome, ReportOn
from scheduled.runs import output_files
from scheduled.runs.output import OutputFile
from scheduled.state.history import Row
from scheduled.state.store import Store
from scheduled.system import plain_json, streams
from scheduled.system.text import one_line
from scheduled.ticks import tick
from scheduled.ticks.dispatcher import RunRequest
from scheduled.ticks.report import Report
from scheduled.ticks.signals import Bus
from scheduled.views.failure import LINES, failure_block

if TYPE_CHECKING:
    from scheduled.ticks.incident_posts import Change
    from scheduled.views.progress import Screen

MOST_BLOCKS = 20
"""Of more incidents that change in one tick only the number is printed."""


def run_tick(
    session: Session,
    request: RunRequest | None,
    bus: Bus | None = None,
    look: Callable[[], object] = lambda: None,
) -> Report:
    """Run a tick and print nothing."""
    return tick.run(
        session.config,
        session.now,
        environ=session.environ,
        arguments=session.arguments,
        request=request,
        bus=bus or Bus(),
        on_poll=look,
    )


def run_and_print(
    session: Session, request: RunRequest | None, *, as_json: bool, with_output: bool = False
) -> Report:
    """Run a tick: live lines and a summary on a terminal, JSON if asked for, problems always.

    On a terminal, `with_output` shows what the runs print while they go on.
    """
    is_watched = session.is_terminal and not as_json and not session.quiet
    report = (
        _run_watched(session, request, with_output=with_output)
        if is_watched
        else run_tick(session, request)
    )
    if as_json:
        streams.echo(plain_json.dumps(report.document()))
    elif is_watched or session.verbose:
        _print_summary(session, report)
    shown = is_watched and with_output
    print_problems(session, report, is_output_shown=shown, is_by_hand=request is not None)
    return report


def print_problems(
    session: Session, report: Report, *, is_output_shown: bool = False, is_by_hand: bool = True
) -> None:
    """Print what cron should mail: nothing when all is well, or a channel has told of it.

    Warnings of the configuration are only for those who ask for more.
    """
    for warning in session.config.warnings if session.verbose else ():
        _complain(f"scheduled: warning: {one_line(warning)}")
    is_watched = is_by_hand or session.verbose or sys.stderr.isatty()
    for sentence in _sentences(session, report, is_watched=is_watched):
        _complain(f"scheduled: {one_line(sentence)}")
    if report.stopped_by is not None:
        was_interrupted = any(row["outcome"] == Outcome.INTERRUPTED for row in report.ran)
        effect = "what ran is recorded as interrupted" if was_interrupted else "all runs had ended"
        _complain(f"scheduled: stopped by {report.stopped_by.name}; {effect}")
    for text in report.undelivered:
        _complain(f"scheduled: {text}")
    for row in report.told if is_watched else _reported(session, report):
        lines, log, upcoming = _failure_details(session, report, row)
        shown = [] if is_output_shown else lines
        block = failure_block(row, shown, log, upcoming, session.zone, host=os.uname().nodename)
        remarks = () if is_watched else _remarks(report, row)
        _complain("\n".join((block, *remarks)))
    if report.untold and not is_watched:
        _print_incidents(session, report)


def _remarks(report: Report, row: Row) -> list[str]:
    """Return what the incidents add that opened with a failure: one block tells of both."""
    if not report.incidents or row not in report.told:
        return []
    from scheduled.planning.incidents import Act
    from scheduled.views import incident_text

    return [
        line
        for change in report.untold
        if change.act is Act.OPEN and change.incident.job == row["job"]
        for line in incident_text.remarks(change.incident)
    ]


def _sentences(session: Session, report: Report, *, is_watched: bool) -> list[str]:
    """Return what is wrong besides the jobs; under cron without what an incident tells of.

    Where the state cannot be written there is no incident: all of it is printed once an hour.
    """
    error = report.storage_error
    if error is not None and not is_watched:
        from scheduled.cli import refusals

        if not refusals.is_error_news(session, error, was_saved=report.was_saved):
            if not report.was_saved:
                return []
            error = None
    if is_watched or error is not None:
        unsaved = [str(error)] if error is not None else []
        return [*report.problems, *report.recovered, *report.warnings, *unsaved]
    known = [*report.recurring, *_known_for_an_hour(session, report)]
    warnings = [warning for warning in report.warnings if warning not in known]
    to_print = _told_kinds(report.untold)
    is_taken = "state" in _told_kinds(report.incidents) - to_print
    return [
        *(report.problems if "configuration" in to_print else ()),
        *(() if is_taken else report.recovered),
        *warnings,
    ]


def _told_kinds(changes: "Iterable[Change]") -> set[str]:
    """Return of which kinds an incident opened or is brought back to mind."""
    return {change.incident.kind for change in changes if change.act.value in ("open", "remind")}


def _known_for_an_hour(session: Session, report: Report) -> list[str]:
    """Return the warnings that were printed within the last hour."""
    if not report.hourly:
        return []
    from scheduled.cli import refusals

    def is_news(warning: str) -> bool:
        return refusals.is_news(warning, session.now, session.environ)

    return [warning for warning in report.hourly if not is_news(warning)]


def _print_incidents(session: Session, report: Report) -> None:
    """Print a block for each incident that opened, is brought back to mind, or ended.

    Without those that a channel has told of: cron would mail them to the same people again.
    """
    from scheduled.planning.incidents import Act, Kind
    from scheduled.views import incident_text

    silent = {job.id for job in session.known_config.jobs if job.report is ReportOn.NEVER}
    printed = _opened(report) & {row["job"] for row in report.told}  # with the run that failed
    # What was damaged, and what is wrong with the configuration, is printed already.
    kinds = {Kind.STATE: report.recovered, Kind.CONFIGURATION: report.problems}
    above = [
        change
        for change in report.untold
        if change.act in (Act.OPEN, Act.REMIND) and kinds.get(Kind(change.incident.kind))
    ]
    for change in above:
        _complain(f"scheduled: {incident_text.silence(change.incident)}")
    changes = [
        change
        for change in report.untold
        if change.act is not Act.COUNT and change.incident.job not in silent
        if change.act is not Act.OPEN or change.incident.job not in printed
        if change not in above
    ]
    room = max(MOST_BLOCKS - len(printed), 0)
    for act, incident, text, _ in changes[:room]:
        block = incident_text.block(act, incident, text, session.now, session.zone)
        _complain(block)
    if len(changes) > room:
        more = len(changes) - room
        _complain(f"and {more} more; `scheduled incidents` lists what is open")


def _reported(session: Session, report: Report) -> list[Row]:
    """Return the rows to print a block for under cron, as `report` of each job has it.

    A failure is printed when an incident of its job opens, and no channel has told of that; the
    others are in `status`.
    """
    opened = _opened(report)
    jobs = _jobs_told_of(session, report)
    rows = [
        row
        for row in report.told
        if row["job"] in opened
        if row["job"] not in jobs or jobs[row["job"]].report is not ReportOn.NEVER
    ]
    for row in report.announced(jobs):
        path = output_files.log_path(session.config.places.state_dir, row["job"], row["run_id"])
        if path is not None or jobs[row["job"]].report is ReportOn.ALWAYS:
            rows.append(row)
    return rows


def _jobs_told_of(session: Session, report: Report) -> dict[str, Job]:
    """Return the jobs by id, those on offer as well if one ran.

    Only then is the state read anew, for which all ticks would pay.
    """
    jobs = {job.id: job for job in session.config.jobs}
    if any(row["job"] not in jobs for row in (*report.told, *report.ran)):
        jobs = {job.id: job for job in session.known_config.jobs}
    return jobs


def _opened(report: Report) -> set[str]:
    """Return the jobs of which to print that an incident opened, unless there are too many."""
    from scheduled.planning.incidents import Act

    jobs = [change.incident.job for change in report.untold if change.act is Act.OPEN]
    return set(jobs[:MOST_BLOCKS])


def _complain(text: str) -> None:
    """Print on stderr; on a terminal, lines end between words."""
    if sys.stderr.isatty():
        from scheduled.views import terminal, wrapping

        text = wrapping.hanging(text, terminal.size()[0])
    streams.echo(text, err=True)


def print_not_started(report: Report) -> None:
    """Print which jobs were asked for and not started, and why."""
    for job, reason in report.not_started:
        _complain(f"{job}: not started: {one_line(reason)}")


def _run_watched(session: Session, request: RunRequest | None, *, with_output: bool) -> Report:
    from scheduled.views.output_echo import OutputEcho, last_lines
    from scheduled.views.progress import Progress

    bus, state_dir = Bus(), session.config.places.state_dir
    last_line = {} if with_output else {"last_line": last_lines(state_dir, session.config.jobs)}
    earlier = _durations(session)
    with Progress(_screen(session), session.now, session.zone, earlier, **last_line) as live:
        echo = OutputEcho(state_dir, live)
        for watcher in (live, echo) if with_output else (live,):
            bus.subscribe("job_started", watcher.job_started)
            bus.subscribe("job_finished", watcher.job_finished)
            bus.subscribe("job_failed", watcher.job_failed)
        return run_tick(session, request, bus, echo.refresh)


def _screen(session: Session) -> "Screen":
    """Return where live lines are drawn; a dumb terminal gets lines that stay."""
    from scheduled.views import live_lines

    return live_lines.on(sys.stdout, session.environ)


def _durations(session: Session) -> dict[str, list[float]]:
    """Return the durations in which each job last succeeded; the tick reads its state itself."""
    try:
        jobs = Store(session.config.places.state_dir).load().state["jobs"]
    except ScheduledError:  # the tick says so
        return {}
    return {name: entry.get("durations") or [] for name, entry in jobs.items()}


def _print_summary(session: Session, report: Report) -> None:
    from scheduled.views import progress, terminal

    terminal.show(*progress.summary(report.document(), session.zone), color=session.color)
    for note in report.notes:
        streams.echo(one_line(note))


def _failure_details(
    session: Session, report: Report, row: Row
) -> tuple[list[str], Path | None, datetime | None]:
    """Return the last lines a failed run printed, its log, and when it runs next."""
    state_dir = session.config.places.state_dir
    path = output_files.log_path(state_dir, row["job"], row["run_id"])
    lines = OutputFile(path, 0).tail(LINES) if path is not None else []
    return lines, path, report.upcoming.get(row["job"])
