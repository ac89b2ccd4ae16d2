"""Does anything call the ticks: the daemon, our block or units, and what their lines name."""

import os
import re
import shlex
import stat
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from scheduled.idle import FLAGS
from scheduled.installation import (
    crontab_block,
    crontab_entries,
    crontab_line,
    idle_script,
    systemd,
    systemd_units,
)
from scheduled.installation.crontab_block import CrontabError
from scheduled.installation.crontab_entries import CRONTAB
from scheduled.installation.doctor import executables, redirection
from scheduled.installation.doctor.facts import Facts, words
from scheduled.installation.doctor.finding import Finding, Level, error, warning
from scheduled.system import daemons, machine, owners
from scheduled.version import __version__

ENTRY = ("scheduled", "__main__.py")
"""How the path of the way in ends, which a line of cron's calls."""
MINUTE = timedelta(minutes=1)
_NO_SHELLS = frozenset(("false", "nologin", "true"))
SPOOL = Path("/var/spool/cron/crontabs")
"""Where Debian's cron has the crontabs of users; others are less strict."""
_VERSION = re.compile(r"""^__version__ = ["'](?P<version>[^"']+)["']""", re.MULTILINE)


def daemon(facts: Facts) -> Iterator[Finding]:
    """Whether a daemon runs that calls the ticks."""
    callers = daemons.running()
    if callers is None:
        yield Finding(Level.OK, "which processes run cannot be seen here")
        return
    if not callers.cron and (facts.tick_entries or not facts.unit_lines):
        yield error(
            "no cron daemon runs, so no tick comes (in a container, type: cron; on Fedora and Arch"
            " the service is crond or cronie)",
            "systemctl enable --now cron",
        )
    if facts.unit_lines and not facts.tick_entries and not callers.timers:
        yield error(
            "systemd does not run for this user, so nothing starts the timer",
            f"loginctl enable-linger {shlex.quote(machine.user())}",
        )


def installed(facts: Facts) -> Iterator[Finding]:
    """Whether the crontab or a timer calls the ticks of this root."""
    if facts.tick_entries or facts.unit_lines:
        if any(entry.place == CRONTAB for entry in facts.tick_entries):
            yield from _ignored(facts)
        return
    if facts.crontab_problem:
        message = f"whether the crontab calls the ticks is not known: {facts.crontab_problem}"
        yield error(message, "crontab -l")
    else:
        yield error(
            f"nothing calls the ticks of {facts.root}: no line in the crontab, no timer",
            _install(facts),
        )


def _ignored(facts: Facts) -> Iterator[Finding]:
    """Yield why Debian's cron ignores the crontab, though `crontab -l` prints it.

    `crontab` does not write one like that; what copies it into an image of a container does.
    """
    path, ignored = SPOOL / machine.user(), "so Debian's cron ignores all of it"
    if not facts.crontab.endswith(b"\n"):
        yield error(
            f"crontab: its last line does not end with a line break, {ignored}", "crontab -e"
        )
    try:
        status = path.lstat()
    except OSError:  # not there, or only root may look
        return
    if stat.S_IMODE(status.st_mode) != 0o600:
        mode = f"{stat.S_IMODE(status.st_mode):04o}"
        yield error(f"{path}: has the mode {mode}, not 0600, {ignored}", f"chmod 600 {path}")
    if status.st_uid not in (0, os.geteuid()):
        owner = owners.name_of(status.st_uid)
        yield error(
            f"{path}: belongs to {owner}, {ignored}", f"chown {machine.user()}:crontab {path}"
        )


