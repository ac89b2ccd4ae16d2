"""`scheduled doctor` finds what was planted: real files, real owners, a real second process.

What needs cron itself is in tests/e2e.
"""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from scheduled.cli import diagnosis
from scheduled.cli.context import Session
from scheduled.installation.doctor import checks, this_machine
from scheduled.state import heartbeat
from scheduled.state.heartbeat import Heartbeat
from tests.builders import needs, people
from tests.builders.doctored import JOB, Patient, problems
from tests.builders.jobs import at
from tests.builders.looks import Home
from tests.builders.people import MALLORY

UNEXCLUSIVE = "int flock(int fd, int operation) { return 0; }\n"
"""A file system on which locks exclude nobody."""


def test_every_check_says_something_and_the_exit_code_is_that_of_the_gravest(
    patient: Patient,
) -> None:
    code, _, _ = patient.call("doctor", "--json")
    document = patient.examine()

    assert document["version"] == 1
    assert {row["check"] for row in document["findings"]} == {check.name for check in checks.TABLE}
    assert all([*row] == ["check", "level", "message", "remedy"] for row in document["findings"])
    levels = {row["level"] for row in document["findings"]}
    assert code == max({"ok": 0, "warning": 1, "error": 2}[level] for level in levels)


def test_what_is_wrong_has_a_remedy_and_what_is_well_has_none(patient: Patient) -> None:
    patient.configure('  backup: {command: "no-such-program", schedule: daily}\n')

    for row in patient.examine()["findings"]:
        assert bool(row["remedy"]) == (row["level"] != "ok"), row


def test_a_person_sees_only_what_is_wrong_each_with_its_remedy(patient: Patient) -> None:
    patient.configure('  backup: {command: "no-such-program", schedule: daily}\n')

    _, printed, _ = patient.call("doctor")
    _, everything, _ = patient.call("doctor", "--verbose")

    assert "error: programs: backup: no-such-program: not found in the PATH" in printed
    assert (
        f"  scheduled --root {patient.root} --state-dir {patient.state_dir} show backup" in printed
    )
    assert "\nok:" not in printed
    assert "\nok: disk: " in everything


def test_a_crontab_without_a_line_of_ours(patient: Patient) -> None:
    patient.crontab.text = b"0 5 * * * backup\n"

    finding = patient.only("installed")

    assert finding["level"] == "error"
    assert finding["remedy"].endswith(" cron install")


def test_a_crontab_that_may_not_be_read(patient: Patient) -> None:
    patient.crontab.behave(on_list='echo "you are not allowed" >&2; exit 1')

    finding = patient.only("installed")

    assert "not known: the crontab cannot be read" in finding["message"]
    assert "you are not allowed" in finding["message"]
    assert finding["remedy"] == "crontab -l"


def test_a_program_that_only_the_shell_of_the_person_finds(
    patient: Patient, tmp_path: Path
) -> None:
    tool = tmp_path / "own" / "tool"
    tool.parent.mkdir()
    tool.write_text("#!/bin/sh\n")
    tool.chmod(0o755)
    patient.monkeypatch.setenv("PATH", f"{tool.parent}:{patient.crontab.bin}:/usr/bin:/bin")
    patient.configure('  sync: {command: "export PATH=/x:$PATH; tool | sort", schedule: daily}\n')
    assert problems(patient.examine(), "programs") == []  # in which PATH is not certain

    patient.configure('  sync: {command: "LANG=C tool --all | sort > out", schedule: daily}\n')
    finding = patient.only("programs")

    assert finding["level"] == "error"
    assert f"your shell finds {tool}" in finding["message"]
    assert f"update sync --env PATH={tool.parent}:/usr/bin:/bin" in finding["remedy"]


