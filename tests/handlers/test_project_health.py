"""The health of projects: real repositories in every state, each reported as it is."""

import os
from pathlib import Path

import pytest

from tests.builders.project_sweeps import BOOLEANS, facts, health, of
from tests.builders.repositories import (
    changed,
    cloned,
    committed,
    git,
    made,
    registry,
)


def test_d7_the_four_booleans_come_first(projects: Path) -> None:
    project = made(projects / "a")
    (project / "tests").mkdir()
    (project / "tests" / "test_it.py").touch()
    (project / "CLAUDE.md").touch()

    entry = of(project, projects)

    assert [*entry][:4] == BOOLEANS
    assert facts(entry, *BOOLEANS) == [True, True, True, True]


def test_a_test_in_a_folder_below_or_of_another_name_is_none(projects: Path) -> None:
    (projects / "a" / "tests" / "deep").mkdir(parents=True)
    (projects / "a" / "tests" / "deep" / "test_it.py").touch()
    (projects / "a" / "tests" / "it_test.py").touch()

    assert of(projects / "a", projects)["has_tests"] is False


def test_a_clean_repository(projects: Path) -> None:
    project = made(projects / "a")

    entry = of(project, projects)

    assert facts(entry, "branch", "dirty", "changed", "untracked") == ["main", False, 0, 0]
    assert entry["commit"] == git(project, "rev-parse", "HEAD")
    flags = ("detached", "bare", "empty", "corrupt", "worktree", "submodule")
    assert facts(entry, *flags) == [False] * 6
    assert facts(entry, "upstream", "ahead", "behind", "owned_by") == [None] * 4
    assert entry["findings"] == []


def test_a_changed_a_staged_and_a_new_file_make_it_dirty(projects: Path) -> None:
    project = changed(made(projects / "a", other="x\n"))
    (project / "other").write_text("y\n")
    git(project, "add", "other")
    (project / "new").touch()

    assert facts(of(project, projects), "dirty", "changed", "untracked") == [True, 2, 1]


def test_a_file_that_was_only_touched_does_not(projects: Path) -> None:
    project = made(projects / "a")
    os.utime(project / "readme", (1, 1))

    assert facts(of(project, projects), "dirty", "changed") == [False, 0]


def test_ahead_and_behind(projects: Path) -> None:
    project = committed(committed(cloned(projects / "a")))
    committed(projects / "a.origin", "there\n")
    git(project, "fetch", "-q")

    assert facts(of(project, projects), "upstream", "ahead", "behind") == ["origin/main", 2, 1]


def test_packed_refs_and_a_nested_branch(projects: Path) -> None:
    project = cloned(projects / "a")
    git(project, "checkout", "-qb", "feature/x", "--track", "origin/main")
    git(committed(project), "pack-refs", "--all")

    entry = of(project, projects)

    assert facts(entry, "branch", "ahead", "behind") == ["feature/x", 1, 0]


def test_a_detached_head(projects: Path) -> None:
    project = made(projects / "a")
    git(project, "checkout", "-q", "--detach")

    assert facts(of(project, projects), "detached", "branch", "dirty") == [True, None, False]


def test_a_bare_repository(projects: Path) -> None:
    made(projects / "a")
    git(projects, "clone", "-q", "--bare", "a", "b")

    entry = of(projects / "b", projects)

    assert facts(entry, "bare", "has_git", "branch", "dirty") == [True, False, "main", None]
    assert entry["findings"] == []


def test_an_empty_repository(projects: Path) -> None:
    (projects / "a").mkdir()
    git(projects / "a", "init", "-q")

    entry = of(projects / "a", projects)

    assert facts(entry, "empty", "branch", "commit", "dirty") == [True, "main", None, False]


def test_a_worktree_and_a_submodule(projects: Path) -> None:
    main = made(projects / "a")
    git(main, "worktree", "add", "-q", "../tree")
    git(main, "submodule", "--quiet", "add", str(made(projects / "b")), "sub")
    registry(projects, {"tree": projects / "tree", "sub": main / "sub", "main": main})

    entries = health(projects)

    assert facts(entries["tree"], "worktree", "submodule", "branch") == [True, False, "tree"]
    assert facts(entries["sub"], "worktree", "submodule", "branch") == [False, True, "main"]
    assert facts(entries["main"], "worktree", "submodule", "changed") == [False, False, 2]
    assert [entry["findings"] for entry in entries.values()] == [[], [], []]


