"""From version 0.1.0 to this one and back, while a real cron daemon goes on to fire its line.

As docs/how-to/upgrade.md says it. The program is at one path all the
time, as in an environment in which one distribution takes the place of another.
"""

import json
import shutil
import sys
import tarfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

import scheduled
from scheduled.state.store import Store
from tests.builders import cron_machine, earlier_version, soak
from tests.builders.cron_machine import Machine
from tests.builders.installed import WITHOUT_SWEEPS, configure

PACKAGE = Path(scheduled.__path__[0])
CHECKOUT = Path(__file__).parents[2]
PATIENCE = 240.0
NOTE = "echo $SCHEDULED_SLOT >>"
JOBS = f"""\
  poll: {{schedule: "* * * * *", first_run: now, command: "{NOTE} poll"}}
  pair: {{schedule: "every 2m", command: "{NOTE} pair"}}
"""


class Site:
    """A home with one root, and the program of one version or the other."""

    def __init__(self, folder: Path, machine: Machine) -> None:
        self.program = folder / "program"
        self.root = folder / "root"
        self.state_dir = folder / ".local/state/scheduled"
        self._folder = folder
        self._machine = machine
        self.root.mkdir(mode=0o755)

    def call(self, *words: str) -> str:
        command = (sys.executable, "-I", "-S", "-X", "utf8", self.program / "scheduled/__main__.py")
        home = f"HOME={self._folder}"
        return self._machine.run("env", home, *command, "--root", self.root, *words).decode()

    def put(self, made: Path) -> None:
        """Have another version in the place of the program, between two ticks."""
        self.wait_until(lambda: self._machine.is_at_rest and 5 < time.time() % 60 < 50)
        if self.program.exists():
            self.program.rename(self._folder / f"program-{time.monotonic_ns()}")
        made.rename(self.program)

    def slots(self, name: str) -> list[datetime]:
        path = self.root / name
        lines = path.read_text().splitlines() if path.exists() else []
        return [datetime.fromisoformat(line) for line in lines]

    def wait_for_ticks(self, count: int) -> None:
        """Wait until the job of each minute has run that much oftener."""
        before = len(self.slots("poll"))
        self.wait_until(lambda: len(self.slots("poll")) >= before + count, 60 * count)
        self.wait_until(lambda: self._machine.is_at_rest)

    def wait_until(self, happened: Callable[[], bool], more: float = 0.0) -> None:
        deadline = time.monotonic() + PATIENCE + more
        while not happened():
            assert time.monotonic() < deadline
            time.sleep(0.2)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with cron_machine.started() as machine:
        yield Site(tmp_path, machine)


@pytest.fixture
def first_version(tmp_path: Path) -> Path:
    """The code of 0.1.0."""
    return earlier_version.checkout(tmp_path / "0.1.0")


@pytest.fixture
def this_version(tmp_path: Path) -> Path:
    """The code under test."""
    made = tmp_path / "this"
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(PACKAGE, made / "scheduled", ignore=ignore)
    shutil.copytree(CHECKOUT / "handlers", made / "handlers", ignore=ignore)
    return made


@pytest.mark.slow
def test_an_upgrade_under_cron_and_the_way_back_lose_no_run_and_double_none(
    site: Site, first_version: Path, this_version: Path, tmp_path: Path
) -> None:
    minutes = soak.count(1, 5)
    kept = shutil.copytree(first_version, tmp_path / "kept")
    site.put(first_version)
    # Due when the new version has taken over, and known to the old one only.
    once = datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(minutes=minutes + 2)
    job = f'  once: {{schedule: "at:{once:%Y-%m-%dT%H:%M}:00Z", command: "{NOTE} once"}}\n'
    configure(site.root, WITHOUT_SWEEPS + JOBS + job)
    site.call("cron", "install")
    block = _crontab(site)
    site.wait_for_ticks(minutes)
    before = _state(site)

    site.put(this_version)
    site.wait_for_ticks(minutes)
    after = _state(site)
    (backup,) = site.state_dir.glob("before-upgrade-*.tar.gz")
    status = json.loads(site.call("status", "--json"))
    installed = site.call("cron", "install")
    new_block = _crontab(site)
    site.wait_for_ticks(minutes)
    site.wait_until(lambda: site.slots("once") != [])

    assert "0.1.0" not in site.call("--version")
    assert after["owner"]["root"] == str(site.root)
    for name in ("poll", "pair"):
        assert after["jobs"][name]["anchor"] == before["jobs"][name]["anchor"]
    assert status["health"] == "healthy", status["reasons"]
    assert installed != ""
    assert block.count(b"# BEGIN scheduled") == new_block.count(b"# BEGIN scheduled") == 1
    assert new_block != block
    assert _are_whole(site.slots("poll"), timedelta(minutes=1))
    assert _are_whole(site.slots("pair"), timedelta(minutes=2))
    assert site.slots("once") == [once]
    assert Store(site.state_dir).load().recovered == []

    site.call("cron", "uninstall")
    site.put(kept)
    site.state_dir.rename(tmp_path / "of the new version")
    site.state_dir.mkdir(mode=0o700)
    with tarfile.open(tmp_path / "of the new version" / backup.name) as archive:
        # Python 3.11.3 and earlier have no filters.
        archive.extraction_filter = getattr(tarfile, "data_filter", None)
        archive.extractall(site.state_dir)
    restored = _state(site)
    version = site.call("--version")
    site.call("cron", "install")
    site.wait_for_ticks(minutes)

    assert version == "scheduled, version 0.1.0\n"
    assert restored == before
    assert _crontab(site) == block
    assert json.loads(site.call("status", "--json"))["health"] == "healthy"
    polled = site.slots("poll")
    assert polled == sorted(set(polled))
    assert polled[-1] > once


def _crontab(site: Site) -> bytes:
    return site._machine.run("crontab", "-l")


def _state(site: Site) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((site.state_dir / "scheduled_state.json").read_bytes())
    return document


def _are_whole(slots: list[datetime], distance: timedelta) -> bool:
    """Whether slots follow each other at a distance, none left out and none twice."""
    return bool(slots) and all(later - earlier == distance for earlier, later in pairwise(slots))
