from pathlib import Path
from typing import Any

import pytest

from scheduled.config.importers import anacrontab, detect
from scheduled.config.importers.findings import Findings, SourceKind
from tests.builders.jobs import at

DEBIAN = """\
# /etc/anacrontab: configuration file for anacron

SHELL=/bin/sh
PATH=/usr/local/sbin:/usr/local/bin:/sbin:/bin:/usr/sbin:/usr/bin
HOME=/root
LOGNAME=root

# These replace cron's entries
1\t5\tcron.daily\trun-parts --report /etc/cron.daily
7\t10\tcron.weekly\trun-parts --report /etc/cron.weekly
@monthly\t15\tcron.monthly\trun-parts --report /etc/cron.monthly
"""
RED_HAT = """\
SHELL=/bin/sh
MAILTO=root
RANDOM_DELAY=45
START_HOURS_RANGE=3-22
1\t5\tcron.daily\t\tnice run-parts /etc/cron.daily
7\t25\tcron.weekly\t\tnice run-parts /etc/cron.weekly
@monthly 45\tcron.monthly\t\tnice run-parts /etc/cron.monthly
"""


def read(text: str) -> Findings:
    return anacrontab.read(text.encode(), is_root=True)


def the_job(text: str) -> dict[str, Any]:
    (wanted,) = read(text).jobs
    return dict(wanted.fields)


def kind_of(text: str, label: str = "file") -> SourceKind:
    found = detect.read(text.encode(), label, Path("/x"), None, detect.Reader(at("12:00")))
    return found.kind


def test_d3_debians_anacrontab_is_read() -> None:
    daily, weekly, monthly = read(DEBIAN).jobs

    assert daily.fields == {
        "id": "cron-daily",
        "schedule": "5 0 * * *",
        "command": "run-parts --report /etc/cron.daily",
        "env": {"PATH": "/usr/local/sbin:/usr/local/bin:/sbin:/bin:/usr/sbin:/usr/bin"}
        | {"HOME": "/root"},
        "cwd": "/",
        "timeout": "1d",
    }
    assert (daily.line, weekly.line, monthly.line) == (9, 10, 11)
    assert (weekly.fields["schedule"], monthly.fields["schedule"]) == ("10 0 * * 0", "15 0 1 * *")


def test_d3_the_hours_and_the_random_delay_become_a_window_and_a_jitter() -> None:
    daily, _, monthly = read(RED_HAT).jobs

    assert (daily.fields["schedule"], monthly.fields["schedule"]) == ("5 3 * * *", "45 3 1 * *")
    assert (daily.fields["window"], daily.fields["jitter"]) == ("03:00-22:00", "45m")
    assert daily.fields["env"] == {"MAILTO": "root"}


@pytest.mark.parametrize(
    ("line", "schedule"),
    [
        ("@daily 0 a x", "0 0 * * *"),
        ("@weekly 90 a x", "30 1 * * 0"),
        ("@yearly 5 a x", "5 0 1 1 *"),
        ("3 5 a x", "3d"),
        ("30 5 a x", "30d"),
        ("01 5 a x", "5 0 * * *"),
        ("1 9999 a x", "59 23 * * *"),
    ],
)
def test_d3_a_period_becomes_a_schedule(line: str, schedule: str) -> None:
    assert the_job(line)["schedule"] == schedule


def test_d3_variables_apply_to_the_lines_below_them_and_lines_are_continued() -> None:
    first, second = read("A=1\n1 5 a x \\\n  --all\nA = 2\n#c\n1 5 b 100%\\\n").jobs

    assert (first.line, first.fields["command"], first.fields["env"]) == (
        2,
        "x   --all",
        {"A": "1"},
    )
    assert (second.line, second.fields["command"], second.fields["env"]) == (6, "100%", {"A": "2"})


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("@hourly 5 a x", "period @hourly: a number of days, @daily, @weekly, @monthly, @yearly"),
        ("0 5 a x", "period 0: a number of days, @daily, @weekly, @monthly, @yearly"),
        ("1 5 a", "neither a variable nor period, delay, identifier and command"),
        ("1 5 a/b x", "neither a variable nor period, delay, identifier and command"),
        ("RANDOM_DELAY=x", "RANDOM_DELAY is a number of minutes"),
        ("START_HOURS_RANGE=25-26", "START_HOURS_RANGE is a range of hours like 3-22"),
        ("A-B=1", "the name of a variable has letters, digits and _"),
    ],
)
def test_d3_what_anacron_would_not_read_is_reported(line: str, reason: str) -> None:
    found = read(f"{line}\n1 5 ok x\n")

    assert [(part.line, part.reason) for part in found.left_out] == [(1, reason)]
    assert len(found.jobs) == 1


@pytest.mark.parametrize("text", [DEBIAN, RED_HAT, "@monthly 15 cron.monthly run-parts x\n"])
def test_d3_an_anacrontab_is_recognised_by_its_lines(text: str) -> None:
    assert kind_of(text) is SourceKind.ANACRON


def test_d3_the_name_of_the_file_is_enough() -> None:
    assert kind_of("1 5 a x\n", "anacrontab") is SourceKind.ANACRON


@pytest.mark.parametrize(
    "text",
    [
        "0 5 * * * x\n",
        "0 5 L * * x\n30 2 1 * * y\n",
        "@daily 7 zip x\n0 5 * * * x\n",
        "@daily backup\n",
        "0 0 12 ? * MON x\n",
        "1 5 1-7 * mon x\n",
        "1 5 */2 * mon x\n",
    ],
)
def test_d3_a_crontab_is_not_taken_for_one(text: str) -> None:
    assert kind_of(text) is SourceKind.CRONTAB


def test_d3_what_changes_is_noted() -> None:
    notes = anacrontab.read(b"MAILTO=a\n7 5 a x\n3 5 b x\n", is_root=False).notes

    assert [note.split(" ")[0] for note in notes] == [
        "anacron",
        "a",
        "another",
        "MAILTO:",
        "anacron",
    ]
    assert len(read("1 5 a x\n").notes) == 1
