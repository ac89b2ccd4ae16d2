"""Ticks that come and cannot read the configuration: they run nothing, and are told from none."""

import os
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from scheduled.cli.run import run
from scheduled.state import heartbeat, ticks_in_vain
from scheduled.state.heartbeat import Cause, Heartbeat, Stretch
from scheduled.state.history import HistoryQuery, read
from scheduled.state.store import Store
from tests.builders.command import tree
from tests.builders.idle import full_ticks, idle_tick
from tests.builders.installed import WITHOUT_SWEEPS
from tests.builders.jobs import RARELY, at
from tests.builders.looks import Home

SOUND = f'timezone: UTC\n{WITHOUT_SWEEPS}  poll: {{schedule: "* * * * *", command: "true"}}\n'
LIMIT = timedelta(seconds=150)


@pytest.fixture
def home(root: Path) -> Home:
    made = Home(root)
    made.configure(SOUND)
    return made


def break_it(home: Home) -> None:
    home.configure(SOUND + "jobs: [\n")


def causes(home: Home) -> list[tuple[str, str | None, int]]:
    """What became of the slots of `poll`, oldest first: the last slot, why, how many."""
    rows = read(Store(home.state_dir).journal, HistoryQuery(job="poll", limit=0), lambda _: False)
    return [(str(row["slot"]), row["reason"], row["missed"]) for row in rows[::-1]]


def gaps(home: Home) -> list[tuple[str, str, str]]:
    found = Store(home.state_dir).load().state["gaps"]
    return [(gap["from"][11:16], gap["to"][11:16], gap["cause"]) for gap in found]


def ticked(home: Home, *times: str, code: int) -> None:
    for time in times:
        assert home.call(run, now=at(f"{time}:01")).code == code


def minutes(first: str, last: str) -> list[str]:
    start, end = at(first), at(last)
    count = (end - start) // timedelta(minutes=1)
    return [f"{start + timedelta(minutes=number):%H:%M}" for number in range(count + 1)]


def test_a_broken_scheduled_yaml_is_the_cause_of_what_was_missed(home: Home) -> None:
    ticked(home, "08:00", "08:01", code=0)
    break_it(home)
    ticked(home, *minutes("08:02", "08:09"), code=2)
    home.configure(SOUND)
    ticked(home, "08:10", "08:11", code=0)

    assert gaps(home) == [("08:01", "08:10", "configuration broken")]
    assert ("2026-11-21T08:09:00Z", "configuration broken", 8) in causes(home)
    assert not (home.state_dir / heartbeat.UNREAD).exists()


def test_what_is_added_while_it_is_broken_counts_from_the_last_tick_that_could_read_it(
    home: Home,
) -> None:
    ticked(home, "08:00", "08:01", code=0)
    break_it(home)
    ticked(home, *minutes("08:02", "08:09"), code=2)
    once = '  once: {schedule: "at:2026-11-21T08:05:00Z", command: "true"}\n'
    home.configure(SOUND + once)
    ticked(home, "08:10", code=0)

    rows = read(Store(home.state_dir).journal, HistoryQuery(job="once", limit=0), lambda _: False)
    assert [(row["slot"], row["outcome"]) for row in rows] == [
        ("2026-11-21T08:05:00Z", "succeeded")
    ]


@pytest.mark.parametrize(
    "words", [("--dry-run",), ("--force",), ("--only", "poll")], ids=["dry", "force", "only"]
)
def test_only_a_tick_counts_as_one_that_came(home: Home, words: tuple[str, ...]) -> None:
    ticked(home, "08:00", code=0)
    break_it(home)

    assert home.call(run, *words, now=at("08:01")).code == 2
    assert not (home.state_dir / heartbeat.UNREAD).exists()


def test_nothing_is_noted_where_there_is_no_state_or_one_of_another_root(
    home: Home, tmp_path: Path
) -> None:
    other = Home(tmp_path / "other")
    other.folder.mkdir()
    break_it(home)
    ticked(home, "08:00", code=2)
    nothing = tree(home.folder)
    other.configure(SOUND)
    ticked(other, "08:00", code=0)
    other.state_dir.rename(home.state_dir)
    before = tree(home.state_dir)
    ticked(home, "08:01", code=2)

    assert [*nothing] == ["scheduled.yaml"]
    assert tree(home.state_dir) == before


