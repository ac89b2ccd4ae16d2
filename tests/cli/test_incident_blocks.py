"""What cron mails: a block for each event of an incident, and nothing for the ticks between."""

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest

from scheduled.cli.run import run
from scheduled.cli.tick_report import MOST_BLOCKS
from scheduled.timing.instants import format_utc
from tests.builders.installed import WITHOUT_SWEEPS
from tests.builders.jobs import at
from tests.builders.looks import Home

START = at("12:00")
FAILS = f"""timezone: UTC
{WITHOUT_SWEEPS}  poll: {{schedule: "* * * * *", command: "test -e works || (echo oops; exit 3)"}}
"""


@pytest.fixture
def home(root: Path) -> Home:
    return Home(root)


def minute(home: Home, number: int, *words: str) -> tuple[int, str]:
    """The exit code of the tick of a minute, and what it printed on stderr."""
    said = home.call(run, *words, now=START + timedelta(minutes=number, seconds=1))
    return said.code, said.err


def test_a_job_that_fails_each_minute_is_mailed_once_and_its_end_once(home: Home) -> None:
    home.configure(FAILS.replace("test -e works", f"test -e {home.folder}/works"))

    ticks = [minute(home, number) for number in range(5)]
    (home.folder / "works").touch()
    ticks += [minute(home, number) for number in range(5, 7)]

    assert [code for code, _ in ticks] == [0, 1, 1, 1, 1, 0, 0]
    said = [err for _, err in ticks]
    assert [bool(err) for err in said] == [False, False, True, False, False, True, False]
    assert "poll: failed: exit code 3" in said[2]
    assert "  | oops" in said[2]
    assert "scheduled ack " in said[2]
    assert said[5].startswith("poll: failing: over after")


def test_of_many_incidents_that_open_at_once_the_first_are_printed(home: Home) -> None:
    jobs = (
        f'  job{number:02}: {{schedule: "0 3 * * *", first_run: now, command: "exit 3"}}\n'
        for number in range(MOST_BLOCKS + 3)
    )
    home.configure(f"timezone: UTC\ncatch_up_budget: 100\n{WITHOUT_SWEEPS}{''.join(jobs)}")

    code, err = minute(home, 0)

    heads = [line for line in err.splitlines() if not line.startswith(" ")]
    assert code == 1
    printed = [f"job{number:02}: failed: exit code 3" for number in range(MOST_BLOCKS)]
    assert sorted(heads[:-1]) == printed  # in the order of their ends
    assert heads[-1] == "and 3 more; `scheduled incidents` lists what is open"


def test_with_verbose_and_by_hand_each_failure_is_printed(home: Home) -> None:
    home.configure(FAILS)
    minute(home, 0)

    for number in range(1, 4):
        code, err = minute(home, number, "--only", "poll")
        assert code == 1
        assert "poll: failed: exit code 3" in err


@pytest.mark.parametrize("broken", ["jobs: [\n", "jobs:\n  poll: {schedule: never, command: x}\n"])
def test_a_broken_configuration_is_mailed_once_and_the_exit_code_stays_true(
    home: Home, broken: str
) -> None:
    sound = FAILS.replace("test -e works", "true")
    home.configure(sound)
    ticks = [minute(home, number) for number in range(2)]
    home.configure(broken if broken.endswith("[\n") else f"timezone: UTC\n{broken}")
    ticks += [minute(home, number) for number in range(2, 6)]
    home.configure(sound)
    ticks += [minute(home, number) for number in range(6, 8)]

    assert [code for code, _ in ticks] == [0, 0, 2, 2, 2, 2, 0, 0]
    assert [bool(err) for _, err in ticks] == [False] * 2 + [True] + [False] * 3 + [True, False]
    assert "corrected" in ticks[6][1]


def silence(home: Home, first: int, last: int) -> None:
    """Have it on record that cron did not run between two minutes."""
    start, end = (format_utc(START + timedelta(minutes=minute)) for minute in (first, last))
    home.record({"event": "gap", "at": end, "from": start, "to": end, "cause": "cron silent"})


