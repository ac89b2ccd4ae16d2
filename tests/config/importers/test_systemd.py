"""Timers of systemd with their services."""

import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest

from scheduled.config.importers import systemd_units, time_span, unit_words
from scheduled.config.importers.detect import Reader, read, read_timers
from scheduled.config.importers.findings import Findings, SourceKind
from scheduled.errors import UsageError
from tests.builders.jobs import at

TIMER = "[Timer]\nOnCalendar=daily\nPersistent=true\n"
SERVICE = "[Service]\nType=oneshot\nExecStart=/bin/echo done\n"
SPECIFIERS = {"h": "/root", "u": "ann", "H": "laptop"}
READER = Reader(at("12:00"), is_root=True, name="ann", home="/home/ann", specifiers=SPECIFIERS)


def found(
    folder: Path, timer: str = TIMER, service: str = SERVICE, name: str = "backup", **more: str
) -> Findings:
    """The content of a timer in a directory, with more files by name."""
    files = {f"{name}.timer": timer, f"{name}.service": service, **more}
    for file, text in files.items():
        if not text:
            continue
        path = folder / file
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    data = (folder / f"{name}.timer").read_bytes()
    return read(data, f"{name}.timer", folder, None, READER)


def the_job(
    folder: Path, timer: str = TIMER, service: str = SERVICE, **more: Any
) -> dict[str, Any]:
    (job,) = found(folder, timer, service, **more).jobs
    return dict(job.fields)


def test_e15_a_timer_and_its_service_are_a_job(tmp_path: Path) -> None:
    timer = (
        "[Unit]\nDescription=When\n[Timer]\nOnCalendar=Mon..Fri 08:00 Europe/Berlin\n"
        "Persistent=yes\nRandomizedDelaySec=1h 30min\nAccuracySec=1us\n"
        "[Install]\nWantedBy=timers.target\n"
    )
    service = (
        "[Unit]\nDescription=Backup of \\\n  %H\nConditionPathExists=!/etc/no backup\n"
        "[Service]\nType=oneshot\nExecStart=/usr/bin/backup --to %h/%p 100%% 'a b'\n"
        'Environment="A=1 2" B=%u\nEnvironment=C=3\nEnvironmentFile=/etc/default/backup\n'
        "WorkingDirectory=/srv\nUMask=0077\nNice=10\nTimeoutStartSec=2h\n"
        "SuccessExitStatus=TEMPFAIL 3\nUser=ann\n"
    )

    job = the_job(tmp_path, timer, service)

    assert job == {
        "id": "backup",
        "description": "Backup of laptop",
        "schedule": "0 8 * * 1-5",
        "timezone": "Europe/Berlin",
        "command": ["/usr/bin/backup", "--to", "/root/backup", "100%", "a b"],
        "env": {"PATH": job["env"]["PATH"], "A": "1 2", "B": "ann", "C": "3"},
        "env_file": "/etc/default/backup",
        "cwd": "/srv",
        "umask": "0077",
        "nice": 10,
        "timeout": "2h",
        "success_codes": [0, 3, 75],
        "jitter": "1h30m",
        "only_if": "! test -e '/etc/no backup'",
        "overlap": "skip",
    }
    assert "/usr/local/sbin:" in job["env"]["PATH"]


