"""A state or journal that is broken, or not ours to read: said once, mended, never lost."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.builders import ecosystem
from tests.builders.command import Said, scheduled, state_dir, tree
from tests.builders.installed import WITHOUT_SWEEPS, configure, state
from tests.builders.jobs import RARELY

QUICK = f'  quick: {{schedule: "{RARELY}", first_run: now, command: "true"}}\n'


@pytest.fixture
def quick(tmp_path: Path) -> Path:
    """An ecosystem with one quick job in place of the sweeps."""
    home = ecosystem.home(tmp_path / "home")
    configure(home, WITHOUT_SWEEPS + QUICK)
    return home


JOBS = '{"jobs": %s}'


@pytest.mark.parametrize(
    "content",
    [
        "",
        '{"version": 1, "jobs": {"hea',
        "[]",
        '{"version": "one"}',
        JOBS % "[]",
        JOBS % '{"quick": 5}',
        JOBS % '{"quick": {"coalesced": null}}',
        JOBS % '{"quick": {"counts": {"succeeded": "many"}}}',
        JOBS % '{"quick": {"watermark": 7}}',
        JOBS % '{"quick": {"enabled": "no"}}',
        JOBS % '{"../../quick": {}}',
        JOBS % '{"quick": {"open": {"run_id": 1, "started_at": "2026-01-01T00:00:00Z"}}}',
        '{"outbox": [1]}',
        '{"outbox": [{"to": "@drone"}]}',
        '{"gaps": ["yesterday"]}',
        '{"tallies": {"2026-11-21T00": 4}}',
        '{"ticks": {"count": "x"}}',
        '{"dead_letter": [0]}',
    ],
)
def test_a_state_that_is_broken_anywhere_is_kept_rebuilt_and_reported_once(
    quick: Path, content: str
) -> None:
    scheduled(quick, "run")
    path = state_dir(quick) / "scheduled_state.json"
    path.write_text(content)

    looked = scheduled(quick, "status")
    first = scheduled(quick, "run", "--json")
    second = scheduled(quick, "run")

    assert looked.code == 0
    assert f"state: {path}: " in looked.out
    assert first.code == 4
    assert f"scheduled: {path}: " in first.err
    assert first.is_plain_speech
    (kept,) = state_dir(quick).glob("scheduled_state.json.corrupt-*")
    assert f"the broken state file is kept as {kept}" in first.err
    assert kept.read_text() == content
    assert json.loads(first.out)["runs"] == []  # the journal knows that all has run
    assert second == Said(0, "", "")


@pytest.mark.parametrize("more", [{}, {"jobs": []}], ids=["as we know it", "of another shape"])
def test_a_state_of_a_future_version_is_refused_and_left_alone(
    quick: Path, more: dict[str, Any]
) -> None:
    scheduled(quick, "run")
    path = state_dir(quick) / "scheduled_state.json"
    path.write_text(json.dumps({**state(quick), "version": 99, **more}))
    before = recorded(quick)

    answers = [scheduled(quick, command) for command in ("run", "status", "history")]

    for said in answers:
        assert said.code == 2
        assert f"scheduled: {path}: format 99, this program knows 2; upgrade" in said.err
    assert recorded(quick) == before


def test_a_damaged_line_of_the_journal_costs_no_more_than_itself(quick: Path) -> None:
    scheduled(quick, "run")
    (state_dir(quick) / "scheduled_state.json").unlink()
    (journal,) = (state_dir(quick) / "journal").iterdir()
    with journal.open("a") as stream:
        stream.write('{"event": "end", "at": 5, "job": "quick"}\n{"event": \0\n')

    first = scheduled(quick, "run", "--json")
    second = scheduled(quick, "run")

    assert first.code == 4
    assert "ignored a damaged event: end at 5" in first.err
    assert "is damaged, ignored" in first.err
    assert json.loads(first.out)["runs"] == []
    assert second == Said(0, "", "")


def test_h1_a_command_that_mends_the_state_says_so_for_no_tick_will(quick: Path) -> None:
    scheduled(quick, "run")
    (journal,) = (state_dir(quick) / "journal").iterdir()
    journal.write_bytes(b"")

    paused = scheduled(quick, "pause", "quick")
    after = scheduled(quick, "run")

    assert paused.code == 4
    assert "the state file was used" in paused.err
    assert paused.is_plain_speech
    assert after == Said(0, "", "")
    assert "quick" in state(quick)["paused"]


def recorded(home: Path) -> dict[str, str]:
    """All that is kept about an ecosystem; locks and heartbeat come and go."""
    files = tree(state_dir(home))
    return {name: files[name] for name in files if not name.startswith(("locks/", "heartbeat"))}
