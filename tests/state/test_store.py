"""The store: a checkpoint that the journal can always replace, and never silently does."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from scheduled.errors import NewerFormatError
from scheduled.state.store import Store
from tests.builders.people import as_nobody
from tests.builders.synced import Synced

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
MISSED = {
    "event": "missed",
    "job": "backup",
    "first": "2026-11-21T10:00:00Z",
    "last": "2026-11-21T11:00:00Z",
    "count": 2,
    "cause": "machine off",
}


def test_loading_changes_nothing_on_disk(tmp_path: Path) -> None:
    Store(tmp_path / "state").load()

    assert not (tmp_path / "state").exists()


def test_what_was_recorded_is_there_without_a_checkpoint(tmp_path: Path) -> None:
    Store(tmp_path).load().record(NOW, MISSED)

    assert Store(tmp_path).load().state["jobs"]["backup"]["coalesced"] == 2


def test_what_is_in_the_checkpoint_is_not_applied_again(tmp_path: Path) -> None:
    store = Store(tmp_path).load()
    store.record(NOW, MISSED)
    store.checkpoint(NOW)

    assert Store(tmp_path).load().state["jobs"]["backup"]["coalesced"] == 2


def test_two_processes_see_what_the_other_recorded(tmp_path: Path) -> None:
    ours, theirs = Store(tmp_path).load(), Store(tmp_path).load()
    theirs.record(NOW, MISSED)

    ours.record(NOW, {"event": "enabled", "job": "other", "enabled": False})

    assert ours.state["jobs"]["backup"]["coalesced"] == 2
    assert ours.state["jobs"]["other"]["enabled"] is False


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"\xff\xfe", b'{"jobs": 7}', b'{"version": "x"}', b"null", b'{"version":1'],
)
def test_a_broken_state_is_rebuilt_kept_aside_and_reported(tmp_path: Path, content: bytes) -> None:
    store = Store(tmp_path).load()
    store.record(NOW, MISSED)
    store.checkpoint(NOW)
    store.path.write_bytes(content)

    found = Store(tmp_path).load()
    found.checkpoint(NOW)

    assert found.state["jobs"]["backup"]["coalesced"] == 2
    assert any(str(store.path) in sentence for sentence in found.recovered)
    (aside,) = tmp_path.glob("*.corrupt-*")
    assert aside.read_bytes() == content
    assert Store(tmp_path).load().recovered == []


def test_a_state_that_another_tick_has_repaired_meanwhile_is_not_kept_aside(tmp_path: Path) -> None:
    store = Store(tmp_path).load()
    store.record(NOW, MISSED)
    store.path.write_bytes(b"{")
    ours, theirs = Store(tmp_path).load(), Store(tmp_path).load()
    theirs.checkpoint(NOW)

    ours.checkpoint(NOW + timedelta(seconds=1))

    (aside,) = tmp_path.glob("*.corrupt-*")
    assert aside.read_bytes() == b"{"


def test_a_broken_state_without_a_journal_is_kept_aside_too(tmp_path: Path) -> None:
    (tmp_path / "scheduled_state.json").write_bytes(b"{torn")

    found = Store(tmp_path).load()
    found.checkpoint(NOW)

    assert any("empty state" in sentence for sentence in found.recovered)
    assert [path.read_bytes() for path in tmp_path.glob("*.corrupt-*")] == [b"{torn"]


def test_a_state_of_a_newer_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "scheduled_state.json"
    path.write_text('{"version": 3}')

    with pytest.raises(NewerFormatError, match="format 3, this program knows 2; upgrade"):
        Store(tmp_path).load()

    assert path.read_text() == '{"version": 3}'


def test_the_seeds_own_state_is_taken_over_with_keys_nobody_knows(tmp_path: Path) -> None:
    seed = {
        "last_run": {"hourly": "2026-02-03T14:00:00", "daily_report": None, "weekly": "x"},
        "mail_cleanup": {"stats": {"auto_opened_total": 5, "auto_closed_total": 12}},
        "somebody": {"elses": 1},
    }
    (tmp_path / "scheduled_state.json").write_text(json.dumps(seed))

    store = Store(tmp_path).load()
    store.record(NOW, MISSED)
    store.checkpoint(NOW)

    kept = json.loads(store.path.read_text())
    assert kept["somebody"] == {"elses": 1}
    assert kept["last_run"] == seed["last_run"]
    assert kept["mail_cleanup"]["stats"]["auto_opened_total"] == 5
    assert kept["version"] == 2


def test_the_newest_journal_file_alone_rebuilds_the_state(tmp_path: Path) -> None:
    store = Store(tmp_path).load()
    store.record(NOW, MISSED)
    store.record(NOW + timedelta(days=1), {"event": "enabled", "job": "b", "enabled": True})
    store.checkpoint(NOW)
    (tmp_path / "journal" / "2026-11-21.jsonl").unlink()
    store.path.unlink()

    found = Store(tmp_path).load()

    assert found.state["jobs"]["backup"]["coalesced"] == 2
    assert found.state["jobs"]["b"]["enabled"] is True
    assert found.recovered == []


def test_a_clock_set_back_over_midnight_goes_on_in_the_newest_file(tmp_path: Path) -> None:
    store = Store(tmp_path).load()
    store.record(NOW + timedelta(days=1), MISSED)

    store.record(NOW, {"event": "enabled", "job": "backup", "enabled": False})

    assert store.journal.names() == ["2026-11-22.jsonl"]
    assert Store(tmp_path).load().state["jobs"]["backup"]["enabled"] is False


def test_after_a_day_written_under_a_clock_years_ahead_the_real_one_begins(tmp_path: Path) -> None:
    store = Store(tmp_path).load()
    store.record(NOW + timedelta(days=5000), MISSED)
    store.checkpoint(NOW + timedelta(days=5000))

    Store(tmp_path).load().record(NOW, {"event": "enabled", "job": "b", "enabled": True})

    found = Store(tmp_path).load()
    assert found.journal.names() == ["2040-07-30.jsonl", "2026-11-21.jsonl"]
    assert found.state["jobs"]["backup"]["coalesced"] == 2
    assert found.state["jobs"]["b"]["enabled"] is True


def test_a_journal_cut_off_behind_the_checkpoint_takes_nothing_from_it(tmp_path: Path) -> None:
    store = Store(tmp_path).load()
    store.record(NOW, MISSED)
    store.checkpoint(NOW)
    journal = tmp_path / "journal" / "2026-11-21.jsonl"
    journal.write_bytes(journal.read_bytes()[:-20])
    kept = json.loads(store.path.read_text())
    store.path.write_text(json.dumps({**kept, "somebody": {"elses": 1}}))

    found = Store(tmp_path).load()

    assert found.state["jobs"]["backup"]["coalesced"] == 2
    assert dict(found.state)["somebody"] == {"elses": 1}


def test_an_older_state_put_back_beside_the_journal_is_brought_up_to_date(tmp_path: Path) -> None:
    # The seed's program has written it, or a backup; it names no place in the journal.
    store = Store(tmp_path).load()
    store.record(NOW, MISSED)
    store.path.write_text('{"version": 1, "last_run": {"hourly": null}, "somebody": {"elses": 1}}')

    found = Store(tmp_path).load()

    assert found.state["jobs"]["backup"]["coalesced"] == 2
    assert dict(found.state)["somebody"] == {"elses": 1}
    assert found.recovered == []


def test_a_state_whose_journal_is_gone_is_used_alone_and_that_is_told(tmp_path: Path) -> None:
    store = Store(tmp_path).load()
    store.record(NOW, MISSED)
    store.checkpoint(NOW)
    (tmp_path / "journal" / "2026-11-21.jsonl").unlink()

    found = Store(tmp_path).load()

    assert found.state["jobs"]["backup"]["coalesced"] == 2
    assert found.recovered == [f"{tmp_path}/journal: missing; the state file alone was used"]


def test_who_decides_on_what_to_write_sees_what_others_recorded(tmp_path: Path) -> None:
    ours, theirs = Store(tmp_path).load(), Store(tmp_path).load()
    theirs.record(NOW, MISSED)

    with ours.locked():
        seen = ours.state["jobs"]["backup"]["coalesced"]

    assert seen == 2


def test_a_state_we_may_not_read_is_not_taken_for_a_broken_one(open_folder: Path) -> None:
    open_folder.chmod(0o755)
    path = open_folder / "scheduled_state.json"
    path.write_text("{}")
    path.chmod(0)

    sentence = as_nobody(lambda: Store(open_folder).load())

    assert sentence.startswith("StateError")
    assert "permission denied; run as the user who owns it" in sentence


def test_a_new_day_lets_go_of_days_beyond_the_month_and_says_that_it_has_come(
    tmp_path: Path,
) -> None:
    first = Store(tmp_path).load()
    for day in range(33):
        first.record(NOW - timedelta(days=32 - day), MISSED)
    second = Store(tmp_path).load()
    second.record(NOW, MISSED)

    names = first.journal.names()
    assert (len(names), names[0], names[-1]) == (31, "2026-10-22.jsonl", "2026-11-21.jsonl")
    assert (first.began_new_day, second.began_new_day) == (True, False)


@pytest.mark.parametrize(
    ("days", "names"),
    [(2, ["2026-11-23.jsonl"]), (3, ["2026-11-24.jsonl", "2026-11-21.jsonl"])],
)
def test_a_file_of_a_day_ahead_is_gone_on_with_up_to_two_days(
    tmp_path: Path, days: int, names: list[str]
) -> None:
    Store(tmp_path).load().record(NOW + timedelta(days=days), MISSED)

    Store(tmp_path).load().record(NOW, MISSED)

    assert Store(tmp_path).load().journal.names() == names
    assert Store(tmp_path).load().state["jobs"]["backup"]["coalesced"] == 4


def test_a_day_ahead_stays_where_today_has_a_file_of_its_own(tmp_path: Path) -> None:
    store = Store(tmp_path).load()
    store.record(NOW, MISSED)
    store.record(NOW + timedelta(days=5000), MISSED)

    Store(tmp_path).load().record(NOW, MISSED)

    assert len(Store(tmp_path).load().journal.names()) == 2
    assert Store(tmp_path).load().state["jobs"]["backup"]["coalesced"] == 6


def test_of_several_days_ahead_none_is_brought_back_before_the_others(tmp_path: Path) -> None:
    for days in (5000, 5001):
        Store(tmp_path).load().record(NOW + timedelta(days=days), MISSED)

    for name in ("b", "c"):
        store = Store(tmp_path).load()
        store.record(NOW, {"event": "enabled", "job": name, "enabled": True})
        store.checkpoint(NOW)

    assert set(Store(tmp_path).load().state["jobs"]) == {"backup", "b", "c"}
    assert set(Store(tmp_path).replay().state["jobs"]) == {"backup", "b", "c"}


def test_a_process_that_was_reading_a_day_ahead_goes_on_where_it_was(tmp_path: Path) -> None:
    far = NOW + timedelta(days=5000)
    store = Store(tmp_path).load()
    store.record(far, MISSED)

    store.record(NOW, MISSED)
    store.record(NOW, MISSED)

    assert store.state["jobs"]["backup"]["coalesced"] == 6


def test_an_event_is_on_the_disk_when_it_is_recorded_and_a_checkpoint_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(tmp_path).load()
    store.record(NOW, MISSED)
    synced = Synced(monkeypatch)

    store.record(NOW, MISSED)
    store.record(NOW, MISSED, sync=False)
    recorded = list(synced.calls)
    store.checkpoint(NOW)

    assert recorded == ["fsync 2026-11-21.jsonl"]
    content, name = synced.calls[-2:]
    assert content.startswith("fsync .scheduled_state.json.")
    assert name == "replace scheduled_state.json"


def test_what_is_written_under_the_lock_is_on_the_disk_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(tmp_path).load()
    store.record(NOW, MISSED)
    synced = Synced(monkeypatch)

    with store.locked():
        store.write(NOW, MISSED)

    assert synced.calls == ["fsync 2026-11-21.jsonl"]


def test_what_was_recorded_without_a_sync_is_synced_once_for_all_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(tmp_path).load()
    store.record(NOW, MISSED)
    synced = Synced(monkeypatch)

    store.record(NOW, MISSED, sync=False)
    store.record(NOW, MISSED, sync=False)
    store.sync()
    store.sync()

    assert synced.calls == ["fsync 2026-11-21.jsonl"]


def test_what_was_recorded_without_a_sync_is_synced_before_a_new_day_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(tmp_path).load()
    store.record(NOW, MISSED, sync=False)
    synced = Synced(monkeypatch)

    store.record(NOW + timedelta(days=1), MISSED)

    assert synced.calls[0] == "fsync 2026-11-21.jsonl"
    assert synced.calls[1].startswith("fsync .2026-11-22.jsonl.")


@pytest.mark.parametrize(
    "place", [{"file": "../x.jsonl", "offset": 0}, {"file": 7, "offset": 0}, {"file": "x"}, [], 7]
)
def test_a_place_in_the_journal_that_is_none_has_the_journal_replayed(
    tmp_path: Path, place: object
) -> None:
    store = Store(tmp_path).load()
    store.record(NOW, MISSED)
    store.path.write_text(json.dumps({"version": 1, "journal": place}))

    assert Store(tmp_path).load().state["jobs"]["backup"]["coalesced"] == 2


def test_a_damaged_event_is_left_out_and_told(tmp_path: Path) -> None:
    store = Store(tmp_path).load()

    store.record(NOW, {"event": "missed", "job": "backup"}, MISSED)

    found = Store(tmp_path).load()
    assert found.state["jobs"]["backup"]["coalesced"] == 2
    assert "ignored a damaged event: missed at 2026-11-21T12:00:00Z" in store.recovered[0]
    assert found.recovered == []


def test_an_event_from_a_newer_version_is_passed_over(tmp_path: Path) -> None:
    store = Store(tmp_path).load()

    store.record(NOW, {"event": "teleported", "job": "x"}, MISSED)

    assert Store(tmp_path).load().state["jobs"]["backup"]["coalesced"] == 2


def test_a_state_folder_we_may_not_write_to_is_one_clear_sentence(open_folder: Path) -> None:
    sentence = as_nobody(lambda: Store(open_folder).load().record(NOW, MISSED))

    assert sentence.startswith("StateError")
    assert "make the directory writable" in sentence
    assert list(open_folder.iterdir()) == []


def test_a_state_folder_we_may_not_enter_is_one_clear_sentence(open_folder: Path) -> None:
    open_folder.chmod(0o755)
    closed = open_folder / "closed"
    closed.mkdir(mode=0)

    sentence = as_nobody(lambda: Store(closed / "state").load())
    closed.chmod(0o755)

    assert sentence.startswith("StateError")
    assert "denied" in sentence
