"""Channels of the configuration: each in a process of its own, within limits."""

import sys
from pathlib import Path
from typing import Any

import pytest

from scheduled.errors import install_extra
from scheduled.notify import channels, limits
from scheduled.notify.channel import ChannelContext, Delivery
from tests.builders import sent
from tests.builders.mail import NOW, ZONE, home_with, read_json


def deliver(root: Path, given: dict[str, Any], *messages: Any) -> Delivery:
    context = ChannelContext(root, root / "central", ZONE, NOW, given, {}, root)
    return channels.deliver(messages, context)


def to(name: str, number: int = 1) -> Any:
    from scheduled.notify.recipients import message_to

    return message_to(name, sent.notice(number))


HANGING = {"kind": "command", "command": "sleep 3600"}
WRITING = {"kind": "command", "command": 'echo "$SCHEDULED_SUBJECT" >> written'}


def test_one_channel_that_hangs_delays_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MESSAGE_SECONDS", 0.5)
    given = {"bad": HANGING, "good": WRITING}

    delivery = deliver(tmp_path, given, *(to(n, i) for i in (1, 2) for n in ("bad", "good")))

    assert {message.to for message in delivery.delivered} == {"notify:good"}
    assert (tmp_path / "written").read_text() == "backup fails 1\nbackup fails 2\n"
    [(failed, _)] = delivery.failed
    assert failed == to("bad", 1)
    assert delivery.postponed == [to("bad", 2)]


@pytest.mark.slow
def test_a_channel_stops_when_its_time_in_a_tick_is_used_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The first message may begin within five seconds; what comes after it would begin too late.
    monkeypatch.setattr(limits, "MESSAGE_SECONDS", 60.0)
    monkeypatch.setattr(limits, "CHANNEL_SECONDS", 65.0)
    slow = {**WRITING, "command": WRITING["command"] + "; sleep 5.5"}

    delivery = deliver(tmp_path, {"slow": slow}, *(to("slow", number) for number in range(4)))

    assert delivery.delivered == [to("slow", 0)]
    assert delivery.postponed == [to("slow", number) for number in (1, 2, 3)]
    assert delivery.failed == []


def test_a_channel_that_is_not_configured_is_named(tmp_path: Path) -> None:
    delivery = deliver(tmp_path, {"ops": WRITING}, to("opps"))

    assert sent.reason(delivery) == "no channel is called opps; did you mean ops?"


def test_a_mailbox_is_reached_by_the_name_of_its_channel(tmp_path: Path) -> None:
    home_with(tmp_path, "DRONE", "DEV_CENTRAL")
    given = {"a": {"kind": "mailbox", "to": "@drone"}, "b": {"kind": "mailbox"}}

    delivery = deliver(tmp_path, given, to("a"), to("b"))

    assert {message.to for message in delivery.delivered} == {"notify:a", "notify:b"}
    for branch in ("drone", "dev_central"):
        [entry] = read_json(tmp_path / branch / "ai_mail.local/inbox.json")["messages"]
        assert entry["subject"] == "backup fails 1"


def test_a_mailbox_without_a_registry_fails(tmp_path: Path) -> None:
    assert "no registry" in sent.reason(deliver(tmp_path, {"a": {"kind": "mailbox"}}, to("a")))


def test_without_apprise_its_channel_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)

    reason = sent.reason(sent.send(tmp_path, {"kind": "apprise", "url": "ntfy://my-topic"}))

    assert reason == f"Apprise is not installed; {install_extra('apprise')}"


APPRISE = """
import logging
class Apprise:
    def add(self, url):
        self.url = url
        if url.startswith("bad"):
            logging.getLogger("apprise").error("Unparseable URL %s", url)
        return not url.startswith("bad")
    def notify(self, **given):
        logging.getLogger("apprise").warning("no route to %s", self.url)
        open("sent", "a").write(f"{self.url} {sorted(given.items())}\\n")
        if "crash" in self.url:
            raise RuntimeError("crash " + self.url)
        return "fail" not in self.url
"""


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("ntfy://fine-topic", ""),
        ("ntfy://fail-topic", "no route to ***"),
        ("ntfy://crash-topic", "RuntimeError: crash ***"),
        ("bad://topic-name/x", "Unparseable URL ***"),
    ],
)
def test_apprise_is_told_by_its_interface(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str, expected: str
) -> None:
    """Against a stand-in: the real one is no dependency of the tests."""
    (tmp_path / "apprise.py").write_text(APPRISE)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(sys.modules, "apprise", None)
    monkeypatch.delitem(sys.modules, "apprise")
    monkeypatch.chdir(tmp_path)

    delivery = sent.send(tmp_path, {"kind": "apprise", "url": url})

    assert [reason for _, reason in delivery.failed] == ([expected] if expected else [])
    if not expected:
        assert (tmp_path / "sent").read_text() == (
            "ntfy://fine-topic [('body', 'Text 1'), ('body_format', 'text'),"
            " ('notify_type', 'warning'), ('title', 'backup fails 1')]\n"
        )


def test_a_process_that_ends_without_a_word_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "apprise.py").write_text("import os; os._exit(1)")
    monkeypatch.syspath_prepend(tmp_path)

    delivery = deliver(tmp_path, {"a": {"kind": "apprise", "url": "x://y"}}, to("a"), to("a", 2))

    assert len(delivery.failed) == 2
    assert "ended without a word" in delivery.failed[0][1]
