"""Each form of schedule is said in a sentence."""

import pytest

from scheduled.timing import expression
from scheduled.views.schedule_meaning import meaning


@pytest.mark.parametrize(
    ("text", "words"),
    {
        # times of day
        "* * * * *": "every minute",
        "*/5 * * * *": "every 5 minutes",
        "*/7 * * * *": "at minutes 0, 7, 14, 21, 28, 35, 42, 49 and 56 of every hour",
        "0 * * * *": "every hour",
        "15 * * * *": "at minute 15 of every hour",
        "0 */2 * * *": "every 2 hours",
        "15 */2 * * *": "every 2 hours from 00:15",
        "0 */12 * * *": "at 00:00 and 12:00 every day",
        "0 */5 * * *": "at 00:00, 05:00, 10:00, 15:00 and 20:00 every day",
        "0 9-17 * * *": "every hour from 09:00 to 17:00",
        "* 2 * * *": "every minute from 02:00 to 02:59",
        "* 1,3 * * *": "at every minute of the hours 1 and 3 every day",
        "*/15 9-12,14-17 * * *": (
            "at minutes 0, 15, 30 and 45 of the hours 9 to 12 and 14 to 17 every day"
        ),
        "every day at 2am and 14:30": "at 02:00 and 14:30 every day",
        # weekdays
        "*/15 9-17 * * mon-fri": "every 15 minutes from 09:00 to 17:45, Monday to Friday",
        "0 8,12,17 * * 1-5": "at 08:00, 12:00 and 17:00, Monday to Friday",
        "0 9 * * 0,6": "at 09:00 every Saturday and Sunday",
        "0 0 * * 1,2,3,5": "at 00:00 every Monday, Tuesday, Wednesday and Friday",
        "0 0 * 6 1": "at 00:00 every Monday in June",
        "* * * * 1": "every minute, every Monday",
        # days of the month
        "30 2 1,15 * *": "at 02:30 on the 1st and the 15th of each month",
        "0 0 1 1 *": "at 00:00 on the 1st of January",
        "0 0 2,3,22 * *": "at 00:00 on the 2nd, the 3rd and the 22nd of each month",
        "0 0 * 6,7 *": "at 00:00 every day in June and July",
        "* * * 2 *": "every minute, every day in February",
        "0 6 1-7 * 1": "at 06:00 on the 1st to the 7th of each month, and every Monday",
        "0 6 1-7 * 1-5": "at 06:00 on the 1st to the 7th of each month, and Monday to Friday",
        "0 0 */2 * 1": (
            "at 00:00 on every 2nd day from the 1st to the 31st of each month if that is a Monday"
        ),
        "0 0 1-31 * 1": "at 00:00 every day",
        # days that are counted
        "0 6 L * *": "at 06:00 on the last day of each month",
        "0 6 L-1,L-3 2 *": (
            "at 06:00 on the 3rd day before the last and the day before the last of February"
        ),
        "0 6 LW * *": "at 06:00 on the last weekday (Monday to Friday) of each month",
        "0 6 1W * *": "at 06:00 on the first weekday (Monday to Friday) of each month",
        "0 6 15W,1 * *": (
            "at 06:00 on the 1st and the weekday (Monday to Friday) nearest the 15th of each month"
        ),
        "0 6 * * MON#1,FRIL": "at 06:00 on the first Monday and the last Friday of each month",
        "0 6 * * MON#1,FRI": "at 06:00 on the first Monday of each month, and every Friday",
        "0 6 * * FRIL": "at 06:00 on the last Friday of each month",
        "*/5 3 L 2 *": "every 5 minutes from 03:00 to 03:55 on the last day of February",
        # counted from a date
        "every 2 weeks on mon,thu at 9 from 2026-11-30": (
            "at 09:00 on Monday and Thursday, every 2 weeks from 2026-11-30"
        ),
        "every 3 months on the 1st at 0:00 from 2026-01-01": (
            "at 00:00 on the 1st, every 3 months from 2026-01-01"
        ),
        "every other day at 7:30 from 2026-11-30": "at 07:30, every 2 days from 2026-11-30",
        "every 2 years on feb 29 at 1 from 2028-01-01": (
            "at 01:00 on the 29th of February, every 2 years from 2028-01-01"
        ),
        "every weekday at 8 from 2027-01-01": "at 08:00, Monday to Friday, from 2027-01-01",
        # the other forms
        "@daily": "at 00:00 every day",
        "every 90m": "every 90 minutes, from when the job is first seen",
        "2w": "every 2 weeks, from when the job is first seen",
        "every 61s": "every 61 seconds, from when the job is first seen",
        "at:2027-01-15T10:00:00Z": "once, on 2027-01-15 at 10:00 UTC",
        "2027-01-15T10:00:30": "once, on 2027-01-15 at 10:00:30",
        "@reboot": "once after each start of the machine",
    }.items(),
)
def test_e2_a_schedule_is_said_back_in_plain_english(text: str, words: str) -> None:
    assert meaning(expression.parse(text, "UTC")) == words
