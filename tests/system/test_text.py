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
        ("clear\x1b[2Jscreen", "clear [2Jscreen"),
        ("two\nlines\tand a tab", "two lines and a tab"),
        ("c1 \x9b2J", "c1 2J"),
        ("turned \u202etxt.exe", "turned txt.exe"),
        ("half \ud800 pair", "half ? pair"),
        ("größer 日本", "größer 日本"),
    ],
)
def test_a_line_has_no_control_characters(written: str, shown: str) -> None:
    assert text.one_line(written).replace("  ", " ") == shown


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


def test_an_instant_is_told_with_its_offset_and_from_now() -> None:
    moment = at("06:02")

    shown = formats.both(moment, at("06:05"), ZoneInfo("Europe/Berlin"))

    assert shown == "2026-11-21 07:02+01:00 (3 min ago)"
    assert formats.relative(at("06:05") + timedelta(hours=2), at("06:05")) == "in 2 h"
    assert formats.relative(moment, moment) == "now"
