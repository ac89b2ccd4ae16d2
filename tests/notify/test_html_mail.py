"""Mail as text and as HTML: the same words, and nothing in them that a mail program acts upon."""

import email
import email.policy
import re
import sys
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from scheduled.views.page import mail, markup
from tests.builders import message_servers, sent
from tests.builders.message_servers import Server
from tests.builders.pages import parsed

HOSTILE = "<img src=http://192.0.2.1/x onerror=alert(1)>{{ 7*7 }}&lt;\"'`</pre></style>"
BODY = f"""backup: failing
  exit code 3
  incident 895873a4; `scheduled ack 895873a4` stops the reminders

backup: failed: exit code 3
  run r1 on tern, attempt 1, by hand
  | one
  |   {HOSTILE}
  log: /var/log/backup.log

`scheduled why backup` shows more.
This is /home/ida/{HOSTILE} on tern."""
HARMLESS = {
    *("html", "head", "meta", "title", "style", "body", "table", "tr", "td", "div"),
    *("h1", "h2", "h3", "p", "pre", "code", "ul", "li", "br"),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with message_servers.running("smtp", tmp_path_factory.mktemp("smtp") / "server") as running:
        yield running


def accepted(tmp_path: Path, server: Server, *, html: bool = True, **fields: Any) -> EmailMessage:
    """Deliver a message, and return the mail that the server got."""
    delivery = sent.send(tmp_path, channel(server, html=html), sent.message(**fields))
    assert (len(delivery.delivered), delivery.failed, delivery.notes) == (1, [], [])
    return arrived(server)


def channel(server: Server, **settings: Any) -> dict[str, Any]:
    given = {"kind": "smtp", "host": "localhost", "port": server.port, "to": ["me@example.org"]}
    return {**given, "tls": "none", **settings}


def arrived(server: Server) -> EmailMessage:
    mail = server.accepted[-1]["mail"]
    assert mail.isascii()
    assert max(map(len, mail.split("\r\n"))) < 1000
    return email.message_from_string(mail, EmailMessage, policy=email.policy.default)


def parts(mail: EmailMessage) -> tuple[str, str]:
    """The text and the HTML of a mail that has just these two, the text first."""
    assert mail.get_content_type() == "multipart/alternative"
    plain, html = mail.iter_parts()
    assert (plain.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    assert isinstance(plain, EmailMessage)
    assert isinstance(html, EmailMessage)
    return plain.get_content(), html.get_content()


def visible(html: str) -> str:
    return parsed(html).one("body").text


def words(text: str) -> list[str]:
    return re.findall(r"[\w/.:@-]+", text)


def test_a_mail_has_its_text_first_and_then_the_same_as_html(
    tmp_path: Path, server: Server
) -> None:
    alone = accepted(tmp_path, server, html=False, body=BODY, subject="backup: failing")
    both = accepted(tmp_path, server, body=BODY, subject="backup: failing")

    plain, html = parts(both)
    assert alone.get_content_type() == "text/plain"
    assert plain == alone.get_content()
    assert both["Message-ID"] == alone["Message-ID"]
    assert words(visible(html)) == ["Failure", "priority", "high", *words(BODY.replace("  | ", ""))]


def test_what_jobs_say_is_text_in_it(tmp_path: Path, server: Server) -> None:
    _, html = parts(accepted(tmp_path, server, body=BODY, subject=f"backup {HOSTILE}: failing"))

    page = parsed(html)
    elements = [page]
    for element in elements:
        elements += element.inner
    assert {element.tag for element in elements[1:]} <= HARMLESS
    assert {name for element in elements for name in element.attributes} <= {
        *("lang", "charset", "name", "content", "class", "style", "role"),
        *("width", "cellpadding", "cellspacing", "border"),
    }
    assert page.one("body").text.count(HOSTILE) == 3
    assert page.one("h1").text == f"backup {HOSTILE}: failing"
    assert not re.search(r"url\(|@import|expression", html.replace(HOSTILE, ""))


def test_nothing_in_a_message_becomes_a_header(tmp_path: Path, server: Server) -> None:
    names = ("subject", "body", "job", "kind", "event", "group")
    nasty: dict[str, Any] = dict.fromkeys(names, sent.NASTY)

    mail = accepted(tmp_path, server, **nasty)

    assert server.accepted[-1]["to"] == ["me@example.org"]
    assert set(mail.keys()) == {
        "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "Importance",
        "MIME-Version", "Content-Type",
    }  # fmt: skip
    plain, html = parts(mail)
    assert not re.search(
        "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e]", (plain + html).replace("\r", "")
    )


@pytest.mark.parametrize("line", ["- `a`\n", "`\n", "&<>'\"", "  | x\n\n", "## x\n"])
def test_it_stays_small_whatever_is_in_it(tmp_path: Path, server: Server, line: str) -> None:
    body = f"# Title\n{line * 30_000}"

    plain, html = parts(accepted(tmp_path, server, body=body))

    assert len(plain) > 15_000
    assert len(html) < 150_000
    assert len(server.accepted[-1]["mail"]) < 300_000


def test_without_the_library_the_text_is_sent_and_the_reason_is_said(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "jinja2", None)

    delivery = sent.send(tmp_path, channel(server, html=True), sent.message(body="Words"))

    assert (len(delivery.delivered), delivery.failed) == (1, [])
    assert delivery.notes == [f"channel ops: sent as plain text alone: {markup.MISSING}"]
    assert arrived(server).get_content_type() == "text/plain"


def test_an_error_in_making_it_keeps_no_mail_back(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail, "html", lambda message: 1 / 0)

    delivery = sent.send(tmp_path, channel(server, html=True), sent.message(body="Words"))

    assert (len(delivery.delivered), delivery.failed) == (1, [])
    assert delivery.notes == [
        "channel ops: sent as plain text alone: ZeroDivisionError: division by zero"
    ]
    assert arrived(server).get_content().strip() == "Words"


def test_more_than_a_mail_program_shows_is_sent_as_text(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail, "html", lambda message: "x" * 1_000_000)

    assert accepted(tmp_path, server).get_content_type() == "text/plain"


REPORT = f"""# AIPass Daily Report - 2026-03-07

## System Health
- Healthy branches: 3

### Errors
- DRONE{HOSTILE}: no README

## Active Plans
- Total active: 1
  - FPLAN-0001: # not a heading
"""


def test_a_report_has_headings_and_lists(tmp_path: Path, server: Server) -> None:
    _, html = parts(
        accepted(
            tmp_path, server, body=REPORT, subject="[DAILY] System Report - 2026-03-07",
            event="report", group="report", kind="daily_report", priority="normal",
        )
    )  # fmt: skip

    body = parsed(html).one("body")
    assert body.one("h1").text == "AIPass Daily Report - 2026-03-07"
    assert [heading.text for heading in body.all("h2")] == ["System Health", "Active Plans"]
    assert [heading.text for heading in body.all("h3")] == ["Errors"]
    assert [item.text for item in body.all("li")] == [
        "Healthy branches: 3",
        f"DRONE{HOSTILE}: no README",
        "Total active: 1",
        "FPLAN-0001: # not a heading",
    ]
    assert body.all("p")[0].text == "Report"


@pytest.mark.parametrize(
    ("event", "group", "label"),
    [
        ("incident_opened", "failure", "Failure, priority high"),
        ("incident_reminded", "failure", "Still open, priority high"),
        ("incident_closed", "recovery", "Recovered"),
        ("incident_opened", "missed", "Missed runs, priority high"),
        ("incident_opened", "health", "Warning, priority high"),
    ],
)
def test_it_says_in_words_what_its_colour_says(
    tmp_path: Path, server: Server, event: str, group: str, label: str
) -> None:
    _, html = parts(accepted(tmp_path, server, event=event, group=group, priority="high"))

    assert parsed(html).all("p")[0].text == label
