"""A job that fails 60 times in a row and then works, told on every channel by real ticks.

The servers are down, refuse, hang and cut the connection meanwhile. What counts is what they have
accepted: nothing is lost, nothing is doubled, and it comes in its order.
"""

import json
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from scheduled.jobs.model import Job
from scheduled.notify import limits
from scheduled.planning.incidents import Act
from tests.builders import message_servers, soak
from tests.builders.engine import Engine
from tests.builders.jobs import at, job
from tests.builders.mail import home_with, read_json
from tests.ticks.test_an_hour_of_channels import by_mail, by_web, change

pytestmark = pytest.mark.slow

FAILURES = 60
OPENED, REMINDED, CLOSED = "incident_opened", "incident_reminded", "incident_closed"
SWITCH = "test -e works || { echo oops; exit 3; }"
COMMAND = (
    'case "$(cat mode)" in fail) exit 1;; hang) sleep 3600;; esac;'
    ' echo "$SCHEDULED_MESSAGE_ID $SCHEDULED_EVENT" >> told'
)
APPRISE = """
class Apprise:
    def add(self, url):
        return True
    def notify(self, *, title, notify_type, **rest):
        if open("mode").read() == "raise":
            raise RuntimeError("no route")
        if open("mode").read() == "fail":
            return False
        print(notify_type, title, file=open("heard", "a"))
        return True
"""
"""A stand-in with its interface: the library itself is no dependency of the tests."""


class Told(NamedTuple):
    """What a channel has accepted: what was told, and by which message ids."""

    events: list[str]
    ids: list[str]


class Channels:
    """A channel of each kind, with what it has accepted."""

    def __init__(self, folder: Path, *servers: message_servers.Server) -> None:
        self.folder, (self.mail, self.web) = folder, servers
        home_with(folder, "DRONE")
        (folder / "apprise.py").write_text(APPRISE)
        self.be("ok")
        self.settings = {
            "mail": by_mail(self.mail),
            "web": by_web(self.web),
            "program": {"kind": "command", "command": COMMAND},
            "box": {"kind": "mailbox", "to": "@drone"},
            "app": {"kind": "apprise", "url": "ntfy://my-topic"},
        }

    def be(self, mode: str) -> None:
        """Change what the command and the stand-in for apprise do."""
        (self.folder / "mode").write_text(mode)

    def change(self, mail: str | None, web: str | None, programs: str | None) -> None:
        """Change what each of them does from now on; None leaves it as it is."""
        change(self.mail, mail)
        change(self.web, web)
        if programs is not None:
            self.be(programs)

    @property
    def told(self) -> dict[str, Told]:
        """What each channel has accepted so far, by its name."""
        letters = [_letter(entry["mail"]) for entry in self.mail.accepted]
        posts = [json.loads(entry["body"]) for entry in self.web.accepted]
        inbox = read_json(self.folder / "drone/ai_mail.local/inbox.json")["messages"][::-1]
        return {
            "mail": Told(
                [_event(subject) for subject, _ in letters], [each for _, each in letters]
            ),
            "web": Told([post["event"] for post in posts], [post["id"] for post in posts]),
            "program": self._program(),
            "box": Told(
                [_event(each["subject"]) for each in inbox], [each["id"] for each in inbox]
            ),
            "app": self._app(),
        }

    def _program(self) -> Told:
        rows = [line.split() for line in _lines(self.folder / "told")]
        return Told([event for _, event in rows], [each for each, _ in rows])

    def _app(self) -> Told:
        """Return what was told by apprise, which knows no message ids: titles stand for them."""
        rows = [line.split(" ", 1) for line in _lines(self.folder / "heard")]
        return Told([_event(title) for _, title in rows], [title for _, title in rows])


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


def _letter(text: str) -> tuple[str, str]:
    found = [
        re.search(rf"^{name}: ?(.*?)\r$", text, re.MULTILINE) for name in ("Subject", "Message-ID")
    ]
    subject, ident = (match[1] if match else "" for match in found)
    return subject, ident


def _event(subject: str) -> str:
    """Return which event the subject of a message tells of."""
    if ": over after" in subject:
        return CLOSED
    return REMINDED if ": for " in subject else OPENED


