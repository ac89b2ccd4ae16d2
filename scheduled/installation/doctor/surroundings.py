"""What the jobs find under cron: PATH and locale, their programs, `cwd` and `env_file`."""

import locale
import os
import shlex
import shutil
from collections.abc import Iterator
from contextlib import suppress

from scheduled.installation.doctor.facts import Facts, JobFacts
from scheduled.installation.doctor.finding import Finding, Level, advised, error, warning

_LOCALE = ("LC_ALL", "LC_CTYPE", "LANG")


def path(facts: Facts) -> Iterator[Finding]:
    """Whether the PATH that cron gives is one, and which it is."""
    value = facts.cron_variables["PATH"]
    folders = value.split(":")
    if "$" in value or "~" in value:
        yield warning(
            f"the crontab sets PATH={value}: cron takes that literally and expands neither $ nor ~",
            "crontab -e",
        )
    elif relative := [folder for folder in folders if not folder.startswith("/")]:
        named = ", ".join(folder or "an empty entry" for folder in relative)
        yield warning(f"the crontab sets PATH={value}: not absolute: {named}", "crontab -e")
    else:
        yield Finding(Level.OK, f"under cron, PATH is {value}")


def language(facts: Facts) -> Iterator[Finding]:
    """Whether the locale that the crontab sets exists here."""
    variables = facts.cron_variables
    name = next((variables[key] for key in _LOCALE if variables.get(key)), "")
    if not name:
        yield Finding(Level.OK, "under cron, the locale is C: LANG and LC_ALL are not set")
    elif not _exists(name):
        yield warning(
            f"the crontab sets the locale {name}, which is not installed here", "locale -a"
        )


def programs(facts: Facts) -> Iterator[Finding]:
    """Whether each program of each job is found under cron's PATH."""
    for job in facts.jobs:
        for program in dict.fromkeys(job.programs):
            if not _found(job, program):
                yield _missing(facts, job, program)


def cwd(facts: Facts) -> Iterator[Finding]:
    """Whether each job can enter its working directory."""
    for job in facts.jobs:
        if job.cwd_problem:
            yield error(f"{job.id}: {job.cwd_problem}", f"{facts.command} show {job.id}")


def env_file(facts: Facts) -> Iterator[Finding]:
    """Whether the `env_file` of each job can be read, and may be."""
    for job in facts.jobs:
        if job.env_file_problem:
            remedy = advised(job.env_file_problem, f"{facts.command} show {job.id}")
            yield error(f"{job.id}: {job.env_file_problem}", remedy)


def whole_path(job: JobFacts, program: str) -> str:
    """Return the path of a program of a job, as its runs find it; '' if they do not."""
    if "/" in program:
        whole = os.path.join(job.folder, program)
        return whole if os.path.isfile(whole) and os.access(whole, os.X_OK) else ""
    return shutil.which(program, path=job.path) or ""


def _found(job: JobFacts, program: str) -> bool:
    return bool(whole_path(job, program))


def _missing(facts: Facts, job: JobFacts, program: str) -> Finding:
    if "/" in program:
        whole = os.path.join(job.folder, program)
        if not os.path.isfile(whole):
            return error(f"{job.id}: {whole}: no such program", f"{facts.command} show {job.id}")
        return error(f"{job.id}: {whole}: not executable", f"chmod u+x {shlex.quote(whole)}")
    here = shutil.which(program, path=facts.environ.get("PATH", ""))
    message = (
        f"{job.id}: {program}: not found in the PATH that its runs have under cron, {job.path}"
    )
    if here is None:
        return error(message, f"{facts.command} show {job.id}")
    wanted = f"{os.path.dirname(os.path.abspath(here))}:{job.path}"
    return error(
        f"{message}; your shell finds {here}",
        f"{facts.command} update {job.id} --env {shlex.quote(f'PATH={wanted}')}",
    )


def _exists(name: str) -> bool:
    """Return whether the C library knows a locale."""
    before = locale.setlocale(locale.LC_CTYPE)
    try:
        locale.setlocale(locale.LC_CTYPE, name)
    except locale.Error:
        return False
    finally:
        with suppress(locale.Error):
            locale.setlocale(locale.LC_CTYPE, before)
    return True
