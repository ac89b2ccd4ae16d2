"""Finished jobs: how long they are listed, and what removes their files."""

import errno
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from scheduled.config import created_files
from scheduled.system.folder import Folder
from tests.builders.installed import WITHOUT_SWEEPS
from tests.builders.jobs import at
from tests.builders.looks import Home

SOON = "at:2026-11-21T12:00:00Z"


@pytest.fixture
def home(root: Path) -> Home:
    """No sweep is on."""
    home = Home(root)
    home.configure(WITHOUT_SWEEPS)
    return home


def create(home: Home, *more: str, command: str = "true") -> Path:
    said = home.call("create", "once", SOON, "--command", command, *more, now=at("11:00"))
    assert said.code == 0, said.err
    return home.folder / "jobs" / "once.yaml"


def tick(home: Home, when: str) -> Any:
    return home.call("run", now=at(when))


def document(home: Home, when: str, *arguments: str) -> Any:
    return json.loads(home.call(*arguments, "--json", now=at(when)).out)


def listed(home: Home, when: str, *more: str) -> set[str]:
    return {row["id"] for row in document(home, when, "list", *more)["jobs"]}


def test_e6_a_finished_job_is_listed_for_as_long_as_keep_says(home: Home) -> None:
    create(home, "--keep", "2h")
    tick(home, "12:00")

    assert "once" in listed(home, "13:59")
    assert document(home, "13:59", "status")["finished"][0]["job"] == "once"
    assert "Finished: once" in home.call("next", now=at("13:59")).out
    assert "once" not in listed(home, "14:01")
    assert document(home, "14:01", "status")["finished"] == []
    assert "Finished" not in home.call("next", now=at("14:01")).out

    assert "once" in listed(home, "14:01", "--all")
    assert "1 finished job is not listed" in home.call("list", now=at("14:01")).out
    assert "finished since" in home.call("why", "once", now=at("14:01")).out


def test_e6_keep_is_seven_days_unless_defaults_or_the_job_say_so(home: Home) -> None:
    create(home)
    tick(home, "12:00")
    assert "once" in listed(home, "2026-11-28 11:59")
    assert "once" not in listed(home, "2026-11-28 12:01")

    home.configure(f"defaults: {{keep: 30d}}\n{WITHOUT_SWEEPS}")
    assert "once" in listed(home, "2026-11-28 12:01")
    home.configure(f"defaults: {{keep: none}}\n{WITHOUT_SWEEPS}")
    assert "once" in listed(home, "2036-11-28 12:01")


def test_e6_what_waits_for_a_retry_or_was_deferred_is_not_finished(home: Home) -> None:
    create(home, "--keep", "1s", "--max-retries", "1", "--set", "retry_delay=3h", command="false")
    tick(home, "12:00")
    assert "once" in listed(home, "14:00")

    tick(home, "15:00")
    assert "once" not in listed(home, "16:00")
    home.call("defer", "once", "--until", "2026-11-21T18:00:00Z", now=at("16:00"))
    assert "once" in listed(home, "17:00")


def test_e6_ended_jobs_are_listed_for_keep_as_well(home: Home) -> None:
    job = "  old: {schedule: '0 * * * *', command: 'true', ends: 2026-11-21 12:30, keep: 1h}\n"
    home.configure(WITHOUT_SWEEPS + job)
    for when in ("11:30", "12:00"):
        tick(home, when)

    assert document(home, "12:31", "status")["finished"][0]["why"] == "ends"
    assert "old" in listed(home, "13:29")
    assert "old" not in listed(home, "13:31")


def test_e6_the_file_is_deleted_after_a_success_and_that_is_on_record(home: Home) -> None:
    path = create(home, "--delete-after-success")
    tick(home, "11:59")
    assert path.exists()

    assert tick(home, "12:00").code == 0
    assert not path.exists()
    assert tick(home, "12:01").code == 0
    events = "".join(file.read_text() for file in home.state_dir.glob("journal/*"))
    assert '"file_deleted"' in events
    history = document(home, "12:02", "history")["runs"]
    assert [(row["job"], row["outcome"]) for row in history] == [("once", "succeeded")]
    assert document(home, "12:02", "status")["health"] == "healthy"


