"""What a line in the crontab says, and which lines are taken for ours."""

import shlex
import subprocess
from pathlib import Path

import pytest

from scheduled.errors import UsageError
from scheduled.installation.crontab_line import calls_us, fields, seed_lines, tick_lines
from scheduled.installation.tick_command import Target
from scheduled.state.tick_interval import parse

TARGET = Target(Path("/venv/bin/python"), Path("/lib/scheduled/__main__.py"))


def target_with(*options: str) -> Target:
    return Target(TARGET.python, TARGET.entry, options)


def test_the_default_line_ticks_every_minute_and_lets_cron_mail_what_is_printed() -> None:
    (line,) = tick_lines(target_with("--root", "/home/aipass"))

    start = b"* * * * * /venv/bin/python -I -S -X utf8 /lib/scheduled/__main__.py"
    assert line == start + b" --root /home/aipass run\n"


def test_the_entries_of_the_seed_are_an_hourly_run_and_a_report_at_eight() -> None:
    start = b"/venv/bin/python -I -S -X utf8 /lib/scheduled/__main__.py"
    end = b" >> /home/aipass/system_logs/scheduled.log 2>&1\n"

    assert seed_lines(TARGET, Path("/home/aipass/system_logs/scheduled.log")) == [
        b"0 * * * * " + start + b" run" + end,
        b"0 8 * * * " + start + b" daily-report" + end,
    ]


@pytest.mark.parametrize(
    ("interval", "five"),
    [
        ("1", "* * * * *"),
        ("5", "*/5 * * * *"),
        ("30m", "*/30 * * * *"),
        ("60", "0 * * * *"),
        ("1h", "0 * * * *"),
        (" 2H ", "0 */2 * * *"),
        ("24h", "0 0 * * *"),
    ],
)
def test_an_interval_that_divides_the_hour_or_the_day_becomes_five_fields(
    interval: str, five: str
) -> None:
    assert fields(parse(interval)) == five


# As cron hands the command to the shell: `\%` becomes `%` (crontab(5)).
@pytest.mark.parametrize(
    "folder", ["/a b", "/it's", "/50%", "/a %d", "/$(reboot)", "/x;y&z|", "/`id`", "/*", "/ü"]
)
def test_a_path_reaches_the_program_as_it_is_through_cron_and_the_shell(folder: str) -> None:
    (line,) = tick_lines(target_with("--root", folder))
    command = line.decode().split(" ", 5)[5].replace("\\%", "%")
    words = shlex.split(command)[6:]

    shell = subprocess.run(
        ["/bin/sh", "-c", "printf '%s\\n' " + command], capture_output=True, check=True
    )

    assert words == ["--root", folder, "run"]
    assert shell.stdout.decode().splitlines()[6:] == words
    assert "%" not in line.decode().replace("\\%", "")


def test_a_path_that_is_not_utf_8_keeps_its_bytes() -> None:
    (line,) = tick_lines(target_with("--root", "/caf\udce9"))

    assert b"'/caf\xe9'" in line


@pytest.mark.parametrize("sign", ["\\", "\n", "\r"])
def test_a_path_that_no_crontab_can_say_is_refused(sign: str) -> None:
    with pytest.raises(UsageError, match="a crontab cannot contain"):
        tick_lines(target_with("--root", f"/a{sign}b"))


@pytest.mark.parametrize(
    "line",
    [
        b"* * * * * scheduled run",
        b"0 * * * * /usr/local/bin/scheduled --root /home/aipass run >> /x.log 2>&1",
        b"@reboot scheduled run",
        b"0 8 * * * cd /srv && /venv/bin/python -m scheduled daily-report",
        b"* * * * * /venv/bin/python -I -S /lib/scheduled/__main__.py run\r",
        b"*/5 * * * * root sh -c 'scheduled --once'",
        b"  * * * * * \xff; scheduled run",
    ],
)
def test_a_line_that_starts_a_tick_is_recognised(line: bytes) -> None:
    assert calls_us(line)


@pytest.mark.parametrize(
    "line",
    [
        b"# * * * * * scheduled run",
        b"0 3 * * * /usr/bin/scheduled-backup run",
        b"0 3 * * * cd /opt/scheduled && make run",
        b"0 3 * * * scheduled status",
        b"0 3 * * * run-parts /etc/cron.daily",
        b'NOTE="scheduled run"',
        b"",
    ],
)
def test_a_line_that_only_looks_similar_is_not_taken_for_ours(line: bytes) -> None:
    assert not calls_us(line)
