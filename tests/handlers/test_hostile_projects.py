"""Repositories in which somebody has planted what git would run, and those of other users."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.builders import needs, people
from tests.builders.people import MALLORY, NOBODY
from tests.builders.project_sweeps import facts, health, of
from tests.builders.repositories import GIT, changed, committed, git, made, registry

HOOKS = ("post-index-change", "post-checkout", "pre-commit", "reference-transaction", "pre-auto-gc")


def plant(project: Path, trap: Path, mark: Path) -> None:
    """Have everything that a repository can name as a program be one that leaves a mark."""
    trap.write_text(f'#!/bin/sh\necho "$0 $@" >> {mark}\ncat 2>/dev/null\n')
    trap.chmod(0o755)
    included = trap.with_name("included")
    included.write_text(f"[core]\n\tfsmonitor = {trap}\n[alias]\n\tstatus = !{trap}\n")
    settings = {
        "filter.evil.clean": str(trap),
        "filter.evil.smudge": str(trap),
        "filter.evil.required": "true",
        "filter.other.process": str(trap),
        "diff.evil.textconv": str(trap),
        "diff.evil.command": str(trap),
        "merge.evil.driver": str(trap),
        "diff.external": str(trap),
        "core.fsmonitor": str(trap),
        "core.hooksPath": str(project / ".git" / "hooks"),
        "core.sshCommand": str(trap),
        "core.gitProxy": str(trap),
        "core.askPass": str(trap),
        "core.pager": str(trap),
        "core.editor": str(trap),
        "core.alternateRefsCommand": str(trap),
        "core.attributesFile": str(project / ".gitattributes"),
        "core.worktree": "/etc",
        "credential.helper": f"!{trap}",
        "gpg.program": str(trap),
        "log.showSignature": "true",
        "include.path": str(included),
        "submodule.recurse": "true",
        "status.submoduleSummary": "true",
        "submodule.sub.update": f"!{trap}",
        "remote.origin.url": f"ext::{trap} %S",
        "remote.origin.promisor": "true",
        "remote.origin.uploadpack": str(trap),
        "extensions.partialClone": "origin",
        "extensions.worktreeConfig": "true",
        "protocol.ext.allow": "always",
    }
    config = project / ".git" / "config"
    if not config.parent.is_dir():  # of a submodule
        config = Path(git(project, "rev-parse", "--absolute-git-dir")) / "config"
        settings.pop("core.worktree")
    for key, value in settings.items():
        git(project.parent, "config", "--file", str(config), key, value)
    (config.parent / "config.worktree").write_text(f"[core]\n\tfsmonitor = {trap}\n")
    for name in HOOKS:
        hook = config.parent / "hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\nexec {trap}\n")
        hook.chmod(0o755)
    attributes = "* filter=evil diff=evil merge=evil\nother filter=other\n"
    (config.parent / "info" / "attributes").write_text(attributes)


@pytest.fixture
def mark(projects: Path) -> Path:
    return projects / "mark"


@pytest.fixture
def planted(projects: Path, mark: Path) -> Path:
    """A repository with a submodule, both full of traps, in which files were touched."""
    attributes = "* filter=evil diff=evil\nother filter=other\n"
    project = made(projects / "a", other="x\n", **{".gitattributes": attributes})
    inner = made(projects / "inner", other="x\n")
    git(project, "submodule", "--quiet", "add", str(inner), "sub")
    git(project, "commit", "-qm", "sub")
    for folder in (project, project / "sub"):
        plant(folder, projects / "trap", mark)
        for name in ("readme", "other"):
            os.utime(folder / name, (1, 1))
    mark.unlink(missing_ok=True)
    return project


def test_git_itself_would_run_what_is_planted(planted: Path, mark: Path) -> None:
    command = ["git", "-C", str(planted), "--work-tree", str(planted), "status"]
    subprocess.run(command, env=GIT, capture_output=True, check=False)

    assert mark.exists()


def test_nothing_that_is_planted_is_run_and_what_is_true_is_reported(
    projects: Path, planted: Path, mark: Path
) -> None:
    registry(projects, {"a": planted, "sub": planted / "sub"})

    entries = health(projects)

    assert not mark.exists()
    assert facts(entries["a"], "branch", "dirty", "changed") == ["main", False, 0]
    assert facts(entries["sub"], "branch", "dirty", "submodule") == ["main", False, True]
    assert [entry["findings"] for entry in entries.values()] == [[], []]


def test_a_change_is_seen_among_traps(projects: Path, planted: Path, mark: Path) -> None:
    registry(projects, {"a": changed(planted), "sub": changed(planted / "sub")})

    entries = health(projects)

    assert not mark.exists()
    assert facts(entries["a"], "dirty", "changed") == [True, 1]
    assert facts(entries["sub"], "dirty", "changed") == [True, 1]


def test_a_missing_object_is_not_fetched(projects: Path, planted: Path, mark: Path) -> None:
    tree = git(planted, "rev-parse", "HEAD^{tree}")
    (planted / ".git" / "objects" / tree[:2] / tree[2:]).unlink()

    entry = of(planted, projects)

    assert not mark.exists()
    assert entry["corrupt"] is True


# ---------------------------------------------------------------- of other users


def logging(projects: Path, log: Path) -> Path:
    """A folder for PATH with a git that says who runs it, and with what."""
    program = projects / "bin" / "git"
    program.parent.mkdir()
    told = "echo $(id -u) $(id -G); env; tr '\\0' ' ' < /proc/self/cmdline; echo \"$@\""
    program.write_text(f'#!/bin/sh\n({told}) >> {log}\nexec /usr/bin/git "$@"\n')
    program.chmod(0o755)
    return program.parent


@pytest.fixture
def log(projects: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What each git writes down about itself."""
    path = projects / "log" / "of-git"
    path.parent.mkdir()
    path.parent.chmod(0o777)
    monkeypatch.setenv("PATH", f"{logging(projects, path)}:{os.environ['PATH']}")
    monkeypatch.setenv("BACKUP_PASSWORD", "s3cret-of-root")
    return path


