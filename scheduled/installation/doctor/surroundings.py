"""What the jobs find under cron: PATH and locale, their programs, `cwd` and `env_file`."""

import locale
import shlex
from collections.abc import Iterator
from contextlib import suppress

from scheduled.installation.doctor import executables
from scheduled.installation.doctor.facts import Facts
from scheduled.installation.doctor.finding import Finding, Level, advised, error, warning

_LOCALE = ("LC_ALL", "LC_CTYPE", "LANG")


def path(facts: Facts) -> Iterator[Finding]:
    """Whether the PATH that cron gives is one, and which it is."""
    value = facts.cron_variables["PATH"]
    folders = value.split(":")
    if "$" in value or "~" in value:
        yield warning(
            f"{_setter(facts)} sets PATH={value}: {facts.caller} takes that literally and expands"
            " neither $ nor ~",
            _editing(facts),
        )
    elif relative := [folder for folder in folders if not folder.startswith("/")]:
        named = ", ".join(folder or "an empty entry" for folder in relative)
        yield warning(f"{_setter(facts)} sets PATH={value}: not absolute: {named}", _editing(facts))
    else:
        yield Finding(Level.OK, f"under {facts.caller}, PATH is {value}")


def language(facts: Facts) -> Iterator[Finding]:
    """Whether the locale that the crontab sets exists here."""
    variables = facts.cron_variables
    name = next((variables[key] for key in _LOCALE if variables.get(key)), "")
    if not name:
        sentence = f"under {facts.caller}, the locale is C: LANG and LC_ALL are not set"
        yield Finding(Level.OK, sentence)
    elif not _exists(name):
        yield warning(
            f"{_setter(facts)} sets the locale {name}, which is not installed here", "locale -a"
        )


def programs(facts: Facts) -> Iterator[Finding]:
    """Whether each program of each job is found under cron's PATH."""
    lookup = executables.Lookup(facts.environ, facts.caller)
    for job in facts.jobs:
        for found in lookup.troubles(job):
            remedy = found.remedy or f"{facts.command} show {job.id}"
            if found.here:
                variable = shlex.quote(f"PATH={executables.with_path(found.here, job.path)}")
                remedy = f"{facts.command} update {job.id} --env {variable}"
            shell = f"; your shell finds {found.here}" if found.here else ""
            yield error(f"{job.id}: {found.what}{shell}", remedy)


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


def _setter(facts: Facts) -> str:
    return "the environment of systemd" if facts.is_called_by_timer else "the crontab"


def _editing(facts: Facts) -> str:
    if facts.tick_entries:
        return facts.tick_entries[0].editing
    return "systemctl --user show-environment"


def _exists(name: str) -> bool:
    """Return whether the C library knows a locale."""
    before = locale.setlocale(locale.LC_CTYPE)
    try:
        locale.setlocale(locale.LC_CTYPE, name)
    except (locale.Error, UnicodeError):
        return False
    finally:
        with suppress(locale.Error):
            locale.setlocale(locale.LC_CTYPE, before)
    return True
