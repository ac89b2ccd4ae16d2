"""`scheduled next`, as somebody calls it."""

import json

from tests.builders.looks import Home


def test_next_tells_as_many_slots_as_asked_for(home: Home) -> None:
    document = json.loads(home.call("next", "backup", "-n", "3", "--json").out)

    assert [row["slot"][11:13] for row in document["next"]] == ["13", "14", "15"]
    assert "2026-11-21 13:00+00:00  in 1 h" in home.call("next", "backup").out
    assert home.call("next", "backup", "-n", "0").code == 2


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

    assert lines[0].startswith("2026-11-21 13:00+00:00")
    assert lines[1] == '  - "0 * * * *" in UTC: minute 0'
    assert of_all[0].split(": ")[0] in home.jobs()
