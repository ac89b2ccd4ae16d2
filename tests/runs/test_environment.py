"""What a run finds around it: variables, folder, umask, niceness."""

import json
import os
import pwd
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from scheduled.jobs.model import Attempt
from scheduled.runs import environment
from scheduled.runs.environment import UnusableEnvironmentError
from scheduled.ticks import tick
from tests.builders.configuration import complaint, refusal, the_job
from tests.builders.engine import Engine, first_run
from tests.builders.jobs import at, job
from tests.builders.people import NOBODY, as_nobody

COMMAND = "schedule: hourly, command: x"
HANDLER = """
import os

def run(context):
    return {"a": os.environ["A"], "cwd": os.getcwd(), "nice": os.nice(0), "umask": os.umask(0)}
"""

# Variables


def test_what_stands_nearer_to_the_run_wins(tmp_path: Path) -> None:
    env_file = file(tmp_path, "B=file\nC=file\nSCHEDULED_JOB=file\n")
    the_job = job(env={"C": "env", "SCHEDULED_JOB": "env"}, env_file=env_file.name)
    inherited = {"A": "ours", "B": "ours", "C": "ours"}

    found = environment.variables(Attempt("id", the_job, slot=None), inherited, tmp_path)

    assert [found[name] for name in ("A", "B", "C", "SCHEDULED_JOB")] == [
        "ours",
        "file",
        "env",
        "backup",
    ]


def test_a_command_gets_its_variables_as_they_stand_without_expansion(tmp_path: Path) -> None:
    first_run(tmp_path, job(command='echo "$A" > out', env={"A": "$HOME `x` é"}))

    assert (tmp_path / "out").read_text("utf-8") == "$HOME `x` é\n"


def test_home_is_looked_up_where_it_is_missing_and_path_is_left_alone(tmp_path: Path) -> None:
    attempt = Attempt("id", job(), slot=None)

    found = environment.variables(attempt, {"PATH": "/usr/bin:/bin"}, tmp_path)

    assert found["HOME"] == pwd.getpwuid(os.geteuid()).pw_dir
    assert found["PATH"] == "/usr/bin:/bin"
    assert "LANG" not in found
    assert environment.variables(attempt, {"HOME": "/h"}, tmp_path)["HOME"] == "/h"


def test_values_are_taken_from_yaml_as_they_were_written(root: Path) -> None:
    found = the_job(root, f'{{{COMMAND}, env: {{A: yes, B: 010, C: 1.50, D: "", E: "a b"}}}}')

    assert found.env == {"A": "yes", "B": "010", "C": "1.50", "D": "", "E": "a b"}


@pytest.mark.parametrize(
    ("env", "sentence"),
    [
        ("{A: }", 'one.env: A: expected text, found nothing; write "" for none'),
        ("{A: [1]}", 'one.env: A: expected text, found a list; write "" for none'),
        ("{A-B: 1}", 'one.env: "A-B": the name of a variable has letters, digits and "_"'),
        ("{A: 1, A: 2}", 'one.env: duplicate key "A", again in line 2'),
        ("text", 'one.env: expected names with values, found "text"'),
    ],
)
def test_variables_that_cannot_be_are_refused(root: Path, env: str, sentence: str) -> None:
    assert complaint(root, f"{{{COMMAND}, env: {env}}}") == sentence


def test_a_command_and_a_handler_work_in_crons_bare_environment(tmp_path: Path) -> None:
    # whenever#231, urlwatch#51: it worked in a terminal, and failed under cron.
    (tmp_path / "handlers.py").write_text("def speak(context):\n    print('é', flush=True)\n")
    handler = job("a", handler="handlers:speak", env={"PYTHONPATH": str(tmp_path)})
    command = job("b", command='echo "$HOME $PATH ${LANG-none}" > out')
    engine = Engine(tmp_path, [handler, command])
    engine.run_at("11:30")

    report = tick.run(engine.config, at("12:00"), environ={"PATH": "/usr/bin:/bin"})

    assert [row["error"] for row in report.ran] == [None, None]
    home = pwd.getpwuid(os.geteuid()).pw_dir
    assert engine.lines() == [f"{home} /usr/bin:/bin none"]
    (log,) = (engine.state_dir / "runs" / "a").glob("*.log")
    assert log.read_text("utf-8") == "é\n"


