"""Options that take a time or a duration: which way they look, and what they refuse."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from scheduled.cli import when
from scheduled.cli.when import ago, ahead
from scheduled.errors import UsageError
from tests.builders.jobs import at

BERLIN = "Europe/Berlin"
NOON = at("12:00")  # 13:00 in Berlin, on Saturday, 2026-11-21


@pytest.mark.parametrize(
    ("typed", "instant"),
    [
        ("8:00", at("07:00")),
        ("08:00", at("07:00")),
        ("13:00", at("12:00")),
        ("13:01", at("2026-11-20T12:01:00")),
        ("2h", at("10:00")),
        ("now", NOON),
    ],
)
def test_looking_back_a_time_of_day_is_the_last_one(typed: str, instant: datetime) -> None:
    assert ago("--at", typed, NOON, BERLIN) == instant


@pytest.mark.parametrize(
    ("typed", "instant"),
    [("18:30", at("17:30")), ("13:00", at("2026-11-22T12:00:00")), ("90m", at("13:30"))],
)
def test_looking_ahead_it_is_the_next_one(typed: str, instant: datetime) -> None:
    assert ahead("--until", typed, NOON, BERLIN) == instant


def test_over_a_clock_change_it_is_still_what_the_clock_shows() -> None:
    eve = at("2026-10-24T20:00:00")  # 22:00; the clock goes back in the night

    assert ahead("--until", "21:00", eve, BERLIN) == at("2026-10-25T20:00:00")


@pytest.mark.parametrize("typed", ["9999-12-31", "999999w", "in 999999w"])
def test_what_the_state_could_not_hold_is_refused(typed: str) -> None:
    with pytest.raises(UsageError, match=r"is not a valid time; .* is beyond the years"):
        ahead("--until", typed, NOON, BERLIN)
    with pytest.raises(UsageError, match="is longer than time is counted; write 90s"):
        when.after("--for", "999999w", NOON)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("tommorow 8:00", "tomorrow 8:00?"),
        ("nxt mon", "next mon?"),
        ("8", "8:00 or 8h?"),
        ("tomorrow 8", "tomorrow 8:00?"),
        ("at 8", "8:00?"),
        ("8.30", "8:30?"),
        ("0830", "8:30?"),
        ("24:00", "midnight?"),
        ("5/6", "5 jun or 6 may?"),
        ("5/6/2026", "2026-06-05 or 2026-05-06?"),
        ("13/6", "13 jun?"),
        ("24.12.2026", "2026-12-24?"),
        ("2026-12", "2026-12-01?"),
        ("2026/12/24 8:00", "2026-12-24 8:00?"),
        ("next week", "mon or 7d?"),
        ("this fri", "fri?"),
        ("1790000000000", "@1790000000?"),
    ],
)
def test_e14_what_may_be_meant_is_proposed_with_the_forms_that_apply(
    typed: str, meant: str
) -> None:
    with pytest.raises(UsageError) as raised:
        ahead("--until", typed, NOON, BERLIN)

    forms = f"Write {when.FUTURE}"
    assert str(raised.value) == (
        f"--until '{typed}' is not a valid time; did you mean {meant} {forms}"
    )


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("1 month", "months and years differ in length; count days"),
        ("2026-02-30", "there is no 2026-02-30"),
        ("mon 2026-11-21", "2026-11-21 is a Saturday"),
    ],
)
def test_e14_it_is_said_why_something_is_no_time(typed: str, why: str) -> None:
    with pytest.raises(UsageError) as raised:
        ago("--since", typed, NOON, BERLIN)

    assert f"is not a valid time; {why}; write {when.PAST}" in str(raised.value)


def test_e14_what_does_not_apply_to_an_option_is_refused_with_what_does() -> None:
    def refused(call: Callable[..., object], option: str, typed: str, *more: Any) -> str:
        with pytest.raises(UsageError) as raised:
            call(option, typed, *more)
        return str(raised.value)

    future, past, length = (
        f"; write {when.FUTURE}",
        f"; write {when.PAST}",
        f"; write {when.LENGTH}",
    )
    for typed in ("yesterday", "today", "last fri", "2h ago", "2020-01-01", "now"):
        said = refused(ahead, "--until", typed, NOON, BERLIN)
        assert said == f"--until '{typed}' is in the past{future}"
    for typed in ("tomorrow", "next fri", "in 2h", "2030-01-01"):
        assert refused(ago, "--since", typed, NOON, BERLIN) == (
            f"--since '{typed}' lies ahead{past}"
        )
    for typed in ("tomorrow", "8:00", "2026-12-24", "2h ago", "in 2h"):
        assert refused(when.after, "--for", typed, NOON, "--until") == (
            f"--for '{typed}' is a time (--until takes one), and not a duration{length}"
        )
        assert refused(when.length, "--max-age", typed) == (
            f"--max-age '{typed}' is a time, and not a duration{length}"
        )
    assert refused(when.length, "--for", "0h") == f"--for '0h' is not a valid duration{length}"
    assert refused(when.length, "--for", "5 mintes") == (
        f"--for '5 mintes' is not a valid duration; did you mean 5 minutes? Write {when.LENGTH}"
    )