def test_a_program_without_permission_to_execute_it(patient: Patient, tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("true\n")
    patient.configure(f'  sync: {{command: "{tmp_path}/plain", schedule: daily}}\n')

    assert patient.only("programs")["remedy"] == f"chmod u+x {tmp_path}/plain"


def test_a_working_directory_that_is_gone(patient: Patient) -> None:
    patient.configure('  sync: {command: "ls", cwd: gone, schedule: daily}\n')

    finding = patient.only("cwd")

    assert finding["level"] == "error"
    assert f"{patient.root}/gone: no such directory" in finding["message"]


def test_an_env_file_that_others_can_write(patient: Patient) -> None:
    (patient.root / "secrets").write_text("TOKEN=x\n")
    (patient.root / "secrets").chmod(0o666)
    patient.configure('  sync: {command: "ls", env_file: secrets, schedule: daily}\n')

    finding = patient.only("env_file")

    assert finding["level"] == "error"
    assert "others can write to it" in finding["message"]
    assert finding["remedy"] == f"chmod go-w {patient.root}/secrets"


def test_a_program_and_a_working_directory_of_somebody_else(
    patient: Patient, open_folder: Path
) -> None:
    needs.root()
    tool = open_folder / "tool"
    tool.write_text("#!/bin/sh\n")
    tool.chmod(0o755)
    os.chown(tool, MALLORY, MALLORY)
    (open_folder / "theirs").mkdir()
    os.chown(open_folder / "theirs", MALLORY, MALLORY)
    patient.configure(
        f'  sync: {{command: "{tool}", cwd: {open_folder}/theirs, schedule: daily}}\n'
    )

    program, folder = problems(patient.examine(), "owners")

    assert program["level"] == folder["level"] == "warning"
    assert f"sync runs {tool}: neither yours nor root's, but {MALLORY}'s" in program["message"]
    assert f"sync works in {open_folder}/theirs: neither yours" in folder["message"]


def test_a_state_directory_that_others_can_write(patient: Patient) -> None:
    patient.state_dir.chmod(0o777)

    finding = patient.only("state_dir")

    assert finding["level"] == "error"
    assert "chmod" in finding["remedy"]


def test_an_installation_that_others_can_write(tmp_path: Path) -> None:
    """A copy of the program in a directory that is open to all."""
    copy = tmp_path / "copy"
    package = Path(checks.__file__).parents[2]
    shutil.copytree(package, copy / "scheduled", ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "scheduled").chmod(0o777)
    command = [sys.executable, "-m", "scheduled", "--root", str(tmp_path), "doctor"]

    answer = subprocess.run(
        command, cwd=copy, capture_output=True, text=True, check=False, env={"PATH": "/bin"}
    )

    assert "installation: this program itself: " in answer.stdout, answer.stderr
    assert f"  chmod go-w {copy}/scheduled" in answer.stdout


def test_a_disk_without_room(patient: Patient) -> None:
    needs.root()
    needs.programs("mount", "unshare")
    script = (
        f"mount -t tmpfs -o size=128k,mode=700 tmpfs {patient.state_dir} || exit 77\n"
        f"head -c 1M /dev/zero > {patient.state_dir}/filler 2>/dev/null\n"
        f"{sys.executable} -m scheduled --root {patient.root} --state-dir {patient.state_dir}"
        " doctor\n"
    )

    answer = subprocess.run(
        ["unshare", "--mount", "--propagation=private", "sh", "-c", script],
        capture_output=True,
        text=True,
        check=False,
    )

    if answer.returncode == 77:
        needs.mounts()
    assert f"error: disk: {patient.state_dir}: no space left" in answer.stdout, answer.stderr
    assert "state gc --days 7" in answer.stdout


def test_a_file_system_on_which_locks_exclude_nobody(patient: Patient, tmp_path: Path) -> None:
    needs.programs("cc")
    (tmp_path / "flock.c").write_text(UNEXCLUSIVE)
    library = tmp_path / "flock.so"
    build = ["cc", "-shared", "-fPIC", "-o", str(library), str(tmp_path / "flock.c")]
    subprocess.run(build, check=True)
    places = ["--root", str(patient.root), "--state-dir", str(patient.state_dir)]

    answer = subprocess.run(
        [sys.executable, "-m", "scheduled", *places, "doctor"],
        env={**os.environ, "LD_PRELOAD": str(library)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert "error: locks: " in answer.stdout, answer.stderr
    assert "jobs may run twice" in answer.stdout
    assert problems(patient.examine(), "locks") == []


def test_a_clock_that_is_behind_what_is_on_record(patient: Patient) -> None:
    ahead = datetime.now(UTC) + timedelta(days=2)
    (patient.state_dir / "heartbeat").write_text(f"{ahead.timestamp()} 1.0 1.0 boot\n")

    finding = patient.only("clock")

    assert finding["level"] == "warning"
    assert "which is in the future" in finding["message"]


@pytest.mark.parametrize(
    ("now", "level", "words"),
    [
        (datetime(2025, 12, 31, tzinfo=UTC), "error", "2025-12-31; no job runs"),
        (datetime(2027, 11, 21, tzinfo=UTC), "ok", "the clock is plausible"),
        (datetime(2028, 11, 21, tzinfo=UTC), "warning", "the last tick came at 2026-11-21"),
        (datetime(2060, 1, 1, tzinfo=UTC), "warning", "2060-01-01, which is hard to believe"),
    ],
)
def test_a_clock_that_cannot_be_right(home: Home, now: datetime, level: str, words: str) -> None:
    heartbeat.save(home.state_dir, Heartbeat(at("12:00").timestamp(), 1.0, 1.0, "b"))

    document = json.loads(home.call("doctor", "--json", now=now).out)

    (finding,) = (row for row in document["findings"] if row["check"] == "clock")
    assert finding["level"] == level
    assert words in finding["message"]


def test_a_zone_in_the_shell_that_cron_does_not_have(patient: Patient) -> None:
    patient.monkeypatch.setenv("TZ", "Pacific/Chatham")

    finding = patient.only("zone")

    assert finding["level"] == "warning"
    assert "in Pacific/Chatham here, as TZ says" in finding["message"]

    patient.configure("", "timezone: Pacific/Chatham\n")
    assert problems(patient.examine(), "zone") == []


def test_a_systemd_timer_that_runs_the_same_command(patient: Patient, tmp_path: Path) -> None:
    units = tmp_path / "config/systemd/user"
    units.mkdir(parents=True)
    patient.monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    (units / "nightly.timer").write_text("[Timer]\nOnCalendar=daily\n")
    (units / "nightly.service").write_text("[Service]\nExecStart=-/usr/bin/du  /srv\n")
    (units / "other.timer").write_text("[Timer]\nOnCalendar=daily\n")
    patient.configure('  usage: {command: ["/usr/bin/du", "/srv"], schedule: daily}\n')

    finding = patient.only("other_timers")

    assert f"{units}/nightly.service runs the command of usage as well" in finding["message"]
    assert finding["remedy"] == "systemctl --user disable --now nightly.timer"


def test_a_unit_of_another_version_whose_interpreter_is_gone(
    patient: Patient, tmp_path: Path
) -> None:
    patient.crontab.text = b""
    units = tmp_path / "config/systemd/user"
    units.mkdir(parents=True)
    patient.monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    package = tmp_path / "old/scheduled"
    package.mkdir(parents=True)
    (package / "version.py").write_text('__version__ = "0.1.0"\n')
    (package / "__main__.py").touch()
    command = f"/usr/bin/setsid --fork /gone/python {package}/__main__.py"
    places = f"--root {patient.root} --state-dir {patient.state_dir}"
    service = units / "scheduled-mine.service"
    service.write_text(f"[Service]\nExecStart={command} {places} run\n")

    document = patient.examine()

    for check, reason in (
        ("files", f"{service}: /gone/python: no such file"),
        ("version", f"{service}: calls version 0.1.0 in {package}"),
        ("mail", "goes to systemd's journal only"),
    ):
        (finding,) = problems(document, check)
        assert reason in finding["message"]
    assert problems(document, "files")[0]["remedy"].endswith(" cron install --systemd")
    assert problems(document, "installed") == []


def test_a_channel_that_tells_of_failures_makes_up_for_mail(patient: Patient) -> None:
    patient.crontab.text = b'MAILTO=""\n' + patient.crontab.text
    command = f"{{kind: command, command: [{sys.executable}, -c, pass], on: [%s]}}"
    patient.configure(JOB, f"notify: {{me: {command % 'recovery'}}}\n")
    still = patient.only("mail")["message"]
    patient.configure(JOB, f"notify: {{me: {command % 'failure, recovery'}}}\n")

    assert 'MAILTO="" above it' in still
    assert problems(patient.examine(), "mail") == []


@pytest.mark.parametrize("first", ["scheduled", "scheduled_cron"])
def test_both_names_of_the_distribution_in_either_order(
    patient: Patient, tmp_path: Path, first: str
) -> None:
    site = tmp_path / "site"
    names = ["scheduled", "scheduled_cron"]
    for name in names if first == names[0] else reversed(names):
        folder = site / f"{name}-0.1.0.dist-info"
        folder.mkdir(parents=True)
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 0.1.0\n")
    patient.monkeypatch.syspath_prepend(site)

    finding = patient.only("distribution")

    assert finding["level"] == "error"
    assert "pip uninstall --yes scheduled scheduled-cron && " in finding["remedy"]


def test_a_broken_configuration_and_a_job_that_is_left_out(patient: Patient) -> None:
    patient.configure("  bad: {schedule: daily}\n")
    assert "bad" in patient.only("configuration")["message"]

    (patient.root / "scheduled.yaml").write_text("jobs: [\n")
    document = patient.examine()

    assert problems(document, "configuration")[0]["remedy"].endswith(" config validate")
    assert len({row["check"] for row in document["findings"]}) == len(checks.TABLE)


def test_a_damaged_state(patient: Patient) -> None:
    (patient.state_dir / "scheduled_state.json").write_text("{")

    finding = problems(patient.examine(), "state")[0]

    assert finding["level"] == "error"
    assert finding["remedy"].endswith(" state check")


def test_a_state_directory_that_cannot_be_looked_into(patient: Patient) -> None:
    needs.root()
    patient.state_dir.chmod(0o700)
    facts = diagnosis.gather(Session(root=str(patient.root)))
    facts = replace(facts, state_dir=patient.state_dir / "inside")

    def examine() -> None:
        assert [*this_machine.disk(facts), *this_machine.exclusion(facts)] == []

    assert people.as_nobody(examine) == "done"


def test_as_cron_only_what_cron_gives_is_there(patient: Patient) -> None:
    patient.monkeypatch.setenv("TZ", "Pacific/Chatham")
    patient.monkeypatch.setenv("LC_ALL", "C")

    assert problems(patient.examine("--as-cron"), "zone") == []


def test_text_of_others_is_shown_as_one_line(patient: Patient) -> None:
    patient.crontab.text = patient.crontab.text.replace(
        b"* * * * *", b"PATH=/bin:\x1b[31m$HOME\xff\n* * * * *"
    )

    code, printed, errors = patient.call("doctor")

    assert code > 0  # 2 where no daemon runs
    assert "\x1b" not in printed
    assert "warning: path: " in printed
    assert errors == ""
