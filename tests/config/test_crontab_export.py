import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as some

from scheduled.config.crontab_export import Cron, Export, export
from scheduled.config.importers import command_text, crontab
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
    argv = command_text.argv(command, stdin, "/bin/sh")
    whole = argv if isinstance(argv, str) else tuple(argv)
    made = exported(command=whole, halves=halves)
    if made.left_out:
        return

    (imported,) = crontab.read(made.text.encode(), halves_backslashes=halves).jobs

    assert imported.fields["schedule"] == "0 5 * * *"
    assert imported.fields["command"] == command_text.argv(command.strip(" \t"), stdin, "/bin/sh")


@given(command=some.text("a '\"%\\$`# ", min_size=1, max_size=12))
def test_d10_debians_cron_runs_what_the_job_ran(command: str) -> None:
    made = exported(command=command)
    if made.left_out:
        return

    read = entry(made.text.splitlines()[-1], has_users=False)

    assert read is not None
    assert (read.command.strip(), read.stdin) == (command.strip(), "")


def test_d10_variables_and_directory_reach_the_command(tmp_path: Path) -> None:
    line = line_of(command='echo "$A $PWD"', env={"A": "b'c"}, cwd=str(tmp_path))
    command = line.removeprefix("0 5 * * * ")

    run = subprocess.run(["/bin/sh", "-c", command], capture_output=True, check=True, text=True)
    assert run.stdout == f"b'c {tmp_path}\n"
