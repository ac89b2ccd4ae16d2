"""Mail reaches a real server, in the form of a mail, over a connection that is verified."""

import email
import email.policy
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from scheduled.notify import limits, smtp
from tests.builders import message_servers, sent
from tests.builders.mail import NOW
from tests.builders.message_servers import CERTIFICATE, LOGIN, Server


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with message_servers.running("smtp", tmp_path_factory.mktemp("smtp") / "server") as server:
        yield server


@pytest.fixture(scope="module", params=["starttls", "implicit"])
def secure(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Server, str]]:
    folder = tmp_path_factory.mktemp("smtp") / "server"
    with message_servers.running("smtp", folder, request.param) as server:
        yield server, request.param


def channel(server: Server, **settings: Any) -> dict[str, Any]:
    given = {"kind": "smtp", "host": "localhost", "port": server.port, "to": ["me@example.org"]}
    return {**given, "tls": "none", **settings}


def parsed(accepted: Any) -> Any:
    return email.message_from_string(accepted["mail"], policy=email.policy.default)


def test_a_message_arrives_as_mail(tmp_path: Path, plain: Server) -> None:
    plain.be("ok")
    message = sent.message(subject="Sicherung schlägt fehl", body="Zeile ä\n.\n..\nFrom x")

    delivery = sent.send(tmp_path, channel(plain, **{"from": "cron@nas.example.org"}), message)

    assert (delivery.delivered, delivery.failed, delivery.notes) == ([message], [], [])
    mail = parsed(plain.accepted[-1])
    assert mail["Subject"] == "Sicherung schlägt fehl"
    assert (mail["From"], mail["To"]) == ("cron@nas.example.org", "me@example.org")
    assert mail["Date"].datetime == NOW
    assert mail["Message-ID"] == f"<{message.id}.20260307110000.scheduled@nas.example.org>"
    assert (mail["Auto-Submitted"], mail["Importance"]) == ("auto-generated", "high")
    assert mail.get_content().split() == ["Zeile", "ä", ".", "..", "From", "x"]
    assert plain.accepted[-1]["mail"].isascii()


def test_nothing_in_a_message_becomes_a_header_or_a_command(tmp_path: Path, plain: Server) -> None:
    plain.be("ok")
    message = sent.message(subject=sent.NASTY, body=sent.NASTY, job=sent.NASTY, kind=sent.NASTY)

    assert sent.send(tmp_path, channel(plain), message).failed == []

    accepted = plain.accepted[-1]
    mail = parsed(accepted)
    assert accepted["to"] == ["me@example.org"]
    assert set(mail.keys()) == {
        "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "Importance",
        "MIME-Version", "Content-Type", "Content-Transfer-Encoding",
    }  # fmt: skip
    assert mail["Subject"].isprintable()
    assert max(map(len, accepted["mail"].split("\r\n"))) < 1000
    assert "\x1b" not in mail.get_content()
    assert "\0" not in mail.get_content()


def test_a_connection_is_encrypted_verified_and_logged_in(
    tmp_path: Path, secure: tuple[Server, str]
) -> None:
    server, tls = secure
    (tmp_path / "password").write_text(f"{LOGIN[1]}\n")
    settings = channel(
        server, tls=tls, ca_file=str(CERTIFICATE), user=LOGIN[0], password_file="password"
    )
    CERTIFICATE.chmod(0o644)

    assert sent.send(tmp_path, settings).failed == []
    from_environment = {**settings, "password_env": "MY_PASSWORD"}
    del from_environment["password_file"]
    assert sent.send(tmp_path, from_environment, MY_PASSWORD=LOGIN[1]).failed == []
    assert "the variable MY_PASSWORD is not set" in sent.reason(
        sent.send(tmp_path, from_environment)
    )


def test_a_wrong_password_is_refused_and_not_repeated(
    tmp_path: Path, secure: tuple[Server, str]
) -> None:
    server, tls = secure
    settings = channel(server, tls=tls, ca_file=str(CERTIFICATE), user="me", password_env="P")

    reason = sent.reason(sent.send(tmp_path, settings, P="wrong-password"))

    assert "the login was refused (535 no: ***); check user and password" in reason
    assert "wrong-password" not in reason


