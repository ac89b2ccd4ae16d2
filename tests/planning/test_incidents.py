"""The rules of incidents, by enumeration: what a sign means for a case as it is remembered."""

from datetime import timedelta
from itertools import product
from typing import Any

import pytest

from scheduled.planning import incidents
from scheduled.planning.incidents import (
    DAY,
    Act,
    Finding,
    JobFacts,
    Kind,
    Sign,
    Status,
    act_on,
    case_of,
    has_recovered,
    is_failing,
    of_job,
    reminder_at,
)
from scheduled.state.incident_entries import Incident
from tests.builders.jobs import at

NOW = at("12:00")
TRIED = [0.0, 0.5, 1.0, 2.0, 7.0, 30.0]
"""Ages in days."""


def incident(kind: str = "failing", job: str = "backup", **fields: Any) -> Incident:
    case = case_of(Kind(kind), job)
    ordinary: dict[str, Any] = {"since": NOW, "times": 1, "last_at": NOW, "told_at": NOW}
    return Incident("1a2b3c4d", case, kind, job, **ordinary | fields)


def facts(**fields: Any) -> JobFacts:
    return JobFacts("backup", NOW, **fields)


def signs(known: tuple[Incident, ...] = (), **fields: Any) -> dict[str, str]:
    """What there is to say about a job: for each kind its sign, but for what is well."""
    found = of_job(facts(**fields), {each.case: each for each in known})
    return {
        finding.kind.value: finding.sign.value
        for finding in found
        if finding.sign is not Sign.OVER or finding.case in {each.case for each in known}
    }


@pytest.mark.parametrize(
    ("kind", "sign", "days", "acknowledged"),
    [*product(Kind, Sign, [None, *TRIED], [False, True])],
)
def test_each_sign_of_each_kind_has_one_answer_in_each_state(
    kind: Kind, sign: Sign, days: float | None, acknowledged: bool
) -> None:
    finding = Finding(kind, case_of(kind, "x"), sign)
    known = None
    if days is not None:
        told = NOW - days * DAY
        known = incident(told_at=told, acknowledged_at=told if acknowledged else None)

    act = act_on(finding, known, NOW)

    if known is None:
        is_wrong = sign in (Sign.HAPPENED, Sign.LASTS, Sign.WORSE)
        assert act is (Act.OPEN if is_wrong else Act.NOTHING)
    elif sign is Sign.OVER:
        assert act is Act.CLOSE
    elif sign is Sign.HAPPENED:
        assert act is Act.COUNT
    elif sign is Sign.WORSE:
        assert act is Act.REMIND
    else:
        is_due = days is not None and days >= 1 and not acknowledged
        assert act is (Act.REMIND if is_due else Act.NOTHING)


def test_the_table_has_a_row_for_each_sign_and_status() -> None:
    assert set(incidents.TABLE) == set(product(Sign, Status))


def test_reminders_come_after_a_day_then_ever_later_up_to_a_week() -> None:
    waits = [reminder_at(incident(reminders=number)) - NOW for number in range(6)]

    assert [wait / DAY for wait in waits] == [1, 2, 4, 7, 7, 7]
    assert (reminder_at(incident(reminders=10_000)) - NOW) / DAY == 7


def test_an_acknowledgement_silences_until_it_is_over() -> None:
    told = NOW - 3 * DAY
    finding = Finding(Kind.FAILING, "failing: backup", Sign.LASTS)

    for until, act in ((None, Act.NOTHING), (NOW + DAY, Act.NOTHING), (NOW - DAY, Act.REMIND)):
        known = incident(told_at=told, acknowledged_at=told, acknowledged_until=until)
        assert act_on(finding, known, NOW) is act


def test_nobody_is_reminded_where_it_is_quiet_and_the_rest_goes_on() -> None:
    known = incident(told_at=NOW - 3 * DAY)

    acts = [act_on(Finding(Kind.SLOW, "x", sign), known, NOW, quiet=True) for sign in Sign]

    assert acts == [Act.COUNT, Act.NOTHING, Act.NOTHING, Act.NOTHING, Act.CLOSE]


@pytest.mark.parametrize("alert_after", [1, 2, 3])
def test_failing_is_what_fails_so_often_among_the_last_2n_minus_1(alert_after: int) -> None:
    window = 2 * alert_after - 1

    for length in range(window + 3):
        for history in map("".join, product("fs", repeat=length)):
            newest = history[max(0, length - window) :]
            expected = newest.endswith("f") and newest.count("f") >= alert_after
            assert is_failing(history, alert_after) == expected
            assert is_failing(history.lstrip("s"), alert_after) == expected


