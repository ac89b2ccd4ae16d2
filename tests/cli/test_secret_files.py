"""`config validate` and `doctor` name the files of channels and pings that cannot be used."""

import json
from pathlib import Path

import pytest

from tests.builders import command
from tests.builders.doctored import Patient, problems

CHANNELS = {
    "url_file": "{kind: webhook, url_file: gone}",
    "token_file": "{kind: webhook, url: 'https://example.org', token_file: gone}",
    "ca_file": "{kind: webhook, url: 'https://example.org', ca_file: gone}",
    "password_file": "{kind: smtp, host: h, to: a@b.org, user: u, password_file: gone}",
}


def validated(root: Path, text: str) -> tuple[int, list[str], list[str]]:
    (root / "scheduled.yaml").write_text(text)
    words = ["--root", str(root), "--state-dir", str(root / "state"), "config", "validate"]
    said = command.call([*words, "--json"], env={"PATH": "/usr/bin:/bin"}, cwd=root)
    found = json.loads(said.out)
    assert said.err == ""
    return said.code, found["problems"], found["warnings"]


@pytest.mark.parametrize(
    ("table", "key"),
    [*(("notify", key) for key in CHANNELS), *(("subscribe", key) for key in [*CHANNELS][:3])],
)
def test_a_file_of_a_channel_that_is_missing(table: str, key: str, tmp_path: Path) -> None:
    text = f"{table}:\n  ops: {CHANNELS[key]}\n"
    code, found, _ = validated(tmp_path, text)

    path = tmp_path / "gone"
    sentence = f"scheduled.yaml:1: {table}.ops: {key}: {path}: no such file or directory"
    assert (code, found) == (2, [sentence])


def test_all_missing_files_of_a_channel_are_named_at_once(tmp_path: Path) -> None:
    _, found, _ = validated(
        tmp_path, "notify: {ops: {kind: webhook, url_file: a, token_file: b, ca_file: c}}\n"
    )

    assert [problem.split(": ")[2] for problem in found] == ["url_file", "token_file", "ca_file"]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "url_file: expected one line of text in it"),
        ("one\ntwo\n", "url_file: expected one line of text in it"),
        ("ftp://secret.example.org\n", "expected a URL like https://example.org/hook"),
    ],
)
def test_a_file_without_an_address_in_it(content: str, sentence: str, tmp_path: Path) -> None:
    (tmp_path / "hook").write_text(content)
    (tmp_path / "hook").chmod(0o600)

    _, found, _ = validated(tmp_path, "notify: {ops: {kind: webhook, url_file: hook}}\n")

    assert found == [f"scheduled.yaml:1: notify.ops: {sentence}"]


def test_files_of_pings(tmp_path: Path) -> None:
    code, found, _ = validated(
        tmp_path,
        "ping: {url_file: gone}\n"
        "jobs:\n"
        "  pinged: {schedule: daily, command: 'true', ping: {url_file: gone}}\n"
        "  not: {schedule: daily, command: 'true', ping: none}\n",
    )

    missing = f"{tmp_path}/gone"
    assert code == 2
    assert found == [
        f"scheduled.yaml:1: ping: url_file: {missing}: no such file or directory",
        f"scheduled.yaml:3: pinged: ping: url_file: {missing}: no such file or directory",
    ]


def test_what_is_there_is_not_named_and_variables_of_cron_are_not_asked_for(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("https://example.org/hook\n")
    (tmp_path / "secret").chmod(0o600)

    said = validated(
        tmp_path,
        "notify:\n"
        "  file: {kind: webhook, url_file: secret, token_file: secret}\n"
        "  variable: {kind: webhook, url_env: NOT_SET_HERE}\n"
        "  mail: {kind: smtp, host: h, to: a@b.org, user: u, password_file: secret}\n"
        "  program: {kind: command, command: 'cat > /dev/null'}\n",
    )

    assert said == (0, [], [])


def test_doctor_names_them_and_variables_that_cron_does_not_set(patient: Patient) -> None:
    (patient.root / "scheduled.yaml").write_text(
        "notify:\n"
        "  file: {kind: webhook, url_file: gone}\n"
        "  variable: {kind: webhook, url_env: NOT_SET_HERE}\n"
    )

    unset = "is not set; under cron, set it in the crontab, or use a file"
    found = [row["message"] for row in problems(patient.examine(), "configuration")]

    assert found == [
        f"scheduled.yaml:1: notify.file: url_file: {patient.root}/gone: no such file or directory",
        f"scheduled.yaml:1: notify.variable: url_env: the variable NOT_SET_HERE {unset}",
    ]
