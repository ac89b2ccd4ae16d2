import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as some

from scheduled.config import yaml_document
from scheduled.config.importers.idioms import advice
from tests.config.importers.test_crontab import read

LAST_DAY = '[ "$(date -d tomorrow +%d)" = 01 ] && /usr/local/bin/close-month --all'


def keys(command: str, shell: str = "/bin/sh") -> dict[str, object]:
    """Return the keys that are proposed for a test before a command."""
    condition, _, command = (
        advice(command, "", shell).partition("; write ")[2].partition(" and com")
    )
    document = yaml_document.parse(f"{condition}\ncom{command}\n".encode(), "x")
    return dict(document.plain())


def test_d9_a_test_before_a_command_becomes_a_condition() -> None:
    assert keys(LAST_DAY) == {
        "only_if": '[ "$(date -d tomorrow +%d)" = 01 ]',
        "command": "/usr/local/bin/close-month --all",
    }


@pytest.mark.parametrize(
    ("command", "condition"),
    [
        ("[ $(date +%d) -le 7 ] && a", "[ $(date +%d) -le 7 ]"),
        ("test -x /usr/bin/a && /usr/bin/a", "test -x /usr/bin/a"),
        ("grep -q 'a && b' /etc/x && mail root && c", "grep -q 'a && b' /etc/x"),
        ("/usr/bin/pgrep -x x >/dev/null 2>&1 && a", "/usr/bin/pgrep -x x >/dev/null 2>&1"),
        ("! [ -e /run/off ] && a | b", "! [ -e /run/off ]"),
        ("command -v x > /dev/null && x 1 1", "command -v x > /dev/null"),
    ],
)
def test_d9_every_test_that_may_say_no_is_named(command: str, condition: str) -> None:
    assert keys(command)["only_if"] == condition


def test_d9_another_shell_asks_the_condition_too() -> None:
    assert keys("[[ -e x ]] && a", "/bin/bash")["only_if"] == ["/bin/bash", "-c", "[[ -e x ]]"]
    assert "\n" not in advice("[[ -e x ]] && a", "in\n", "/bin/bash")


@pytest.mark.parametrize(
    ("command", "key"),
    [
        ("flock -n /run/x.lock backup --all", "overlap: skip"),
        ("/usr/bin/flock -xn /run/x.lock -c 'a && b'", "overlap: skip"),
        ("flock --nonblock /run/x.lock a", "overlap: skip"),
        ("run-one a", "overlap: skip"),
        ("tail -n 100 /var/log/x | grep -i error", "success_codes: [0, 1]"),
        ("diff -u a b", "success_codes: [0, 1]"),
        ("rsync -a /a/ /b/", "success_codes: [0, 24]"),
        ("nice -n 10 rsync -a /a/ /b/ >> log 2>&1", ""),
    ],
)
def test_d9_the_key_for_another_idiom_is_named(command: str, key: str) -> None:
    assert key in advice(command, "", "/bin/sh")


@pytest.mark.parametrize(
    "command",
    [
        "backup",
        "cd /srv && make",
        "test -x /usr/sbin/anacron || ( cd / && run-parts /etc/cron.daily )",
        "[ -x a ] && a || true",
        "[ -x a ] && a; true",
        "if [ -x a ]; then a; fi",
        "(test -x a && a); b",
        "flock /run/x.lock a",
        "flock -n -E 0 /run/x.lock a",
        "flock -w 10 /run/x.lock a",
        "echo 'x && y'",
        "a 2>&1 | logger",
        "[ -e x ]",
        "true & ",
    ],
)
def test_d9_other_commands_are_left_alone(command: str) -> None:
    assert advice(command, "", "/bin/sh") == ""


def test_d9_the_advice_has_its_line_and_job() -> None:
    notes = read('# x\n0 5 * * * [ "$(date +\\%d)" = 01 ] && a%in\n').notes
    (note,) = (note for note in notes if "only_if" in note)

    assert note.startswith("line 2, a: `[ ... ] &&` exits with 1 when the answer is no")
    assert "'[ \"$(date +%d)\" = 01 ]'" in note


@given(text=some.text("[ ]&|;'\"`()\\x$\n-n", max_size=20))
def test_d9_any_command_gets_an_answer(text: str) -> None:
    assert isinstance(advice(text, "", "/bin/sh"), str)


@pytest.mark.parametrize("answer", ["true", "false"])
def test_d9_condition_and_command_do_what_the_line_did(answer: str) -> None:
    line = f"test {answer} = true && echo yes"
    proposed = keys(line)
    condition = subprocess.run(["/bin/sh", "-c", str(proposed["only_if"])], check=False)
    before = subprocess.run(["/bin/sh", "-c", line], capture_output=True, check=False)

    assert (condition.returncode == 0) == (before.stdout == b"yes\n")


@pytest.mark.parametrize(
    "test",
    [
        '[ "$(date -d tomorrow +%d)" = 01 ]',
        '[ "$(date -d "+1 day" +%d)" -eq 1 ]',
        "[ `date -d '1 day' +%d` = 15 ]",
    ],
)
def test_e1_d9_a_test_for_the_last_day_of_a_month_is_answered_with_l(test: str) -> None:
    told = advice(f"{test} && /usr/local/bin/close", "", "/bin/sh")

    assert ("L in the day field" in told) is ("15" not in test)
