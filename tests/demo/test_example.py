import json
from datetime import UTC
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from handlers import health, memory_rollover
from scheduled.demo import example
from scheduled.ecosystem import mailbox, registry
from tests.builders.ecosystem import NOW, context


def test_the_example_has_something_for_each_sweep_to_find(tmp_path: Path) -> None:
    root = example.create_example(tmp_path, NOW, UTC)

    checked: Any = health.run(context(root))
    counted: Any = memory_rollover.run(context(root))

    assert checked["healthy"] == 2
    assert [finding["branch"] for finding in checked["warnings"]] == [
        "DEV_CENTRAL",
        "DRONE",
        "FLOW",
        "SEED",
        "API",
    ]
    assert [finding["branch"] for finding in checked["errors"]] == ["PRAX"]
    assert [file["line_count"] for file in counted["exceeding"]] == [612, 1000]


def test_its_registry_has_nothing_wrong_and_both_layouts(tmp_path: Path) -> None:
    found = registry.load(example.create_example(tmp_path, NOW, UTC))

    assert found.problems == ()
    assert {branch.mailbox.name for branch in found} == {"ai_mail.local", ".ai_mail.local"}


def test_its_mail_is_read_as_any_other(tmp_path: Path) -> None:
    root = example.create_example(tmp_path, NOW, UTC)

    box = mailbox.read(root / "aipass_core/flow/ai_mail.local")

    assert (len(box.messages), box.unread) == (3, 2)
    assert mailbox.stale(box, NOW, UTC, lambda _: NOW) == mailbox.Stale(new=1, opened=1)


def test_its_timestamps_are_wall_clock_of_the_zone(tmp_path: Path) -> None:
    root = example.create_example(tmp_path, NOW, ZoneInfo("Asia/Kathmandu"))

    inbox = json.loads((root / "aipass_core/flow/ai_mail.local/inbox.json").read_text())

    assert inbox["messages"][0]["timestamp"] == "2026-11-21 17:45:00"


def test_it_does_not_grow_over_an_ecosystem(tmp_path: Path) -> None:
    example.create_example(tmp_path, NOW, UTC)
    before = sorted(tmp_path.rglob("*"))

    with pytest.raises(FileExistsError, match="an ecosystem already"):
        example.create_example(tmp_path, NOW, UTC)

    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("lines", [40, 480, 481, 600, 1000])
@pytest.mark.parametrize("limit", [600, None])
def test_a_memory_file_has_exactly_the_lines_asked_for(
    tmp_path: Path, lines: int, limit: int | None
) -> None:
    path = example.write_memory(tmp_path / "X.local.json", "X", "local", lines, limit)

    assert len(path.read_text().splitlines()) == lines
    assert json.loads(path.read_text())["document_metadata"]["managed_by"] == "X"


def test_fewer_lines_than_an_empty_memory_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="5 lines are fewer"):
        example.write_memory(tmp_path / "X.local.json", "X", "local", 5)
