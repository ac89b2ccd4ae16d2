"""State and journal as version 0.1.0 wrote them: read, replayed and written just the same.

The folder holds every kind of event. It is never written anew by the program under test.
"""

import json
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from scheduled.state import apply
from scheduled.state.document import empty, with_foreign_keys
from scheduled.state.journal import Journal
from scheduled.state.store import Store

WRITTEN = Path(__file__).parent / "written_by_0.1.0"
NOW = datetime(2026, 11, 21, 1, 0, tzinfo=UTC)


@pytest.fixture
def state_dir(tmp_path: Path) -> Path:
    return shutil.copytree(WRITTEN, tmp_path / "state")


def test_a_journal_of_an_earlier_version_leads_to_the_state_it_led_to_then(state_dir: Path) -> None:
    before = json.loads((state_dir / "scheduled_state.json").read_bytes())
    (state_dir / "scheduled_state.json").unlink()

    store = Store(state_dir).load()

    del before["journal"]
    before["version"] = 2
    assert store.recovered == []
    assert known_then(with_foreign_keys(store.state, before)) == json.dumps(before)


def test_a_checkpoint_of_an_earlier_version_is_saved_as_it_was(state_dir: Path) -> None:
    before = json.loads((state_dir / "scheduled_state.json").read_bytes())

    Store(state_dir).load().checkpoint(NOW)

    after = json.loads((state_dir / "scheduled_state.json").read_bytes())
    assert (after.pop("version"), after.pop("seq"), len(after.pop("crc"))) == (2, 0, 8)
    del after["program"], after["journal"]["files"], before["version"]
    assert json.dumps(after) == json.dumps(before)


def test_each_event_of_an_earlier_version_is_applied(state_dir: Path) -> None:
    written = Journal(state_dir / "journal").read(None).events
    state = empty()

    for event in written:
        before = known_then(state)
        apply.apply(state, event)
        assert (known_then(state) == before) == (event["event"] in {"snapshot", "teleported"})


def known_then(state: Mapping[str, Any]) -> str:
    """Return a state as JSON, without what that version did not count or keep."""
    jobs = {
        job: {key: value for key, value in entry.items() if key != "not_run"}
        for job, entry in state["jobs"].items()
    }
    for entry in jobs.values():
        if "deferral" in entry:
            kept = {key: value for key, value in entry["deferral"].items() if key != "since"}
            entry["deferral"] = kept
    return json.dumps({**state, "jobs": jobs})