def test_a_job_that_fails_every_second_time_is_failing() -> None:
    assert is_failing("fsf", 2)
    assert not is_failing("fssf", 2)


@pytest.mark.parametrize(("settled", "times"), [("ff", 2), ("fsf", 1), ("fffffsfsff", 2)])
def test_counted_is_what_failed_since_it_began(settled: str, times: int) -> None:
    began = at("11:00")

    found = of_job(facts(settled=settled, alert_after=2, failing_since=began), {})

    [failing] = [finding for finding in found if finding.sign is Sign.LASTS]
    assert (failing.kind, failing.times, failing.since) == (Kind.FAILING, times, began)


@pytest.mark.parametrize(
    ("settled", "once", "reopened"),
    [
        ("", True, True),
        ("f", False, False),
        ("fs", True, False),
        ("fss", True, True),
        ("fsf", False, False),
    ],
)
def test_one_success_ends_it_and_two_where_it_had_opened_again(
    settled: str, once: bool, reopened: bool
) -> None:
    assert has_recovered(settled, reopened=False) == once
    assert has_recovered(settled, reopened=True) == reopened


def test_a_job_that_is_well_has_nothing_to_say() -> None:
    assert signs() == {}
    assert signs(settled="fs") == {}


def test_of_one_failure_one_incident() -> None:
    failing: dict[str, Any] = {"settled": "f", "dead_letters": 1}
    failing |= {"expected_since": NOW - 9 * DAY, "max_age": DAY}

    assert signs(**failing) == {"failing": "lasts"}
    assert signs((incident(),), **failing, counts_each_slot=True) == {
        "failing": "lasts",
    }
    suspended = signs(suspended="exit code 3", **failing)
    assert suspended == {"suspended": "lasts"}


def test_a_dead_letter_that_no_later_run_makes_up_for_is_an_incident_of_its_own() -> None:
    fields: dict[str, Any] = {"settled": "fs", "dead_letters": 1}

    assert signs(**fields) == {}
    assert signs(**fields, counts_each_slot=True) == {"dead_letter": "lasts"}
    known = (incident("dead_letter"),)
    assert signs(known, counts_each_slot=True) == {"dead_letter": "over"}


def test_a_job_without_more_runs_is_settled_by_dropping_what_failed() -> None:
    known = (incident(),)

    assert signs(known, settled="f", dead_letters=1, has_more_slots=False) == {"failing": "lasts"}
    assert signs(known, settled="f", has_more_slots=False) == {"failing": "over"}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"expected_since": NOW - DAY}, {}),
        ({"expected_since": NOW - 1.01 * DAY}, {"missed": "lasts"}),
        ({"expected_since": NOW - 2 * DAY, "is_running": True}, {}),
        ({"expected_since": NOW - 2 * DAY, "is_waiting": True}, {}),
        ({"expected_since": NOW - 2 * DAY, "is_paused": True}, {}),
        ({"expected_since": None}, {}),
    ],
)
def test_missed_is_what_has_not_succeeded_for_too_long_and_could(
    fields: dict[str, Any], expected: dict[str, str]
) -> None:
    assert signs(max_age=DAY, **fields) == expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"durations": (20.0,) * 5, "elapsed": 61.0}, {"slow": "lasts"}),
        ({"durations": (20.0,) * 5, "elapsed": 59.0}, {}),
        ({"durations": (20.0,) * 5 + (90.0,)}, {}),
        ({"durations": (20.0,) * 5 + (90.0,) * 3}, {"slow": "lasts"}),
        ({"durations": (90.0,) * 4}, {}),
        ({"durations": (2.0,), "warn_after": 1.0}, {"slow": "lasts"}),
        ({"durations": (1.0,), "warn_after": 1.0}, {}),
        ({"elapsed": 5.0, "warn_after": 1.0}, {"slow": "lasts"}),
        ({"durations": (90.0,) * 5 + (1.0,), "ended_empty": True}, {"deadline": "lasts"}),
        ({"durations": (90.0,) * 5 + (1.0,)}, {}),
        ({"durations": (90.0,) * 5 + (10.0,), "ended_empty": True}, {}),
        ({"durations": (5.0,) * 5 + (0.1,), "ended_empty": True}, {}),
    ],
)
def test_durations_are_watched_both_ways(fields: dict[str, Any], expected: dict[str, str]) -> None:
    assert signs(**fields) == expected


