"""What options that take a time do with words, from the command line to the record."""

import json
from pathlib import Path

import pytest

from scheduled.state.records import ALL_JOBS
from scheduled.state.store import Store
from tests.builders.jobs import at
from tests.builders.looks import Home


@pytest.fixture
def home(root: Path) -> Home:
    home = Home(root)
    home.configure(
        "timezone: Europe/Berlin\njobs:\n  backup: {schedule: '0 * * * *', command: 'true'}\n"
    )
    return home


def test_e14_a_pause_says_back_what_was_understood(home: Home) -> None:
    said = home.call("pause", "backup", "--until", "tomorrow 8:00")
    assert "until Sun 22 Nov 08:00 (in 19 h)" in said.out

    said = home.call("pause", "--until", "next mon 9am")
    assert "until Mon 23 Nov 09:00 (in 1 d 20 h)" in said.out

    said = home.call("pause", "--for", "2 hours")
    assert "until 15:00 (in 2 h)" in said.out
    state = Store(home.state_dir).load().state
    assert state["paused"][ALL_JOBS]["until"] == "2026-11-21T14:00:00Z"


def test_e14_a_deferral_says_back_what_was_understood(home: Home) -> None:
    said = home.call("defer", "backup", "--until", "noon tomorrow")

    assert "until Sun 22 Nov 12:00 (in 23 h)" in said.out
    deferral = Store(home.state_dir).load().state["jobs"]["backup"]["deferral"]
    assert deferral is not None
    assert deferral["until"] == "2026-11-22T11:00:00Z"


@pytest.mark.parametrize(
    ("options", "slot"),
    [
        (["--at", "tomorrow 8:00"], "2026-11-22T07:00:00Z"),
        (["--at", "tomorrow 8:00", "--timezone", "America/New_York"], "2026-11-22T13:00:00Z"),
        (["--at", "in 90 minutes"], "2026-11-21T13:30:00Z"),
    ],
)
def test_e14_a_job_for_a_single_run_is_created_in_words(
    home: Home, options: list[str], slot: str
) -> None:
    said = home.call("create", "once", *options, "--command", "true", "--json")

    assert said.code == 0
    assert f"schedule: at:{slot}\n" in (home.folder / "jobs" / "once.yaml").read_text()
    assert json.loads(said.out)["next"]["slot"] == slot


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        (
            ["tomorrow 8:00"],
            'is a time, not a schedule; for a single run write --at "tomorrow 8:00"',
        ),
        (["at:next fri"], '"at:next fri" is a time, not a schedule; for a single run write --at'),
        (["--at", "yesterday"], "--at 'yesterday' is in the past; write 2h, 18:00"),
        (["daily", "--at", "8:00"], "SCHEDULE and --at exclude each other"),
        (["2am"], 'write "0 2 * * *"'),
        (["02:30"], 'write "30 2 * * *"'),
        (["@every 5m"], 'write "every 5m"'),
        (["@every 1h30m"], 'write "every 1h30m"'),
    ],
)
def test_e14_a_time_that_is_no_schedule_is_answered_with_what_to_write(
    home: Home, words: list[str], refusal: str
) -> None:
    said = home.call("create", "once", *words, "--command", "true")

    assert (said.code, refusal in said.err) == (2, True)
    assert not (home.folder / "jobs" / "once.yaml").exists()


def test_e14_a_simulation_goes_from_one_time_in_words_to_another(home: Home) -> None:
    said = home.call("simulate", "--from", "yesterday 22:30", "--to", "0:30", "--json")

    runs = json.loads(said.out)["runs"]
    assert [run["slot"] for run in runs] == ["2026-11-20T22:00:00Z", "2026-11-20T23:00:00Z"]


def test_e14_every_option_that_takes_a_time_or_a_duration_reads_words(home: Home) -> None:
    home.call("run", now=at("11:00"))
    for words in (
        ("stats", "--since", "yesterday"),
        ("events", "--since", "last fri 9:00"),
        ("history", "--since", "2 days"),
        ("why", "backup", "--at", "1 hour ago"),
        ("list", "--at", "next mon"),
        ("simulate", "--tick", "5 minutes", "--to", "an hour", "--outage", "noon..8pm"),
        ("check", "backup", "--max-age", "2 days"),
    ):
        said = home.call(*words)
        assert "not a valid" not in said.out + said.err, words
        said = home.call(*words[:-1], "5/6")
        assert "5/6" in said.out + said.err, words
        assert said.code >= 2, words


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("--timeout", "2 days"), "timeout: 2d"),
        (("--timeout", "an hour"), "timeout: 1h"),
        (("--timeout", "1h30m"), "timeout: 1h30m"),
        (("--timeout", "90"), "timeout: 90"),
        (("--keep", "2 weeks"), "keep: 2w"),
        (("--starts", "tomorrow"), 'starts: "2026-11-22"'),
        (("--starts", "tomorrow 8:00"), "starts: 2026-11-22 08:00"),
        (("--starts", "in 90s"), 'starts: "2026-11-21 13:01:30"'),
        (("--starts", "8pm", "--timezone", "Asia/Tokyo"), "starts: 2026-11-22 20:00"),
        (("--ends", "next mon"), 'ends: "2026-11-23"'),
        (("--ends", "2027-10-31T01:30Z"), "ends: 2027-10-31T01:30Z"),
        (("--ends", "2027-10-31 01:30:00 Z"), "ends: 2027-10-31 02:30+01:00"),  # the second pass
        (("--starts", "none"), "starts: none"),
    ],
)
def test_e14_keys_of_a_job_take_words_and_the_file_has_their_forms(
    home: Home, words: tuple[str, ...], line: str
) -> None:
    home.call("create", "backup2", "daily", "--command", "true")
    for made in (
        home.call("create", "typed", "daily", "--command", "true", *words),
        home.call("update", "backup2", *words),
    ):
        assert made.code == 0, made.err
    for name in ("typed", "backup2"):
        assert line in (home.folder / "jobs" / f"{name}.yaml").read_text().splitlines()


def test_e14_a_time_that_is_none_is_refused_with_its_option(home: Home) -> None:
    for option in ("--starts", "--ends"):
        said = home.call("create", "typed", "daily", "--command", "true", option, "5/6")

        assert (said.code, f"{option} '5/6' is not a valid time" in said.err) == (2, True)
    said = home.call("create", "typed", "daily", "--command", "true", "--timeout", "5xx")
    assert 'timeout: "5xx": expected seconds' in said.err


def test_e14_a_single_run_is_moved_in_words_of_the_clock_of_its_job(home: Home) -> None:
    home.call("create", "once", "--at", "8pm", "--timezone", "Asia/Tokyo", "--command", "true")

    said = home.call("update", "once", "--at", "tomorrow 8:00", "--json")

    assert json.loads(said.out)["next"]["slot"] == "2026-11-21T23:00:00Z"
    assert home.call("update", "once", "--at", "8pm", "--schedule", "daily").code == 2
