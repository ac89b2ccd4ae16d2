"""The declaration of the state holds a file to what it says."""

from typing import Any

import pytest

from scheduled.state.document import OUR_KEYS, empty, problem, with_defaults, with_foreign_keys
from tests.builders.events import BEGIN, MISSED, SEEN, after, end


def test_an_empty_state_has_every_declared_key_but_the_owner_and_nothing_else() -> None:
    assert set(empty()) == OUR_KEYS - {"owner", "closed_incidents", "subscribers", "unreached"}


def test_a_state_with_an_owner_is_held_to_its_declaration() -> None:
    assert problem({"owner": {"root": "/srv", "host": ""}}) == ""
    assert problem({"owner": {"root": 3}}) == problem({"owner": "me"}) == "owner is invalid"


def test_an_empty_state_has_the_keys_of_the_first_scheduler_and_counts_nothing() -> None:
    state = empty()

    assert state["last_run"] == {"hourly": None, "daily_report": None}
    assert state["memory_rollover"] == {"notified_files": [], "last_check": None}
    assert state["mail_cleanup"] == {
        "last_run": None,
        "stats": {"auto_opened_total": 0, "auto_closed_total": 0},
    }
    assert state["health_check"] == {
        "last_run": None,
        "last_status": {"healthy": 0, "warnings": 0, "errors": 0},
    }
    assert state["ticks"]["count"] == 0


def test_what_events_lead_to_is_a_valid_state() -> None:
    again = end("failed", answered=False, retry_at="2026-11-21T12:05:00Z")
    begun = [BEGIN, {**BEGIN, "run_id": "r2", "lane": 1}]

    for events in ([SEEN], [SEEN, *begun], [MISSED, again], [end("failed", dead_letter=True)] * 3):
        assert problem(after(*events)) == ""


def test_keys_of_others_may_hold_anything() -> None:
    assert problem({"theirs": object(), "jobs": {"backup": {"theirs": object()}}}) == ""


@pytest.mark.parametrize(
    ("place", "document"),
    [
        ("not a JSON object", []),
        ("version", {"version": "1"}),
        ("jobs", {"jobs": []}),
        ("jobs.backup", {"jobs": {"backup": None}}),
        ("jobs: '../x'", {"jobs": {"../x": {}}}),
        ("jobs.backup.coalesced", {"jobs": {"backup": {"coalesced": True}}}),
        ("jobs.backup.enabled", {"jobs": {"backup": {"enabled": 1}}}),
        ("jobs.backup.durations", {"jobs": {"backup": {"durations": ["1"]}}}),
        ("jobs.backup.counts", {"jobs": {"backup": {"counts": {"failed": None}}}}),
        ("jobs.backup.open", {"jobs": {"backup": {"open": {"pid": "1"}}}}),
        ("jobs.backup.beside", {"jobs": {"backup": {"beside": {"one": {}}}}}),
        ("jobs.backup.beside", {"jobs": {"backup": {"beside": {"1": {"attempt": "1"}}}}}),
        ("jobs.backup.retry", {"jobs": {"backup": {"retry": {"attempt": "1"}}}}),
        ("outbox", {"outbox": [{"id": ""}]}),
        ("outbox", {"outbox": [{"id": "1", "failures": None}]}),
        ("gaps", {"gaps": [1]}),
        ("tallies", {"tallies": {"2026-11-21T10": 1}}),
        ("ticks", {"ticks": {"count": 1.5}}),
        ("cadence", {"cadence": {"seconds": 0}}),
    ],
)
def test_a_value_that_is_not_what_is_declared_is_named(place: str, document: Any) -> None:
    assert problem(document).startswith(place)
    assert with_defaults(document) == empty()


@pytest.mark.parametrize(
    "job",
    [
        {"watermark": None, "open": None, "enabled": None},
        {"durations": [1, 1.5]},
        {"open": {"timeout": 60, "stop": {"at": "2026-11-21T12:00:00Z", "reason": "x"}}},
    ],
)
def test_a_value_that_is_declared_is_accepted(job: dict[str, Any]) -> None:
    assert problem({"jobs": {"backup": job}}) == ""


def test_a_wrong_value_is_noticed_beside_thousands_of_right_ones() -> None:
    right = {"coalesced": 0, "last": {"attempt": 1}, "counts": {"failed": 1}, "durations": [0.5]}
    jobs: dict[str, Any] = {f"job{number}": right for number in range(1000)}
    assert problem({"jobs": jobs}) == ""

    for key, value in (
        ("coalesced", True),
        ("last", {"attempt": "1"}),
        ("counts", {"failed": None}),
        ("durations", [0.5, "1"]),
    ):
        wrong = {**jobs, "job1": {**right, key: value}}
        assert problem({"jobs": wrong}) == f"jobs.job1.{key} is invalid"


def test_foreign_keys_are_taken_over_and_ours_are_not() -> None:
    before = {"theirs": 1, "jobs": {"old": {}}, "last_run": {"hourly": "x", "weekly": "y"}}

    state: Any = with_foreign_keys(empty(), before)

    assert (state["theirs"], state["jobs"]) == (1, {})
    assert state["last_run"] == {"hourly": None, "daily_report": None, "weekly": "y"}
