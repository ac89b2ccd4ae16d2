import json
from pathlib import Path

import pytest

from scheduled.config.importers import detect
from scheduled.config.importers.findings import Findings, SourceKind
from scheduled.errors import UsageError
from tests.builders.jobs import at

USERS = frozenset({"root", "www-data", "ann", "backup"})
DEBIAN = """\
# /etc/cron.d/php
SHELL=/bin/sh
PATH=/usr/sbin:/usr/bin
09,39 *     * * *     root   [ -x /usr/lib/php/sessionclean ] && /usr/lib/php/sessionclean
*/5 * * * * www-data /usr/bin/php -f /var/www/cron.php
"""


def read(text: str, kind: SourceKind | None = None, user: str = "") -> Findings:
    reader = detect.Reader(at("12:00"), user=user, users=USERS)
    return detect.read(text.encode(), "file", Path("/x"), kind, reader)


def refusal(text: str) -> str:
    with pytest.raises(UsageError) as refused:
        read(text)
    return str(refused.value)


@pytest.mark.parametrize("text", [DEBIAN, "@daily root /x\n", "0 5 * * * root cd / && x\n" * 281])
def test_d5_a_user_column_is_recognised_and_system_asked_for(text: str) -> None:
    said = refusal(text)

    assert said.startswith("file: most lines name a user before the command (the first is root)")
    assert "import yours with --system" in said


def test_d5_with_the_user_only_the_own_lines_are_imported() -> None:
    (job,) = read(DEBIAN, user="www-data").jobs

    assert job.fields["command"] == "/usr/bin/php -f /var/www/cron.php"


@pytest.mark.parametrize(
    "text",
    [
        "0 5 * * * backup --all\n",  # a program, though there is a user of that name
        "0 5 * * * backup >/dev/null 2>&1\n",
        "0 5 * * * backup\n",
        "0 5 * * * ann x\n0 6 * * * /y\n",  # not most of them
        "0 5 * * * rooter x\n",
    ],
)
def test_d5_a_program_with_the_name_of_a_user_is_a_program(text: str) -> None:
    assert len(read(text).jobs) == text.count("\n")


def test_d5_a_file_without_users_that_is_read_as_one_with_users_is_named() -> None:
    (left_out,) = read("0 5 * * * /usr/bin/x --all\n", user="root").left_out

    assert left_out.reason.startswith("/usr/bin/x is not a user")
    assert "--no-system" in left_out.reason


@pytest.mark.parametrize("text", ["# only\n# this\n", "#\n\nPATH=/bin\n", "# m h dom mon dow\n\n"])
def test_d7_a_file_of_comments_is_called_that(text: str) -> None:
    assert refusal(text) == (
        "file: only comments and variables, so there is nothing to import;"
        " to make a job, type: scheduled create"
    )


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("0 5 * * * a\r\n0 6 * * * b\r\n", 1),
        ("# x\n0 5 * * * a\r\n0 6 * * * b\r\n", 2),
        ("1\t5\tcron.daily\trun-parts x\r\n", 1),
        ("PATH=/bin\r\n\r\n@daily x\r", 1),
    ],
)
def test_d7_line_ends_of_windows_are_named_with_the_way_to_convert_them(
    text: str, line: int
) -> None:
    said = refusal(text)

    assert said.startswith(f"file:{line}: the lines end with CRLF")
    assert said.endswith("sed -i 's/\\r$//' FILE")


def test_d7_one_carriage_return_among_many_lines_is_reported_with_its_line() -> None:
    found = read("0 5 * * * a\n0 6 * * * b\r\n0 7 * * * c\n")

    assert [part.line for part in found.left_out] == [2]


@pytest.mark.parametrize("sign", ["\U0001f44b", "\U0001f44b\U0001f600x", "é\U0001f44b", "\\\\u"])
@pytest.mark.parametrize("key", ["depth", "note"])
def test_d7_json_that_writes_a_character_as_two_escapes_is_json(sign: str, key: str) -> None:
    task = {"schedule": "daily", "command": f"echo {sign}", key: sign}
    found = read(json.dumps({"scheduler": {}, "tasks": {"a": {"b": task}}}, indent=1))

    assert found.kind is SourceKind.AICO
    assert found.jobs[0].fields["command"] == f"echo {sign}"
    assert found.jobs[0].fields["params"] == {key: sign}
