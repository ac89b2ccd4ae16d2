"""Every command, in a state directory that belongs to another user: what changes it is refused."""

import contextlib
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import click
import pytest

from scheduled.cli.main import group, main
from scheduled.state.store import Store
from tests.builders import needs, people
from tests.builders.crontab import Crontab
from tests.builders.installed import WITHOUT_SWEEPS, configure

CHANGING = {
    "run": [],
    "daily-report": [],
    "trigger": ["backup"],
    "create": ["another", "hourly", "--command", "true"],
    "update": ["backup", "--timeout", "10m"],
    "edit": ["backup"],
    "delete": ["backup", "--yes"],
    "enable": ["backup"],
    "disable": ["backup"],
    "pause": [],
    "resume": [],
    "skip": ["backup"],
    "defer": ["backup", "--until", "2h"],
    "cancel": ["backup"],
    "ack": ["backup"],
    "dead-letter retry": ["backup"],
    "dead-letter drop": ["backup"],
    "config import": ["{home}/crontab", "--yes"],
    "config prune": ["--yes"],
    "cron install": [],
    "cron uninstall": [],
    "state rebuild": [],
    "state backup": ["{home}/archive.tar.gz"],
    "state gc": [],
    "state adopt": [],
}
READING = {
    "status": [],
    "check": [],
    "metrics": [],
    "events": [],
    "page": [],
    "telemetry": ["status"],
    "stats": [],
    "list": [],
    "ls": [],
    "show": ["backup"],
    "next": [],
    "simulate": ["--to", "2h"],
    "why": ["backup"],
    "history": [],
    "logs": ["backup"],
    "dead-letter list": [],
    "config validate": [],
    "config show": [],
    "config export": ["--crontab"],
    "executors": [],
    "config schema": [],
    "cron show": [],
    "handlers": [],
    "incidents": [],
    "projects": [],
    "branches": [],
    "doctor": [],
    "notify test": [],
    "state check": [],
}
JUDGING = ("doctor", "notify test", "branches")
"""Say by their exit code what they have found: no tick is installed, no channel, no registry."""
ELSEWHERE = {"config init", "handlers new", "completion"}
"""Have nothing to do with a state."""


@pytest.fixture
def home(open_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A root of ours with a job that has run; its state has been given to another user."""
    needs.root()
    crontab = Crontab(open_folder / "cron")
    monkeypatch.setenv("PATH", f"{crontab.bin}:/usr/bin:/bin")
    monkeypatch.setenv("HOME", str(open_folder))
    monkeypatch.setenv("XDG_CACHE_HOME", str(open_folder / "notes"))
    (open_folder / "root").mkdir()
    (open_folder / "crontab").write_text("0 4 * * * true\n")
    configure(open_folder / "root", WITHOUT_SWEEPS)
    assert called(open_folder, "create", "backup", "hourly", "--command", "echo out") == 0
    assert called(open_folder, "trigger", "backup") == 0
    people.give(open_folder / "state", people.NOBODY)
    return open_folder


def called(home: Path, *words: str) -> int:
    options = ["--root", str(home / "root"), "--state-dir", str(home / "state")]
    return main([*options, *(word.format(home=home) for word in words)])


def leaves(command: click.Command, *above: str) -> Iterator[str]:
    """The names of all commands without subcommands."""
    if not isinstance(command, click.Group):
        yield " ".join(above)
        return
    if above and command.invoke_without_command:
        yield " ".join(above)
    context = click.Context(command)
    for name in {*command.list_commands(context), *(("ls",) if not above else ())}:
        child = command.get_command(context, name)
        assert child is not None
        yield from leaves(child, *above, name)


def everything(home: Path) -> dict[str, tuple[int, ...]]:
    """What a write would change: size, times, mode and owner of all there is."""
    found: dict[str, tuple[int, ...]] = {}
    for path in [home, *home.rglob("*")]:
        if home / "notes" in (path, *path.parents) or path == home:
            continue
        status = path.lstat()
        numbers = (status.st_size, status.st_mtime_ns, status.st_mode, status.st_uid)
        found[str(path.relative_to(home))] = numbers
    return found


def test_c1_every_command_is_known_to_change_something_or_to_read() -> None:
    assert set(leaves(group)) == CHANGING.keys() | READING.keys() | ELSEWHERE


@pytest.mark.parametrize("command", CHANGING)
def test_c1_a_command_that_changes_something_writes_nothing_in_the_state_of_another_user(
    home: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    words = [*command.split(), *CHANGING[command]]
    before = everything(home)
    capsys.readouterr()

    code = called(home, *words)

    said = capsys.readouterr().err
    typed = " ".join(word.format(home=home) for word in words)
    assert code == 2
    assert f"{home}/state: belongs to nobody, and you are root" in said
    assert f"sudo -u nobody scheduled --root {home}/root --state-dir {home}/state {typed}" in said
    assert everything(home) == before


@pytest.mark.parametrize("command", READING)
def test_c1_a_command_that_reads_reads_it_and_writes_nothing(
    home: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    before = everything(home)
    capsys.readouterr()

    code = called(home, *command.split(), *READING[command])

    assert (code == 0) == (command not in JUDGING), capsys.readouterr()
    assert everything(home) == before


@pytest.mark.parametrize("words", [["run", "--dry-run"], ["--list"]])
def test_c1_a_dry_run_reads_as_well(home: Path, words: list[str]) -> None:
    before = everything(home)

    assert called(home, *words) == 0
    assert everything(home) == before


@pytest.mark.parametrize("where", ["scheduled_state.json", "journal", "runs/backup"])
def test_c1_a_link_in_the_state_of_another_user_is_not_followed(
    home: Path, capsys: pytest.CaptureFixture[str], where: str
) -> None:
    secret = home / "secret"
    secret.mkdir(mode=0o700)
    (home / "state" / where).rename(secret / "moved")
    (home / "state" / where).symlink_to(secret / "moved")
    for path in (secret, *secret.rglob("*")):
        os.chown(path, 0, 0)
    before = everything(home)
    capsys.readouterr()

    for command in ("status", "history", "why", "logs", "state check"):
        called(home, *command.split(), *READING[command])
        assert "Traceback" not in capsys.readouterr().err

    assert everything(home) == before


def test_c1_root_makes_no_state_directory_in_the_home_of_another_user(
    open_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    needs.root()
    home = open_folder / "home"
    home.mkdir()
    people.give(home, people.NOBODY)
    monkeypatch.setenv("HOME", str(home))
    (open_folder / "root").mkdir()

    code = main(["--root", str(open_folder / "root"), "pause"])

    assert code == 2
    assert f"{home} belongs to nobody, and you are root" in capsys.readouterr().err
    assert list(home.iterdir()) == []


def test_c1_the_owner_goes_on_after_root_was_refused(home: Path) -> None:
    called(home, "pause")

    store, now = Store(home / "state"), datetime.now(UTC)
    assert people.as_nobody(lambda: store.load().checkpoint(now)) == "done"


def test_c1_a_user_in_the_state_of_root_is_refused_too(home: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        people.give(home / "state", 0)
    for path in (home / "state", *(home / "state").rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    before = everything(home)

    said = people.as_nobody(lambda: _raise_code(called(home, "pause")))

    assert said == "ValueError: 2"
    assert everything(home) == before


def _raise_code(code: int) -> None:
    raise ValueError(code)
