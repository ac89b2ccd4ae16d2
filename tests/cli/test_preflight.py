"""What `config validate`, `create`, `update` and `import` say that runs will lack under cron."""

import json
import os
from datetime import timedelta
from pathlib import Path

import pytest

from scheduled.cli import preflight
from scheduled.config import load
from scheduled.config.paths import PathOptions
from tests.builders.doctored import Patient
from tests.builders.jobs import at


def warned(patient: Patient) -> list[str]:
    """The warnings of `config validate`, which is content all the same."""
    code, out, err = patient.call("config", "validate")
    document = json.loads(patient.call("config", "validate", "--json")[1])

    assert (code, out[:3]) == (0, "ok:")
    assert err.splitlines() == [f"warning: {text}" for text in document["warnings"]]
    return [text.partition(": ")[2] for text in document["warnings"]]


def made(path: Path, text: str = "#!/bin/sh\n", mode: int = 0o755) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, newline="")
    path.chmod(mode)
    return path


def test_e15_a_sound_job_is_not_warned_of(patient: Patient) -> None:
    made(patient.root / "bin/run")
    (patient.root / "vars").write_text("A=1\n")
    patient.configure(
        '  a: {command: "cd bin && ./run | sort", schedule: daily, env_file: vars, cwd: .}\n'
        '  b: {command: "no-such-program", schedule: daily, enabled: false}\n'
        '  c: {command: "[ -x /gone ] && /gone; if gone; then :; fi", schedule: daily}\n'
    )

    assert warned(patient) == ["c: command: gone: not found"][:0]


@pytest.mark.parametrize(
    ("keys", "words", "advice"),
    [
        ('command: "/gone/backup"', "command: /gone/backup: no such program", "correct `command`"),
        ('command: "no-such-tool | sort"', "not found in the PATH", "install it, or write its"),
        ('command: "true; ./data"', "data: not executable", "type: chmod u+x "),
        ('command: "./folder"', "folder: a directory, not a program", "correct `command`"),
        ('command: "./crlf"', "/bin/sh is followed by a carriage return", "type: sed -i"),
        ('command: "./gone-shell"', "its interpreter /gone/sh is not there", "install it"),
        ('command: "cd /gone && ./x && y"', "command: /gone/: no such directory", "correct"),
        ('command: "python3 -u gone.py"', "gone.py: no such file", "or put it there"),
        ('command: "true", only_if: "/gone/x"', "only_if: /gone/x: no such", "correct `only_if`"),
        ('command: "true", shell: [gone-sh, -c]', "shell: gone-sh: not found", "install it"),
        ('command: "true", shell: ./gone-sh', "shell: ", "correct `shell`, or put it there"),
        ('command: "x=$(gone-tool)"', "command: gone-tool: not found", "install it"),
        ('command: "true", cwd: gone', "cwd: ", "make it, or correct `cwd`"),
        ('command: "./x", cwd: data', "data: not a directory", "make it, or correct `cwd`"),
        ('command: "true", env_file: gone', "gone: no such file", "or `env_file`"),
        ('command: "true", env_file: data', "data:1: expected NAME=VALUE", "correct the file"),
    ],
)
def test_e15_what_is_missing_is_named_with_what_to_do(
    patient: Patient, keys: str, words: str, advice: str
) -> None:
    made(patient.root / "data", "not a program\n", 0o644)
    made(patient.root / "folder/inside")
    made(patient.root / "crlf", "#!/bin/sh\r\ntrue\r\n")
    made(patient.root / "gone-shell", "#!/gone/sh\n")
    patient.configure(f"  a: {{{keys}, schedule: daily}}\n")

    (warning,) = [text for text in warned(patient) if "y: not found" not in text]

    assert warning.startswith("a: ")
    assert words in warning
    assert advice in warning


def test_e15_a_program_in_the_path_of_the_terminal_only(patient: Patient, tmp_path: Path) -> None:
    tool = made(tmp_path / "own/tool")
    patient.monkeypatch.setenv("PATH", f"{tool.parent}:{os.environ['PATH']}")
    patient.configure('  a: {command: "tool | sort", schedule: daily}\n')
    (warning,) = warned(patient)
    path = warning.partition('PATH: "')[2].partition('"')[0]
    patient.configure(
        f'  a: {{command: "tool | sort", schedule: daily, env: {{PATH: "{path}"}}}}\n'
    )

    assert f"your shell finds {tool}: write that, or env: {{PATH:" in warning
    assert "in the PATH that its runs have under cron, /usr/bin:/bin" in warning
    assert warned(patient) == []


