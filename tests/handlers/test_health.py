import json
import os
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from handlers import health
from scheduled.demo import example
from scheduled.ecosystem.registry import RegistryError
from scheduled.handler import Incomplete
from tests.builders import ecosystem, needs
from tests.builders.ecosystem import (
    NOW,
    add_memory,
    add_message,
    aged,
    central_file,
    context,
    entry,
    issues,
)


def errors(root: Path) -> list[str]:
    result: Any = health.run(context(root))
    return [finding["branch"] for finding in result["errors"]]


@pytest.mark.parametrize("grow", [ecosystem.home, ecosystem.repository])
def test_a_healthy_ecosystem_is_healthy_and_nobody_is_told(tmp_path: Path, grow: Any) -> None:
    told = context(grow(tmp_path))

    result = health.run(told)

    timestamp = "2026-11-21T14:00:00"
    assert result == {
        "healthy": 2,
        "inactive": 0,
        "warnings": [],
        "errors": [],
        "ecosystem": [],
        "activity": {"RED_FLAG": 0, "ERROR": 0, "OK": 0, "NO_ACTIVITY": 2},
        "red_flags": [],
        "timestamp": timestamp,
    }
    assert told.events == [("health_check_complete", {"branches": 2, **result})]
    assert central_file(tmp_path) == {
        "service": "scheduled",
        "last_updated": timestamp,
        "checked_at": "2026-11-21T14:00:00Z",
        "branches": 2,
        **result,
        "kinds": {"warnings": [], "errors": []},
        "by_activity": {"RED_FLAG": [], "ERROR": [], "OK": [], "NO_ACTIVITY": ["DRONE", "FLOW"]},
    }


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (500, {}),
        (501, {"FLOW": ["local.json: 501 lines (approaching threshold)"]}),
        (600, {"FLOW": ["local.json: 600 lines (approaching threshold)"]}),
        (612, {"FLOW": ["local.json: 612 lines (threshold: 600)"]}),
    ],
)
@pytest.mark.parametrize("layout", ["home", "repository"])
def test_memory_beyond_500_and_600_lines_is_a_warning_in_the_words_of_the_seed(
    tmp_path: Path, lines: int, expected: dict[str, list[str]], layout: str
) -> None:
    root = getattr(ecosystem, layout)(tmp_path)
    name = "FLOW.local.json" if layout == "home" else ".trinity/local.json"
    add_memory(root / "flow", name, lines)

    assert issues(root) == expected
    assert errors(root) == []


def test_the_message_names_the_files_in_full_as_the_seed_does(home: Path) -> None:
    add_memory(home / "drone", "DRONE.local.json", 523)
    add_memory(home / "flow", "FLOW.observations.json", 612)
    told = context(home)

    health.run(told)

    message = told.events[0][1]["message"]
    fingerprint = message.pop("fingerprint")
    assert "14:00" not in fingerprint
    assert "DRONE.local.json: 523 lines" in fingerprint
    assert message == {
        "subject": "[SCHEDULED] Health Check - 2 Issues Found",
        "body": """\
## Health Check Summary
Time: 2026-11-21 14:00:00
Branches checked: 2

### Issues Found

**Warning: DRONE**
- DRONE.local.json: 523 lines (approaching threshold)

**Warning: FLOW**
- FLOW.observations.json: 612 lines (threshold: 600)

---
This is an automated health check. For details, run:
scheduled status""",
        "key": "health",
    }


def test_errors_come_first_and_one_issue_is_singular(home: Path) -> None:
    (home / "flow/README.md").unlink()
    told = context(home)
    health.run(told)
    assert "1 Issue Found" in told.events[0][1]["message"]["subject"]

    shutil.rmtree(home / "flow")
    add_memory(home / "drone", "DRONE.local.json", 523)
    told = context(home)
    health.run(told)
    body = told.events[0][1]["message"]["body"]
    assert body.index("**Error: FLOW**") < body.index("**Warning: DRONE**")


def test_a_message_lists_the_first_fifty_branches_only(tmp_path: Path) -> None:
    root = ecosystem.home(tmp_path)
    entries = [entry(f"GONE_{n}") for n in range(60)]
    (root / "BRANCH_REGISTRY.json").write_text(json.dumps({"branches": entries}))
    told = context(root)

    health.run(told)

    body = told.events[0][1]["message"]["body"]
    assert body.count("**Error: GONE_") == 50
    assert "And 10 more: see HEALTH.central.json." in body
    assert len(central_file(root)["errors"]) == 60


@pytest.mark.parametrize(
    ("layout", "folder"), [("home", "ai_mail.local"), ("repository", ".ai_mail.local")]
)
def test_a_missing_mailbox_is_an_error_in_the_name_of_its_layout(
    tmp_path: Path, layout: str, folder: str
) -> None:
    root = getattr(ecosystem, layout)(tmp_path)
    shutil.rmtree(root / "flow" / folder)

    assert issues(root) == {"FLOW": [f"Missing {folder} directory"]}
    assert errors(root) == ["FLOW"]


