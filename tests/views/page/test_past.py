"""The past as pictures have it: its sums are those of `stats`, from kept days or from none."""

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from scheduled.state import day_facts
from scheduled.state.journal import Journal
from scheduled.views import day_counts
from scheduled.views.page.past import times
from scheduled.views.page.past.times import LENGTHS, Past
from scheduled.views.page.pictures import timeline
from scheduled.views.page.pictures.timeline import Window
from tests.builders import month as built
from tests.builders import soak
from tests.builders.journals import NOW, damage, generated
from tests.builders.looks import Home

MINUTE = timedelta(minutes=1)
BINS = (lambda quarter: quarter, lambda quarter: quarter // 8, lambda quarter: quarter // 96)


def read(found: Journal, *, keep: bool = False) -> Past:
    return times.read(found, MINUTE, NOW, BINS, keep=keep)


def plain(found: Past) -> Any:
    """All that is in it, to be compared; sums of durations to the sixth digit."""
    return [
        (
            {name: dict(tally.outcomes) for name, tally in time.counts.jobs.items()},
            time.counts.gaps,
            {name: vars(job) for name, job in time.jobs.items()},
        )
        for time in found
    ]


@pytest.mark.parametrize("third", range(3))
def test_the_past_is_the_same_with_kept_days_and_without_whatever_is_damaged(
    tmp_path: Path, third: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(day_facts, "SMALL", 0)
    kept = 0
    for number in range(soak.count(12, 3000)):
        random = Random(3 * number + third)
        found = generated(random, tmp_path / str(number))
        for _ in range(2):  # the second time from what is kept
            read(found, keep=True)
        kept += len([*found.folder.parent.glob("cache/*.page")])
        damage(random, found)

        believed = plain(read(Journal(found.folder)))
        shutil.rmtree(found.folder.parent / "cache", ignore_errors=True)
        assert believed == plain(read(Journal(found.folder))), f"seed {3 * number + third}"
        _equals_stats(Journal(found.folder))
    assert kept > 5


def _equals_stats(found: Journal) -> None:
    for length, time in zip(LENGTHS, read(found), strict=True):
        stats = day_counts.read(found, MINUTE, NOW - length)
        assert time.counts.total.outcomes == stats.total.outcomes
        for name, tally in stats.jobs.items():
            assert time.counts.jobs[name].outcomes == tally.outcomes
            assert sum(time.jobs[name].counts) == sum(tally.outcomes.values())


def test_of_days_that_are_over_only_those_in_which_a_time_begins_are_read_again(
    month: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = built.copied(month, tmp_path / "home")
    found = Journal(home.state_dir / "journal")
    monkeypatch.setattr(day_facts, "SMALL", 0)
    monkeypatch.setattr(day_facts, "YOUNG", -(10**18))  # they were all written a moment ago

    def of_month(*, keep: bool) -> Any:
        return plain(times.read(found, MINUTE, built.NOW, BINS, keep=keep))

    first, days, backwards = of_month(keep=True), set[str](), Journal.backwards

    def watched(journal: Journal, day: str) -> Iterator[tuple[int, bytes]]:
        days.add(day)
        return backwards(journal, day)

    monkeypatch.setattr(Journal, "backwards", watched)

    assert of_month(keep=False) == first
    assert days == {f"2026-10-{day}.jsonl" for day in ("01", "24", "30", "31")}


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Asia/Kathmandu"])
def test_sums_of_a_month_are_those_of_stats_in_every_zone(month: Home, zone: str) -> None:
    found = Journal(month.state_dir / "journal")
    end = built.NOW.timestamp()
    window = Window(end - timedelta(days=30).total_seconds(), end)
    starts = timeline.day_starts(window, ZoneInfo(zone))

    past = times.read(found, MINUTE, built.NOW, (BINS[0], BINS[1], timeline.day_of(starts)))

    for length, time in zip(LENGTHS, past, strict=True):
        stats = day_counts.read(found, MINUTE, built.NOW - length)
        assert time.counts.total.outcomes == stats.total.outcomes
        for name, tally in stats.jobs.items():
            assert sum(time.jobs[name].counts) == sum(tally.outcomes.values())
    assert {number for job in past.month.jobs.values() for number in job.bins} <= {*range(32)}


def test_what_is_kept_in_memory_does_not_grow_with_the_runs(month: Home) -> None:
    past = times.read(Journal(month.state_dir / "journal"), MINUTE, built.NOW, BINS)

    for time, most in zip(past, (97, 86, 32), strict=True):
        for job in time.jobs.values():
            assert len(job.bins) <= most + 1
            assert len(job.marks or ()) <= 96
            assert len(job.points or ()) <= 200
            assert len(job.failures) <= 96
            assert len(job.days) <= 34
