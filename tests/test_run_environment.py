"""What a run finds around it: variables, folder, umask, niceness; and that its secrets stay so."""

import json
import os
import pwd
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from click.testing import CliRunner

from scheduled import environment
from scheduled.cli import main
from scheduled.environment import UnfitSurroundingsError
from scheduled.history import Row
from scheduled.model import Attempt, Job
from tests.builders.configuration import complaint, refusal, the_job
from tests.builders.engine import Engine
from tests.builders.jobs import job
from tests.builders.people import as_nobody

COMMAND = "schedule: hourly, command: x"
HANDLER = """
import os

def run(context):
    return {"a": os.environ["A"], "cwd": os.getcwd(), "nice": os.nice(0), "umask": os.umask(0)}
"""

# Variables


def test_what_stands_nearer_to_the_run_wins(tmp_path: Path) -> None:
    env_file = file(tmp_path, "B=file\nC=file\nSCHEDULED_JOB=file\n")
    one = job(env={"C": "env", "SCHEDULED_JOB": "env"}, env_file=env_file.name)
    inherited = {"A": "ours", "B": "ours", "C": "ours"}

    found = environment.variables(Attempt("id", one, slot=None), inherited, tmp_path)

    assert [found[name] for name in ("A", "B", "C", "SCHEDULED_JOB")] == [
        "ours",
        "file",
        "env",
        "backup",
    ]


def test_a_command_gets_its_variables_as_they_stand_without_expansion(tmp_path: Path) -> None:
    run(tmp_path, job(command='echo "$A" > out', env={"A": "$HOME `x` é"}))

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
        ("{A: }", 'one.env: A: expected text, found nothing; an empty one is ""'),
        ("{A: [1]}", 'one.env: A: expected text, found a list; an empty one is ""'),
        ("{A-B: 1}", 'one.env: "A-B": the name of a variable has letters, digits and "_"'),
        ("{A: 1, A: 2}", 'one.env: "A" stands here twice, again in line 2'),
        ("text", 'one.env: expected names with values, found "text"'),
    ],
)
def test_variables_that_cannot_be_are_refused(root: Path, env: str, sentence: str) -> None:
    assert complaint(root, f"{{{COMMAND}, env: {env}}}") == sentence


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
        ("A='hunter22", r"A: its quotes do not end"),
        ('A="hunter22" x', r"A: its quotes do not end, or something follows them"),
    ],
)
def test_a_bad_line_is_named_without_the_value_it_may_hold(
    tmp_path: Path, line: str, sentence: str
) -> None:
    path = file(tmp_path, f"GOOD=1\n{line}\n")

    with pytest.raises(UnfitSurroundingsError, match=f"^env_file: {path}:2: {sentence}") as caught:
        entries(tmp_path)

    assert "hunter" not in str(caught.value)


def test_a_run_without_its_file_fails_and_the_next_one_with_it_succeeds(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(command='echo "$A" > out', env_file="job.env")])
    engine.run_at("11:30")

    assert [row["error"] for row in engine.run_at("12:00").failed] == [
        f"env_file: {tmp_path}/job.env: no such file or directory"
    ]
    assert not (tmp_path / "out").exists()
    file(tmp_path, "A=there")
    engine.run_at("13:00")
    assert engine.lines() == ["there"]


def test_a_file_that_others_can_write_to_decides_nothing(tmp_path: Path) -> None:
    path = file(tmp_path, "PATH=/tmp/evil")
    path.chmod(0o666)

    row = run(tmp_path, job(env_file="job.env"))

    assert row["outcome"] == "failed"
    assert f"others can write to it, and with it decide what runs; type: chmod go-w {path}" in str(
        row["error"]
    )


@pytest.mark.parametrize("data", [b"\xff\xfe", b"A=" + b"x" * 2_000_000])
def test_a_file_that_is_no_such_file_fails_the_run_with_a_sentence(
    tmp_path: Path, data: bytes
) -> None:
    file(tmp_path, "").write_bytes(data)

    row = run(tmp_path, job(env_file="job.env"))

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

    run(tmp_path, job(command="pwd > out", cwd=cwd, env={"HOME": str(tmp_path)}))

    assert (tmp_path / "sub" / "out").read_text().strip() == str(tmp_path / "sub")


def test_a_run_without_its_folder_fails_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    missing = run(tmp_path / "a", job(cwd="none"))["error"]
    file_instead = run(tmp_path / "b", job(cwd=str(tmp_path / "file")))["error"]

    assert missing == f"cwd: {tmp_path}/a/none: no such folder"
    assert file_instead == f"cwd: {tmp_path}/file: not a folder"


