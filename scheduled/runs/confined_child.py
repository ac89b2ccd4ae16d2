"""The process of a confined run, from its fork to its program: there it gives up its rights.

Only here: the keeper that waits for it takes other runs afterwards.
"""

import contextlib
import os
import resource
import signal
import stat
from collections.abc import Iterable, Iterator
from typing import NoReturn

from scheduled.errors import reason_of
from scheduled.quick_classes import NamedTuple
from scheduled.runs.confine import Confinement
from scheduled.system import descriptors, forking, landlock, private, seccomp

REPORT = 3
"""The descriptor for the report of a handler."""
_DEVICES = ("/dev/null", "/dev/zero", "/dev/full")
_SUFFIXES = (".yaml", ".yml")


class Program(NamedTuple):
    """What is started once the rights are given up."""

    command: list[str]
    environ: dict[str, str]
    directory: str
    umask: int


class NotConfinedError(Exception):
    """The program was not started; the message says why."""


def start(
    program: Program, confinement: Confinement, defaults: Iterable[int], mask: Iterable[int]
) -> int:
    """Start a program in a confined process with a session of its own, and return its id.

    `defaults` are the signals that it gets with their default, `mask` those it blocks. Raises
    OSError, and NotConfinedError; then nothing was started.
    """
    if confinement.temporary:
        os.mkdir(confinement.temporary, 0o700)
        if confinement.user is not None:
            os.chown(confinement.temporary, *confinement.user[1:])
    report = _report_file(confinement.report)
    reading, writing = os.pipe()
    try:
        pid = os.fork()
        if pid == 0:
            _be(program, confinement, (report, writing), (defaults, mask))
    finally:
        os.close(writing)
        if report is not None:
            os.close(report)
    with open(reading, "rb") as stream:
        failure = stream.read().decode("utf-8", "replace")
    if failure:
        os.waitpid(pid, 0)
        raise NotConfinedError(failure)
    return pid


def clean_up(confinement: Confinement) -> None:
    """Remove the temporary directory of a run that has ended, as far as that is possible.

    Its job may have left anything there, another thing in its place too: no link is followed.
    """
    path = confinement.temporary
    with contextlib.suppress(Exception):
        import shutil

        shutil.rmtree(path, ignore_errors=True)
    if not path or not os.path.lexists(path):
        return
    if os.geteuid() != 0 and not os.path.islink(path):
        _call("/bin/chmod", "-R", "u+rwx", "--", path)  # root needs no such right
    _call("/bin/rm", "-rf", "--one-file-system", "--", path)  # however deep it is


def _call(*command: str) -> None:
    with contextlib.suppress(OSError):
        null = (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0)
        os.waitpid(os.posix_spawn(command[0], command, {}, file_actions=[null]), 0)


def _report_file(path: str) -> int | None:
    if not path:
        return None
    return private.open_file(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)


def _be(
    program: Program,
    confinement: Confinement,
    files: tuple[int | None, int],
    signals: tuple[Iterable[int], Iterable[int]],
) -> NoReturn:
    """Be the process of the run, for the rest of its life."""
    report, writing = files
    try:
        os.setsid()
        for number in signals[0]:
            signal.signal(number, signal.SIG_DFL)
        writing = _arrange(report, writing)
        enter(confinement, program)
        forking.pthread_sigmask(signal.SIG_SETMASK, signals[1])
        os.execvpe(program.command[0], program.command, program.environ)  # noqa: S606 - as meant
    except BaseException as error:  # noqa: BLE001 - the keeper says what it was
        who = f"; it runs as {confinement.user[0]}" if confinement.user is not None else ""
        text = _reason(error, program) + who
        os.write(writing, text.encode("utf-8", "backslashreplace")[:4096])
    finally:
        os._exit(127)


def _reason(error: BaseException, program: Program) -> str:
    name = program.command[0]
    if isinstance(error, OSError):
        return f"{error.filename or name}: {reason_of(error)}"
    return f"{name}: {type(error).__name__}: {error}"


def _arrange(report: int | None, writing: int) -> int:
    """Have the report at its number, and close what is not the run's; return the new pipe."""
    import fcntl

    moved = fcntl.fcntl(writing, fcntl.F_DUPFD_CLOEXEC, REPORT + 1)
    kept = {0, 1, 2, moved}
    if report is not None:
        os.dup2(report, REPORT)
        os.set_inheritable(REPORT, True)  # it may have been there before
        kept.add(REPORT)
    descriptors.close_others(kept)
    return moved


