"""Ticks that come and wait in vain for the lock of the state: they are told from none."""

from pathlib import Path

import pytest

from scheduled.state import heartbeat, ticks_in_vain
from scheduled.system import locks
from tests.builders.installed import WITHOUT_SWEEPS
from tests.builders.jobs import at
from tests.builders.locks import held_by_another
from tests.builders.looks import Home
from tests.cli.test_broken_configuration import beat, break_it, causes, gaps, minutes, ticked

POLL = f'timezone: UTC\n{WITHOUT_SWEEPS}  poll: {{schedule: "* * * * *", command: "true"}}\n'


@pytest.fixture
def home(root: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setattr(locks.journal.__wrapped__, "__defaults__", (0.01, None))  # type: ignore[attr-defined]
    made = Home(root)
    made.configure(POLL)
    return made


def test_a_locked_state_is_the_cause_of_a_gap(home: Home) -> None:
    ticked(home, "08:00", code=0)
    with held_by_another(home.state_dir / "locks" / "journal"):
        ticked(home, *minutes("08:10", "08:19"), code=3)
    ticked(home, "08:20", code=0)

    assert gaps(home) == [
        ("08:00", "08:10", "clock set forward"),  # so says the boot clock, which is not faked
        ("08:10", "08:20", "state locked"),
    ]
    assert ("2026-11-21T08:19:00Z", "state locked", 9) in causes(home)
    assert not (home.state_dir / heartbeat.LOCKED_OUT).exists()
    assert "another process locked the state" in home.call("history", "--gaps").out
    assert "2, with 0 ticks missing" in home.call("stats", now=at("08:22")).out


def test_while_it_is_locked_nothing_works(home: Home) -> None:
    ticked(home, "08:00", code=0)
    with held_by_another(home.state_dir / "locks" / "journal"):
        ticked(home, *minutes("08:01", "08:04"), code=3)
        soon = home.call("check", now=at("08:04"))
        ticked(home, "08:05", code=3)
        told = home.call("check", now=at("08:05"))
    ticked(home, "08:06", code=0)
    over = home.call("check", now=at("08:07"))
    sentence = "no tick could do anything for 3 min: another process holds the lock of the state"

    assert (soon.code, told.code, over.code) == (1, 2, 0)
    assert sentence not in soon.out
    assert sentence in told.out
    assert f"fuser -v {home.state_dir}/locks/journal" in told.out


def test_ticks_that_come_every_five_minutes_are_told_of_the_lock_as_well(home: Home) -> None:
    home.configure(f"tick_interval: 5m\n{POLL}")
    ticked(home, "08:00", code=0)
    with held_by_another(home.state_dir / "locks" / "journal"):
        ticked(home, "08:05", "08:10", "08:15", code=3)
        soon = home.call("check", now=at("08:19"))
        ticked(home, "08:20", "08:25", code=3)
        told = home.call("check", now=at("08:26"))

    sentence = "another process holds the lock of the state"
    assert sentence not in soon.out
    assert told.code == 2
    assert f"no tick could do anything for 20 min: {sentence}" in told.out


def test_a_run_by_hand_that_is_locked_out_is_no_tick(home: Home) -> None:
    ticked(home, "08:00", code=0)
    with held_by_another(home.state_dir / "locks" / "journal"):
        assert home.call("run", "--force", now=at("08:01")).code == 3

    assert not (home.state_dir / heartbeat.LOCKED_OUT).exists()


def test_a_gap_of_both_causes_is_divided_by_them(home: Home) -> None:
    ticked(home, "08:00", code=0)
    break_it(home)
    ticked(home, *minutes("08:01", "08:09"), code=2)
    home.configure(POLL)
    with held_by_another(home.state_dir / "locks" / "journal"):
        ticked(home, *minutes("08:10", "08:19"), code=3)
    ticked(home, "08:30", code=0)

    assert gaps(home) == [
        ("08:00", "08:10", "configuration broken"),
        ("08:10", "08:19", "state locked"),
        ("08:19", "08:30", "clock set forward"),
    ]


def test_of_two_notes_of_the_same_time_the_first_counts(tmp_path: Path) -> None:
    ticks_in_vain.note(tmp_path, beat(1))
    ticks_in_vain.note(tmp_path, beat(3))
    ticks_in_vain.note(tmp_path, beat(2), heartbeat.LOCKED_OUT)
    ticks_in_vain.note(tmp_path, beat(4), heartbeat.LOCKED_OUT)
    ticks_in_vain.note(tmp_path, beat(20), heartbeat.LOCKED_OUT)

    found = ticks_in_vain.load_all(tmp_path)

    assert [(ticks.first, ticks.last, ticks.cause) for ticks in found] == [
        (beat(1), beat(3), "configuration broken"),
        (beat(20), beat(20), "state locked"),
    ]
