"""The format of state and journal: newer ones are refused, and older ones backed up first."""

import json
import shutil
import tarfile
from pathlib import Path

import pytest

from scheduled.errors import NewerFormatError
from scheduled.state import events
from scheduled.state.maintenance.check import examine
from scheduled.state.store import Store
from tests.builders.command import tree
from tests.builders.jobs import at
from tests.builders.synced import Synced

WRITTEN = Path(__file__).parent / "written_by_0.1.0"


def test_a_journal_of_a_newer_format_is_refused_and_left_alone(tmp_path: Path) -> None:
    store = Store(tmp_path).load()
    newer = {**store.state, "version": 3, "program": "9.9.0"}
    store.record(at("12:00"), events.tick_ended(0))
    store.journal.append(
        store.journal.names()[-1], [{"seq": 3, "event": "snapshot", "state": newer}], sync=True
    )
    before = tree(tmp_path)

    with pytest.raises(NewerFormatError, match=r"format 3.* scheduled 9\.9\.0 or later is needed"):
        Store(tmp_path).load()

    assert NewerFormatError.exit_code == 2
    assert tree(tmp_path) == before


def test_before_the_first_write_a_backup_of_the_earlier_format_is_kept(tmp_path: Path) -> None:
    state_dir = Path(shutil.copytree(WRITTEN, tmp_path / "state"))
    store = Store(state_dir).load()
    assert [*state_dir.glob("*.tar.gz")] == []  # looking is not writing

    store.record(at("12:00"), events.tick_ended(0))
    store.record(at("12:01"), events.tick_ended(0))
    store.checkpoint(at("12:01"))
    Store(state_dir).load().record(at("12:02"), events.tick_ended(0))

    (backup,) = state_dir.glob("before-upgrade-*.tar.gz")
    assert backup.stat().st_mode & 0o777 == 0o600
    with tarfile.open(backup) as archive:
        for name in (
            "scheduled_state.json",
            "journal/2026-11-20.jsonl",
            "journal/2026-11-21.jsonl",
        ):
            stored = archive.extractfile(name)
            assert stored is not None
            assert stored.read() == (WRITTEN / name).read_bytes()
    assert store.recovered == []
    assert examine(state_dir).differences == ()
    assert json.loads((state_dir / "scheduled_state.json").read_text())["version"] == 2


def test_events_of_others_are_on_the_disk_before_a_checkpoint_contains_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, theirs = Store(tmp_path).load(), Store(tmp_path).load()
    ours.record(at("12:00"), events.tick_ended(0))
    theirs.record(at("12:00"), events.tick_ended(0), sync=False)
    synced = Synced(monkeypatch)

    ours.checkpoint(at("12:01"))

    assert synced.calls[0] == "fsync 2026-11-21.jsonl"
    assert "replace scheduled_state.json" in synced.calls[1:]
    ours.checkpoint(at("12:02"))
    assert synced.calls.count("fsync 2026-11-21.jsonl") == 1
