"""What people write for a schedule or a duration, and what they are told to write instead."""

import re

import pytest

from scheduled.errors import ScheduleError
from scheduled.timing import durations, expression, meant

IN_WORDS = {
    "daily at 2:00": "0 2 * * *",
    **dict.fromkeys(("every day at 02:30", "daily 02:30"), "30 2 * * *"),
    "every day at midnight": "0 0 * * *",
    "daily at noon": "0 12 * * *",
    **dict.fromkeys(
        ("mon 9:00", "mondays at 9", "every monday at 9am", "9:00 on mondays"), "0 9 * * mon"
    ),
    **dict.fromkeys(("mon-fri 9:00", "Mon..Fri 09:00", "weekdays at 9:00"), "0 9 * * mon-fri"),
    "mon and thu at 9am": "0 9 * * mon,thu",
    "weekends at 10": "0 10 * * sat,sun",
    "every friday": "0 0 * * fri",
}
SCHEDULES = {
    # a time of day
    **dict.fromkeys(("2am", "2 am", "2:00", "02:00", "at 2am", "2 a.m."), "0 2 * * *"),
    **dict.fromkeys(("@daily 02:30", "2:30am"), "30 2 * * *"),
    **dict.fromkeys(("12am", "24:00", "at midnight"), "0 0 * * *"),
    **dict.fromkeys(("12pm", "noon", "@noon"), "0 12 * * *"),
    "2:30pm": "30 14 * * *",
    "nightly": "0 2 * * *",
    # periods
    **dict.fromkeys(
        ("every 5 minutes", "5 min", "rate(5 minutes)", "@every 5m", "PT5M"), "every 5m"
    ),
    "every 2 hours and 30 minutes": "every 2h30m",
    "every other day": "every 2d",
    "fortnightly": "every 2w",
    **dict.fromkeys(("every minute", "minutely", "@every_minute"), "* * * * *"),
    "every hour": "hourly",
    "every month": "monthly",
    "quarterly": "0 0 1 */3 *",
    **dict.fromkeys(("@boot", "on startup", "at boot"), "@reboot"),
    # everyday words
    **dict.fromkeys(("every half hour", "EVERY HALF AN HOUR", "half-hourly"), "every 30m"),
    "every quarter hour": "every 15m",
    "every hour and a half": "every 90m",
    "every other hour": "every 2h",
    **dict.fromkeys(("half past every hour", "30 minutes past every hour"), "every hour at :30"),
    "at 5 past the hour": "every hour at :05",
    "every hour on the hour": "every hour at :00",
    "every day at half past 8": "every day at 8:30",
    "every day at quarter past 8": "every day at 8:15",
    **dict.fromkeys(("9h30", "at 9.30"), "every day at 9:30"),
    "at 9": "every day at 9",
    "M-F 9am": "mon-fri 9am",
    "MWF at 10am": "mon,wed,fri at 10am",
    "TTh 9:00": "tue,thu 9:00",
    "@weekdays": "weekdays",
    "@hourly at :05": "hourly at :05",
    "nightly at 2": "every night at 2",
    "once per week": "weekly",
    "every 15 min 9-17 mon-fri": "every 15 min from 9:00 to 17:00 mon-fri",
    "every 5 minutes during business hours": ("every 5 minutes between 9:00 and 17:00 on weekdays"),
    **dict.fromkeys(("month end", "EOM", "month-end"), "last day of the month"),
    "2 days before month end": "2 days before the end of the month",
    "the penultimate day of the month": "the second to last day of the month",
    "every christmas at 9": "every 25 dec at 9",
    "new year's day": "1 jan",
    "every leap day": "every 29 feb",
    "EOD": "every day at 23:59",
    # other crons
    "0 24 * * *": "0 0 * * *",
    "60 * * * *": "0 * * * *",
    "*/5": "*/5 * * * *",
    "0 2 ? * *": "0 2 * * *",
    "0 0 2 * * ?": "0 2 * * *",
    "0 0 12 ? * 2-6 *": "0 12 * * mon-fri",
    "0 0/5 * ? * MON-FRI": "*/5 * * * mon-fri",
    "cron(0 8 1 * ? *)": "0 8 1 * *",
    "15 10 ? * 1 *": "15 10 * * sun",
    "0 0 12 ? * 6L": "0 12 * * FRIL",
    "0 0 12 ? * 6#3": "0 12 * * FRI#3",
    "0 0 12 15W * ?": "0 12 15W * *",
    "0 30 9 L-2 * ?": "30 9 L-2 * *",
    "0 18 L * ?": "0 18 L * *",
    "0 0 12 1/1 * ? *": "0 12 * * *",
    "0 0 12 1/5 * ?": "0 12 */5 * *",
    "0 10/20 8/6 * * ?": "10-59/20 8-23/6 * * *",
    # timers of systemd
    "*-*-* 02:00:00": "0 2 * * *",
    "Mon *-*-* 09:05": "5 9 * * mon",
    "*-*-01 00:00:00": "0 0 1 * *",
    "*:0/15": "*/15 * * * *",
    "*-*-1,15 06:00": "0 6 1,15 * *",
    "*-*-01..07 06:00": "0 6 1-7 * *",
    "*-*~01 23:00": "0 23 L * *",
    "*-02~03": "0 0 L-2 2 *",
    "*-12-25": "0 0 25 12 *",
}


