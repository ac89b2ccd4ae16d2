"""Our units in the user's systemd: written, started, stopped, removed.

They lie in the folder of units of the user we run as. What somebody edited there is neither
overwritten nor removed without being told to, and nothing but our two files is touched.
"""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from scheduled.errors import ScheduledError, StateError, UnavailableError, reason_of
from scheduled.installation import program, systemd_units
from scheduled.quick_classes import dataclass
from scheduled.system import files, machine, user_dirs

BOOTED = Path("/run/systemd/system")
"""It is there where systemd runs: sd_booted(3)."""
LINGER = Path("/var/lib/systemd/linger")
"""A file a user whose timers go on when nobody is logged in: loginctl(1)."""


class UnitError(ScheduledError):
    """A unit was edited by hand and is not overwritten without `--force`."""


@dataclass(frozen=True)
class Installed:
    """The units of an installation as they are on disk."""

    folder: Path
    texts: Mapping[str, bytes | None]
    """By file name, the timer first; None where there is none."""

    @property
    def timer(self) -> str:
        """The name of the unit that systemd starts."""
        return next(iter(self.texts))

    @property
    def edited(self) -> list[Path]:
        """The files that differ from what was written."""
        installed = self.texts.items()
        return [
            self.folder / name
            for name, text in installed
            if text is not None and not systemd_units.is_intact(text)
        ]

    @property
    def status(self) -> str:
        """`absent`, `intact`, `edited` or `incomplete`."""
        if not any(text is not None for text in self.texts.values()):
            return "absent"
        if self.edited:
            return "edited"
        return "intact" if None not in self.texts.values() else "incomplete"


def folder(environ: Mapping[str, str]) -> Path:
    """Return the folder of the user's own units: systemd.unit(5)."""
    return user_dirs.xdg(environ, "XDG_CONFIG_HOME", ".config") / "systemd" / "user"


def look(place: Path, name: str) -> Installed:
    """Return the units of an installation. Raises StateError for files that cannot be read."""
    return Installed(place, {file: _text(place / file) for file in systemd_units.file_names(name)})


def install(installed: Installed, texts: Mapping[str, bytes], *, force: bool) -> None:
    """Write `texts` over the installed units; `start` makes systemd load them.

    Raises UnitError for files that are not ours to overwrite, StateError if writing fails.
    """
    _refuse(installed, force=force)
    try:
        installed.folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            if installed.texts[name] != text:
                files.replace(installed.folder / name, text, mode=0o644)
    except OSError as error:
        raise StateError(
            f"{installed.folder}: the units cannot be written: {reason_of(error)}"
        ) from error


def start(timer: str) -> None:
    """Make systemd reload the units, and enable and start the timer.

    Raises UnavailableError if systemd cannot be reached or refuses.
    """
    for words in (("daemon-reload",), ("enable", timer), ("restart", timer)):
        _systemctl(*words)


def uninstall(installed: Installed, *, force: bool) -> UnavailableError | None:
    """Stop the timer and delete both units; return the problem if systemd runs but was not told.

    Raises as `install` does.
    """
    _refuse(installed, force=force)
    problem = _try("disable", "--now", installed.timer)
    _remove(installed)
    problem = problem or _try("daemon-reload")
    if problem is None or not BOOTED.is_dir():
        return None
    return UnavailableError(
        f"{problem}\nThe units are removed, but systemd may still know them. In a session of your"
        f" own, type:\n  systemctl --user stop {installed.timer}\n  systemctl --user daemon-reload"
    )


def is_active(timer: str) -> bool | None:
    """Return whether the timer is active; None if systemd cannot be reached."""
    try:
        return _systemctl("show", "--property=ActiveState", "--value", timer) == "active"
    except UnavailableError:
        return None


def variables() -> dict[str, str]:
    """Return the environment that units of the user get; empty if systemd cannot be reached."""
    try:
        lines = _systemctl("show-environment").splitlines()
    except UnavailableError:
        return {}
    plain = (line.partition("=") for line in lines if "=$'" not in line)
    return {name: value for name, sign, value in plain if sign}


def setsid() -> Path:
    """Return the full path of `setsid`, which a unit needs. Raises UnavailableError."""
    installed = (
        str(systemd_units.SETSID) if systemd_units.SETSID.exists() else shutil.which("setsid")
    )
    if installed is None:
        raise UnavailableError("there is no `setsid` command in PATH; it comes with util-linux")
    return Path(installed)


def lingers() -> bool:
    """Return whether timers of the current user run while the user is not logged in."""
    return (LINGER / machine.user()).exists()


def _text(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StateError(f"{path}: cannot be read: {reason_of(error)}") from error


def _refuse(installed: Installed, *, force: bool) -> None:
    for path in (installed.folder / name for name in installed.texts):
        if path.is_symlink():  # to /dev/null where it is masked: never to be written through
            raise UnitError(
                f"{path}: a symlink, not the installed file; nothing was changed. If you have"
                f" masked it: systemctl --user unmask {path.name}"
            )
    if installed.edited and not force:
        names = " and ".join(map(str, installed.edited))
        raise UnitError(
            f"{names}: edited by hand since it was written; nothing was changed. Keep your edit in"
            f" a drop-in (systemctl --user edit {installed.edited[0].name}), or discard it with"
            " --force"
        )


def _remove(installed: Installed) -> None:
    timer = installed.folder / installed.timer
    link = installed.folder / "timers.target.wants" / installed.timer
    try:
        # `systemctl disable` takes it away; where systemd could not be asked, nobody has.
        if link.is_symlink() and link.resolve() == timer.resolve():
            link.unlink()
        for name in installed.texts:
            (installed.folder / name).unlink(missing_ok=True)
    except OSError as error:
        raise StateError(
            f"{installed.folder}: the units cannot be removed: {reason_of(error)}"
        ) from error


def _try(*words: str) -> UnavailableError | None:
    """Call systemctl; return the error if it failed."""
    try:
        _systemctl(*words)
    except UnavailableError as error:
        return error
    return None


def _systemctl(*words: str) -> str:
    command = ["systemctl", "--user", *words]
    missing = "there is no `systemctl` command in PATH"
    answer = program.call(command, _environment(), missing=missing)
    if answer.returncode != 0:
        complaint = program.words(answer)
        raise UnavailableError(f"`{' '.join(command)}` ended with {answer.returncode}: {complaint}")
    return answer.stdout.decode("utf-8", "backslashreplace").strip()


def _environment() -> dict[str, str]:
    environment = {**os.environ, "LC_ALL": "C"}
    usual = f"/run/user/{os.geteuid()}"
    # `su` and cron leave it out, and then a manager that runs is not found.
    if "XDG_RUNTIME_DIR" not in environment and os.path.isdir(usual):
        environment["XDG_RUNTIME_DIR"] = usual
    return environment