@pytest.mark.parametrize("moment", ["before", "after"])
def test_e6_a_tick_killed_about_the_deletion_leaves_it_to_the_next_one(
    home: Home, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    path, delete = create(home, "--delete-after-success"), created_files.delete

    def killed(created: Mapping[str, str]) -> str:
        if moment == "after":
            delete(created)
        raise MemoryError

    with monkeypatch.context() as patched:
        patched.setattr(created_files, "delete", killed)
        with pytest.raises(MemoryError):
            tick(home, "12:00")
    assert path.exists() == (moment == "before")

    assert tick(home, "12:01").code == 0
    assert not path.exists()
    assert [row["outcome"] for row in document(home, "12:02", "history")["runs"]] == ["succeeded"]
    assert document(home, "12:02", "status")["health"] == "healthy"


def test_e6_a_file_that_cannot_be_deleted_is_told_once(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = create(home, "--delete-after-success")

    def refused(self: Folder, name: str) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    with monkeypatch.context() as patched:
        patched.setattr(Folder, "unlink", refused)
        first, second = tick(home, "12:00"), tick(home, "12:01")

    assert f"{path}: read-only file system" in first.err.lower()
    assert second.err == ""
    tick(home, "12:02")
    assert path.exists()


def test_e6_in_defaults_it_is_for_the_jobs_that_run_once(home: Home) -> None:
    home.configure(f"defaults: {{delete_after_success: true}}\n{WITHOUT_SWEEPS}")
    daily = home.call("create", "each", "daily", "--command", "true", now=at("11:00"))
    assert daily.code == 0, daily.err
    path = create(home)
    tick(home, "12:00")

    assert not path.exists()
    assert (home.folder / "jobs" / "each.yaml").exists()


def test_e6_a_file_that_update_rewrote_is_still_that_of_create(home: Home) -> None:
    path = create(home)
    assert home.call("update", "once", "--delete-after-success", now=at("11:30")).code == 0
    tick(home, "12:00")

    assert not path.exists()


@pytest.mark.parametrize("how", ["failed", "edited", "link", "second name", "by hand", "awaited"])
def test_e6_any_other_file_stays(home: Home, how: str) -> None:
    path = create(home, "--delete-after-success", command="false" if how == "failed" else "true")
    text = path.read_text()
    match how:
        case "edited":
            path.write_text(f"# mine\n{text}")
        case "link":
            path.rename(path.with_name("once.txt"))
            path.symlink_to("once.txt")
        case "second name":
            os.link(path, path.with_name("copy.txt"))
        case "by hand":
            path.rename(path.with_name("mine.yaml"))
            path = path.with_name("mine.yaml")
        case "awaited":
            other = "  b: {schedule: '0 0 1 1 *', command: 'true', after: once}\n"
            home.configure(WITHOUT_SWEEPS + other)
    tick(home, "12:00")
    tick(home, "12:01")

    assert path.read_text().endswith(text)


def test_e6_validate_says_where_delete_after_success_has_no_effect(home: Home) -> None:
    home.configure(
        f"{WITHOUT_SWEEPS}"
        f"  a: {{schedule: '{SOON}', command: 'true', delete_after_success: true}}\n"
        "  b: {schedule: daily, command: 'true', delete_after_success: true}\n"
    )
    said = home.call("config", "validate", now=at("11:00"))

    assert "a: delete_after_success: has no effect: its file was not made" in said.err
    assert "b: delete_after_success: has no effect: the job does not run once" in said.err
    refused = home.call("create", "c", "daily", "--command", "x", "--delete-after-success")
    assert (refused.code, "for jobs that run once" in refused.err) == (2, True)


def test_e6_prune_removes_what_is_not_listed_any_more_and_keeps_copies(home: Home) -> None:
    path = create(home, "--keep", "1h")
    tick(home, "12:00")
    text = f"# by hand\n{path.read_text()}"
    path.write_text(text)
    assert "Nothing to remove" in home.call("config", "prune", now=at("12:30")).out

    home.configure(
        f"{WITHOUT_SWEEPS}"
        "  mine: {schedule: 'at:2026-11-21T12:30:00Z', command: 'true', keep: 1h}\n"
    )
    tick(home, "12:10")
    tick(home, "12:30")
    now = at("14:00")
    dry = home.call("config", "prune", "--dry-run", now=now)
    assert f"{path}: to be removed" in dry.out
    assert "remove `mine` at scheduled.yaml:" in dry.out
    refused = home.call("config", "prune", now=now)
    assert (refused.code, "--yes" in refused.err, path.exists()) == (2, True, True)

    rows = {row["job"]: row for row in document(home, "14:00", "config", "prune", "--yes")["jobs"]}
    assert not path.exists()
    assert Path(rows["once"]["copy"]).read_text() == text
    assert (rows["mine"]["removed"], rows["mine"]["file"]) == (False, None)
    assert home.call("state", "check", now=at("14:01")).code == 0
    assert "mine" in (home.folder / "scheduled.yaml").read_text()
    assert "Nothing" not in home.call("config", "prune", "--dry-run", now=now).out


def test_e6_prune_leaves_links_and_what_others_wait_for(home: Home) -> None:
    path = create(home, "--keep", "1h")
    tick(home, "12:00")
    path.rename(path.with_name("once.txt"))
    path.symlink_to("once.txt")
    said = home.call("config", "prune", "--yes", now=at("14:00"))

    assert "is a link" in said.out
    assert path.is_symlink()


def test_e15_a_finished_job_is_not_warned_of(home: Home) -> None:
    create(home, command="no-such-program-at-all")
    assert "no-such-program" in home.call("config", "validate", now=at("11:30")).err
    tick(home, "12:00")

    assert "once" not in home.call("config", "validate", now=at("12:30")).err
