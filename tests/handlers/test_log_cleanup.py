"""What the log cleanup deletes, what it leaves, and why."""

import contextlib
import os
import socket
from pathlib import Path
from typing import Any

import pytest

from handlers.maintenance import log_cleanup
from scheduled.handler import Incomplete
from tests.builders import needs, people
from tests.builders.command import scheduled
from tests.builders.ecosystem import context
from tests.builders.installed import configure
from tests.builders.old_logs import aged, cleaned, log, output, reasons


def complaint(root: Path, **params: Any) -> str:
    with pytest.raises(Incomplete) as caught:
        cleaned(root, **params)
    return str(caught.value)


def test_d9_logs_older_than_the_retention_are_deleted_and_no_others(tmp_path: Path) -> None:
    old, young = log(tmp_path / "logs/old.log", days=31), log(tmp_path / "logs/new.log", days=29)
    bystander = log(tmp_path / "logs/old.txt")

    result = cleaned(tmp_path, paths=["logs/*.log"])

    assert (old.exists(), young.exists(), bystander.exists()) == (False, True, True)
    assert (result["files_deleted"], result["files_cleaned_mb"]) == (1, 0.5)
    assert (result["total_mb"], result["left"]) == (0.5, [])


def test_d9_the_size_is_that_of_all_logs_together_and_the_oldest_go_first(tmp_path: Path) -> None:
    logs = [
        log(tmp_path / f"{name}/a.log", days=days)
        for name, days in zip("abcd", (4, 1, 3, 2), strict=True)
    ]

    paths = ["a/a.log", f"{tmp_path}/b/*", "[c-d]/?.log"]
    result = cleaned(tmp_path, paths=paths, max_size_mb=1.2)

    assert [path.exists() for path in logs] == [False, True, False, True]
    assert (result["files_deleted"], result["total_mb"], result["over_limit_mb"]) == (2, 1.0, 0)


def test_d9_the_holes_of_a_log_take_no_room(tmp_path: Path) -> None:
    lastlog = log(tmp_path / "logs/lastlog", days=1, mib=0.1)
    os.truncate(lastlog, 2**40)  # as with users whose numbers are high
    other = log(aged(lastlog, 1).with_name("other.log"), days=2)

    result = cleaned(tmp_path, paths=["logs/*"], max_size_mb=1)

    assert (lastlog.exists(), other.exists(), result["files_deleted"]) == (True, True, 0)
    assert result["total_mb"] < 1


def test_d9_without_paths_our_own_logs_alone_are_touched(tmp_path: Path) -> None:
    gone = [output(tmp_path, "a", "r1", days=31), log(tmp_path / "system_logs/scheduled.log.3")]
    kept = [
        output(tmp_path, "a", "r2", days=29),
        log(tmp_path / "system_logs/other.log"),
        log(tmp_path / "other.log"),
        aged(log(tmp_path / "state/journal/2026-01-01.jsonl"), 99),
    ]

    result = cleaned(tmp_path)

    assert [path.exists() for path in gone + kept] == [False] * 2 + [True] * 4
    assert (result["runs_deleted"], result["files_deleted"]) == (1, 1)


def test_d9_the_name_of_the_root_is_no_pattern(tmp_path: Path) -> None:
    ours = log(tmp_path / "x[ab]/system_logs/scheduled.log.1")
    others = log(tmp_path / "xa/system_logs/scheduled.log.1")

    cleaned(tmp_path / "x[ab]")

    assert (ours.exists(), others.exists()) == (False, True)


def test_d9_the_newest_output_of_a_job_goes_by_its_age_alone(tmp_path: Path) -> None:
    older, newest = (output(tmp_path, "a", run, days=days) for run, days in (("r1", 2), ("r2", 1)))
    of_b = output(tmp_path, "b", "r1", days=3)

    result = cleaned(tmp_path, max_size_mb=0.1)

    assert (older.exists(), newest.exists(), of_b.exists()) == (False, True, True)
    assert (result["runs_deleted"], result["over_limit_mb"]) == (1, 0.9)


