"""`scheduled doctor` and what surrounds the ticks: lines of the crontab, files, a timer."""

import os
import sys
from pathlib import Path

import pytest

from scheduled.installation.doctor import rivals, ticks
from scheduled.system import machine
from tests.builders import needs
from tests.builders.doctored import Patient, problems
from tests.builders.people import MALLORY

SYSTEMCTL = """#!/bin/sh
case "$*" in
*show-environment*) echo PATH={}:/usr/bin ;;
*) exit 1 ;;
esac
"""
"""A systemd that has an environment of its own."""


@pytest.mark.parametrize(
    ("variable", "level", "words"),
    [
        ("SHELL=/nonexistent/fish", "error", "SHELL=/nonexistent/fish above it is no shell"),
        ("SHELL=/bin/false", "error", "SHELL=/bin/false above it is no shell"),
        ("HOME=/nonexistent/home", "warning", "HOME=/nonexistent/home above it cannot be"),
    ],
)
def test_a_variable_with_which_cron_may_start_nothing(
    patient: Patient, variable: str, level: str, words: str
) -> None:
    path = f"PATH={patient.crontab.bin}:/usr/bin:/bin"
    patient.crontab.text = f"{path}\n{variable}\n".encode() + patient.crontab.text

    finding = patient.only("files")
    as_cron = problems(patient.examine("--as-cron"), "files")

    assert (finding["level"], finding["remedy"]) == (level, "crontab -e")
    assert words in finding["message"]
    assert as_cron == [finding]


@pytest.mark.parametrize(
    ("end", "words"),
    [
        (b" >/dev/null 2>&1", "goes to /dev/null only"),
        (b" 2>&1 | logger", "goes to `logger` only"),
    ],
)
def test_a_line_that_keeps_from_cron_what_it_prints(
    patient: Patient, end: bytes, words: str
) -> None:
    patient.crontab.text = patient.crontab.text.replace(b'"$@"\n', b'"$@"' + end + b"\n")

    assert words in patient.only("mail")["message"]
    assert problems(patient.examine(), "files") == []


def test_a_log_whose_directory_is_gone_and_a_remedy_that_works(patient: Patient) -> None:
    line = b'"$@" >>/nonexistent/dir/log\n'
    patient.crontab.text = patient.crontab.text.replace(b'"$@"\n', line)

    finding = patient.only("files")
    refused, *_ = patient.call("cron", "install")
    written, *_ = patient.call(*finding["remedy"].split()[-3:])

    assert "/nonexistent/dir: no such file" in finding["message"]
    assert finding["remedy"].endswith(" cron install --force")
    assert (refused, written) == (1, 0)
    assert problems(patient.examine(), "files") == []


def test_a_second_line_that_calls_the_ticks(patient: Patient) -> None:
    line = next(line for line in patient.crontab.text.splitlines() if line.startswith(b"*"))
    patient.crontab.text += line.replace(b"*", b"5", 1) + b"\n"
    harmless = patient.only("other_blocks")
    start, _, end = patient.crontab.text.rpartition(b" run ")
    patient.crontab.text = start + b" --once " + end
    all_jobs = patient.only("other_blocks")

    assert "calls the ticks as well; that does no harm" in harmless["message"]
    assert "runs every enabled job whether it is due or not" in all_jobs["message"]


def test_commands_are_the_same_if_only_the_output_goes_elsewhere(patient: Patient) -> None:
    patient.configure('  copy: {command: "cp a b > x && rm c", schedule: daily}\n')
    patient.crontab.text += b"5 5 * * * cp a b > x && rm d\n"
    others = problems(patient.examine(), "other_lines")
    patient.crontab.text += b"5 6 * * *  cp a b > x &&  rm c >>/tmp/log 2>&1\n"

    assert others == []
    assert "runs the command of copy as well" in patient.only("other_lines")["message"]


@pytest.mark.parametrize(
    ("first_line", "words", "remedy"),
    [
        ("#!/gone/venv/bin/python -I\n", "its interpreter /gone/venv/bin/python is not", "head"),
        ("#!/bin/sh\r\n", "its interpreter /bin/sh is followed by a carriage return", "sed -i"),
        ("#!/usr/bin/env no-such\n", "its interpreter no-such is not found in the PATH", "head"),
        ("#! /bin/sh -e\n", "", ""),
        ("#!/usr/bin/env -S sh -e\n", "", ""),
        ("#!/usr/bin/env sh\n", "", ""),
        ("echo without\n", "", ""),
    ],
)
def test_the_interpreter_of_a_script(
    patient: Patient, tmp_path: Path, first_line: str, words: str, remedy: str
) -> None:
    script = tmp_path / "script"
    script.write_text(f"{first_line}true\n", newline="")
    script.chmod(0o755)
    patient.configure(f'  sync: {{command: "{script} --all", schedule: daily}}\n')

    found = problems(patient.examine(), "programs")

    assert [words in row["message"] and remedy in row["remedy"] for row in found] == [True] * bool(
        words
    )


def test_a_state_directory_that_its_owner_cannot_write_to(patient: Patient) -> None:
    patient.call("run")
    patient.state_dir.chmod(0o500)
    closed = patient.only("state_dir")
    patient.state_dir.chmod(0o700)
    (patient.state_dir / "runs").mkdir(exist_ok=True)
    (patient.state_dir / "runs").chmod(0o500)
    inside = patient.only("state_dir")

    assert closed["remedy"] == f"chmod u+rwx {patient.state_dir}"
    assert inside["remedy"] == f"chmod u+rwx {patient.state_dir}/runs"


