"""`shell:` runs what is a text: the command of a job, and its `only_if`."""

import json
from pathlib import Path

import pytest

from scheduled.jobs.model import Job
from tests.builders.configuration import complaint, loaded, the_job
from tests.builders.engine import Engine
from tests.builders.jobs import at, job
from tests.builders.looks import Home, named

STRICT = ("bash", "-eo", "pipefail", "-c")
PIPE = "false | cat; echo on >> out"


def outcome(folder: Path, one: Job) -> str:
    engine = Engine(folder, [one])
    engine.run_at("11:30")
    engine.run_at("12:00")
    row = engine.rows[-1]
    return f"{row['outcome']}: {row['error'] or row['reason'] or ''}"


def test_e12_a_command_runs_in_its_shell(tmp_path: Path) -> None:
    assert outcome(tmp_path, job(command=PIPE, shell=STRICT)) == "failed: exit code 1"
    assert not (tmp_path / "out").exists()


def test_e12_the_text_is_the_last_argument_whatever_is_in_it(tmp_path: Path) -> None:
    text = 'x\'; "$(touch evil)" `touch evil` %s \\ \n# é'
    code = "import sys; open('out', 'w').write(sys.argv[-1])"

    assert outcome(tmp_path, job(command=text, shell=("python3", "-c", code))) == "succeeded: "
    assert (tmp_path / "out").read_text() == text
    assert not (tmp_path / "evil").exists()


def test_e12_not_even_a_plain_command_goes_round_it(tmp_path: Path) -> None:
    assert outcome(tmp_path, job(command="/bin/true", shell=("/bin/false",))).startswith("failed")


def test_e12_a_list_needs_no_shell(tmp_path: Path) -> None:
    assert outcome(tmp_path, job(command=("true",), shell=("/nowhere",))) == "succeeded: "


@pytest.mark.parametrize("condition", ["false | cat", "[[ a == b ]]"])
def test_e12_a_condition_runs_in_it_as_well(tmp_path: Path, condition: str) -> None:
    asked = job(command="true", only_if=condition, shell=STRICT)

    assert outcome(tmp_path, asked) == "skipped: only_if said no (exit code 1)"


def test_e12_a_shell_that_is_missing_is_named(tmp_path: Path) -> None:
    missing = job(command="echo", shell=("/no/bash", "-c"))
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()

    assert "/no/bash: cannot be started: no such file" in outcome(tmp_path / "a", missing).lower()
    engine = Engine(tmp_path / "b", [job(command="true", only_if="true", shell=("/no/bash",))])
    engine.run_at("11:30")
    assert "shell: /no/bash: no such file" in engine.run_at("12:00").not_started[0][1].lower()


@pytest.mark.parametrize(("written", "words"), [
    ("/bin/bash", ("/bin/bash", "-c")),
    ("[bash, -eo, pipefail, -c]", STRICT),
    ("[python3, -c]", ("python3", "-c")),
])  # fmt: skip
def test_e12_it_is_a_path_or_a_list(root: Path, written: str, words: tuple[str, ...]) -> None:
    assert the_job(root, f"{{schedule: daily, command: x, shell: {written}}}").shell == words


@pytest.mark.parametrize(("keys", "said"), [
    ("command: x, shell: bash -e -c", "write its words as a list, [bash, -e, -c]"),
    ("command: x, shell: []", "an empty list"),
    ("command: x, shell: {a: b}", "expected text"),
    ("command: x, shell: ''", "empty"),
    ("command: [x], shell: bash", "is for a command or an only_if that is a text"),
    ("handler: health, shell: bash", "is for a command or an only_if that is a text"),
])  # fmt: skip
def test_e12_what_makes_no_shell_is_refused(root: Path, keys: str, said: str) -> None:
    assert said in complaint(root, f"{{schedule: daily, {keys}}}")


def test_e12_as_a_default_it_is_for_texts_and_show_says_so(root: Path) -> None:
    home = Home(root)
    home.configure(
        "defaults: {shell: [bash, -eo, pipefail, -c]}\njobs:\n"
        "  a: {schedule: daily, command: x}\n  b: {schedule: daily, command: [x]}\n"
        "  c: {schedule: daily, command: x, shell: null}\n  d: {schedule: daily, handler: health}\n"
    )

    assert [home.jobs()[id_].shell for id_ in "ac"] == [STRICT, ()]
    assert {*"abcd"} <= home.jobs().keys()
    assert "bash -eo pipefail -c (from defaults, scheduled.yaml:1)" in home.call("show", "a").out


def test_e12_a_crontab_has_the_same_shell(root: Path) -> None:
    home = Home(root)
    home.configure("jobs:\n  a: {schedule: '0 3 * * *', command: 'a | b', shell: [bash, -ec]}\n")

    lines = home.call(named("config"), "export", "--crontab", now=at("12:00")).out

    assert "0 3 * * *" in lines
    assert "exec bash -ec 'a | b'" in lines


def test_e12_create_and_update_take_it(root: Path) -> None:
    home = Home(root)

    made = home.call("create", "a", "daily", "--command", "x", "--set", "shell=[bash, -ec]")
    shell = home.jobs()["a"].shell
    home.call("update", "a", "--set", "shell=/bin/dash")

    assert (made.code, shell, home.jobs()["a"].shell) == (0, ("bash", "-ec"), ("/bin/dash", "-c"))


def test_e12_validate_says_that_the_shell_is_missing(root: Path) -> None:
    home = Home(root)
    home.configure("jobs:\n  a: {schedule: daily, command: 'true', shell: /no/such/shell}\n")

    said = home.call(named("config"), "validate")

    assert "/no/such/shell: no such program" in said.out + said.err
    assert loaded(root, (root / "scheduled.yaml").read_text()).problems == ()
    assert json.loads(home.call("show", "a", "--json").out)["definition"]["shell"] == [
        "/no/such/shell",
        "-c",
    ]
