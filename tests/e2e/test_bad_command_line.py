"""The command line in wrong hands and odd surroundings: nothing runs that should not.

Configurations that cannot be followed, words nobody knows, terminals and encodings of all
kinds, output that goes nowhere.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.builders import ecosystem
from tests.builders.command import BARE, Said, options, scheduled, state_dir, tree
from tests.builders.installed import WITHOUT_SWEEPS, configure, state
from tests.builders.jobs import RARELY

SWEEPS = {"health", "mail_cleanup", "memory_rollover", "metrics"}
DESCRIPTION = "[/rc] ünï → 👩 " + "long " * 40
QUICK = f"""\
  quick: {{schedule: {RARELY}, first_run: now, command: "true", description: "{DESCRIPTION}"}}
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return ecosystem.home(tmp_path / "home")


@pytest.fixture
def quick(home: Path) -> Path:
    """The same with one quick job in place of the sweeps."""
    configure(home, WITHOUT_SWEEPS + QUICK)
    return home


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("jobz: {}\n", "scheduled.yaml:1: jobz: unknown key; did you mean jobs?"),
        ("jobs:\n\ta: 1\n", "scheduled.yaml:2: a tab"),
        ("timezone: Mars/Base\n", 'scheduled.yaml:1: timezone: time zone "Mars/Base"'),
        ("jobs:\n  a: {command: x, schedule: */5 * * * *}\n", "put the value in quotes"),
        ("- a\n", "scheduled.yaml:1: expected keys like jobs, found a list"),
        ("\0", "scheduled.yaml:1: contains U+0000"),
    ],
)
def test_a_configuration_that_cannot_be_followed_ends_with_two_and_starts_nothing(
    home: Path, text: str, sentence: str
) -> None:
    configure(home, text)
    before = tree(home)

    said = scheduled(home, "run")

    assert said.code == 2
    assert sentence in said.err
    assert said.is_plain_speech
    assert tree(home) == before


def test_what_is_wrong_with_one_job_stops_that_job_alone(home: Path) -> None:
    configure(home, "jobs:\n  mine: {schedul: hourly, command: 'true'}\n")

    said = scheduled(home, "run", "--json")

    assert said.code == 2
    assert "jobs.mine.schedul: unknown key; did you mean schedule?" in said.err
    assert {run["job"] for run in json.loads(said.out)["runs"]} == {*SWEEPS, "daily_report"}


def test_a_configuration_that_others_can_write_to_is_refused(home: Path) -> None:
    configure(home, "jobs: {}\n").chmod(0o666)
    before = tree(home)

    said = scheduled(home, "run")

    path = home / "scheduled.yaml"
    refused = f"scheduled: {path}: others can write to it; type: chmod go-w {path}\n"
    assert said == Said(2, "", f"{refused}No job runs until that is fixed.\n")
    assert tree(home) == before


@pytest.mark.parametrize(
    ("words", "token", "advice"),
    [
        ("rnu", "'rnu'", "did you mean run?"),
        ("run --frce", "--frce", "--force"),
        ("run --rot x", "--rot", "--root"),
        ("run extra", "extra", "one word too many"),
        ("run --only helth", "'helth'", "did you mean health?"),
        ("run --only tag:nope", "'tag:nope'", "`scheduled list`"),
        ("trigger ../../etc", "'../../etc'", "`scheduled list`"),
        ("history --since never", "'never'", "write 2h (ago)"),
        ("next health -n 0", "-n", "from 1 to"),
        ("--stat-dir x run", "--stat-dir", "--state-dir"),
    ],
)
def test_unknown_words_are_named_and_nothing_runs(
    home: Path, words: str, token: str, advice: str
) -> None:
    said = scheduled(home, *words.split())

    assert said.code == 2
    assert token in said.err
    assert advice in said.err
    assert said.is_plain_speech
    assert {path.name for path in state_dir(home).glob("*")} <= {"cache"}


@pytest.mark.parametrize(
    "words", ["--help", "run --help", "run --force --help", "--help run", "trigger health -h"]
)
def test_help_anywhere_runs_nothing(home: Path, words: str) -> None:
    said = scheduled(home, *words.split())

    assert (said.code, said.err) == (0, "")
    assert said.out.startswith("Usage: scheduled")
    assert not state_dir(home).exists()