def test_an_operation_that_was_not_finished(projects: Path) -> None:
    project = made(projects / "a")
    git(project, "checkout", "-qb", "other")
    committed(project)
    git(project, "checkout", "-q", "main")
    git(changed(project), "commit", "-qam", "two")
    with pytest.raises(Exception, match="merge"):
        git(project, "merge", "other")

    assert facts(of(project, projects), "operation", "dirty") == ["merge", True]


@pytest.mark.parametrize(
    ("place", "content"),
    [
        ("HEAD", b"nonsense"),
        ("HEAD", b"ref: refs/heads/../../config\n"),
        ("HEAD", b"ref: ../../../etc/passwd\n"),
        ("HEAD", None),
        ("refs/heads/main", b""),
        ("index", b"DIRC nonsense"),
        ("objects", None),
    ],
)
def test_a_corrupt_repository(projects: Path, place: str, content: bytes | None) -> None:
    project = made(projects / "a")
    broken = project / ".git" / place
    if content is not None:
        broken.write_bytes(content)
    elif broken.is_dir():
        broken.rename(projects / "away")
    else:
        broken.unlink()

    entry = of(project, projects)

    assert facts(entry, "exists", "has_git", "corrupt", "dirty") == [True, True, True, None]
    assert entry["findings"][0].startswith("corrupt repository: ")


def test_a_repository_without_its_objects_is_corrupt_bare_or_not(projects: Path) -> None:
    project = made(projects / "a")
    git(projects, "clone", "-q", "--bare", "a", "b")
    for folder in (project / ".git", projects / "b"):
        (folder / "objects").rename(projects / f"objects of {folder.parent.name}")
        (folder / "objects").mkdir()

    assert of(project, projects)["corrupt"] is True
    assert of(projects / "b", projects)["corrupt"] is True


def test_a_file_that_leads_nowhere_is_a_finding(projects: Path) -> None:
    (projects / "a").mkdir()
    (projects / "a" / ".git").write_text("gitdir: /nowhere/at/all\n")

    entry = of(projects / "a", projects)

    assert facts(entry, "has_git", "corrupt") == [True, True]
    assert entry["findings"] == ["corrupt repository: /nowhere/at/all is not there"]


def test_a_pipe_in_the_place_of_a_file_holds_nobody_up(projects: Path) -> None:
    project = made(projects / "a")
    (project / ".git" / "HEAD").unlink()
    os.mkfifo(project / ".git" / "HEAD")

    assert of(project, projects)["corrupt"] is True


def test_a_repository_that_shares_its_files_by_links(projects: Path) -> None:
    shared = cloned(projects / "shared")
    git(committed(shared), "pack-refs", "--all")
    project = projects / "a"
    (project / ".git").mkdir(parents=True)
    for name in ("config", "objects", "refs", "packed-refs", "info"):
        (project / ".git" / name).symlink_to(shared / ".git" / name)
    (project / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    git(project, "reset", "-q", "--hard")

    entry = of(project, projects)

    assert facts(entry, "branch", "dirty", "ahead", "findings") == ["main", False, 1, []]


def test_sha256_and_a_split_index_of_version_4(projects: Path) -> None:
    (projects / "a").mkdir()
    git(projects / "a", "init", "-q", "--object-format=sha256")
    (projects / "a" / "readme").write_text("one\n")
    git(projects / "a", "add", ".")
    git(projects / "a", "commit", "-qm", "one")
    split = made(projects / "b")
    git(split, "update-index", "--index-version=4", "--split-index")
    registry(projects, {"a": projects / "a", "b": changed(split)})

    entries = health(projects)

    assert [entry["dirty"] for entry in entries.values()] == [False, True]
    assert [entry["findings"] for entry in entries.values()] == [[], []]
