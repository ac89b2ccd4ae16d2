"""Could somebody else change what runs as us: programs, directories, our own installation.

What is read and executed by us (configuration, handlers, `env_file`) is refused by ticks; the rest
is only warned about, for root's crontab may well call a script in somebody's home.
"""

from collections.abc import Iterator
from pathlib import Path

from scheduled.installation.doctor import surroundings
from scheduled.installation.doctor.facts import Facts
from scheduled.installation.doctor.finding import Finding, advised, error, warning
from scheduled.system import owners, private


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
    if reason := private.folder_problem(str(path), status):
        yield error(f"{path}: {reason}", _remedy(f"{path}: {reason}", path))


def programs(facts: Facts) -> Iterator[Finding]:
    """Whether others could change a program that a job runs, or its directory."""
    for job in facts.jobs:
        paths = dict.fromkeys(surroundings.whole_path(job, program) for program in job.programs)
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
