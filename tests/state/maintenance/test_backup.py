"""`scheduled state backup`: one archive that a state folder can be made of again."""

import subprocess
from pathlib import Path

import pytest

from scheduled.cli import history, state
from scheduled.state.maintenance import backup
from scheduled.state.maintenance.check import examine
from scheduled.state.store import Store
from tests.builders.jobs import at
from tests.builders.looks import Home, lived_in

NAME = "scheduled-backup-20261121T120000Z.tar.gz"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Create a state, and beside it locks, a cache and output."""
    (tmp_path / "home").mkdir()
    return lived_in(tmp_path / "home")


def restored(archive: Path, folder: Path) -> Path:
    """Return what the command says to type."""
    folder.mkdir(parents=True)
    subprocess.run(["tar", "xzf", archive, "-C", folder], check=True)
    return folder


def test_what_is_unpacked_is_a_sound_state_with_all_its_history(home: Home, tmp_path: Path) -> None:
    home.call(state.backup)
    elsewhere = Home(tmp_path / "elsewhere")

    restored(home.folder / NAME, elsewhere.state_dir)

    assert examine(elsewhere.state_dir).is_fine
    assert Store(elsewhere.state_dir).load().state == Store(home.state_dir).load().state
    assert elsewhere.call(history.history, "--json").out == home.call(history.history, "--json").out


def test_locks_caches_and_output_stay_out_and_nobody_else_may_read_it(
    home: Home, tmp_path: Path
) -> None:
    home.call(state.backup, "mine.tar.gz")

    archive = home.folder / "mine.tar.gz"
    folder = restored(archive, tmp_path / "unpacked")
    assert archive.stat().st_mode & 0o777 == 0o600
    assert sorted(str(file.relative_to(folder)) for file in folder.rglob("*.json*")) == [
        "journal/2026-11-21.jsonl",
        "scheduled_state.json",
    ]
    assert len([*folder.iterdir()]) == 2


def test_it_says_how_to_restore_it(home: Home) -> None:
    said = home.call(state.backup)

    assert said.out.startswith(f"{home.folder / NAME}: 2 files, ")
    assert f"tar xzf {home.folder / NAME} -C {home.state_dir}\n" in said.out


def test_a_folder_is_given_a_file_with_the_date(home: Home, tmp_path: Path) -> None:
    home.call(state.backup, str(tmp_path))

    assert (tmp_path / NAME).exists()


def test_g3_a_link_that_leads_nowhere_is_not_written_through(home: Home, tmp_path: Path) -> None:
    (home.folder / NAME).symlink_to(tmp_path / "nologin")

    said = home.call(state.backup)

    assert (said.code, "already exists" in said.err) == (2, True)
    assert not (tmp_path / "nologin").exists()


def test_a_file_that_is_there_is_not_written_over(home: Home) -> None:
    (home.folder / NAME).write_text("mine")

    said = home.call(state.backup)

    assert said.code == 2
    assert "already exists" in said.err
    assert (home.folder / NAME).read_text() == "mine"


def test_a_folder_that_is_not_there_is_refused_and_nothing_is_left(home: Home) -> None:
    said = home.call(state.backup, "nowhere/x.tar.gz")

    assert said.code == 2
    assert "nowhere/x.tar.gz: cannot be written: no such file or directory" in said.err


def test_without_a_state_there_is_nothing_to_back_up(tmp_path: Path) -> None:
    said = Home(tmp_path).call(state.backup)

    assert said.code == 4
    assert [*tmp_path.iterdir()] == []


def test_what_ticks_record_while_it_is_packed_is_left_out_whole(home: Home, tmp_path: Path) -> None:
    with backup._parts(home.state_dir) as parts:
        store = Store(home.state_dir).load()
        store.record(at("12:00"), {"event": "enabled", "job": "poll", "enabled": True})
        store.checkpoint(at("12:00"))
        with (tmp_path / "a.tar.gz").open("wb") as stream:
            backup._pack(stream, home.state_dir, parts, at("12:00"))

    folder = restored(tmp_path / "a.tar.gz", tmp_path / "unpacked")
    assert examine(folder).is_fine
    assert "poll" not in Store(folder).load().state["jobs"]