@contextmanager
def opened(folder: Path, backup: Job, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """An engine with one job that is told of on five channels."""
    monkeypatch.setattr(limits, "MESSAGE_SECONDS", 0.5)
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setitem(sys.modules, "apprise", None)
    monkeypatch.delitem(sys.modules, "apprise")
    monkeypatch.chdir(folder)
    with (
        message_servers.running("smtp", folder / "smtp") as mail,
        message_servers.running("web", folder / "web") as web,
    ):
        channels = Channels(folder, mail, web)
        yield Engine(folder, [backup], notify=channels.settings), channels


# What each server does, from which minute on. The incident opens in minute 1 and ends in minute 60.
MAIL = {0: "down", 10: "ok", 60: "cut at data", 61: "hang at data", 63: "hang at quit"}
WEB = {0: "500", 2: "hang", 4: "cut", 7: "ok", 60: "hang", 61: "503", 63: "ok"}
PROGRAMS = {0: "fail", 2: "hang", 4: "ok", 60: "hang", 61: "raise", 63: "ok"}


def test_sixty_failures_and_a_success_are_two_messages_on_every_channel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup = job(schedule="* * * * *", command=SWITCH)
    with opened(tmp_path, backup, monkeypatch) as (engine, channels):
        engine.run_at("11:59")
        codes = []
        for minute in range(FAILURES + 8):
            channels.change(MAIL.get(minute), WEB.get(minute), PROGRAMS.get(minute))
            if minute == FAILURES:
                (tmp_path / "works").touch()
            codes.append(engine.run_at(moment(minutes=minute)).exit_code)
        told = channels.told

    assert codes == [1] * FAILURES + [0] * 8
    assert set(told) == set(channels.settings)
    assert all(each.events == [OPENED, CLOSED] for each in told.values())
    assert all(len(set(each.ids)) == 2 for each in told.values())
    assert engine.state["outbox"] == []
    answers = ["500", "hang", "cut", "ok", "hang", "503", "ok"]
    assert len(channels.web.seen) == len(answers)  # one that hangs is asked once in a tick


# What each server does when the message of that number comes. An hour later all is well again.
LETTERS = ["ok", "down", "500", "cut", "hang at data", "cut at data", "hang"]
POSTS = ["500", "hang", "cut", "drip", "redirect", "ok", "503"]
RUNS = ["hang", "fail", "raise", "ok", "fail", "hang", "fail"]
SILENCES = [1, 2, 4, 7, 7]
"""Days from the first message, and from each reminder, to the next."""


def test_failures_over_weeks_are_brought_back_to_mind_on_every_channel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures, hours = soak.count(22, FAILURES), soak.count(27, 10)
    backup = job(schedule=f"every {hours}h", command=SWITCH)
    with opened(tmp_path, backup, monkeypatch) as (engine, channels):
        engine.run_at(moment(hours=-hours))
        days: list[float] = []
        for number in range(failures + 1):
            disturb(channels, len(days))
            if number == failures:
                (tmp_path / "works").touch()
            report = engine.run_at(moment(hours=hours * number))
            changes = [change for change in report.incidents if change.act is not Act.COUNT]
            days += [hours * number / 24 for _ in changes]
            channels.change("ok", "ok", "ok")
            for minute in (3, 6) if changes else ():
                engine.run_at(moment(hours=hours * number, minutes=minute))
        told = channels.told

    waits = [later - earlier for earlier, later in pairwise(days[:-1])]
    assert len(waits) == len(SILENCES)
    assert all(0 <= wait - due < hours / 24 for wait, due in zip(waits, SILENCES, strict=True))
    assert set(told) == set(channels.settings)
    assert all(each.events == [OPENED, *[REMINDED] * 5, CLOSED] for each in told.values())
    assert all(len(set(each.ids)) == 7 for each in told.values())
    assert engine.state["outbox"] == []


def disturb(channels: Channels, number: int) -> None:
    """Have all channels fail as the message of that number comes."""
    channels.change(LETTERS[number], POSTS[number], RUNS[number])


def moment(**since: float) -> str:
    """Return the instant so long after noon, as a tick is given it."""
    return f"{at('12:00') + timedelta(**since):%Y-%m-%dT%H:%M:%S}"
