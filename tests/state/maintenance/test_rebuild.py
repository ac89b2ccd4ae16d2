"""`scheduled state rebuild`: the journal's state takes the place of the one in the file."""

import json
from pathlib import Path
from typing import Any

import pytest

from scheduled.cli import state
from scheduled.state.maintenance.check import examine
from scheduled.state.store import Store
from tests.builders.command import tree
from tests.builders.jobs import at
from tests.builders.looks import Home, lived_in

COPY = "scheduled_state.json.replaced-20261121T120000Z"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Create a state that differs from the journal, with keys of somebody else."""
    made = lived_in(tmp_path)
    document = written(made)
    document["jobs"]["backup"]["watermark"] = "2020-01-01T00:00:00Z"
    document["somebody"] = {"elses": 1}
    document["last_run"]["weekly"] = "2026-11-20T00:00:00"
    (made.state_dir / "scheduled_state.json").write_text(json.dumps(document))
    return made


def written(home: Home) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((home.state_dir / "scheduled_state.json").read_text())
    return document


def test_the_state_follows_the_journal_again_and_the_difference_is_told(home: Home) -> None:
    said = home.call(state.rebuild)

    assert said.code == 0
    assert said.out.startswith('jobs.backup.watermark: the state has "2020-01-01T00:00:00Z"')
    assert written(home)["jobs"]["backup"]["watermark"] == "2026-11-21T11:00:00Z"
    assert examine(home.state_dir).is_fine


def test_the_old_state_is_kept_byte_for_byte(home: Home) -> None:
    before = (home.state_dir / "scheduled_state.json").read_bytes()

    said = home.call(state.rebuild)

    assert (home.state_dir / COPY).read_bytes() == before
    assert f"the old state is kept as {home.state_dir / COPY}\n" in said.out


def test_keys_that_are_not_ours_stay(home: Home) -> None:
    home.call(state.rebuild)

    assert written(home)["somebody"] == {"elses": 1}
    assert written(home)["last_run"]["weekly"] == "2026-11-20T00:00:00"


def test_keys_that_are_not_ours_outlive_the_loss_of_the_state_after_that(home: Home) -> None:
    home.call(state.rebuild)
    (home.state_dir / "scheduled_state.json").unlink()

    assert dict(Store(home.state_dir).load().state)["somebody"] == {"elses": 1}


def test_a_state_that_is_right_is_not_touched(tmp_path: Path) -> None:
    sound = lived_in(tmp_path)
    sound.call(state.rebuild)  # it may leave a cache of the configuration
    before = tree(tmp_path)

    said = sound.call(state.rebuild)

    assert said.out == "The state agrees with the journal; nothing was changed.\n"
    assert tree(tmp_path) == before


@pytest.mark.parametrize("content", [b"{torn", b"[]", None])
def test_a_state_that_cannot_be_used_or_is_gone_is_made_anew(
    home: Home, content: bytes | None
) -> None:
    path = home.state_dir / "scheduled_state.json"
    path.unlink() if content is None else path.write_bytes(content)

    said = home.call(state.rebuild)

    assert said.code == 0
    assert written(home)["jobs"]["backup"]["watermark"] == "2026-11-21T11:00:00Z"
    assert (home.state_dir / COPY).exists() == (content is not None)


def test_a_tick_under_way_does_not_write_the_old_state_back(home: Home) -> None:
    tick = Store(home.state_dir).load()

    home.call(state.rebuild)
    tick.checkpoint(at("12:01"))

    assert written(home)["jobs"]["backup"]["watermark"] == "2026-11-21T11:00:00Z"


def test_what_a_tick_under_way_records_after_it_counts(home: Home) -> None:
    tick = Store(home.state_dir).load()

    home.call(state.rebuild)
    tick.record(at("12:01"), {"event": "enabled", "job": "poll", "enabled": True})

    assert Store(home.state_dir).load().state["jobs"]["poll"]["enabled"] is True
    assert examine(home.state_dir).is_fine


def test_without_a_journal_the_state_stays_as_it_is(tmp_path: Path) -> None:
    made = Home(tmp_path)
    made.state_dir.mkdir()
    (made.state_dir / "scheduled_state.json").write_text("{}")

    said = made.call(state.rebuild)

    assert said.code == 4
    assert "no journal" in said.err
    left = {path.name for path in made.state_dir.iterdir()} - {"cache"}
    assert left == {"scheduled_state.json"}
