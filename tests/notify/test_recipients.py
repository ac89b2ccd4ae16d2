"""Which channels are told of a notice, and what their messages hold."""

from typing import Any

import pytest

from scheduled.notify import recipients
from scheduled.notify.message import Message
from scheduled.notify.notice import GROUPS, Notice
from tests.builders.mail import NOW


def notice(**fields: Any) -> Notice:
    values: dict[str, Any] = {
        "event": "incident_opened",
        "group": "failure",
        "kind": "failing",
        "subject": "backup fails",
        "body": "Text",
        "id": "i1",
        "created": NOW,
        "job": "backup",
        "tags": ("nightly",),
        "facts": {"count": 3},
    }
    return Notice(**{**values, **fields})


def is_told(settings: dict[str, Any], **fields: Any) -> bool:
    return bool(recipients.messages(notice(**fields), {"ops": settings}))


def test_without_filters_a_channel_is_told_of_everything_but_reports() -> None:
    assert {group for group in GROUPS if is_told({}, group=group)} == set(GROUPS) - {"report"}


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"on": ["failure"]}, True),
        ({"on": ["recovery", "report"]}, False),
        ({"on": ["failing"]}, True),
        ({"priority": "low"}, True),
        ({"priority": "normal"}, True),
        ({"priority": "high"}, False),
        ({"jobs": ["backup"]}, True),
        ({"jobs": ["back*"]}, True),
        ({"jobs": ["other", "back"]}, False),
        ({"tags": ["weekly", "nightly"]}, True),
        ({"tags": ["night"]}, False),
        ({"jobs": ["backup"], "tags": ["other"]}, False),
        ({"on": ["failure"], "priority": "critical"}, False),
    ],
)
def test_each_filter_has_to_match(settings: dict[str, Any], expected: bool) -> None:
    assert is_told(settings) is expected


def test_a_report_is_told_to_who_wants_it_whatever_its_priority() -> None:
    assert is_told({"on": ["failure", "report"], "priority": "critical"}, group="report")


def test_a_channel_for_some_jobs_is_not_told_of_the_scheduler_itself() -> None:
    assert not is_told({"jobs": ["*"]}, job="", tags=())


def test_there_is_one_message_for_each_channel_each_with_an_id_of_its_own() -> None:
    channels: dict[str, dict[str, Any]] = {"ops": {}, "reports": {"on": ["report"]}, "me": {}}

    first, second = recipients.messages(notice(), channels)

    assert (first.to, second.to) == ("notify:ops", "notify:me")
    assert first.id != second.id
    assert recipients.messages(notice(), channels) == [first, second]
    assert {first, second} == {second, first}
    closed = recipients.messages(notice(event="incident_closed"), channels)
    assert not {first.id, second.id} & {message.id for message in closed}


def test_a_message_carries_the_facts_and_survives_the_outbox() -> None:
    [message] = recipients.messages(notice(), {"ops": {}})

    assert Message.from_json(message.to_json()) == message
    assert message.facts == {
        "count": 3,
        "event": "incident_opened",
        "group": "failure",
        "kind": "failing",
        "job": "backup",
        "tags": ["nightly"],
    }


def test_nothing_unprintable_is_in_a_message_and_it_has_an_end() -> None:
    body = "one\x1b[31m\x00two\udcff\r\nthree\u202e" + "x" * 100_000

    [message] = recipients.messages(
        notice(subject="a\nBcc: b\r\n" + "y" * 500, body=body), {"o": {}}
    )

    assert message.subject.startswith("a Bcc: b yyy")
    assert len(message.subject) == 200
    assert message.body.startswith("onetwo?\nthreexxx")
    assert len(message.body) < 21_000
