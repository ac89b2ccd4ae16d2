"""What our units say to systemd, and that systemd understands it."""

import hashlib
import os
import subprocess
import tempfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from scheduled.errors import UsageError
from scheduled.installation import systemd_units, tick_lines
from scheduled.installation.tick_command import Target
from scheduled.state.tick_interval import parse
from tests.builders import needs

MINUTE = timedelta(minutes=1)
FOLDERS = ["/a b", "/it's", '/say "hi"', "/50%", "/a%n d", "/$HOME", "/${HOME}", "/back\\slash"]
HARD = [*FOLDERS, "/two\nlines", "/tab\there", "/;", "/ü", "/bell\a"]


def target(*options: str) -> Target:
    return Target(Path("/venv/bin/python"), Path("/lib/scheduled/__main__.py"), options)


def made(*options: str, log: Path | None = None, every: timedelta = MINUTE) -> tuple[str, str]:
    """The text of the timer, and that of the service."""
    timer, service = systemd_units.texts("1a2b3c4d", target(*options), every, log).values()
    return timer.decode(), service.decode()


def command_of(service: str) -> str:
    (line,) = [line for line in service.splitlines() if line.startswith("ExecStart=")]
    return line.removeprefix("ExecStart=")


def test_the_service_calls_what_a_crontab_line_calls_and_does_not_wait_for_it() -> None:
    _, service = made("--root", "/home/aipass")

    assert command_of(service) == (
        "/usr/bin/setsid --fork /venv/bin/python -I -S -X utf8 /lib/scheduled/__main__.py"
        " --root /home/aipass run"
    )
    assert "\nKillMode=process\n" in service


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_service_has_sh_read_the_script_that_ends_idle_ticks(folder: str, tmp_path: Path) -> None:
    script = Path(folder) / "scheduled-tick"
    called = replace(target("--root", folder), script=script)

    service = systemd_units.texts("1a2b3c4d", called, MINUTE)["scheduled-1a2b3c4d.service"]

    start = '/usr/bin/setsid --fork /bin/sh -c "test -r \\"$$0\\" && . \\"$$0\\" ; exec \\"$$@\\"" '
    assert command_of(service.decode()).startswith(start)
    (line,) = tick_lines.in_units(written(tmp_path, service))
    assert line.root == os.path.realpath(folder)


def written(folder: Path, service: bytes) -> Path:
    """A folder of systemd's with this service in it."""
    (folder / "scheduled-1a2b3c4d.service").write_bytes(service)
    return folder


def test_both_units_go_by_the_name_of_the_installation() -> None:
    assert systemd_units.file_names("1a2b3c4d") == (
        "scheduled-1a2b3c4d.timer",
        "scheduled-1a2b3c4d.service",
    )


@pytest.mark.parametrize(
    ("interval", "calendar", "next_hours"),
    [
        ("1", "*-*-* *:*:00", "00:01"),
        ("15", "*-*-* *:0/15:00", "00:15"),
        ("1h", "*-*-* *:00:00", "01:00"),
        ("2h", "*-*-* 0/2:00:00", "02:00"),
        ("24h", "*-*-* 00:00:00", "00:00"),
    ],
)
def test_an_interval_becomes_a_calendar_that_systemd_reads_as_it_is_meant(
    interval: str, calendar: str, next_hours: str
) -> None:
    timer, _ = made(every=parse(interval))

    assert f"\nOnCalendar={calendar}\n" in timer
    assert next_hours in after_midnight(calendar)


@pytest.mark.parametrize("folder", HARD)
def test_systemd_finds_nothing_wrong_with_the_units(tmp_path: Path, folder: str) -> None:
    python = tmp_path / "python"
    python.symlink_to("/bin/true")
    called = Target(python, Path("/main.py"), ["--root", folder])
    log = Path(folder) if folder in FOLDERS else None
    for name, text in systemd_units.texts("1a2b3c4d", called, MINUTE, log).items():
        (tmp_path / name).write_bytes(text)

    timer = tmp_path / "scheduled-1a2b3c4d.timer"
    # In a short directory: units of the machine name sockets in it, whose paths have a limit.
    with tempfile.TemporaryDirectory(dir="/tmp") as short:
        said = systemd_analyze("verify", "--user", str(timer), XDG_RUNTIME_DIR=short)

    assert said == ""


def test_a_path_that_is_not_utf_8_is_refused() -> None:
    with pytest.raises(UsageError, match="UTF-8 only"):
        made("--root", "/caf\udce9")


@pytest.mark.parametrize("path", ["/a\nb", "/a ", "/a\\", "/a\x07b", "/caf\udce9"])
def test_a_log_that_a_unit_cannot_say_is_refused(path: str) -> None:
    with pytest.raises(UsageError, match="a unit"):
        made(log=Path(path))


def test_what_a_tick_prints_is_appended_to_the_log() -> None:
    _, service = made(log=Path("/var/log/a b/100%.log"))

    assert "StandardOutput=append:/var/log/a b/100%%.log\n" in service
    assert "StandardError=append:/var/log/a b/100%%.log\n" in service


def test_a_unit_is_intact_until_a_byte_of_it_changes() -> None:
    timer, _ = made()

    assert systemd_units.is_intact(timer.encode())
    assert not systemd_units.is_intact(timer.replace("*:*", "*:0/5").encode())
    assert not systemd_units.is_intact(timer.encode() + b"\n")
    assert not systemd_units.is_intact(b"")
    assert not systemd_units.is_intact(f"# sha256:{hashlib.sha256(b'').hexdigest()}\n".encode())


def after_midnight(calendar: str) -> str:
    """When an expression fires first after midnight, says systemd."""
    words = ("calendar", "--base-time=2026-11-21 00:00:00 UTC", "--iterations=1", calendar)
    return systemd_analyze(*words)


def systemd_analyze(*words: str, **environment: str) -> str:
    needs.programs("systemd-analyze")
    answer = subprocess.run(
        ["systemd-analyze", *words],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC", **environment},
    )
    return answer.stdout + answer.stderr
