"""Our units in the user's systemd: written, started, stopped, removed.

They lie in the folder of units of the user we run as. What somebody edited there is neither
overwritten nor removed without being told to, and nothing but our two files is touched.
"""

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from scheduled.errors import ScheduledError, StateError, UnavailableError, reason_of
from scheduled.installation import systemd_units
from scheduled.system import files, machine, user_dirs

_PATIENCE = 30
"""Seconds that `systemctl` may take."""
BOOTED = Path("/run/systemd/system")
"""It is there where systemd runs: sd_booted(3)."""
LINGER = Path("/var/lib/systemd/linger")
"""A file a user whose timers go on when nobody is logged in: loginctl(1)."""


class UnitError(ScheduledError):
    """A unit was edited by hand, and we are not told to take it all the same."""


@dataclass(frozen=True)
class Installed:
    """The units of an installation as they lie on the disk."""

    folder: Path
    texts: Mapping[str, bytes | None]
    """By file name, the timer first; None where there is none."""

    @property
    def timer(self) -> str:
        """The name of the unit that systemd is to start."""
        return next(iter(self.texts))

    @property
    def edited(self) -> list[Path]:
        """The files that are not as we wrote them."""
        found = self.texts.items()
        return [
            self.folder / name
            for name, text in found
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
    """Where the user's own units lie: systemd.unit(5)."""
    return user_dirs.xdg(environ, "XDG_CONFIG_HOME", ".config") / "systemd" / "user"


def look(place: Path, name: str) -> Installed:
    """What lies there of an installation. Raises StateError for what cannot be read."""
    return Installed(place, {file: _text(place / file) for file in systemd_units.file_names(name)})


def install(found: Installed, texts: Mapping[str, bytes], *, force: bool) -> None:
    """Put `texts` where `found` lies. `start` has systemd heed them.

    Raises UnitError for what is not ours to overwrite, StateError if the disk does not let us.
    """
    _refuse(found, force=force)
    try:
        found.folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            if found.texts[name] != text:
                files.replace(found.folder / name, text, mode=0o644)
    except OSError as error:
        raise StateError(
            f"{found.folder}: the units cannot be written: {reason_of(error)}"
        ) from error


def start(timer: str) -> None:
    """Have systemd read the units anew, and the timer run from now on and after each login.

    Raises UnavailableError where systemd cannot be asked, or refuses.
    """
    for words in (("daemon-reload",), ("enable", timer), ("restart", timer)):
        _systemctl(*words)


def uninstall(found: Installed, *, force: bool) -> UnavailableError | None:
    """Stop the timer and delete both units; returns what is wrong if systemd runs and is not told.

    Raises as `install` does.
    """
    _refuse(found, force=force)
    untold = _told("disable", "--now", found.timer)
    _remove(found)
    untold = untold or _told("daemon-reload")
    if untold is None or not BOOTED.is_dir():
        return None
    return UnavailableError(
        f"{untold}\nThe units are removed, but systemd may still know them. In a session of your"
        f" own, type:\n  systemctl --user stop {found.timer}\n  systemctl --user daemon-reload"
    )


def is_active(timer: str) -> bool | None:
    """Whether the timer runs; None where systemd cannot be asked."""
    try:
        return _systemctl("show", "--property=ActiveState", "--value", timer) == "active"
    except UnavailableError:
        return None


def setsid() -> Path:
    """Where `setsid` lies: a unit wants it said. Raises UnavailableError where there is none."""
    found = str(systemd_units.SETSID) if systemd_units.SETSID.exists() else shutil.which("setsid")
    if found is None:
        raise UnavailableError("there is no `setsid` command in PATH; it comes with util-linux")
    return Path(found)


def lingers() -> bool:
    """Whether the timers of the user we run as go on while nobody is logged in."""
    return (LINGER / machine.user()).exists()


def _text(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StateError(f"{path}: cannot be read: {reason_of(error)}") from error


def _refuse(found: Installed, *, force: bool) -> None:
    for path in (found.folder / name for name in found.texts):
        if path.is_symlink():  # to /dev/null where it is masked: never to be written through
            raise UnitError(
                f"{path}: a link and not the file we wrote; nothing was changed. If you have"
                f" masked it: systemctl --user unmask {path.name}"
            )
    if found.edited and not force:
        names = " and ".join(map(str, found.edited))
        raise UnitError(
            f"{names}: edited by hand since it was written; nothing was changed. Keep your edit in"
            f" a drop-in (systemctl --user edit {found.edited[0].name}), or give it up with --force"
        )


def _remove(found: Installed) -> None:
    timer = found.folder / found.timer
    link = found.folder / "timers.target.wants" / found.timer
    try:
        # `systemctl disable` takes it away; where systemd could not be asked, nobody has.
        if link.is_symlink() and link.resolve() == timer.resolve():
            link.unlink()
        for name in found.texts:
            (found.folder / name).unlink(missing_ok=True)
    except OSError as error:
        raise StateError(
            f"{found.folder}: the units cannot be removed: {reason_of(error)}"
        ) from error


def _told(*words: str) -> UnavailableError | None:
    """Tell systemd; why that was not possible, if it was not."""
    try:
        _systemctl(*words)
    except UnavailableError as error:
        return error
    return None


def _systemctl(*words: str) -> str:
    command = ["systemctl", "--user", *words]
    try:
        answer = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=_environment(),
            timeout=_PATIENCE,
            check=False,
        )
    except FileNotFoundError:
        raise UnavailableError("there is no `systemctl` command in PATH") from None
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UnavailableError(f"`{' '.join(command)}` did not work: {error}") from error
    if answer.returncode != 0:
        said = " ".join(answer.stderr.decode("utf-8", "backslashreplace").split())
        raise UnavailableError(f"`{' '.join(command)}` ended with {answer.returncode}: {said}")
    return answer.stdout.decode("utf-8", "backslashreplace").strip()


def _environment() -> dict[str, str]:
    environment = {**os.environ, "LC_ALL": "C"}
    usual = f"/run/user/{os.geteuid()}"
    # `su` and cron leave it out, and then a manager that runs is not found.
    if "XDG_RUNTIME_DIR" not in environment and os.path.isdir(usual):
        environment["XDG_RUNTIME_DIR"] = usual
    return environment