def test_a_dry_run_says_what_would_go_and_changes_nothing(tmp_path: Path) -> None:
    logs = [
        log(tmp_path / f"{name}.log", days=days)
        for name, days in zip("abc", (40, 2, 1), strict=True)
    ]
    asked: dict[str, Any] = {"paths": [f"{tmp_path}/?.log"], "max_size_mb": 0.6}

    said = cleaned(tmp_path, dry_run=True, **asked)

    assert all(path.exists() for path in logs)
    done = cleaned(tmp_path, **asked)
    assert {**said, "dry_run": False} == done
    assert done["files_deleted"] == 2


def test_nothing_but_regular_files_of_ours_is_deleted(tmp_path: Path) -> None:
    victim = log(tmp_path / "elsewhere/precious")
    logs = tmp_path / "logs"
    log(logs / "old.log")
    (logs / "link.log").symlink_to(victim)
    (logs / "hard.log").hardlink_to(log(tmp_path / "elsewhere/second"))
    os.mkfifo(logs / "pipe.log")
    log(logs / "folder.log/inside.log")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(logs / "socket.log"))
    (logs / "away").symlink_to(tmp_path / "elsewhere")

    result = cleaned(tmp_path, paths=["logs/*.log", "logs/**"])

    assert result["files_deleted"] == 2  # old.log, and inside.log by the second pattern
    assert victim.exists()
    assert reasons(result) == {
        "link.log": "a link, and no link is followed",
        "away": "a link, and no link is followed",
        "hard.log": "a hard link: it has a second name elsewhere",
        "pipe.log": "a pipe, a socket or a device",
        "socket.log": "a pipe, a socket or a device",
    }


def test_what_a_rule_is_about_is_listed_before_links_and_the_like(tmp_path: Path) -> None:
    written = log(tmp_path / "logs/z.log")
    for number in range(60):
        (tmp_path / f"logs/{number}.log").symlink_to("z.log")

    with written.open("a"):
        result = cleaned(tmp_path, paths=["logs/*"])

    assert "writes to it" in result["left"][0]["reason"]
    assert (len(result["left"]), result["left_count"]) == (50, 61)


def test_the_state_of_the_scheduler_is_left_whatever_a_pattern_says(tmp_path: Path) -> None:
    of_run = output(tmp_path, "a", "r1", days=40)
    state = log(tmp_path / "state/scheduled_state.json"), log(tmp_path / "state/journal/a.jsonl")
    (tmp_path / "another_way").symlink_to(tmp_path / "state")

    result = cleaned(tmp_path, paths=["state/**", "another_way/*", "another_way/runs/a/*"])

    assert (of_run.exists(), all(path.exists() for path in state)) == (False, True)
    assert reasons(result) == {
        "scheduled_state.json": "part of the state of the scheduler",
        "a.jsonl": "part of the state of the scheduler",
    }


def test_the_configuration_of_the_scheduler_is_left_whatever_a_pattern_says(
    tmp_path: Path,
) -> None:
    kept = [
        log(tmp_path / "scheduled.yaml"),
        log(tmp_path / "jobs/inner/backup.yml"),
        log(tmp_path / "mine/sweep.py"),
        log(tmp_path / "mine/parts/tables.py"),
        log(tmp_path / "elsewhere/conf"),
    ]
    gone = [log(tmp_path / "jobs/run.log"), log(tmp_path / "other.yaml"), log(tmp_path / "x/a.py")]
    (tmp_path / "way").symlink_to(tmp_path / "mine")
    places = ("scheduled.yaml", "jobs", "mine", "elsewhere/conf", "missing")

    told = context(
        tmp_path,
        params={"paths": ["**", "way/*.py"]},
        configuration=tuple(tmp_path / place for place in places),
    )
    result: Any = log_cleanup.run(told)

    assert [path.exists() for path in kept + gone] == [True] * 5 + [False] * 3
    assert {reasons(result)[path.name] for path in kept} == {
        "part of the configuration of the scheduler"
    }


