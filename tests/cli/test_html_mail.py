"""Failures and reports reach people as mail with HTML, if a channel says so; a mailbox has text."""

import email
import email.policy
import json
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from scheduled.ecosystem import mailbox
from tests.builders import ecosystem, message_servers
from tests.builders.jobs import at
from tests.builders.looks import Home
from tests.builders.message_servers import Server
from tests.builders.pages import parsed

pytestmark = pytest.mark.slow

SECRET = "hunter2-and-more"
BRANCH = "<img src=x onerror=alert(1)>"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with message_servers.running("smtp", tmp_path / "server") as running:
        yield running


@pytest.fixture
def home(root: Path, server: Server) -> Home:
    branches = [ecosystem.entry("DEV_CENTRAL"), ecosystem.entry("FLOW", description=BRANCH)]
    made = Home(ecosystem.home(root, {"branches": branches}))
    made.configure(f"""
notify:
  people:
    kind: smtp
    host: localhost
    port: {server.port}
    tls: none
    to: me@example.org
    on: [failure, recovery, report]
    html: true
jobs:
  backup:
    schedule: "0 * * * *"
    command: printf '%s\\n' "<script>alert(1)</script> $TOKEN" "Bcc; evil@example.org"; exit 3
    max_retries: 0
    alert_after: 1
    env: {{TOKEN: {SECRET}}}
""")
    return made


def arrived(server: Server) -> dict[str, tuple[EmailMessage, str, str]]:
    """The mails by their subjects, each with its text and its HTML."""
    found: dict[str, tuple[EmailMessage, str, str]] = {}
    for accepted in server.accepted:
        mail = email.message_from_string(
            accepted["mail"], EmailMessage, policy=email.policy.default
        )
        plain, html = (part.get_content() for part in mail.iter_parts())
        found[str(mail["Subject"])] = (mail, plain, html)
    return found


def test_a_failure_is_told_in_both_forms_without_secrets_and_without_effect(
    home: Home, server: Server
) -> None:
    home.call("run", now=at("11:59"))
    said = home.call("run", now=at("12:00"))

    mail, plain, html = arrived(server)["backup: failing"]
    assert mail["To"] == "me@example.org"
    for text in (plain, parsed(html).one("body").text):
        assert "<script>alert(1)</script> ***" in text
        assert "exit code 3" in text
        assert "scheduled why backup" in text
        assert SECRET not in text
    assert SECRET not in html + plain
    assert "<script" not in html
    assert "mail" not in said.err, said.err


def test_the_report_of_the_day_is_mailed_in_both_forms_and_a_mailbox_has_text(
    home: Home, server: Server
) -> None:
    assert home.call("daily-report").code == 0

    box = mailbox.read(home.folder / "dev_central" / "ai_mail.local")
    (report,) = [mail for mail in box.messages if "[DAILY]" in mail["subject"]]
    _, plain, html = arrived(server)[report["subject"]]
    assert plain.replace("\r\n", "\n").strip() == report["message"].strip()
    body = parsed(html).one("body")
    assert body.one("h1").text.startswith("AIPass Daily Report - ")
    assert "System Health" in [heading.text for heading in body.all("h2")]
    assert "<" not in json.dumps(report)


def test_a_try_of_the_channel_shows_the_html(home: Home, server: Server) -> None:
    said = home.call("notify", "test", "people")

    assert (said.code, said.out) == (0, "people (smtp): delivered\n")
    _, plain, html = arrived(server)["[SCHEDULED] Test message"]
    assert "scheduled notify test" in plain
    assert parsed(html).all("code")[0].text == "scheduled notify test"
