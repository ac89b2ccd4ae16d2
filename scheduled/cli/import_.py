"""`scheduled config import`: the jobs of other schedulers become job files."""

import os
import sys
from datetime import datetime, timedelta
from pathlib import Path

import click

from scheduled.cli import registering, tick_calls
from scheduled.cli.command import command
from scheduled.cli.context import Session
from scheduled.cli.job_file import warn_of_lacks
from scheduled.cli.output import print_json
from scheduled.cli.values import Choice
from scheduled.config import paths
from scheduled.config.importers import detect, proposal, systemd_units, this_machine
from scheduled.config.importers.findings import Findings, SourceKind
from scheduled.config.importers.proposal import Proposal
from scheduled.errors import ConfigError, UnreadableFileError, UsageError
from scheduled.planning.standing import Start
from scheduled.quick_classes import replace
from scheduled.state import events
from scheduled.system.files import read_bytes
from scheduled.timing.instants import parse_utc

KINDS = [str(kind) for kind in SourceKind]
_LATELY = timedelta(hours=1)
LARGEST = 4 * 1024 * 1024
"""Bytes that are read from a pipe; more is no crontab."""


@command("import")
@click.argument("file", required=False)
@click.option("--crontab", "from_crontab", is_flag=True, help="Your own crontab, by `crontab -l`.")
@click.option("--from", "kind", type=Choice(KINDS), help="The format, if it cannot be detected.")
@click.option(
    "--system/--no-system",
    default=None,
    help="A crontab whose lines name a user, only your lines are imported; or one without users.",
)
@click.option("--yaml", "with_files", is_flag=True, help="Show each file, not only a table.")
@click.option("--yes", is_flag=True, help="Write without asking.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object; ask nothing.")
@click.pass_context
def import_(
    context: click.Context,
    *,
    file: str | None,
    from_crontab: bool,
    kind: str | None,
    system: bool | None,
    with_files: bool,
    yes: bool,
    as_json: bool,
) -> int:
    """Create job files from a crontab or another scheduler.

    FILE is a crontab, an anacrontab, a timer of systemd, gptme's scheduler.yaml, AICO's core.yaml,
    CIRIS's tasks as JSON, AIPass's .daemon/*.json, cron/jobs.json of OpenClaw or Hermes, a manifest
    with CronJobs of Kubernetes, or ofelia's INI file or labels. It may be - for standard input; a
    directory of timers or of AIPass's branches; or nothing for the branches that are registered in
    the root. Prints a table of the jobs; nothing is written until you confirm. Existing files are
    never overwritten, and the crontab is left as it is.
    """
    session: Session = context.obj
    proposed = _proposal(session, file, from_crontab, SourceKind(kind) if kind else None, system)
    if not as_json:
        _print_proposal(proposed, with_files=with_files)
    warn_of_lacks(session, [file.job for _, file in proposed.jobs])
    if proposed.is_empty or not (yes or (not as_json and _confirm(file))):
        if as_json:
            _print_json(proposed, [])
        elif not proposed.is_empty:
            more = "" if with_files or not proposed.jobs else "; --yaml shows the files"
            click.echo(f"Nothing has been written; use --yes to write it{more}.")
        return 0
    session.own_state()
    before = session.config.problems
    written = proposal.write(proposed)
    code = _register(session, proposed)
    if not code:
        _remember(session, proposed)
    if as_json:
        _print_json(proposed, written)
    else:
        _print_written(proposed, written)
        _say_if_not_called(session)
    return _problems_since(before, session) or code


def _proposal(
    session: Session,
    file: str | None,
    from_crontab: bool,
    kind: SourceKind | None,
    system: bool | None,
) -> Proposal:
    if kind is SourceKind.AIPASS and not from_crontab:
        if file is None or _is_folder(session, file):
            return _of_branches(session, file)
    elif file is not None and kind in (None, SourceKind.SYSTEMD) and _is_folder(session, file):
        folder = paths.absolute(file, session.cwd, session.environ)
        if kind is SourceKind.SYSTEMD or detect.has_timers(folder):
            return _proposed(session, detect.read_timers(folder, _reader(session)))
        return _of_branches(session, file)
    if (file is None) is not from_crontab:
        raise UsageError(
            "give one of: a file, - for standard input, --crontab; or --from aipass for the jobs"
            " of the registered branches"
        )
    data, label, folder = _input(session, file)
    if from_crontab:
        kind = SourceKind.CRONTAB
    elif system is None and file != "-":
        system = detect.names_users(folder / label) or None
    # Nobody names users in a crontab of their own, and --no-system says that nobody does here.
    users = this_machine.likely_users() if system is None and not from_crontab else ()
    reader = replace(_reader(session), user=this_machine.user_name() if system else "", users=users)
    findings = detect.read(data, label, folder, kind, reader)
    if findings.kind is SourceKind.AIPASS and file == "-":
        raise UsageError(
            "jobs of AIPass are read from a file or a directory, not from standard input: a command"
            " runs in the directory of its branch"
        )
    return _proposed(session, findings)


