from typing import Any

from scheduled.ticks.signals import Bus


def heard(bus: Bus, event: str = "*") -> list[tuple[Any, ...]]:
    """What a subscriber of `event` has heard, filled as it goes."""
    record: list[tuple[Any, ...]] = []
    bus.subscribe(event, lambda *names, **data: record.append((*names, data)))
    return record


def test_a_subscriber_hears_its_event_with_its_data() -> None:
    bus = Bus()
    record = heard(bus, "job_failed")

    bus.fire("job_failed", job="health", event="its own key")
    bus.fire("job_finished", job="health")

    assert record == [({"job": "health", "event": "its own key"},)]


def test_a_subscriber_of_every_event_gets_its_name() -> None:
    bus = Bus()
    record = heard(bus)

    bus.fire("startup")
    bus.fire("job_failed", job="x")

    assert record == [("startup", {}), ("job_failed", {"job": "x"})]


def test_a_subscriber_that_fails_does_not_stop_the_next() -> None:
    def broken(**_: Any) -> None:
        raise KeyError("mailbox")

    bus = Bus()
    bus.subscribe("startup", broken)
    record = heard(bus, "startup")

    bus.fire("startup")

    assert record == [({},)]
    assert [failure.event for failure in bus.failures] == ["startup"]
    assert "broken failed on the event startup: KeyError: 'mailbox'" in str(bus.failures[0])


def test_data_a_subscriber_does_not_take_are_its_failure_alone() -> None:
    bus = Bus()
    bus.subscribe("startup", lambda: None)
    record = heard(bus, "startup")

    bus.fire("startup", at="now")

    assert (len(record), len(bus.failures)) == (1, 1)


def test_an_event_fired_inside_a_subscriber_waits_its_turn() -> None:
    bus = Bus()
    bus.subscribe("first", lambda: bus.fire("second"))
    record = heard(bus)

    bus.fire("first")

    assert [name for name, _ in record] == ["first", "second"]


def test_a_subscriber_added_while_an_event_is_told_hears_the_next_one() -> None:
    bus = Bus()
    late: list[tuple[Any, ...]] = []
    bus.subscribe("first", lambda: bus.subscribe("first", lambda: late.append(())))

    bus.fire("first")

    assert late == []