def test_a_command_creates_files_under_its_umask(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        run(tmp_path, job(command="touch mine; touch out", umask=0o077))
    finally:
        os.umask(before)

    assert (tmp_path / "mine").stat().st_mode & 0o777 == 0o600


def test_a_command_has_the_niceness_it_was_given(tmp_path: Path) -> None:
    run(tmp_path, job(command=("sh", "-c", "nice > out"), nice=7))

    assert (tmp_path / "out").read_text() == "7\n"


def test_a_niceness_that_is_not_permitted_fails_the_run_and_starts_nothing() -> None:
    def attempted() -> None:
        os.nice(5)
        row = run(Path(folder), job(command="touch out", nice=1))
        raise AssertionError(row["error"])

    with TemporaryDirectory() as folder:
        os.chmod(folder, 0o777)  # nobody has nothing to look for where pytest keeps its own
        said = as_nobody(attempted)

        assert "nice: 1: not permitted; going below our own niceness needs root" in said
        assert not Path(folder, "out").exists()


def test_a_handler_finds_the_same_around_it(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(HANDLER)
    (tmp_path / "sub").mkdir()
    one = job(handler="mine:run", env={"A": "1"}, cwd="sub", umask=0o077, nice=3)

    assert run(tmp_path, one)["result"] == {
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
        ("umask: 088", 'one.umask: "088": octal digits like "077"'),
        ("umask: [7]", 'one.umask: a list: octal digits like "077"'),
        ("nice: 20", 'one.nice: "20": a whole number from -20 to 19'),
        ("success_codes: [256]", 'one.success_codes: "256": a whole number from 0 to 255'),
        ("success_codes: []", "one.success_codes: an empty list; it could never succeed"),
        ("defer_codes: -1", 'one.defer_codes: "-1": a whole number from 0 to 255'),
    ],
)
def test_values_out_of_range_are_refused(root: Path, keys: str, sentence: str) -> None:
    assert complaint(root, f"{{{COMMAND}, {keys}}}") == sentence


def test_exit_codes_are_no_matter_of_handlers(root: Path) -> None:
    said = "one.success_codes: is about commands; a handler returns, raises NotNow, or fails"

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
    run(tmp_path, job(command=("sh", "-c", 'echo "$@" > out', "-", "$HOME; *")))

    assert (tmp_path / "out").read_text() == "$HOME; *\n"


# Secrets


def test_a_secret_is_hidden_in_output_result_error_and_journal(tmp_path: Path) -> None:
    file(tmp_path, "DB_PASSWORD=correct-horse")
    command = (
        'echo "$DB_PASSWORD $API_TOKEN $PLAIN"; echo "{\\"token\\": \\"$API_TOKEN\\"}"; exit 1'
    )
    env = {"API_TOKEN": "hunter22", "PLAIN": "in-the-open"}
    one = job(command=command, env=env, env_file="job.env")

    row = run(tmp_path, one)

    log = tmp_path / "state" / "runs" / "backup" / f"{row['run_id']}.log"
    assert log.read_text() == '*** *** in-the-open\n{"token": "***"}\n'
    assert row["result"] == {"token": "***"}
    assert leaks(tmp_path / "state") == []


def test_what_a_handler_returns_fires_and_raises_is_hidden_too(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "import os\n"
        "def run(context):\n"
        "    token = os.environ['API_TOKEN']\n"
        "    context.fire('data_loss_risk', message={'body': f'lost {token}'})\n"
        "    return {'token': token}\n"
        "def bad(context):\n"
        "    raise ValueError('no entry for ' + os.environ['API_TOKEN'])\n"
    )
    env = {"API_TOKEN": "hunter22"}
    engine = Engine(
        tmp_path, [job("a", handler="mine:run", env=env), job("b", handler="mine:bad", env=env)]
    )
    engine.run_at("11:30")

    good, bad = sorted(engine.run_at("12:00").ran, key=lambda row: row["job"])

    assert good["result"] == {"token": "***"}
    assert bad["error"] == "ValueError: no entry for ***"
    assert "lost ***" in json.dumps(engine.state["outbox"])
    assert leaks(tmp_path / "state") == []


def test_a_secret_does_not_survive_a_cut_in_pieces(tmp_path: Path) -> None:
    # 1,000 times 9 bytes cut at 1,024: head and tail end in the middle of it.
    command = 'for i in $(seq 1000); do printf "%s " "$API_TOKEN"; done'
    row = run(tmp_path, job(command=command, env={"API_TOKEN": "hunter22"}, max_output=1024 + 10))

    log = (tmp_path / "state" / "runs" / "backup" / f"{row['run_id']}.log").read_text()
    assert "bytes cut" in log
    assert not any(piece in log for piece in ("hun", "unt", "nte", "ter", "er2", "r22"))


def test_output_of_a_run_that_goes_on_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    command = 'stat -c %a state/runs/backup/*.log > mode; echo "$API_TOKEN"'
    run(tmp_path, job(command=command, env={"API_TOKEN": "hunter22"}, umask=0))

    assert (tmp_path / "mode").read_text() == "600\n"


def test_config_show_and_show_hide_the_secrets_of_a_job(tmp_path: Path) -> None:
    path = tmp_path / "scheduled.yaml"
    path.write_text(
        "jobs:\n  one:\n    schedule: hourly\n    command: curl -u hunter22 localhost\n"
        '    umask: "077"\n    env: {API_TOKEN: hunter22, PIN_TOKEN: 12, PLAIN: in-the-open}\n'
    )
    path.chmod(0o644)

    for words in (["config", "show"], ["show", "one"]):
        said = output(tmp_path, *words)
        told = output(tmp_path, *words, "--json")

        assert "hunter22" not in said + told
        found = json.loads(told)
        definition = found["definition"] if words[0] == "show" else found["jobs"][-1]
        assert definition["env"] == {"API_TOKEN": "***", "PIN_TOKEN": "***", "PLAIN": "in-the-open"}
        assert definition["umask"] == "077"
        assert definition["command"] == "curl -u *** localhost"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "root").mkdir()
    return tmp_path / "root"


def run(folder: Path, one: Job) -> Row:
    """The row of the first run of a job."""
    folder.mkdir(exist_ok=True)
    engine = Engine(folder, [one])
    engine.run_at("11:30")
    (row,) = engine.run_at("12:00").ran
    return row


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
    return {name: found[name] for name in found if name not in before | environment.told(attempt)}


def leaks(folder: Path) -> list[Path]:
    """The files below a folder that hold one of the secrets of these tests."""
    secrets = (b"hunter22", b"correct-horse")
    return [
        path
        for path in folder.rglob("*")
        if path.is_file() and any(secret in path.read_bytes() for secret in secrets)
    ]


def output(root: Path, *words: str) -> str:
    arguments = ["--root", str(root), "--state-dir", str(root / "state"), *words]
    return CliRunner().invoke(main.group, arguments).output
