"""`scheduled state check`: a sound state folder is fine, and each fault is named."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from scheduled.cli import state
from scheduled.state.maintenance.check import examine
from scheduled.state.store import Store
from tests.builders.command import tree
from tests.builders.jobs import at
from tests.builders.looks import Home, lived_in

TORN = b'{"at":"2026-11-21T11:00:00Z","event":"begi\n'


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Two jobs, one run, and a sound state."""
    return lived_in(tmp_path)


def altered(home: Home) -> None:
    """Change a job in the state file alone."""
    path = home.state_dir / "scheduled_state.json"
    state = json.loads(path.read_text())
    state["jobs"]["backup"]["watermark"] = "2020-01-01T00:00:00Z"
    path.write_text(json.dumps(state))


def test_a_sound_state_is_fine_and_looking_changes_nothing(home: Home) -> None:
    home.call(state.check)
    before = tree(home.folder)

    said = home.call(state.check)

    assert said.code == 0
    assert said.out.endswith("3 events\nok\n") or said.out.endswith("4 events\nok\n")
    assert tree(home.folder) == before


def test_a_folder_in_which_no_tick_ever_was_is_fine_and_is_not_made(tmp_path: Path) -> None:
    found = examine(tmp_path / "state")

    assert found.is_fine
    assert not (tmp_path / "state").exists()


def test_where_state_and_journal_part_each_place_is_named(home: Home) -> None:
    altered(home)

    said = home.call(state.check)

    assert said.code == 4
    assert (
        'jobs.backup.watermark: the state has "2020-01-01T00:00:00Z", '
        'the journal "2026-11-21T11:00:00Z"\n'
    ) in said.out
    assert "scheduled state rebuild" in said.out


def test_what_others_keep_in_the_state_is_no_difference(home: Home) -> None:
    path = home.state_dir / "scheduled_state.json"
    document = json.loads(path.read_text())
    document["somebody"] = {"elses": 1}
    document["last_run"]["weekly"] = "2026-11-20T00:00:00"
    path.write_text(json.dumps(document))

    assert home.call(state.check).code == 0


def test_events_that_no_checkpoint_counts_yet_are_no_difference(home: Home) -> None:
    store = Store(home.state_dir).load()
    store.record(at("11:30"), {"event": "enabled", "job": "poll", "enabled": True})

    assert examine(home.state_dir).is_fine


def test_a_state_that_cannot_be_parsed_is_a_problem(home: Home) -> None:
    (home.state_dir / "scheduled_state.json").write_text("{torn")

    said = home.call(state.check)

    assert said.code == 4
    assert "not JSON" in said.out


def test_a_state_of_a_newer_version_is_a_problem(home: Home) -> None:
    (home.state_dir / "scheduled_state.json").write_text('{"version": 99}')

    (problem,) = examine(home.state_dir).problems

    assert "upgrade scheduled" in problem


def test_a_line_that_counts_and_cannot_be_read_is_a_problem(home: Home) -> None:
    with (home.state_dir / "journal" / "2026-11-21.jsonl").open("ab") as stream:
        stream.write(TORN)

    said = home.call(state.check)

    assert said.code == 4
    assert "is damaged, ignored" in said.out


def test_a_line_before_the_newest_snapshot_is_only_worth_a_note(home: Home) -> None:
    with (home.state_dir / "journal" / "2026-11-21.jsonl").open("ab") as stream:
        stream.write(TORN)
    later = at("12:00") + timedelta(days=1)
    Store(home.state_dir).load().record(later, {"event": "tick", "ran": 0})

    said = home.call(state.check)

    assert said.code == 0
    assert "1 older line cannot be read" in said.out


@pytest.mark.parametrize(
    ("place", "mode", "advice"),
    [
        ("locks/quick.lock", 0o644, "chmod 600"),
        ("scheduled_state.json", 0o664, "chmod go-w"),
        ("journal/2026-11-21.jsonl", 0o602, "chmod go-w"),
    ],
)
def test_a_file_that_is_open_to_others_is_a_problem(
    home: Home, place: str, mode: int, advice: str
) -> None:
    (home.state_dir / place).touch()
    (home.state_dir / place).chmod(mode)

    (problem,) = examine(home.state_dir).problems

    assert problem.startswith(f"{home.state_dir / place}: ")
    assert advice in problem


def test_what_is_not_ours_is_named_and_left_to_its_owner(home: Home) -> None:
    (home.state_dir / "trigger_data.json").write_text("{}")
    (home.state_dir / "journal" / "notes.txt").write_text("x")
    (home.state_dir / ".scheduled_state.json.abc").write_text("{")

    found = examine(home.state_dir)

    assert found.is_fine
    assert [note.split(": ")[0].rpartition("/")[2] for note in found.notes] == [
        "notes.txt",
        ".scheduled_state.json.abc",
    ]


def test_as_json_it_has_the_same_and_the_sizes(home: Home) -> None:
    altered(home)

    said = home.call(state.check, "--json")

    document = json.loads(said.out)
    assert said.code == 4
    assert [*document] == [
        "ok",
        "state_dir",
        "problems",
        "differences",
        "notes",
        "events",
        "files",
    ]
    assert document["ok"] is False
    assert document["differences"] == [
        {
            "place": "jobs.backup.watermark",
            "state": '"2020-01-01T00:00:00Z"',
            "journal": '"2026-11-21T11:00:00Z"',
        }
    ]
    assert document["files"]["output"] == {"count": 1, "bytes": 15}
