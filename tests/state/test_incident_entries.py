"""What events change about incidents: pure, with literals."""

from typing import Any

from scheduled.state import apply, incident_events, present
from scheduled.state.document import empty, problem
from scheduled.state.incident_entries import KEPT_SETTLED, closed_incidents, open_incidents
from scheduled.state.union import union
from tests.builders.events import SEEN, after, end
from tests.builders.jobs import at

CASE = "failing: backup"
OPENED = incident_events.opened(CASE, "1a2b3c4d", "failing", "backup", "exit code 3")
DEAD = end("failed", dead_letter=True, suspends=False, error="exit code 4", seq=7)


def test_an_incident_opens_is_brought_back_to_mind_and_ends() -> None:
    events: list[Any] = [OPENED, incident_events.reminded(CASE, "1a2b3c4d")]
    known = open_incidents(after(*events))[CASE]
    assert (known.id, known.since, known.told_at) == ("1a2b3c4d", at("10:00"), at("11:00"))
    assert (known.reminders, known.first_error) == (1, "exit code 3")

    events.append(incident_events.closed(CASE, "1a2b3c4d", "succeeded"))
    state = after(*events)
    (past,) = closed_incidents(state)
    assert open_incidents(state) == {}
    assert (past.case, past.closed_at, past.end) == (CASE, at("12:00"), "succeeded")
    assert problem(state) == ""


def test_an_event_about_an_incident_that_has_ended_changes_nothing() -> None:
    late: list[Any] = [
        incident_events.reminded(CASE, "x"),
        incident_events.happened_again(CASE, "x", "e"),
        incident_events.told(CASE, "x"),
        incident_events.closed(CASE, "x", "r"),
        incident_events.acknowledged(CASE, "x", None),
    ]

    assert after(*late) == empty()


def test_messages_stand_in_the_event_that_they_tell_of() -> None:
    state = after({**OPENED, "outgoing": [{"id": "m1"}]})

    assert state["outbox"] == [{"id": "m1"}]
    assert open_incidents(state)[CASE].has_message
    assert not open_incidents(after(dict(OPENED)))[CASE].has_message


def test_slots_that_fail_are_counted_and_the_last_of_them_remembered() -> None:
    state = after(SEEN, DEAD, dict(OPENED), DEAD, DEAD)

    known = open_incidents(state)[CASE]
    assert (known.times, known.last_at) == (3, at("12:00:05"))
    assert (known.first_error, known.last_error) == ("exit code 3", "exit code 4")
    assert state["jobs"]["backup"]["settled"] == "fff"


def test_successes_before_the_first_failure_are_not_kept() -> None:
    good = end(seq=8)
    many = [good] * 3 + [DEAD] + [good] * (KEPT_SETTLED - 1)
    state = empty()
    for number, event in enumerate(many):
        apply.apply(state, {"at": "2026-11-21T12:00:00Z", **event})
        if number == 2:
            assert "settled" not in state["jobs"]["backup"]

    assert state["jobs"]["backup"]["settled"] == "f" + "s" * (KEPT_SETTLED - 1)
    apply.apply(state, {"at": "2026-11-21T12:00:00Z", **good})
    assert "settled" not in state["jobs"]["backup"]


def test_what_version_0_1_0_recorded_of_data_at_risk_is_an_incident() -> None:
    old = {"event": "risk", "told": ["no space: central"], "over": [], "outgoing": []}

    (known,) = open_incidents(after(old)).values()

    assert (known.kind, known.since, len(known.id)) == ("disk", at("10:00"), 8)
    assert known == open_incidents(after(old))["no space: central"]


def test_a_clock_that_was_ahead_silences_no_incident() -> None:
    state = after(dict(OPENED), {**incident_events.acknowledged(CASE, "1a2b3c4d", at("14:00"))})

    now = at("2026-11-20T10:00:00")
    for ahead in present.ahead(state, now, {}):
        present.replace(state, ahead.path, ahead.before, ahead.after)

    known = open_incidents(state)[CASE]
    assert (known.since, known.told_at, known.last_at) == (now, now, now)
    assert known.acknowledged_until == at("2026-11-20T13:00:00")


def test_of_two_states_in_doubt_an_incident_counts_and_an_acknowledgement_does_not() -> None:
    known = after(dict(OPENED), {**incident_events.acknowledged(CASE, "1a2b3c4d", None)})

    for ours, theirs in ((known, after(dict(OPENED))), (empty(), known), (known, empty())):
        joined, _ = union(ours, theirs)
        assert [*open_incidents(joined)] == [CASE]
    assert open_incidents(joined)[CASE].acknowledged_at is None