def test_a_password_is_not_repeated_as_it_is_sent(tmp_path: Path, plain: Server) -> None:
    plain.be("echo")
    settings = channel(plain, user="me", password_env="P")

    reason = sent.reason(sent.send(tmp_path, settings, P="wrong-password"))

    assert "the login was refused (535 no: AUTH PLAIN ***)" in reason


@pytest.mark.parametrize(("user", "password"), [("mü", "secret"), ("me", "gehüim")])
def test_a_login_beyond_ascii_is_not_tried(
    tmp_path: Path, plain: Server, user: str, password: str
) -> None:
    settings = channel(plain, user=user, password_env="P")

    reason = sent.reason(sent.send(tmp_path, settings, P=password))

    assert "has characters beyond ASCII" in reason
    assert password not in reason


def test_a_certificate_that_nobody_vouches_for_is_refused(
    tmp_path: Path, secure: tuple[Server, str]
) -> None:
    server, tls = secure

    reason = sent.reason(sent.send(tmp_path, channel(server, tls=tls)))
    other_name = channel(server, tls=tls, ca_file=str(CERTIFICATE), host="127.0.0.1")

    assert "its certificate is not valid" in reason
    assert "its certificate is not valid" in sent.reason(sent.send(tmp_path, other_name))


def test_without_starttls_nothing_is_sent(tmp_path: Path, plain: Server) -> None:
    before = len(plain.accepted)

    reason = sent.reason(sent.send(tmp_path, channel(plain, tls="starttls")))

    assert "STARTTLS" in reason
    assert len(plain.accepted) == before


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("cut", "the connection was closed"),
        ("cut at data", "the connection was closed"),
        ("500", "refused: 451 try later"),
        ("refuse", "refused the recipients: me@example.org (550 nobody here)"),
        ("hang", "within 0.5 s"),
        ("hang at data", "within 0.5 s"),
        ("drip", "within 0.5 s"),
    ],
)
def test_a_server_that_fails_is_said_to(
    tmp_path: Path, plain: Server, mode: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MESSAGE_SECONDS", 0.5 if "0.5" in expected else 10)
    plain.be(mode)

    assert expected in sent.reason(sent.send(tmp_path, channel(plain)))


def test_a_message_that_was_accepted_is_delivered_whatever_follows(
    tmp_path: Path, plain: Server
) -> None:
    plain.be("hang at quit")

    assert sent.send(tmp_path, channel(plain)).failed == []


def test_a_message_is_delivered_though_its_time_is_up_before_the_server_has_taken_leave(
    tmp_path: Path, plain: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MESSAGE_SECONDS", 3.0)
    plain.be("hang at quit")
    message = sent.message()

    assert sent.send(tmp_path, channel(plain), message).delivered == [message]


@pytest.mark.parametrize(("mode", "said"), [("refuse one", "550 nobody"), ("later", "450 try")])
def test_what_one_recipient_of_two_is_refused_waits_for_that_one(
    tmp_path: Path, plain: Server, mode: str, said: str
) -> None:
    plain.be(mode)
    before = len(plain.accepted)
    both = channel(plain, to=["bad@example.org", "me@example.org"])

    delivery = sent.send(tmp_path, both)

    assert f"refused the recipients: bad@example.org ({said}" in sent.reason(delivery)
    [(message, _)] = delivery.failed
    assert delivery.reached == {message.id: ("me@example.org",)}

    plain.be("ok")
    again = replace(message, reached=delivery.reached[message.id])
    assert sent.send(tmp_path, both, again).failed == []
    right = channel(plain, to=["me@example.org"])
    assert sent.send(tmp_path, right, again).failed == []
    assert [mail["to"] for mail in plain.accepted[before:]] == [
        ["me@example.org"],
        ["bad@example.org"],
    ]


def test_nobody_listens(tmp_path: Path, plain: Server) -> None:
    reason = sent.reason(sent.send(tmp_path, channel(plain, port=1)))

    assert reason == "localhost:1: connection refused"


@pytest.mark.parametrize("user", ["me", "ü@example.org", "a b@example.org", ""])
def test_a_sender_is_made_of_the_host_unless_the_user_is_an_address(user: str) -> None:
    assert smtp.sender(user).startswith("scheduled@")
    assert smtp.sender("me@example.org") == "me@example.org"