def test_root_runs_git_as_the_owner_with_nothing_of_root(projects: Path, log: Path) -> None:
    needs.root()
    project = people.give(changed(made(projects / "a")))
    (project / "readme").chmod(0o600)

    entry = of(project, projects)

    assert facts(entry, "branch", "dirty", "owned_by") == ["main", True, None]
    told = log.read_text()
    assert told.splitlines()[0].split() == [str(MALLORY), str(NOBODY)]
    assert "s3cret" not in told
    assert "safe.directory" not in told


def test_what_the_owner_may_not_read_is_not_read_for_them(projects: Path) -> None:
    needs.root()
    private = made(projects / "private")
    git(private, "checkout", "-qb", "secret-plans")
    private.chmod(0o700)
    theirs = projects / "theirs"
    theirs.mkdir()
    (theirs / "link").symlink_to(private)
    (theirs / "repo").mkdir()
    (theirs / "repo" / ".git").symlink_to(private / ".git")
    (theirs / "file").mkdir()
    (theirs / "file" / ".git").write_text(f"gitdir: {private}/.git\n")
    people.give(theirs)
    registry(projects, {name: theirs / name for name in ("link", "repo", "file")})

    entries = health(projects)

    assert "secret-plans" not in json.dumps(entries)
    assert all(entry["findings"] for entry in entries.values())


def test_a_folder_that_anybody_may_replace_is_not_looked_into(projects: Path) -> None:
    needs.root()
    project = made(projects / "open" / "a")
    project.parent.chmod(0o777)

    entry = of(project, projects)

    assert entry["findings"] == [f"others can replace what is in {project.parent}"]
    assert "branch" not in entry


def test_a_repository_of_root_in_a_folder_of_others_is_read_and_git_is_not_run(
    projects: Path, log: Path
) -> None:
    needs.root()
    project = made(projects / "theirs" / "a")
    os.chown(projects / "theirs", MALLORY, MALLORY)

    entry = of(project, projects)

    assert facts(entry, "branch", "owned_by", "dirty") == ["main", "root", None]
    assert not log.exists()


def test_an_ordinary_user_reads_head_and_refs_of_others_and_runs_no_git(
    projects: Path, log: Path
) -> None:
    needs.root()
    project = committed(made(projects / "a"))
    git(project, "pack-refs", "--all")
    people.give(project)
    own = people.give(changed(made(projects / "own")), NOBODY)
    registry(projects, {"a": project, "own": own})
    for name in ("cache", "central"):
        people.give(made_folder(projects / name), NOBODY)
    result = projects / "cache" / "result"

    done = people.as_nobody(lambda: result.write_text(json.dumps(health(projects))) and None)

    assert done == "done"
    entries: dict[str, Any] = json.loads(result.read_text())
    assert facts(entries["a"], "branch", "owned_by", "dirty") == ["main", str(MALLORY), None]
    assert entries["a"]["commit"] == committed_head(project)
    assert facts(entries["own"], "branch", "owned_by", "dirty") == ["main", None, True]
    assert log.read_text().count("--porcelain") == 2  # twice a line for the one that is its own


