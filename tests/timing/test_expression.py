"""The dialect: what is read, what is refused, and in which words."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduled.errors import ScheduleError
from scheduled.timing.expression import parse
from scheduled.timing.fingerprint import fingerprint
from scheduled.timing.schedule import Cron, Interval


def cron(text: str) -> Cron:
    form = parse(text, "UTC").form
    assert isinstance(form, Cron)
    return form


def refusal(text: str) -> str:
    with pytest.raises(ScheduleError) as caught:
        parse(text, "UTC")
    return str(caught.value)


def test_lists_ranges_steps_and_names_are_read_as_cron_reads_them() -> None:
    assert cron("0-10/5,30 9-17/4 1,15 jan,Mar-MAY 1-7/3").expression == (
        "0,5,10,30 9,13,17 1,15 1,3,4,5 0,1,4"
    )


def test_a_step_larger_than_the_field_leaves_its_first_value() -> None:
    assert cron("*/90 * * * *").minutes == cron("*/9999 * * * *").minutes == (0,)


@pytest.mark.parametrize("text", ["\t0  2 * * * \n", "0\t2\t*\t*\t*"])
def test_blanks_do_not_matter(text: str) -> None:
    assert cron(text) == cron("0 2 * * *")


@pytest.mark.parametrize(
    ("text", "fixed"),
    [
        ("0 2 * * *", True),
        ("0 0-23 * * *", True),
        ("0 * * * *", False),
        ("*/5 2 * * *", False),
        ("@hourly", False),
        ("daily", True),
    ],
)
def test_a_time_is_fixed_unless_its_minute_or_hour_begins_with_a_star(
    text: str, fixed: bool
) -> None:
    assert cron(text).fixed is fixed


@pytest.mark.parametrize(
    ("word", "fields"),
    [
        ("@hourly", "0 * * * *"),
        ("@daily", "0 0 * * *"),
        ("@midnight", "0 0 * * *"),
        ("@weekly", "0 0 * * 0"),
        ("@monthly", "0 0 1 * *"),
        ("@yearly", "0 0 1 1 *"),
        ("@annually", "0 0 1 1 *"),
        ("hourly", "0 * * * *"),
        ("Daily", "0 0 * * *"),
        ("weekly", "0 0 * * 0"),
    ],
)
def test_a_nickname_stands_for_its_five_fields(word: str, fields: str) -> None:
    assert cron(word) == cron(fields)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("every_15m", 900),
        ("every_2h", 7200),
        ("every 90m", 5400),
        ("every 1d", 86_400),
        ("interval:300", 300),
        ("interval:5m", 300),
        ("every 5 H", 18_000),
        ("7d", 604_800),
        ("1w", 604_800),
        ("2w", 1_209_600),
        ("12h", 43_200),
    ],
)
def test_an_interval_is_a_number_and_a_unit(text: str, seconds: int) -> None:
    assert parse(text, "UTC").form == Interval(timedelta(seconds=seconds))


def test_a_date_alone_is_a_moment_too() -> None:
    for text in ("2027-01-15", "2027-01-15T10:00", "2027-01-15 10:00", "2027-01-15T10:00:00Z"):
        assert parse(text, "UTC").form == parse(f"at:{text}", "UTC").form


def test_each_schedule_knows_its_kind() -> None:
    texts = ["@daily", "every 90m", "at:2026-01-01", "@reboot"]

    assert [parse(text, "UTC").kind for text in texts] == ["cron", "interval", "once", "reboot"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("61 * * * *", "minute 61 is out of range 0-59"),
        ("0 24 * * *", "hour 24 is out of range 0-23"),
        ("0 0 0 * *", "day-of-month 0 is out of range 1-31"),
        ("0 0 * 13 *", "month 13 is out of range 1-12"),
        ("0 0 * * 8", "day-of-week 8 is out of range 0-7"),
        ("10-5 * * * *", "minute 10-5 runs backwards; write 10-59,0-5 if it is to wrap around"),
        ("0 0 * * fri-mon", "day-of-week fri-mon runs backwards; write fri-7,0-mon"),
        ("5/10 * * * *", "minute 5/10: a step needs a range, 5-59/10 or */10"),
        ("*/0 * * * *", "minute */0: the step must be a number from 1 to 9999"),
        ("*/10000 * * * *", "minute */10000: the step must be a number from 1 to 9999"),
        ("0 0 * * monday", 'day-of-week "monday" is not understood; did you mean mon?'),
        ("0 0 * sept *", 'month "sept" is not understood; did you mean sep?'),
        (
            "x * * * *",
            'minute "x" is not understood; write 0-59, a list 1,3, a range 1-3, * or */2',
        ),
        ("-5 * * * *", 'minute "-5" is not understood'),
        ("1,,2 * * * *", 'minute "" is not understood'),
        (
            "H H * * *",
            "H is a number derived from machine and job, and there is no job here; write",
        ),
        ("H H * *", "4 fields; write five fields"),
        ("0 0 ? * 1", 'day-of-month "?" is not understood'),
        ("0~30 * * * *", 'minute "0~30" is not understood; a value that is chosen once is'),
        (
            "0 0 2 * * *",
            "; leave out the field for seconds: scheduled is called once a minute at most",
        ),
        ("0 0 2 * * * 2026", "; leave out the fields for seconds and years: scheduled is called"),
        ("0 2 * *", "4 fields; write five fields (minute hour day-of-month month day-of-week)"),
        ("0 0 30 2 *", "never fires"),
        ("0 0 31 2,4,6,9,11 *", "never fires"),
        ("0 0 */30 2 1", "never fires, or not once in five years"),
        ("@midnigt", "not a schedule; did you mean @midnight?"),
        ("dayly", "not a schedule; did you mean daily?"),
        ("@rebot", "not a schedule; did you mean @reboot?"),
        ("", "empty; write five fields"),
        ("interval:0", "an interval is at least a minute"),
        ("every 300w", "an interval is at most five years"),
        ("0d", "an interval is at least a minute"),
        ("every 0.5s", "an interval is at least a minute"),
        ("every 90.5s", "an interval is a whole number of seconds"),
        ("every 90", "90 of what? for minutes, write every 90m"),
        ("5 m", "m could be minutes or months; write every 5m, or @monthly"),
        ("1m", "m could be minutes or months; write every 1m, or @monthly"),
        ("2027-02-30", "2027-02-30 is not a valid date and time"),
        ("2027-01-15T25:00", "2027-01-15T25:00 is not a valid date and time"),
        ("interval:" + "9" * 5000, "longer than 1000 characters"),
        ("at:tomorrow", "tomorrow is not a valid date and time; write at:2025-01-15T10:00:00Z"),
        ("at:0001-01-01T00:00+05:00", "year 1 is out of range 1970-8999"),
        ("0 2 * * *\0", "contains U+0000; only printable ASCII is allowed"),
        ("0 2 * * *\n0 3 * * *", "contains U+000A; only printable ASCII"),
        ("٣ * * * *", "contains U+0663; only printable ASCII"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_a_sentence(text: str, sentence: str) -> None:
    assert sentence in refusal(text)


def test_a_refusal_begins_with_the_text_it_refuses() -> None:
    assert refusal("61 * * * *") == '"61 * * * *": minute 61 is out of range 0-59'
    assert refusal("\0").startswith('"\\x00": ')
    assert len(refusal("x" * 5000)) < 200


def test_a_zone_nobody_knows_is_refused() -> None:
    with pytest.raises(ScheduleError, match="Europe/Berln"):
        parse("@daily", "Europe/Berln")


@given(st.text(max_size=40) | st.from_regex(r"[-0-9*/,a-z@: ]{1,30}", fullmatch=True))
def test_any_text_is_a_schedule_or_a_refusal(text: str) -> None:
    try:
        schedule = parse(text, "UTC")
    except ScheduleError:
        return

    assert parse(text.strip(), "UTC").form == schedule.form


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("*/15 * * * *", "0,15,30,45  * * * *"),
        ("@daily", "0 0 * * *"),
        ("0 0 * * sun", "0 0 * * 7"),
        ("every 90m", "interval:5400"),
        ("at:2026-01-01T10:00Z", "at:2026-01-01T11:00+01:00"),
    ],
)
def test_another_spelling_has_the_same_fingerprint(first: str, second: str) -> None:
    assert fingerprint(parse(first, "UTC")) == fingerprint(parse(second, "UTC"))


def test_other_slots_have_another_fingerprint() -> None:
    written = [
        ("0 2 * * *", "UTC"),
        ("0 2 * * *", "Europe/Berlin"),
        ("0 3 * * *", "UTC"),
        ("0 * * * *", "UTC"),
        ("0 0-23 * * *", "UTC"),
        ("0 0 1-7 * 1", "UTC"),
        ("0 0 1-7 * */1", "UTC"),
        ("every 1h", "UTC"),
        ("every 2h", "UTC"),
        ("at:2026-01-01", "UTC"),
        ("@reboot", "UTC"),
    ]

    assert len({fingerprint(parse(*text_and_zone)) for text_and_zone in written}) == len(written)


def test_a_fingerprint_written_into_a_state_file_stays_what_it_is() -> None:
    assert fingerprint(parse("*/30 9-10 * * mon-fri", "Europe/Berlin")) == (
        "1 0,30 9,10 * * 1,2,3,4,5 Europe/Berlin"
    )


@pytest.mark.parametrize(
    ("written", "days"),
    [
        ("fri-sun", (0, 5, 6)),
        ("6-0", (0, 6)),
        ("mon-0", (0, 1, 2, 3, 4, 5, 6)),
        ("1-sun/2", (0, 1, 3, 5)),
        ("5-7", (0, 5, 6)),
        ("sun-0", (0,)),
        ("0-7", (0, 1, 2, 3, 4, 5, 6)),
    ],
)
def test_d6_a_range_of_weekdays_may_end_on_sunday(written: str, days: tuple[int, ...]) -> None:
    form = parse(f"0 0 * * {written}", "UTC").form

    assert isinstance(form, Cron)
    assert form.weekdays == days
