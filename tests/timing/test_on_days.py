"""Slots of jobs that run on certain days only, against brute force over all of their slots."""

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest

from scheduled.config import calendar_files
from scheduled.config.calendar_contract import Span
from scheduled.errors import ScheduleError
from scheduled.quick_classes import replace
from scheduled.timing import day_rule, day_words, on_days, slot_days, slots
from scheduled.timing.calendars import Calendars, rule_of
from scheduled.timing.day_rule import DayRule
from scheduled.timing.expression import parse
from scheduled.timing.schedule import Cron, Schedule
from scheduled.timing.timezones import earliest_instant, occurrences, wall_time

INSTANT = timedelta(microseconds=1)
ANCHOR = datetime(2026, 1, 1, 7, 13, 20, tzinfo=UTC)
ZONES = (
    *("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo"),
    *("America/Santiago", "Asia/Beirut", "Pacific/Chatham"),
)
TEXTS = (
    *("30 2 * * *", "0 9 * * *", "15 0 * * mon", "0 0 1 * *", "30 2 * * sun", "0 12 31 * *"),
    *("*/30 1-3 * * *", "0 */6 * * *", "45 23 13 * fri"),
    *("at:2026-12-25T09:00", "at:2026-12-25T23:30:00Z"),
    *("every 1d", "every 7d", "every 36h", "every 5h", "every 3d", "@reboot"),
)
WORDS = (
    *("sun", "weekends", "weekdays", "mon-wed", "12-25", "12-24..01-02", "03-29", "10-25"),
    *("2026-10-24..2026-10-25", "2026-03-28..2026-03-29", "2026-03-08", "2026-11-01"),
)


def rule(not_on: str = "", only_on: str = "", move: str = "skip") -> DayRule:
    never, only = (
        [(word, day_words.parse(word)) for word in text.split()] for text in (not_on, only_on)
    )
    return DayRule(never, only, move)


def on(text: str, zone: str, days: DayRule) -> Schedule:
    return on_days.restricted(parse(text, zone), days)


def walls(schedule: Schedule, since: date, until: date) -> list[str]:
    start, end = (
        earliest_instant(datetime(day.year, day.month, day.day), schedule.zone)
        for day in (since, until)
    )
    found = slots.between(schedule, start - INSTANT, end - INSTANT, ANCHOR)
    return [f"{wall_time(slot, schedule.zone):%a %d %b %H:%M}" for slot in found]


@pytest.mark.parametrize("seed", range(6))
def test_slots_are_those_of_brute_force_forwards_and_backwards(seed: int) -> None:
    choose = random.Random(seed)
    for _ in range(12):
        text, zone = choose.choice(TEXTS), choose.choice(ZONES)
        words = [" ".join(choose.sample(WORDS, choose.randint(1, 4))) for _ in range(2)]
        only = choose.choice(["", "", words[1], "2026-06-01..2026-06-05"])
        days = rule(words[0], only, choose.choice(MOVES))
        start = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=choose.randint(0, 360))
        end = start + timedelta(days=40)
        schedule = on(text, zone, days)

        expected = sorted(slot for slot in {*brute(schedule, start, end)} if start < slot <= end)

        case = (text, zone, words, only, days.move, start)
        assert list(slots.between(schedule, start, end, ANCHOR)) == expected, case
        assert [*backwards(schedule, start, end)] == expected[::-1], case


@pytest.mark.parametrize("text", ["0 8 * * *", "0 8 * * wed", "every 1d"])
@pytest.mark.parametrize("move", [day_rule.NEXT, day_rule.PREVIOUS])
def test_days_that_begin_or_end_once_are_found_from_afar(text: str, move: str) -> None:
    schedule = on(text, "UTC", rule(only_on="2027-03-01..2027-03-05", move=move))
    before = datetime(2026, 11, 30, tzinfo=UTC)
    after = datetime(2027, 9, 1, tzinfo=UTC)

    all_there_are = [*slots.between(schedule, before, after, ANCHOR)]

    assert {slot.date().isoformat()[:8] for slot in all_there_are} == {"2027-03-"}
    assert slots.following(schedule, before, ANCHOR) == all_there_are[0]
    assert slots.latest(schedule, after, ANCHOR) == all_there_are[-1]


