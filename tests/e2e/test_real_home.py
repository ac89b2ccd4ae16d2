"""The tick on a home of 31 branches, grown from the real registry: right to the last count.

Inboxes, memory files and logs are as they are in real life: old and new mail in several forms,
files from 480 to 1,000 lines, logs of today in all their styles. What is expected is counted
straight from the files, by `tests.builders.counted` and the few rules below.
"""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.builders import counted, needs
from tests.builders.command import call
from tests.builders.installed import central, central_files, rows, state, tick_at
from tests.builders.lived_in import DAY, NOW, lived_in

TIME = "2026-11-21T14:00:30"

Inbox = list[dict[str, Any]]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The home as it stands at NOW."""
    source = needs.real_data("aipass-home/BRANCH_REGISTRY.json")
    return lived_in(tmp_path / "home", json.loads(source.read_text()))


def test_every_branch_is_judged_as_its_files_are(home: Path) -> None:
    expected = judged(home)

    report = tick_at(home, NOW)

    health = central(home, "HEALTH")
    assert (report.exit_code, report.problems, report.warnings) == (0, [], [])
    assert health["branches"] == 31
    assert health["healthy"] == sum(not issues for issues in expected.values()) > 0
    assert {finding["branch"]: finding["issues"] for finding in health["warnings"]} == {
        name: issues for name, issues in expected.items() if issues
    }
    assert health["errors"] == []


def test_mail_is_measured_as_the_cleanup_left_it(home: Path) -> None:
    expected = {branch["name"]: numbers(kept(branch)) for branch in counted.branches(home)}

    tick_at(home, NOW)

    assert central(home, "METRICS")["mail"] == {
        "total_messages": sum(count["total"] for count in expected.values()),
        "total_unread": sum(count["unread"] for count in expected.values()),
        "unreadable": 0,
        "by_branch": expected,
    }


def test_the_mail_central_file_counts_the_inboxes_as_they_are_in_the_end(home: Path) -> None:
    tick_at(home, NOW)

    document = central(home, "AI_MAIL")
    expected = {
        branch["name"]: numbers(counted.inbox(branch["folder"]))
        for branch in counted.branches(home)
    }
    assert (document["service"], document["last_updated"]) == ("ai_mail", "2026-11-21")
    assert document["branch_stats"] == expected
    assert document["system_totals"] == {
        "total_unread": sum(count["unread"] for count in expected.values()),
        "total_messages": sum(count["total"] for count in expected.values()),
    }
    for branch in counted.branches(home):
        inbox = json.loads((branch["folder"] / "ai_mail.local/inbox.json").read_text())
        if "total_messages" in inbox:  # of those that nobody wrote to, some never had counts
            counts = {"unread": inbox["unread_count"], "total": inbox["total_messages"]}
            assert counts == expected[branch["name"]]


def test_logs_and_memory_are_measured_to_the_last_byte(home: Path) -> None:
    tick_at(home, NOW)

    metrics = central(home, "METRICS")
    assert metrics["timestamp"] == TIME
    assert metrics["logs"] == counted.logs(home, NOW)
    assert metrics["logs"]["errors_by_branch"] == {
        "API": 1,
        "DEV_CENTRAL": 2,
        "DRONE": 2,
        "FLOW": 1,
        "(unknown)": 1,
    }
    assert metrics["logs"]["recent_warnings"] == 3
    assert metrics["memory"] == counted.memory(home)
    assert metrics["memory"]["exceeding"] > 10
    assert metrics["branches"] == {"total": 31, "by_status": {"active": 31}}


def test_stale_mail_is_opened_closed_and_archived_and_no_other_is_touched(home: Path) -> None:
    before = {branch["name"]: counted.inbox(branch["folder"]) for branch in counted.branches(home)}
    expected = {branch["name"]: kept(branch) for branch in counted.branches(home)}

    tick_at(home, NOW)

    for branch in counted.branches(home):
        name, mailbox = branch["name"], branch["folder"] / "ai_mail.local"
        assert foreign(counted.inbox(branch["folder"])) == expected[name]
        archived = [json.loads(path.read_text()) for path in mailbox.glob("deleted/*.json")]
        gone = [message for message in before[name] if fate(message) == "close"]
        assert [message["id"] for message in archived] == [message["id"] for message in gone]
        assert all(message["status"] == "closed" and message["archived_at"] for message in archived)


def test_everybody_is_told_what_concerns_them_and_nobody_else(home: Path) -> None:
    expected = {
        branch["name"]: {*notices(branch), *addressed(home, branch["name"])}
        for branch in counted.branches(home)
    }

    tick_at(home, NOW)

    letters = {branch["name"]: ours(branch["folder"]) for branch in counted.branches(home)}
    assert {
        name: {message["subject"].partition(" Message")[0] for message in mail}
        for name, mail in letters.items()
    } == expected
    for mail in letters.values():
        assert all((message["from"], message["status"]) == ("@trigger", "new") for message in mail)
        assert {message["priority"] for message in mail if "Stale" in message["subject"]} <= {"low"}
        assert {message["priority"] for message in mail if "Memory" in message["subject"]} <= {
            "normal"
        }
    sent = home / "aipass_core/trigger/ai_mail.local/sent"
    assert len(list(sent.iterdir())) == sum(map(len, letters.values()))
    assert state(home)["outbox"] == []


def test_the_health_mail_is_the_seeds_to_the_letter(home: Path) -> None:
    expected = judged(home)

    tick_at(home, NOW)

    (letter,) = [
        message for message in ours(folder_of(home, "ASSISTANT")) if "Health" in message["subject"]
    ]
    count = sum(map(len, expected.values()))
    assert letter["subject"] == f"[SCHEDULED] Health Check - {count} Issues Found"
    assert letter["priority"] == "high"
    lines = [
        "## Health Check Summary",
        "Time: 2026-11-21 14:00:30",
        "Branches checked: 31",
        "",
        "### Issues Found",
        "",
    ]
    for name, issues in expected.items():
        if issues:
            long = [issue if issue.startswith("inbox") else f"{name}.{issue}" for issue in issues]
            lines += [f"**Warning: {name}**", *(f"- {issue}" for issue in long), ""]
    lines += ["---", "This is an automated health check. For details, run:", "scheduled status"]
    assert letter["message"] == "\n".join(lines)


def test_the_daily_report_says_what_the_central_files_say(home: Path) -> None:
    tick_at(home, NOW)

    (report,) = [
        message
        for message in ours(folder_of(home, "DEV_CENTRAL"))
        if "[DAILY]" in message["subject"]
    ]
    health, mail = central(home, "HEALTH"), central(home, "METRICS")["mail"]
    exceeding = counted.memory(home)["exceeding"]
    assert report["message"].startswith("# AIPass Daily Report - 2026-11-21\n")
    for line in (
        f"- Healthy branches: {health['healthy']}",
        f"- Warnings: {len(health['warnings'])}",
        "- Errors: 0",
        f"- Total unread: {mail['total_unread']}",
        f"- Total messages: {mail['total_messages']}",
        f"- Files exceeding threshold: {exceeding}",
        "- Total active: 0",
    ):
        assert line in report["message"].splitlines()
    told = [
        each["branch"]
        for each in health["warnings"]
        if not all("threshold" in issue for issue in each["issues"])
    ]
    assert told
    assert all(f"- {branch}: " in report["message"] for branch in told)


def test_the_state_has_the_seeds_keys_and_the_right_values(home: Path) -> None:
    mail = [
        message for branch in counted.branches(home) for message in counted.inbox(branch["folder"])
    ]
    over = [
        f"{branch['name']}:{path.name}"
        for branch in counted.branches(home)
        for path in sorted(counted.memory_files(branch["folder"]))
        if counted.lines(path) > counted.limit(path)
    ]
    warned = sum(bool(issues) for issues in judged(home).values())

    tick_at(home, NOW)

    saved = state(home)
    assert saved["last_run"] == {"hourly": TIME, "daily_report": TIME}
    assert saved["memory_rollover"] == {"notified_files": over, "last_check": TIME}
    digests = saved["mail_cleanup"].pop("unread_digests")
    assert sum(digest["total"] for digest in digests.values()) == sum(
        fate(message) == "close" for message in mail
    )
    assert saved["mail_cleanup"] == {
        "last_run": TIME,
        "stats": {
            "auto_opened_total": sum(fate(message) == "open" for message in mail),
            "auto_closed_total": sum(fate(message) == "close" for message in mail),
        },
    }
    assert saved["health_check"] == {
        "last_run": TIME,
        "last_status": {"healthy": 31 - warned, "warnings": warned, "errors": 0},
    }


def test_the_next_hour_has_nothing_new_to_say(home: Path) -> None:
    tick_at(home, NOW)
    inboxes = {path: path.read_bytes() for path in home.rglob("inbox.json")}
    totals = state(home)["mail_cleanup"]["stats"]

    report = tick_at(home, NOW + timedelta(hours=1))

    assert {run["outcome"] for run in report.ran} == {"succeeded"}
    assert len(report.ran) == 4
    assert {path: path.read_bytes() for path in home.rglob("inbox.json")} == inboxes
    assert state(home)["mail_cleanup"]["stats"] == totals
    assert central(home, "HEALTH")["last_updated"] == "2026-11-21T15:00:30"


def test_a_second_run_in_the_same_hour_changes_nothing_but_its_own_status(home: Path) -> None:
    tick_at(home, NOW)
    files, ran = central_files(home), rows(home)

    report = tick_at(home, NOW + timedelta(minutes=59))

    assert (report.due, report.rows, rows(home)) == (0, [], ran)
    changed = {name for name, content in central_files(home).items() if content != files[name]}
    assert changed == {"SCHEDULED"}


def test_by_default_the_state_lies_where_the_trigger_keeps_its_own(home: Path) -> None:
    place = home / "aipass_core/trigger/trigger_json"
    place.mkdir()
    (place / "trigger_data.json").write_text('{"error_catchup": {}}')

    said = call(["--root", str(home), "run"])

    assert (said.code, said.out, said.err) == (0, "", "")
    assert json.loads((place / "scheduled_state.json").read_text())["last_run"]["hourly"]
    assert (place / "trigger_data.json").read_text() == '{"error_catchup": {}}'


def fate(message: dict[str, Any]) -> str:
    """What the seed's rules do to a message at NOW: `open`, `close` or `keep`."""
    if is_new(message):
        return "open" if age(message["timestamp"]) > 2 * DAY else "keep"
    since = message.get("opened_at") or message.get("auto_opened_at") or message["timestamp"]
    return "close" if age(since) > 7 * DAY else "keep"


