"""Idle ticks that name no state directory: each root has a hint of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from scheduled import idle
from scheduled.installation import identity
from scheduled.state.store import Store
from tests.test_idle import ENTRY, OFF, RARE, configure

pytestmark = pytest.mark.slow


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home of a user who has two roots, both with a job that is not due."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        configure(tmp_path / name, RARE + OFF)
    return tmp_path


def tick(root: Path | str) -> None:
    command = [sys.executable, "-I", "-S", "-X", "utf8", str(ENTRY), "--root", str(root), "run"]
    subprocess.run(command, check=True, env={"HOME": os.environ["HOME"], "TZ": "UTC"})


def state_dir(root: Path) -> Path:
    return Path(os.environ["HOME"], ".local/state/scheduled", identity.name_of(root))


def full_ticks(root: Path) -> int:
    count: int = Store(state_dir(root)).load().state["ticks"]["count"]
    return count


def test_a1_ticks_of_two_roots_are_idle_by_turns(home: Path) -> None:
    for _ in range(2):
        tick(home / "one")
        tick(home / "other")

    assert [full_ticks(home / "one"), full_ticks(home / "other")] == [1, 1]


def test_a1_a_tick_through_a_link_finds_its_own_hint(home: Path) -> None:
    (home / "link").symlink_to(home / "one")

    tick(home / "link")
    tick(f"{home}/link")

    assert full_ticks(home / "one") == 1


def test_a1_a_link_that_leads_to_another_root_now_makes_a_full_tick(home: Path) -> None:
    for name in ("one", "other"):
        (home / name / "scheduled.yaml").unlink()
    link = home / "link"
    link.symlink_to(home / "one")
    tick(link)
    link.unlink()
    link.symlink_to(home / "other")

    tick(link)

    assert full_ticks(home / "other") == 1


def test_a1_a_broken_hint_of_another_root_changes_nothing(home: Path) -> None:
    tick(home / "one")
    tick(home / "other")
    (state_dir(home / "other") / idle.HINT).write_bytes(b"\xff")

    tick(home / "one")

    assert full_ticks(home / "one") == 1


def test_a1_where_the_trigger_folder_has_come_an_older_hint_no_longer_counts(home: Path) -> None:
    tick(home / "one")
    (home / "one/aipass_core/trigger/trigger_json").mkdir(parents=True)

    tick(home / "one")

    assert (home / "one/aipass_core/trigger/trigger_json/scheduled_state.json").exists()
