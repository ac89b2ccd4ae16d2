"""Slots: when a schedule fires, with the clock changes, intervals and single moments."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduled.errors import ScheduleError
from scheduled.timing import expression, slots
from scheduled.timing.schedule import Schedule

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def at(text: str) -> datetime:
    """An instant: ISO with `Z` or an offset."""
    return datetime.fromisoformat(text).astimezone(UTC)


def instants(text: str, zone: str, since: str, until: str) -> list[datetime]:
    """The slots in (since, until]."""
    return list(slots.between(expression.parse(text, zone), at(since), at(until), at(since)))


def fired(text: str, since: str, until: str) -> list[str]:
    """The slots in (since, until] as day and time, UTC."""
    return [f"{slot:%d %H:%M}" for slot in instants(text, "UTC", since, until)]


def test_a_day_of_the_month_or_a_weekday_is_enough_where_both_are_given() -> None:
    assert fired("0 0 13 * fri", "2026-01-01T00:00Z", "2026-01-20T00:00Z") == [
        "02 00:00",
        "09 00:00",
        "13 00:00",
        "16 00:00",
    ]


def test_both_are_needed_where_one_of_them_begins_with_a_star() -> None:
    assert fired("0 0 */2 * fri", "2026-01-01T00:00Z", "2026-01-31T00:00Z") == [
        "09 00:00",
        "23 00:00",
    ]


@pytest.mark.parametrize("text", ["0 0 1-31 * fri", "0 0 1,* * fri", "0 0 13 * 0-6"])
def test_a_full_range_is_no_star_and_makes_every_day_fit(text: str) -> None:
    assert len(fired(text, "2026-01-01T00:00Z", "2026-01-31T00:00Z")) == 30


@pytest.mark.parametrize(
    "text", ["0 0 * * 0", "0 0 * * 7", "0 0 * * sun", "@weekly", "0 0 * * 7-7"]
)
def test_zero_and_seven_are_both_sunday(text: str) -> None:
    assert fired(text, "2026-01-01T00:00Z", "2026-01-12T00:00Z") == ["04 00:00", "11 00:00"]


def test_a_range_of_one_value_is_that_value_and_not_the_whole_field() -> None:
    assert fired("59-59/15 5-5 * * *", "2026-01-01T00:00Z", "2026-01-02T00:00Z") == ["01 05:59"]


def test_a_leap_day_is_waited_for() -> None:
    leap = expression.parse("0 0 29 2 *", "UTC")

    assert slots.following(leap, NEW_YEAR, NEW_YEAR) == at("2028-02-29T00:00Z")
    assert slots.latest(leap, NEW_YEAR, NEW_YEAR) == at("2024-02-29T00:00Z")
    assert slots.following(leap, at("2096-03-01T00:00Z"), NEW_YEAR) == at("2104-02-29T00:00Z")


def test_a_daily_job_stays_at_its_time_of_day_when_the_offset_changes() -> None:
    assert instants("30 8 * * *", "Europe/Berlin", "2026-03-28T00:00Z", "2026-03-30T00:00Z") == [
        at("2026-03-28T08:30+01:00"),
        at("2026-03-29T08:30+02:00"),
    ]


def test_a_fixed_time_in_the_gap_fires_once_right_after_it() -> None:
    assert instants("15,30 2 * * *", "Europe/Berlin", "2026-03-28T12:00Z", "2026-03-29T12:00Z") == [
        at("2026-03-29T03:00+02:00")
    ]


def test_a_fixed_time_at_the_end_of_the_gap_fires_once_with_those_from_within() -> None:
    assert instants("0 2,3 * * *", "Europe/Berlin", "2026-03-28T12:00Z", "2026-03-29T12:00Z") == [
        at("2026-03-29T03:00+02:00")
    ]


def test_midnight_fires_at_one_o_clock_where_midnight_does_not_exist() -> None:
    assert instants("@daily", "America/Santiago", "2026-09-05T12:00Z", "2026-09-06T12:00Z") == [
        at("2026-09-06T01:00-03:00")
    ]


def test_a_fixed_time_in_the_repeated_hour_fires_the_first_time_only() -> None:
    assert instants("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00Z", "2026-10-25T12:00Z") == [
        at("2026-10-25T02:30+02:00")
    ]


def test_in_the_second_pass_the_slot_of_the_first_is_still_the_latest() -> None:
    job = expression.parse("30 2 * * *", "Europe/Berlin")

    assert slots.latest(job, at("2026-10-25T02:10+01:00"), NEW_YEAR) == at("2026-10-25T02:30+02:00")
    assert slots.latest(job, at("2026-10-25T02:40+01:00"), NEW_YEAR) == at("2026-10-25T02:30+02:00")


def test_a_job_by_elapsed_time_fires_in_both_passes_and_not_in_the_gap() -> None:
    assert instants(
        "0,30 * * * *", "Europe/Berlin", "2026-10-25T01:55+02:00", "2026-10-25T03:00+01:00"
    ) == [
        at("2026-10-25T02:00+02:00"),
        at("2026-10-25T02:30+02:00"),
        at("2026-10-25T02:00+01:00"),
        at("2026-10-25T02:30+01:00"),
        at("2026-10-25T03:00+01:00"),
    ]
    assert instants("*/30 2 * * *", "Europe/Berlin", "2026-03-28T12:00Z", "2026-03-29T12:00Z") == []


def test_a_job_by_elapsed_time_goes_on_where_the_gap_ends() -> None:
    job, end = expression.parse("*/30 * * * *", "Europe/Berlin"), at("2026-03-29T03:00+02:00")

    assert slots.following(job, at("2026-03-29T01:45+01:00"), NEW_YEAR) == end
    assert slots.latest(job, end, NEW_YEAR) == end
    assert slots.latest(job, end - SECOND, NEW_YEAR) == at("2026-03-29T01:30+01:00")


@pytest.mark.parametrize(
    ("now", "slot"),
    [
        ("2026-10-25T02:55+02:00", "2026-10-25T02:50+02:00"),
        ("2026-10-25T02:10+01:00", "2026-10-25T02:50+02:00"),
        ("2026-10-25T02:55+01:00", "2026-10-25T02:50+01:00"),
        ("2026-10-25T03:10+01:00", "2026-10-25T02:50+01:00"),
        ("2026-03-29T03:10+02:00", "2026-03-29T01:50+01:00"),
    ],
)
def test_the_latest_by_elapsed_time_is_what_the_clock_really_showed_last(
    now: str, slot: str
) -> None:
    job = expression.parse("50 * * * *", "Europe/Berlin")

    assert slots.latest(job, at(now), NEW_YEAR) == at(slot)


def test_a_job_by_elapsed_time_that_only_fits_into_gaps_has_no_slots() -> None:
    never = expression.parse("* 2 8-14 3 */7", "America/New_York")

    assert slots.following(never, at("2030-01-01T00:00Z"), NEW_YEAR) is None


def test_a_slot_from_before_a_rule_that_has_swallowed_a_hundred_is_not_looked_for() -> None:
    gone = expression.parse("* 2 8-14 3 */7", "America/New_York")
    last = at("2006-03-12T02:59-05:00")  # summer time has begun in March since 2007

    assert slots.latest(gone, at("2106-01-01T00:00Z"), NEW_YEAR) == last
    assert slots.latest(gone, at("2108-01-01T00:00Z"), NEW_YEAR) is None


def test_a_shift_of_half_an_hour_moves_by_half_an_hour() -> None:
    assert instants(
        "15 2 * * *", "Australia/Lord_Howe", "2026-10-03T00:00Z", "2026-10-04T00:00Z"
    ) == [at("2026-10-04T02:30+11:00")]


def test_a_day_that_was_left_out_fires_when_the_next_begins() -> None:
    assert instants("0 12 * * *", "Pacific/Apia", "2011-12-29T23:00Z", "2011-12-30T23:00Z") == [
        at("2011-12-31T00:00+14:00"),
        at("2011-12-31T12:00+14:00"),
    ]


@pytest.mark.parametrize(
    ("text", "slot", "words"),
    [
        ("30 2 * * *", "2026-03-29T03:00+02:00", "moved: 02:30 does not exist that day"),
        ("30 2 * * *", "2026-10-25T02:30+02:00", "first of two 02:30"),
        ("*/30 * * * *", "2026-10-25T02:30+01:00", "second of two 02:30"),
        ("0 3 * * *", "2026-03-29T03:00+02:00", ""),
        ("30 2 * * *", "2026-06-01T02:30+02:00", ""),
        ("every 30m", "2026-10-25T02:30+01:00", ""),
        ("at:2026-03-29T02:30", "2026-03-29T03:00+02:00", "moved: 02:30 does not exist that day"),
        ("at:2026-10-25T00:30Z", "2026-10-25T00:30Z", ""),
    ],
)
def test_a_note_says_what_the_clock_change_did(text: str, slot: str, words: str) -> None:
    assert slots.clock_change_note(expression.parse(text, "Europe/Berlin"), at(slot)) == words


def test_an_interval_counts_from_the_minute_of_its_anchor() -> None:
    job, anchor = expression.parse("every_15m", "Europe/Berlin"), at("2026-01-01T10:07:42Z")

    assert slots.latest(job, at("2026-01-01T10:21:59Z"), anchor) is None
    assert slots.latest(job, at("2026-01-01T10:40:00Z"), anchor) == at("2026-01-01T10:37:00Z")
    assert slots.following(job, at("2026-01-01T10:37:00Z"), anchor) == at("2026-01-01T10:52:00Z")
    assert slots.following(job, at("2020-01-01T00:00:00Z"), anchor) == at("2026-01-01T10:22:00Z")


def test_an_interval_takes_no_notice_of_the_clock_change() -> None:
    job, anchor = expression.parse("every 1d", "Europe/Berlin"), at("2026-03-28T08:00+01:00")

    assert slots.following(job, anchor, anchor) == at("2026-03-29T09:00+02:00")


def test_a_single_moment_fires_once() -> None:
    job, moment = (
        expression.parse("at:2026-01-15T10:00:00Z", "Europe/Berlin"),
        at("2026-01-15T10:00Z"),
    )

    assert slots.latest(job, moment - SECOND, NEW_YEAR) is None
    assert slots.following(job, moment - SECOND, NEW_YEAR) == moment
    assert slots.latest(job, moment, NEW_YEAR) == moment
    assert slots.following(job, moment, NEW_YEAR) is None
    assert slots.count(job, NEW_YEAR, moment, NEW_YEAR) == 1


@pytest.mark.parametrize(
    ("written", "instant"),
    [
        ("at:2026-07-15T10:00:00+05:30", "2026-07-15T04:30Z"),
        ("at:2026-07-15T10:00", "2026-07-15T10:00+02:00"),
        ("at:2026-07-15 10:00", "2026-07-15T10:00+02:00"),
        ("at:2026-07-15", "2026-07-15T00:00+02:00"),
        ("AT:2026-07-15t10:00z", "2026-07-15T10:00Z"),
    ],
)
def test_a_moment_without_an_offset_is_on_the_wall_clock(written: str, instant: str) -> None:
    job = expression.parse(written, "Europe/Berlin")

    assert slots.following(job, NEW_YEAR, NEW_YEAR) == at(instant)


def test_a_count_is_half_open_and_stops_at_its_cap() -> None:
    job = expression.parse("*/10 * * * *", "UTC")

    assert slots.count(job, NEW_YEAR, NEW_YEAR + 600 * SECOND, NEW_YEAR) == 1
    assert slots.count(job, NEW_YEAR, NEW_YEAR, NEW_YEAR) == 0
    assert slots.count(job, NEW_YEAR, NEW_YEAR + timedelta(days=90), NEW_YEAR) == slots.COUNT_CAP
    assert slots.count(job, NEW_YEAR, NEW_YEAR + timedelta(days=90), NEW_YEAR, cap=7) == 7


def test_an_interval_of_a_minute_over_a_century_is_counted_without_walking() -> None:
    job, anchor = expression.parse("interval:60", "UTC"), at("1926-01-01T00:00Z")

    assert slots.count(job, anchor, NEW_YEAR, anchor, cap=10**12) == 52_596_000


@pytest.mark.parametrize(
    "text", ["0 0 * * *", "* * * * *", "0 0 29 2 *", "every 5m", "at:1970-01-01"]
)
@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin"])
def test_the_ends_of_time_have_no_slots_and_do_no_harm(text: str, zone: str) -> None:
    job = expression.parse(text, zone)
    first, last = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)

    assert slots.latest(job, first, NEW_YEAR) is None
    assert slots.following(job, last, NEW_YEAR) is None
    assert slots.latest(job, last, NEW_YEAR) is not None
    assert slots.following(job, first, NEW_YEAR) is not None


def test_seconds_in_the_offsets_of_old_leave_slots_on_the_wall_minute() -> None:
    job = expression.parse("0 12 * * *", "Europe/Berlin")

    assert slots.latest(job, at("1880-06-01T12:00Z"), NEW_YEAR) == at("1880-06-01T12:00+00:53:28")


def test_importing_slots_does_not_import_croniter() -> None:
    script = (
        "import sys, scheduled.timing.slots; from scheduled.timing import expression;"
        " expression.parse('0 2 * * *', 'UTC'); print('croniter' in sys.modules)"
    )

    output = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    assert output.stdout == "False\n"


# ---- properties ----

ELEMENTS = st.one_of(
    st.just("*"),
    st.integers(1, 7).map("*/{}".format),
    st.integers(1, 6).map(str),
    st.tuples(st.integers(1, 3), st.integers(3, 6)).map(lambda both: f"{both[0]}-{both[1]}"),
)
CRON = st.tuples(*[ELEMENTS] * 5).map(" ".join)
INTERVALS = st.integers(1, 100_000).map("interval:{}".format)
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)).map(
    lambda moment: f"at:{moment}"
)
AWARE = st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))
SOME_ZONES = st.sampled_from(["UTC", "Europe/Berlin", "Australia/Lord_Howe", "America/Havana"])


@st.composite
def schedules(draw: st.DrawFn) -> Schedule:
    text = draw(st.one_of(CRON, INTERVALS, MOMENTS, st.just("@reboot")))
    try:
        return expression.parse(text, draw(SOME_ZONES))
    except ScheduleError:  # rarer than five years
        return expression.parse("0 0 29 2 *", draw(SOME_ZONES))


@given(schedules(), AWARE)
def test_the_following_slot_is_the_latest_once_it_has_come(job: Schedule, when: datetime) -> None:
    slot = slots.following(job, when, NEW_YEAR)

    if slot is not None:
        assert slot > when
        assert slot.tzinfo is UTC
        assert slots.latest(job, slot, NEW_YEAR) == slot


@given(schedules(), AWARE)
def test_no_slot_lies_between_the_latest_and_the_following(job: Schedule, when: datetime) -> None:
    latest, following = slots.latest(job, when, NEW_YEAR), slots.following(job, when, NEW_YEAR)

    if latest is not None:
        assert latest <= when
        assert slots.following(job, latest, NEW_YEAR) == following
    if following is not None:
        assert slots.latest(job, following - SECOND / 1000, NEW_YEAR) == latest


@given(schedules(), AWARE, st.integers(0, 30))
def test_a_count_is_the_number_of_slots_between(job: Schedule, when: datetime, cap: int) -> None:
    until = when + timedelta(days=3)
    walked, slot = 0, slots.following(job, when, NEW_YEAR)
    while slot is not None and slot <= until and walked < cap:
        walked, slot = walked + 1, slots.following(job, slot, NEW_YEAR)

    assert slots.count(job, when, until, NEW_YEAR, cap=cap) == walked


def test_a_match_that_lies_in_one_gap_after_another_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    half_past = expression.parse("*/30 2 * * *", "Europe/Berlin")
    after_the_gap = at("2026-03-29T03:10+02:00")
    found = slots.latest(half_past, after_the_gap, NEW_YEAR)

    monkeypatch.setattr(slots, "GAPS", 1)

    assert found == at("2026-03-28T02:30+01:00")
    assert slots.latest(half_past, after_the_gap, NEW_YEAR) is None
