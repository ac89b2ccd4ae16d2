"""An hour in which servers are down, refuse, hang and cut: nothing is lost, nothing doubled."""

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from scheduled.notify import limits, recipients
from scheduled.state import outbox_events
from scheduled.state.store import Store
from tests.builders import message_servers, sent
from tests.builders.mail import NOW
from tests.ticks.test_outbox_channels import deliver, waiting

TOLD = {0: "incident_opened", 24: "incident_reminded", 60: "incident_closed"}
"""At which minute there is something to tell."""
MAIL = {0: "down", 10: "ok", 24: "500", 26: "hang at data", 28: "cut at data", 30: "ok"}
WEB = {
    0: "500",
    3: "hang",
    7: "cut",
    15: "ok",
    24: "drip",
    26: "redirect",
    30: "ok",
    60: "503",
    62: "ok",
}
"""What each server does, from which minute on."""
pytestmark = pytest.mark.slow


def test_each_channel_gets_each_message_once_and_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MESSAGE_SECONDS", 0.5)
    store = Store(tmp_path / "state").load()
    with (
        message_servers.running("smtp", tmp_path / "smtp") as mail,
        message_servers.running("web", tmp_path / "web") as web,
    ):
        channels = {"mail": by_mail(mail), "web": by_web(web)}
        for minute in range(70):
            change(mail, MAIL.get(minute))
            change(web, WEB.get(minute))
            if minute in TOLD:
                tell(store, minute, channels)
            deliver(tmp_path, Store(store.state_dir).load(), channels, minute)
        letters, posts = mail.accepted, web.accepted

    assert waiting(store) == []
    assert [json.loads(post["body"])["event"] for post in posts] == [*TOLD.values()]
    subjects = [re.search(r"Subject: (\S+)", letter["mail"]) for letter in letters]
    assert [subject and subject[1] for subject in subjects] == [*TOLD.values()]
    ids = [re.search(r"Message-ID: (\S+)", letter["mail"]) for letter in letters]
    assert len({found and found[1] for found in ids}) == len(TOLD)
    assert len(web.seen) > len(posts)


def by_mail(server: message_servers.Server) -> dict[str, Any]:
    place = {"host": "localhost", "port": server.port, "tls": "none"}
    return {"kind": "smtp", **place, "to": ["me@example.org"]}


def by_web(server: message_servers.Server) -> dict[str, Any]:
    return {"kind": "webhook", "url": f"http://localhost:{server.port}/hook"}


def change(server: message_servers.Server, mode: str | None) -> None:
    if mode == "down":
        server.stop()
    elif mode is not None:
        server.be(mode)
        if not server.is_up:
            server.start()


def tell(store: Store, minute: int, channels: dict[str, Any]) -> None:
    now = NOW + timedelta(minutes=minute)
    event = TOLD[minute]
    told = sent.notice(event=event, subject=event, created=now, group="recovery")
    messages = [message.to_json() for message in recipients.messages(told, channels)]
    store.refresh()
    store.record(now, outbox_events.risks_found([], [], messages))