MOVES = (day_rule.SKIP, day_rule.NEXT, day_rule.PREVIOUS)


def brute(schedule: Schedule, start: datetime, end: datetime) -> Iterator[datetime]:
    """Yield each slot that a schedule without days would have, on the day on which it runs."""
    bare, days = replace(schedule, days=None), schedule.days
    around = timedelta(days=420)
    for slot in slots.between(bare, start - around, end + around, ANCHOR):
        wall = slots.intended_wall_time(bare, slot) or wall_time(slot, schedule.zone)
        day, step = wall.toordinal(), {"skip": 0, "next": 1, "previous": -1}[days.move]
        if days.allows(day):
            yield slot
            continue
        target = next(
            (day + n * step for n in range(1, 400) if step and days.allows(day + n * step)), None
        )
        if target is None:
            continue
        moved = datetime.combine(date.fromordinal(target), wall.time())
        if isinstance(bare.form, Cron) and not bare.form.fixed:
            yield from occurrences(moved, schedule.zone)
        else:
            yield earliest_instant(moved, schedule.zone)


def backwards(schedule: Schedule, start: datetime, end: datetime) -> Iterator[datetime]:
    slot = slots.latest(schedule, end, ANCHOR)
    while slot is not None and slot > start:
        yield slot
        slot = slots.latest(schedule, slot - INSTANT, ANCHOR)


def test_a_slot_moved_into_the_night_the_clock_is_set_forward_runs_after_the_gap() -> None:
    moved = on("30 2 28 3 *", "Europe/Berlin", rule("2026-03-28", move="next"))
    from_gap = on("30 2 29 3 *", "Europe/Berlin", rule("2026-03-29", move="next"))
    before = on("30 2 29 3 *", "Europe/Berlin", rule("2026-03-29", move="previous"))

    span = date(2026, 3, 27), date(2026, 4, 2)
    assert walls(moved, *span) == ["Sun 29 Mar 03:00"]
    assert walls(from_gap, *span) == ["Mon 30 Mar 02:30"]
    assert walls(before, *span) == ["Sat 28 Mar 02:30"]


def test_a_slot_moved_into_the_night_the_clock_is_set_back_runs_once_the_first_time() -> None:
    moved = on("30 2 24 10 *", "Europe/Berlin", rule("2026-10-24", move="next"))
    away = on("30 2 25 10 *", "Europe/Berlin", rule("2026-10-25", move="next"))

    found = list(slots.between(moved, ANCHOR, datetime(2026, 12, 1, tzinfo=UTC), ANCHOR))
    assert found == [datetime(2026, 10, 25, 0, 30, tzinfo=UTC)]
    assert walls(away, date(2026, 10, 24), date(2026, 10, 30)) == ["Mon 26 Oct 02:30"]


def test_slots_that_are_moved_onto_another_are_one_run() -> None:
    daily = on("0 9 * * *", "UTC", rule("2026-12-25..2026-12-27", move="next"))

    found = walls(daily, date(2026, 12, 24), date(2026, 12, 30))

    assert found == ["Thu 24 Dec 09:00", "Mon 28 Dec 09:00", "Tue 29 Dec 09:00"]


def test_what_is_left_out_and_what_is_left_are_all_slots() -> None:
    schedule = on("0 */6 * * *", "Europe/Berlin", rule("sun 12-25"))
    start, end = datetime(2026, 12, 1, tzinfo=UTC), datetime(2027, 1, 31, tzinfo=UTC)
    left_out = slot_days.left_out(schedule)
    assert left_out is not None

    both = [*slots.between(schedule, start, end, ANCHOR)]
    both += slots.between(left_out, start, end, ANCHOR)

    bare = parse("0 */6 * * *", "Europe/Berlin")
    assert sorted(both) == list(slots.between(bare, start, end, ANCHOR))


def test_a_moved_slot_knows_where_it_comes_from_and_where_it_goes() -> None:
    schedule = on("0 9 * * fri", "UTC", rule("2026-12-25..2026-12-27", move="next"))
    friday, monday = datetime(2026, 12, 25, 9, tzinfo=UTC), datetime(2026, 12, 28, 9, tzinfo=UTC)
    thursday = datetime(2026, 12, 24, tzinfo=UTC)

    source = slot_days.moved_from(schedule, monday, ANCHOR)
    assert source is not None
    assert day_words.name_of(source) == "2026-12-25"
    assert slot_days.moved_away(schedule, friday, ANCHOR) == (friday, monday)
    assert slots.latest(schedule, friday, ANCHOR) == datetime(2026, 12, 18, 9, tzinfo=UTC)
    assert slots.following(schedule, thursday, ANCHOR) == monday