@pytest.mark.parametrize(
    ("timer", "keys"),
    [
        ("OnCalendar=daily", [{"schedule": "0 0 * * *", "catch_up": "skip"}]),
        ("OnCalendar=Mon,Fri *-*-10..20 08:00", [{"only_on": ["mon", "fri"]}]),
        ("OnCalendar=*:00\nOnCalendar=*:30", [{"schedule": "0,30 * * * *", "catch_up": "skip"}]),
        (
            "OnCalendar=Mon 08:00\nOnCalendar=Tue 09:30",
            [{"schedule": "0 8 * * 1"}, {"schedule": "30 9 * * 2"}],
        ),
        ("OnCalendar=daily\nOnCalendar=\nOnCalendar=hourly", [{"schedule": "0 * * * *"}]),
        ("OnBootSec=5min\nOnUnitActiveSec=1h 30min", [{"schedule": "every 1h30m"}]),
        ("OnUnitActiveSec=90", [{"schedule": "every 1m30s"}]),
        ("OnBootSec=1min", [{"schedule": "@reboot"}]),
        (
            "OnCalendar=*-*-01 02:00\nOnCalendar=Mon *-*-* 02:00\nOnCalendar=*-*-* 02:00",
            [{"schedule": "0 2 * * *"}],
        ),
        ("OnCalendar=2099-01-02 03:04", [{"schedule": "at:2099-01-02T03:04"}]),
        ("OnCalendar=daily\nOnBootSec=1min", [{"schedule": "0 0 * * *"}, {"schedule": "@reboot"}]),
        ("OnCalendar=daily\nRandomizedDelaySec=1d", [{"jitter": "23h59m"}]),
    ],
)
def test_e15_the_ways_in_which_a_timer_fires(
    tmp_path: Path, timer: str, keys: list[dict[str, str]]
) -> None:
    jobs = found(tmp_path, f"[Timer]\n{timer}\n").jobs

    assert [
        {key: job.fields[key] for key in wanted} for job, wanted in zip(jobs, keys, strict=True)
    ] == keys


@pytest.mark.parametrize(
    ("timer", "service", "reason"),
    [
        ("OnCalendar=*:*:30", SERVICE, "a second other than 0"),
        ("OnUnitActiveSec=30s", SERVICE, "below a minute"),
        ("OnUnitActiveSec=1 fortnight", SERVICE, "is no time span"),
        ("OnUnitInactiveSec=1h", SERVICE, "counts from the end of the last run; OnUnitActiveSec="),
        ("OnClockChange=yes", SERVICE, "a change of the clock"),
        ("OnCalendar=daily\nRandomizedDelaySec=2d", SERVICE, "`jitter` is less than a day"),
        ("Unit=other.service\nOnCalendar=daily", SERVICE, "its other.service is not there"),
        ("Unit=%p-%n.service\nOnCalendar=daily", SERVICE, "its backup-backup.timer.service is"),
        ("Unit=../other.service\nOnCalendar=daily", SERVICE, "Unit=../other.service: no service"),
        ("Unit=some.target\nOnCalendar=daily", SERVICE, "Unit=some.target: no service"),
        ("OnCalendar=2024-01-02 03:04", SERVICE, "2024-01-02T03:04 has passed"),
        ("AccuracySec=1", SERVICE, "no OnCalendar="),
        ("OnCalendar=daily", "[Service]\nType=forking\nExecStart=/x", "Type=forking"),
        ("OnCalendar=daily", "[Service]\nRestart=always\nExecStart=/x", "again and again"),
        ("OnCalendar=daily", "[Service]\nType=oneshot\n", "no ExecStart="),
        ("OnCalendar=daily", "[Service]\nUser=bob\nExecStart=/x", "User=bob: import it as bob"),
        ("OnCalendar=daily", "[Service]\nDynamicUser=yes\nExecStart=/x", "systemctl start backup"),
        ("OnCalendar=daily", "[Service]\nExecStart=/x '", "no closing '"),
        ("OnCalendar=daily", "[Service]\nExecStart=/x %Z", "%Z: a specifier that is not known"),
        ("OnCalendar=daily", "[Service]\nExecStart=/x\nExecStopPost=/y", "ExecStopPost="),
        (
            "OnCalendar=daily",
            "[Unit]\nConditionMemory=1\n[Service]\nExecStart=/x",
            "ConditionMemory=",
        ),
        ("OnCalendar=daily", "[Unit]\nAssertHost=a\n[Service]\nExecStart=/x", "AssertHost="),
        (
            "OnCalendar=daily",
            "[Service]\nEnvironmentFile=/a\nEnvironmentFile=/b\nExecStart=/x",
            "twice",
        ),
    ],
)
def test_e15_what_cannot_be_translated_is_listed_with_the_reason(
    tmp_path: Path, timer: str, service: str, reason: str
) -> None:
    findings = found(tmp_path, f"[Timer]\n{timer}\n", service)

    assert findings.jobs == ()
    (left_out,) = findings.left_out
    assert reason in left_out.reason


