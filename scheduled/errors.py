"""The errors of this program: one tree, each with the exit code of the command it ends.

An error takes facts and builds the sentence: what happened, where, what to do now. It is shown
to a person as it is, without a traceback.
"""

from collections.abc import Sequence
from pathlib import Path


class ScheduledError(Exception):
    """Something a person can understand and act on; the base of all errors here."""

    exit_code = 1


class UsageError(ScheduledError):
    """A request that makes no sense: an unknown job, options that exclude each other."""

    exit_code = 2


class ConfigError(ScheduledError):
    """The configuration has problems: all of them, each with its file and line."""

    exit_code = 2

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


class ScheduleError(ScheduledError):
    """A schedule that cannot be understood, or that never fires."""

    exit_code = 2


class LockedError(ScheduledError):
    """A state lock was held by another process for longer than the wait."""

    exit_code = 3


class StateError(ScheduledError):
    """The state could not be read, or could not be saved."""

    exit_code = 4


class UnavailableError(ScheduledError):
    """Temporarily impossible: an implausible clock, a machine without what is needed."""

    exit_code = 75


class UnreadableFileError(ScheduledError):
    """A foreign file that is missing, unreadable or broken; it is left as it is."""

    def __init__(self, path: Path, reason: str) -> None:
        self.path = path
        self.reason = reason
        super().__init__(f"{path}: {reason}")


def reason_of(error: OSError) -> str:
    """Return why the operating system refused, as part of a sentence: `permission denied`."""
    return (error.strerror or str(error)).lower()
