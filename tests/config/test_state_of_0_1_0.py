"""A state that version 0.1.0 wrote stays where it is, and belongs to the root it served.

The folder `shared_by_0.1.0` holds state and journal as that version left them in its only default
place, after ticks from 08:00 to 08:31 for a root with jobs of every kind, one of them removed.
"""

import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from scheduled.config import load, ownership, paths
from scheduled.config.cache import file_for
from scheduled.config.load import Config
from scheduled.config.paths import PathOptions
from scheduled.installation import identity
from scheduled.state.owner import NotOwnerError
from scheduled.state.store import Store
from scheduled.system import machine
from scheduled.ticks import tick
from tests.builders import earlier_version
from tests.builders.command import tree
from tests.builders.crontab import Crontab
from tests.builders.installed import configure

WRITTEN = Path(__file__).parents[1] / "state" / "shared_by_0.1.0"
JOBS = """\
timezone: UTC
jobs:
  hourly: {schedule: "0 * * * *", command: "echo hourly >> out"}
  interval: {schedule: "interval:300", command: "echo interval >> out"}
  hashed: {schedule: "H * * * *", command: "echo hashed >> out"}
  once: {schedule: "at:2026-11-28T10:00:00Z", command: "echo once >> out"}
"""
NOON = datetime(2026, 11, 28, 12, 32, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Crontab:
    """A crontab that is empty at first."""
    made = Crontab(tmp_path / "cron")
    monkeypatch.setenv("PATH", f"{made.bin}:/usr/bin:/bin")
    monkeypatch.setattr(machine, "ID_FILE", tmp_path / "machine-id")
    # H is 21 there, as on the machine where the state was written.
    monkeypatch.setattr(machine, "identity", lambda: "machine-89")
    return made


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The home of a user with two roots and the state that 0.1.0 wrote."""
    home = tmp_path / "home"
    shutil.copytree(WRITTEN, home / ".local/state/scheduled")
    (home / ".local/state/scheduled").chmod(0o700)
    for name in ("site", "other"):
        (home / name).mkdir(mode=0o755)
        configure(home / name, JOBS)
    return home


def environ(home: Path) -> dict[str, str]:
    return {"HOME": str(home), "TZ": "UTC", "PATH": os.environ["PATH"]}


def config_of(home: Path, root: str, state_dir: Path | None = None) -> Config:
    named = None if state_dir is None else str(state_dir)
    return load.load(PathOptions(str(home / root), state_dir=named, environ=environ(home)))


def tick_of(config: Config, home: Path) -> list[str]:
    report = tick.run(config, NOON, environ=environ(home))
    return sorted(row["job"] for row in report.ran)


def shared(home: Path) -> Path:
    return home / ".local/state/scheduled"


def owner(state_dir: Path) -> str | None:
    return Store(state_dir).load().state.get("owner", {}).get("root")


def test_a1_the_root_that_the_block_ticks_keeps_the_state_and_loses_no_run(
    home: Path, command: Crontab
) -> None:
    command.text = earlier_version.block(home / "site", shared(home))
    anchors = {
        name: entry["anchor"] for name, entry in Store(shared(home)).load().state["jobs"].items()
    }

    config = config_of(home, "site")
    ran = tick_of(config, home)

    state = Store(shared(home)).load().state
    assert config.places.state_dir == shared(home)
    assert ran == ["hashed", "hourly", "interval", "once"]
    assert state["owner"]["root"] == str(home / "site")
    assert {name: entry["anchor"] for name, entry in state["jobs"].items()} == anchors
    command.text = b""
    assert config_of(home, "site").places.state_dir == shared(home)  # by its stamp, from now on
    assert tick_of(config_of(home, "site"), home) == []


def test_a1_the_units_say_which_root_a_state_served(home: Path) -> None:
    earlier_version.units(home / "site", shared(home), home / ".config/systemd/user")

    assert config_of(home, "site").places.state_dir == shared(home)
    tick_of(config_of(home, "site"), home)
    assert owner(shared(home)) == str(home / "site")


def test_a1_another_root_has_a_state_of_its_own_and_leaves_that_one_alone(
    home: Path, command: Crontab
) -> None:
    command.text = earlier_version.block(home / "site", shared(home))

    config = config_of(home, "other")
    ran = tick_of(config, home)

    assert config.places.state_dir == shared(home) / identity.name_of(home / "other")
    assert ran == []
    assert owner(shared(home)) is None


def test_a1_of_two_roots_that_are_to_tick_a_state_none_gets_it(
    home: Path, command: Crontab
) -> None:
    command.text = earlier_version.block(home / "site", shared(home))
    earlier_version.units(home / "other", shared(home), home / ".config/systemd/user")
    before = tree(home)

    for root in ("site", "other"):
        with pytest.raises(NotOwnerError) as refused:
            tick_of(config_of(home, root), home)
        assert f"{home}/site (crontab line 3) and {home}/other (" in str(refused.value)
        assert "state adopt" in str(refused.value)

    assert tree(home) == before


def test_a1_without_any_line_the_first_tick_that_names_the_state_gets_it(home: Path) -> None:
    ran = tick_of(config_of(home, "site", shared(home)), home)

    assert ran == ["hashed", "hourly", "interval", "once"]
    assert owner(shared(home)) == str(home / "site")
    with pytest.raises(NotOwnerError):
        tick_of(config_of(home, "other", shared(home)), home)


def test_a1_a_tick_that_names_a_state_which_the_crontab_gives_to_another_root_is_refused(
    home: Path, command: Crontab
) -> None:
    command.text = earlier_version.block(home / "site", shared(home))

    with pytest.raises(NotOwnerError, match=f"wrote this state for {home}/site"):
        tick_of(config_of(home, "other", shared(home)), home)

    assert owner(shared(home)) is None


def test_a1_a_command_by_hand_never_claims_a_state(home: Path) -> None:
    for root in ("site", "other"):
        store = ownership.open_store(config_of(home, root, shared(home)), environ(home), ["pause"])
        store.record(NOON, {"event": "paused", "job": "hourly"})

    assert owner(shared(home)) is None


@pytest.mark.parametrize("trace", ["cache", "hint"])
def test_a1_a_line_that_names_no_state_directory_still_finds_the_one_its_ticks_wrote(
    home: Path, trace: str
) -> None:
    config_path = home / "site/scheduled.yaml"
    (shared(home) / "cache").mkdir()
    if trace == "cache":
        file_for(shared(home) / "cache", config_path, []).path.touch()
    else:
        (shared(home) / "next-due").write_text(f"scheduled hint 2\n...\n1\n2\n{config_path}\0\n")

    places = [config_of(home, root).places.state_dir for root in ("site", "other")]

    assert places == [shared(home), shared(home) / identity.name_of(home / "other")]


def test_a1_where_two_roots_left_a_cache_each_gets_a_state_of_its_own(home: Path) -> None:
    (shared(home) / "cache").mkdir()
    for root in ("site", "other"):
        file_for(shared(home) / "cache", home / root / "scheduled.yaml", []).path.touch()

    places = [config_of(home, root).places.state_dir for root in ("site", "other")]

    assert places == [shared(home) / identity.name_of(home / root) for root in ("site", "other")]


def test_a1_a_trigger_directory_is_not_given_up_for_a_second_place(home: Path) -> None:
    inside = home / "site/aipass_core/trigger/trigger_json"
    inside.mkdir(parents=True)

    options = PathOptions(str(home / "site"), environ=environ(home))

    assert paths.find(options).state_dir == inside
