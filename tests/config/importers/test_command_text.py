import json
import shlex
import subprocess
import sys

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as some

from scheduled.config import yaml_document
from scheduled.config.importers import crontab
from scheduled.config.importers.command_text import split
from scheduled.config.yaml_writer import text_of
from tests.builders.debians_cron import command_and_input

WORDS = ["a", "'", '"', "%", "%", "\\", "\\%", " ", "\t", "END", "$HOME", "`", "$(", ")", "{", "}"]
TEXTS = some.lists(some.sampled_from(WORDS), max_size=12).map("".join)
PROBE = "import json, sys; print(json.dumps([sys.argv[1:], sys.stdin.read()]))"


def run(line: str, shell: str = "/bin/sh") -> subprocess.CompletedProcess[str]:
    """Run a line as a job would, from the file that an import writes."""
    (job,) = crontab.read(f"SHELL={shell}\n* * * * * {line}\n".encode()).jobs
    text = text_of({"id": "x", "command": job.fields["command"]})
    command = yaml_document.parse(text.encode(), "x").plain()["command"]
    words = command if isinstance(command, list) else ["/bin/sh", "-c", command]
    return subprocess.run(
        words, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )


@given(text=TEXTS)
@example(text="a%\\\\%x")
@example(text="a%%\\")
@example(text="a\\ ")
@example(text="a%x ")
def test_d1_command_and_input_are_those_of_debians_cron(text: str) -> None:
    command, stdin = split(text, halves_backslashes=True)
    theirs, their_input = command_and_input(text)

    assert stdin == their_input
    # Unescaped blanks around a command mean nothing to the shell.
    assert command.lstrip(" \t") == command
    assert theirs.lstrip(" \t").startswith(command)
    assert not theirs.lstrip(" \t").removeprefix(command).strip(" \t")


@pytest.mark.parametrize(
    ("command", "of_debian"),
    [
        (r"grep '\\.' f", r"grep '\.' f"),
        (r"a \\\\ b", r"a \\ b"),
        (r"sed 's/\\\./x/'", r"sed 's/\\./x/'"),
        (r"date +\%F; echo \\n", r"date +%F; echo \n"),
    ],
)
def test_d4_two_backslashes_are_read_as_this_cron_reads_them_and_named(
    command: str, of_debian: str
) -> None:
    text = f"0 5 * * * {command}%of the input \\\\\n".encode()

    debian, cronie = (crontab.read(text, halves_backslashes=halves) for halves in (True, False))

    assert command_and_input(command)[0] == of_debian
    for found, whose in ((debian, "Debian's"), (cronie, "cronie's")):
        (note,) = [note for note in found.notes if "before the shell sees it" in note]
        assert note.startswith("line 1: ")
        assert f"{whose} reading was taken" in note
    assert of_debian in debian.jobs[0].fields["command"]
    assert command.replace("\\%", "%") in cronie.jobs[0].fields["command"]


@pytest.mark.parametrize("command", ["echo one", r"date +\%F", r"echo a\ b", "cat%two \\\\ here"])
def test_d4_a_command_that_all_crons_read_alike_is_not_named(command: str) -> None:
    found = crontab.read(f"0 5 * * * {command}\n".encode(), halves_backslashes=True)

    assert [note for note in found.notes if "before the shell sees it" in note] == []


@pytest.mark.parametrize(
    ("line", "printed"),
    [
        ("cat%one%two", "one\ntwo\n"),
        ("cat; exit 3%END%$HOME `x` \\% \\\\", "END\n$HOME `x` % \\\\\n"),
        ("cat # to the end%one", "one\n"),
        ("cat %", ""),
        ("cat%one%", "one\n"),
        ("cat%one%%", "one\n\n"),
        ("cat%%", "\n"),
        ("cat%a ", "a \n"),
        ("cat%\\\\%x", "\\%x\n"),
        ("date +\\%\\%", "%\n"),
        ("cat%END%echo executed%END_%END", "END\necho executed\nEND_\nEND\n"),
        ("cat%' ; echo executed '%\" ; echo executed", "' ; echo executed '\n\" ; echo executed\n"),
        ("cat%$(echo executed)%`echo executed`", "$(echo executed)\n`echo executed`\n"),
    ],
)
def test_d1_what_follows_the_percent_sign_is_read_and_never_executed(
    line: str, printed: str
) -> None:
    ended = run(line)

    assert (ended.stdout, ended.returncode) == (printed, 3 if "exit" in line else 0)


@pytest.mark.parametrize(
    "command",
    ["cat '", "cat <<END", "cat \\", "{ cat", "cat <<'END'", "cat <<\\END", "cat # '", "( cat"],
)
def test_d1_a_command_that_is_not_complete_does_not_take_in_its_input(command: str) -> None:
    ended = run(f"{command}%END%echo executed%}}%'%touch /nonexistent/x")

    assert "executed" not in ended.stdout.replace("echo executed", "")
    assert "nonexistent" not in ended.stderr


@pytest.mark.slow
@settings(max_examples=25)
@given(words=some.lists(some.text("ab '\"%$`END\t;", min_size=1), max_size=3), stdin=TEXTS)
@example(words=["%"], stdin="END")
def test_d1_arguments_and_input_arrive(words: list[str], stdin: str) -> None:
    quoted = shlex.join([sys.executable, "-S", "-c", PROBE, *words]).replace("%", "\\%")

    ended = run(f"{quoted}%{stdin}")

    expected = command_and_input(f"x%{stdin}")[1]
    assert json.loads(ended.stdout) == [words, expected]
