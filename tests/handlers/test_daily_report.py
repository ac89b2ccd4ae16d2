from pathlib import Path
from typing import Any

import pytest

from handlers import daily_report
from scheduled.demo import example
from scheduled.handler import Context
from tests.builders import needs
from tests.builders.mail import ago, context_in, home_with, inbox_of, letter, mailbox_in, write_json

EMPTY = """\
# AIPass Daily Report - 2026-03-07

## System Health
- Healthy branches: 0
- Warnings: 0
- Errors: 0

## Mail Statistics
- Total unread: 0
- Total messages: 0

## Branch Activity
- No mail in the last 24 hours

## Memory Status
- All memory files within limits

## Active Plans
- Total active: 0"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An ecosystem without branches: what a report says of it comes from the central files."""
    home_with(tmp_path)
    return tmp_path


def central(home: Path, name: str, document: Any) -> None:
    write_json(home / "AI_CENTRAL" / f"{name}.central.json", document)


def section(home: Path, title: str, **fields: Any) -> list[str]:
    """The lines of one section of the report."""
    text = daily_report.build(context_in(home, **fields))
    return text.split(f"## {title}\n")[1].split("\n\n## ")[0].splitlines()


def reported(home: Path, **fields: Any) -> tuple[dict[str, Any], Context]:
    context = context_in(home, job="daily_report", **fields)
    return daily_report.run(context), context


def test_without_any_source_there_are_zeros(home: Path) -> None:
    assert daily_report.build(context_in(home)) == EMPTY


def test_without_a_registry_the_report_says_so(tmp_path: Path) -> None:
    lines = section(tmp_path, "System Health")

    assert lines[:3] == ["- Healthy branches: 0", "- Warnings: 0", "- Errors: 0"]
    assert lines[3].startswith("- The branches are unknown: ")


def test_fresh_health_is_told_as_it_was_found(home: Path) -> None:
    central(
        home,
        "HEALTH",
        {
            "last_updated": "2026-03-07T11:00:00",
            "healthy": 17,
            "warnings": [{"branch": "DRONE", "issues": ["local.json: 523 lines", "b"]}],
            "errors": [{"branch": "FLOW", "issues": ["Missing ai_mail.local directory"]}],
        },
    )

    assert section(home, "System Health") == [
        "- Healthy branches: 17",
        "- Warnings: 1",
        "- Errors: 1",
        "",
        "### Errors",
        "- FLOW: Missing ai_mail.local directory",
        "",
        "### Warnings",
        "- DRONE: local.json: 523 lines, b",
    ]


@pytest.mark.parametrize("written", ["2026-03-07T10:00:00", "2026-03-07T14:00:00", "", None])
def test_health_that_is_not_fresh_is_not_used_but_looked_at(tmp_path: Path, written: str) -> None:
    home_with(tmp_path, "DRONE")
    central(tmp_path, "HEALTH", {"last_updated": written, "healthy": 17})

    lines = section(tmp_path, "System Health")

    assert lines[:2] == ["- Healthy branches: 0", "- Warnings: 1"]
    assert lines[5].startswith("- DRONE: local.json not found")


def test_times_without_ticks_are_told_and_nothing_if_there_were_none(home: Path) -> None:
    assert "While You Were Away" not in daily_report.build(context_in(home))
    central(home, "SCHEDULED", {"away": ["22:10 to 07:02: 9 slots", "a\n## b"]})

    assert section(home, "While You Were Away") == ["- 22:10 to 07:02: 9 slots", "- a ## b"]


def test_mail_statistics_come_from_the_central_file(home: Path) -> None:
    central(home, "AI_MAIL", {"system_totals": {"total_unread": 5, "total_messages": 8}})

    assert section(home, "Mail Statistics") == ["- Total unread: 5", "- Total messages: 8"]


