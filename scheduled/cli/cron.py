"""`scheduled cron`: the lines that make cron fire `scheduled run`."""

import contextlib
import difflib
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import click

import scheduled
from scheduled import cronline, crontab
from scheduled.cli.session import Session
from scheduled.config import Config
from scheduled.errors import UnavailableError, UsageError
from scheduled.places import Places

_FORCE_HELP = "Overwrite a block that was edited by hand; the difference is shown."
_DRY_RUN_HELP = "Show the difference and change nothing."

_every = click.option(
    "--every",
    metavar="N",
    help="Tick every N minutes, or 1h, 2h ...; else as `tick_interval` in the configuration says.",
)
_hourly = click.option(
    "--hourly", is_flag=True, help="Two entries instead: `run` each hour, `daily-report` at 8 AM."
)
_log = click.option(
    "--log",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Append what a tick prints to FILE; without it cron mails it to MAILTO.",
)
_dry_run = click.option("--dry-run", is_flag=True, help=_DRY_RUN_HELP)
_force = click.option("--force", is_flag=True, help=_FORCE_HELP)


@click.group("cron")
def cron() -> None:
    """Put the tick into your crontab, take it out, look at it.

    Nothing but our own block of lines is ever changed, and the old crontab is kept beside the
    state.
    """


@cron.command()
@_every
@_hourly
@_log
@_dry_run
@_force
@click.pass_context
def install(
    context: click.Context,
    *,
    every: str | None,
    hourly: bool,
    log: Path | None,
    dry_run: bool,
    force: bool,
) -> None:
    """Add the lines to your crontab, or bring them up to date."""
    config = _config(context)
    name = crontab.installation(config.places.state_dir)
    lines = _lines(config, every, hourly, log)
    with _or_by_hand(crontab.block_text(name, lines)):
        before = crontab.read()
        after = _decided(
            before,
            lambda forced: crontab.with_block(before or b"", name, lines, force=forced),
            force,
        )
        if after == before:
            click.echo(f"Nothing to do: the block stands in your crontab, {_where(after, name)}.")
        elif _shown(
            before, after, dry_run=dry_run, aloud=bool(crontab.blocks(before or b"", name))
        ):
            replaced = crontab.replace(before, after, config.places.state_dir, context.obj.now)
            click.echo(f"Installed in your crontab, {_where(after, name)}.")
            _tell_backup(replaced)
            _hint(config, every, hourly)


@cron.command()
@_dry_run
@_force
@click.pass_context
def uninstall(context: click.Context, *, dry_run: bool, force: bool) -> None:
    """Take the lines out of your crontab; all others stay as they are."""
    places = _config(context).places
    name = crontab.installation(places.state_dir)
    before = crontab.read()
    after = _decided(
        before, lambda forced: crontab.without_block(before or b"", name, force=forced), force
    )
    if after == (before or b""):
        click.echo("Nothing to do: no block of this installation in your crontab.")
    elif _shown(before, after, dry_run=dry_run, aloud=force):
        replaced = crontab.replace(before, after, places.state_dir, context.obj.now)
        click.echo("Removed from your crontab.")
        if replaced.text != after:
            click.echo("The last line had no newline; `crontab` insists on one, so it has one now.")
        _tell_backup(replaced)


@cron.command()
@_every
@_hourly
@_log
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.pass_context
def show(
    context: click.Context, *, every: str | None, hourly: bool, log: Path | None, as_json: bool
) -> None:
    """Print the block, and whether it is as it was written; else what would be installed."""
    config = _config(context)
    name = crontab.installation(config.places.state_dir)
    would_install = crontab.block_text(name, _lines(config, every, hourly, log))
    report = _report(crontab.read() or b"", name, would_install)
    if as_json:
        click.echo(json.dumps(report, indent=2, ensure_ascii=False))
        return
    click.echo(f"{_HEADLINES[str(report['status'])]} {report['problem'] or ''}".rstrip())
    lines = report["would_install"] if report["status"] == "absent" else report["block"]
    click.echo(lines or "", nl=False)


_HEADLINES = {
    "absent": "Not in your crontab. `scheduled cron install` would add:",
    "intact": "In your crontab, as it was written:",
    "edited": "In your crontab, but not as it was written.",
    "broken": "In your crontab, but its markers do not pair up.",
}


