"""The script with which a shell makes idle ticks by itself: where it lies, and who can read it.

It stands beside the command, as `scheduled-tick`, and not in the package: that path has the version
of the interpreter in it. A line or a unit that names it goes on without it where it is gone.
"""

import os
import re
import subprocess
from pathlib import Path

from scheduled.installation import crontab_entries

NAME = "scheduled-tick"
SHELLS = frozenset(("sh", "ash", "bash", "dash"))
"""Those that read the script as it is meant; what cron starts is /bin/sh unless SHELL says so."""
STAT = "/usr/bin/stat"
LONGEST = 980
"""Bytes of a command, with redirections, that every cron takes: some stop at 998."""
_PRINTED = re.compile(rb"\d+\.\d{9}\n")


def find(python: Path) -> Path | None:
    """Return the script that was installed with this program; None if there is none that works.

    It needs `stat` of GNU coreutils.
    """
    for folder in _folders(python):
        if (script := folder / NAME).is_file():
            return script if _has_gnu_stat() else None
    return None


def in_words(words: list[str]) -> str:
    """Return the path of the script that the words of a command read; empty if they read none."""
    return next((word for word in words if word.endswith(f"/{NAME}")), "")


def is_readable_by_shells(crontab: bytes) -> bool:
    """Return whether each shell that a crontab has cron start reads the script as it is meant.

    That for a line at its end, too.
    """
    with_a_new_line = crontab + b"\n* * * * * :\n"
    entries = crontab_entries.read(with_a_new_line)
    return all(is_read_by(entry.variables.get("SHELL", "")) for entry in entries)


def is_read_by(shell: str) -> bool:
    """Return whether a shell, named as in a crontab, reads the script as it is meant."""
    return not shell or os.path.basename(shell) in SHELLS


def reading(script: str, command: str) -> str:
    """Return a line of a shell that reads the script, and then runs the command.

    Both are quoted for the shell.
    """
    return f'set -- {command} ; test -r {script} && . {script} ; exec "$@"'


def fits(line: str) -> bool:
    """Return whether a line that `reading` returned is short enough for every cron."""
    return len(os.fsencode(line)) <= LONGEST


def shell_words(script: str) -> list[str]:
    """Return the words in front of a command by which `sh` reads the script first."""
    return ["/bin/sh", "-c", 'test -r "$0" && . "$0" ; exec "$@"', script]


def _folders(python: Path) -> list[Path]:
    """Return where installers put scripts: of this environment, of the system, of the user."""
    import sysconfig

    schemes = (sysconfig.get_default_scheme(), sysconfig.get_preferred_scheme("user"))
    return [python.parent, *(Path(sysconfig.get_path("scripts", scheme)) for scheme in schemes)]


def _has_gnu_stat() -> bool:
    command = [STAT, "-L", "--printf", "%.9Y\\n", "/"]
    try:
        done = subprocess.run(command, capture_output=True, env={"LC_ALL": "C"}, check=False)
    except OSError:
        return False
    return done.returncode == 0 and _PRINTED.fullmatch(done.stdout) is not None
