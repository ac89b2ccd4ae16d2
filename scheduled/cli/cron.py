"""`scheduled cron`: the lines that make cron fire `scheduled run`."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import click

from scheduled.cli import diagnosis, takeover, tick_calls, timer
from scheduled.cli.context import Session
from scheduled.cli.groups import Group
from scheduled.cli.output import print_json
from scheduled.config.load import Config
from scheduled.ecosystem.logs import SYSTEM_LOGS
from scheduled.errors import UnavailableError, UsageError, reason_of
from scheduled.installation import crontab, crontab_block, crontab_line, tick_lines
from scheduled.installation.tick_lines import TickLine
from scheduled.system.text import decoded, diff, one_line

HOUR = timedelta(hours=1)
SEED_LOG = Path(SYSTEM_LOGS, "scheduled.log")
"""Where the design that this project began with has its two entries append, below the root."""

_FORCE_HELP = "Overwrite a block that was edited by hand; the difference is shown."
_TAKE_OVER_HELP = (
    "Overwrite a block that was edited by hand, and take over a state that another root ticks,"
    " whose ticks stop; the difference is shown."
)
_DRY_RUN_HELP = "Show the difference and change nothing."

_every = click.option(
    "--every",
    metavar="N",
    help="Tick every N minutes, or 1h, 2h and so on; default: `tick_interval` of the"
    " configuration.",
)
_hourly = click.option(
    "--hourly",
    is_flag=True,
    help="Two entries instead: `run` each hour, `daily-report` at 8 AM; their log is"
    " <root>/system_logs/scheduled.log.",
)
_systemd = click.option(
    "--systemd", is_flag=True, help="A systemd timer in your user units instead."
)
_log = click.option(
    "--log",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Append what a tick prints to FILE; without it cron mails it to MAILTO, and systemd keeps"
    " it in its journal.",
)
_dry_run = click.option("--dry-run", is_flag=True, help=_DRY_RUN_HELP)
_force = click.option("--force", is_flag=True, help=_FORCE_HELP)


@click.group("cron", cls=Group)
def cron() -> None:
    """Install, remove or show the crontab entry, or a systemd timer.

    Only the block of lines that scheduled wrote is ever changed, and the old crontab is saved in
    the state directory. Of systemd's units, only the two that scheduled wrote.
    """


@cron.command()
@_every
@_hourly
@_systemd
@_log
@_dry_run
@click.option("--force", is_flag=True, help=_TAKE_OVER_HELP)
@click.pass_obj
def install(
    session: Session,
    *,
    every: str | None,
    hourly: bool,
    systemd: bool,
    log: Path | None,
    dry_run: bool,
    force: bool,
) -> None:
    """Add the lines to your crontab, or update them."""
    config = session.config
    interval = _interval(config, every, hourly=hourly, systemd=systemd)
    stopped = takeover.own_state(session, force=force, dry_run=dry_run)
    if not dry_run:
        takeover.remove_units(session, stopped)
    if systemd:
        timer.install(session, interval, log, dry_run=dry_run, force=force)
    else:
        log = _log_of(config, log, hourly=hourly)
        lines = _lines(config, interval, log, hourly=hourly)
        if log is not None and hourly and not dry_run:
            _create_folder(config, log)
        _install(session, lines, stopped, dry_run=dry_run, force=force)
    if not dry_run:
        tick_calls.note(session, "timer" if systemd else "crontab", interval)
        _mention_other(session, systemd=systemd)
        tick_calls.warn_of_another(config, interval)
        _mention_findings(session, systemd=systemd)


def _install(
    session: Session,
    lines: Sequence[bytes],
    stopped: Sequence[TickLine],
    *,
    dry_run: bool,
    force: bool,
) -> None:
    state_dir, name = session.config.places.state_dir, tick_calls.name(session)
    with _or_print_block(crontab_block.block_text(name, lines)):
        before = crontab.read()
        replacing = [*_former(session, before), *(line.name for line in stopped if line.name)]
        after = _new_text(
            before,
            lambda forced: crontab_block.with_block(
                before or b"", name, lines, replacing=replacing, force=forced
            ),
            force,
        )
        if after == before:
            click.echo(f"Nothing to do: the block is in your crontab, {_where(after, name)}.")
        elif _preview(
            before,
            after,
            dry_run=dry_run,
            aloud=bool(crontab_block.blocks(before or b"", name, *replacing)),
        ):
            replaced = crontab.replace(before, after, state_dir, session.now)
            click.echo(f"Installed in your crontab, {_where(after, name)}.")
            _print_backup(replaced)


@cron.command()
@_systemd
@_dry_run
@_force
@click.pass_obj
def uninstall(session: Session, *, systemd: bool, dry_run: bool, force: bool) -> None:
    """Remove the lines from your crontab. All others stay."""
    if not dry_run:
        takeover.own_state_if_possible(session)
    was_called = tick_calls.is_called(session)
    way = timer.uninstall if systemd else _uninstall
    way(session, dry_run=dry_run, force=force)
    if not dry_run:
        tick_calls.note(session, "timer" if systemd else "crontab", None)
        if was_called and not tick_calls.is_called(session):
            tick_calls.name_jobs_without_ticks(session.config)


def _uninstall(session: Session, *, dry_run: bool, force: bool) -> None:
    before = crontab.read()
    names = [tick_calls.name(session), *_former(session, before)]
    after = _new_text(
        before,
        lambda forced: crontab_block.without_block(before or b"", *names, force=forced),
        force,
    )
    if after == (before or b""):
        click.echo("Nothing to do: no block of this installation in your crontab.")
    elif _preview(before, after, dry_run=dry_run, aloud=force):
        replaced = crontab.replace(before, after, takeover.backup_dir(session), session.now)
        click.echo("Removed from your crontab.")
        if replaced.text != after:
            click.echo("The last line had no newline; `crontab` insists on one, so it has one now.")
        _print_backup(replaced)


@cron.command()
@_every
@_hourly
@_systemd
@_log
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def show(
    session: Session,
    *,
    every: str | None,
    hourly: bool,
    systemd: bool,
    log: Path | None,
    as_json: bool,
) -> None:
    """Print the installed lines, or those that would be installed."""
    config = session.config
    interval = _interval(config, every, hourly=hourly, systemd=systemd)
    if systemd:
        timer.show(session, interval, log, as_json=as_json)
        return
    installed, name = crontab.read() or b"", tick_calls.name(session)
    lines = _lines(config, interval, _log_of(config, log, hourly=hourly), hourly=hourly)
    would_install = crontab_block.block_text(name, lines)
    report = _report(installed, [name, *_former(session, installed)], would_install)
    if as_json:
        print_json(report)
        return
    click.echo(f"{_HEADLINES[str(report['status'])]} {report['problem'] or ''}".rstrip())
    text = report["would_install"] if report["status"] == "absent" else report["block"]
    click.echo(text or "", nl=False)


_HEADLINES = {
    "absent": "Not in your crontab. `scheduled cron install` would add:",
    "intact": "In your crontab, as it was written:",
    "edited": "In your crontab, but not as it was written.",
    "broken": "In your crontab, but its markers do not match.",
}


def _former(session: Session, text: bytes | None) -> list[str]:
    """Return the name that version 0.1.0 gave to the block, if there is one of this root."""
    return tick_calls.former_names(session, tick_lines.in_crontab(text or b""))


def _report(text: bytes, names: Sequence[str], would_install: bytes) -> dict[str, object]:
    """Return the JSON of `show`. `lines` are the first and the last number, markers included."""
    status, problem, block = "absent", None, None
    try:
        blocks = crontab_block.blocks(text, *names)
        block = blocks[0] if blocks else None
        if block is not None:
            status = "intact" if block.intact else "edited"
        crontab_block.without_block(text, *names)
    except crontab_block.CrontabError as error:
        problem = str(error)
        status = "broken" if block is None or len(blocks) > 1 else status
    return {
        "id": block.name if block else names[0],
        "status": status,
        "problem": problem,
        "lines": [block.first_line, block.last_line] if block else None,
        "version": block.version if block else None,
        "block": decoded(text[block.start : block.end]) if block else None,
        "would_install": decoded(would_install),
    }


def _interval(config: Config, every: str | None, *, hourly: bool, systemd: bool) -> timedelta:
    if hourly and systemd:
        raise UsageError(
            "--hourly writes the two entries of a crontab; with --systemd use --every 1h;"
            " the report at 8 AM is a job of its own"
        )
    if hourly and every is not None:
        raise UsageError("--hourly and --every exclude each other; give one of them")
    return HOUR if hourly else tick_calls.interval(config, every)


def _mention_other(session: Session, *, systemd: bool) -> None:
    """Forget the other way to be called where it is gone; mention it where it is not."""
    if systemd:
        with contextlib.suppress(UnavailableError, crontab_block.CrontabError):
            text = crontab.read() or b""
            names = (tick_calls.name(session), *_former(session, text))
            _mention(session, "crontab", bool(crontab_block.blocks(text, *names)))
    else:
        _mention(session, "timer", timer.look(session).status != "absent")


def _mention(session: Session, way: str, is_there: bool) -> None:
    if not is_there:
        tick_calls.note(session, way, None)
        return
    end = "scheduled cron uninstall" + (" --systemd" if way == "timer" else "")
    click.echo(f"Your {way} calls it as well. That does no harm; `{end}` removes it.")


def _mention_findings(session: Session, *, systemd: bool) -> None:
    """Print what is known to go wrong from now on: no daemon, nobody who is told."""
    names = ("files", "distribution", "mail", *(() if systemd else ("daemon",)))
    for finding in diagnosis.cheap_findings(session, names):
        click.echo(f"{finding.level.value}: {one_line(finding.message)}\n  {finding.remedy}")


def _log_of(config: Config, log: Path | None, *, hourly: bool) -> Path | None:
    if hourly and log is None:
        return config.places.root / SEED_LOG
    return tick_calls.existing_log(log)


def _create_folder(config: Config, log: Path) -> None:
    try:
        log.parent.mkdir(exist_ok=True)
        # The shell that cron starts follows a link in the place of the log.
        if problems := config.trust.place_problems(log.parent):
            raise UsageError(f"log: {'; '.join(problems)}; or choose another log with --log")
    except OSError as error:
        raise UsageError(
            f"{log.parent}: cannot be created: {reason_of(error)}; choose another log with --log"
        ) from error


def _lines(config: Config, interval: timedelta, log: Path | None, *, hourly: bool) -> list[bytes]:
    installed = b""
    with contextlib.suppress(UnavailableError):  # said when it is to be changed
        installed = crontab.read() or b""
    target = tick_calls.target(config, installed)
    if hourly:
        return crontab_line.seed_lines(target, log)
    return crontab_line.tick_lines(target, crontab_line.fields(interval), log)


def _new_text(before: bytes | None, change: Callable[[bool], bytes], force: bool) -> bytes:
    """Return the new text; a refusal says what --force would change."""
    try:
        return change(force)
    except crontab_block.CrontabError as refusal:
        try:
            forced = _difference(before, change(True))
        except crontab_block.CrontabError:
            raise refusal from None
        raise crontab_block.CrontabError(f"{refusal}\n{forced}") from refusal


def _preview(before: bytes | None, after: bytes, *, dry_run: bool, aloud: bool) -> bool:
    """Print the difference, on a dry run always; return whether to make the change."""
    if dry_run or aloud:
        click.echo(_difference(before, after), nl=False)
    if dry_run:
        click.echo("Dry run: nothing was changed.")
    return not dry_run


def _difference(before: bytes | None, after: bytes) -> str:
    return diff(before or b"", after, "crontab")


def _where(text: bytes, name: str) -> str:
    return crontab_block.blocks(text, name)[0].where


def _print_backup(replaced: crontab.Replaced) -> None:
    if replaced.backup is not None:
        click.echo(f"The crontab as it was: {click.format_filename(replaced.backup)}")


@contextlib.contextmanager
def _or_print_block(block: bytes) -> Iterator[None]:
    """Add the lines to the error if `crontab` cannot be used: a person perhaps can."""
    try:
        yield
    except UnavailableError as error:
        raise UnavailableError(
            f"{error}\nTo do it by hand, add these lines with `crontab -e`:\n" + decoded(block)
        ) from error