@pytest.mark.parametrize(("written", "fields"), IN_WORDS.items())
def test_days_and_times_in_words_are_read_as_the_fields_that_say_the_same(
    written: str, fields: str
) -> None:
    assert expression.parse(written, "UTC").form == expression.parse(fields, "UTC").form


@pytest.mark.parametrize(("written", "proposed"), SCHEDULES.items())
def test_a_schedule_that_cannot_be_read_is_answered_with_one_that_can(
    written: str, proposed: str
) -> None:
    with pytest.raises(ScheduleError) as refused:
        expression.parse(written, "UTC")

    assert str(refused.value).endswith(f'; write "{proposed}"')
    expression.parse(proposed, "UTC")


@pytest.mark.parametrize(
    "written",
    [
        *("13pm", "25:00", "2", "2 3", "every day at 25:00", "biweekly", "half an hour", "*/0"),
        *("0 24 * * 1", "0 2 * * * mon", "0 0 2 * * *", "0 2 * * 8", "every 5 months"),
        *("0 0 12 ? * 8L", "0 0 12 ? * 6#6", "0 0 12 32W * ?", "0 0 12 * * ? 2027"),
        *("Mon *-*-01 00:00", "2026-*-* 00:00", "0 2 30 2 ?", "x" * 5000, "at 30", "0:60"),
    ],
)
def test_what_may_mean_two_things_or_nothing_gets_no_proposal(written: str) -> None:
    with pytest.raises(ScheduleError) as refused:
        expression.parse(written, "UTC")

    assert '; write "' not in str(refused.value)
    assert "did you mean" not in str(refused.value)


def test_a_zone_and_a_command_go_where_they_belong() -> None:
    said = {}
    for text in ("TZ=Europe/Berlin 0 2 * * *", "CRON_TZ=Mars 0 2 * * *", "@daily /bin/true -x"):
        with pytest.raises(ScheduleError) as refused:
            expression.parse(text, "UTC")
        said[text.split()[0]] = str(refused.value).partition(": ")[2]

    assert said["TZ=Europe/Berlin"] == 'write schedule: "0 2 * * *" and timezone: Europe/Berlin'
    assert "timezone" not in said["CRON_TZ=Mars"]
    assert said["@daily"] == 'write "@daily"; the command stands in `command`'


@pytest.mark.parametrize(
    ("written", "proposed"),
    {
        **dict.fromkeys(("5 minutes", "5 min", "5mins", "PT5M", "00:05:00"), "5m"),
        "1 hour": "1h",
        "2 hours and 30 minutes": "2h30m",
        "PT1H30M": "1h30m",
        "P1W": "1w",
        "1.5 hours": "1.5h",
        "500ms": "0.5s",
        **dict.fromkeys(("1 month", "five", "00:00:00", "", "P", "PT", "-5 minutes"), None),
    }.items(),
)
def test_a_duration_is_proposed_as_it_is_written_here(written: str, proposed: str | None) -> None:
    assert meant.duration(written) == proposed
    assert proposed is None or re.fullmatch(durations.PATTERN, proposed)