def test_a_run_knows_which_slot_it_answers_for(tmp_path: Path) -> None:
    # dagu#1855, Cronicle#532.
    engine = Engine(tmp_path, [job(command="env | grep ^SCHEDULED_ | grep -v RUN_ID | sort > out")])
    for when in ("09:30", "10:00"):
        engine.run_at(when)

    engine.run_at("12:10")

    said = dict(line.split("=", 1) for line in engine.lines())
    assert said.pop("SCHEDULED_LAST_SUCCESS").startswith("2026-11-21T10:00:00")
    assert said == {
        "SCHEDULED_JOB": "backup",
        "SCHEDULED_SLOT": "2026-11-21T12:00:00Z",
        "SCHEDULED_ATTEMPT": "1",
        "SCHEDULED_CATCH_UP": "1",
        "SCHEDULED_MISSED": "1",
    }


def test_a_command_is_given_its_params_as_json(tmp_path: Path) -> None:
    params = {"prompt": 'say "é"\nthen', "tries": 3}
    engine = Engine(tmp_path, [job(command='printf %s "$SCHEDULED_PARAMS" > out', params=params)])
    engine.run_at("11:30")

    engine.run_at("12:00")

    assert json.loads((tmp_path / "out").read_text()) == params


# The file of variables


def test_a_file_of_variables_is_read_as_a_shell_would(tmp_path: Path) -> None:
    file(
        tmp_path,
        "# a comment\n\n"
        "PLAIN= a b \n"
        "export EXPORTED=x # comment\n"
        "HASH=a#b\n"
        "EMPTY= # comment\n"
        "SINGLE='a \"b\" \\n $c' # comment\n"
        'DOUBLE="a \\"b\\" \\$c \\\\ \\d\\n."\n'
        "URL=postgres://u:p@host/db?a=b\r\n",
    )

    assert entries(tmp_path) == {
        "PLAIN": "a b",
        "EXPORTED": "x",
        "HASH": "a#b",
        "EMPTY": "",
        "SINGLE": 'a "b" \\n $c',
        "DOUBLE": 'a "b" $c \\ \\d\n.',
        "URL": "postgres://u:p@host/db?a=b",
    }


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("hunter22", r"expected NAME=VALUE$"),
        ("A B=hunter22", r"expected NAME=VALUE$"),
        ("=hunter22", r"expected NAME=VALUE$"),
        ("A=hunter\x0022", r"expected NAME=VALUE$"),
        ("A='hunter22", r"A: unterminated quotes"),
        ('A="hunter22" x', r"A: unterminated quotes, or text after them"),
    ],
)
def test_a_bad_line_is_named_without_the_value_it_may_hold(
    tmp_path: Path, line: str, sentence: str
) -> None:
    path = file(tmp_path, f"GOOD=1\n{line}\n")

    with pytest.raises(
        UnusableEnvironmentError, match=f"^env_file: {path}:2: {sentence}"
    ) as caught:
        entries(tmp_path)

    assert "hunter" not in str(caught.value)


def test_a_run_without_its_file_fails_and_the_next_one_with_it_succeeds(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(command='echo "$A" > out', env_file="job.env")])
    engine.run_at("11:30")

    assert [row["error"] for row in engine.run_at("12:00").failed] == [
        f"env_file: {tmp_path}/job.env: no such file"
    ]
    assert not (tmp_path / "out").exists()
    file(tmp_path, "A=there")
    engine.run_at("13:00")
    assert engine.lines() == ["there"]


def test_a_file_that_others_can_write_to_decides_nothing(tmp_path: Path) -> None:
    path = file(tmp_path, "PATH=/tmp/evil")
    path.chmod(0o666)

    row = first_run(tmp_path, job(env_file="job.env"))

    assert row["outcome"] == "failed"
    assert f"others can write to it; type: chmod go-w {path}" in str(row["error"])


@pytest.mark.parametrize("data", [b"\xff\xfe", b"A=" + b"x" * 2_000_000])
def test_a_file_of_anything_else_fails_the_run_with_a_sentence(tmp_path: Path, data: bytes) -> None:
    file(tmp_path, "").write_bytes(data)

    row = first_run(tmp_path, job(env_file="job.env"))

    assert str(row["error"]).startswith(f"env_file: {tmp_path}/job.env: ")


def test_the_file_lies_beside_the_configuration_or_at_home(tmp_path: Path) -> None:
    file(tmp_path, "A=1")

    for path in ("job.env", "~/job.env", str(tmp_path / "job.env")):
        attempt = Attempt("id", job(env_file=path), slot=None)
        assert environment.variables(attempt, {"HOME": str(tmp_path)}, tmp_path)["A"] == "1"


# Folder, umask, niceness


@pytest.mark.parametrize("cwd", ["sub", "~/sub"])
def test_a_run_starts_in_its_folder(tmp_path: Path, cwd: str) -> None:
    (tmp_path / "sub").mkdir()

    first_run(tmp_path, job(command="pwd > out", cwd=cwd, env={"HOME": str(tmp_path)}))

    assert (tmp_path / "sub" / "out").read_text().strip() == str(tmp_path / "sub")


