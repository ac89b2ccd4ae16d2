import subprocess
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as some

from scheduled.config import crontab_days
from scheduled.config.crontab_export import Cron, Export, export
from scheduled.config.importers import command_text, crontab
from scheduled.timing import expression, slots
from scheduled.timing.cron_field import FIELDS
from tests.builders.debians_cron import entry
from tests.builders.jobs import job

HOME = Path("/home/ann")


def exported(*, halves: bool = True, **keys: Any) -> Export:
    given = {"schedule": "0 5 * * *", "timezone": "UTC", "cwd": "~", "handler": "", **keys}
    cron = Cron("UTC", HOME, HOME, halves_backslashes=halves)
    return export([job("backup", **given)], cron)


def line_of(**keys: Any) -> str:
    made = exported(**keys)
    assert made.left_out == ()
    return made.text.splitlines()[-1]


def reason(**keys: Any) -> str:
    (left_out,) = exported(**keys).left_out
    return left_out.reason


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        ({"command": "a --all"}, "0 5 * * * a --all"),
        ({"command": "date +%F"}, "0 5 * * * date +\\%F"),
        ({"command": "a", "schedule": "daily"}, "@daily a"),
        ({"command": "a", "schedule": "@reboot"}, "@reboot a"),
        ({"command": "a", "cwd": "/srv/my app"}, "0 5 * * * cd '/srv/my app' || exit; a"),
        ({"command": "a", "cwd": ""}, "0 5 * * * a"),
        ({"command": "a", "cwd": "x"}, "0 5 * * * cd /home/ann/x || exit; a"),
        ({"command": "a", "env": {"A": "b c"}}, "0 5 * * * export A='b c'; a"),
        ({"command": ("a", "b c")}, "0 5 * * * exec a 'b c'"),
        ({"command": "a", "enabled": False}, "#0 5 * * * a"),
    ],
)
def test_d10_a_job_becomes_a_line(keys: dict[str, Any], line: str) -> None:
    assert line_of(**keys) == line


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ({"handler": "x:y"}, "runs a handler"),
        ({"command": "a", "schedule": "every 5m"}, "every 5m: cron has only fields"),
        ({"command": "a", "schedule": "at:2030-01-01T00:00:00Z"}, "cron has only fields"),
        ({"command": "a", "timezone": "Asia/Tokyo"}, "its time zone is Asia/Tokyo, and that of"),
        ({"command": "a", "only_if": "b"}, "has only_if, which cron does not know"),
        ({"command": "a", "window": "21:00-06:00", "after": ("b",)}, "has after, window"),
        ({"command": "a\nb"}, "line break"),
        ({"command": "*a"}, "would be taken for a field"),
        ({"command": "a \\%", "halves": False}, "cannot be written for this cron"),
    ],
)
def test_d10_a_job_that_cron_cannot_run_is_left_out_with_the_reason(
    keys: dict[str, Any], sentence: str
) -> None:
    assert sentence in reason(**keys)


def test_a_job_with_limits_is_left_out_as_it_would_have_none() -> None:
    assert reason(command="a", level="restricted") == (
        "its id makes it restricted, and cron would run it without limits"
    )
    assert line_of(command="a", level="system") == "0 5 * * * a"


def test_d10_what_is_lost_is_named_above_the_line() -> None:
    made = exported(command="a", description="Nightly", max_retries=3, timeout=60.0)

    assert made.text == (
        "# Nightly\n# Lost, as cron does not know them: timeout, max_retries\n0 5 * * * a\n"
    )


COMMANDS = some.text("a '\"%\\$`#\t-", min_size=1, max_size=12)


@given(command=COMMANDS, stdin=some.text("a%\\'\n ", max_size=8), halves=some.booleans())
@example(command="a", stdin="END\n", halves=True)
@example(command="a\\", stdin="%\n", halves=False)
def test_d10_what_is_exported_is_imported_as_it_was(command: str, stdin: str, halves: bool) -> None:
    assume(command.strip(" \t"))
    argv = command_text.argv(command, stdin, "/bin/sh")
    whole = argv if isinstance(argv, str) else tuple(argv)
    made = exported(command=whole, halves=halves)
    assume(not made.left_out)

    (imported,) = crontab.read(made.text.encode(), halves_backslashes=halves).jobs

    assert imported.fields["schedule"] == "0 5 * * *"
    assert imported.fields["command"] == command_text.argv(command.strip(" \t"), stdin, "/bin/sh")


