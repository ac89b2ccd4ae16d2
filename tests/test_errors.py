"""The sentences that every error may use."""

import pytest

from scheduled.errors import did_you_mean

NAMES = ["send", "Keep", "limits"]


@pytest.mark.parametrize(("name", "closest"), [("sned", "send"), ("KEPE", "Keep"), ("kep", "Keep")])
def test_the_closest_name_is_suggested_in_any_case(name: str, closest: str) -> None:
    assert did_you_mean(name, NAMES) == f"; did you mean {closest}?"


def test_without_a_close_name_all_are_listed_or_other_advice_is_given() -> None:
    assert did_you_mean("everything", NAMES) == "; known are send, Keep, limits"
    assert did_you_mean("everything", NAMES, "see the manual") == "; see the manual"
    assert did_you_mean("everything", NAMES, "") == ""