def block(facts: Facts) -> Iterator[Finding]:
    """Whether the block in the crontab is as it was written."""
    try:
        blocks = crontab_block.blocks(facts.crontab, facts.name, *facts.former)
    except CrontabError as problem:
        yield error(str(problem), "crontab -e")
        return
    for found in blocks:
        if not found.intact:
            yield warning(
                f"crontab {found.where}: edited by hand since it was written"
                f" (to see the difference: {facts.command} cron install --dry-run --force)",
                f"{facts.command} cron install --force",
            )
    if len(blocks) > 1:
        places = " and ".join(found.where for found in blocks)
        yield error(
            f"crontab {places}: the block stands there more than once",
            f"{facts.command} cron install --force",
        )


def units(facts: Facts) -> Iterator[Finding]:
    """Whether the systemd units are as they were written, and the timer is active."""
    remedy = f"{facts.command} cron install --systemd"
    for found in facts.units:
        if found.edited:
            names = " and ".join(map(str, found.edited))
            yield warning(f"{names}: edited by hand since it was written", f"{remedy} --force")
        elif found.status == "incomplete":
            yield error(f"{found.folder}: one of the two units is missing", remedy)
        if systemd.is_active(found.timer) is False:
            yield error(
                f"{found.timer}: the timer is not active, so it starts no ticks",
                f"systemctl --user enable --now {found.timer}",
            )
        elif facts.is_called_by_timer and not systemd.lingers():
            user = machine.user()
            yield warning(
                f"{found.timer}: ticks come only while {user} is logged in",
                f"loginctl enable-linger {shlex.quote(user)}",
            )


def files(facts: Facts) -> Iterator[Finding]:
    """Whether the interpreter and the files that cron's line or the unit names are there."""
    yield from _cannot_start(facts)
    for where, command in facts.tick_commands:
        for path in _missing(words(command)):
            message = f"{where}: {path}: no such file, so no tick can start"
            yield error(message, _reinstalling(facts, where))


def _cannot_start(facts: Facts) -> Iterator[Finding]:
    """Yield why cron may start nothing at all: it calls SHELL, in HOME."""
    for entry in facts.tick_entries:
        shell, home = entry.variables.get("SHELL"), entry.variables.get("HOME")
        if shell and (
            os.path.basename(shell) in _NO_SHELLS or not executables.is_executable(shell)
        ):
            yield error(
                f"{entry.where}: SHELL={shell} above it is no shell, so cron starts nothing",
                entry.editing,
            )
        if home and not os.access(home, os.X_OK):
            yield warning(
                f"{entry.where}: HOME={home} above it cannot be entered: Debian's cron starts ticks"
                " all the same, cronie does not",
                entry.editing,
            )


def versions(facts: Facts) -> Iterator[Finding]:
    """Whether cron, or the timer, calls this version of the program."""
    for where, command in facts.tick_commands:
        entries = (Path(word) for word in words(command))
        for package in (path.parent for path in entries if path.parts[-2:] == ENTRY):
            version = _version_of(package)
            if version not in ("", __version__):
                yield warning(
                    f"{where}: calls version {version} in {package}, this is {__version__}",
                    _reinstalling(facts, where),
                )
    for name in facts.former:
        yield warning(
            f"the block or the units {name} were written by version 0.1.0",
            f"{facts.command} cron install",
        )


def idle(facts: Facts) -> Iterator[Finding]:
    """Whether the shell that fires a tick finds out by itself that nothing is due."""
    available = idle_script.find(facts.python)
    for where, command in facts.tick_commands:
        if "run" not in words(command):
            continue
        script = idle_script.in_words(words(command))
        remedy = _reinstalling(facts, where)
        if script and (shell := _foreign_shell(facts, where)):
            yield error(
                f"{where}: SHELL={shell} above it does not understand the line, so no tick can"
                " start",
                remedy,
            )
        elif script and not os.access(script, os.R_OK):
            yield warning(
                f"{where}: {script} cannot be read, so Python starts for each tick", remedy
            )
        elif (
            not script
            and available
            and idle_script.fits(idle_script.reading(str(available), command))
            and _may_read_it(facts, where)
        ):
            yield warning(
                f"{where}: starts Python for each tick; the line of this version lets the shell"
                " find out that nothing is due, at a quarter of the cost",
                remedy,
            )


