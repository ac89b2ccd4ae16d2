"""Schedules in words: what people ask other schedulers for, and when that runs."""

from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduled.errors import ScheduleError
from scheduled.timing import expression, slots
from scheduled.timing.fingerprint import fingerprint
from scheduled.timing.schedule import Recurrence
from scheduled.timing.sentences.words import VOCABULARY
from tests.builders import soak
from tests.builders.sentences import NOW, ZONE, dates, next_five

ASKED_FOR = {
    "every weekday at 9am": "09:00 26-11-30 26-12-01 26-12-02 26-12-03 26-12-04",
    "weekdays at 9am": "09:00 26-11-30 26-12-01 26-12-02 26-12-03 26-12-04",
    "Monday, Wednesday at 9am": "09:00 26-11-30 26-12-02 26-12-07 26-12-09 26-12-14",
    "every monday 9am": "09:00 26-11-30 26-12-07 26-12-14 26-12-21 26-12-28",
    "daily at 6:30pm": "18:30 26-11-30 26-12-01 26-12-02 26-12-03 26-12-04",
    "every day at 9am": "09:00 26-11-30 26-12-01 26-12-02 26-12-03 26-12-04",
    "weekends at midnight": "00:00 26-12-05 26-12-06 26-12-12 26-12-13 26-12-19",
    "midnight daily": "00:00 26-11-30 26-12-01 26-12-02 26-12-03 26-12-04",
    "at 14:30 every day": "14:30 26-11-30 26-12-01 26-12-02 26-12-03 26-12-04",
    "every 9:30am": "09:30 26-11-30 26-12-01 26-12-02 26-12-03 26-12-04",
    "every noon": "12:00 26-11-30 26-12-01 26-12-02 26-12-03 26-12-04",
    "every morning at 9am": "09:00 26-11-30 26-12-01 26-12-02 26-12-03 26-12-04",
    "every night at 2am": "02:00 26-11-30 26-12-01 26-12-02 26-12-03 26-12-04",
    "every day at 8:00, 12:00 and 18:00": (
        "26-11-30T08:00 26-11-30T12:00 26-11-30T18:00 26-12-01T08:00 26-12-01T12:00"
    ),
    "every day at 2am and 14:30": (
        "26-11-30T02:00 26-11-30T14:30 26-12-01T02:00 26-12-01T14:30 26-12-02T02:00"
    ),
    "twice a day at 8:00 and 20:00": (
        "26-11-30T08:00 26-11-30T20:00 26-12-01T08:00 26-12-01T20:00 26-12-02T08:00"
    ),
    "once a week on sunday at 4am": "04:00 26-12-06 26-12-13 26-12-20 26-12-27 27-01-03",
    "every tuesday and thursday at 17:45": "17:45 26-12-01 26-12-03 26-12-08 26-12-10 26-12-15",
    "mon-fri at 7:15": "07:15 26-11-30 26-12-01 26-12-02 26-12-03 26-12-04",
    "every day from monday to friday at 8": "08:00 26-11-30 26-12-01 26-12-02 26-12-03 26-12-04",
    "saturdays and sundays at 10:00": "10:00 26-12-05 26-12-06 26-12-12 26-12-13 26-12-19",
    "every other friday at 16:00 from 2026-12-04": (
        "16:00 26-12-04 26-12-18 27-01-01 27-01-15 27-01-29"
    ),
    "every 2 weeks on monday at 5:25 from 2026-11-30": (
        "05:25 26-11-30 26-12-14 26-12-28 27-01-11 27-01-25"
    ),
    "every 3 weeks on mon at 9:00 from 2026-11-30": (
        "09:00 26-11-30 26-12-21 27-01-11 27-02-01 27-02-22"
    ),
    "every 2 weeks on mon,wed at 09:00 from 2026-11-23": (
        "09:00 26-12-07 26-12-09 26-12-21 26-12-23 27-01-04"
    ),
    "every 2 weeks on mon,thu at 09:00 from 2026-11-30": (
        "09:00 26-11-30 26-12-03 26-12-14 26-12-17 26-12-28"
    ),
    "every fortnight on wednesday at 14:00 from 2026-12-02": (
        "14:00 26-12-02 26-12-16 26-12-30 27-01-13 27-01-27"
    ),
    "every 2 weeks at 9:00 starting 2026-12-02": (
        "09:00 26-12-02 26-12-16 26-12-30 27-01-13 27-01-27"
    ),
    "every 6 weeks on sat at 3:00 from 2026-12-05": (
        "03:00 26-12-05 27-01-16 27-02-27 27-04-10 27-05-22"
    ),
    "every month on the 1st and 16th at 10:25": (
        "10:25 26-12-01 26-12-16 27-01-01 27-01-16 27-02-01"
    ),
    "every month on day 1 and 16 at 10:25": "10:25 26-12-01 26-12-16 27-01-01 27-01-16 27-02-01",
    "first day of the month at midnight": "00:00 26-12-01 27-01-01 27-02-01 27-03-01 27-04-01",
    "on the last day of the month at 23:00": "23:00 26-11-30 26-12-31 27-01-31 27-02-28 27-03-31",
    "end of month at 22:00": "22:00 26-11-30 26-12-31 27-01-31 27-02-28 27-03-31",
    "every month on the second to last day at 8:00": (
        "08:00 26-12-30 27-01-30 27-02-27 27-03-30 27-04-29"
    ),
    "3 days before the end of the month at 9:00": (
        "09:00 26-12-28 27-01-28 27-02-25 27-03-28 27-04-27"
    ),
    "the last 5 days of the month at 11:00": "11:00 26-11-30 26-12-27 26-12-28 26-12-29 26-12-30",
    "every month on the last fri at 17:00": "17:00 26-12-25 27-01-29 27-02-26 27-03-26 27-04-30",
    "last monday of each month at 6:00": "06:00 26-11-30 26-12-28 27-01-25 27-02-22 27-03-29",
    "first sunday of the month at 2:00": "02:00 26-12-06 27-01-03 27-02-07 27-03-07 27-04-04",
    "2nd monday of the month at 8:30": "08:30 26-12-14 27-01-11 27-02-08 27-03-08 27-04-12",
    "first and third tuesday of the month at 8:30": (
        "08:30 26-12-01 26-12-15 27-01-05 27-01-19 27-02-02"
    ),
    "every last weekday of the month at 16:00": (
        "16:00 26-11-30 26-12-31 27-01-29 27-02-26 27-03-31"
    ),
    "the first working day of every month at 9:00": (
        "09:00 26-12-01 27-01-01 27-02-01 27-03-01 27-04-01"
    ),
    "last business day of the month at 16:30": "16:30 26-11-30 26-12-31 27-01-29 27-02-26 27-03-31",
    "the weekday nearest the 15th of each month at 9:00": (
        "09:00 26-12-15 27-01-15 27-02-15 27-03-15 27-04-15"
    ),
    "every 31st at 12:00": "12:00 26-12-31 27-01-31 27-03-31 27-05-31 27-07-31",
    "every month on the 5th fri at 9": "09:00 27-01-29 27-04-30 27-07-30 27-10-29 27-12-31",
    "every quarter on the 1st at 6:00": "06:00 27-01-01 27-04-01 27-07-01 27-10-01 28-01-01",
    "last day of each quarter at 18:00": "18:00 26-12-31 27-03-31 27-06-30 27-09-30 27-12-31",
    "1st of january, april, july and october at 3:00": (
        "03:00 27-01-01 27-04-01 27-07-01 27-10-01 28-01-01"
    ),
    "every 3 months on the 9th at 0:00 from 2026-08-09": (
        "00:00 27-02-09 27-05-09 27-08-09 27-11-09 28-02-09"
    ),
    "every 2 months on the last day at 23:30 from 2026-12-01": (
        "23:30 26-12-31 27-02-28 27-04-30 27-06-30 27-08-31"
    ),
    "every other month on the 1st at 7:00 from 2026-12-01": (
        "07:00 26-12-01 27-02-01 27-04-01 27-06-01 27-08-01"
    ),
    "every 6 months on the last day at 22:00 from 2026-06-01": (
        "22:00 26-12-31 27-06-30 27-12-31 28-06-30 28-12-31"
    ),
    "every january 1st at 0:00": "00:00 27-01-01 28-01-01 29-01-01 30-01-01 31-01-01",
    "24 dec at 18:00": "18:00 26-12-24 27-12-24 28-12-24 29-12-24 30-12-24",
    "every year on feb 29 at 1:00": "01:00 28-02-29 32-02-29 36-02-29 40-02-29 44-02-29",
    "last sunday of march and october at 2:30": (
        "27-03-28T03:00 27-10-31T02:30 28-03-26T03:00 28-10-29T02:30 29-03-25T03:00"
    ),
    "every other day at 7:30 from 2026-11-30": "07:30 26-11-30 26-12-02 26-12-04 26-12-06 26-12-08",
    "every 10 days at 12:00 from 2026-11-25": "12:00 26-12-05 26-12-15 26-12-25 27-01-04 27-01-14",
    "every 3rd day of the month at 9:00": "09:00 26-12-03 27-01-03 27-02-03 27-03-03 27-04-03",
    "every 20 minutes between 8am and 6pm on mon-fri": (
        "26-11-30T08:00 26-11-30T08:20 26-11-30T08:40 26-11-30T09:00 26-11-30T09:20"
    ),
    "every hour on Monday-Friday from 11:00 to 13:00": (
        "26-11-30T11:00 26-11-30T12:00 26-11-30T13:00 26-12-01T11:00 26-12-01T12:00"
    ),
    "every minute from 11:00 to 11:30": (
        "26-11-30T11:00 26-11-30T11:01 26-11-30T11:02 26-11-30T11:03 26-11-30T11:04"
    ),
    "every 45 minutes between 9:00 and 17:00": (
        "26-11-30T09:00 26-11-30T09:45 26-11-30T10:30 26-11-30T11:15 26-11-30T12:00"
    ),
    "hourly on weekends": (
        "26-12-05T00:00 26-12-05T01:00 26-12-05T02:00 26-12-05T03:00 26-12-05T04:00"
    ),
    "every 4 hours on sunday": (
        "26-12-06T00:00 26-12-06T04:00 26-12-06T08:00 26-12-06T12:00 26-12-06T16:00"
    ),
}
"""Each with its next five runs: a time of day with dates, or dates with times."""