def test_e15_a_first_run_after_the_start_is_no_job_without_those_that_follow(
    tmp_path: Path,
) -> None:
    findings = found(tmp_path, "[Timer]\nOnBootSec=1min\nOnUnitInactiveSec=5min\n")

    assert findings.jobs == ()
    assert [part.text for part in findings.left_out] == [
        "backup.timer: OnUnitInactiveSec=5min",
        "backup.timer: OnBootSec=1min",
    ]


def test_e15_drop_ins_change_timer_and_service(tmp_path: Path) -> None:
    more = {
        "backup.timer.d/10-often.conf": "[Timer]\nOnCalendar=\nOnCalendar=hourly\n",
        "backup.service.d/20-b.conf": "[Service]\nNice=5\n",
        "backup.service.d/10-a.conf": "[Service]\nExecStart=\nExecStart=/bin/true\nNice=19\n",
    }

    job = the_job(tmp_path, **more)

    assert (job["schedule"], job["command"], job["nice"]) == ("0 * * * *", "/bin/true", 5)


def test_e15_an_instance_of_a_template(tmp_path: Path) -> None:
    service = "[Service]\nExecStart=/bin/echo %i %I %n %N %p %j\n"
    more = {"dump@.service": service}

    job = the_job(tmp_path, service="", name=r"dump@srv-a\x2db", **more)
    template = found(tmp_path, service=service, name="dump@")
    (tmp_path / "timers.target.wants").mkdir()
    (tmp_path / "timers.target.wants/dump@on.timer").symlink_to(tmp_path / "dump@.timer")
    (tmp_path / r"dump@srv-a\x2db.timer").unlink()
    enabled = read_timers(tmp_path, READER)

    assert job["command"] == [
        *("/bin/echo", r"srv-a\x2db", "srv/a-b", r"dump@srv-a\x2db.service", r"dump@srv-a\x2db"),
        *("dump", "dump"),
    ]
    assert template.left_out[0].reason.startswith("a template; import its instances")
    assert [job.fields["command"].split()[:2] for job in enabled.jobs] == [["/bin/echo", "on"]]


@pytest.mark.parametrize(
    ("service", "out", "code"),
    [
        ("ExecStart=/bin/echo one ; /bin/echo two", "one\ntwo\n", 0),
        ("ExecStart=/bin/false\nExecStart=/bin/echo two", "", 1),
        ("ExecStart=-/bin/false\nExecStart=/bin/echo two", "two\n", 0),
        (
            "ExecStartPre=/bin/echo a\nExecStart=/bin/echo b\nExecStartPost=/bin/echo c",
            "a\nb\nc\n",
            0,
        ),
        (
            "Environment=A='x  y'\nExecStart=/bin/echo ${A} $A $$A $B.$ ${NONE}|",
            "x  y x y $A $B.$ |\n",
            0,
        ),
        (r'ExecStart=/bin/echo "a\tb" \x41 c\sd \; *', "a\tb A c d ; *\n", 0),
        (
            "SuccessExitStatus=3\nExecStart=/bin/sh -c 'exit 3'\nExecStart=/bin/echo on",
            "on\n",
            0,
        ),
        (
            "SuccessExitStatus=3\nExecStart=/bin/sh -c 'exit 4'\nExecStart=/bin/echo on",
            "",
            4,
        ),
        ("ExecStart=:/bin/echo ${A} $A", "${A} $A\n", 0),
        ("ExecStart=/bin/sh -c 'echo $$0; exit 3'", "/bin/sh\n", 3),
        ("ExecStart=/bin/echo ${HOME}\nEnvironment=HOME=/h", "/h\n", 0),
        ("ExecStart=/bin/sh -c 'echo x >&2'\nStandardError=file:%h/log", "", 0),
        ("ExecStart=/bin/echo to\nStandardOutput=append:/dev/stderr", "", 0),
        (
            "ExecStart=/bin/cat\nStandardInput=file:/etc/hostname",
            Path("/etc/hostname").read_text(),
            0,
        ),
    ],
)
def test_e15_a_command_does_what_systemd_would_have_it_do(
    tmp_path: Path, service: str, out: str, code: int
) -> None:
    text = f"[Service]\nType=oneshot\n{service.replace('%h', str(tmp_path))}\n"
    job = the_job(tmp_path, TIMER, text)
    command = job["command"]

    done = subprocess.run(
        ["/bin/sh", "-c", command] if isinstance(command, str) else command,
        env=job["env"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.stdout, done.returncode) == (out, code)


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("ConditionPathExists=/etc", True),
        ("ConditionPathExists=!/etc", False),
        ("ConditionPathExists=|/gone\nConditionPathExists=|/etc", True),
        ("ConditionPathExists=/etc\nConditionDirectoryNotEmpty=/gone", False),
        ("ConditionFileNotEmpty=/etc/passwd", True),
        ("ConditionHost=no-such-host", False),
    ],
)
def test_e15_conditions_are_asked_before_a_run(tmp_path: Path, condition: str, holds: bool) -> None:
    job = the_job(tmp_path, TIMER, f"[Unit]\n{condition}\n{SERVICE}")

    assert (subprocess.run(["/bin/sh", "-c", job["only_if"]], check=False).returncode == 0) is holds


