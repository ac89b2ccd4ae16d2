"""A sweep over projects: what is looked into again, and how git is held in check."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from handlers.gaia import project_health
from tests.builders import people
from tests.builders.project_sweeps import NOW, context, facts, health
from tests.builders.repositories import (
    changed,
    cloned,
    committed,
    git,
    in_the_past,
    made,
    marking,
    registry,
)


@pytest.fixture
def mark(projects: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What a git in PATH writes to when it is started."""
    path = projects / "mark"
    monkeypatch.setenv("PATH", f"{marking(projects / 'bin', path)}:{os.environ['PATH']}")
    return path


def started(mark: Path) -> bool:
    """Whether git was started since the last time this was asked."""
    is_marked = mark.exists()
    mark.unlink(missing_ok=True)
    return is_marked


def test_an_unchanged_repository_starts_no_git(projects: Path, mark: Path) -> None:
    registry(
        projects,
        {"a": cloned(projects / "a"), "b": changed(made(projects / "b")), "c": projects / "gone"},
    )
    in_the_past(projects)

    cold = health(projects)
    assert started(mark)

    assert health(projects) == cold
    assert not started(mark)


@pytest.mark.parametrize(
    "change",
    [
        changed,
        lambda project: (project / "new").touch(),
        lambda project: (project / "readme").chmod(0o755),
        lambda project: git(project, "checkout", "-q", "--detach"),
        lambda project: git(project, "update-ref", "refs/remotes/origin/main", "HEAD~0"),
        committed,
        lambda project: git(project, "pack-refs", "--all"),
        lambda project: git(project, "config", "branch.main.merge", "refs/heads/x"),
        lambda project: (project / ".git" / "HEAD").write_text("nonsense"),
    ],
)
def test_a_changed_one_does_and_is_reported_as_it_is_now(
    projects: Path, mark: Path, change: Any
) -> None:
    project = cloned(projects / "a")
    registry(projects, {"a": project})
    in_the_past(projects)
    health(projects)
    health(projects)
    started(mark)

    change(project)
    again = health(projects)

    assert again == project_health.run(context(projects, cache="another cache"))


def test_a_change_that_set_back_its_time_is_seen(projects: Path, mark: Path) -> None:
    project = made(projects / "a")
    before = (project / "readme").stat()
    registry(projects, {"a": project})
    in_the_past(projects)
    health(projects)

    (project / "readme").write_text("two\n")
    os.utime(project / "readme", ns=(before.st_atime_ns, before.st_mtime_ns))

    assert health(projects)["a"]["branch"] == "main"
    assert started(mark)


def test_after_a_day_everything_is_compared_anew(projects: Path, mark: Path) -> None:
    registry(projects, {"a": made(projects / "a")})
    in_the_past(projects)
    health(projects)
    started(mark)

    health(projects, NOW + timedelta(hours=23))
    assert not started(mark)
    health(projects, NOW + timedelta(hours=24))
    assert started(mark)


def test_without_git_the_files_tell_what_they_can(
    projects: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", f"{projects}:bin")
    registry(projects, {"a": changed(cloned(projects / "a")), "b": made(projects / "b")})

    entry = health(projects)["a"]

    assert facts(entry, "branch", "upstream", "dirty", "ahead") == [
        "main",
        "origin/main",
        None,
        None,
    ]
    assert capsys.readouterr().out.count(project_health.NO_GIT) == 1


def test_a_git_that_hangs_is_ended_with_all_it_started(
    projects: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = projects / "bin" / "git"
    slow.parent.mkdir()
    slow.write_text(f"#!/bin/sh\nsleep 1000 &\necho $! > {projects}/pid\nwait\n")
    slow.chmod(0o755)
    monkeypatch.setenv("PATH", f"{slow.parent}:{os.environ['PATH']}")
    registry(projects, {"a": made(projects / "a")})

    entry = health(projects, git_seconds=0.5)["a"]

    child = int((projects / "pid").read_text())
    assert people.wait_for(lambda: not is_running(child))
    assert entry["findings"] == ["git took longer than 0.5 seconds"]
    assert facts(entry, "branch", "dirty", "corrupt") == ["main", None, False]


def is_running(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_a_sweep_that_runs_out_of_time_says_so_and_goes_on_next_time(projects: Path) -> None:
    registry(projects, {"a": made(projects / "a")})
    in_the_past(projects)

    late = health(projects, sweep_seconds=1e-9)["a"]

    assert facts(late, "branch", "dirty") == ["main", None]
    assert late["findings"] == ["not compared: the sweep ran out of time, and the next one goes on"]
    assert health(projects)["a"]["dirty"] is False


def test_a_folder_at_the_end_of_a_link_is_watched(projects: Path, mark: Path) -> None:
    made(projects / "real")
    (projects / "link").symlink_to("real")
    registry(projects, {"a": projects / "link"})
    in_the_past(projects)
    health(projects)

    (projects / "real" / "CLAUDE.md").touch()

    assert health(projects)["a"]["has_claude_md"] is True


def test_nothing_is_left_behind(projects: Path) -> None:
    registry(projects, {"a": made(projects / "a")})

    health(projects)

    assert {path.name for path in (projects / "cache").iterdir()} <= {
        "project_health.sweep",
        "PROJECTS",
    }