def test_a_file_in_place_of_a_mailbox_is_no_mailbox(home: Path) -> None:
    shutil.rmtree(home / "flow/ai_mail.local")
    (home / "flow/ai_mail.local").write_text("no folder")

    assert issues(home) == {"FLOW": ["Missing ai_mail.local directory"]}


def test_a_missing_branch_is_an_error_and_the_others_are_checked(home: Path) -> None:
    shutil.rmtree(home / "drone")
    (home / "flow/README.md").unlink()

    assert issues(home) == {
        "FLOW": ["README.md not found"],
        "DRONE": ["Missing branch directory"],
    }
    assert errors(home) == ["DRONE"]


def test_missing_memory_is_a_warning(home: Path) -> None:
    (home / "flow/FLOW.local.json").unlink()

    assert issues(home) == {"FLOW": ["local.json not found"]}
    assert errors(home) == []


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("FLOW.local.json", "local.json"),
        ("ai_mail.local/inbox.json", "inbox.json"),
        ("DASHBOARD.local.json", "DASHBOARD.local.json"),
    ],
)
@pytest.mark.parametrize("content", [b"{", b'{"messages": [}', b"\xff\xfe", b"[" * 99_999])
def test_a_file_that_cannot_be_read_is_an_error_and_stays_as_it_is(
    home: Path, name: str, told: str, content: bytes
) -> None:
    (home / "flow" / name).write_bytes(content)

    (text,) = issues(home)["FLOW"]

    assert text.startswith(f"{told}: unreadable (")
    assert errors(home) == ["FLOW"]
    assert (home / "flow" / name).read_bytes() == content


def test_a_readme_is_old_after_30_days_and_not_before(home: Path) -> None:
    aged(home / "flow/README.md", days=30)
    assert issues(home) == {}

    aged(home / "flow/README.md", days=31)
    assert issues(home) == {"FLOW": ["README.md: not updated for 31 days"]}
    assert issues(home, params={"readme_max_age_days": 40}) == {}


def test_a_dashboard_is_as_fresh_as_the_newest_of_its_sections(home: Path) -> None:
    path = home / "flow/DASHBOARD.local.json"
    sections = {"flow": {"last_updated": "2026-11-01"}, "ai_mail": {"last_updated": "2026-11-20"}}
    example.write_json(path, {"last_updated": "2026-03-05", "sections": sections})
    assert issues(home) == {}

    del sections["ai_mail"]
    example.write_json(path, {"last_updated": "2026-03-05", "sections": sections})
    assert issues(home) == {"FLOW": ["DASHBOARD.local.json: not updated for 20 days"]}


def test_a_dashboard_that_states_no_time_is_as_fresh_as_its_file(home: Path) -> None:
    path = example.write_json(home / "flow/DASHBOARD.local.json", {"last_updated": ""})
    aged(path, days=3)
    assert issues(home) == {}

    aged(path, days=9)
    assert issues(home) == {"FLOW": ["DASHBOARD.local.json: not updated for 9 days"]}


def test_mail_that_waited_too_long_is_a_warning(home: Path) -> None:
    mailbox = home / "flow/ai_mail.local"
    add_message(mailbox, "just in time", NOW - timedelta(hours=48))
    add_message(mailbox, "too late", NOW - timedelta(hours=49))
    opened_at = "2026-11-20 13:00:00"
    add_message(mailbox, "lying open", NOW, status="opened", opened_at=opened_at)

    assert issues(home) == {
        "FLOW": [
            "inbox.json: 1 new message older than 48 hours",
            "inbox.json: 1 opened message for over 24 hours",
        ]
    }


def test_mail_goes_stale_by_waiting_though_its_inbox_did_not_change(home: Path) -> None:
    mailbox = home / "flow/ai_mail.local"
    add_message(mailbox, "fresh", NOW - timedelta(hours=1))
    aged(mailbox / "inbox.json", days=400)
    assert issues(home) == {}

    assert issues(home, now=NOW + timedelta(hours=48)) == {
        "FLOW": ["inbox.json: 1 new message older than 48 hours"]
    }


def test_logs_past_ten_megabytes_should_have_been_rotated(home: Path) -> None:
    for folder in (home / "system_logs", home / "flow/logs"):
        folder.mkdir()
        for name, size in (("big.log", 12), ("big.log.1", 12), ("small.log", 10)):
            with (folder / name).open("wb") as stream:
                stream.truncate(size * 1024 * 1024)

    text = "big.log: 12 MB, not rotated (limit: 10 MB)"
    assert issues(home) == {"FLOW": [f"logs/{text}"], "system_logs": [text]}
    assert issues(home, params={"max_log_mb": 12}) == {}