def test_a_slow_job_is_well_again_after_a_run_as_long_as_usual() -> None:
    known = (incident("slow"),)

    assert signs(known, durations=(20.0,) * 5 + (90.0, 90.0)) == {"slow": "unknown"}
    assert signs(known, durations=(20.0,) * 5 + (90.0, 21.0)) == {"slow": "over"}


def test_a_job_that_ends_too_early_is_well_again_after_a_run_as_long_as_usual() -> None:
    known, usual = (incident("deadline"),), (90.0,) * 5

    for last in ((1.0, 1.0), (1.0, 2.0, 1.0), (1.0, 90.0, 1.0)):
        assert signs(known, durations=usual + last, ended_empty=True) == {"deadline": "lasts"}
        assert signs(known, durations=usual + last) == {"deadline": "unknown"}
    assert signs(known, durations=(*usual, 1.0, 1.0, 80.0)) == {"deadline": "over"}


def test_all_incidents_of_a_job_end_when_nobody_expects_it_to_run() -> None:
    kinds = sorted(kind.value for kind in incidents.OF_JOBS)
    known = tuple(incident(kind) for kind in kinds)

    found = signs(known, unwatched="disabled", settled="f", suspended="x", elapsed=9e9)

    assert found == dict.fromkeys(kinds, "over")
    assert signs(unwatched="disabled", settled="f") == {}


def test_what_happens_at_a_moment_is_over_after_a_quiet_day() -> None:
    for hours, sign in ((1, Sign.UNKNOWN), (23, Sign.UNKNOWN), (24, Sign.OVER)):
        known = incident("state", last_at=NOW - timedelta(hours=hours))
        found = incidents.moment(Kind.STATE, known.case, known, NOW, "", "quiet")
        assert found.sign is sign
    assert incidents.moment(Kind.STATE, "x", None, NOW, "damaged", "").sign is Sign.HAPPENED


@pytest.mark.parametrize(
    ("acknowledged", "until", "days"),
    [(False, None, 1.0), (True, None, None), (True, 0.5, 1.0), (True, 3.0, 3.0)],
    ids=["open", "for good", "until before the reminder", "until after it"],
)
def test_an_incident_is_looked_at_when_a_reminder_can_come(
    acknowledged: bool, until: float | None, days: float | None
) -> None:
    known = incident(
        acknowledged_at=NOW if acknowledged else None,
        acknowledged_until=None if until is None else NOW + until * DAY,
    )

    due = incidents.next_look(known)

    assert due == (None if days is None else NOW + days * DAY)


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("why", [incidents.SUCCEEDED, "disabled"])
def test_a_job_recovers_when_its_failures_end_with_a_success(kind: Kind, why: str) -> None:
    expected = kind is Kind.FAILING and why == incidents.SUCCEEDED
    assert incidents.is_recovery(case_of(kind, "backup"), why) is expected


def test_what_is_wrong_now_lasts_until_it_is_not() -> None:
    assert incidents.condition(Kind.DISK, "x", "full", "space").sign is Sign.LASTS
    over = incidents.condition(Kind.DISK, "x", "", "space")
    assert (over.sign, over.text) == (Sign.OVER, "space")


@pytest.mark.parametrize(
    ("failed", "succeeded", "is_told", "expected"),
    [
        (0, 0, False, Sign.OVER),
        (3, 57, False, Sign.OVER),
        (3, 56, False, Sign.UNKNOWN),
        (3, 27, False, Sign.UNKNOWN),
        (3, 26, False, Sign.LASTS),
        (3, 26, True, Sign.UNKNOWN),
        (2, 0, False, Sign.UNKNOWN),
        (1000, 9000, False, Sign.UNKNOWN),
        (1001, 9000, False, Sign.LASTS),
    ],
)
def test_an_error_rate_above_a_tenth_is_told_unless_a_job_has_told_of_it(
    failed: int, succeeded: int, is_told: bool, expected: Sign
) -> None:
    found = incidents.error_rate(failed, succeeded, is_told=is_told)

    assert (found.kind, found.sign) == (Kind.ERROR_RATE, expected)
    if expected is Sign.LASTS:
        assert f"{failed} of {failed + succeeded} runs failed for good" in found.text
