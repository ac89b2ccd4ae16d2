"""Channels of the configuration: what is wrong with one stops neither a job nor another channel."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from scheduled.config import json_schema, notify_keys, unmatched, yaml_document
from scheduled.config.load import Config
from scheduled.notify import masked
from scheduled.notify.kinds import Kind
from tests.builders.configuration import loaded

OTHERS = "  fine: {kind: command, command: cat}\njobs:\n  mine: {schedule: daily, command: x}\n"


def with_channel(root: Path, text: str) -> Config:
    config = loaded(root, f"notify:\n  ops: {text}\n{OTHERS}")
    assert "mine" in {job.id for job in config.jobs}
    assert "fine" in config.notify
    return config


def test_a_webhook_needs_no_more_than_its_url(tmp_path: Path) -> None:
    config = with_channel(tmp_path, "{kind: webhook, url: 'https://example.org/hook'}")

    assert config.notify["ops"] == {"kind": "webhook", "url": "https://example.org/hook"}
    assert config.problems == ()


@pytest.mark.parametrize("host", ["localhost", "::1", "fe80::1", "192.0.2.1", "mail.exämple.org"])
def test_a_mail_server_has_a_name_or_an_address(tmp_path: Path, host: str) -> None:
    config = with_channel(tmp_path, f'{{kind: smtp, host: "{host}", to: a@b.org}}')

    assert config.notify["ops"]["host"] == host


def test_channels_are_the_same_when_they_come_from_the_cache(tmp_path: Path) -> None:
    text = "{kind: smtp, host: a, to: [a@b.org], tls: none, on: [failure, report], jobs: x*}"
    first = with_channel(tmp_path, text)
    first.save_caches()

    assert with_channel(tmp_path, text).notify == first.notify
    assert json.loads(json.dumps(first.notify)) == first.notify
    assert first.notify["ops"]["on"] == ["failure", "report"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5", "expected keys like kind"),
        ("{url: 'https://a.org'}", "no kind"),
        ("{kind: pager}", "expected smtp, command, webhook, mailbox or apprise"),
        ("{kind: webhook}", "no url or url_file or url_env"),
        ("{kind: webhook, url: 'https://a.org', url_env: X}", "exclude each other"),
        ("{kind: webhook, url: 'ftp://a.org'}", "expected a URL"),
        ("{kind: webhook, url: 'https://a.org/a b'}", "no blanks"),
        ("{kind: webhook, url: 'https://a.org:port'}", "expected a URL"),
        ("{kind: webhook, url: 'https://a.org', host: a}", "unknown key"),
        ("{kind: webhook, url: 'https://a.org', headers: {'A: b': c}}", "cannot be set"),
        ("{kind: webhook, url: 'https://a.org', headers: {Host: c}}", "cannot be set"),
        ('{kind: webhook, url: "https://a.org", headers: {A: "b\\r\\nC: d"}}', "control"),
        ("{kind: webhook, url: 'https://a.org', headers: {A: ü}}", "ASCII"),
        ("{kind: webhook, url: 'https://a.org', on: [failures]}", "did you mean failure"),
        ("{kind: webhook, url: 'https://a.org', priority: loud}", "expected one of low"),
        (
            """{kind: webhook, url: 'https://a.org', template: '{"text": "{body}"}'}""",
            "JSON as a text",
        ),
        ("{kind: smtp, host: a}", "no to"),
        ("{kind: smtp, host: 'a.org:25', to: a@b.org}", "its port is a key"),
        ("{kind: smtp, host: 'smtp://a.org', to: a@b.org}", "the name of a server"),
        ("{kind: smtp, host: a..org, to: a@b.org}", "the name of a server"),
        ("{kind: smtp, to: a@b.org}", "no host"),
        ("{kind: smtp, host: a, to: 'Me <a@b.org>'}", "expected a mail address"),
        ('{kind: smtp, host: a, to: "a@b.org\\nBcc: c@d.org"}', "control"),
        ("{kind: smtp, host: a, to: a@b.org, user: me}", "a login needs user"),
        (
            "{kind: smtp, host: a, to: a@b.org, user: me, password_env: P, tls: none}",
            "in clear text",
        ),
        ("{kind: command}", "no command"),
        ("{kind: apprise, url: topic}", "expected a URL of Apprise"),
    ],
)
def test_a_wrong_channel_is_a_problem_of_its_own(tmp_path: Path, text: str, expected: str) -> None:
    config = with_channel(tmp_path, text)

    assert "ops" not in config.notify
    assert config.problems[0].startswith("scheduled.yaml:2: notify.ops")
    assert expected in config.problems[0]


@pytest.mark.parametrize("text", ["notify: 5\n", "notify: [a]\n", "notify: {}\nnotify: {}\n"])
def test_channels_that_are_no_mapping_stop_no_job(tmp_path: Path, text: str) -> None:
    config = loaded(tmp_path, f"{text}jobs:\n  mine: {{schedule: daily, command: x}}\n")

    assert "mine" in {job.id for job in config.jobs}
    assert "notify" in config.problems[0]


def test_a_channel_that_is_there_twice_is_not_used(tmp_path: Path) -> None:
    channel = "  ops: {kind: command, command: cat}\n"
    config = loaded(tmp_path, f"notify:\n{channel}{channel}{OTHERS}")

    assert "ops" not in config.notify
    assert "duplicate" in config.problems[0]


@pytest.mark.parametrize("name", ["a:b", "a b", "-a", "a/b"])
def test_a_name_is_like_the_id_of_a_job(tmp_path: Path, name: str) -> None:
    config = loaded(tmp_path, f'notify:\n  "{name}": {{kind: command, command: cat}}\n{OTHERS}')

    assert name not in config.notify
    assert "may contain letters" in config.problems[0]


@pytest.mark.parametrize("kind", Kind)
def test_the_examples_of_a_kind_make_a_channel(tmp_path: Path, kind: Kind) -> None:
    keys = notify_keys.KIND_KEYS[kind]
    text = ", ".join(f"{name}: '{key.example}'" for name, key in keys.items() if key.example)

    config = with_channel(tmp_path, f"{{kind: {kind}, {text}}}")

    assert config.problems == ()
    assert config.notify["ops"]["kind"] == kind


@pytest.mark.parametrize(
    "text", ["{kind: pager}", "{kind: webhook}", "{kind: smtp, host: a, to: b, uer: c}", "5"]
)
def test_an_editor_underlines_a_wrong_channel(text: str) -> None:
    schema = Draft202012Validator(json_schema.of_configuration())
    document = yaml_document.parse(f"notify: {{ops: {text}}}".encode(), "file").plain()

    assert not schema.is_valid(document)


def test_secrets_of_a_channel_are_not_shown() -> None:
    shown = masked.settings(
        {
            "kind": "webhook",
            "url": "https://me:pass@example.org:8443/hooks/T0123/abcdef?key=s3cr3t#x",
            "headers": {"Authorization": "Bearer abc"},
            "env": {"MY_TOKEN": "abc", "PLACE": "here"},
            "template": {"token": "abc", "sent": [{"api_key": {"a": "b"}, "text": "{body}"}]},
        }
    )

    assert shown["url"] == "https://example.org:8443/***"
    assert shown["headers"] == {"Authorization": "***"}
    assert shown["env"] == {"MY_TOKEN": "***", "PLACE": "here"}
    assert shown["template"] == {"token": "***", "sent": [{"api_key": "***", "text": "{body}"}]}
    assert masked.address("tgram://bottoken/chat") == "tgram://***"
    assert masked.address("https://example.org?key=s3cr3t") == "https://example.org/***"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5", "expected keys like kind"),
        ("{url: 'https://a.org'}", "no kind"),
        ("{kind: smtp, host: a, to: a@b.org}", "expected one of command, webhook"),
        ("{kind: command}", "no command"),
        ("{kind: command, command: x, on: job_faild}", "did you mean job_failed"),
        ("{kind: command, command: x, on: []}", "an empty list"),
        ("{kind: command, command: x, priority: high}", "unknown key"),
    ],
)
def test_a_wrong_subscriber_is_a_problem_of_its_own(
    tmp_path: Path, text: str, expected: str
) -> None:
    config = loaded(tmp_path, f"subscribe:\n  ops: {text}\n{OTHERS}")

    assert [*config.subscribe] == ["fine"]
    assert "mine" in {job.id for job in config.jobs}
    assert config.problems[0].startswith("scheduled.yaml:2: subscribe.ops")
    assert expected in config.problems[0]


def test_a_subscriber_may_name_events_of_handlers(tmp_path: Path) -> None:
    text = "{kind: webhook, url: 'https://u:p@a.org/x', on: [photos, 'job_*'], tags: disk}"
    config = loaded(tmp_path, f"subscribe:\n  ops: {text}\n{OTHERS}")

    assert config.problems == ()
    assert config.subscribe["ops"]["on"] == ["photos", "job_*"]
    document = {"subscribe": {"ops": {"kind": "webhook", "url": "https://a.org", "on": "job_*"}}}
    assert Draft202012Validator(json_schema.of_configuration()).is_valid(document)


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ("jobs: [mine, 'm*', daily_report]", ""),
        ("jobs: [min]", 'jobs: no job is called "min"; did you mean mine?'),
        ("jobs: ['backup-*']", 'jobs: no job is called "backup-*"'),
        ("tags: nightly", ""),
        ("tags: [nightli]", 'tags: no job has the tag "nightli"; did you mean nightly?'),
    ],
)
@pytest.mark.parametrize("key", ["notify", "subscribe"])
def test_a_filter_that_no_job_passes_is_a_warning(
    tmp_path: Path, key: str, filters: str, expected: str
) -> None:
    others = OTHERS.replace("command: x", "command: x, tags: [nightly]")
    text = f"{key}:\n  ops: {{kind: command, command: x, {filters}}}\n{others}"

    config = loaded(tmp_path, text)

    assert config.problems == ()
    assert [*unmatched.warnings(config)] == (
        [f"scheduled.yaml:1: {key}.ops.{expected}"] if expected else []
    )


def test_before_there_are_jobs_a_filter_is_for_those_to_come(tmp_path: Path) -> None:
    text = "notify:\n  ops: {kind: command, command: x, jobs: backup}\n"

    assert [*unmatched.warnings(loaded(tmp_path, text))] == []
