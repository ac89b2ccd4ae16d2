"""Does something else fire the same jobs: another line, another timer, another block."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

from scheduled.installation import crontab_block, systemd
from scheduled.installation.crontab_entries import CRONTAB
from scheduled.installation.doctor.facts import Facts, option, service_commands, words
from scheduled.installation.doctor.finding import Finding, error, warning

_OUTPUT = re.compile(r"(?:\s*(?:\b[0-9]|&)?>>?\s*&?[^\s;&|<>()'\"`]+)+\s*$")
_VERBS = frozenset(("run", "daily-report", "--once"))
PACKAGED_UNITS = Path("/usr/lib/systemd/system")
SYSTEM_UNITS = (Path("/etc/systemd/system"), Path("/run/systemd/system"))


def lines(facts: Facts) -> Iterator[Finding]:
    """Whether a line of a crontab runs the command of a job as well."""
    for entry in facts.entries:
        for job in _jobs_of(facts, entry.command):
            yield warning(
                f"{entry.where} runs the command of {job} as well, so it runs twice", entry.editing
            )


def timers(facts: Facts) -> Iterator[Finding]:
    """Whether a unit of systemd's that has a timer runs the command of a job as well."""
    user_folder = systemd.folder(facts.environ)
    folders = ((folder, _timers(folder)) for folder in (user_folder, *SYSTEM_UNITS))
    for folder, found in (*folders, (PACKAGED_UNITS, _enabled_timers())):
        for timer in found:
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
    yield from _besides(facts)
    if facts.tick_entries and facts.unit_lines:
        yield warning(
            "the crontab and a systemd timer both call the ticks; that does no harm",
            f"{facts.command} cron uninstall --systemd",
        )


def _besides(facts: Facts) -> Iterator[Finding]:
    """Yield the lines outside every block that call the ticks as well."""
    verbs = [_VERBS.intersection(words(entry.command)) for entry in facts.tick_entries]
    ours = crontab_block.lines_in_blocks(facts.crontab)
    for number, entry in enumerate(facts.tick_entries):
        is_ours = entry.place == CRONTAB and entry.line in ours
        if "--once" in verbs[number]:
            yield warning(
                f"{entry.where} runs every enabled job whether it is due or not (--once)",
                entry.editing,
            )
        elif not is_ours and any(
            verbs[number] & others for at, others in enumerate(verbs) if at != number
        ):
            yield warning(
                f"{entry.where} calls the ticks as well; that does no harm", entry.editing
            )


def _jobs_of(facts: Facts, command: str) -> Iterator[str]:
    """Yield the jobs that a command is the command of, however its blanks are written."""
    plain = _plain(command)
    for job in facts.jobs:
        if job.commands and plain == _plain(job.commands[0]):
            yield job.id


def _plain(command: str) -> str:
    """Return a command without what does not change what it does: blanks, where output goes."""
    return " ".join(_OUTPUT.sub("", command).split())


def _enabled_timers() -> list[Path]:
    """Return the timers of packages that are enabled: most are only there in case."""
    enabled = {path.name for wants in SYSTEM_UNITS[0].glob("*.wants") for path in _timers(wants)}
    return [timer for timer in _timers(PACKAGED_UNITS) if timer.name in enabled]


def _timers(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.suffix == ".timer")
    except OSError:
        return []
