"""Does something else fire the same jobs: another line, another timer, another block."""

import shlex
from collections.abc import Iterator
from pathlib import Path

from scheduled.installation import systemd
from scheduled.installation.doctor.facts import Facts, option, service_commands
from scheduled.installation.doctor.finding import Finding, error, warning

SYSTEM_UNITS = (Path("/etc/systemd/system"), Path("/run/systemd/system"))


def lines(facts: Facts) -> Iterator[Finding]:
    """Whether a line of a crontab runs the command of a job as well."""
    for entry in facts.entries:
        for job in _jobs_of(facts, entry.command):
            yield warning(
                f"{entry.where} runs the command of {job} as well, so it runs twice", "crontab -e"
            )


def timers(facts: Facts) -> Iterator[Finding]:
    """Whether a unit of systemd's that has a timer runs the command of a job as well."""
    user_folder = systemd.folder(facts.environ)
    for folder in (user_folder, *SYSTEM_UNITS):
        for timer in _timers(folder):
            service = timer.with_suffix(".service")
            for command in service_commands(service):
                for job in _jobs_of(facts, command):
                    by_user = "--user " if folder == user_folder else ""
                    yield warning(
                        f"{service} runs the command of {job} as well, so it runs twice",
                        f"systemctl {by_user}disable --now {timer.name}",
                    )


def blocks(facts: Facts) -> Iterator[Finding]:
    """Whether the jobs of this root are fired twice, with another state directory."""
    for entry in facts.root_entries:
        if entry not in facts.tick_entries:
            other = option(entry.command, "--state-dir")
            places = shlex.join(("--root", facts.root, "--state-dir", other))
            yield error(
                f"{entry.where} fires the jobs of {facts.root} as well, with the state {other}",
                f"scheduled {places} cron uninstall",
            )
    if facts.tick_entries and facts.unit_lines:
        yield warning(
            "the crontab and a systemd timer both call the ticks; that does no harm",
            f"{facts.command} cron uninstall --systemd",
        )


def _jobs_of(facts: Facts, command: str) -> Iterator[str]:
    """Yield the jobs that a command is the command of, however its blanks are written."""
    plain = _plain(command)
    for job in facts.jobs:
        if job.commands and plain == _plain(job.commands[0]):
            yield job.id


def _plain(command: str) -> str:
    """Return a command without what does not change what it does: blanks, where output goes."""
    head, sign, _ = command.partition(">")
    return " ".join((head.rstrip("0123456789&") if sign else head).split())


def _timers(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.suffix == ".timer")
    except OSError:
        return []
