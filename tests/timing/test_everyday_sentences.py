"""Schedules as people say them elsewhere: understood, or answered with what is meant or missing."""

import pytest

from scheduled.errors import ScheduleError
from scheduled.timing import expression
from tests.builders.sentences import ZONE, dates, next_five

ASKED_ELSEWHERE = {
    "every day @ 5": "05:00 26-11-30 26-12-01 26-12-02 26-12-03 26-12-04",
    "at 8 o'clock every morning": "08:00 26-11-30 26-12-01 26-12-02 26-12-03 26-12-04",
    "mondays at 8 in the morning": "08:00 26-11-30 26-12-07 26-12-14 26-12-21 26-12-28",
    "every friday night at 11pm": "23:00 26-12-04 26-12-11 26-12-18 26-12-25 27-01-01",
    "every hour at :30": (
        "26-11-30T00:30 26-11-30T01:30 26-11-30T02:30 26-11-30T03:30 26-11-30T04:30"
    ),
    "every 2 hours at :15 and :45 between 8:00 and 10:30 on monday": (
        "26-11-30T08:15 26-11-30T08:45 26-11-30T10:15 26-12-07T08:15 26-12-07T08:45"
    ),
    "hourly at minute 5 on sundays": (
        "26-12-06T00:05 26-12-06T01:05 26-12-06T02:05 26-12-06T03:05 26-12-06T04:05"
    ),
    "9am-5pm every 4 hours on weekdays": (
        "26-11-30T09:00 26-11-30T13:00 26-11-30T17:00 26-12-01T09:00 26-12-01T13:00"
    ),
    "1st-3rd and 10th of the month at 8": "08:00 26-12-01 26-12-02 26-12-03 26-12-10 27-01-01",
    "days 29-31 of the month at 8": "08:00 26-11-30 26-12-29 26-12-30 26-12-31 27-01-29",
    "first to second monday of the month at 8": (
        "08:00 26-12-07 26-12-14 27-01-04 27-01-11 27-02-01"
    ),
    "first and last of the month at 8": "08:00 26-11-30 26-12-01 26-12-31 27-01-01 27-01-31",
    "twice a week on mon and thu at 9": "09:00 26-11-30 26-12-03 26-12-07 26-12-10 26-12-14",
    "3 times a day at 8, 12 and 18": (
        "26-11-30T08:00 26-11-30T12:00 26-11-30T18:00 26-12-01T08:00 26-12-01T12:00"
    ),
    "once daily at 9": "09:00 26-11-30 26-12-01 26-12-02 26-12-03 26-12-04",
    "from december to february on tuesdays at 9": (
        "09:00 26-12-01 26-12-08 26-12-15 26-12-22 26-12-29"
    ),
    "every 25 dec at 9": "09:00 26-12-25 27-12-25 28-12-25 29-12-25 30-12-25",
}


@pytest.mark.parametrize(("text", "runs"), ASKED_ELSEWHERE.items())
def test_e2_a_sentence_as_people_write_it_elsewhere_runs_when_they_meant(
    text: str, runs: str
) -> None:
    assert next_five(text) == dates(runs)


@pytest.mark.parametrize(
    "text",
    [
        "monday at 9 and tuesday at 10",
        "mon 9:00, tue 10:00",
        "at 8:00 on monday and at 9:00 on tuesday",
        "8:00 on mondays and 20:00",
        "daily at 9 and weekly on mon at 10",
        "1st at 8:00 and 15th at 9:00",
        "jan at 8:00 and feb at 9:00",
    ],
)
def test_e2_times_with_days_of_their_own_are_not_mixed(text: str) -> None:
    """Each day at each time is what nobody means by it."""
    with pytest.raises(ScheduleError, match="write a job for each"):
        expression.parse(text, ZONE)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        # what is not understood is never left out of what is proposed
        ("the day after the last friday", '"after" is not understood; write one like'),
        ("the monday after the first sunday", '"after" is not understood; write one like'),
        ("the 13th if friday", '"if" is not understood; write one like'),
        ("every easter sunday", '"easter" is not understood; write one like'),
        ("every day at sunrise", '"sunrise" is not understood; write one like'),
        ("weekday 8", 'write "weekday at 8"'),
        ("please run every day at 8", 'write "run every day at 8"'),
        # what belongs elsewhere takes no time with it
        ("every day except sunday at 9", '`not_on`; write "every day at 9"'),
        ("every monday, but not on holidays, at 9", 'write "every monday at 9"'),
        ("every weekday other than friday", '`not_on`; write "every weekday"'),
        ("every day at 9am utc on mondays", '`timezone`; write "every day at 9am on mondays"'),
        ("every day at 9:00 UTC+2", '`timezone`; write "every day at 9:00"'),
        ("every day at 9am america/new_york", '`timezone`; write "every day at 9am"'),
        ("every weekday at 9 (Europe/London)", '"every weekday at 9" and timezone: Europe/London'),
        ("0 9 * * * UTC", 'write schedule: "0 9 * * *" and timezone: UTC'),
        ("every day from 2026-12-01 to 2026-12-24 at 9", 'write "every day from 2026-12-01 at 9"'),
        ("every 15 minutes until 18:00", 'write "between 8:00 and 18:00"'),
        # a single run
        ("tomorrow", "a single run is written"),
        ("tonight at 8", "a single run is written"),
        ("next monday at 9am", "a single run is written"),
        ("in 2 hours", "a single run is written"),
        ("jan 1st 2027", "a single run is written"),
        # which night, how many, of what
        ("every friday night at 1am", "in the night before or after that day?"),
        ("sunday night at midnight", "in the night before or after that day?"),
        ("every friday evening at 8", "08:00 is not in the evening; write 20:00"),
        ("every morning at 13:00", "13:00 is not in the morning"),
        ("twice a week", 'write one like "every mon and thu at 8:00"'),
        ("three times a day", "at which three times?"),
        ("every day at :30", ':30 of which hours? write one like "every hour at :30"'),
        ("every hour at :15 between 9:20 and 10:10", "none of its times is between"),
        ("9am to 5pm", "between two times, but how often?"),
        ("friday the 13th", "only_on: [fri]"),
        ("5th to 1st at 8", "5 to 1 runs backwards"),
        ("first weekend of the month", '"first saturday of the month"'),
        ("first week of the month", '"first 7 days of the month"'),
        ("3rd business day of the month", 'write "first weekday of the month"'),
        ("second last friday of the month", '"last friday of the month"'),
        ("biweekly", "twice in one, or once in two?"),
        ("every 30 seconds", "at least a minute"),
        ("every 99999 weeks", "at most five years"),
        ("every 2 weeks on mon at 9 from 2026-1-5", "2026-1-5 is not a date; write one like"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH", "a rule of iCalendar is written in words"),
    ],
)
def test_e2_a_sentence_that_says_too_much_or_too_little_is_answered(text: str, answer: str) -> None:
    with pytest.raises(ScheduleError) as refused:
        expression.parse(text, ZONE)

    assert answer in str(refused.value)