def _foreign_shell(facts: Facts, where: str) -> str:
    """Return the shell that starts a line and is none of those that read the script; else ''."""
    shells = [
        entry.variables.get("SHELL", "") for entry in facts.tick_entries if entry.where == where
    ]
    return next((shell for shell in shells if not idle_script.is_read_by(shell)), "")


def _may_read_it(facts: Facts, where: str) -> bool:
    """Return whether a line or a unit is ours to write and would get the script."""
    if where.startswith("/"):
        return _is_plain(Path(where))
    ours = crontab_block.lines_in_blocks(facts.crontab)
    is_ours = any(entry.where == where and entry.line in ours for entry in facts.tick_entries)
    return is_ours and idle_script.is_readable_by_shells(facts.crontab)


def _is_plain(service: Path) -> bool:
    """Return whether units say what they do without options, so that nothing gets lost."""
    try:
        timer = service.with_suffix(".timer").read_text("utf-8")
        return "append:" not in service.read_text("utf-8") and (
            f"OnCalendar={systemd_units.calendar(MINUTE)}\n" in timer
        )
    except (OSError, ValueError):
        return False


def _reinstalling(facts: Facts, where: str) -> str:
    """Return the command that writes the line or the unit at a place anew."""
    if where.startswith("/") and where.endswith(".service"):
        return f"{facts.command} cron install --systemd"
    ours = crontab_block.lines_in_blocks(facts.crontab)
    for entry in facts.tick_entries:
        if entry.where == where:
            is_ours = entry.place == CRONTAB and entry.line in ours
            return _install(facts) if is_ours else entry.editing
    return "crontab -e"


def _install(facts: Facts) -> str:
    """Return the command that writes the block; one that was edited has to be overwritten."""
    try:
        existing = crontab_block.blocks(facts.crontab, facts.name, *facts.former)
    except CrontabError:
        return "crontab -e"
    is_doubtful = len(existing) > 1 or not all(block.intact for block in existing)
    if is_doubtful:
        return f"{facts.command} cron install --force"
    options = _options(existing[0].body) if existing else []
    return shlex.join([*shlex.split(facts.command), "cron", "install", *options])


def _options(block: bytes) -> list[str]:
    """Return the options that wrote a block, as far as its lines show them."""
    options: dict[str, list[str]] = {}
    for entry in crontab_entries.read(block):
        parts = words(entry.command)
        if "daily-report" in parts:
            options["--hourly"] = []
        five = " ".join(block.split(b"\n")[entry.line - 1].decode("utf-8", "replace").split()[:5])
        if (interval := crontab_line.every(five)) not in ("", "1"):
            options.setdefault("--every", [interval])
        for log in redirection.files(parts):
            if os.path.isdir(os.path.dirname(log)):
                options["--log"] = [log]
    if "--hourly" in options:
        options.pop("--every", None)
    return [word for name, value in options.items() for word in (name, *value)]


def _missing(command: list[str]) -> Iterator[str]:
    """Yield the paths in a command line of ours that do not exist."""
    for before, word, after in zip(["", *command], command, [*command[1:], ""], strict=False):
        is_named = before in ("", "--fork", "--root", "--config")
        is_program = after == FLAGS[0] or word.endswith("/scheduled/__main__.py")
        if word.startswith("/") and (is_named or is_program) and not os.path.exists(word):
            yield word
    for target in redirection.files(command):
        if target.startswith("/") and not os.path.isdir(Path(target).parent):
            yield str(Path(target).parent)


def _version_of(package: Path) -> str:
    """Return the version of a copy of the program; '' if it cannot be told."""
    try:
        text = (package / "version.py").read_text("utf-8", errors="replace")
    except OSError:
        return ""
    found = _VERSION.search(text)
    return found["version"] if found else ""
