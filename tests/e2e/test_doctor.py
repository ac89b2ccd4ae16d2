"""`scheduled doctor` under a real cron: silent where all is sound, and what is planted is found."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scheduled.installation.crontab_block import block_text
from tests.builders import cron_machine, needs
from tests.builders.command import options
from tests.builders.cron_machine import Machine
from tests.builders.doctored import problems
from tests.builders.installed import WITHOUT_SWEEPS, configure

JOB = '  backup: {command: "ls -l /", schedule: "0 3 * * *"}\n'
NAMESPACES = ("--mount", "--pid", "--fork", "--mount-proc", "--propagation=private")


class Place:
    """A root on the machine, its block in the crontab, and the doctor there."""

    def __init__(self, machine: Machine, root: Path) -> None:
        self.machine, self.root = machine, root
        self.words = ("--root", str(root), "--state-dir", str(root.parent / "state"))
        machine.run("crontab", "-", text=b"")
        configure(root, WITHOUT_SWEEPS + JOB)
        machine.scheduled(root, "cron", "install")
        machine.scheduled(root, "run")

    @property
    def crontab(self) -> bytes:
        return self.machine.run("crontab", "-l")

    @crontab.setter
    def crontab(self, text: bytes) -> None:
        self.machine.run("crontab", "-", text=text)

    def call(self, *command: str) -> subprocess.CompletedProcess[bytes]:
        return self.machine.call(sys.executable, "-m", "scheduled", *self.words, *command)

    def examine(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.call("doctor", "--json").stdout)
        return document

    def only(self, check: str) -> dict[str, str]:
        """The finding of this check, which is the only one of all that is not `ok`."""
        (finding,) = problems(self.examine())
        assert finding["check"] == check, finding
        return finding


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    with cron_machine.started() as machine:
        if not Path("/usr/sbin/sendmail").exists():
            pytest.skip("needs /usr/sbin/sendmail: apt install msmtp-mta")
        yield machine


@pytest.fixture
def place(machine: Machine, root: Path) -> Place:
    return Place(machine, root)


def test_on_a_sound_installation_it_says_nothing(place: Place) -> None:
    mine = place.call("doctor")
    as_cron = place.call("doctor", "--as-cron")

    assert (mine.returncode, mine.stdout, mine.stderr) == (0, b"", b"")
    assert (as_cron.returncode, as_cron.stdout, as_cron.stderr) == (0, b"", b"")


def test_an_edited_block(place: Place) -> None:
    place.crontab = place.crontab.replace(b"* * * * *", b"*/7 * * * *")

    finding = place.only("block")

    assert finding["level"] == "warning"
    assert finding["remedy"].endswith(" cron install --force")


def test_a_block_whose_end_is_gone(place: Place) -> None:
    place.crontab = place.crontab.replace(b"# END", b"# end")

    assert place.only("block")["remedy"] == "crontab -e"


def test_an_interpreter_that_is_gone(place: Place) -> None:
    name = place.crontab.split(b"# BEGIN scheduled ")[1].split()[0].decode()
    line = place.crontab.splitlines()[2].replace(sys.executable.encode(), b"/opt/venv/bin/python")
    place.crontab = block_text(name, [line + b"\n"])

    finding = place.only("files")

    assert finding["level"] == "error"
    assert "/opt/venv/bin/python: no such file" in finding["message"]
    assert finding["remedy"].endswith(" cron install")


def test_a_copy_of_another_version(place: Place, tmp_path: Path) -> None:
    package = tmp_path / "old/scheduled"
    package.mkdir(parents=True)
    (package / "version.py").write_text('__version__ = "0.1.0"\n')
    (package / "__main__.py").touch()
    line = f"* * * * * {sys.executable} {package}/__main__.py {' '.join(place.words)} run\n"
    place.crontab = line.encode()

    assert "calls version 0.1.0 in " in place.only("version")["message"]


def test_mail_that_is_turned_off(place: Place) -> None:
    place.crontab = b'MAILTO=""\n' + place.crontab

    finding = place.only("mail")

    assert finding["level"] == "warning"
    assert "nobody is told when a job fails" in finding["message"]


def test_a_log_instead_of_mail(place: Place, tmp_path: Path) -> None:
    place.call("cron", "install", "--log", str(tmp_path / "the log"))

    assert f"goes to {tmp_path}/the log only" in place.only("mail")["message"]


def test_no_mail_program_and_all_that_tell_of_it(place: Place) -> None:
    mailer = Path("/usr/sbin/sendmail").resolve()
    place.machine.run("mount", "--bind", "/dev/null", mailer)
    try:
        finding = place.only("mail")
        place.machine.run("crontab", "-", text=b"")
        installed = place.call("cron", "install").stdout.decode()
        status = place.call("status").stdout.decode()
    finally:
        place.machine.run("umount", mailer)

    assert "there is no mail program" in finding["message"]
    assert "nobody is told when a job fails" in installed
    assert "nobody is told when a job fails" in status


def test_a_path_that_cron_does_not_expand(place: Place) -> None:
    place.crontab = b"PATH=/usr/bin:/bin:$HOME/bin\n" + place.crontab

    assert "expands neither $ nor ~" in place.only("path")["message"]


def test_a_locale_that_is_not_installed(place: Place) -> None:
    place.crontab = b"LANG=tlh_KX.UTF-8\n" + place.crontab

    assert "the locale tlh_KX.UTF-8, which is not installed" in place.only("locale")["message"]


def test_a_program_outside_of_crons_path(place: Place) -> None:
    place.crontab = b"PATH=/nowhere\n" + place.crontab

    finding = place.only("programs")

    assert "backup: ls: not found in the PATH that its runs have under cron" in finding["message"]
    assert "--env PATH=" in finding["remedy"]


def test_another_line_with_the_command_of_a_job(place: Place) -> None:
    place.crontab = place.crontab + b"@daily ls  -l / >/dev/null 2>&1\n"

    assert "runs the command of backup as well" in place.only("other_lines")["message"]


def test_another_block_with_another_state(place: Place) -> None:
    name = place.crontab.split(b"# BEGIN scheduled ")[1].split()[0].decode()
    line = place.crontab.splitlines()[2].replace(b"/state run", b"/other run")
    other = block_text(f"{name}-other", [line + b"\n"])
    place.crontab = place.crontab + other

    finding = place.only("other_blocks")

    assert finding["level"] == "error"
    assert finding["remedy"].endswith(f"--state-dir {place.root.parent}/other cron uninstall")


def test_a_machine_without_an_id(place: Place) -> None:
    if not Path("/etc/machine-id").exists():
        pytest.skip("needs /etc/machine-id: systemd-machine-id-setup")
    place.machine.run("mount", "--bind", "/dev/null", "/etc/machine-id")
    try:
        finding = place.only("host")
    finally:
        place.machine.run("umount", "/etc/machine-id")

    assert finding["remedy"] == "systemd-machine-id-setup"


def test_no_cron_daemon(root: Path) -> None:
    needs.root()
    needs.programs("cron", "crontab", "unshare")
    configure(root, WITHOUT_SWEEPS + JOB)
    command = f"{sys.executable} -P -m scheduled {' '.join(options(root))}"
    script = f"{cron_machine.MOUNTS}\necho ready\n{command} cron install\n{command} doctor\n"

    answer = subprocess.run(
        ["unshare", *NAMESPACES, "sh", "-c", script], capture_output=True, text=True, check=False
    )

    if not answer.stdout.startswith("ready"):
        needs.mounts()
    installed, _, examined = answer.stdout.partition("error: daemon: ")
    assert "no cron daemon runs" in installed
    assert "no cron daemon runs" in examined
    assert "  systemctl enable --now cron\n" in examined
