"""What a check of the doctor says: how grave it is, what is wrong, what to type."""

import re
from enum import StrEnum

from scheduled.quick_classes import NamedTuple

_TYPE = re.compile(r"type: (chmod [^;,]+)")


class Level(StrEnum):
    """How grave a finding is."""

    OK = "ok"
    WARNING = "warning"  # jobs run, and something will surprise you
    ERROR = "error"  # jobs do not run, or not as they are meant to

    @property
    def exit_code(self) -> int:
        """The exit code of `doctor` if this is the gravest finding."""
        return list(Level).index(self)


class Finding(NamedTuple):
    """What a check found."""

    level: Level
    message: str
    remedy: str = ""
    """A command to paste; empty where nothing has to be done."""
    check: str = ""
    """The name of the check."""

    def document(self) -> dict[str, str]:
        """Return the finding as `doctor --json` prints it."""
        return {
            "check": self.check,
            "level": self.level.value,
            "message": self.message,
            "remedy": self.remedy,
        }


def error(message: str, remedy: str) -> Finding:
    """Return a finding that keeps jobs from running as they are meant to."""
    return Finding(Level.ERROR, message, remedy)


def warning(message: str, remedy: str) -> Finding:
    """Return a finding that jobs run in spite of."""
    return Finding(Level.WARNING, message, remedy)


def advised(problem: str, otherwise: str) -> str:
    """Return the command that a sentence about an owner or a mode advises, else `otherwise`."""
    command = _TYPE.search(problem)
    return command[1].strip() if command else otherwise