def test_activity_is_the_mail_of_the_last_24_hours_closed_or_not(tmp_path: Path) -> None:
    homes = home_with(tmp_path, "DRONE", "FLOW", "SILENT")
    folder = mailbox_in(homes["DRONE"], letter(1), letter(2, timestamp=ago(hours=25)))
    write_json(folder / "deleted" / "20260307_110000_x.json", letter(3, timestamp=ago(hours=2)))
    write_json(folder / "deleted" / "20260101_110000_x.json", letter(4))  # an old name: not read
    write_json(folder / "deleted.json", {"messages": [letter(5)]})
    sent = mailbox_in(homes["FLOW"])
    write_json(sent / "sent" / "20260307_110000_x.json", letter(6))
    write_json(sent / "sent" / "by-hand.json", letter(7, timestamp=ago(hours=30)))
    (sent / "sent" / "20260307_110000_broken.json").write_text("{")

    lines = section(tmp_path, "Branch Activity")

    assert lines == [
        "- RED_FLAG: 2 (DRONE, FLOW)",
        "- NO_ACTIVITY: 1 (SILENT)",
        "- DRONE: 0 sent, 3 received",
        "- FLOW: 1 sent, 0 received",
    ]


def test_memory_files_over_their_limit_are_listed(tmp_path: Path) -> None:
    homes = home_with(tmp_path, "DRONE")
    (homes["DRONE"] / "DRONE.local.json").write_text("[\n" + "1,\n" * 610 + "1]\n")

    assert section(tmp_path, "Memory Status") == [
        "- Files exceeding threshold: 1",
        "  - DRONE/DRONE.local.json: 612 lines",
    ]


def test_the_first_five_plans_are_named_by_their_subject(home: Path) -> None:
    plans = [{"plan_id": f"FPLAN-{n:04}", "subject": f"Plan {n}", "title": "no"} for n in range(7)]
    plans[1]["subject"] = ""
    central(home, "PLANS", {"active_plans": plans})

    assert section(home, "Active Plans") == [
        "- Total active: 7",
        "  - FPLAN-0000: Plan 0",
        "  - FPLAN-0001: (no subject)",
        "  - FPLAN-0002: Plan 2",
        "  - FPLAN-0003: Plan 3",
        "  - FPLAN-0004: Plan 4",
    ]


@pytest.mark.parametrize("folder", ["aipass_os/AI_CENTRAL", ".ai_central", ".aicentral"])
def test_plans_are_found_where_central_files_used_to_be(home: Path, folder: str) -> None:
    plan = {"plan_id": "FPLAN-0001", "subject": "Move house"}
    write_json(home / folder / "PLANS.central.json", {"active_plans": [plan]})

    assert section(home, "Active Plans")[1] == "  - FPLAN-0001: Move house"


def test_h6_of_several_files_of_plans_the_last_one_counts(home: Path) -> None:
    def plans(subject: str, made: Any) -> dict[str, Any]:
        return {"generated_at": made, "active_plans": [{"plan_id": "P", "subject": subject}]}

    central(home, "PLANS", plans("of 2025", "2025-11-30T10:00:00+00:00"))
    new = home / ".ai_central" / "PLANS.central.json"
    write_json(new, plans("of today", "2026-03-07T10:00:00+00:00"))
    write_json(home / ".aicentral" / "PLANS.central.json", plans("undated", None))

    assert section(home, "Active Plans")[1] == "  - P: of today"


def test_without_the_central_file_flows_own_registry_names_the_open_plans(home: Path) -> None:
    plans = {
        "0001": {"subject": "Open", "status": "open"},
        "0002": {"subject": "Closed", "status": "closed"},
    }
    write_json(home / "src/aipass/flow/flow_json/flow_registry.json", {"plans": plans})

    assert section(home, "Active Plans") == ["- Total active: 1", "  - FPLAN-0001: Open"]


