"""What others wrote, made fit for a terminal; and how times and durations read."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduled.system import text
from scheduled.views import format as formats
from tests.builders import soak
from tests.builders.jobs import at


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("[/rc] [bold]x[/bold]", "[/rc] [bold]x[/bold]"),
        ("clear\x1b[2Jscreen", r"clear\x1b[2Jscreen"),
        ("\x1b[31mred\x1b[0m alert", "red alert"),
        ("two in\x1b\x1b[0m[2Jone", r"two in\x1b[2Jone"),
        ("two\nlines\tand a tab", "two lines and a tab"),
        ("c1 \x9b2J", r"c1 \x9b2J"),
        ("turned \u202etxt.exe", r"turned \u202etxt.exe"),
        ("in\u200bvisible \U000e0041", r"in\u200bvisible \U000e0041"),
        ("half \ud800 pair", "half ? pair"),
        ("größer 日本", "größer 日本"),
    ],
)
def test_a_line_has_no_control_characters(written: str, shown: str) -> None:
    assert text.one_line(written) == shown


@given(st.text(max_size=70))
@settings(max_examples=soak.count(100, 10_000), deadline=None)
def test_what_can_be_printed_is_shown_as_beside_what_cannot(written: str) -> None:
    assert text.one_line(f"\n{written}") == text.one_line(written)
    assert text.excerpt(f"{written}\n", 80) == text.excerpt(written, 80) + "\\n"


def test_a_line_that_is_too_long_is_cut_and_says_so() -> None:
    assert text.one_line("x" * 10_000) == "x" * 297 + "..."


def test_a_text_keeps_its_lines_and_loses_its_colours() -> None:
    assert text.printable("\x1b[31mred\x1b[0m\r\n\tnext\x07") == "red\n\tnext"


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0.4, "0 s"),
        (59, "59 s"),
        (61, "1 min"),
        (7500, "2 h 5 min"),
        (7200, "2 h"),
        (86_400 * 3 + 4 * 3600, "3 d 4 h"),
    ],
)
def test_a_duration_is_told_in_its_largest_units(seconds: float, shown: str) -> None:
    assert formats.span(seconds) == shown


def test_an_instant_that_is_kept_has_its_offset_and_one_on_screen_its_distance() -> None:
    moment = at("06:02")

    berlin = ZoneInfo("Europe/Berlin")

    assert formats.absolute(moment, berlin) == "2026-11-21 07:02+01:00"
    assert formats.clock_and_distance(moment, at("06:05"), berlin) == "07:02 (3 min ago)"
    assert formats.relative(at("06:05") + timedelta(hours=2), at("06:05")) == "in 2 h"
    assert formats.relative(moment, moment) == "now"


@pytest.mark.parametrize(
    ("moment", "shown"),
    [
        ("06:02", "07:02"),
        ("23:30", "Sun 22 Nov 00:30"),
        ("2026-11-20T08:00", "Fri 20 Nov 09:00"),
        ("2027-01-01T08:00", "Fri 1 Jan 09:00"),
        ("2027-03-28T01:00", "28 Mar 03:00+02:00"),
        ("2028-02-29T02:00", "2028-02-29 03:00"),
        ("2025-07-01T02:00", "2025-07-01 04:00+02:00"),
    ],
)
def test_in_a_column_an_instant_is_as_on_a_clock(moment: str, shown: str) -> None:
    assert formats.clock(at(moment), at("06:05"), ZoneInfo("Europe/Berlin")) == shown


def test_the_offset_of_a_column_is_in_its_heading() -> None:
    assert formats.headed("NEXT", at("06:05"), ZoneInfo("Europe/Berlin")) == "NEXT (+01:00)"
    assert formats.headed("NEXT", at("06:05"), ZoneInfo("UTC")) == "NEXT (UTC)"
    assert formats.clock(at("06:05"), at("06:05"), ZoneInfo("UTC")) == "06:05"
