"""`scheduled list`, as somebody calls it."""

import json

from scheduled.cli.list import list_tasks
from tests.builders.looks import BACKUP_AND_POLL, Home


def test_list_has_a_line_a_job(home: Home) -> None:
    lines = home.call("list").out.splitlines()

    assert lines[0].split() == [
        "JOB",
        "SCHEDULE",
        "ENABLED",
        "LAST",
        "RUN",
        "OUTCOME",
        "NEXT",
        "RUN",
    ]
    (backup,) = (line for line in lines if line.startswith("backup"))
    assert "1 h ago" in backup
    assert "succeeded" in backup
    assert "due since 2026-11-21 12:00+00:00 (now)" in backup
    (poll,) = (line for line in lines if line.startswith("poll"))
    assert poll.split() == ["poll", "every", "90m", "no", "never", "-"]


def test_gaias_list_tells_the_description_as_it_was_written(home: Home) -> None:
    said = home.call(list_tasks)

    assert "Copy [/rc] [bold]everything[/bold]" in said.out
    assert "never" in said.out


def test_a_job_with_problems_is_told_beside_the_list(home: Home) -> None:
    home.configure(BACKUP_AND_POLL + '  broken: {schedule: "61 * * * *", command: "true"}\n')

    said = home.call("list", "--json")

    assert said.code == 0
    assert "scheduled.yaml:" in said.err
    assert "minute 61" in said.err
    assert "backup" in {row["id"] for row in json.loads(said.out)["jobs"]}
