"""The table of all checks, and how they are asked."""

from collections.abc import Callable, Container, Iterable, Iterator

from scheduled.installation.doctor import (
    executors,
    loaded,
    owners,
    package,
    permissions,
    rivals,
    surroundings,
    telling,
    this_machine,
    ticks,
)
from scheduled.installation.doctor.facts import Facts
from scheduled.installation.doctor.finding import Finding, Level
from scheduled.quick_classes import NamedTuple


class Check(NamedTuple):
    """A check: a name, what is the case if it finds nothing, and a function."""

    name: str
    sound: str
    examine: Callable[[Facts], Iterable[Finding]]


TABLE = (
    Check("installed", "the crontab or a timer calls the ticks", ticks.installed),
    Check("daemon", "what calls the ticks runs", ticks.daemon),
    Check("block", "the block in the crontab is as it was written", ticks.block),
    Check("units", "the systemd units are as they were written", ticks.units),
    Check("files", "what the line of cron names is there", ticks.files),
    Check("version", "cron calls this version", ticks.versions),
    Check("idle", "a tick with nothing to do starts no Python", ticks.idle),
    Check("distribution", "the program is installed once", package.name),
    Check("mail", "somebody is told when a job fails", telling.mail),
    Check("configuration", "the configuration has no problems", loaded.configuration),
    Check("path", "the PATH of cron is one", surroundings.path),
    Check("locale", "the locale of cron is installed", surroundings.language),
    Check("programs", "the programs of all jobs are found", surroundings.programs),
    Check("cwd", "the working directories of all jobs can be entered", surroundings.cwd),
    Check("env_file", "the env_file of each job can be read", surroundings.env_file),
    Check("executors", "every executor answers", executors.answering),
    Check("permissions", "every job is held to what its id permits", permissions.limits),
    Check("owners", "nobody else can change what the jobs run", owners.programs),
    Check("installation", "nobody else can change this program", owners.installation),
    Check("state_dir", "the state directory is yours alone", owners.state),
    Check("state", "state and journal are whole", loaded.state),
    Check("disk", "there is room for state and output", this_machine.disk),
    Check("output", "the output of runs takes little room", this_machine.output),
    Check("locks", "locks exclude other processes", this_machine.exclusion),
    Check("clock", "the clock is plausible", this_machine.clock),
    Check("zone", "the zone of cron is the zone here", this_machine.zone),
    Check("host", "the host has an id, and the state is its own", this_machine.identity),
    Check("other_lines", "no line of a crontab runs a job as well", rivals.lines),
    Check("other_timers", "no timer runs a job as well", rivals.timers),
    Check("other_blocks", "the ticks are called once", rivals.blocks),
)


def examine(facts: Facts) -> list[Finding]:
    """Return what the checks find, in their order; one that finds nothing says what is well."""
    return [finding for check in TABLE for finding in _asked(check, facts)]


def problems(facts: Facts, names: Container[str]) -> list[Finding]:
    """Return what is wrong by the checks of these names."""
    findings = (
        finding for check in TABLE if check.name in names for finding in _asked(check, facts)
    )
    return [finding for finding in findings if finding.level is not Level.OK]


def worst(findings: Iterable[Finding]) -> Level:
    """Return the gravest level among the findings."""
    return max((finding.level for finding in findings), key=lambda level: level.exit_code)


def _asked(check: Check, facts: Facts) -> Iterator[Finding]:
    findings = list(check.examine(facts)) or [Finding(Level.OK, check.sound)]
    yield from (finding._replace(check=check.name) for finding in findings)