def enter(confinement: Confinement, program: Program | None = None) -> None:
    """Give up what a run may not do, for this process and all that it starts. Raises OSError."""
    if confinement.shown:
        from scheduled.system import mounts

        mounts.show_alone(confinement.shown)
    ruleset = _ruleset(confinement)
    _limit(confinement)
    if confinement.user is not None:
        name, uid, gid = confinement.user
        os.initgroups(name, gid)
        os.setresgid(gid, gid, gid)
        os.setresuid(uid, uid, uid)
    if program is not None:
        os.umask(program.umask)
        os.chdir(program.directory)
    landlock.give_up_new_privileges()
    if ruleset is not None:
        ruleset.enter()
    if confinement.is_scoped:
        seccomp.leave_others_alone()


def _limit(confinement: Confinement) -> None:
    for name, value in confinement.limits:
        number = getattr(resource, name)
        # A second after the signal that says so comes the one that nothing survives.
        hard = value + 1 if name == "RLIMIT_CPU" else value
        _set_limit(number, value, hard)
    if confinement.processes is not None:
        uid = os.getuid() if confinement.user is None else confinement.user[1]
        count = _tasks_of(uid) + confinement.processes
        _set_limit(resource.RLIMIT_NPROC, count, count)


def _set_limit(number: int, soft: int, hard: int) -> None:
    """Set a limit, unless there is a lower one already."""
    _, most = resource.getrlimit(number)
    if most != resource.RLIM_INFINITY:
        soft, hard = min(soft, most), min(hard, most)
    resource.setrlimit(number, (soft, hard))


def _tasks_of(uid: int) -> int:
    """Return how many processes and threads a user has, as the kernel counts them."""
    count = 0
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        with contextlib.suppress(OSError, ValueError, IndexError):
            with open(f"/proc/{name}/status", encoding="ascii", errors="replace") as stream:
                fields = dict(line.split(":", 1) for line in stream if ":" in line)
            if int(fields["Uid"].split()[0]) == uid:
                count += int(fields.get("Threads", "1"))
    return count


def _ruleset(confinement: Confinement) -> landlock.Ruleset | None:
    """Return the rights to files that are given up; None if nothing is."""
    version = landlock.version()
    if confinement.write is None:
        if not confinement.is_scoped or version == 0:
            return None
        return _of_processes_alone()
    rights = landlock.CHANGES | (landlock.READ_FILE if confinement.hidden else 0)
    ruleset = landlock.Ruleset(rights, scoped=confinement.is_scoped)
    for path in (*confinement.write, *([confinement.temporary] if confinement.temporary else ())):
        with _opened(path) as descriptor:
            if os.readlink(f"/proc/self/fd/{descriptor}") != path:
                raise PermissionError(1, "it was replaced meanwhile", path)
            ruleset.keep(descriptor, rights, is_directory=True)
    for path in _DEVICES:
        with contextlib.suppress(OSError), _opened(path) as descriptor:
            ruleset.keep(descriptor, rights, is_directory=False)
    if stat.S_ISREG(os.fstat(1).st_mode):  # its own output, which it may open by /dev/stdout
        ruleset.keep(1, rights, is_directory=False)
    if confinement.hidden:
        _keep_reading(ruleset, "/", confinement)
    return ruleset


def _of_processes_alone() -> landlock.Ruleset:
    """Return what keeps a process from looking into others; of files, it keeps all that matters."""
    make_block = 1 << 11
    return landlock.Ruleset(make_block, scoped=True)


def _keep_reading(ruleset: landlock.Ruleset, folder: str, confinement: Confinement) -> None:
    """Keep the right to read all below a directory, but for what is hidden."""
    special = (*confinement.hidden, *confinement.job_dirs)
    prefix = folder.rstrip("/") + "/"
    if not any(path == folder or path.startswith(prefix) for path in special):
        _keep_whole(ruleset, folder)
        return
    try:
        names = os.listdir(folder)
    except OSError:
        return
    has_job_files = folder in confinement.job_dirs
    for name in names:
        path = prefix + name
        if path in confinement.hidden or (has_job_files and name.endswith(_SUFFIXES)):
            continue
        if os.path.islink(path):
            continue  # what it leads to counts
        if os.path.isdir(path):
            _keep_reading(ruleset, path, confinement)
        else:
            _keep_whole(ruleset, path)


def _keep_whole(ruleset: landlock.Ruleset, path: str) -> None:
    with contextlib.suppress(OSError), _opened(path) as descriptor:
        is_directory = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        ruleset.keep(descriptor, landlock.READ_FILE, is_directory=is_directory)


@contextlib.contextmanager
def _opened(path: str) -> Iterator[int]:
    descriptor = os.open(path, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
