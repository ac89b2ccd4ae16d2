"""Could somebody else change what runs as us: programs, directories, our own installation.

What is read and executed by us (configuration, handlers, `env_file`) is refused by ticks; the rest
is only warned about, for root's crontab may well call a script in somebody's home.
"""

import os
import shlex
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from scheduled.idle import HEARTBEAT, HINT, SHELL_HINT
from scheduled.installation.doctor import executables
from scheduled.installation.doctor.facts import Facts
from scheduled.installation.doctor.finding import Finding, advised, error, warning
from scheduled.installation.doctor.program_names import Kind
from scheduled.system import machine, owners, private

OURS = (
    *("scheduled_state.json", HEARTBEAT, HINT, SHELL_HINT),
    *("journal", "cache", "locks", "runs"),
)
"""What the state directory holds."""
MOST_JOBS = 1000
"""The output directories of so many jobs are looked at."""


def state(facts: Facts) -> Iterator[Finding]:
    """Whether the state directory is ours alone."""
    path = facts.state_dir
    try:
        status = path.lstat()
    except FileNotFoundError:
        return
    except OSError as problem:
        yield error(f"{path}: {problem.strerror}", f"ls -ld {owners.typed(str(path))}")
        return
    if reason := _problem(path, status):
        yield error(f"{path}: {reason}", _remedy(f"{path}: {reason}", path))
    else:
        yield from _inside(path)


def _inside(state_dir: Path) -> Iterator[Finding]:
    """Yield what in the state directory is not ours, or closed to us: no tick could write it.

    The directory may hold files of others, if it is that of AIPass's trigger.
    """
    jobs = [Path(entry.path) for entry in _entries(state_dir / "runs") if entry.is_dir()]
    for path in (*(state_dir / name for name in OURS), *jobs[:MOST_JOBS]):
        with suppress(OSError):
            status = path.lstat()
            if status.st_uid != os.geteuid():
                mine = shlex.join(("chown", "-R", machine.user(), str(path)))
                sentence = f"{path}: belongs to {owners.name_of(status.st_uid)}"
                yield error(f"{sentence}, so ticks cannot write to it", f"sudo {mine}")
            elif reason := _problem(path, status):
                yield error(f"{path}: {reason}", _remedy(f"{path}: {reason}", path))


def _problem(path: Path, status: os.stat_result) -> str:
    if not stat.S_ISDIR(status.st_mode):
        return private.file_problem(str(path), status)
    return private.folder_problem(str(path), status) or _closed(path, status)


def _closed(path: Path, status: os.stat_result) -> str:
    """Return that the mode of a folder of ours keeps its owner out; '' if it does not."""
    if status.st_mode & stat.S_IRWXU == stat.S_IRWXU:
        return ""
    return f"you cannot write to it; type: chmod u+rwx {owners.typed(str(path))}"


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        return private.entries(folder)
    except OSError:
        return []


def programs(facts: Facts) -> Iterator[Finding]:
    """Whether others could change a program that a job runs, or its directory."""
    for job in facts.jobs:
        programs = (call.name for call in job.calls if call.kind is Kind.PROGRAM)
        paths = dict.fromkeys(executables.whole_path(job, program) for program in programs)
        for whole in paths:
            for problem in facts.trust.problems(Path(whole)) if whole else ():
                yield warning(f"{job.id} runs {problem}", _remedy(problem, Path(whole)))
        if not job.cwd_problem:
            for problem in _folder_problems(facts, job.folder):
                yield warning(f"{job.id} works in {problem}", _remedy(problem, job.folder))


def installation(facts: Facts) -> Iterator[Finding]:
    """Whether others could change this program, or the interpreter that runs it."""
    package = facts.entry.parent
    found = [*facts.trust.problems(facts.python), *_folder_problems(facts, package)]
    for problem in dict.fromkeys(found):
        yield warning(f"this program itself: {problem}", _remedy(problem, package))


def _folder_problems(facts: Facts, folder: Path) -> list[str]:
    try:
        return facts.trust.folder_problems(folder)
    except OSError:  # told by the check of its `cwd`
        return []


def _remedy(problem: str, path: Path) -> str:
    return advised(problem, f"namei -l {owners.typed(str(path))}")
