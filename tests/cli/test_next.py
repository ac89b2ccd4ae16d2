"""`scheduled next`, as somebody calls it."""

import json
import re

from tests.builders.looks import Home


def test_next_tells_as_many_slots_as_asked_for(home: Home) -> None:
    document = json.loads(home.call("next", "backup", "-n", "3", "--json").out)

    assert [row["slot"][11:13] for row in document["next"]] == ["13", "14", "15"]
    shown = [re.split("  +", line) for line in home.call("next", "backup").out.splitlines()]
    assert shown[:2] == [["SCHEDULED (UTC)", "FROM NOW"], ["13:00", "in 1 h"]]
    assert shown[-1] == ["17:00", "in 5 h"]
    assert home.call("next", "backup", "-n", "0").code == 2


def test_next_of_all_has_one_row_a_job(home: Home) -> None:
    home.configure(
        "timezone: Europe/Berlin\njobs:\n"
        "  far: {schedule: '0 9 * * *', timezone: America/New_York, command: x}\n"
        "  soon: {schedule: '*/5 * * * *', command: x}\n"
        "  off: {schedule: '*/5 * * * *', command: x, enabled: false}\n"
    )
    lines = [re.split("  +", line) for line in home.call("next").out.splitlines()]

    assert lines == [
        ["JOB", "SCHEDULED (+01:00)", "FROM NOW", "NOTE"],
        ["soon", "13:05", "in 5 min"],
        ["far", "15:00", "in 2 h", "09:00 in America/New_York"],
    ]
    assert len(home.call("next", "-n", "1").out.splitlines()) == 2
    together = json.loads(home.call("next", "--json").out)["next"]
    assert [row["job"] for row in together] == ["soon"] * 5


def test_next_of_a_disabled_job_says_that_none_will_come(home: Home) -> None:
    assert "No upcoming runs" in home.call("next", "poll").out


def test_next_explains_each_slot_only_when_asked(home: Home) -> None:
    plain = json.loads(home.call("next", "backup", "--json").out)
    asked = json.loads(home.call("next", "backup", "--explain", "--json").out)

    assert ["explain" in row for row in plain["next"]] == [False] * 5
    assert all(row["explain"][0].startswith('"0 * * * *"') for row in asked["next"])


def test_a_person_reads_the_explanation_below_each_slot(home: Home) -> None:
    lines = home.call("next", "backup", "--explain", "-n", "1").out.splitlines()
    of_all = home.call("next", "--explain", "-n", "1").out.splitlines()

    assert lines[0] == "13:00 (in 1 h)"
    assert lines[1] == '  - "0 * * * *" in UTC: minute 0'
    assert of_all[0].split(": ")[0] in home.jobs()
