"""`scheduled next`, as somebody calls it."""

import json
import re

from tests.builders.jobs import at
from tests.builders.looks import Home


def test_next_tells_as_many_slots_as_asked_for(home: Home) -> None:
    document = json.loads(home.call("next", "backup", "-n", "3", "--json").out)

    assert [row["slot"][11:13] for row in document["next"]] == ["13", "14", "15"]
    shown = [re.split("  +", line) for line in home.call("next", "backup").out.splitlines()]
    assert shown[:3] == [["SCHEDULED (UTC)", "FROM NOW"], ["due 12:00", "now"], ["13:00", "in 1 h"]]
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


def test_next_begins_with_what_is_due_and_says_what_it_waits_for(home: Home) -> None:
    home.configure(
        "jobs:\n"
        "  base: {schedule: '0 9 * * *', command: 'false'}\n"
        "  upon: {schedule: '0 * * * *', command: x, after: [base]}\n"
        "  ready: {schedule: '30 * * * *', command: x}\n"
        "  later: {schedule: '0 14 * * *', command: x}\n"
        "  paused: {schedule: '0 * * * *', command: x}\n"
    )
    home.call("run", now=at("11:10"))
    home.call("pause", "paused", now=at("11:10"))

    def said(*words: str) -> list[list[str]]:
        lines = home.call("next", *words, now=at("12:05")).out.splitlines()
        return [re.split("  +", line.strip()) for line in lines]

    assert said()[1:] == [
        ["ready", "due 11:30", "35 min ago"],
        [
            "upon",
            "due 12:00",
            "5 min ago",
            "waits for base to succeed (after), which has not run yet",
        ],
        ["paused", "13:00", "in 55 min", "will be skipped: paused"],
        ["later", "14:00", "in 1 h 55 min"],
        ["base", "Sun 22 Nov 09:00", "in 20 h 55 min"],
    ]
    assert len(said("-n", "1")) == 2
    assert said("ready", "-n", "1")[1:] == [["due 11:30", "35 min ago"], ["12:30", "in 25 min"]]
    explained = said("ready", "--explain", "-n", "1")
    assert explained[0] == ["due 11:30 (35 min ago)"]
    assert explained[1] == [
        "- nothing holds it back: the next tick, or a later one, catches up on it"
    ]
    document = json.loads(home.call("next", "--json", now=at("12:05")).out)
    assert [row["job"] for row in document["due"]] == ["ready", "upon"]
    assert all(row["slot"] > "2026-11-21T12:05" for row in document["next"])


def test_next_of_a_disabled_job_says_that_none_will_come(home: Home) -> None:
    assert "No upcoming runs" in home.call("next", "poll").out


def test_next_explains_each_slot_only_when_asked(home: Home) -> None:
    plain = json.loads(home.call("next", "backup", "--json").out)
    asked = json.loads(home.call("next", "backup", "--explain", "--json").out)

    assert ["explain" in row for row in plain["next"]] == [False] * 5
    assert all(row["explain"][0].startswith('"0 * * * *"') for row in asked["next"])


def test_e1_e2_next_explains_counted_days_and_sentences_in_words(home: Home) -> None:
    home.configure(
        "timezone: Europe/Berlin\njobs:\n"
        "  monthend: {schedule: 0 6 L * *, command: x}\n"
        "  drawn: {schedule: H 6 LW * *, command: x}\n"
        "  pay: {schedule: every weekday at 8:00, command: x}\n"
    )
    said = {
        job: home.call("next", job, "--explain", "-n", "1").out.splitlines()[1]
        for job in ("monthend", "drawn", "pay")
    }

    assert said["monthend"] == (
        '  - "0 6 L * *" in Europe/Berlin: at 06:00 on the last day of each month'
    )
    assert said["drawn"].startswith('  - "H 6 LW * *" (hashed to ')
    assert said["pay"] == '  - "every weekday at 8:00" in Europe/Berlin: at 08:00, Monday to Friday'


def test_e1_next_says_what_a_schedule_means_that_no_job_has(home: Home) -> None:
    shown = home.call("next", "30 2 * 3 SUNL", "-n", "1").out.splitlines()
    document = json.loads(home.call("next", "*/7 0 L * *", "--explain", "--json").out)
    strange, unknown = home.call("next", "0 6 L * 1"), home.call("next", "backpu")

    assert shown[0] == "at 02:30 on the last Sunday of March (UTC)"
    assert len(shown) == 3
    assert document["schedule"] == "*/7 0 L * *"
    assert len(document["next"]) == 5
    assert document["next"][0]["explain"] == [document["in_words"]]
    assert document["warnings"][0].startswith("*/7 in the minute field begins anew")
    assert (strange.code, "only_on: [mon]" in strange.err) == (2, True)
    assert (unknown.code, "did you mean backup?" in unknown.err) == (2, True)


def test_a_person_reads_the_explanation_below_each_slot(home: Home) -> None:
    lines = home.call("next", "backup", "--explain", "-n", "1").out.splitlines()
    of_all = home.call("next", "--explain", "-n", "1").out.splitlines()

    start = lines.index("13:00 (in 1 h)")
    assert lines[0] == "due 12:00 (now)"
    assert lines[start + 1] == '  - "0 * * * *" in UTC: minute 0'
    assert of_all[0].split(": ")[0] in home.jobs()
