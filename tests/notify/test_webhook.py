"""A webhook gets JSON that only its template can change, and keeps its secrets."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from scheduled.notify import limits, tls
from scheduled.notify.channel import ChannelContext
from scheduled.notify.secrets import Secrets
from tests.builders import message_servers, sent
from tests.builders.mail import NOW, ZONE
from tests.builders.message_servers import CERTIFICATE, Server


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with message_servers.running("web", tmp_path_factory.mktemp("web") / "server") as server:
        yield server


@pytest.fixture(autouse=True)
def _ok(web: Server) -> None:
    web.be("ok")


def channel(server: Server, **settings: Any) -> dict[str, Any]:
    url = f"http://localhost:{server.port}/hook/s3cr3t-path?key=s3cr3t-key"
    return {"kind": "webhook", "url": url, **settings}


def test_all_there_is_to_say_is_posted_as_json(tmp_path: Path, web: Server) -> None:
    message = sent.message(facts={"count": 3}, tags=("nightly",))

    assert sent.send(tmp_path, channel(web), message).delivered == [message]

    got = web.accepted[-1]
    assert got["path"] == "/hook/s3cr3t-path?key=s3cr3t-key"
    assert got["headers"]["Content-Type"] == "application/json"
    assert got["headers"]["Idempotency-Key"] == message.id
    document = json.loads(got["body"])
    assert document.pop("host")
    assert document == {
        "version": 1,
        "id": message.id,
        "event": "incident_opened",
        "group": "failure",
        "kind": "failing",
        "job": "backup",
        "tags": ["nightly"],
        "priority": "high",
        "subject": "backup fails 1",
        "body": "Text 1",
        "created": "2026-03-07T11:00:00Z",
        "channel": "ops",
        "facts": {"count": 3},
    }


def test_nothing_in_a_message_changes_the_form_of_the_body(tmp_path: Path, web: Server) -> None:
    message = sent.message(subject=sent.NASTY, body='"}, {subject} ' + sent.NASTY, job=sent.NASTY)
    template = {"text": "{subject}: {body} {x} {", "list": ["{job}", 1, None], "{subject}": "kept"}

    sent.send(tmp_path, channel(web, template=template), message)

    document = json.loads(web.accepted[-1]["body"])
    assert document.keys() == {"text", "list", "{subject}"}
    assert document["text"].startswith("a Bcc: evil@example.org")
    assert document["text"].endswith("xxx {x} {") or "[...]" in document["text"]
    assert document["list"][1:] == [1, None]
    assert document["{subject}"] == "kept"
    assert {name for name in web.accepted[-1]["headers"] if "Bcc" in name} == set()


def test_a_template_of_text_is_sent_as_text(tmp_path: Path, web: Server) -> None:
    sent.send(tmp_path, channel(web, template="{subject} ü {tags}"))

    assert web.accepted[-1]["body"] == "backup fails 1 ü []"
    assert web.accepted[-1]["headers"]["Content-Type"] == "text/plain; charset=utf-8"


def test_headers_and_a_token_are_sent(tmp_path: Path, web: Server) -> None:
    settings = channel(web, headers={"X-Priority": "5"}, token_env="MY_TOKEN")

    assert sent.send(tmp_path, settings, MY_TOKEN="abcdefgh").failed == []

    headers = web.accepted[-1]["headers"]
    assert (headers["X-Priority"], headers["Authorization"]) == ("5", "Bearer abcdefgh")


def test_user_and_password_in_a_url_become_a_header(tmp_path: Path, web: Server) -> None:
    url = channel(web)["url"].replace("http://", "http://me:p%40ss@")

    assert sent.send(tmp_path, {"kind": "webhook", "url": url}).failed == []

    assert web.accepted[-1]["headers"]["Authorization"] == "Basic bWU6cEBzcw=="
    context = ChannelContext(tmp_path, tmp_path, ZONE, NOW)
    assert Secrets({"url": url}, context).hide("Basic bWU6cEBzcw==") == "Basic ***"


def test_a_secret_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    told = {
        name: sent.reason(sent.send(tmp_path, {"kind": "webhook", "url_file": name}))
        for name in ("missing", "file/x", ".")
    }

    assert told == {
        "missing": f"url_file: {tmp_path}/missing: no such file or directory",
        "file/x": f"url_file: {tmp_path}/file/x: not a directory",
        ".": f"url_file: {tmp_path}: no file",
    }


def test_a_url_from_a_file_or_the_environment(tmp_path: Path, web: Server) -> None:
    settings = channel(web)
    url = settings.pop("url")
    (tmp_path / "url").write_text(f"{url}\n")

    assert sent.send(tmp_path, {**settings, "url_file": "url"}).failed == []
    assert sent.send(tmp_path, {**settings, "url_env": "URL"}, URL=url).failed == []


@pytest.mark.parametrize("content", ["", "a\nb", "a\x00b", "\xff"])
def test_a_secret_that_is_no_line_of_text_is_not_repeated(tmp_path: Path, content: str) -> None:
    (tmp_path / "url").write_bytes(content.encode("latin-1"))

    reason = sent.reason(sent.send(tmp_path, {"kind": "webhook", "url_file": "url"}))

    assert reason.startswith("url_file: ")


def test_a_secret_that_others_can_write_to_is_not_read(tmp_path: Path, web: Server) -> None:
    (tmp_path / "url").write_text(channel(web)["url"])
    (tmp_path / "url").chmod(0o666)

    reason = sent.reason(sent.send(tmp_path, {"kind": "webhook", "url_file": "url"}))

    assert "others can write to it" in reason


def test_a_redirection_is_not_followed(tmp_path: Path, web: Server) -> None:
    web.be("redirect")
    before = len(web.seen)

    reason = sent.reason(sent.send(tmp_path, channel(web, headers={"X-Key": "0123456789"})))

    assert "answers 302, a redirection, which is not followed" in reason
    assert len(web.seen) == before + 1


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("500", "answers 500 a reason"),
        ("404", "answers 404 a reason"),
        ("cut", "the connection was closed without an answer"),
        ("noise", "the answer is not HTTP"),
        ("hang", "within 0.5 s"),
        ("drip", "within 0.5 s"),
    ],
)
def test_a_server_that_fails_is_said_to_and_no_secret_is(
    tmp_path: Path, web: Server, mode: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MESSAGE_SECONDS", 0.5 if "0.5" in expected else 10)
    web.be(mode)
    settings = channel(web, headers={"X-Echo": "Bearer header-secret"})

    reason = sent.reason(sent.send(tmp_path, settings))

    assert expected in reason
    assert reason.isprintable()
    assert "s3cr3t" not in reason
    assert "header-secret" not in reason


def test_a_secret_of_the_template_is_hidden(tmp_path: Path) -> None:
    template = {"to": {"token": ["template-secret"]}, "text": "what is told"}
    context = ChannelContext(tmp_path, tmp_path, ZONE, NOW)

    hide = Secrets({"kind": "webhook", "template": template}, context).hide

    assert hide("no template-secret in what is told") == "no *** in what is told"


@pytest.mark.parametrize("given", ["", "ftp://x.org", "https://exa mple.org", "https://[::1", "x"])
def test_a_url_that_cannot_be_used_is_not_repeated(tmp_path: Path, given: str) -> None:
    settings = {"kind": "webhook", "url_env": "URL"}

    reason = sent.reason(sent.send(tmp_path, settings, URL=given))

    assert reason
    assert not given or given not in reason or len(given) < 3


def test_https_is_verified(tmp_path: Path) -> None:
    with message_servers.running("web", tmp_path / "server", "implicit") as server:
        url = f"https://localhost:{server.port}/x"
        settings = {"kind": "webhook", "url": url}

        assert "its certificate is not valid" in sent.reason(sent.send(tmp_path, settings))
        assert sent.send(tmp_path, {**settings, "ca_file": str(CERTIFICATE)}).failed == []
        other = {**settings, "url": url.replace("localhost", "127.0.0.1")}
        reason = sent.reason(sent.send(tmp_path, {**other, "ca_file": str(CERTIFICATE)}))
        assert "its certificate is not valid" in reason


def test_certificates_are_loaded_once_for_all_threads(tmp_path: Path) -> None:
    context = ChannelContext(tmp_path, tmp_path, ZONE, NOW, config_dir=tmp_path)
    own = Secrets({"ca_file": str(CERTIFICATE)}, context)
    both = [own, Secrets({}, context)] * 8

    with ThreadPoolExecutor(16) as pool:
        found = [*pool.map(tls.context, both)]

    assert len({id(each) for each in found}) == 2
    assert found[0] is not found[1]
    assert found[0].cert_store_stats()["x509"] == 1


def test_certificates_that_are_none_are_named(tmp_path: Path) -> None:
    (tmp_path / "ca").write_text("x")
    settings = {"kind": "webhook", "url": "https://localhost:1", "ca_file": "ca"}

    assert "ca_file: " in sent.reason(sent.send(tmp_path, settings))
