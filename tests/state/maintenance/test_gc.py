"""`scheduled state gc`: what is old goes, what is needed stays."""

import os
from datetime import timedelta
from pathlib import Path

import pytest

from scheduled.cli import state
from scheduled.state.store import Store
from tests.builders.command import tree
from tests.builders.jobs import at
from tests.builders.looks import Home, begin, lived_in

DAY = timedelta(days=1)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Create a journal of forty days, and output and replaced states of the first day."""
    made = lived_in(tmp_path)
    for day in range(1, 41):
        Store(made.state_dir).load().record(at("12:00") + day * DAY, {"event": "tick", "ran": 0})
    Store(made.state_dir).load().checkpoint(at("12:00") + 40 * DAY)
    aged(made.printed("backup", "r1", "old\n"), 0)
    aged(made.printed("backup", "r40", "new\n"), 40)
    return made


def aged(path: Path, day: int) -> Path:
    """Written on that day of the forty."""
    moment = (at("12:00") + day * DAY).timestamp()
    os.utime(path, (moment, moment))
    return path


def gone(home: Home, *options: str) -> list[str]:
    """Return what `gc` removes on the fortieth day."""
    before = tree(home.state_dir)
    assert home.call(state.gc, *options, now=at("12:00") + 40 * DAY).code == 0
    return sorted({*before} - {*tree(home.state_dir)})


def test_output_older_than_a_month_goes_and_newer_stays(home: Home) -> None:
    assert gone(home) == ["runs/backup/r1.log"]


def test_days_says_how_much_is_kept(home: Home) -> None:
    assert gone(home, "--days", "20") == [
        *(
            f"journal/2026-{day:%m-%d}.jsonl"
            for day in (at("12:00") + n * DAY for n in range(10, 20))
        ),
        "runs/backup/r1.log",
    ]


def test_a_state_that_was_kept_aside_goes_by_when_that_was(home: Home) -> None:
    for name in ("corrupt-20261121T120000Z", "replaced-20261230T120000Z"):
        aged(home.state_dir / "scheduled_state.json", 0)
        (home.state_dir / f"scheduled_state.json.{name}").write_text("{")

    assert "scheduled_state.json.corrupt-20261121T120000Z" in gone(home)
    assert (home.state_dir / "scheduled_state.json.replaced-20261230T120000Z").exists()


def test_what_a_dying_program_left_goes(home: Home) -> None:
    for name in (".scheduled_state.json.x1", "journal/.2026-11-21.jsonl.new"):
        (home.state_dir / name).write_text("{")
        aged(home.state_dir / name, 0)

    assert {".scheduled_state.json.x1", "journal/.2026-11-21.jsonl.new"} <= {*gone(home)}


@pytest.mark.parametrize("lane", [0, 1])
def test_the_output_of_a_run_that_goes_on_stays(home: Home, lane: int) -> None:
    home.record(begin("r1", at("12:00") + 40 * DAY) | {"lane": lane})

    assert gone(home) == []


def test_what_is_not_ours_stays(home: Home) -> None:
    (home.state_dir / "mine").mkdir()
    aside = "mine/scheduled_state.json.corrupt-20261121T120000Z"
    for name in ("trigger_data.json", "journal/notes.txt", "locks/old.lock", aside):
        (home.state_dir / name).write_text("x")
        aged(home.state_dir / name, 0)

    assert gone(home) == ["runs/backup/r1.log"]


def test_the_journal_that_the_state_could_be_rebuilt_from_stays(home: Home) -> None:
    journals = sorted((home.state_dir / "journal").iterdir())
    for path in journals[10:]:
        path.write_bytes(b"{torn\n")

    assert {name for name in gone(home, "--days", "1") if "journal" in name} == {
        f"journal/{path.name}" for path in journals[:9]
    }


def test_a_dry_run_names_the_same_and_removes_nothing(home: Home) -> None:
    before = tree(home.state_dir)

    said = home.call(state.gc, "--dry-run", now=at("12:00") + 40 * DAY)

    assert said.out == (
        f"{home.state_dir}/runs/backup/r1.log\nwould be removed: output 4 B in 1 file\n"
    )
    assert tree(home.state_dir) == before


def test_what_cannot_be_removed_is_named_and_the_rest_goes(home: Home) -> None:
    stuck = home.state_dir / ".scheduled_state.json.x1"
    stuck.write_text("{")
    aged(stuck, 0)
    removed = os.unlink

    def refusing(path: str | Path) -> None:
        if Path(path) == stuck:
            raise PermissionError(1, "Operation not permitted", str(path))
        removed(path)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "unlink", refusing)
        said = home.call(state.gc, now=at("12:00") + 40 * DAY)

    assert said.code == 1
    assert f"{stuck}: cannot be removed: operation not permitted" in said.err
    assert said.out == "removed: output 4 B in 1 file\n"