def beat(minute: float, *, asleep: float = 0.0, boot: str = "b") -> Heartbeat:
    """The clocks so many minutes after an instant, asleep for some of them."""
    seconds = at("08:00").timestamp() + 60 * minute
    return Heartbeat(seconds, 1000 + 60 * minute, 1000 + 60 * (minute - asleep), boot)


def stretch(first: float, last: float, *, asleep: float = 0.0) -> Stretch:
    return Stretch(beat(first, asleep=asleep), beat(last, asleep=asleep))


@pytest.mark.parametrize(
    ("unread", "expected"),
    [
        ([], [(0, 60, Cause.SILENT)]),
        ([stretch(1, 59)], [(0, 60, Cause.BROKEN)]),
        ([stretch(1, 10), stretch(11, 59)], [(0, 60, Cause.BROKEN)]),
        ([stretch(1, 1)], [(0, 1, Cause.BROKEN), (1, 60, Cause.SILENT)]),
        ([stretch(30, 59)], [(0, 30, Cause.SILENT), (30, 60, Cause.BROKEN)]),
        (
            [stretch(1, 10), stretch(40, 59)],
            [(0, 10, Cause.BROKEN), (10, 40, Cause.SILENT), (40, 60, Cause.BROKEN)],
        ),
        (
            [stretch(1, 10), stretch(40, 59, asleep=30)],
            [(0, 10, Cause.BROKEN), (10, 40, Cause.ASLEEP), (40, 60, Cause.BROKEN)],
        ),
        ([stretch(-9, -1)], [(0, 60, Cause.SILENT)]),  # of before the last tick
        ([stretch(-9, 0)], [(0, 60, Cause.SILENT)]),
        ([stretch(-9, 59)], [(0, 60, Cause.BROKEN)]),  # the last tick came in between
        ([stretch(1, 70)], [(0, 60, Cause.SILENT)]),  # the clock was set back since
    ],
)
def test_a_gap_is_divided_by_its_causes(
    unread: list[Stretch], expected: list[tuple[int, int, Cause]]
) -> None:
    asleep = 30 if any(ticks.last.monotonic < ticks.last.boottime for ticks in unread) else 0
    found = heartbeat.find_gaps(beat(0), unread, beat(60, asleep=asleep), LIMIT)

    def minute(moment: datetime) -> int:
        return (moment - at("08:00")) // timedelta(minutes=1)

    assert [(minute(gap.start), minute(gap.end), gap.cause) for gap in found] == expected


def test_no_gap_is_none_whatever_came(tmp_path: Path) -> None:
    assert heartbeat.find_gaps(None, [stretch(1, 2)], beat(60), LIMIT) == []
    assert heartbeat.find_gaps(beat(0), [stretch(1, 1)], beat(2), LIMIT) == []


@pytest.mark.slow
def test_the_note_stays_short_and_knows_first_and_last(tmp_path: Path) -> None:
    for number in range(200):
        ticks_in_vain.note(tmp_path, beat(number / 2))
    for number in range(300):
        ticks_in_vain.note(tmp_path, beat(200 + 10 * number))

    found = ticks_in_vain.load(tmp_path)

    assert len(found) == ticks_in_vain.MOST_STRETCHES
    assert (found[0].first, found[0].last) == (beat(0), beat(99.5))
    assert found[-1].last == beat(200 + 10 * 299)


@pytest.mark.parametrize("text", ["", "no numbers at all\n", "1 2 3 b\n", "\xff\n", "1 2\n3 4 5 b"])
def test_a_note_that_cannot_be_read_is_none(tmp_path: Path, text: str) -> None:
    ticks_in_vain.note(tmp_path, beat(0))
    (tmp_path / heartbeat.UNREAD).write_text(text, "latin-1")

    assert ticks_in_vain.load(tmp_path) == []


@pytest.mark.slow
def test_ticks_with_nothing_to_do_say_that_something_is_wrong_as_well(root: Path) -> None:
    def configure(text: str) -> None:
        path = root / "scheduled.yaml"
        path.write_text(text)
        os.utime(path, (1_700_000_000, 1_700_000_000 + len(text)))

    rare = f'{WITHOUT_SWEEPS}  rare: {{schedule: "{RARELY}", command: "true"}}\n'
    configure(f"retention: {{ages: 3d}}\n{rare}")
    codes = [idle_tick(root) for _ in range(3)]
    count = full_ticks(root)
    configure(rare)
    codes += [idle_tick(root) for _ in range(2)]

    assert (codes, count) == ([2, 2, 2, 0, 0], 1)