def test_what_root_has_left_in_the_state_directory(patient: Patient) -> None:
    needs.root()
    patient.call("run", "--force")
    (patient.state_dir / "runs" / "backup").mkdir(mode=0o700, parents=True, exist_ok=True)
    names = ("journal", "scheduled_state.json", "runs/backup")
    for name in names:
        os.chown(patient.state_dir / name, MALLORY, MALLORY)

    found = problems(patient.examine(), "state_dir")

    assert [row["message"].partition(": ")[0] for row in found] == [
        str(patient.state_dir / name) for name in ("scheduled_state.json", "journal", "runs/backup")
    ]
    assert all(row["remedy"].startswith("sudo chown -R root ") for row in found)


def test_a_file_of_others_in_the_state_directory_is_their_business(patient: Patient) -> None:
    needs.root()
    (patient.state_dir / "trigger.json").touch()
    os.chown(patient.state_dir / "trigger.json", MALLORY, MALLORY)

    assert problems(patient.examine(), "state_dir") == []


def test_under_a_timer_jobs_have_its_path(patient: Patient, tmp_path: Path) -> None:
    units = tmp_path / "config/systemd/user"
    units.mkdir(parents=True)
    patient.monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    tools = tmp_path / "tools"
    tools.mkdir()
    for name, text in (("systemctl", SYSTEMCTL.format(tools)), ("tool", "#!/bin/sh\n")):
        (tools / name).write_text(text)
        (tools / name).chmod(0o755)
    patient.monkeypatch.setenv("PATH", f"{tools}:{patient.crontab.bin}:/usr/bin:/bin")
    patient.configure('  sync: {command: "tool --all; other", schedule: daily}\n')
    command = f"/usr/bin/setsid --fork {sys.executable} -m scheduled"
    places = f"--root {patient.root} --state-dir {patient.state_dir}"
    service = units / "scheduled-mine.service"
    service.write_text(f"[Service]\nExecStart={command} {places} run\n")
    under_cron = problems(patient.examine(), "programs")
    patient.crontab.text = b""

    finding = patient.only("programs")

    assert [row["message"].split()[1] for row in under_cron] == ["tool:", "other:"]
    assert (
        f"other: not found in the PATH that its runs have under systemd, {tools}"
        in (finding["message"])
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    "line",
    [
        b"SHELL=/x/\xff\x1b[31m",
        b"PATH=$X\xfe\x07",
        b"HOME=/\xc3",
        b"LANG=\xff",
        b"TZ=\xff/x",
        b"5 5 * * * \xff\xfe run",
        b"HOME=\0",
        b"SHELL=/bin/sh\0x",
        b"x" * 100_000,
        b"* * * * * scheduled run 'unclosed",
        b"=",
        b"@reboot",
    ],
)
def test_any_bytes_in_a_crontab(patient: Patient, line: bytes) -> None:
    patient.crontab.text = line + b"\n" + patient.crontab.text
    code, printed, complaint = patient.call("doctor", "--verbose")

    assert complaint == ""
    assert code in (0, 1, 2)
    assert "\nok: locks: " in printed
    assert not set("\x1b\x07\0") & set(printed)
    printed.encode()
    assert len(patient.examine()["findings"]) >= 20
    for words in (("status",), ("status", "--json"), ("cron", "show"), ("cron", "install")):
        assert "bug" not in patient.call(*words)[2]


def test_a_crontab_that_cron_ignores(patient: Patient, tmp_path: Path) -> None:
    spooled = tmp_path / "spool" / machine.user()
    spooled.parent.mkdir()
    spooled.touch(0o600)
    patient.monkeypatch.setattr(ticks, "SPOOL", spooled.parent)
    sound = problems(patient.examine(), "installed")
    spooled.chmod(0o644)
    readable = patient.only("installed")
    spooled.chmod(0o600)
    patient.crontab.text = patient.crontab.text.rstrip(b"\n")
    unfinished = patient.only("installed")

    assert sound == []
    assert "has the mode 0644, not 0600, so Debian's cron ignores" in readable["message"]
    assert readable["remedy"] == f"chmod 600 {spooled}"
    assert "its last line does not end with a line break" in unfinished["message"]


def test_a_crontab_of_somebody_else(patient: Patient, tmp_path: Path) -> None:
    needs.root()
    spooled = tmp_path / "spool" / machine.user()
    spooled.parent.mkdir()
    spooled.touch(0o600)
    patient.monkeypatch.setattr(ticks, "SPOOL", spooled.parent)
    os.chown(spooled, MALLORY, MALLORY)

    assert "so Debian's cron ignores all of it" in patient.only("installed")["message"]


def test_a_timer_of_a_package_counts_if_it_is_enabled(patient: Patient, tmp_path: Path) -> None:
    packaged, wants = tmp_path / "lib", tmp_path / "etc" / "timers.target.wants"
    packaged.mkdir()
    wants.mkdir(parents=True)
    patient.monkeypatch.setattr(rivals, "PACKAGED_UNITS", packaged)
    patient.monkeypatch.setattr(rivals, "SYSTEM_UNITS", (tmp_path / "etc",))
    (packaged / "renew.timer").write_text("[Timer]\nOnCalendar=daily\n")
    (packaged / "renew.service").write_text("[Service]\nExecStart=/usr/bin/certbot -q renew\n")
    patient.configure('  renew: {command: "/usr/bin/certbot -q renew", schedule: daily}\n')
    disabled = problems(patient.examine(), "other_timers")
    (wants / "renew.timer").symlink_to(packaged / "renew.timer")

    finding = patient.only("other_timers")

    assert disabled == []
    assert f"{packaged}/renew.service runs the command of renew as well" in finding["message"]
    assert finding["remedy"] == "systemctl disable --now renew.timer"
