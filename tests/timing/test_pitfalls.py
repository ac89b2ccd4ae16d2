"""Valid schedules that may not be meant: what is said about them."""

import re

import pytest

from scheduled.timing import expression
from scheduled.timing.pitfalls import warnings


def said(text: str) -> list[str]:
    return list(warnings(expression.parse(text, "UTC")))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        # either of two day fields
        ("0 6 1-7 * 1", 'if both have to, write "0 6 * * MON#1"; if either is meant, two jobs'),
        ("0 6 8-14 * 1,3", '"0 6 * * MON#2,WED#2"'),
        ("0 6 22-28 3 fri", '"0 6 * 3 FRI#4"'),
        ("0 6 25-31 * 5", '"0 6 * * FRIL"'),
        ("0 6 13 * 5", '"0 6 13 * *" and only_on: [fri]'),
        ("0 6 1-31 * 1", "it runs each day, as either the day of the month or the weekday is"),
        ("0 6 1 * 0-7", "it runs each day"),
        # steps that match once
        ("*/61 * * * *", "*/61 in the minute field matches 0 only; for a period, write every 61m"),
        ("*/90 * * * *", "for a period, write every 90m"),
        ("0 */24 * * *", "*/24 in the hour field matches 0 only; for a period, write every 24h"),
        ("0 0 */31 * *", '"every 31 days at 0:00 from 2026-12-01"'),
        ("30 9 1 */12 *", "*/12 in the month field matches January only"),
        ("0 0 * * */7", "*/7 in the weekday field matches Sunday only"),
        ("1-5/10 * * * *", "1-5/10 in the minute field matches 1 only"),
        # steps that begin anew
        ("*/7 * * * *", "*/7 in the minute field begins anew with each hour"),
        ("0-59/7 * * * *", "after 56 comes 0; for a period, write every 7m"),
        ("3,*/25 * * * *", "*/25 in the minute field begins anew"),
        ("0 */5 * * *", "*/5 in the hour field begins anew at midnight"),
        ("15 4 */7 * *", "*/7 in the day field begins anew on the 1st of each month"),
        ("15 4 */7 * *", 'write "every 7 days at 4:15 from 2026-12-01"'),
        ("0 0 */2 * *", "after 31 comes 1"),
        ("0 0 1 */5 *", "*/5 in the month field begins anew in January"),
        ("0 0 * * */2", "after Saturday comes Sunday"),
        ("every 7 minutes on mon", "begins anew at midnight"),
        # days that some months lack
        ("0 0 31 2,3 *", "day 31: February has none; for the last of the month, write L"),
        ("0 0 31 * *", "day 31: February, April, June, September and November have none"),
        ("0 0 15,31 * *", "day 31: February, April, June, September and November have none"),
        ("0 0 30 * *", "day 30: February has none"),
        ("0 0 30-31 * *", "day 30: February has none"),
        ("0 0 29 * *", "day 29: February has none but in leap years"),
        ("0 0 29 2 *", "none but in leap years"),
        ("0 0 31W * *", "31W: February, April, June, September and November have none; for the"),
        ("0 0 L-30 * *", "L-30: February, April, June, September and November have none"),
        ("0 0 * * MON#5", "MON#5: most months have no fifth; for the last one, write MONL"),
        ("every month on the 31st at 9", 'for the last of the month, write "the last day"'),
        ("every 2 months on the 30th at 9 from 2026-02-01", "day 30: February has none"),
    ],
)
def test_e3_what_may_not_be_meant_is_said_with_what_to_write(text: str, sentence: str) -> None:
    assert any(sentence in warning for warning in said(text)), said(text)


@pytest.mark.parametrize(
    "text",
    [
        *("* * * * *", "*/1 * * * *", "*/15 * * * *", "5-59/10 * * * *", "1-59/2 * * * *"),
        *("0 */6 * * *", "0 9-17/3 * * *", "0 0 */1 * *", "0 0 1 */3 *", "0 0 1 * *"),
        *("0 0 1,15 * *", "0 0 28 * *", "0 0 31 1,3 *", "0 0 1-7 * *", "0 0 * * 1-5"),
        *("0 0 1-31 * *", "0 0 28-31 * *", "0 0 */1 * 1", "0 0 30 1-12/2 *", "10-50/15 * * * *"),
        *("0 6 L * *", "0 6 15W * *", "0 6 LW * *", "0 6 * * MON#1", "0 6 * * FRIL", "@monthly"),
        *("every weekday at 8:00", "every month on the 1st and 15th at 6:00", "every 7m"),
        *("every 45 minutes between 9:00 and 17:00", "at:2027-01-31", "@reboot", "daily"),
    ],
)
def test_e3_what_is_meant_as_it_is_written_is_not_warned_of(text: str) -> None:
    assert said(text) == []


def test_e3_what_is_proposed_can_be_read() -> None:
    texts = ("0 6 1-7 * 1", "0 6 13 * 5", "0 6 1-31 * 1", "*/7 0 */7 */5 *", "0 0 */31 * *")
    proposed = [part for text in texts for part in re.findall('"([^"]+)"', " ".join(said(text)))]

    assert len(proposed) == 10
    for text in proposed:
        expression.parse(text, "UTC")
