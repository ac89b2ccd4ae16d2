"""The secrets of a job: hidden in all that is kept of its runs and shown of it."""

import json
from pathlib import Path

from click.testing import CliRunner

from scheduled.cli import main
from tests.builders.engine import Engine, first_run
from tests.builders.jobs import job
from tests.builders.killed import tick_and_kill


def test_a_secret_is_hidden_in_output_result_error_and_journal(tmp_path: Path) -> None:
    (tmp_path / "job.env").write_text("DB_PASSWORD=correct-horse")
    (tmp_path / "job.env").chmod(0o600)
    command = (
        'echo "$DB_PASSWORD $API_TOKEN $PLAIN"; echo "{\\"token\\": \\"$API_TOKEN\\"}"; exit 1'
    )
    env = {"API_TOKEN": "hunter22", "PLAIN": "in-the-open"}
    secret_job = job(command=command, env=env, env_file="job.env")

    row = first_run(tmp_path, secret_job)

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
    # 1,000 times 9 bytes, of which 517 stay at either end: the cut goes through two of them.
    command = 'for i in $(seq 1000); do printf "%s " "$API_TOKEN"; done'
    row = first_run(
        tmp_path, job(command=command, env={"API_TOKEN": "hunter22"}, max_output=1024 + 10)
    )

    log = (tmp_path / "state" / "runs" / "backup" / f"{row['run_id']}.log").read_text()
    assert "bytes cut" in log
    assert not any(piece in log for piece in ("hun", "unt", "nte", "ter", "er2", "r22"))


def test_output_of_a_run_that_goes_on_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    command = 'stat -c %a state/runs/backup/*.log > mode; echo "$API_TOKEN"'
    first_run(tmp_path, job(command=command, env={"API_TOKEN": "hunter22"}, umask=0))

    assert (tmp_path / "mode").read_text() == "600\n"


def test_the_output_of_a_run_whose_tick_was_killed_is_masked_at_recovery(
    tmp_path: Path,
) -> None:
    (tmp_path / "job.env").write_text("DB_PASSWORD=correct-horse")
    (tmp_path / "job.env").chmod(0o600)
    command = 'echo "$DB_PASSWORD $API_TOKEN plain"; echo x >> out; test -f ready || sleep 30'
    env = {"API_TOKEN": "hunter22"}
    engine = Engine(tmp_path, [job(command=command, env=env, env_file="job.env")])
    engine.run_at("11:30")
    tick_and_kill(engine, "12:00")
    (log,) = (engine.state_dir / "runs").rglob("*.log")
    log.with_suffix(".result").write_text('{"result": "hunter22"}')
    assert len(leaks(engine.state_dir)) == 2
    (tmp_path / "ready").touch()

    engine.run_at("12:01")

    assert log.read_text() == "*** *** plain\n"
    assert leaks(engine.state_dir) == []


def test_secrets_that_are_no_longer_to_be_had_are_said_to_be_in_the_output(tmp_path: Path) -> None:
    (tmp_path / "job.env").write_text("DB_PASSWORD=correct-horse")
    (tmp_path / "job.env").chmod(0o600)
    command = 'echo "$DB_PASSWORD $API_TOKEN"; echo x >> out; sleep 30'
    secret_job = job(command=command, env={"API_TOKEN": "hunter22"}, env_file="job.env")
    engine = Engine(tmp_path, [secret_job])
    engine.run_at("11:30")
    tick_and_kill(engine, "12:00")
    (tmp_path / "job.env").unlink()

    report = engine.run_at("12:01")

    (log,) = (engine.state_dir / "runs").rglob("*.log")
    assert log.read_text() == "correct-horse ***\n"
    assert f"backup: {log}: may hold secrets: " in report.warnings[0]


def test_config_show_and_show_hide_the_secrets_of_a_job(tmp_path: Path) -> None:
    path = tmp_path / "scheduled.yaml"
    path.write_text(
        "jobs:\n  one:\n    schedule: hourly\n    command: curl -u hunter22 localhost\n"
        '    umask: "077"\n    env: {API_TOKEN: hunter22, PIN_TOKEN: 12, PLAIN: in-the-open}\n'
    )
    path.chmod(0o644)

    for words in (["config", "show"], ["show", "one"]):
        text = output(tmp_path, *words)
        document = output(tmp_path, *words, "--json")

        assert "hunter22" not in text + document
        found = json.loads(document)
        definition = found["definition"] if words[0] == "show" else found["jobs"][-1]
        assert definition["env"] == {"API_TOKEN": "***", "PIN_TOKEN": "***", "PLAIN": "in-the-open"}
        assert definition["umask"] == "077"
        assert definition["command"] == "curl -u *** localhost"


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
