import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from scheduled.cli.config import config
from scheduled.cli.context import Session
from scheduled.config import load as configuration
from scheduled.errors import ConfigError, UsageError
from scheduled.system.masking import STARS
from tests.builders.command import BARE
from tests.builders.configuration import job_file, written
from tests.builders.crontab import Crontab
from tests.builders.jobs import at

MIGRATION = (Path(__file__).parents[2] / "docs" / "how-to" / "crontab.md").read_text("utf-8")
COMMANDS = ("crontab -l", "scheduled config import --crontab --yes --yaml")
CRONTAB = """\
PATH=/opt/bin:/usr/bin
API_TOKEN=hunter2hunter2
# The database, every night
30 2 * * * backup.sh --all
61 * * * * broken
*/5 * * * * backup.sh --quick
"""
SHIPPED = {"mail_cleanup", "memory_rollover", "health", "metrics", "daily_report"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    path = tmp_path / "root"
    path.mkdir(mode=0o755)
    (path / "tab").write_text(CRONTAB)
    return path


def session(root: Path) -> Session:
    environ = {"HOME": str(root), "TZ": "Europe/Berlin", "PATH": os.environ["PATH"]}
    state_dir = str(root / "state")
    return Session(str(root), state_dir=state_dir, environ=environ, cwd=root, now=at("12:00"))


def call(root: Path, *words: str, stdin: str = "") -> tuple[str, int]:
    result = CliRunner().invoke(
        config, ["import", *words], obj=session(root), input=stdin,
        standalone_mode=False, catch_exceptions=False,
    )  # fmt: skip
    return result.stdout, result.return_value


def told(root: Path, *words: str, stdin: str = "") -> Any:
    return json.loads(call(root, *words, "--json", stdin=stdin)[0])


def jobs(root: Path) -> set[str]:
    found = configuration.load(session(root).path_options)
    assert found.problems == ()
    return {job.id for job in found.jobs} - SHIPPED


def test_d10_without_a_yes_it_shows_a_table_and_writes_nothing(root: Path) -> None:
    before = sorted(root.rglob("*"))

    out, code = call(root, "tab")

    assert out.startswith(
        f"2 jobs from a crontab, for files in {root}/jobs\n\n"
        "LINE  JOB       SCHEDULE     RUNS\n"
        "   4  backup    30 2 * * *   backup.sh --all\n"
        "   6  backup-2  */5 * * * *  backup.sh --quick\n"
    )
    assert "id: backup" not in out
    assert out.endswith("use --yes to write it; --yaml shows the files.\n")
    assert (sorted(root.rglob("*")), code) == (before, 0)


def test_d10_the_files_are_shown_on_demand_and_none_is_written(root: Path) -> None:
    before = sorted(root.rglob("*"))

    out, code = call(root, "tab", "--yaml")

    assert f"{root}/jobs/backup.yaml, from line 4:\n  id: backup\n  description: The" in out
    assert 'line 5: 61 * * * * broken\n    schedule: "61 * * * *": minute 61 is out of' in out
    assert out.endswith("Nothing has been written; use --yes to write it.\n")
    assert (sorted(root.rglob("*")), code) == (before, 0)


def test_what_is_written_loads_without_a_problem(root: Path) -> None:
    out, code = call(root, "tab", "--yes")

    assert jobs(root) == {"backup", "backup-2"}
    assert f"written: {root}/jobs/backup.yaml\n" in out
    assert code == 0


def test_the_lines_to_take_out_of_the_crontab_are_named_exactly(root: Path) -> None:
    out, _ = call(root, "tab", "--yes")

    assert out.split("`crontab -e`:\n")[1] == (
        "  line 4: 30 2 * * * backup.sh --all\n  line 6: */5 * * * * backup.sh --quick\n"
        "\nNothing calls `scheduled run` yet; to have cron do it, type: scheduled cron install\n"
    )


@pytest.mark.parametrize(("last", "is_told"), [("11:59", False), ("2026-11-20T12:00", True)])
def test_where_ticks_come_nobody_is_told_to_install_them(
    last: str, is_told: bool, root: Path
) -> None:
    session(root).store.record(at(last), {"event": "tick", "ran": 0})

    out, code = call(root, "tab", "--yes")

    assert (code, "cron install" in out) == (0, is_told)


def test_the_files_are_for_their_owner_alone_and_secrets_are_not_shown(root: Path) -> None:
    out, _ = call(root, "tab", "--yes", "--yaml")
    path = root / "jobs" / "backup.yaml"

    assert path.stat().st_mode & 0o777 == 0o600
    assert "API_TOKEN: hunter2hunter2" in path.read_text()
    assert "hunter2" not in out
    assert f"API_TOKEN: {STARS}" in out


def test_what_was_imported_is_not_imported_again(root: Path) -> None:
    call(root, "tab", "--yes")

    out, _ = call(root, "tab", "--yes")

    assert "already exists: backup, jobs/backup.yaml:1" in out
    assert out.endswith("Nothing to write.\n")
    assert jobs(root) == {"backup", "backup-2"}


def test_a_name_that_is_taken_by_a_job_or_by_a_file_is_not_used(root: Path) -> None:
    written(root, "jobs:\n  backup: {schedule: daily, command: other}\n")
    job_file(root, "backup-2.yml", "id: different\nschedule: daily\ncommand: third\n")

    assert [job["id"] for job in told(root, "tab")["jobs"]] == ["backup-3", "backup-4"]


def test_a_task_whose_id_is_taken_is_left_out_with_a_suggestion(root: Path) -> None:
    written(root, "jobs:\n  a.b: {schedule: daily, command: other}\n")
    text = "tasks: {a: {b: {schedule: daily, command: x}, c: {schedule: daily, command: y}}}"
    found = told(root, "-", stdin=text)

    assert [job["id"] for job in found["jobs"]] == ["a.c"]
    assert found["left_out"][0]["reason"] == (
        'id: "a.b" is already used by scheduled.yaml:2; a.b-2 is free'
    )


def test_an_unbound_task_is_switched_off_and_loads(root: Path) -> None:
    text = 'tasks: {ams: {sweep: {schedule: "*/5 * * * 7", depth: 3}}}'
    call(root, "-", "--yes", stdin=text)
    (job,) = (
        each
        for each in configuration.load(session(root).path_options).jobs
        if each.id == "ams.sweep"
    )

    assert (job.enabled, job.schedule, job.params) == (False, "*/5 * * * 7", {"depth": 3})


def test_ciris_tasks_become_job_files_and_their_deferrals_go_on(root: Path) -> None:
    told_before = [
        {"deferred_task_id": "x", "deferral_reason": "busy", "deferred_at": "2026-01-01"}
    ]
    task: dict[str, Any] = {"task_id": "wake", "schedule_cron": "0 9 * * 7"}
    task |= {"trigger_prompt": "rise", "deferral_count": 2, "deferral_history": told_before}
    broken = {"task_id": "never", "schedule_cron": "0 0 30 2 *"}
    (root / "tasks.json").write_text(json.dumps({"tasks": [task, broken]}))

    out, code = call(root, "tasks.json", "--yes")

    assert (jobs(root), code) == ({"wake"}, 0)
    assert '1  never             not imported: schedule: "0 0 30 2 *":' in out
    assert "1  wake   0 9 * * 7  nothing yet: a prompt for CIRIS's agent (disabled)\n" in out
    assert "  wake: a prompt for CIRIS's agent; disabled until you add a command" in out
    entry = session(root).store.state["jobs"]["wake"]
    assert entry["deferral_count"] == 2
    assert [entry["reason"] for entry in entry["deferral_history"]] == ["busy"]


def test_nothing_is_remembered_of_tasks_that_are_only_shown(root: Path) -> None:
    task = {"task_id": "wake", "schedule_cron": "0 9 * * *", "deferral_count": 2}
    call(root, "-", stdin=json.dumps(task))

    assert not (root / "state").exists()


def test_settings_become_a_new_configuration(root: Path) -> None:
    (root / "scheduler.yaml").write_text("jobs_dir: mine\nmax_concurrent_jobs: 2\n")
    (root / "mine").mkdir(mode=0o755)
    call(root, "scheduler.yaml", "--yes")
    found = configuration.load(session(root).path_options)

    assert (root / "scheduled.yaml").read_text() == (
        "jobs_dirs: mine\nmax_concurrent: 2\ndefault_timeout: 300\n"
    )
    assert (found.max_concurrent, found.jobs_dirs) == (2, (root / "mine",))


def test_a_configuration_that_is_there_is_left_to_its_owner(root: Path) -> None:
    path = written(root, "# mine\n")
    out, _ = call(root, "-", "--yes", stdin="max_concurrent_jobs: 2\n")

    assert out.endswith(
        f"{path} exists and is not changed. Add to it:\n"
        "  max_concurrent: 2\n  default_timeout: 300\n"
    )
    assert path.read_text() == "# mine\n"


def test_a_setting_that_does_not_fit_is_left_out_and_the_rest_goes_on(root: Path) -> None:
    text = "scheduler: {max_concurrent_tasks: many}\ntasks: {a: {b: {schedule: daily}}}"
    found = told(root, "-", stdin=text)

    assert [entry["reason"] for entry in found["left_out"]] == [
        '"many": expected a whole number from 1 to 1000'
    ]
    assert [job["id"] for job in found["jobs"]] == ["a.b"]


def test_a_folder_that_the_loader_would_refuse_is_told_before_anything_is_written(
    root: Path,
) -> None:
    (root / "jobs").mkdir()
    (root / "jobs").chmod(0o777)

    with pytest.raises(ConfigError, match="others can put files in it"):
        call(root, "tab", "--yes")

    assert list((root / "jobs").iterdir()) == []


def test_ones_own_crontab_is_read_and_not_touched(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = Crontab(tmp_path / "cron")
    own.text = CRONTAB.encode()
    monkeypatch.setenv("PATH", f"{own.bin}:{os.environ['PATH']}")

    call(root, "--crontab", "--yes")

    assert jobs(root) == {"backup", "backup-2"}
    assert own.text == CRONTAB.encode()


def test_the_migration_in_the_documents_is_what_happens(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    section = MIGRATION.split("# Move a crontab")[1].split("\n## ")[0]
    printed = re.split(r"^\$ (.*)\n", section.split("```")[1], flags=re.MULTILINE)
    listed, shown = (printed[printed.index(words) + 1] for words in COMMANDS)
    own = Crontab(tmp_path / "cron")
    own.text = listed.encode()
    monkeypatch.setenv("PATH", f"{own.bin}:{os.environ['PATH']}")

    out, _ = call(root, "--crontab", "--yes", "--yaml")

    assert out.replace(str(root), "/home/ann") == shown


def test_a_crontab_of_the_machine_names_users(root: Path) -> None:
    text = "@daily nobody x\n@daily root y\n@daily nobody z\n"
    found = told(root, "-", "--system", stdin=text)
    mine = {"nobody": ["x", "z"], "root": ["y"]}

    import pwd

    user = pwd.getpwuid(os.getuid()).pw_name
    assert [job["id"] for job in found["jobs"]] == mine.get(user, [])


def test_the_keys_of_import_json(root: Path) -> None:
    found = told(root, "tab", "--yes")

    assert found.keys() == {"kind", "jobs", "settings", "left_out", "notes", "written"}
    assert found["jobs"][0].keys() == {"id", "path", "text", "line", "from", "remove"}
    assert found["left_out"][0].keys() == {"line", "text", "reason"}
    assert (found["kind"], found["settings"]) == ("crontab", None)
    assert found["written"] == [job["path"] for job in found["jobs"]]


def test_the_keys_of_settings_in_json(root: Path) -> None:
    found = told(root, "-", stdin="max_concurrent_jobs: 2\n")

    assert found["settings"] == {
        "path": f"{root}/scheduled.yaml",
        "text": "max_concurrent: 2\ndefault_timeout: 300\n",
        "by_hand": False,
    }
    assert found["written"] == []


@pytest.mark.parametrize(
    ("words", "stdin", "sentence"),
    [
        ((), "", "give one of"),
        (("tab", "--crontab"), "", "give one of"),
        (("absent",), "", "no such file"),
        (("-",), "hello: world\n", "not recognised as a crontab"),
        (("-",), "a: [\n", "neither a crontab nor YAML"),
        (("-", "--from", "aico"), "- a\n", "no keys with values"),
        (("-", "--from", "ciris"), "tasks: []\n", "standard input:1: not JSON"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_sentence(
    root: Path, words: tuple[str, ...], stdin: str, sentence: str
) -> None:
    with pytest.raises(UsageError, match=sentence):
        call(root, *words, stdin=stdin)


def test_a_name_that_a_broken_file_claims_is_not_used(root: Path) -> None:
    job_file(root, "other.yaml", "id: backup\nschedule: never\ncommand: x\n")

    assert [job["id"] for job in told(root, "tab")["jobs"]] == ["backup-2", "backup-3"]


def test_a_problem_that_an_import_brings_about_is_told(root: Path) -> None:
    result = CliRunner().invoke(
        config, ["import", "-", "--yes"], obj=session(root), input="jobs_dir: absent\n",
        standalone_mode=False,
    )  # fmt: skip

    assert f"jobs_dirs: {root}/absent: no such directory; its jobs are not loaded" in result.stderr
    assert result.return_value == 2


@pytest.mark.parametrize(("answer", "found"), [("y", {"backup", "backup-2"}), ("n", set())])
def test_on_a_terminal_it_asks(root: Path, answer: str, found: set[str]) -> None:
    ours, theirs = pty.openpty()
    os.write(ours, f"{answer}\n".encode())
    words = ["--root", str(root), "--state-dir", str(root / "state"), "config", "import", "tab"]
    process = subprocess.run(
        [sys.executable, "-P", "-m", "scheduled", *words],
        cwd=root, env=BARE, stdin=theirs, stdout=theirs, stderr=theirs, check=False,
    )  # fmt: skip
    os.close(theirs)
    os.close(ours)

    assert (jobs(root), process.returncode) == (found, 0)


def test_d10_secrets_are_not_shown_in_the_table(root: Path) -> None:
    (root / "tab").write_text("API_TOKEN=hunter2hunter2\n@daily a --token hunter2hunter2\n")

    assert "hunter2" not in call(root, "tab")[0].split("cron still has")[0]


def test_d7_an_own_crontab_without_entries_is_called_that(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = Crontab(tmp_path / "cron")
    own.text = b"# m h  dom mon dow   command\nPATH=/bin\n"
    monkeypatch.setenv("PATH", f"{own.bin}:{os.environ['PATH']}")

    out, code = call(root, "--crontab")

    assert out.endswith("Nothing to write: there are only comments and variables.\n")
    assert code == 0


@pytest.mark.parametrize(
    "setting", ["", "root: {other}\n", "jobs_dirs: [none, some]\n", "jobs_dirs: {other}/x\n"]
)
@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize("existing", ["", "jobs", "other/jobs", "etc/jobs", "etc/some"])
def test_d10_files_go_where_the_configuration_in_effect_looks_for_them(
    root: Path, setting: str, named: bool, existing: str
) -> None:
    for folder in ("etc", "other", existing):
        (root / folder).mkdir(mode=0o755, parents=True, exist_ok=True)
    path = root / ("etc" if named else "") / "scheduled.yaml"
    path.write_text(setting.format(other=root / "other"))
    path.chmod(0o600)
    environ = {"HOME": str(root), "TZ": "UTC", "PATH": os.environ["PATH"]}
    started = Session(
        None, str(path) if named else None, str(root / "state"), environ=environ, cwd=root,
        now=at("12:00"),
    )  # fmt: skip

    result = CliRunner().invoke(
        config, ["import", "tab", "--yes"], obj=started, standalone_mode=False,
        catch_exceptions=False,
    )  # fmt: skip

    found = configuration.load(started.path_options)
    assert {job.id for job in found.jobs} - SHIPPED == {"backup", "backup-2"}, result.output
