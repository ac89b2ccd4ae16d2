"""`scheduled cron ... --systemd`: the tick as a timer in the user's own systemd."""

import json
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import click

from scheduled.cli import tick_calls
from scheduled.cli.context import Session
from scheduled.config.load import Config
from scheduled.errors import UnavailableError
from scheduled.installation import crontab_block, systemd, systemd_units
from scheduled.installation.systemd import Installed
from scheduled.system.text import decoded, diff

_HEADLINES = {
    "absent": "No units of this installation. `scheduled cron install --systemd` would write:",
    "intact": "Units as they were written",
    "incomplete": "One of the two units is missing; `scheduled cron install --systemd` fixes that",
    "edited": "Units edited by hand since they were written",
}
_STATES = {True: "the timer runs", False: "the timer does not run", None: "systemd does not answer"}


def look(config: Config, environ: Mapping[str, str]) -> Installed:
    """The units of this installation as they lie on the disk. Raises StateError."""
    name = crontab_block.installation(config.places.state_dir)
    return systemd.look(systemd.folder(environ), name)


def install(
    session: Session, interval: timedelta, log: Path | None, *, dry_run: bool, force: bool
) -> None:
    """Write the units and start the timer.

    Raises UnavailableError where systemd cannot be asked; the units are written then.
    """
    found = look(session.config, session.environ)
    texts = _texts(session.config, interval, log)
    if found.texts == texts and systemd.is_active(found.timer):
        click.echo(f"Nothing to do: {found.timer} is in {found.folder} and runs.")
    elif _goes_on(found, texts, dry_run=dry_run, aloud=found.status != "absent"):
        systemd.install(found, texts, force=force)
        click.echo("Written: " + ", ".join(str(found.folder / name) for name in texts))
        tick_calls.note(
            session, "timer", interval
        )  # before systemd is asked, which may not be there
        _start(found)


def uninstall(session: Session, *, dry_run: bool, force: bool) -> None:
    """Stop the timer and remove the units, unless somebody edited them."""
    found = look(session.config, session.environ)
    if found.status == "absent":
        click.echo(f"Nothing to do: no units of this installation in {found.folder}.")
    elif _goes_on(found, {}, dry_run=dry_run, aloud=force):
        untold = systemd.uninstall(found, force=force)
        click.echo(f"Removed from {found.folder}: {', '.join(found.texts)}")
        if untold is not None:
            tick_calls.note(session, "timer", None)
            raise untold


def show(session: Session, interval: timedelta, log: Path | None, *, as_json: bool) -> None:
    """Print the units, and whether they are as they were written and in force."""
    found = look(session.config, session.environ)
    would_install = _texts(session.config, interval, log)
    active = None if found.status == "absent" else systemd.is_active(found.timer)
    if as_json:
        report = {
            "id": crontab_block.installation(session.config.places.state_dir),
            "status": found.status,
            "active": active,
            "units": _shown(found.folder, found.texts),
            "would_install": _shown(found.folder, would_install),
        }
        click.echo(json.dumps(report, indent=2, ensure_ascii=False))
        return
    headline = _HEADLINES[found.status]
    absent = found.status == "absent"
    click.echo(headline if absent else f"{headline}; {_STATES[active]}.")
    for path, text in _shown(found.folder, would_install if absent else found.texts).items():
        click.echo(f"\n{path}\n{text}", nl=False)


def _start(found: Installed) -> None:
    timer = found.timer
    try:
        systemd.start(timer)
    except UnavailableError as error:
        raise UnavailableError(
            f"{error}\nThe units are written, but not started. Where systemd runs, in a"
            " session of your own, type:\n  systemctl --user daemon-reload\n"
            f"  systemctl --user enable --now {timer}"
        ) from error
    click.echo(f"systemd calls it now: systemctl --user list-timers {timer}")
    if not systemd.lingers():
        click.echo(
            "It does so while you are logged in. To keep it running when you are not:"
            " loginctl enable-linger"
        )


def _texts(config: Config, interval: timedelta, log: Path | None) -> dict[str, bytes]:
    name = crontab_block.installation(config.places.state_dir)
    target, log = tick_calls.target(config), tick_calls.existing_log(log)
    return systemd_units.texts(name, target, interval, log, systemd.setsid())


def _goes_on(found: Installed, texts: Mapping[str, bytes], *, dry_run: bool, aloud: bool) -> bool:
    """Show the difference, on a dry run always; whether to go on and make it."""
    for name, before in found.texts.items() if dry_run or aloud else ():
        path = str(found.folder / name)
        click.echo(diff(before or b"", texts.get(name, b""), path), nl=False)
    if dry_run:
        click.echo("Dry run: nothing was changed.")
    return not dry_run


def _shown(folder: Path, texts: Mapping[str, bytes | None]) -> dict[str, str]:
    held = {str(folder / name): text for name, text in texts.items() if text is not None}
    return {path: decoded(text) for path, text in held.items()}