@pytest.mark.parametrize(
    "document",
    [[], {"warnings": 7, "active_plans": {}, "system_totals": []}, {"errors": [1, {"issues": 2}]}],
)
def test_sources_of_the_wrong_shape_do_not_stop_the_report(home: Path, document: Any) -> None:
    for name in ("HEALTH", "AI_MAIL", "PLANS"):
        dated = {"last_updated": "2026-03-07T11:30:00", **document} if document else document
        central(home, name, dated)

    assert daily_report.build(context_in(home)).startswith("# AIPass Daily Report - 2026-03-07\n")


def test_what_others_wrote_stays_in_its_line(home: Path) -> None:
    central(home, "PLANS", {"active_plans": [{"plan_id": "P\n# Fake", "subject": "a\r\n## Fake"}]})

    assert section(home, "Active Plans")[1] == "  - P # Fake: a ## Fake"


def test_a_long_list_ends_with_the_number_of_the_rest(home: Path) -> None:
    errors = [{"branch": f"B{number}", "issues": ["x"]} for number in range(60)]
    central(home, "HEALTH", {"last_updated": "2026-03-07T11:30:00", "errors": errors})

    lines = section(home, "System Health")

    assert (lines[2], lines[-1], len(lines)) == ("- Errors: 60", "- and 10 more", 3 + 2 + 51)


def test_b8_what_is_wrong_beyond_the_branches_stands_apart(home: Path) -> None:
    found = [{"what": "system_logs", "issues": ["big.log: 12 MB"]}]
    published = {"last_updated": "2026-03-07T11:30:00", "healthy": 2, "ecosystem": found}
    central(home, "HEALTH", published)

    lines = section(home, "System Health")

    assert lines[:3] == ["- Healthy branches: 2", "- Warnings: 0", "- Errors: 0"]
    assert lines[4:] == ["### Ecosystem", "- system_logs: big.log: 12 MB"]


def test_the_report_is_the_result_and_the_message(home: Path) -> None:
    result, context = reported(home)

    assert result == {
        "date": "2026-03-07",
        "report": EMPTY,
        "health": {"healthy": 0, "warnings": 0, "errors": 0},
        "red_flags": [],
        "mail": {"unread": 0, "messages": 0, "notices": 0, "unread_notices": 0},
        "activity": {"RED_FLAG": 0, "ERROR": 0, "OK": 0, "NO_ACTIVITY": 0},
        "memory": {"over": 0, "near": 0},
        "plans": {"active": 0},
    }
    assert context.events == [
        (
            "daily_report",
            {
                "date": "2026-03-07",
                "message": {
                    "subject": "[DAILY] System Report - 2026-03-07",
                    "body": EMPTY,
                    "key": "daily-report 2026-03-07",
                    "fingerprint": "r1",
                },
            },
        )
    ]


def test_not_to_be_sent_it_says_nothing_to_anybody(home: Path) -> None:
    _, context = reported(home, params={"send": False})

    assert context.events == [("daily_report", {"date": "2026-03-07"})]


def test_reporting_changes_nothing_in_the_ecosystem(tmp_path: Path) -> None:
    homes = home_with(tmp_path / "home", "DRONE")
    write_json(homes["DRONE"] / "ai_mail.local" / "inbox.json", inbox_of(letter()))
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "home").rglob("*")}

    reported(tmp_path / "home", cache_dir=tmp_path / "cache")

    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "home").rglob("*")} == before


def test_the_real_repository_has_a_report(tmp_path: Path) -> None:
    home = needs.real_copy("aipass-repo", tmp_path / "home")

    text = daily_report.build(context_in(home, central_dir=home / "aipass_os" / "AI_CENTRAL"))

    assert "- Total unread: 5\n- Total messages: 8" in text
    assert text.endswith("- Total active: 1\n  - FPLAN-0002: (no subject)")


# ---------------------------------------------------------------- each thing once, the worst first


def memory_of(branch: Path, lines: int, kind: str = "local") -> None:
    example.write_memory(branch / f"DRONE.{kind}.json", "DRONE", kind, lines)