@pytest.mark.parametrize(
    "surroundings",
    [
        {"COLUMNS": "20"},
        {"FORCE_COLOR": "1", "TERM": "xterm-256color"},
        {"NO_COLOR": "1"},
        {"TERM": "dumb"},
        {"LANG": "C", "LC_ALL": "C"},
        {"LC_ALL": "POSIX", "PYTHONIOENCODING": "ascii"},
        {"LC_ALL": "de_DE.ISO-8859-1"},
        {"PYTHONUTF8": "0", "PYTHONIOENCODING": "latin-1"},
    ],
    ids=lambda setting: " ".join(f"{key}={value}" for key, value in setting.items()),
)
def test_json_is_plain_json_in_any_surroundings(quick: Path, surroundings: dict[str, str]) -> None:
    environment = {**BARE, **surroundings}

    documents = [
        json.loads(scheduled(quick, *words.split(), "--json", env=environment).out)
        for words in ("run", "list", "status", "history", "show quick", "next quick", "config show")
    ]

    assert DESCRIPTION.strip() in [job["description"] for job in documents[1]["jobs"]]
    (page,) = [scheduled(quick, "list", env=environment)]
    assert (page.code, page.err) == (0, "")


READERS = (
    *("stats", "telemetry tasks", "telemetry list", "check", "incidents --all", "why quick"),
    *("handlers", "cron show", "state check", "dead-letter list", "config validate"),
    *("history --gaps", "simulate --to 1h", "doctor", "list --all", "next"),
)


def test_json_of_every_command_that_reads_is_plain_on_a_narrow_coloured_terminal(
    quick: Path,
) -> None:
    terminal = {"COLUMNS": "20", "FORCE_COLOR": "1", "TERM": "xterm-256color"}
    assert scheduled(quick, "trigger", "quick").code == 0

    for words in READERS:
        said = scheduled(quick, *words.split(), "--json", env={**BARE, **terminal})
        assert isinstance(json.loads(said.out), dict), words
        assert "\x1b" not in said.out, words


@pytest.mark.parametrize("redirection", [">&-", "2>&-", ">&- 2>&- <&-"])
def test_closed_streams_do_not_keep_a_tick_from_its_work(quick: Path, redirection: str) -> None:
    said = in_shell(quick, f"run --json {redirection}")

    assert (said.code, said.err) == (0, "")
    assert state(quick)["jobs"]["quick"]["counts"] == {"succeeded": 1}
    for path in (state_dir(quick) / "journal").iterdir():
        assert all(json.loads(line)["event"] for line in path.read_text().splitlines())


@pytest.mark.parametrize("command", ["run --json", "-v run", "status", "list --json", "--help"])
def test_output_that_cannot_be_written_is_said_and_what_was_done_is_saved(
    quick: Path, command: str
) -> None:
    said = in_shell(quick, f"{command} > /dev/full")

    assert (said.code, said.err) == (
        1,
        "scheduled: output could not be written: no space left on device\n",
    )
    if "run" in command:
        assert state(quick)["jobs"]["quick"]["counts"] == {"succeeded": 1}


def test_a_full_stderr_changes_no_exit_code(home: Path) -> None:
    assert in_shell(home, "nonsense 2> /dev/full").code == 2


def test_a_reader_that_has_gone_is_no_failure_of_a_job(quick: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)

    said = scheduled(quick, "run", "--json", stdout=writer)

    os.close(writer)
    assert (said.code, said.err) == (141, "")
    assert state(quick)["jobs"]["quick"]["counts"] == {"succeeded": 1}


def in_shell(home: Path, command: str) -> Said:
    """The command line as a shell with redirections runs it."""
    words = " ".join([sys.executable, "-P", "-m", "scheduled", *options(home)])
    answer = subprocess.run(
        ["/bin/sh", "-c", f"{words} {command}"], env=BARE, capture_output=True, check=False
    )
    return Said(answer.returncode, answer.stdout.decode(), answer.stderr.decode())
