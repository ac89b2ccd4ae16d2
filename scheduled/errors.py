"""The errors of this program: one tree, each with the exit code of the command it ends.

An error takes facts and builds the sentence: what happened, where, what to do now. It is shown
to a person as it is, without a traceback.
"""

import errno
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path


class ScheduledError(Exception):
    """Something a person can understand and act on; the base of all errors here.

    `trouble` is what stays the same while it lasts, where the sentence does not: it may name a
    time, or how long was waited.
    """

    exit_code = 1

    def __init__(self, sentence: str = "", *, trouble: str = "") -> None:
        super().__init__(sentence)
        self.trouble = trouble or sentence


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


class UnusableLockError(StateError):
    """The lock of one job or step cannot be taken, until somebody puts its file right."""


class NewerFormatError(StateError):
    """The state was written by a newer version; nothing may be changed."""

    exit_code = 2


class UnavailableError(ScheduledError):
    """Temporarily impossible: an implausible clock, a machine without what is needed."""

    exit_code = 75


class RefusedError(ScheduledError):
    """A run that is not started, as it cannot be held to its limits here."""


class UnreadableFileError(ScheduledError):
    """A foreign file that is missing, unreadable or broken; it is left as it is."""

    def __init__(self, path: Path, reason: str) -> None:
        self.path = path
        self.reason = reason
        super().__init__(f"{path}: {reason}")


class UnparsableFileError(UnreadableFileError):
    """A foreign file that can be read, and whose content cannot be understood."""


NO_SPACE = (errno.ENOSPC, errno.EDQUOT)
SHORTAGES = (errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN)
"""Of open files, memory and processes."""


def is_no_space(error: BaseException | None) -> bool:
    """Return whether an error, or one that led to it, says that there is no space left."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in NO_SPACE:
            return True
        error = error.__cause__ or error.__context__
    return False


def shortage_of(error: BaseException) -> str:
    """Return what the machine lacks, if an error says so: `too many open files`; else ''."""
    if isinstance(error, MemoryError):
        return "out of memory"
    if isinstance(error, OSError) and error.errno in SHORTAGES:
        return reason_of(error)
    if isinstance(error, ImportError):  # of an extension module; it has the words alone
        words = (os.strerror(number) for number in SHORTAGES)
        return next((each.lower() for each in words if each in str(error)), "")
    return ""


def reason_of(error: OSError) -> str:
    """Return why the operating system refused, as part of a sentence: `permission denied`."""
    reason = error.strerror or str(error)
    return reason[:1].lower() + reason[1:]  # the rest may name a file


def install_extra(name: str) -> str:
    """Return the end of a sentence: how to install an extra of this program where it runs."""
    return f"type: {sys.executable} -m pip install 'scheduled-cron[{name}]'"


def did_you_mean(name: str, names: Iterable[str], otherwise: str | None = None) -> str:
    """Return the end of a sentence about an unknown `name`: the closest of `names`, in any case.

    If none is close, it is `otherwise`; without that, all `names`.
    """
    known = [*names]
    if meant := closest(name, known):
        return f"; did you mean {meant}?"
    if otherwise is None:
        otherwise = f"known are {', '.join(known)}"
    return f"; {otherwise}" if otherwise else ""


def closest(name: str, names: Iterable[str], cutoff: float = 0.6) -> str | None:
    """Return which of `names` an unknown `name` is likely to stand for, in any case; or None.

    It has to be like it by `cutoff`, of 1.
    """
    import difflib

    known = {known.casefold(): known for known in names}
    found = difflib.get_close_matches(name[:100].casefold(), known, n=1, cutoff=cutoff)
    return known[found[0]] if found else None


def cut(text: str, longest: int) -> str:
    """Return `text`, ended with `...` where it is longer than `longest` characters."""
    return text if len(text) <= longest else f"{text[: longest - 3]}..."
