"""The machine: free space, locks, clock, zone, id."""

import os
import shlex
from collections.abc import Iterator
from datetime import timedelta

from scheduled.errors import ScheduledError, ScheduleError, reason_of
from scheduled.installation.doctor.facts import Facts
from scheduled.installation.doctor.finding import Finding, error, warning
from scheduled.system import file_systems, locks
from scheduled.timing import local_zone, timezones
from scheduled.timing.instants import EARLIEST, minute_utc

LITTLE_SPACE = 100 * 1024**2
"""Below this, in bytes, free space is worth a warning: output alone may take as much at once."""
MUCH_OUTPUT = 1024**3
"""From this on, in bytes, the output of all runs is worth a warning."""
FEW_NAMES = 1000
FAR_YEARS = 30
"""A clock that is so far beyond the first release is wrong as well, most likely."""
LONG_AWAY = timedelta(days=366)
AHEAD = timedelta(minutes=5)
LOCK = "+doctor.lock"
"""The lock that is tried; no job has a + in its id."""


def disk(facts: Facts) -> Iterator[Finding]:
    """Whether there is room for state and output."""
    above = (facts.state_dir, *facts.state_dir.parents)
    folder = next(path for path in above if os.path.exists(path))
    try:
        status = os.statvfs(folder)
    except OSError as problem:
        yield error(f"{folder}: {reason_of(problem)}", f"df -h {shlex.quote(str(folder))}")
        return
    free, remedy = status.f_bavail * status.f_frsize, f"{facts.command} state gc --days 7"
    if status.f_flag & os.ST_RDONLY:
        yield error(f"{folder}: the file system is read-only", "mount | grep '[(,]ro[,)]'")
    elif not free or (status.f_files and not status.f_favail):
        yield error(f"{folder}: no space left for state and output", remedy)
    elif free < LITTLE_SPACE:
        yield warning(f"{folder}: only {free // 1024**2} MiB free", remedy)
    elif status.f_files and status.f_favail < FEW_NAMES:
        yield warning(f"{folder}: room for {status.f_favail} files only", remedy)


def output(facts: Facts) -> Iterator[Finding]:
    """Whether the output of runs takes much room."""
    whole = sum(facts.output.values())
    if whole < MUCH_OUTPUT:
        return
    job = max(facts.output, key=lambda name: facts.output[name])
    yield warning(
        f"the output of runs takes {whole / 1024**3:.1f} GiB, that of {job}"
        f" {facts.output[job] / 1024**3:.1f}; `retention` limits it",
        f"{facts.command} state gc --days 7",
    )


def exclusion(facts: Facts) -> Iterator[Finding]:
    """Whether a lock in the state directory keeps a second process out.

    In the state of others nothing is written, not even a lock.
    """
    if reason := file_systems.lock_problem(facts.state_dir):
        yield error(
            f"{facts.state_dir}: {reason}, so jobs could run twice; no job runs until the state is"
            " on a disk of this host",
            f"findmnt --target {shlex.quote(str(facts.state_dir))}",
        )
        return
    if facts.others:
        return
    if not os.path.isdir(facts.state_dir) or not os.access(facts.state_dir, os.W_OK):
        return
    try:
        lock = locks.take(facts.state_dir, LOCK)
    except ScheduledError as problem:
        yield error(str(problem), f"{facts.command} state check")
        return
    if lock is None:  # another doctor tries it just now, and was kept out
        return
    try:
        if not _is_kept_out(facts):
            yield error(
                f"{facts.state_dir}: locks do not exclude each other on this file system, so jobs"
                " may run twice; move the state to a local disk",
                f"df -T {shlex.quote(str(facts.state_dir))}",
            )
    finally:
        lock.release()


def clock(facts: Facts) -> Iterator[Finding]:
    """Whether the clock can be right."""
    remedy, last, says = "timedatectl set-ntp true", facts.last_tick, f"{facts.now:%Y-%m-%d}"
    if facts.now < EARLIEST:
        yield error(f"the clock says {says}; no job runs", remedy)
    elif last is not None and last - facts.now > AHEAD:
        yield warning(
            f"the last tick is recorded at {minute_utc(last)}, which is in the"
            " future: this clock is wrong, or it was then",
            remedy,
        )
    elif facts.now.year >= EARLIEST.year + FAR_YEARS:
        yield warning(f"the clock says {says}, which is hard to believe", remedy)
    elif last is not None and facts.now - last > LONG_AWAY:
        yield warning(
            f"the clock says {says}, and the last tick came at {minute_utc(last)}: this clock is"
            " wrong, or none came for so long",
            remedy,
        )


def zone(facts: Facts) -> Iterator[Finding]:
    """Whether this machine's zone is what cron's ticks take for it."""
    if facts.zone is None:
        return
    remedy = f"grep -n timezone: {shlex.quote(f'{facts.root}/scheduled.yaml')}"
    variables = {name: text for name, text in facts.cron_variables.items() if name == "TZ"}
    environ = facts.environ
    try:
        found = local_zone.local_zone(variables)
    except ScheduleError as problem:
        yield error(str(problem), "dpkg-reconfigure tzdata")
        return
    if found.warning:
        yield warning(found.warning, "dpkg-reconfigure tzdata")
    if not timezones.have_same_rules(facts.zone, found.name):
        by_cron, here = (", as TZ says" if "TZ" in given else "" for given in (variables, environ))
        yield warning(
            f"the schedules are in the zone {found.name} under {facts.caller}{by_cron}, and in"
            f" {facts.zone} here{here}; set `timezone` in the configuration",
            remedy,
        )


def identity(facts: Facts) -> Iterator[Finding]:
    """Whether the state is this host's, and the host has an id, or a copied one is not noticed."""
    if facts.others:
        yield error(f"{facts.others}; no tick of this one runs", f"{facts.command} state adopt")
    if not facts.host:
        yield warning(
            "this host has no id (/etc/machine-id is missing or empty), so a state that another"
            " host uses as well is not noticed; name one with `host:`, or make one",
            "systemd-machine-id-setup",
        )


def _is_kept_out(facts: Facts) -> bool:
    """Return whether another process cannot take the lock that this one holds."""
    child = os.fork()
    if child == 0:
        code = 2
        try:
            code = 0 if locks.take(facts.state_dir, LOCK) is None else 1
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != 1
