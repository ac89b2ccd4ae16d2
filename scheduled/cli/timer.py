"""`scheduled cron ... --systemd`: the tick as a timer in the user's own systemd."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import click

from scheduled.cli import tick_calls
from scheduled.cli.context import Session
from scheduled.cli.output import print_json
from scheduled.errors import UnavailableError
from scheduled.installation import systemd, systemd_units, tick_lines
from scheduled.installation.systemd import Installed
from scheduled.system.text import decoded, diff

_HEADLINES = {
    "absent": "No units of this installation. `scheduled cron install --systemd` would write:",
    "intact": "Units as they were written",
    "incomplete": "One of the two units is missing; `scheduled cron install --systemd` fixes that",
    "edited": "Units edited by hand since they were written",
}
_STATES = {True: "the timer runs", False: "the timer does not run", None: "systemd does not answer"}


def look(session: Session) -> Installed:
    """Return the units of this installation on the disk; if there are none, those of 0.1.0.

    Raises StateError.
    """
    folder = systemd.folder(session.environ)
    units = systemd.look(folder, tick_calls.name(session))
    former = former_units(session) if units.status == "absent" else None
    return former or units


def former_units(session: Session) -> Installed | None:
    """Return the units that version 0.1.0 wrote for this root and state, if there are any."""
    folder = systemd.folder(session.environ)
    names = tick_calls.former_names(session, tick_lines.in_units(folder))
    return systemd.look(folder, names[0]) if names else None


def install(
    session: Session, interval: timedelta, log: Path | None, *, dry_run: bool, force: bool
) -> None:
    """Write the units and start the timer.

    Raises UnavailableError where systemd cannot be asked; the units are written then.
    """
    units = systemd.look(systemd.folder(session.environ), tick_calls.name(session))
    texts = _texts(session, interval, log)
    former = former_units(session)
    if former is not None and not dry_run:
        systemd.uninstall(former, force=force)
        click.echo(f"Removed, as version 0.1.0 wrote them: {', '.join(former.texts)}")
    if units.texts == texts and systemd.is_active(units.timer):
        click.echo(f"Nothing to do: {units.timer} is in {units.folder} and runs.")
    elif _preview(units, texts, dry_run=dry_run, aloud=units.status != "absent"):
        systemd.install(units, texts, force=force)
        click.echo("Written: " + ", ".join(str(units.folder / name) for name in texts))
        tick_calls.note(
            session, "timer", interval
        )  # before systemd is asked, which may not be there
        _start(units)


def uninstall(session: Session, *, dry_run: bool, force: bool) -> None:
    """Stop the timer and remove the units, unless somebody edited them."""
    units = look(session)
    if units.status == "absent":
        click.echo(f"Nothing to do: no units of this installation in {units.folder}.")
    elif _preview(units, {}, dry_run=dry_run, aloud=force):
        error = systemd.uninstall(units, force=force)
        click.echo(f"Removed from {units.folder}: {', '.join(units.texts)}")
        if error is not None:
            tick_calls.note(session, "timer", None)
            raise error


def show(session: Session, interval: timedelta, log: Path | None, *, as_json: bool) -> None:
    """Print the units, and whether they are as they were written and in force."""
    units = look(session)
    would_install = _texts(session, interval, log)
    active = None if units.status == "absent" else systemd.is_active(units.timer)
    if as_json:
        report = {
            "id": systemd_units.name_in(units.timer),
            "status": units.status,
            "active": active,
            "units": _printable(units.folder, units.texts),
            "would_install": _printable(units.folder, would_install),
        }
        print_json(report)
        return
    headline = _HEADLINES[units.status]
    absent = units.status == "absent"
    click.echo(headline if absent else f"{headline}; {_STATES[active]}.")
    for path, text in _printable(units.folder, would_install if absent else units.texts).items():
        click.echo(f"\n{path}\n{text}", nl=False)


def _start(units: Installed) -> None:
    timer = units.timer
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


def _texts(session: Session, interval: timedelta, log: Path | None) -> dict[str, bytes]:
    name = tick_calls.name(session)
    target, log = tick_calls.target(session.config), tick_calls.existing_log(log)
    return systemd_units.texts(name, target, interval, log, systemd.setsid())


def _preview(units: Installed, texts: Mapping[str, bytes], *, dry_run: bool, aloud: bool) -> bool:
    """Print the difference, on a dry run always; return whether to make the change."""
    for name, before in units.texts.items() if dry_run or aloud else ():
        path = str(units.folder / name)
        click.echo(diff(before or b"", texts.get(name, b""), path), nl=False)
    if dry_run:
        click.echo("Dry run: nothing was changed.")
    return not dry_run


def _printable(folder: Path, texts: Mapping[str, bytes | None]) -> dict[str, str]:
    present = {str(folder / name): text for name, text in texts.items() if text is not None}
    return {path: decoded(text) for path, text in present.items()}
