"""Channels: a message is delivered by the one its address names, and one more is easily added."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from scheduled.errors import ScheduledError
from scheduled.notify.channel import ChannelContext, Delivery
from scheduled.notify.channels import CHANNELS
from scheduled.notify.message import Message
from tests.builders.mail import NOW, FileChannel, deliver, home_with, read_json


class BrokenChannel:
    """Cannot deliver anything."""

    def __init__(self, context: ChannelContext) -> None:
        raise ConnectionRefusedError(111, "Connection refused")

    def deliver(self, messages: Sequence[Message]) -> Delivery:
        raise AssertionError("it cannot even be made")


class ForgetfulChannel:
    """Says nothing about the messages it was given."""

    def __init__(self, context: ChannelContext) -> None:
        pass

    def deliver(self, messages: Sequence[Message]) -> Delivery:
        return Delivery()


@pytest.fixture(autouse=True)
def _second_channel(monkeypatch: pytest.MonkeyPatch) -> None:
    """All that it takes: a class, and an entry in the table."""
    monkeypatch.setitem(CHANNELS, "file", FileChannel)


def message(to: str, subject: str = "Disk full", key: str | None = None, age: int = 0) -> Message:
    created = NOW - timedelta(minutes=age)
    return Message(to, subject, "Text", "high", key, subject, created)


def inbox(root: Path, branch: str) -> list[str]:
    mail = read_json(root / branch / "ai_mail.local" / "inbox.json")["messages"]
    return [entry["subject"] for entry in mail]


def test_each_message_is_delivered_by_the_channel_its_address_names(tmp_path: Path) -> None:
    home_with(tmp_path, "DRONE")

    delivery = deliver(tmp_path, message("file:alerts"), message("@drone", "Hello"))

    assert [each.to for each in delivery.delivered] == ["file:alerts", "@drone"]
    assert (delivery.failed, delivery.notes) == ([], ["written"])
    assert (tmp_path / "alerts").read_text() == "Disk full\n"
    assert inbox(tmp_path, "drone") == ["Hello"]


@pytest.mark.parametrize("address", ["pager:alerts", "file"])
def test_an_address_that_names_no_channel_is_one_of_the_mailboxes(
    tmp_path: Path, address: str
) -> None:
    home_with(tmp_path, "DEV_CENTRAL")

    deliver(tmp_path, message(address))

    assert inbox(tmp_path, "dev_central") == ["Disk full"]


def test_of_several_messages_with_one_key_a_channel_gets_the_newest(tmp_path: Path) -> None:
    new, old = message("file:alerts", "new", key="disk"), message("file:alerts", "old", "disk", 9)
    other = message("file:others", "other", key="disk")

    delivery = deliver(tmp_path, new, old, other)

    assert delivery.delivered == [new, old, other]
    assert (tmp_path / "alerts").read_text() == "new\n"
    assert (tmp_path / "others").read_text() == "other\n"


def test_a_channel_that_is_broken_fails_its_own_messages_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(CHANNELS, "broken", BrokenChannel)

    delivery = deliver(tmp_path, message("broken:x"), message("@drone"), message("file:alerts"))

    assert [each.to for each in delivery.delivered] == ["file:alerts"]
    reasons = {each.to: reason for each, reason in delivery.failed}
    assert reasons["broken:x"] == "connection refused"
    assert "no registry" in reasons["@drone"]


def test_a_message_its_channel_does_not_answer_for_is_not_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(CHANNELS, "forgetful", ForgetfulChannel)

    delivery = deliver(tmp_path, message("forgetful:x"))

    assert delivery.failed == [(message("forgetful:x"), "its channel did not deliver it")]


def test_an_error_of_ours_is_the_reason_as_it_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Refusing(ForgetfulChannel):
        def deliver(self, messages: Sequence[Message]) -> Delivery:
            raise ScheduledError("type: scheduled login")

    monkeypatch.setitem(CHANNELS, "refusing", Refusing)

    delivery = deliver(tmp_path, message("refusing:x"))

    assert [reason for _, reason in delivery.failed] == ["type: scheduled login"]