def test_a_run_is_told_where_its_configuration_is(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "jobs").mkdir(parents=True)
    settings = configure(root, "jobs:\n  maintenance.log_cleanup: {params: {paths: ['**/*']}}\n")
    job, other = root / "jobs/backup.yaml", root / "notes.yaml"
    for path in (job, other):
        path.write_text("id: backup\nschedule: daily\ncommand: echo\n")
    for path in (settings, job, other):
        aged(path, 40)

    said = scheduled(root, "trigger", "maintenance.log_cleanup")

    assert (said.code, said.is_plain_speech) == (0, True)
    assert [path.exists() for path in (settings, job, other)] == [True, True, False]


def test_a_directory_of_others_that_becomes_a_link_leads_nowhere(open_folder: Path) -> None:
    needs.root()
    victim = log(open_folder / "victim/a.log")
    theirs = people.give(log(open_folder / "theirs/logs/b.log").parents[1])
    inside = log(theirs / "logs/a.log")
    logs, away = theirs / "logs", theirs / "away"

    def swap() -> None:
        os.rename(logs, away)
        os.symlink(victim.parent, logs)
        os.unlink(logs)
        os.rename(away, logs)

    with people.meanwhile(swap):
        for _ in range(300):
            if not inside.exists():
                with contextlib.suppress(OSError):
                    log(inside)
            with contextlib.suppress(Incomplete):
                cleaned(open_folder, paths=[f"{logs}/*.log", f"{theirs}/*/a.log"])
            assert victim.exists()


def test_files_of_other_users_are_left(tmp_path: Path) -> None:
    needs.root()
    theirs = people.give(log(tmp_path / "theirs.log"))

    result = cleaned(tmp_path, paths=["theirs.log"])

    assert theirs.exists()
    assert reasons(result) == {"theirs.log": f"belongs to {people.MALLORY}"}


@pytest.mark.parametrize(
    ("pattern", "problem"),
    [
        ("/", "means the whole machine; name a directory in it"),
        ("/*", "means the whole machine; name a directory in it"),
        ("/**/*.log", "means the whole machine; name a directory in it"),
        ("../../../../../../../../..", "means the whole machine; name a directory in it"),
        ("", "expected the path of a file, or a pattern"),
        ("none/*.log", "no such file or directory"),
        ("*.lgo", "matches no file"),
        ("missing.log", "matches no file"),
        ("logs", "a directory; name the files in it"),
    ],
)
def test_a_path_that_cannot_be_meant_is_an_error_and_the_rest_is_done(
    tmp_path: Path, pattern: str, problem: str
) -> None:
    old, inside = log(tmp_path / "old.log"), log(tmp_path / "logs/a.log")

    said = complaint(tmp_path, paths=[pattern, "old.log"])

    assert problem in said
    assert pattern in said
    assert (old.exists(), inside.exists()) == (False, True)


def test_a_pattern_that_matched_before_may_match_nothing(tmp_path: Path) -> None:
    log(tmp_path / "a.log")
    memory: dict[str, Any] = {}
    asked = [f"{tmp_path}/*.log"]
    told = context(tmp_path, params={"paths": asked}, memory=memory)

    first, second = (log_cleanup.run(told) for _ in range(2))

    assert (first["files_deleted"], second["files_deleted"]) == (1, 0)


def test_what_cannot_be_deleted_fails_the_run_and_keeps_what_was_done(open_folder: Path) -> None:
    needs.root()
    stuck, other = log(open_folder / "shut/a.log"), log(open_folder / "b.log")
    people.give(open_folder, people.NOBODY)
    stuck.parent.chmod(0o555)

    said = people.as_nobody(lambda: cleaned(open_folder, paths=["shut/*.log", "b.log"]))

    assert said == f"Incomplete: {stuck}: permission denied"
    assert (stuck.exists(), other.exists()) == (True, False)