def test_a_run_without_its_folder_fails_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    missing = first_run(tmp_path / "a", job(cwd="none"))["error"]
    file_instead = first_run(tmp_path / "b", job(cwd=str(tmp_path / "file")))["error"]

    assert missing == f"cwd: {tmp_path}/a/none: no such directory"
    assert file_instead == f"cwd: {tmp_path}/file: not a directory"


def test_a_command_creates_files_under_its_umask(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        first_run(tmp_path, job(command="touch mine; touch out", umask=0o077))
    finally:
        os.umask(before)

    assert (tmp_path / "mine").stat().st_mode & 0o777 == 0o600


def test_a_command_has_the_niceness_it_was_given(tmp_path: Path) -> None:
    first_run(tmp_path, job(command=("sh", "-c", "nice > out"), nice=7))

    assert (tmp_path / "out").read_text() == "7\n"


def test_a_niceness_that_is_not_permitted_fails_the_run_and_starts_nothing() -> None:
    def attempted() -> None:
        os.nice(5)
        row = first_run(Path(folder), job(command="touch out", nice=1))
        raise AssertionError(row["error"])

    with TemporaryDirectory() as folder:
        if os.geteuid() == 0:
            os.chown(folder, NOBODY, NOBODY)  # it has nothing to look for in what pytest keeps
        said = as_nobody(attempted)

        assert "nice: 1: not permitted; going below that of the tick needs root" in said
        assert not Path(folder, "out").exists()


def test_a_handler_finds_the_same_around_it(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(HANDLER)
    (tmp_path / "sub").mkdir()
    the_job = job(handler="mine:run", env={"A": "1"}, cwd="sub", umask=0o077, nice=3)

    assert first_run(tmp_path, the_job)["result"] == {
        "a": "1",
        "cwd": str(tmp_path / "sub"),
        "nice": 3,
        "umask": 0o077,
    }


def test_a_umask_is_octal_quoted_or_not(root: Path) -> None:
    assert [
        the_job(root, f"{{{COMMAND}, umask: {text}}}").umask
        for text in ('"077"', "077", "77", "0o027", "0002")
    ] == [0o77, 0o77, 0o77, 0o27, 0o2]


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ("umask: 088", 'one.umask: "088": expected octal digits like "077"'),
        ("umask: [7]", 'one.umask: a list: expected octal digits like "077"'),
        ("nice: 20", 'one.nice: "20": expected a whole number from -20 to 19'),
        ("success_codes: [256]", 'one.success_codes: "256": expected a whole number from 0 to 255'),
        ("success_codes: []", "one.success_codes: an empty list; it could never succeed"),
        ("defer_codes: -1", 'one.defer_codes: "-1": expected a whole number from 0 to 255'),
    ],
)
def test_values_out_of_range_are_refused(root: Path, keys: str, sentence: str) -> None:
    assert complaint(root, f"{{{COMMAND}, {keys}}}") == sentence


def test_exit_codes_are_no_matter_of_handlers(root: Path) -> None:
    said = "one.success_codes: is for commands; a handler returns, raises NotNow, or fails"

    assert complaint(root, "{schedule: hourly, handler: health, success_codes: 1}") == said


@pytest.mark.parametrize(
    "key", ['command: "a\\0b"', 'command: [echo, "a\\0b"]', 'env: {A: "a\\0b"}']
)
def test_a_nul_is_refused_where_the_file_is_read(root: Path, key: str) -> None:
    said = refusal(root, f"jobs:\n  one: {{schedule: hourly, {key}}}\n")

    assert "contains a character no text can hold" in said


@pytest.mark.parametrize("command", ['""', "[]", '["", x]', '"  "'])
def test_an_empty_command_is_refused(root: Path, command: str) -> None:
    assert "empty" in complaint(root, f"{{schedule: hourly, command: {command}}}")


def test_a_list_needs_no_shell_and_a_string_gets_one(tmp_path: Path) -> None:
    first_run(tmp_path, job(command=("sh", "-c", 'echo "$@" > out', "-", "$HOME; *")))

    assert (tmp_path / "out").read_text() == "$HOME; *\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "root").mkdir()
    return tmp_path / "root"


def file(folder: Path, text: str) -> Path:
    path = folder / "job.env"
    path.write_text(text, newline="")
    path.chmod(0o600)
    return path


def entries(folder: Path) -> dict[str, str]:
    """The variables in the file of a folder."""
    before = {"HOME": "/"}
    attempt = Attempt("id", job(env_file="job.env"), slot=None)
    found = environment.variables(attempt, before, folder)
    return {
        name: found[name]
        for name in found
        if name not in before | environment.run_variables(attempt)
    }