def kept(branch: dict[str, Any]) -> Inbox:
    """A branch's mail as the cleanup is to leave it."""
    opened = {"status": "opened", "auto_opened": True, "auto_opened_at": TIME}
    mail = [message for message in counted.inbox(branch["folder"]) if fate(message) != "close"]
    return [
        {**message, **opened, **({"read": True} if "read" in message else {})}
        if fate(message) == "open"
        else message
        for message in mail
    ]


def judged(home: Path) -> dict[str, list[str]]:
    """The issues of each branch, in the seed's words."""
    return {
        branch["name"]: [*long_files(branch), *waiting(branch)] for branch in counted.branches(home)
    }


def long_files(branch: dict[str, Any]) -> list[str]:
    issues = []
    for path in sorted(counted.memory_files(branch["folder"])):
        lines, limit = counted.lines(path), counted.limit(path)
        short = f"{path.name.removeprefix(branch['name'] + '.')}: {lines} lines"
        if lines > limit:
            issues.append(f"{short} (threshold: {limit})")
        elif lines > limit * 5 / 6:
            issues.append(f"{short} (approaching threshold)")
    return issues


def waiting(branch: dict[str, Any]) -> list[str]:
    """Mail that was opened long ago; what is opened just now is not."""
    opened = [message for message in kept(branch) if not is_new(message)]
    since = [message.get("opened_at") or message.get("auto_opened_at") for message in opened]
    # What was opened by hand was opened when its inbox was written, less than a day ago.
    count = sum(age(stamp) > DAY for stamp in since if stamp)
    if not count:
        return []
    return [f"inbox.json: {count} opened message{'s' * (count > 1)} for over 24 hours"]


