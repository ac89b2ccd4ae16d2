"""The table of crontabs against the importer, against an independent reading of Debian's rules,
and against Debian's cron itself.
"""

import re
import subprocess
from pathlib import Path

import pytest

from scheduled.config import load
from scheduled.config.importers import detect, proposal
from scheduled.config.importers.findings import SourceKind
from scheduled.config.load import Config
from scheduled.errors import UsageError
from scheduled.jobs.model import Job
from tests.builders import debians_cron, needs
from tests.builders.configuration import options
from tests.builders.jobs import at
from tests.config.importers.crontab_table import Reading, Table
from tests.config.importers.crontabs_of_people import TABLES

USERS = frozenset({"root", "www-data", "ann", "bob", "munin"})
EACH = pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
CRONS = [table for table in TABLES if table.is_for == "cron"]
EACH_FOR_CRON = pytest.mark.parametrize("table", CRONS, ids=lambda table: table.name)


def reading(line: int, job: Job, shell: str) -> Reading:
    """Return what a job runs, by which shell and with which input."""
    match job.command:
        case str(command):
            words = ("/bin/sh", command, "")
        case ["/bin/sh", "-c", 'printf %s "$2" | "$0" -c "$1"', used, command, stdin]:
            words = (used, command, stdin)
        case [used, "-c", command]:
            words = (used, command, "")
        case other:
            raise AssertionError(other)
    assert words[0] == shell
    return Reading(line, job.schedule, *words[1:])


def test_there_are_sixty_crontabs() -> None:
    assert len({table.name for table in TABLES}) == len(TABLES) >= 60


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Config:
    return load.load(options(tmp_path_factory.mktemp("home")))


@EACH
def test_each_crontab_is_read_as_its_table_says(table: Table, settled: Config) -> None:
    reader = detect.Reader(at("12:00"), user=table.user, users=USERS, halves_backslashes=True)
    data = table.text.encode()
    if table.refused:
        with pytest.raises(UsageError, match=table.refused):
            detect.read(data, "tab", Path("/x"), None, reader)
        return

    found = detect.read(data, "tab", Path("/x"), None, reader)

    kind = SourceKind.ANACRON if table.is_for == "anacron" else SourceKind.CRONTAB
    assert found.kind is kind
    made = proposal.propose(found, settled, settled.places.root / "scheduled.yaml")
    read_back = (reading(job.line, file.job, table.shell) for job, file in made.jobs)
    assert tuple(read_back) == table.jobs
    assert tuple(part.line for part in made.left_out) == table.left_out
    if table.last is not None:
        last = made.jobs[-1][0].fields
        assert {key: last.get(key) for key in table.last} == table.last


@EACH_FOR_CRON
def test_each_table_agrees_with_an_independent_reading_of_debians_rules(table: Table) -> None:
    entries = {
        number: debians_cron.entry(line, has_users=bool(table.user))
        for number, line in enumerate(table.text.split("\n"), start=1)
    }
    ours = {
        number: (entry.schedule, entry.command.strip(" \t"), entry.stdin)
        for number, entry in entries.items()
        if entry and entry.user == table.user
    }

    assert ours == {job.line: tuple(job[1:]) for job in table.jobs}


@EACH_FOR_CRON
def test_debians_crontab_accepts_and_refuses_the_same_lines(table: Table, tmp_path: Path) -> None:
    needs.programs("crontab")
    if b"-n" not in subprocess.run(["crontab", "-h"], capture_output=True, check=False).stderr:
        pytest.skip("needs the `crontab -n` of Debian's cron")
    lines = table.text.split("\n")
    # Without the users: a crontab of one's own has none.
    column = rf"^(@\w+\s+|(?:\S+\s+){{5}}){table.user}\s+"
    wanted = [re.sub(column, r"\1", line) if table.user else line for line in lines]

    def is_accepted(line: str) -> bool:
        (tmp_path / "tab").write_text(f"{line}\n")
        command = ["crontab", "-n", str(tmp_path / "tab")]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0

    assert all(is_accepted(wanted[job.line - 1].lstrip(" \t")) for job in table.jobs)
    refused = [number for number in table.left_out if not lines[number - 1].startswith("#")]
    if not table.user:  # with users, a line of another user is left out, too
        assert not any(is_accepted(lines[number - 1].lstrip(" \t")) for number in refused)
