"""A command that needs no shell does the same without one, and what needs one gets it."""

import os
import random
import subprocess
from pathlib import Path
from typing import Any

import pytest

from scheduled.runs import plain_command
from tests.builders.engine import Engine
from tests.builders.jobs import job

LOOK = """\
#!/bin/sh
{ echo "$#"; for word; do printf '<%s>' "$word"; done; echo " $PWD $0"; } > seen
"""


@pytest.mark.parametrize(
    "command",
    [
        "true",
        "backup.sh --all",
        "A=/bin/true",
        "A=1 /bin/true",
        "~/bin/true",
        "/bin/true | cat",
        "/bin/true && x",
        "/bin/echo $HOME",
        "/bin/echo *",
        "/bin/echo 'a b'",
        '/bin/echo "a"',
        "/bin/echo a\\ b",
        "/bin/echo a # b",
        "/bin/echo a;",
        "/bin/echo a > b",
        "/bin/echo {a,b}",
        "/bin/echo [a]",
        "/bin/echo !a",
        "/bin/echo (a)",
        "/bin/echo a\n/bin/echo b",
        "/bin/echo a\r",
        "/bin/echo a\N{NO-BREAK SPACE}b",
        "/bin/echo \N{LATIN SMALL LETTER E WITH ACUTE}",
        "`/bin/true`",
        "",
        "  ",
    ],
)
def test_what_may_need_a_shell_gets_it(command: str) -> None:
    assert plain_command.words(command) == []


def test_any_plain_command_has_the_words_that_a_shell_makes_of_it(tmp_path: Path) -> None:
    script = tmp_path / "look"
    script.write_text(LOOK)
    script.chmod(0o755)
    chosen, characters = random.Random(7), plain_command.PLAIN + "aZ09 \t"
    for _ in range(60):
        rest = "".join(chosen.choices(characters, k=chosen.randrange(12)))
        command = f"{script} {rest}"
        seen = []
        for words in (["/bin/sh", "-c", command], plain_command.words(command)):
            environ = {"PWD": str(tmp_path)}
            subprocess.run(words, cwd=tmp_path, env=environ, check=True)
            seen.append((tmp_path / "seen").read_text())

        assert seen[0] == seen[1], command


def test_a_plain_command_is_run_as_by_a_shell(tmp_path: Path) -> None:
    script = tmp_path / "look"
    script.write_text(LOOK)
    script.chmod(0o755)

    ran(tmp_path, "./look --all a=b 50%")

    place = os.path.realpath(tmp_path)
    assert (tmp_path / "seen").read_text() == f"3\n<--all><a=b><50%> {place} ./look\n"


@pytest.mark.parametrize(
    ("content", "mode", "code"),
    [(None, 0, 127), ("exit 9", 0o644, 126), ("exit 9", 0o755, 9), ("#!/no/such\n", 0o755, 127)],
)
def test_what_cannot_be_started_is_what_a_shell_makes_of_it(
    tmp_path: Path, content: str | None, mode: int, code: int
) -> None:
    if content is not None:
        (tmp_path / "script").write_text(content)
        (tmp_path / "script").chmod(mode)

    engine = ran(tmp_path, "./script a")

    ends = [event for event in engine.events if event["event"] == "end"]
    assert ends[-1]["exit_code"] == code
    if code != 9:
        (log,) = (tmp_path / "state" / "runs" / "backup").glob("*.log")
        assert "./script" in log.read_text()


@pytest.mark.parametrize("key", ["success_codes", "defer_codes"])
def test_the_code_that_a_shell_has_for_a_killed_command_counts_as_it_did(
    tmp_path: Path, key: str
) -> None:
    told = []
    for number, command in enumerate(("./script", "./script;")):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "script").write_text("#!/bin/sh\nkill -KILL $$\n")
        (folder / "script").chmod(0o755)
        (row,) = ran(folder, command, **{key: (137,)}).rows
        told.append((row["outcome"], row["reason"], row["error"]))

    assert told[0] == told[1]


def ran(folder: Path, command: str, **fields: Any) -> Engine:
    engine = Engine(folder, [job(command=command, **fields)])
    engine.run_at("11:30")
    engine.run_at("12:00")
    return engine
