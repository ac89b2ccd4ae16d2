"""What a confined run may do on this machine: decided by the tick, done by `runs.confined_child`.

A limit that cannot be kept is a reason not to start the run, never one to start it without.
"""

import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scheduled.errors import RefusedError
from scheduled.jobs import permissions
from scheduled.jobs.model import Attempt, Job
from scheduled.jobs.permissions import ANYWHERE, REDUCED, Level, Limits, Permissions
from scheduled.quick_classes import NamedTuple
from scheduled.runs import environment
from scheduled.system.masking import is_secret

if TYPE_CHECKING:
    from scheduled.runs.run_context import RunContext

MOST_LINKS = 40
KEPT = frozenset(("HOME", "PATH", "LANG", "TZ", "USER", "LOGNAME", "SHELL"))
_KEPT_STARTS = ("LC_", "SCHEDULED_")


class Confinement(NamedTuple):
    """What is done to the process of a run before its program starts. JSON."""

    limits: list[tuple[str, int]]
    """The names of resources in `resource`, and how much there is of each."""
    processes: int | None
    user: tuple[str, int, int] | None = None
    """The name, user id and group id of whom it runs as; None: nobody else."""
    write: list[str] | None = None
    """The directories that it may write to; None: anywhere."""
    hidden: tuple[str, ...] = ()
    """Files and directories that it may not read either, and all below them."""
    job_dirs: tuple[str, ...] = ()
    """Directories whose job files it may not read."""
    is_scoped: bool = False
    """Whether it is kept from processes that are not its own."""
    temporary: str = ""
    """The temporary directory that it gets; empty: none."""
    report: str = ""
    """The file that it may write as its descriptor 3; empty: none."""
    shown: dict[str, list[str]] | None = None
    """By a directory that is closed to it: what below that is all that it sees there."""


class Plan(NamedTuple):
    """How a confined run starts: what is done to it, and the environment that it inherits."""

    confinement: Confinement
    environ: dict[str, str]


def effective_limits(job: Job, given: Permissions | None) -> Limits:
    """Return the limits of a run by this user: one that is root, or one that cannot change."""
    limits = permissions.limits_of(job.id, job.level, given)
    if os.geteuid() != 0:
        is_said = permissions.is_said("user", job.id, job.level, given)
        return limits if is_said else limits._replace(user=None)
    if limits.user is None and not permissions.is_said("processes", job.id, job.level, given):
        return limits._replace(processes=None)  # the kernel counts none of root's
    return limits


def plan(attempt: Attempt, context: "RunContext", *, has_own_files: bool = True) -> Plan:
    """Return how a run is confined. Raises RefusedError if it cannot be.

    `has_own_files` says whether it gets a temporary directory, and a handler its report.
    """
    job = attempt.job
    limits = effective_limits(job, context.permissions)
    user = _user(job, limits)
    shown = _shown(job, user)
    closed = [context.state_dir, *context.closed]
    if limits.write == ANYWHERE and user is None and job.level == Level.RESTRICTED:
        why = "write: anywhere would let it change state and configuration"
        raise _refused(job.level, f"{why}; name directories, or set its level to limited")
    write = _writable(job, limits, context.root, closed)
    temporary = temporary_name(context.environ, user) if has_own_files else ""
    environ = inherited(limits, user, context.environ)
    if user is not None:
        folder = environment.working_directory(job, context.root, environ | job.env)
        _check_directory(job, user, folder)
    if temporary:
        environ["TMPDIR"] = temporary
    is_restricted = job.level == Level.RESTRICTED
    confinement = Confinement(
        limits=_resources(limits),
        processes=limits.processes,
        user=user,
        write=write,
        hidden=_hidden(context) if is_restricted else (),
        job_dirs=_real(context.closed) if is_restricted else (),
        is_scoped=is_restricted,
        temporary=temporary,
        shown=shown or None,
    )
    return Plan(confinement, environ)


def _user(job: Job, limits: Limits) -> tuple[str, int, int] | None:
    """Return whom a run is to be run as; None for nobody else."""
    import pwd

    is_root = os.geteuid() == 0
    if limits.user is None:
        if is_root and job.level == Level.RESTRICTED:
            raise _refused(job.level, "root cannot be restricted; set user to another one")
        if is_root and limits.processes is not None:
            why = "the processes of root cannot be limited; set user, or processes: none"
            raise _refused(job.level, why)
        return None
    try:
        entry = pwd.getpwnam(limits.user)
    except KeyError:
        why = f"the user {limits.user} that it is to run as does not exist; set user"
        raise _refused(job.level, why) from None
    if entry.pw_uid == 0 and (is_root or job.level == Level.RESTRICTED):
        raise _refused(job.level, "root cannot be restricted; set user to another one")
    if entry.pw_uid == os.geteuid():
        return None
    if not is_root:
        raise _refused(job.level, f"only root can run it as {limits.user}; remove user")
    return entry.pw_name, entry.pw_uid, entry.pw_gid


def _shown(job: Job, user: tuple[str, int, int] | None) -> dict[str, list[str]]:
    """Return what another user needs to see of the program, by the directory that is closed to it.

    So a Python in root's home can be used, and nothing else that is there.
    """
    shown: dict[str, list[str]] = {}
    if user is None or not job.handler:
        return shown
    package = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    for path in (sys.prefix, sys.base_prefix, package, *_links_to(sys.executable)):
        real = os.path.realpath(path)
        if closed := _barrier(f"{real}/.", user):
            shown.setdefault(closed, []).append(real)
    if "/" in shown:
        raise _refused(job.level, f"{user[0]} can use no file at all: / is closed to it")
    return shown


