"""Real git repositories in every state, and a registry of GAIA's that names them."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

GIT = {
    "PATH": "/usr/bin:/bin",
    "HOME": "/nonexistent",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "somebody",
    "GIT_AUTHOR_EMAIL": "somebody@example.org",
    "GIT_COMMITTER_NAME": "somebody",
    "GIT_COMMITTER_EMAIL": "somebody@example.org",
}


def git(folder: Path, *words: str) -> str:
    """What `git WORDS` prints in a folder."""
    options = ["-c", "init.defaultBranch=main", "-c", "protocol.file.allow=always"]
    command = ["git", "-C", str(folder), *options, *words]
    done = subprocess.run(command, env=GIT, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def made(folder: Path, **contents: str) -> Path:
    """A repository with a commit of `readme`, and of further files."""
    folder.mkdir(parents=True)
    git(folder, "init", "-q")
    for name, content in {"readme": "one\n", **contents}.items():
        (folder / name).write_text(content)
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "one")
    return folder


def cloned(folder: Path) -> Path:
    """A repository that follows another one beside it, `<name>.origin`."""
    made(folder.with_name(f"{folder.name}.origin"))
    git(folder.parent, "clone", "-q", f"{folder.name}.origin", folder.name)
    return folder


def changed(folder: Path, line: str = "two\n") -> Path:
    """The same repository, with a line in `readme` that is not committed."""
    with (folder / "readme").open("a") as stream:
        stream.write(line)
    return folder


def committed(folder: Path, line: str = "more\n") -> Path:
    """The same repository with one more commit."""
    git(changed(folder, line), "commit", "-qam", "more")
    return folder


def registry(root: Path, projects: dict[str, Any], name: str = "registry.json") -> Path:
    """A registry of projects; of a path alone an entry is made."""
    entries = {
        key: {"name": key.title(), "path": str(entry)} if isinstance(entry, Path) else entry
        for key, entry in projects.items()
    }
    root.mkdir(parents=True, exist_ok=True)
    path = root / name
    document = {"$schema": "gaia-registry-v1", "updated": "2026-02-09", "projects": entries}
    path.write_text(json.dumps(document))
    path.chmod(0o644)
    return path


def marking(folder: Path, mark: Path, name: str = "git") -> Path:
    """A folder for PATH with a git that leaves a mark, and does what git does."""
    folder.mkdir(exist_ok=True)
    program = folder / name
    program.write_text(f'#!/bin/sh\necho "$@" >> {mark}\nexec /usr/bin/git "$@"\n')
    program.chmod(0o755)
    return folder


def in_the_past(folder: Path) -> None:
    """Wait until nothing in a folder is so young that a sweep would not remember it."""
    import time

    newest = max(
        os.lstat(path).st_ctime for path in [folder, *folder.rglob("*")] if os.path.lexists(path)
    )
    while time.time() < newest + 1.2:
        time.sleep(0.05)