def test_what_is_wrong_with_the_registry_stands_under_its_name(home: Path) -> None:
    path = home / "BRANCH_REGISTRY.json"
    document = json.loads(path.read_text())
    document["branches"] += [{"name": "X"}, entry("COPY", "flow", email="@flow")]
    path.write_text(json.dumps(document))

    assert issues(home)["BRANCH_REGISTRY.json"] == [
        "branch 3: X: no usable path",
        "@flow belongs to FLOW, COPY; its mail goes to FLOW",
        "total_branches is 2, the list has 4",
    ]
    assert central_file(home)["branches"] == 3


def test_a_branch_that_is_not_active_is_counted_and_left_alone(tmp_path: Path) -> None:
    document = {"branches": [entry("FLOW"), entry("OLD", status="archived")]}
    root = ecosystem.repository(tmp_path, document)
    shutil.rmtree(root / "old")

    result: Any = health.run(context(root))

    assert (result["healthy"], result["inactive"], result["errors"]) == (1, 1, [])
    assert central_file(root)["branches"] == 2


def test_last_run_and_counts_are_remembered_beside_what_was_there(home: Path) -> None:
    shutil.rmtree(home / "drone")
    told = context(home, memory={"somebody": "else's", "last_status": {"healthy": 9}})

    health.run(told)

    assert told.memory == {
        "somebody": "else's",
        "last_run": "2026-11-21T14:00:00",
        "last_status": {"healthy": 1, "warnings": 0, "errors": 1},
    }


def test_a_second_sweep_reads_nothing_and_finds_the_same(home: Path) -> None:
    add_memory(home / "flow", "FLOW.local.json", 700)
    add_message(home / "flow/ai_mail.local", "old", NOW - timedelta(days=3))
    for path in [home / "drone", home / "flow", *home.rglob("*.json")]:
        aged(path, days=400)  # what is as young as the sweep itself is not remembered
    first = issues(home)

    for path in [*home.glob("*/*.json"), *home.glob("*/*/inbox.json")]:
        status = path.stat()
        with path.open("r+b") as stream:  # the content without the stamp: nobody may look at it
            stream.write(b"\0" * status.st_size)
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))

    assert len(first["FLOW"]) == 2
    assert issues(home) == first


def test_a_broken_registry_fails_the_run_and_leaves_the_last_result(home: Path) -> None:
    health.run(context(home))
    before = central_file(home)
    (home / "BRANCH_REGISTRY.json").write_text("{")

    with pytest.raises(RegistryError):
        health.run(context(home))

    assert central_file(home) == before


def test_a_central_folder_that_cannot_be_written_fails_the_run_and_the_check_counts(
    home: Path,
) -> None:
    (home / "file").write_text("")
    (home / "drone/README.md").unlink()
    told = context(home, central_dir=home / "file" / "AI_CENTRAL")

    with pytest.raises(Incomplete, match=r"HEALTH\.central\.json: cannot be written") as caught:
        health.run(told)

    assert caught.value.result["healthy"] == 1
    assert told.memory["last_status"] == {"healthy": 1, "warnings": 1, "errors": 0}
    assert [name for name, data in told.events if "message" in data] == ["health_check_complete"]


@pytest.mark.parametrize(
    "params", [{"max_log_mb": "10"}, {"readme_max_age_days": 0}, {"dashboard_max_age_days": True}]
)
def test_a_param_that_is_no_number_is_refused_by_name(home: Path, params: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=f"params.{next(iter(params))}"):
        health.run(context(home, params=params))


def test_a_line_break_in_a_name_does_not_begin_a_line_of_the_message(tmp_path: Path) -> None:
    name = "EVIL\n**Error: FLOW**"
    (tmp_path / "BRANCH_REGISTRY.json").write_text(
        json.dumps({"branches": [{"name": name, "path": "gone"}]})
    )
    told = context(tmp_path)

    health.run(told)

    assert "\n**Error: FLOW**" not in told.events[0][1]["message"]["body"]
    assert central_file(tmp_path)["errors"][0]["branch"] == name


def test_the_real_home_is_healthy_when_relocated(tmp_path: Path) -> None:
    document = json.loads(needs.real_data("aipass-home/BRANCH_REGISTRY.json").read_text())
    root = ecosystem.home(tmp_path, document)

    result: Any = health.run(context(root))

    assert (result["healthy"], result["warnings"], result["errors"]) == (31, [], [])


def test_the_real_repository_is_read_where_it_is(tmp_path: Path) -> None:
    repository = needs.real_data("aipass-repo")
    told = context(repository, central_dir=tmp_path / "central", cache_dir=tmp_path / "cache")

    result: Any = health.run(told)

    found = {finding["branch"]: finding["issues"] for finding in result["errors"]}
    assert found["SPAWN"] == found["DEVPULSE"] == ["Missing branch directory"]
    assert "Missing .ai_mail.local directory" in found["FLOW"]
    assert len(found) == 10