def _check_directory(job: Job, user: tuple[str, int, int], folder: Path) -> None:
    """Raise RefusedError if another user cannot enter the working directory of a run."""
    if closed := _barrier(os.path.join(os.path.realpath(folder), "."), user):
        why = f"{user[0]}, as whom it runs, cannot enter {folder}: {closed} is closed to others"
        raise _refused(job.level, f"{why}; set cwd, or user")


def _links_to(program: str) -> list[str]:
    """Return the directories that are passed on the way from a link to a program."""
    folders, path = [os.path.dirname(program)], program
    while os.path.islink(path) and len(folders) < MOST_LINKS:
        path = os.path.join(os.path.dirname(path), os.readlink(path))
        folders.append(os.path.dirname(path))
    return folders


def _barrier(path: str, user: tuple[str, int, int]) -> str:
    """Return the first directory on the way to a file that its mode closes to a user; else ''."""
    _, uid, gid = user
    parts = path.split("/")[1:-1]
    for count in range(len(parts) + 1):
        folder = "/" + "/".join(parts[:count])
        status = os.stat(folder)
        shift = 6 if status.st_uid == uid else 3 if status.st_gid == gid else 0
        if not status.st_mode >> shift & 1:
            return folder
    return ""


def _writable(job: Job, limits: Limits, root: Path, closed: Iterable[Path]) -> list[str] | None:
    """Return the real paths of the directories that a run may write to; None for anywhere."""
    if limits.write == ANYWHERE:
        return None
    from scheduled.system import landlock

    version = landlock.version()
    if version < landlock.NEEDED:
        has = f"has version {version} of it" if version else "has none"
        raise _refused(
            job.level,
            "where it may write can be limited by Landlock of Linux 6.2 or newer alone, and this"
            f" kernel {has}; for a run without that limit, set {_instead(job)}",
        )
    places = [os.path.dirname(os.path.dirname(os.path.abspath(__file__))), *map(str, closed)]
    return [_checked(job, name, root, places) for name in limits.write]


def _instead(job: Job) -> str:
    is_alone = job.level == Level.RESTRICTED and os.geteuid() != 0
    return "its level to limited" if is_alone else "write: anywhere"


def _checked(job: Job, name: str, root: Path, closed: Iterable[str]) -> str:
    path = os.path.normpath(environment.resolve(name, Path(os.path.realpath(root)), os.environ))
    if (real := os.path.realpath(path)) != path:
        # Whoever may write to a directory may make a link of what is in it.
        raise _refused(
            job.level, f"write: {path} leads by a link to {real}; name that place itself"
        )
    if not os.path.isdir(path):
        raise _refused(job.level, f"write: {path} is not a directory; make it")
    for place in map(os.path.realpath, closed):
        if _is_below(path, place) or _is_below(place, path):
            why = "it could change what is run; name another directory, or one below it"
            raise _refused(job.level, f"write: {path} and {place} are in one: {why}")
    return path


def _is_below(path: str, folder: str) -> bool:
    return os.path.commonpath((path, folder)) == folder


def _real(paths: Iterable[Path]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(os.path.realpath(path) for path in paths))


def _hidden(context: "RunContext") -> tuple[str, ...]:
    """Return what a restricted run may not read, though its user may."""
    return _real((context.state_dir, *context.closed_files, *context.secret_files()))


def temporary_name(environ: Mapping[str, str], user: tuple[str, int, int] | None) -> str:
    """Return a new name for a temporary directory, where the user can reach it."""
    given = environ.get("TMPDIR", "")
    base, is_usable = os.path.realpath(given), given.startswith("/") and os.path.isdir(given)
    if not is_usable or (user is not None and _barrier(f"{base}/.", user)):
        base = "/tmp"  # noqa: S108 - a directory of its own is made there
    return os.path.join(base, f"scheduled-{os.urandom(8).hex()}")


def inherited(
    limits: Limits, user: tuple[str, int, int] | None, environ: Mapping[str, str]
) -> dict[str, str]:
    """Return what a run inherits; of another user, the variables that say who that is."""
    kept = dict(environ)
    if limits.environment == REDUCED:
        kept = {
            name: value
            for name, value in environ.items()
            if (name in KEPT or name.startswith(_KEPT_STARTS)) and not is_secret(name)
        }
    return kept if user is None else kept | _of_user(user[0])


def _of_user(name: str) -> dict[str, str]:
    import pwd

    entry = pwd.getpwnam(name)
    # That of most users who are there for programs starts none.
    shell = entry.pw_shell if entry.pw_shell in ("/bin/bash", "/bin/zsh") else "/bin/sh"
    return {"HOME": entry.pw_dir, "USER": name, "LOGNAME": name, "SHELL": shell}


def _resources(limits: Limits) -> list[tuple[str, int]]:
    """Return the limits that the kernel keeps for each process."""
    found: dict[str, Any] = {
        "RLIMIT_CORE": 0,
        "RLIMIT_FSIZE": limits.file_size,
        "RLIMIT_CPU": limits.cpu_time and max(1, round(limits.cpu_time)),
        "RLIMIT_AS": limits.memory,
    }
    return [(name, value) for name, value in found.items() if value is not None]


def _refused(level: str, reason: str) -> RefusedError:
    return RefusedError(f"refused: its id makes it {level}, and {reason}")
