"""What a sweep over all projects costs, when nothing is remembered and when nothing changed."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from importlib import import_module
from pathlib import Path

from bench.cost import found, work
from bench.row import Effort, Row
from scheduled.handler import Context

NOW = datetime(2026, 11, 21, 14, 0, tzinfo=UTC)
GROUP = 100
"""Repositories that are copied together."""
TRACKED = ("readme", "pyproject.toml", "src/one.py", "src/two.py", "tests/test_one.py")
SEEN = (
    *("", ".git", ".git/HEAD", ".git/index", ".git/config", ".git/packed-refs"),
    *(".git/refs/heads/main", ".git/info/exclude", "src", "tests", *TRACKED),
)
"""What has to be looked at to know that nothing changed in a repository."""
ENVIRONMENT = {
    "PATH": os.environ.get("PATH", os.defpath),
    "HOME": "/nonexistent",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_AUTHOR_NAME": "bench",
    "GIT_AUTHOR_EMAIL": "bench@example.org",
    "GIT_COMMITTER_NAME": "bench",
    "GIT_COMMITTER_EMAIL": "bench@example.org",
}


def projects(folder: Path, effort: Effort) -> Iterator[Row]:
    """Measure the handler `project_health`, cold and warm."""
    found("git")
    count = effort.of(10_000, GROUP)
    home = _home(folder / "home", count)
    yield effort.row(
        "project_health cold",
        f"project_health, {count:,} projects, cold",
        partial(work, "projects:cold", home),
        "git status in each, two at a time",
        partial(work, "projects:git_status", home, count),
        target=1.5,
        blocks=1,
    )
    yield effort.row(
        "project_health warm",
        f"project_health, {count:,} projects, warm",
        partial(work, "projects:warm", home),
        "os.lstat of the same files",
        partial(work, "projects:bare_stats", home, count),
        target=2.0,
    )


def cold(home: str) -> Callable[[], object]:
    """Sweep without remembering anything."""
    shutil.rmtree(Path(home, "cache"), ignore_errors=True)
    return warm(home)


def warm(home: str) -> Callable[[], object]:
    """Sweep with the facts of the sweep before."""
    run = import_module("scheduled.handlers.gaia.project_health").run
    root = Path(home)
    places = (root, root / "central", root / "cache")
    params = {"sweep_seconds": 10_000}
    context = Context("project_health", "run", NOW, UTC, *places, params=params)
    return lambda: run(context)


def git_status(home: str, count: str) -> Callable[[], object]:
    """Have git compare each repository, and nothing else."""
    folders = "\n".join(_folders(home, int(count))).encode()
    command = ["git", "-C", "{}", "status", "--porcelain=v2", "--branch"]

    def compare() -> None:
        subprocess.run(
            ["xargs", "-P", "2", "-I", "{}", *command],
            input=folders,
            stdout=subprocess.DEVNULL,
            env=ENVIRONMENT,
            check=True,
        )

    return compare


def bare_stats(home: str, count: str) -> Callable[[], object]:
    """Take a stat of each file and folder that counts, and nothing else."""
    paths = [f"{folder}/{name}" for folder in _folders(home, int(count)) for name in SEEN]

    def look() -> None:
        for path in paths:
            try:
                os.lstat(path)
            except OSError:
                continue

    return look


def _home(home: Path, count: int) -> Path:
    """Make a registry of that many small repositories."""
    first = home / "group_0"
    _repository(first / "project_0")
    for number in range(1, GROUP):
        shutil.copytree(first / "project_0", first / f"project_{number}")
    for group in range(1, count // GROUP):
        subprocess.run(["cp", "-r", str(first), str(home / f"group_{group}")], check=True)
    entries = {
        f"p{number}": {"path": folder, "git": True}
        for number, folder in enumerate(_folders(str(home), count))
    }
    registry = home / "registry.json"
    registry.write_text(json.dumps({"$schema": "gaia-registry-v1", "projects": entries}))
    registry.chmod(0o644)
    time.sleep(1.5)  # what is younger than a second is not remembered
    return home


def _repository(folder: Path) -> None:
    for name in TRACKED:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"# {name}\n" * 20 if name.endswith(".py") else "")
    for words in (["init", "-q", "--template="], ["add", "."], ["commit", "-qm", "one"]):
        command = ["git", "-c", "init.defaultBranch=main", "-C", str(folder), *words]
        subprocess.run(command, env=ENVIRONMENT, check=True)


def _folders(home: str, count: int) -> list[str]:
    return [f"{home}/group_{n // GROUP}/project_{n % GROUP}" for n in range(count)]