def _reader(session: Session) -> detect.Reader:
    specifiers = this_machine.specifiers()
    return detect.Reader(
        session.now,
        is_root=os.geteuid() == 0,
        zone=session.zone,
        halves_backslashes=this_machine.has_debians_cron(),
        name=specifiers["u"],
        home=specifiers["h"],
        specifiers=specifiers,
    )


def _is_folder(session: Session, file: str) -> bool:
    return file != "-" and paths.absolute(file, session.cwd, session.environ).is_dir()


def _of_branches(session: Session, file: str | None) -> Proposal:
    """Return the proposal for AIPass's jobs in a directory, or of the registered branches."""
    path = paths.absolute(file, session.cwd, session.environ) if file is not None else None
    reader = detect.Reader(session.now, zone=session.zone)
    return _proposed(session, detect.read_branches(path, session.config.places.root, reader))


def _proposed(session: Session, findings: Findings) -> Proposal:
    return proposal.propose(findings, session.config, paths.config_to_write(session.path_options))


def _register(session: Session, proposed: Proposal) -> int:
    """Put the new jobs on record, intervals with a rhythm of their own from an instant of it."""
    codes = [
        registering.register(session, [new.job.id], start=_start(imported.anchor))
        for imported, new in proposed.jobs
        if imported.anchor is not None
    ]
    new = [*proposed.jobs, *(proposed.changes if proposed.settings.is_new else ())]
    return max(*codes, registering.register(session, [file.job.id for _, file in new]), 0)


def _start(anchor: datetime) -> Start:
    return Start(anchor - timedelta(seconds=1), lambda _: (anchor,))


def _input(session: Session, file: str | None) -> tuple[bytes, str, Path]:
    """Return what is to be read, what messages call it, and the directory it comes from."""
    if file is None:
        from scheduled.installation import crontab

        return crontab.read() or b"", "crontab", session.cwd
    if file == "-":
        data = sys.stdin.buffer.read(LARGEST + 1)
        if len(data) > LARGEST:
            raise UsageError(f"standard input: more than {LARGEST // 1024**2} MB")
        return data, "standard input", session.cwd
    path = paths.absolute(file, session.cwd, session.environ)
    try:
        return read_bytes(systemd_units.template_of(path) or path), path.name, path.parent
    except UnreadableFileError as error:
        raise UsageError(str(error)) from error


def _confirm(file: str | None) -> bool:
    """Ask on a terminal; anywhere else the answer is no."""
    if file == "-" or not (sys.stdin.isatty() and sys.stdout.isatty()):
        return False
    return click.confirm("Write this?")


def _print_proposal(proposed: Proposal, *, with_files: bool) -> None:
    from scheduled.config.importers import render

    click.echo(render.text(proposed, with_files=with_files))
    if proposed.is_empty:
        nothing = not (proposed.left_out or proposed.settings.text)
        what = "are only comments and variables" if _is_crontab(proposed) else "is no job in it"
        click.echo(f"Nothing to write: there {what}." if nothing else "Nothing to write.")
        click.echo(render.settings_to_add(proposed.settings), nl=False)


def _is_crontab(proposed: Proposal) -> bool:
    return proposed.findings.kind in (SourceKind.CRONTAB, SourceKind.ANACRON)


def _print_written(proposed: Proposal, written: list[Path]) -> None:
    from scheduled.config.importers import render

    click.echo("".join(f"written: {path}\n" for path in written))
    for block in (render.settings_to_add(proposed.settings), render.lines_to_remove(proposed)):
        click.echo(block, nl=False)


def _say_if_not_called(session: Session) -> None:
    """Print that no tick comes and no line calls one, if so: then nothing of it will run."""
    last = parse_utc(session.store.state["ticks"].get("last"))
    comes = last is not None and session.now - last < _LATELY
    if comes or tick_calls.is_called(session):
        return
    remedy = "to have cron do it, type: scheduled cron install"
    click.echo(f"\nNothing calls `scheduled run` yet; {remedy}")


def _remember(session: Session, proposed: Proposal) -> None:
    """Record how often the imported jobs were deferred where they come from."""
    for imported, new in proposed.jobs:
        if imported.deferrals.count:
            session.keep(
                events.deferrals_imported(
                    new.job.id, imported.deferrals.count, imported.deferrals.history
                )
            )


def _print_json(proposed: Proposal, written: list[Path]) -> None:
    from scheduled.config.importers import render

    print_json(render.document(proposed, written))


def _problems_since(before: tuple[str, ...], session: Session) -> int:
    """Load the configuration as the next tick will, and print the new problems."""
    from scheduled.config.load import load

    try:
        now = load(session.path_options).problems
    except ConfigError as error:
        now = error.problems
    for problem in (problem for problem in now if problem not in before):
        click.echo(problem, err=True)
    return 2 if set(now) - set(before) else 0