def test_e15_what_is_not_kept_is_said(tmp_path: Path) -> None:
    service = f"[Unit]\nAfter=network.target\n{SERVICE}ProtectSystem=full\nStateDirectory=x\n"
    service += "WorkingDirectory=-/gone\n"

    notes = " / ".join(found(tmp_path, f"{TIMER}WakeSystem=yes\nAccuracySec=1h\n", service).notes)

    for words in ("ProtectSystem=: not kept", "network.target: not waited", "StateDirectory=x",
                  "WorkingDirectory=-/gone: may be missing there",
                  "WakeSystem=", "AccuracySec=1h"):  # fmt: skip
        assert words in notes


def test_e15_what_systemctl_cat_prints_can_be_read(tmp_path: Path) -> None:
    text = (
        f"# /etc/systemd/system/backup.timer\n{TIMER}\n"
        "# /etc/systemd/system/backup.timer.d/x.conf\n[Timer]\nRandomizedDelaySec=60\n\n"
        f"# /usr/lib/systemd/system/backup.service\n{SERVICE}"
    )
    reader = Reader(at("12:00"), is_root=True, name="ann", specifiers=SPECIFIERS)

    (job,) = read(text.encode(), "standard input", tmp_path, None, reader).jobs

    assert (job.fields["id"], job.fields["jitter"], job.fields["command"]) == (
        *("backup", "1m", "/bin/echo done"),
    )


def test_e15_a_timer_that_is_not_enabled_is_disabled_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(systemd_units, "_SYSTEM", (str(tmp_path),))
    off = the_job(tmp_path)
    (tmp_path / "timers.target.wants").mkdir()
    (tmp_path / "timers.target.wants/backup.timer").symlink_to(tmp_path / "backup.timer")

    assert off["enabled"] is False
    assert "enabled" not in the_job(tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        "[Timer]\n\0=1\n",
        "[Timer]\nOnCalendar\n",
        "<html>\n",
        "[Timer]\nOnCalendar=\udcff\n",
        "x" * 2_000_000,
    ],
)
def test_e15_what_is_no_unit_file_is_a_clear_error(tmp_path: Path, text: str) -> None:
    data = text.encode("utf-8", "surrogateescape")
    (tmp_path / "bad.timer").write_bytes(data)

    with pytest.raises(UsageError, match=r"^bad\.timer"):
        read(data, "bad.timer", tmp_path, SourceKind.SYSTEMD, Reader(at("12:00")))


def test_a_service_alone_says_nothing_of_when(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"name its timer, a\.timer"):
        read(SERVICE.encode(), "a.service", tmp_path, None, Reader(at("12:00")))


@pytest.mark.parametrize(
    ("text", "seconds", "duration"),
    [
        ("90", 90, "1m30s"),
        ("1h 30min", 5400, "1h30m"),
        ("2w", 1_209_600, "14d"),
        ("1.5h", 5400, "1h30m"),
        ("5min20s", 320, "5m20s"),
        ("100ms", 0.1, "0s"),
    ],
)
def test_time_spans(text: str, seconds: float, duration: str) -> None:
    assert time_span.seconds(text) == seconds
    assert time_span.duration(seconds) == duration


def test_words_are_split_as_a_shell_would_where_both_agree() -> None:
    text = '/a \'b c\' "d e" f"g h"i'

    assert list(unit_words.split(text)) == shlex.split(text)
