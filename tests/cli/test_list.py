"""`scheduled list`, as somebody calls it."""

import json
import re
from pathlib import Path

from scheduled.cli.list import list_tasks
from scheduled.state import events
from tests.builders.jobs import at
from tests.builders.looks import BACKUP_AND_POLL, Home, seen


def test_list_has_a_line_a_job(home: Home) -> None:
    heading, backup, poll = home.call("list").out.splitlines()

    assert re.split("  +", heading) == [
        *("JOB", "NEXT RUN (UTC)", "STATE", "LAST RUN", "RESULT", "SCHEDULE")
    ]
    assert re.split("  +", backup) == [
        *("backup", "due 12:00", "1 h ago", "\u2713 succeeded", "0 * * * *")
    ]
    assert re.split("  +", poll) == ["poll", "-", "disabled", "never", "every 90m"]


def test_built_in_jobs_that_are_inactive_are_listed_only_if_all_are_wanted(home: Home) -> None:
    assert "daily_report" not in home.call("list").out
    assert "inactive" in home.call("list", "--all").out
    assert "daily_report" in home.call("list", "--all").out


def test_jobs_are_sorted_by_their_next_runs_and_say_what_is_special(home: Home) -> None:
    home.configure(
        "jobs:\n"
        + "".join(
            f"  {name}: {{schedule: '{minute} 13 * * *', command: x{more}}}\n"
            for name, minute, more in (
                ("later", 40, ""),
                ("paused", 10, ""),
                ("deferred", 20, ""),
                ("skipping", 25, ""),
                ("cancelled", 5, ""),
                ("off", 0, ", enabled: false"),
                ("soon", 30, ""),
            )
        )
    )
    wishes = (
        events.job_paused("paused", at("14:00"), ""),
        events.job_deferred("deferred", at("12:50"), ""),
        events.skip_requested("skipping", at("13:25")),
        events.job_cancelled("cancelled", ""),
    )
    known = (seen(job, at("11:00")) for job in home.jobs().values())
    home.record(*known, *({**wish, "at": "2026-11-21T11:30:00Z"} for wish in wishes))

    lines = home.call("list").out.splitlines()[1:]

    assert [re.split("  +", line)[:3] for line in lines] == [
        ["deferred", "12:50", "deferred"],
        ["soon", "13:30", "never"],
        ["later", "13:40", "never"],
        ["paused", "Sun 22 Nov 13:10", "paused"],
        ["skipping", "Sun 22 Nov 13:25", "skips one"],
        ["cancelled", "-", "cancelled"],
        ["off", "-", "disabled"],
    ]


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


def test_without_jobs_it_says_how_to_make_one(root: Path) -> None:
    home = Home(root)
    said = home.call("list")

    assert "No jobs. `scheduled create ID SCHEDULE --command CMD` makes one" in said.out
    assert "JOB" not in said.out
    assert json.loads(home.call("list", "--json").out)["jobs"]
