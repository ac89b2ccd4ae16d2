"""`install_cron.sh`, from a checkout to a working crontab line and back."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.builders import isolation
from tests.builders.crontab import Crontab
from tests.builders.systemctl import Systemctl

CHECKOUT = Path(__file__).parents[2]
SCRIPT = CHECKOUT / "install_cron.sh"
FOREIGN = b"MAILTO=me@example.org\n0 5 * * * backup caf\xe9\n"


@dataclass(frozen=True)
class Machine:
    """A home folder, a crontab and an ecosystem's root, all of the test's own."""

    home: Path
    root: Path
    crontab: Crontab

    @property
    def venv(self) -> Path:
        return self.home / ".local/share/scheduled/venv"

    def run(self, *command: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
        surroundings = {
            "HOME": str(self.home),
            "PATH": f"{self.crontab.bin}:{os.environ['PATH']}",
            "PYTHON": sys.executable,
            **isolation.network(),
        }
        return subprocess.run(
            command,
            cwd="/",
            env=surroundings | environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def install(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return self.run(SCRIPT, *words, **environment)


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    home, root = tmp_path / "home", tmp_path / "the root"
    home.mkdir()
    root.mkdir()
    yield Machine(home, root, Crontab(tmp_path / "cron"))
    shutil.rmtree(home)  # an environment is some 50 MB, and pytest keeps three runs


@pytest.mark.slow
@pytest.mark.usefixtures("package_index")
def test_from_a_checkout_to_a_crontab_line_and_back(machine: Machine) -> None:
    machine.crontab.text = FOREIGN
    machine.venv.mkdir(parents=True)
    (machine.venv / ".being-made-by-install_cron").touch()
    (machine.venv / "left by a run that was killed").touch()
    machine.root.rmdir()
    words = ("--root", str(machine.root), "--every=5")

    first = machine.install(*words)
    assert first.returncode == 0, first.stderr
    installed = machine.crontab.text
    config = (machine.root / "scheduled.yaml").read_bytes()
    stale = old_distribution(machine.venv)
    (machine.root / "scheduled.yaml").write_bytes(config + b"# mine\n")
    second = machine.install(*words)

    assert second.returncode == 0, second.stderr
    assert f"Created the directory {machine.root}\n" in first.stdout
    assert machine.root.stat().st_mode & 0o777 == 0o755
    assert not stale.exists()
    assert installed.startswith(FOREIGN + b"# BEGIN scheduled")
    line = rf"\n\*/5 \* \* \* \* (set -- )?{re.escape(str(machine.venv))}/bin/python"
    assert re.search(line.encode(), installed)
    assert os.access(machine.venv / "bin" / "scheduled-tick", os.X_OK)
    assert (machine.venv / "share/man/man1/scheduled.1").exists()
    page = machine.run(machine.venv / "bin/scheduled", "--root", machine.root, "page")
    assert page.stdout.startswith("<!doctype html>"), page.stderr
    assert not (machine.venv / "left by a run that was killed").exists()
    assert "Nothing to do" in second.stdout
    assert machine.crontab.text == installed
    assert (machine.root / "scheduled.yaml").read_bytes() == config + b"# mine\n"

    neighbour = ("--root", str(machine.root), "--state-dir", str(machine.home / "state"))
    machine.run(machine.venv / "bin/scheduled", *neighbour, "cron", "install")
    kept = machine.install("--uninstall", *words[:2])
    assert "it stays" in kept.stdout
    assert machine.venv.exists()

    machine.run(machine.venv / "bin/scheduled", *neighbour, "cron", "uninstall")
    gone = machine.install("--uninstall", *words[:2])
    again = machine.install("--uninstall", *words[:2])
    assert gone.returncode == again.returncode == 0, gone.stderr
    assert machine.crontab.text == FOREIGN
    assert not machine.venv.exists()
    assert (machine.root / "scheduled.yaml").exists()
    assert "Nothing to do" in again.stdout


@pytest.mark.slow
def test_where_pip_fails_no_half_made_environment_stays(machine: Machine) -> None:
    machine.crontab.text = FOREIGN

    failed = machine.install("--root", str(machine.root), PIP_NO_INDEX="1")

    assert failed.returncode == 1
    assert "could not be installed" in failed.stderr
    assert "The environment was removed again" in failed.stderr
    assert not machine.venv.exists()
    assert machine.crontab.text == FOREIGN


@pytest.mark.parametrize(
    ("words", "token"),
    [
        (["--evry", "5"], "--evry"),
        (["now"], "now"),
        (["--uninstall", "--all"], "--all"),
        (["--every"], "--every"),
        (["--root="], "--root"),
        (["--root", "/dev/null"], "/dev/null: is not a directory"),
        (["--root", "/no/such/folder", "--uninstall"], "/no/such/folder"),
        (["--systemd", "--hourly"], "--every 1h"),
    ],
)
def test_what_cannot_be_meant_is_named_and_nothing_is_made(
    machine: Machine, words: list[str], token: str
) -> None:
    refused = machine.install(*words)

    assert refused.returncode == 2
    assert token in refused.stderr
    assert list(machine.home.iterdir()) == []
    assert not machine.crontab.exists


def test_help_and_a_dry_run_change_nothing(machine: Machine) -> None:
    missing = str(machine.home / "missing")
    for words in (
        ["--help"],
        ["--uninstall", "-h"],
        ["--dry-run"],
        ["--dry-run", "--root", missing],
        ["--uninstall", "--dry-run"],
    ):
        answer = machine.install(*words)

        assert answer.returncode == 0, answer.stderr
        assert answer.stdout
    assert list(machine.home.iterdir()) == []
    assert not machine.crontab.exists


def test_a_folder_that_is_not_ours_is_left_alone(machine: Machine) -> None:
    (machine.home / "precious").mkdir()
    (machine.home / "precious" / "thesis.tex").write_text("years of work")

    for words in ([], ["--uninstall"]):
        machine.install("--venv", str(machine.home / "precious"), *words)

        assert (machine.home / "precious" / "thesis.tex").read_text() == "years of work"
    refused = machine.install("--venv", str(machine.home / "precious"))
    assert refused.returncode == 1
    assert "not made by this script" in refused.stderr


@pytest.mark.slow
@pytest.mark.usefixtures("package_index")
def test_a_timer_in_the_place_of_a_crontab_and_back(machine: Machine, tmp_path: Path) -> None:
    systemctl = Systemctl(tmp_path / "systemctl")
    path = f"{systemctl.bin}:{os.environ['PATH']}"
    units = machine.home / ".config/systemd/user"
    words = ("--root", str(machine.root), "--systemd")

    installed = machine.install(*words, "--every=5", PATH=path)
    assert installed.returncode == 0, installed.stderr
    (service,) = units.glob("scheduled-*.service")
    called = f" {machine.venv}/bin/python -I -S -X utf8 {machine.venv}/" in service.read_text()
    again = machine.install(*words, "--every=5", PATH=path)
    gone = machine.install("--uninstall", *words[:2], PATH=path)

    assert again.returncode == gone.returncode == 0, gone.stderr
    assert called
    assert "Nothing to do" in again.stdout
    assert list(units.iterdir()) == []
    assert not machine.venv.exists()


def test_an_environment_that_is_lost_but_called_by_a_timer_is_not_passed_over(
    machine: Machine,
) -> None:
    unit = machine.home / ".config/systemd/user/scheduled-1a2b3c4d.service"
    unit.parent.mkdir(parents=True)
    unit.write_text(f"[Service]\nExecStart={machine.venv}/bin/python x run\n")

    answer = machine.install("--uninstall")

    assert answer.returncode == 1
    assert "a timer of your systemd calls it" in answer.stderr


def test_an_environment_that_is_lost_but_still_called_is_not_passed_over(machine: Machine) -> None:
    machine.crontab.text = f"* * * * * {machine.venv}/bin/python x run\n".encode()

    answer = machine.install("--uninstall")

    assert answer.returncode == 1
    assert "your crontab calls it" in answer.stderr


def test_a_machine_without_crontab_says_so_before_anything_is_made(
    machine: Machine, tmp_path: Path
) -> None:
    (tmp_path / "few").mkdir()
    for name in ("bash", "dirname"):
        (tmp_path / "few" / name).symlink_to(shutil.which(name) or "")

    answer = machine.install(PATH=str(tmp_path / "few"))

    assert answer.returncode == 75, answer.stderr
    assert "apt install cron" in answer.stderr
    assert list(machine.home.iterdir()) == []


def test_a_python_that_is_too_old_is_refused(machine: Machine, tmp_path: Path) -> None:
    (tmp_path / "python2").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "python2").chmod(0o755)

    answer = machine.install(PYTHON=str(tmp_path / "python2"))

    assert answer.returncode == 1
    assert f"{tmp_path}/python2: not a Python 3.11" in answer.stderr
    assert not machine.venv.exists()


def old_distribution(venv: Path) -> Path:
    """Leave what `pip install` of version 0.1.0, then called `scheduled`, left; a file of it."""
    (package,) = venv.glob("lib/python3*/site-packages/scheduled")
    about = package.with_name("scheduled-0.1.0.dist-info")
    about.mkdir()
    (package / "crontab.py").touch()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: scheduled\nVersion: 0.1.0\n")
    (about / "INSTALLER").write_text("pip\n")
    files = ["scheduled/__init__.py", "scheduled/crontab.py"]
    files += [f"{about.name}/{name}" for name in ("METADATA", "INSTALLER", "RECORD")]
    (about / "RECORD").write_text("".join(f"{name},,\n" for name in files))
    return package / "crontab.py"