def test_a_link_of_others_to_a_repository_of_ones_own_tells_nothing_of_it(projects: Path) -> None:
    needs.root()
    own = made(projects / "own")
    git(own, "checkout", "-qb", "secret-plans")
    people.give(own, NOBODY)
    for name in ("file", "common"):
        (projects / name).mkdir()
    (projects / "file" / ".git").write_text(f"gitdir: {own}/.git\n")
    fake = made(projects / "common" / "a") / ".git"
    (fake / "commondir").write_text(f"{own}/.git\n")
    (fake / "HEAD").write_text("ref: refs/heads/secret-plans\n")
    people.give(projects / "file")
    people.give(projects / "common")
    registry(projects, {"file": projects / "file", "common": projects / "common" / "a"})
    for name in ("cache", "central"):
        people.give(made_folder(projects / name), NOBODY)
    result = projects / "cache" / "result"

    people.as_nobody(lambda: result.write_text(json.dumps(health(projects))) and None)

    text = result.read_text()
    assert text.count("it leads to a repository of another user") == 2
    assert "secret-plans" not in text


def test_what_was_found_before_a_process_was_ended_counts(
    projects: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    needs.root()
    killer = projects / "bin" / "git"
    killer.parent.mkdir()
    killer.write_text(
        '#!/bin/sh\ncase "$GIT_WORK_TREE" in */b) kill -9 $PPID;; esac\nexec /usr/bin/git "$@"\n'
    )
    killer.chmod(0o755)
    monkeypatch.setenv("PATH", f"{killer.parent}:{os.environ['PATH']}")
    theirs = {name: people.give(made(projects / name)) for name in ("a", "b", "c")}
    registry(projects, theirs)

    entries = health(projects)

    assert [entry.get("dirty") for entry in entries.values()] == [False, None, None]
    assert entries["c"]["findings"] == [
        "not looked into: it took too long, or was ended by somebody"
    ]


def test_what_a_process_left_that_was_killed_is_removed_by_the_next_one(
    projects: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    needs.root()
    killer = projects / "bin" / "git"
    killer.parent.mkdir()
    killer.write_text("#!/bin/sh\nkill -9 $PPID\n")
    killer.chmod(0o755)
    theirs = people.give(made(projects / "a"), 23_456)
    with monkeypatch.context() as killed:
        killed.setenv("PATH", f"{killer.parent}:{os.environ['PATH']}")
        of(theirs, projects)
    assert folders_of(23_456)
    for folder in folders_of(23_456):
        os.utime(folder, (1, 1))

    of(theirs, projects)

    assert folders_of(23_456) == []


def folders_of(user: int) -> list[Path]:
    return [path for path in Path("/tmp").glob("scheduled-git-*") if path.stat().st_uid == user]


def test_who_stops_a_process_takes_no_time_from_others(
    projects: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    needs.root()
    stopper = projects / "bin" / "git"
    stopper.parent.mkdir()
    mine = f'[ "$(id -u)" = {MALLORY} ] && kill -STOP $PPID'
    stopper.write_text(f'#!/bin/sh\n{mine}\nexec /usr/bin/git "$@"\n')
    stopper.chmod(0o755)
    monkeypatch.setenv("PATH", f"{stopper.parent}:{os.environ['PATH']}")
    theirs = people.give(made(projects / "theirs"))
    others = people.give(made(projects / "others"), NOBODY)
    registry(projects, {"theirs": theirs, "others": others, "own": made(projects / "own")})

    entries = health(projects, sweep_seconds=6)

    assert facts(entries["theirs"], "exists", "has_git") == [True, True]
    assert "not looked into" in entries["theirs"]["findings"][0]
    assert facts(entries["others"], "dirty", "findings") == [False, []]
    assert facts(entries["own"], "dirty", "findings") == [False, []]


def made_folder(path: Path) -> Path:
    path.mkdir()
    return path


def committed_head(project: Path) -> str:
    """The commit of HEAD, by the file: git refuses to look into what is not its user's."""
    return (project / ".git" / "packed-refs").read_text().splitlines()[1].split()[0]


def test_somebody_who_ends_the_process_gets_a_finding_and_no_more(
    projects: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    needs.root()
    killer = projects / "bin" / "git"
    killer.parent.mkdir()
    killer.write_text("#!/bin/sh\nkill -9 $PPID\n")
    killer.chmod(0o755)
    monkeypatch.setenv("PATH", f"{killer.parent}:{os.environ['PATH']}")
    theirs = people.give(made(projects / "a"))
    registry(projects, {"a": theirs, "gone": projects / "gone"})

    entries = health(projects)

    assert entries["a"]["findings"] == [
        "not looked into: it took too long, or was ended by somebody"
    ]
    assert entries["gone"]["findings"] == ["absent: no such directory"]
