from typing import Any

import pytest

from scheduled.notify import routes
from scheduled.notify.message import Message
from tests.builders.mail import NOW

SAID = {"subject": "[SCHEDULED] Something", "body": "Text", "key": "scheduled:something"}


def sent(event: str, data: dict[str, Any], table: Any = None, seed: str = "r1:0") -> list[Message]:
    return routes.messages_for(event, data, table or {}, NOW, seed=seed)


@pytest.mark.parametrize(
    ("event", "to", "priority"),
    [
        ("memory_threshold_exceeded", "@drone", "normal"),
        ("health_check_complete", "@assistant", "high"),
        ("stale_mail", "@drone", "low"),
        ("daily_report", "@dev_central", "normal"),
        ("data_loss_risk", "@dev_central", "critical"),
    ],
)
def test_the_shipped_routes_are_those_of_the_seed(event: str, to: str, priority: str) -> None:
    [message] = sent(event, {"branch": "DRONE", "email": "@drone", "message": SAID})

    assert (message.to, message.priority) == (to, priority)


def test_a_message_says_what_the_event_said() -> None:
    [message] = sent("daily_report", {"message": SAID})

    assert (message.subject, message.body) == (SAID["subject"], SAID["body"])
    assert (message.key, message.created) == (SAID["key"], NOW)


@pytest.mark.parametrize(
    ("event", "data"),
    [("daily_report", {}), ("daily_report", {"message": None}), ("mail_cleanup_complete", SAID)],
)
def test_without_something_to_say_or_a_route_nobody_is_written_to(
    event: str, data: dict[str, Any]
) -> None:
    assert sent(event, data) == []


def test_an_event_about_no_known_branch_goes_to_dev_central() -> None:
    assert [m.to for m in sent("stale_mail", {"message": SAID})] == ["@dev_central"]


@pytest.mark.parametrize(
    ("route", "expected"),
    [
        ({"to": "@flow"}, [("@flow", "low")]),
        ({"priority": "high"}, [("@drone", "high")]),
        ({"to": ["@flow", "@branch", "@drone"]}, [("@flow", "low"), ("@drone", "low")]),
        (None, []),
        ({"to": 7}, [("@drone", "low")]),
        ("@flow", [("@drone", "low")]),
    ],
    ids=["recipient", "priority", "several, each once", "muted", "wrong: not used", "no mapping"],
)
def test_the_configured_route_is_laid_over_the_shipped_one(route: Any, expected: Any) -> None:
    messages = sent("stale_mail", {"email": "@drone", "message": SAID}, {"stale_mail": route})

    assert [(message.to, message.priority) for message in messages] == expected


def test_an_event_of_the_users_own_can_be_routed() -> None:
    assert [m.to for m in sent("backup_done", {"message": SAID}, {"backup_done": {"to": "@a"}})]


def test_each_wrong_entry_of_a_table_is_named() -> None:
    table = {"a": {"to": 7}, "b": {"priority": "loud"}, "c": "@x", "d": None, "e": {"to": ["@x"]}}

    said = routes.problems(table)

    assert [each.split(":")[0] for each in said] == ["routes.a", "routes.b", "routes.c"]
    assert "expected one of low, normal, high, critical" in said[1]


def test_ids_are_the_same_at_every_computation_and_differ_otherwise() -> None:
    routes = {"stale_mail": {"to": ["@a", "@b"]}}

    def ids(seed: str, event: str = "stale_mail") -> list[str]:
        return [message.id for message in sent(event, {"message": SAID}, routes, seed)]

    assert ids("r1:0") == ids("r1:0")
    everything = ids("r1:0") + ids("r1:1") + ids("r2:0") + ids("r1:0", "daily_report")
    assert len(set(everything)) == 7
    assert all(len(each) == 8 and int(each, 16) >= 0 for each in everything)


def test_a_subject_is_one_line_whatever_was_in_it() -> None:
    subject = "Hello\r\nBcc: everybody@example.org\0\u2028\x1b[31m" + "x" * 500

    [message] = sent("daily_report", {"message": {**SAID, "subject": subject}})

    assert message.subject.startswith("Hello Bcc: everybody@example.org [31mxxx")
    assert message.subject.isprintable()
    assert len(message.subject) == 200


def test_a_recipient_is_one_line_too() -> None:
    [message] = sent("stale_mail", {"email": "@a\nTo: @b", "message": SAID})

    assert message.to == "@a To: @b"


def test_a_message_survives_the_outbox() -> None:
    [message] = sent("daily_report", {"message": {**SAID, "fingerprint": "3 issues"}})

    assert Message.from_json({**message.to_json(), "failures": 3}) == message


@pytest.mark.parametrize("document", [{}, {"to": 1, "created": "soon", "id": None, "key": []}])
def test_an_outbox_somebody_edited_is_read_all_the_same(document: dict[str, Any]) -> None:
    message = Message.from_json(document)

    assert (message.to, message.priority, message.key) == ("", "normal", None)
    assert len(message.id) == 8