@pytest.mark.parametrize("text", ["* * * * *", "every 1m", "0 0 * * mon", "every 7d"])
def test_without_a_day_to_run_on_there_is_no_slot(text: str) -> None:
    for move in MOVES:
        never = on(text, "UTC", rule("weekdays weekends", move=move))

        assert slots.latest(never, datetime(2026, 6, 1, tzinfo=UTC), ANCHOR) is None
        assert slots.following(never, datetime(2026, 6, 1, tzinfo=UTC), ANCHOR) is None


def test_a_rule_is_written_and_read_again() -> None:
    days = rule("sun 12-24..01-02", "weekdays weekends", "previous")

    again = day_rule.read(day_rule.written(days, 2026))

    assert again is not None
    assert again.move == "previous"
    span = range(date(2025, 1, 1).toordinal(), date(2028, 1, 1).toordinal())
    assert [again.allows(day) for day in span] == [days.allows(day) for day in span]
    assert day_rule.read(day_rule.written(days, 2026).rpartition(" ")[0]) == again  # an earlier one
    assert day_rule.read("") is None
    assert day_rule.read("skip 2026-01-01 x zz") is None


def made_of(not_on: str, move: str = "next", **files: str) -> DayRule:
    named = {
        name: calendar_files.read(f"{name}.txt", text.encode(), Span.around(2026))
        for name, text in files.items()
    }
    return rule_of(tuple(not_on.split()), (), move, "UTC", Calendars(named))


def test_days_on_record_are_known_again_without_a_look_at_each() -> None:
    rule = made_of("sun off", off="2026-12-25")
    text = day_rule.written(rule, 2026)

    def is_current(other: DayRule | None, year: int = 2026) -> bool:
        return day_rule.is_current(text, other, year)

    assert is_current(made_of("sun off", off="2026-12-25"))
    assert is_current(rule, 2027)  # nothing has changed with the New Year
    assert not is_current(rule, 2028)  # the last year that is on record
    assert not is_current(rule, 2025)
    assert not is_current(made_of("sun off", off="2026-12-26"))
    assert not is_current(made_of("sat off", off="2026-12-25"))
    assert not is_current(made_of("sun off", "previous", off="2026-12-25"))
    assert not is_current(None)
    assert day_rule.is_current("", None, 2026)
    assert not day_rule.is_current(text.rpartition(" ")[0], rule, 2026)
    assert not day_rule.is_current("", rule, 2026)


def test_a_single_time_that_is_moved_says_from_where_and_blames_no_clock() -> None:
    once = on("at:2026-12-25T23:59", "Europe/Berlin", rule("12-25", "", "next"))
    slot = slots.following(once, ANCHOR, ANCHOR)

    assert slot == datetime(2026, 12, 26, 22, 59, tzinfo=UTC)
    assert slot_days.moved_from(once, slot, ANCHOR) == date(2026, 12, 25).toordinal()
    assert slot_days.day_of(once, slot) == date(2026, 12, 26).toordinal()
    assert slots.clock_change_note(once, slot) == ""


@pytest.mark.parametrize(
    ("word", "problem"),
    [
        ("2027-02-30", "is not a valid date"),
        ("2027-01-02..2027-01-01", "ends before it begins"),
        ("2027-01-01..02-03", "both dates with a year"),
        ("1027-01-01", "from 1970 to 8999"),
        ("2027-1-1", "write a weekday"),
        ("frioday", "write a weekday"),
    ],
)
def test_a_word_that_is_no_day_is_refused(word: str, problem: str) -> None:
    with pytest.raises(ScheduleError, match=problem):
        day_words.parse(word)


def test_a_range_of_days_of_each_year_may_cross_new_year() -> None:
    days = day_words.parse("12-30..01-02")
    first = date(2026, 12, 28).toordinal()

    assert [days.has(first + n) for n in range(8)] == [False] * 2 + [True] * 4 + [False] * 2