@given(command=some.text("a '\"%\\$`# ", min_size=1, max_size=12))
def test_d10_debians_cron_runs_what_the_job_ran(command: str) -> None:
    made = exported(command=command)
    assume(not made.left_out)

    read = entry(made.text.splitlines()[-1], has_users=False)

    assert read is not None
    assert (read.command.strip(), read.stdin) == (command.strip(), "")


def test_d10_variables_and_directory_reach_the_command(tmp_path: Path) -> None:
    line = line_of(command='echo "$A $PWD"', env={"A": "b'c"}, cwd=str(tmp_path))
    command = line.removeprefix("0 5 * * * ")

    run = subprocess.run(["/bin/sh", "-c", command], capture_output=True, check=True, text=True)
    assert run.stdout == f"b'c {tmp_path}\n"


@pytest.mark.parametrize(
    ("schedule", "line"),
    [
        ("every weekday at 8:00", "0 8 * * 1,2,3,4,5 a"),
        ("every day at 8:00 and 20:00", "0 8,20 * * * a"),
        ("0 6 * * MON#2", '0 6 8-14 * * [ "$(date +\\%w)" = 1 ] || exit 0; a'),
        (
            "*/20 6 L 2,3 *",
            "*/20 6 28-31 2,3 * [ \"$(date -d '12:00 1 days' +\\%d)\" = 01 ] || exit 0; a",
        ),
        (
            "every month on the last fri at 17:00",
            (
                '0 17 22-31 * * [ "$(date +\\%w)" = 5 ]'
                " && [ \"$(date -d '12:00 7 days' +\\%d)\" -le 07 ] || exit 0; a"
            ),
        ),
    ],
)
def test_e1_e2_counted_days_and_sentences_become_lines_with_a_test(
    schedule: str, line: str
) -> None:
    assert line_of(command="a", schedule=schedule) == line


@pytest.mark.parametrize(
    ("schedule", "sentence"),
    [
        ("0 6 15W * *", "cron cannot find the day 15W"),
        ("0 6 LW * *", "cron cannot find the day LW"),
        ("0 6 L-28 * *", "cron cannot find the day L-28"),
        ("0 6 1,L * *", "a line for each of its days"),
        ("every 2 weeks on mon at 9 from 2026-11-30", "cannot count days, weeks or months"),
        ("every weekday at 8 from 2027-01-01", "from a date"),
        ("every day at 2am and 14:30", "several lines"),
        ("every 20 minutes between 9:00 and 17:00", "several lines"),
        ("last day of the month at 2am and 14:30", "several lines"),
    ],
)
def test_e1_e2_what_cron_cannot_say_is_left_out_with_the_reason(
    schedule: str, sentence: str
) -> None:
    assert sentence in reason(command="a", schedule=schedule)


def test_e1_the_tests_for_counted_days_are_true_on_these_days() -> None:
    found, expected = [], []
    for text in ("0 0 L * *", "0 0 L-3 * *", "0 0 * * FRIL", "0 0 * * SUN#5"):
        fields = crontab_days.of(expression.parse(text, "UTC"))
        assert isinstance(fields, crontab_days.Fields)
        days = [date(2028, 2, 20) + timedelta(number) for number in range(45)]
        asks = fields.test.removesuffix(" || exit 0; ")
        dated = [
            asks.replace("-d '12:00", f"-d '{day} 12:00").replace("date +", f"date -d {day} +")
            for day in days
        ]
        script = "\n".join(f"({test}) && echo {day}" for test, day in zip(dated, days, strict=True))
        done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=False)
        field = FIELDS[2].values(fields.text.split()[2])
        found.append([day for day in done.stdout.split() if int(day[-2:]) in field])
        start, end = (datetime.combine(day, time(0), UTC) for day in (days[0], days[-1]))
        upcoming = slots.between(
            expression.parse(text, "UTC"), start - timedelta(seconds=1), end, start
        )
        expected.append([f"{slot:%Y-%m-%d}" for slot in upcoming])

    assert found == expected
    assert all(expected[:3])
