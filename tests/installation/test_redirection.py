"""Where the output of a line of a crontab goes."""

import shlex

import pytest

from scheduled.installation.doctor import redirection


@pytest.mark.parametrize(
    ("line", "goes"),
    [
        ("tick run", ""),
        ("tick run > /dev/null", ""),
        ("tick run >/dev/null 2>&1", "/dev/null"),
        ("tick run 2>&1 >/dev/null", ""),
        ("tick run >>/var/log/x 2>&1", "/var/log/x"),
        ("tick run >> /var/log/x 2>&1", "/var/log/x"),
        ("tick run 2>/dev/null", "/dev/null"),
        ("tick run 2>> log", "log"),
        ("tick run &> log", "log"),
        ("tick run >& log", "log"),
        ("tick run >&log", "log"),
        ("tick run >| log 2>&1", "log"),
        ("tick run 2>&-", "nowhere"),
        ("tick run >&2", ""),
        ("tick run | logger", ""),
        ("tick run 2>&1 | logger -t tick", "`logger`"),
        ("tick run |& logger", "`logger`"),
        ("tick run 2>&1 | mail -s tick me", ""),
        ("tick run 2>&1 | tee -a log", ""),
    ],
)
def test_where_errors_go(line: str, goes: str) -> None:
    assert redirection.of_errors(shlex.split(line)) == goes


def test_the_files_of_a_line() -> None:
    line = "tick run >>/var/log/a 2> /var/log/b >&2"

    assert [*redirection.files(shlex.split(line))] == ["/var/log/a", "/var/log/b"]