def _report(text: bytes, name: str, would_install: bytes) -> dict[str, object]:
    """The JSON of `show`. `lines` are the numbers of the first and the last, markers included."""
    status, problem, block = "absent", None, None
    try:
        found = crontab.blocks(text, name)
        block = found[0] if found else None
        if block is not None:
            status = "intact" if block.intact else "edited"
        crontab.without_block(text, name)
    except crontab.CrontabError as error:
        problem = str(error)
        status = "broken" if block is None or len(found) > 1 else status
    return {
        "id": name,
        "status": status,
        "problem": problem,
        "lines": [block.first_line, block.last_line] if block else None,
        "version": block.version if block else None,
        "block": _readable(text[block.start : block.end]) if block else None,
        "would_install": _readable(would_install),
    }


def _config(context: click.Context) -> Config:
    session: Session = context.obj
    return session.config


def _lines(config: Config, every: str | None, hourly: bool, log: Path | None) -> Sequence[bytes]:
    if hourly and every is not None:
        raise UsageError("--hourly and --every exclude each other; give one of them")
    target = _target(config.places)
    log = _checked_log(log)
    if hourly:
        return cronline.seed_lines(target, log)
    return cronline.tick_lines(target, cronline.every(every or _expected(config)), log)


def _expected(config: Config) -> str:
    """The interval the configuration counts on, as `--every` has it."""
    return str(max(1, round(config.tick_interval / 60)))


def _hint(config: Config, every: str | None, hourly: bool) -> None:
    interval = "1h" if hourly else every or _expected(config)
    if cronline.minutes_in(interval) * 60 != config.tick_interval:
        click.echo(
            f"Set `tick_interval: {cronline.minutes_in(interval)}m` in the configuration, so that"
            " the time between two ticks is not taken for an outage."
        )


def _target(places: Places) -> cronline.Target:
    """The program as it runs now: the same interpreter, the same copy, the same places."""
    if not sys.executable:
        raise UnavailableError("Python does not know where it lies itself; call it by its path")
    options = ["--root", str(places.root), "--state-dir", str(places.state_dir)]
    if places.config_path is not None:
        options = ["--config", str(places.config_path), *options]
    return cronline.Target(
        # Not resolved: the link in a virtual environment is what leads to its packages.
        python=Path(os.path.abspath(sys.executable)),
        entry=Path(scheduled.__file__).absolute().with_name("__main__.py"),
        options=options,
    )


def _checked_log(log: Path | None) -> Path | None:
    if log is None:
        return None
    path = Path(os.path.abspath(log))
    if not path.parent.is_dir():
        raise UsageError(
            f"--log {log}: {path.parent} is no folder; cron's shell would stop there"
            " and no tick would ever come. Make the folder first"
        )
    return path


def _decided(before: bytes | None, change: Callable[[bool], bytes], force: bool) -> bytes:
    """The new text; where it is refused, the refusal says what --force would change."""
    try:
        return change(force)
    except crontab.CrontabError as refusal:
        try:
            difference = _difference(before, change(True))
        except crontab.CrontabError:
            raise refusal from None
        raise crontab.CrontabError(f"{refusal}\n{difference}") from refusal


def _shown(before: bytes | None, after: bytes, *, dry_run: bool, aloud: bool) -> bool:
    """Show the difference, on a dry run always; whether to go on and make it."""
    if dry_run or aloud:
        click.echo(_difference(before, after), nl=False)
    if dry_run:
        click.echo("Dry run: nothing was changed.")
    return not dry_run


def _difference(before: bytes | None, after: bytes) -> str:
    """Only the lines that change: the others may hold passwords."""
    old, new = (_readable(text).split("\n") for text in (before or b"", after))
    lines = difflib.unified_diff(old, new, "crontab", "crontab", "now", "then", n=0, lineterm="")
    return "".join(f"{line}\n" for line in lines)


def _readable(text: bytes) -> str:
    return text.decode("utf-8", "backslashreplace")


def _where(text: bytes, name: str) -> str:
    return crontab.blocks(text, name)[0].where


def _tell_backup(replaced: crontab.Replaced) -> None:
    if replaced.backup is not None:
        click.echo(f"The crontab as it was: {click.format_filename(replaced.backup)}")


@contextlib.contextmanager
def _or_by_hand(block: bytes) -> Iterator[None]:
    """Where `crontab` cannot be used, a person perhaps can: give them the lines."""
    try:
        yield
    except UnavailableError as error:
        raise UnavailableError(
            f"{error}\nTo do it by hand, add these lines with `crontab -e`:\n{_readable(block)}"
        ) from error
