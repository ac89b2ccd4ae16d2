"""`ping:` is a URL or a mapping; what is wrong is named, and a URL is never repeated."""

from pathlib import Path

import pytest

from tests.builders.configuration import loaded

URL = "https://hc-ping.com/0d338dcc-a054-41ec-b909-0242ac120002"
JOB = "jobs:\n  backup:\n    schedule: '@daily'\n    command: 'true'\n    ping: "


@pytest.mark.parametrize(
    ("text", "settings"),
    [
        (URL, {"url": URL}),
        ("none", {}),
        ("", {}),
        (f"{{url: {URL}, start: false}}", {"url": URL, "start": False}),
        ("{url_file: a, timeout: 5s, body: 10K}", {"url_file": "a", "timeout": 5, "body": 10240}),
        ("{url_env: PING, body: none}", {"url_env": "PING", "body": None}),
    ],
)
def test_what_it_may_be(root: Path, text: str, settings: dict[str, object]) -> None:
    for _ in range(2):  # read, and from the cache
        [found] = [job for job in loaded(root, f"{JOB}{text}\n").jobs if job.id == "backup"]
        assert found.ping == settings


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("ftp://secret.example.org/x", "expected a URL like"),
        ("{start: false}", "expected one of url, url_file, url_env"),
        (f"{{url: {URL}, url_env: X}}", "expected one of url, url_file, url_env"),
        ("{url: 'https://secret.example.org/ x'}", "url: a URL has only ASCII characters"),
        (f"{{url: {URL}, strat: false}}", '"strat": no such setting'),
        (f"{{url: {URL}, start: maybe}}", "start: "),
        (f"{{url: {URL}, timeout: 2m}}", "timeout: "),
        (f"{{url: {URL}, body: 2M}}", "body: "),
    ],
)
def test_what_is_wrong_is_named(root: Path, text: str, problem: str) -> None:
    [sentence] = loaded(root, f"{JOB}{text}\n").problems

    assert f"scheduled.yaml:5: jobs.backup.ping: {problem}" in sentence
    assert "secret" not in sentence
    assert URL not in sentence


def test_that_of_the_ticks_has_no_start(root: Path) -> None:
    assert loaded(root, f"ping: {{url: {URL}}}\n").ping == {"url": URL}
    (problem,) = loaded(root, f"ping: {{url: {URL}, start: true}}\n").problems
    assert '"start": no such setting' in problem