def notices(branch: dict[str, Any]) -> list[str]:
    """The subjects of what a branch is told about itself."""
    subjects = [
        f"[SCHEDULED] Memory Rollover - {path.name} exceeds {counted.limit(path)} lines"
        for path in counted.memory_files(branch["folder"])
        if counted.lines(path) > counted.limit(path)
    ]
    moved = sum(fate(message) != "keep" for message in counted.inbox(branch["folder"]))
    return [*subjects, *([f"[SCHEDULED] Stale Mail - {moved}"] if moved else [])]


def addressed(home: Path, name: str) -> list[str]:
    """The subjects of what a branch is told because of who it is."""
    count = sum(map(len, judged(home).values()))
    subjects = {
        "ASSISTANT": [f"[SCHEDULED] Health Check - {count} Issues Found"],
        "DEV_CENTRAL": ["[DAILY] System Report - 2026-11-21"],
    }
    return subjects.get(name, [])


def numbers(mail: Inbox) -> dict[str, int]:
    return {"unread": sum(map(is_new, mail)), "total": len(mail)}


def ours(folder: Path) -> Inbox:
    return [message for message in counted.inbox(folder) if message["from"] == "@trigger"]


def foreign(mail: Inbox) -> Inbox:
    return [message for message in mail if message["from"] != "@trigger"]


def folder_of(home: Path, name: str) -> Path:
    (folder,) = [branch["folder"] for branch in counted.branches(home) if branch["name"] == name]
    assert isinstance(folder, Path)
    return folder


def is_new(message: dict[str, Any]) -> bool:
    return bool(message["status"] == "new" if "status" in message else not message["read"])


def age(text: str) -> timedelta:
    return NOW - datetime.fromisoformat(text).replace(tzinfo=UTC)