def test_e15_the_path_of_the_crontab_counts(patient: Patient, tmp_path: Path) -> None:
    tool = made(tmp_path / "own/tool")
    patient.configure('  a: {command: "tool", schedule: daily}\n')
    before = warned(patient)
    patient.crontab.text = f"PATH={tool.parent}:/usr/bin:/bin\n".encode() + patient.crontab.text

    assert "tool: not found in the PATH" in before[0]
    assert warned(patient) == []


def test_e15_where_something_else_calls_the_ticks_its_path_may_be_any(
    patient: Patient, tmp_path: Path
) -> None:
    tool = made(tmp_path / "own/tool")
    patient.monkeypatch.setenv("PATH", f"{tool.parent}:{os.environ['PATH']}")
    patient.configure('  a: {command: "tool; neither", schedule: daily}\n')
    patient.call("run")
    patient.crontab.text = b""

    (warning,) = warned(patient)

    assert warning.startswith("a: command: neither: not found")


def test_e15_home_is_that_of_cron(patient: Patient, tmp_path: Path) -> None:
    patient.monkeypatch.setenv("HOME", str(tmp_path))
    patient.configure('  a: {command: "~/no-such-program-of-mine", schedule: daily}\n')
    home = os.path.expanduser(f"~{patient.call('doctor')[0] and ''}") or "~"

    (warning,) = warned(patient)

    assert str(tmp_path) not in warning
    assert home is not None


def test_e15_a_one_time_job_that_has_run_is_not_warned_of(patient: Patient, tmp_path: Path) -> None:
    once = made(tmp_path / "once")
    soon = (at("12:00").replace(year=2099)).strftime("%Y-%m-%dT%H:%M:%SZ")
    patient.configure(f'  a: {{command: "{once}", schedule: "at:{soon}"}}\n')
    patient.call("run")
    once.unlink()
    options = PathOptions(
        str(patient.root), None, str(patient.state_dir), {**os.environ}, patient.root
    )
    config = load.load(options)
    known = preflight.remembered(config)
    (job,) = [job for job in config.jobs if job.id == "a"]
    later = at("12:00").replace(year=2099) + timedelta(days=1)

    before = [*preflight.of_configuration(config, os.environ, at("12:00"), known)]
    after = [*preflight.of_configuration(config, os.environ, later, known)]

    assert [f"a: command: {once}: no such program" in text for text in before] == [True]
    assert after == []
    assert preflight.has_had_its_only_run(job, known, later)
    assert not preflight.has_had_its_only_run(job, {}, later)


def test_e15_commands_of_channels(patient: Patient) -> None:
    channel = 'notify: {ops: {kind: command, command: "/gone/tell --me", on: [failure]}}\n'
    patient.configure('  a: {command: "true", schedule: daily}\n', channel)

    (warning,) = warned(patient)

    assert warning.startswith("command: /gone/tell: no such program; correct `command`")


def test_e15_create_update_and_import_say_it_too(patient: Patient, tmp_path: Path) -> None:
    made_of = patient.call("create", "new", "daily", "--command", "/gone/new")
    changed = patient.call("update", "new", "--command", "/gone/newer")
    table = tmp_path / "crontab"
    table.write_text("1 2 * * * /gone/newest --all\n")
    shown = patient.call("config", "import", str(table))

    assert "warning: new: command: /gone/new: no such program" in made_of[2]
    assert "warning: new: command: /gone/newer: no such program" in changed[2]
    assert "warning: newest: command: /gone/newest: no such program; correct" in shown[2]
    assert (made_of[0], changed[0], shown[0]) == (0, 0, 0)


def test_e15_what_another_user_runs_is_not_looked_for_in_places_we_may_not_see(
    patient: Patient,
) -> None:
    patient.configure('  a: {command: "sudo -n tool; sudo /bin/true", schedule: daily}\n')

    assert [text for text in warned(patient) if "sudo:" not in text] == []


def test_e15_an_interval_below_a_minute_is_refused_with_what_to_write(patient: Patient) -> None:
    patient.configure('  a: {command: "true", schedule: "every 30s"}\n')

    code, out, _ = patient.call("config", "validate")

    assert code == 2
    assert "an interval is at least a minute" in out
    assert "write every 1m" in out


def test_e15_each_program_is_looked_up_once(
    patient: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [
        f'  a{n}: {{command: "/gone/{n % 3} | no-such", schedule: daily}}\n' for n in range(60)
    ]
    patient.configure("".join(lines))
    asked: list[str] = []
    real = os.stat

    def counted(path: str, **more: bool) -> os.stat_result:
        asked.append(path)
        return real(path, **more)

    monkeypatch.setattr(os, "stat", counted)

    found = warned(patient)

    assert len(found) == 120
    assert asked.count("/gone/1") == 2  # twice, as it was validated twice
