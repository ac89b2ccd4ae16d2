"""What a sweep may meet on the disk: each has a sentence, and nothing of the user's is lost.

Registries, mailboxes and memory files that are missing, broken, sealed, hostile or huge.
"""

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.builders import ecosystem
from tests.builders.command import Said, scheduled, state_dir, tree
from tests.builders.installed import central, state

NOW = datetime.now(UTC)
TORN = b'{"messages": [{"id": "1"'
SWEEPS = {"health", "mail_cleanup", "memory_rollover", "metrics"}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A healthy home, in which DRONE has one letter that nobody opened for three days."""
    root = ecosystem.home(tmp_path / "home", now=NOW)
    # By this folder it is an ecosystem though its registry be gone.
    (root / "aipass_core/trigger/trigger_json").mkdir(parents=True)
    ecosystem.add_message(root / "drone/ai_mail.local", "Old news", NOW - timedelta(days=3))
    return root


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "{home}: no registry (*_REGISTRY.json) here"),
        (b"", "{registry}: empty, expected JSON"),
        (b'{"branches": [', "{registry}: not JSON: "),
        (b"[]", "{registry}: no list of branches in it"),
        (b'{"branches": "all"}', "{registry}: no list of branches in it"),
        (bytes(100), "{registry}: not JSON"),
        (b"\xff\xfe" * 5_000_000, "{registry}: not UTF-8 at byte 0"),
        (b"[" * 100_000, "{registry}: not usable JSON: nested too deeply"),
    ],
    ids=["missing", "empty", "torn", "a list", "no list", "NUL bytes", "10 MB garbage", "deep"],
)
def test_a_registry_that_cannot_be_used_fails_the_sweeps_with_a_sentence(
    home: Path, content: bytes | None, sentence: str
) -> None:
    registry = home / "BRANCH_REGISTRY.json"
    registry.unlink()
    if content is not None:
        registry.write_bytes(content)
    before = tree(home)

    said = scheduled(home, "run")

    assert said.code == 1
    errors = errors_of(home)
    for job in SWEEPS:
        assert sentence.format(home=home, registry=registry) in errors[job]
    assert said.is_plain_speech
    assert ours_left_out(tree(home)) == before


def test_a_registry_that_is_a_pipe_keeps_nobody_waiting(home: Path) -> None:
    (home / "BRANCH_REGISTRY.json").unlink()
    os.mkfifo(home / "BRANCH_REGISTRY.json")

    said = scheduled(home, "run", timeout=60)

    assert said.code == 1
    assert f"{home}/BRANCH_REGISTRY.json: not a regular file" in errors_of(home)["health"]


def test_one_entry_of_the_registry_that_is_wrong_stops_none_of_the_others(home: Path) -> None:
    rewrite_registry(
        home,
        None,
        {"name": "NOWHERE", "path": str(home / "nowhere"), "status": "active"},
        {"name": "ENDLESS", "path": "x" * 5000, "status": "active"},
        {"name": "NUL", "path": "a\0b", "status": "active"},
        {"name": "OUTSIDE", "path": "../outside", "status": "active"},
    )

    said = scheduled(home, "run")

    health = central(home, "HEALTH")
    assert said == Said(0, "", "")
    assert health["healthy"] == 2
    assert {finding["branch"]: finding["issues"] for finding in health["errors"]} == {
        "NOWHERE": ["Missing branch directory"],
        "ENDLESS": ["Branch directory unreadable (file name too long)"],
        "OUTSIDE": ["Missing branch directory"],
    }
    assert [finding["issues"] for finding in health["ecosystem"]] == [
        ["branch 3: not an object", "branch 6: NUL: no usable path"]
    ]


def test_corrupt_files_of_a_branch_are_named_and_left_as_they_are(home: Path) -> None:
    (home / "drone/DRONE.local.json").write_bytes(b'{"sessions": [\xff')
    (home / "drone/ai_mail.local/inbox.json").write_bytes(TORN)
    (home / "flow/DASHBOARD.local.json").write_bytes(b"")
    before = tree(home)
    with pytest.raises(json.JSONDecodeError) as raised:  # each Python words it in its own way
        json.loads(TORN)

    said = scheduled(home, "run", "--json")

    assert said.code == 0
    assert {
        finding["branch"]: finding["issues"] for finding in central(home, "HEALTH")["errors"]
    } == {
        "DRONE": [
            "local.json: unreadable (not UTF-8 at byte 14)",
            f"inbox.json: unreadable (not JSON: {raised.value.msg} at line 1, column 25)",
        ],
        "FLOW": ["DASHBOARD.local.json: unreadable (empty, expected JSON)"],
    }
    assert result_of(said, "mail_cleanup")["errors"] == 1
    assert ours_left_out(tree(home)) == before


@pytest.mark.parametrize(
    ("sealed", "issue"),
    [
        ("drone", "Branch directory unreadable (permission denied)"),
        ("drone/ai_mail.local/inbox.json", "inbox.json: unreadable (permission denied)"),
        ("drone/DRONE.local.json", "local.json: unreadable (permission denied)"),
        ("drone/DASHBOARD.local.json", "DASHBOARD.local.json: unreadable (permission denied)"),
    ],
)
def test_what_may_not_be_read_is_reported_and_stops_nothing_else(
    home: Path, sealed: str, issue: str
) -> None:
    (home / sealed).chmod(0)

    said = scheduled(home, "run", ordinary=True)

    (home / sealed).chmod(0o755)
    assert said == Said(0, "", "")
    assert central(home, "HEALTH")["errors"] == [
        {"branch": "DRONE", "status": "error", "issues": [issue]}
    ]


def test_a_sealed_mailbox_is_reported_and_stops_nothing_else(home: Path) -> None:
    mailbox = home / "drone/ai_mail.local"
    (mailbox / ".inbox.lock").touch()
    mailbox.chmod(0)

    said = scheduled(home, "run", ordinary=True)

    mailbox.chmod(0o755)
    assert said == Said(0, "", "")
    (error,) = central(home, "HEALTH")["errors"]
    assert error["branch"] == "DRONE"
    assert "permission denied" in error["issues"][0]


def test_a_read_only_mailbox_keeps_its_mail_and_is_counted_all_the_same(home: Path) -> None:
    mailbox = home / "drone/ai_mail.local"
    mailbox.chmod(0o555)
    before = tree(mailbox)

    said = scheduled(home, "run", "--json", ordinary=True)

    mailbox.chmod(0o755)
    cleanup = result_of(said, "mail_cleanup")
    assert said.code == 0
    assert cleanup["errors"] == 1
    assert f"DRONE: {mailbox}/.inbox.lock: cannot be locked: permission denied" in str(cleanup)
    assert tree(mailbox) == before
    assert central(home, "METRICS")["mail"]["by_branch"]["DRONE"] == {"unread": 1, "total": 1}


def test_a_read_only_central_folder_fails_who_writes_there_and_saves_the_state(home: Path) -> None:
    folder = home / "aipass_os/AI_CENTRAL"
    folder.mkdir(parents=True)
    folder.chmod(0o555)

    said = scheduled(home, "-v", "run", ordinary=True)

    folder.chmod(0o755)
    assert said.code == 1
    for job, name in (("health", "HEALTH"), ("metrics", "METRICS")):
        path = folder / f"{name}.central.json"
        assert f"{path}: cannot be written (permission denied)" in errors_of(home)[job]
    assert f"{folder}/SCHEDULED.central.json: cannot be written: permission denied" in said.out
    assert said.is_plain_speech
    assert not list(folder.iterdir())
    assert state(home)["last_run"]["hourly"]


@pytest.mark.parametrize("mode", [0, 0o555])
def test_a_state_folder_that_cannot_be_used_ends_with_four_and_starts_nothing(
    home: Path, mode: int
) -> None:
    state_dir(home).mkdir()
    state_dir(home).chmod(mode)
    before = tree(home)

    said = scheduled(home, "run", ordinary=True)

    state_dir(home).chmod(0o755)
    assert said.code == 4
    assert str(state_dir(home)) in said.err
    assert "permission denied" in said.err
    assert said.is_plain_speech
    assert tree(home) == before


NASTY = [
    "../../../etc/cron.d/evil",
    "/etc/passwd",
    "[/rc] [bold]markup",
    "\x1b[31mred\x1b]0;title\x07",
    "S" * 10_240,
    "\u202egnp.exe",
    "👩\u200d👩\u200d👧 family",
    "\ud800 half a pair",
    "one\r\nBcc: two",
    "nul\0byte",
    'a/b\\c:*?"<>|',
    "",
    17,
    None,
    ["a list"],
]


def test_mail_with_nasty_subjects_is_moved_on_and_stays_inside_its_mailbox(home: Path) -> None:
    mailbox = home / "drone/ai_mail.local"
    sent = (NOW - timedelta(days=9)).strftime("%Y-%m-%d %H:%M:%S")
    ordinary = {"timestamp": sent, "message": "x", "status": "opened", "opened_at": sent}
    letters = [
        {"id": f"{number:08x}", "from": nasty, "subject": nasty, **ordinary}
        for number, nasty in enumerate(NASTY)
    ]
    (mailbox / "inbox.json").write_text(json.dumps({"messages": letters}))
    outside = ours_left_out(tree(home), "drone/ai_mail.local/", "flow/", "drone/DRONE")

    said = scheduled(home, "run", "--json")

    archived = list((mailbox / "deleted").iterdir())
    assert said.code == 0
    assert result_of(said, "mail_cleanup")["auto_closed"] == len(NASTY)
    assert sorted(read(path)["id"] for path in archived) == [letter["id"] for letter in letters]
    assert max(len(os.fsencode(path.name)) for path in archived) < 255
    after = ours_left_out(tree(home), "drone/ai_mail.local/", "flow/", "drone/DRONE")
    assert after == outside


def test_branches_with_nasty_names_are_checked_and_nothing_nasty_reaches_the_terminal(
    home: Path,
) -> None:
    names = [nasty for nasty in NASTY if isinstance(nasty, str) and nasty]
    rewrite_registry(
        home,
        *({"name": name, "path": str(home / "drone"), "status": "active"} for name in names),
    )
    ecosystem.add_memory(home / "drone", "DRONE.local.json", 650)

    run = scheduled(home, "-v", "run")
    answers = [
        scheduled(home, *command.split())
        for command in ("status", "history", "list", "show health", "daily-report --stdout --force")
    ]

    assert (run.code, run.err) == (0, "")
    assert [said.code for said in answers] == [0] * len(answers)
    for said in (run, *answers):
        assert not set(said.out) & {"\x1b", "\x07", "\0", "\r", "\u202e"}
    health = central(home, "HEALTH")
    assert len(health["warnings"]) == len(names) + 1  # and DRONE
    assert len(health["ecosystem"]) == 1  # the registry, for the addresses in it


@pytest.mark.slow
def test_an_inbox_of_200_megabytes_loses_nothing_and_takes_memory_in_proportion(
    home: Path,
) -> None:
    mailbox = home / "drone/ai_mail.local"
    write_huge_inbox(mailbox / "inbox.json", letters=50_000)
    size = (mailbox / "inbox.json").stat().st_size
    before = digest_of_messages(read(mailbox / "inbox.json"))

    said = scheduled(home, "run", "--json")

    assert size > 200_000_000
    assert said.code == 0
    runs = {run["job"]: run for run in json.loads(said.out)["runs"]}
    assert {run["outcome"] for run in runs.values()} == {"succeeded"}
    assert runs["mail_cleanup"]["result"]["auto_opened"] == 1
    after = read(mailbox / "inbox.json")
    assert digest_of_messages(after) == before
    assert central(home, "METRICS")["mail"]["by_branch"]["DRONE"]["total"] == 50_000
    peaks = [run["max_rss_bytes"] or 0 for run in saved_last_runs(home)]
    assert size < max(peaks) < 6 * size


def write_huge_inbox(path: Path, letters: int) -> None:
    """One letter is old; all have 4 kB of text."""
    fresh, old = (
        (NOW - age).strftime("%Y-%m-%d %H:%M:%S") for age in (timedelta(0), timedelta(days=3))
    )
    with path.open("w") as stream:
        stream.write('{"mailbox": "inbox", "messages": [')
        for number in range(letters):
            sent = old if number == letters - 1 else fresh
            letter = {"id": f"{number:08x}", "timestamp": sent, "subject": "s", "status": "new"}
            stream.write(("," if number else "") + json.dumps({**letter, "message": "x" * 4096}))
        stream.write("]}")


def digest_of_messages(inbox: dict[str, Any]) -> list[tuple[str, int]]:
    """Id and length of every message that was not put there by us."""
    foreign = [message for message in inbox["messages"] if message.get("from") != "@trigger"]
    return [(message["id"], len(message["message"])) for message in foreign]


def saved_last_runs(home: Path) -> list[dict[str, Any]]:
    return [entry["last"] for entry in state(home)["jobs"].values()]


def rewrite_registry(home: Path, *more: Any) -> None:
    path = home / "BRANCH_REGISTRY.json"
    registry = read(path)
    path.write_text(json.dumps({"branches": [*registry["branches"], *more]}))


def ours_left_out(files: dict[str, str], *more: str) -> dict[str, str]:
    """Without the files that a tick is there to write."""
    ours = ("aipass_os/AI_CENTRAL/", "locks/", "heartbeat", *more)
    return {name: content for name, content in files.items() if not name.startswith(ours)}


def result_of(said: Said, job: str) -> dict[str, Any]:
    (result,) = [run["result"] for run in json.loads(said.out)["runs"] if run["job"] == job]
    assert isinstance(result, dict)
    return result


def read(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(path.read_text())
    return document


def errors_of(home: Path) -> dict[str, str]:
    """Return the error of each job's last run. Cron's mail has it once no retry is left."""
    history = json.loads(scheduled(home, "history", "--json").out)
    return {row["job"]: row["error"] or "" for row in reversed(history["runs"])}
