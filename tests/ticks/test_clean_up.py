"""Old output goes with a new day; a clock that jumps ahead counts as one day."""

import os
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from scheduled.state import day_facts
from tests.builders.command import state_dir
from tests.builders.installed import WITHOUT_SWEEPS, configure, tick_at
from tests.builders.jobs import at

EACH_DAY = '  backup: {command: "echo packed", schedule: "0 8 * * *", first_run: now}\n'


def run_for_days(root: Path, days: int) -> datetime:
    """Tick at noon of each day, let the output be of that time, and return the last noon."""
    for number in range(days):
        noon = at("12:00") + timedelta(days=number)
        before = outputs(root)
        tick_at(root, noon)
        for path in outputs(root) - before:
            os.utime(path, (noon.timestamp(), noon.timestamp()))
    return noon


def outputs(root: Path) -> set[Path]:
    return set((state_dir(root) / "runs/backup").glob("*.log"))


def test_output_goes_when_it_is_older_than_retention_says(root: Path) -> None:
    configure(root, "retention: {age: 2d}\n" + WITHOUT_SWEEPS + EACH_DAY)

    run_for_days(root, 6)

    assert len(outputs(root)) == 3  # of today, yesterday, and exactly two days ago


def test_a_clock_that_jumps_ahead_ages_output_by_a_day(root: Path) -> None:
    configure(root, "retention: {age: 2d}\n" + WITHOUT_SWEEPS + EACH_DAY)
    last = run_for_days(root, 3)
    days = sorted(outputs(root))

    tick_at(root, last + timedelta(days=400))

    assert sorted(outputs(root))[:2] == days[1:]


def test_the_first_tick_of_a_day_indexes_the_day_that_is_over(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(day_facts, "SMALL", 0)
    monkeypatch.setattr(day_facts, "YOUNG", 0)
    configure(root, WITHOUT_SWEEPS + EACH_DAY)
    run_for_days(root, 2)
    tick_at(root, at("12:00") + timedelta(days=1, minutes=1))

    assert [*(state_dir(root) / "cache").glob("journal-*")] == [
        state_dir(root) / "cache" / "journal-2026-11-21.lines"
    ]


def test_e9_what_a_tick_has_run_is_there_to_be_printed_whatever_the_limit(root: Path) -> None:
    configure(
        root,
        f"retention: {{size: 4K, count: 1}}\n{WITHOUT_SWEEPS}"
        '  poll: {command: "seq 9000", schedule: "0 * * * *", catch_up: all}\n',
    )
    tick_at(root, at("08:30"))

    ran = tick_at(root, at("12:00")).ran

    kept = {path.stem for path in (state_dir(root) / "runs/poll").glob("*.log")}
    assert len(kept) == 4
    assert kept == {row["run_id"] for row in ran}