def test_a_time_without_ticks_is_told_in_local_time_and_counts_from_its_beginning(
    home: Home,
) -> None:
    home.configure(f"timezone: Europe/Berlin\n{WITHOUT_SWEEPS}")
    minute(home, 0)
    silence(home, 1, 31)

    _, err = minute(home, 31)
    ident = re.findall(r"scheduled ack (\w+)", err)[0]

    assert err.splitlines() == [
        "cron did not run",
        "  no tick from 2026-11-21 13:01+01:00 to 2026-11-21 13:31+01:00, 30 min",
        "  since 2026-11-21 13:01+01:00",
        f"  incident {ident}; `scheduled ack {ident}` stops the reminders",
    ]
    (row,) = json.loads(home.call("incidents", "--json", now=START).out)["incidents"]
    assert row["since"] == "2026-11-21T12:01:00Z"
    status = home.call("status", now=START + timedelta(hours=3)).out
    assert "cron did not run 2 h 59 min ago\n    no tick from 2026-11-21 13:01+01:00" in status


def test_a_reminder_of_times_without_ticks_counts_them(home: Home) -> None:
    home.configure(f"timezone: UTC\n{WITHOUT_SWEEPS}")
    minute(home, 0)
    day = 24 * 60
    silence(home, 1, 31)
    minute(home, 31)
    silence(home, day - 60, day - 30)
    assert minute(home, day - 30)[1] == ""

    _, err = minute(home, day + 32)

    assert err.startswith("cron did not run: 2 times in 1 d\n")


TELL = """notify:
  ops: {kind: command, command: 'echo "$SCHEDULED_SUBJECT" >> told; test ! -e broken'}
"""


@pytest.fixture
def told(home: Home) -> Home:
    """A home whose job fails unless there is a file `works`, with a channel."""
    fails = FAILS.replace("test -e works", f"test -e {home.folder}/works")
    home.configure(f"{TELL}{fails}")
    return home


def subjects(home: Home) -> list[str]:
    return (home.folder / "told").read_text().splitlines()


def test_what_a_channel_has_taken_is_not_mailed_by_cron_as_well(told: Home) -> None:
    ticks = [minute(told, number) for number in range(4)]
    (told.folder / "works").touch()
    ticks += [minute(told, number) for number in range(4, 6)]

    assert [code for code, _ in ticks] == [0, 1, 1, 1, 0, 0]
    assert [err for _, err in ticks] == [""] * 6
    assert [re.sub(" after .*", "", line) for line in subjects(told)] == [
        "poll: failing",
        "poll: failing: over",
    ]


def test_what_a_channel_has_not_taken_is_mailed_by_cron_at_once(told: Home) -> None:
    (told.folder / "broken").touch()

    ticks = [minute(told, number) for number in range(4)]

    assert [bool(err) for _, err in ticks] == [False, False, True, False]
    assert "poll: failed: exit code 3" in ticks[2][1]


def test_what_no_channel_wants_is_mailed_by_cron(home: Home) -> None:
    fails = FAILS.replace("test -e works", f"test -e {home.folder}/works")
    home.configure(f"{TELL.replace('{kind', '{on: [failure], kind')}{fails}")

    ticks = [minute(home, number) for number in range(3)]
    (home.folder / "works").touch()
    ticks.append(minute(home, 4))

    assert [err for _, err in ticks[:3]] == [""] * 3
    assert ticks[3][1].startswith("poll: failing: over after")


def test_by_hand_a_failure_is_printed_though_a_channel_has_told_of_it(told: Home) -> None:
    for number in range(3):
        minute(told, number)

    code, err = minute(told, 3, "--only", "poll")

    assert code == 1
    assert "poll: failed: exit code 3" in err


def test_a_broken_configuration_that_a_channel_told_of_is_not_mailed(told: Home) -> None:
    sound = (told.folder / "scheduled.yaml").read_text()
    ticks = [minute(told, 0)]
    told.configure(f"{sound}  worse: {{schedule: never, command: x}}\n")

    ticks += [minute(told, number) for number in range(1, 3)]

    assert [code for code, _ in ticks] == [0, 2, 2]
    assert [err for _, err in ticks] == [""] * 3
    assert "configuration" in subjects(told)[0]