@pytest.mark.parametrize(("text", "runs"), ASKED_FOR.items())
def test_e2_a_sentence_that_people_wrote_runs_when_they_meant(text: str, runs: str) -> None:
    assert next_five(text) == dates(runs)


@pytest.mark.parametrize(
    ("text", "fields"),
    {
        "every weekday at 8:00": "0 8 * * 1-5",
        "every month on the 1st and 15th at 6:00": "0 6 1,15 * *",
        "every month on the last fri at 17:00": "0 17 * * FRIL",
        "on the last day of the month at 6:00": "0 6 L * *",
        "6:00 on the last day and the 1st of the month": "0 6 1,L * *",
        "every last weekday of the month": "0 0 LW * *",
        "the weekday nearest the 15th at noon": "0 12 15W * *",
        "first and third monday at 9": "0 9 * * MON#1,MON#3",
        "every hour on sunday": "0 * * * 0",
        "every day": "@daily",
    }.items(),
)
def test_e2_a_sentence_and_the_fields_that_say_the_same_are_one_schedule(
    text: str, fields: str
) -> None:
    said, written = expression.parse(text, ZONE), expression.parse(fields, ZONE)

    if "hour" not in text:  # which follows elapsed time, as a minute that begins with a star
        assert fingerprint(said) == fingerprint(written)
        assert said.form == written.form
    assert list(islice(slots.between(said, NOW, slots.LAST, NOW), 20)) == list(
        islice(slots.between(written, NOW, slots.LAST, NOW), 20)
    )


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        # counted from a date
        (
            "every 2 weeks on mon at 09:00",
            'from which date are the weeks counted? write "every 2 weeks on mon at 09:00 from 2026',
        ),
        ("every other friday at 9am", "from which date are the weeks counted?"),
        ("every 3 months on the 1st at 0:00", "from which date are the months counted?"),
        ("every other day at 7:30", "from which date are the days counted?"),
        ("every 2 years on jan 1 at noon", "from which date are the years counted?"),
        # what is missing
        ("every month at 6:00", 'write "every month on the 1st at 6:00"'),
        ("every week at 9:00", 'write "every week on mon at 9:00"'),
        ("every year at 9:00", 'write one like "every year on jan 1 at 8:00"'),
        ("every day between 9:00 and 17:00", "how often?"),
        ("every morning", "when in the morning?"),
        # what could be two things
        ("every second monday at 9", "one a month, or one in 2 weeks"),
        ("every 3rd fri at 9:00", "one a month, or one in 3 weeks"),
        ("biweekly on monday at 9", "twice in one, or once in two?"),
        ("every month on monday at 9", 'write "every mon", or "every month on the first mon"'),
        ("on the 1st and the last friday at 9", "or the 1st friday?"),
        ("every monday on the 1st at 9", "only_on:"),
        ("jan 1 and jul 15 at 9:00", "write a job for each month"),
        ("first and last day of the quarter at 9", "are in two months; write two jobs"),
        ("every evening at 8", '08:00 is not in the evening; write "every day at 20:00"'),
        ("every day at 24:00", "write 0:00 or 23:59"),
        # what is said elsewhere, or not understood
        ("evry weekday at 8:00", '"evry" is not understood; write "every weekday at 8:00"'),
        ("every wekday at 8:00", 'write "every weekday at 8:00"'),
        ("every weekday at 8:00 please", 'write "every weekday at 8:00"'),
        ("every weekday at 8:00 except holidays", "the key `not_on`; write"),
        (
            "every weekday at 8:00 until 2027-01-01",
            'the key `ends`; write "every weekday at 8:00"',
        ),
        ("every weekday at 8am utc", "the key `timezone`; write"),
        ("every 2 weeks from tomorrow at 9", '"tomorrow" is not a date; write one like 2026-11-30'),
        ("every 2 weeks on mon from 2026-02-30", "2026-02-30 is not a date"),
        ("every day at 25:00", "25:00 is not a time of day"),
        ("every day at 13pm", "13pm is not a time of day"),
        ("every day at 8:00:30", "a job starts on the minute"),
        ("monday at 9 on 2026-12-24", 'a single run is written "at:2026-12-24T09:00"'),
        ("every hour at 15", "every hour and at 15:00?"),
        ("every 2 hours between 22:00 and 6:00", "includes midnight; write two jobs"),
        ("every month on the 6th fri at 9", "a month has a first to fifth and a last"),
        ("every month on the 32nd at 9", "32 is not a day of a month"),
        ("every 300 weeks on mon from 2026-01-05", "at most five years"),
        ("every month on day 0 at 8:00", "days are counted from 1"),
        ("every month on the 0th monday at 8", "days are counted from 1"),
        ("nearest weekday to the 0th at 8", "days are counted from 1"),
        ("every year on 45 jan at 8:00", "no month has a day 45"),
        ("every year on feb 30 at 9", "never fires"),
        ("every 2 years on feb 29 at 9 from 2027-01-01", "never fires"),
        ("every 0 days at 9 from 2026-01-01", "nothing is counted"),
        ("every 90", "90 of what? for minutes, write every 90m"),
        ("every", "the sentence is not complete"),
    ],
)
def test_e2_what_is_not_clear_is_refused_with_what_is(text: str, sentence: str) -> None:
    with pytest.raises(ScheduleError) as refused:
        expression.parse(text, ZONE)

    assert sentence in str(refused.value)