def test_h_that_a_memory_file_is_too_long_is_told_once(tmp_path: Path) -> None:
    homes = home_with(tmp_path, "DRONE")
    memory_of(homes["DRONE"], 612)
    memory_of(homes["DRONE"], 523, "observations")
    (homes["DRONE"] / "README.md").write_text("Present.\n")

    text = daily_report.build(context_in(tmp_path))

    assert (text.count("612"), text.count("523"), text.count("### Warnings")) == (1, 1, 0)
    assert "- Warnings: 1\n- Errors: 0\n" in text
    assert "- Warnings about the length of memory files alone, see below: 1\n" in text
    assert section(tmp_path, "Memory Status") == [
        "- Files exceeding threshold: 1",
        "  - DRONE/DRONE.local.json: 612 lines",
        "- Files approaching threshold: 1",
        "  - DRONE/DRONE.observations.json: 523 lines",
    ]


def test_h_what_else_is_wrong_with_such_a_branch_is_still_told(tmp_path: Path) -> None:
    homes = home_with(tmp_path, "DRONE")
    memory_of(homes["DRONE"], 612)

    lines = section(tmp_path, "System Health")

    assert lines[3:] == [
        "",
        "### Warnings",
        "- DRONE: observations.json not found, README.md not found",
    ]


@pytest.mark.parametrize(
    "kinds", [None, {"warnings": [["memory over", "mail stale"]]}, {"warnings": [[7, {}]]}, [7]]
)
def test_h_the_published_check_of_any_version_is_understood(home: Path, kinds: Any) -> None:
    over, stale = "local.json: 612 lines (threshold: 600)", "inbox.json: 1 new message"
    entry = {"branch": "DRONE", "issues": [over, stale]}
    dated = {"last_updated": "2026-03-07T11:30:00", "kinds": kinds}
    central(home, "HEALTH", {**dated, "warnings": [entry]})

    assert section(home, "System Health")[-1] == f"- DRONE: {stale}"


def test_h_red_flags_come_before_all_that_is_well(home: Path) -> None:
    flags = [{"branch": "DRONE\n## Fake", "reason": "worked today (mail), memory of last week"}]
    by_activity = {"RED_FLAG": ["DRONE"], "OK": [f"B{n}" for n in range(12)], "NO_ACTIVITY": []}
    dated = {"last_updated": "2026-03-07T11:30:00"}
    central(home, "HEALTH", {**dated, "red_flags": flags, "by_activity": by_activity})

    text = daily_report.build(context_in(home))

    flagged = "- DRONE ## Fake: worked today (mail), memory of last week"
    assert section(home, "Red Flags") == [flagged]
    assert text.index("## Red Flags") < text.index("## Mail Statistics")
    assert section(home, "Branch Activity") == [
        "- RED_FLAG: 1 (DRONE)",
        "- OK: 12 (B0, B1, B2, B3, B4, B5, B6, B7, B8, B9 and 2 more)",
        "- No mail in the last 24 hours",
    ]


def notice(number: int, **fields: Any) -> dict[str, Any]:
    mark = {"sent_by": "scheduled"}
    return letter(number, **{"from": "@trigger", "metadata": mark, **fields})


def test_h_notices_of_the_program_are_nobodys_mail(tmp_path: Path) -> None:
    homes = home_with(tmp_path, "DRONE", "TRIGGER")
    standing = letter(3, **{"from": "@trigger", "upsert_key": "health"})
    ours = (notice(1), notice(2, status="opened"), standing)
    folder = mailbox_in(homes["DRONE"], *ours, letter(4, **{"from": "@trigger"}))
    write_json(folder / "deleted" / "20260307_110000_x.json", notice(5))
    sent = mailbox_in(homes["TRIGGER"]) / "sent"
    write_json(sent / "20260307_110000_y.json", notice(6, status="sent"))

    lines = section(tmp_path, "Branch Activity")

    assert lines[-1] == "- DRONE: 0 sent, 1 received"
    assert not any("TRIGGER: " in line for line in lines)
    assert section(tmp_path, "Mail Statistics")[-1] == (
        "- Among them from scheduled itself: 2 unread, 3 in all"
    )