def test_e2_what_is_proposed_can_be_read() -> None:
    proposed = 0
    for text in ("every 2 weeks on mon at 9", "every month at 6:00", "every 3rd fri at 9:00"):
        with pytest.raises(ScheduleError) as refused:
            expression.parse(text, ZONE)
        for number, part in enumerate(str(refused.value).partition("write ")[2].split('"')):
            if number % 2:
                proposed += 1
                expression.parse(part, ZONE)

    assert proposed == 4


def test_e2_nothing_runs_before_the_date_it_is_counted_from() -> None:
    schedule = expression.parse("every 2 weeks on mon,thu at 09:00 from 2026-12-02", ZONE)
    start = datetime(2026, 12, 3, 8, tzinfo=UTC)  # the Monday of that week is before it

    assert slots.latest(schedule, start - timedelta(seconds=1), NOW) is None
    assert slots.following(schedule, datetime(2020, 1, 1, tzinfo=UTC), NOW) == start
    assert slots.latest(schedule, start, NOW) == start
    assert slots.count(schedule, datetime(2020, 1, 1, tzinfo=UTC), start, NOW) == 1


def test_e2_debians_rule_holds_at_a_clock_change() -> None:
    fixed = expression.parse("last sunday of march and october at 2:30", ZONE)
    elapsed = expression.parse("every 30 minutes between 2:00 and 3:00 on sunday", ZONE)
    night = datetime(2027, 10, 30, 22, tzinfo=UTC)

    slot = slots.following(fixed, datetime(2027, 3, 1, tzinfo=UTC), NOW)
    assert slot == datetime(2027, 3, 28, 1, tzinfo=UTC)  # 03:00, right after the gap
    assert slots.clock_change_note(fixed, slot) == "moved: 02:30 does not exist that day"
    found = list(slots.between(elapsed, night, night + timedelta(hours=5), NOW))
    assert [f"{slot:%H:%M}" for slot in found] == ["00:00", "00:30", "01:00", "01:30", "02:00"]
    assert slots.count(fixed, night, night + timedelta(hours=5), NOW) == 1


def test_e2_a_fingerprint_says_what_is_counted_and_from_when() -> None:
    text = "every 2 weeks on mon,thu at 09:00 and 14:30 from 2026-11-30"

    assert fingerprint(expression.parse(text, ZONE)) == (
        "1 09:00,14:30 * * 1,4 every 2 week from 2026-11-30 fixed Europe/Berlin"
    )
    other = expression.parse(text.replace("2026-11-30", "2026-12-07"), ZONE)
    assert fingerprint(other) != fingerprint(expression.parse(text, ZONE))


@settings(max_examples=soak.count(300, 20_000), deadline=None)
@given(st.lists(st.sampled_from([*VOCABULARY, "8:00", "2nd", "3", "2026-11-30", ","])))
def test_e2_any_words_are_a_schedule_that_runs_or_a_refusal(words: list[str]) -> None:
    try:
        schedule = expression.parse(" ".join(words), ZONE)
    except ScheduleError:
        return

    slot = slots.following(schedule, NOW, NOW)
    if isinstance(schedule.form, Recurrence):
        assert slot is not None
        assert slots.latest(schedule, slot, NOW) == slot
