"""Whatever is planted in root's state directory, and whichever command meets it.

What can be planted where is not listed by hand: it is all that is in a state in use, and all that
ticks and commands touch in it, as the interpreter itself reports. Nothing outside is written,
cut, read, listed, removed or given away, nothing hangs, and no traceback is printed.
"""

import contextlib
import itertools
import os
import random
import re
import shutil
import signal
import stat
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from scheduled.cli.main import COMMANDS
from tests.builders import needs, soak
from tests.builders.audited import forked, hangs
from tests.builders.command import Said
from tests.builders.configuration import job_file, written
from tests.builders.people import MALLORY

pytestmark = pytest.mark.slow

SECRET = "a secret of root's"
SAMPLE = 25
TEMPORARY = re.compile(r"\.[^/]+\.[0-9a-f]{12}$")
"""Names that nobody can foresee."""
JOB = 'id: {0}\nschedule: "{1}"\nfirst_run: now\n{2}\n'
CALLS: dict[str, list[list[str]]] = {
    "run": [["run"], ["run", "--dry-run"]],
    "daily-report": [["daily-report"]],
    "trigger": [["trigger", "a"]],
    "status": [["status"], ["status", "--json"]],
    "page": [["page"]],
    "completion": [["completion", "bash"]],
    "list": [["list", "--json"]],
    "ls": [],
    "show": [["show", "a"]],
    "next": [["next"], ["next", "--explain"]],
    "simulate": [["simulate", "--for", "10m"]],
    "why": [["why", "a"], ["why", "late"]],
    "history": [["history"], ["history", "late", "--json"]],
    "logs": [["logs", "a"], ["logs", "late"], ["logs", "a", "--json"]],
    "create": [["create", "new", "daily", "--command", "true"]],
    "update": [["update", "plain", "--schedule", "hourly"]],
    "edit": [["edit", "plain"]],
    "delete": [["delete", "plain", "--yes"]],
    "enable": [["enable", "a"]],
    "disable": [["disable", "a"]],
    "pause": [["pause", "a", "--for", "1h"]],
    "resume": [["resume", "a"]],
    "skip": [["skip", "a"]],
    "defer": [["defer", "a", "1h"]],
    "cancel": [["cancel", "a"], ["cancel", "late", "--stop"]],
    "check": [["check"], ["check", "a", "--max-age", "1h"]],
    "metrics": [["metrics"]],
    "events": [["events", "--json"]],
    "telemetry": [["telemetry", "status"], ["telemetry", "graph"]],
    "stats": [["stats"], ["stats", "a", "--since", "2h"]],
    "branches": [["branches"], ["branches", "--json"]],
    "projects": [["projects"], ["projects", "--json"]],
    "incidents": [["incidents"], ["incidents", "--all", "--json"]],
    "ack": [["ack", "1"]],
    "doctor": [["doctor"]],
    "executors": [["executors"]],
    "notify": [["notify", "test"]],
    "dead-letter": [["dead-letter", "list"], ["dead-letter", "retry", "a"]],
    "config": [["config", "prune", "--yes"], ["config", "validate"], ["config", "show"]],
    "cron": [["cron", "show"]],
    "state": [
        ["state", "check"], ["state", "rebuild"], ["state", "backup"], ["state", "gc"],
        ["state", "gc", "--days", "1"], ["state", "adopt", "--from", "nowhere"],
    ],
    "handlers": [["handlers"]],
}  # fmt: skip
EVERY_CALL = [call for calls in CALLS.values() for call in calls]


class World(NamedTuple):
    """A root directory, and a state in use that belongs to it."""

    root: Path
    state: Path

    def options(self, state: Path) -> list[str]:
        return ["--root", str(self.root), "--state-dir", str(state)]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Two ticks, of which the second was killed: its runs have ended since, and left their ends.

    A process of a run that is over still writes to its output.
    """
    needs.root()
    folder = tmp_path_factory.mktemp("everywhere")
    root, state = folder / "root", folder / "state"
    root.mkdir(mode=0o755)
    written(root, "handler_dirs: handlers\n")
    (root / "handlers").mkdir()
    code = "import time\ndef run(context):\n    context.cache_dir.mkdir(exist_ok=True)\n"
    (root / "handlers" / "own.py").write_text(f"{code}    time.sleep(1)\n")
    job_file(root, "a.yaml", JOB.format("a", "* * * * *", "command: echo a; sleep 900 & echo b"))
    job_file(root, "plain.yaml", JOB.format("plain", "yearly", "command: 'true'"))
    world = World(root, state)
    try:
        assert forked([*world.options(state), "run"], root)[0].code == 0
        job_file(root, "late.yaml", JOB.format("late", "* * * * *", "command: echo late; sleep 1"))
        job_file(root, "own.yaml", JOB.format("own", "* * * * *", "handler: own"))
        kill_a_tick(world)
        yield world
    finally:
        for pid in sleeping(folder):
            os.kill(pid, signal.SIGKILL)


def kill_a_tick(world: World) -> None:
    child = os.fork()
    if child == 0:
        os._exit(forked([*world.options(world.state), "run"], world.root)[0].code)
    until = time.monotonic() + 30
    while not (world.state / "cache" / "own").exists() and time.monotonic() < until:
        time.sleep(0.02)
    for pid in (*children(child), child):
        os.kill(pid, signal.SIGKILL)
    os.waitpid(child, 0)
    while len([*world.state.glob("runs/*/*.exit")]) < 2 and time.monotonic() < until:
        time.sleep(0.02)
    assert [path.name for path in world.state.glob("runs/own/*.result")] != []


def children(pid: int) -> list[int]:
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in listed]


def sleeping(folder: Path) -> list[int]:
    """The processes that the job `a` left behind."""
    found = subprocess.run(
        ["pgrep", "-f", "^sleep 900$"], capture_output=True, text=True, check=False
    )
    pids = [int(pid) for pid in found.stdout.split()]
    return [pid for pid in pids if str(folder) in os.readlink(f"/proc/{pid}/fd/1")]


# What is planted


def link(path: Path, victim: Path) -> None:
    path.symlink_to(victim / "file")


def link_to_a_directory(path: Path, victim: Path) -> None:
    path.symlink_to(victim)


def link_to_nowhere(path: Path, victim: Path) -> None:
    path.symlink_to(victim / "new")


def hard_link(path: Path, victim: Path) -> None:
    os.link(victim / "file", path)


def pipe(path: Path, _: Path) -> None:
    os.mkfifo(path, 0o600)


def directory(path: Path, _: Path) -> None:
    path.mkdir(mode=0o700)
    (path / "in it").touch()


def device(path: Path, _: Path) -> None:
    os.mknod(path, 0o600 | stat.S_IFCHR, os.makedev(1, 5))  # /dev/zero, which has no end


def file_of_somebody_else(path: Path, _: Path) -> None:
    path.write_text(SECRET)
    os.chown(path, MALLORY, MALLORY)


def directory_of_somebody_else(path: Path, _: Path) -> None:
    path.mkdir(mode=0o777)
    (path / f"{SECRET}.log").write_text(SECRET)
    os.chown(path, MALLORY, MALLORY)


WAYS: tuple[Callable[[Path, Path], None], ...] = (
    link, link_to_a_directory, link_to_nowhere, hard_link, pipe, directory, device,
    file_of_somebody_else, directory_of_somebody_else,
)  # fmt: skip


def touched(world: World) -> list[str]:
    """What there is in the state, and what ticks and commands touch in it besides."""
    state = world.state
    names = {str(path.relative_to(state)) for path in state.rglob("*")}
    for call in EVERY_CALL:
        copy = state.with_name("looked-at")
        shutil.copytree(state, copy)
        with kept(world.root):
            names |= forked([*world.options(copy), *call], world.root.parent, copy)[1]
        shutil.rmtree(copy)
    known = {path.name for path in state.glob("runs/*/*")}
    stems = {name.partition(".")[0] for name in known}
    return sorted(
        name
        for name in names
        if not TEMPORARY.search(name)
        and not name.startswith("central")  # others may read these: see test_races.py
        and (
            not name.startswith("runs/")
            or Path(name).name.partition(".")[0] in stems | {"a", "late", "own"}
        )
    )


@contextlib.contextmanager
def kept(root: Path) -> Iterator[None]:
    """Put the job files back that a command has changed."""
    aside = root.with_name("kept")
    shutil.copytree(root, aside)
    try:
        yield
    finally:
        shutil.rmtree(root)
        aside.rename(root)


def content(folder: Path) -> dict[str, tuple[int, int, str]]:
    """Everything in a folder: owner, mode, and what is in it."""
    return {
        str(path): (status.st_uid, status.st_mode, path.read_text() if path.is_file() else "")
        for path in sorted(folder.rglob("*"))
        for status in [path.lstat()]
    }


def a_victim(folder: Path) -> Path:
    """A directory that is not the program's, with files in it that are called like its own."""
    victim = folder / "victim"
    for inner in ("a", "own", "cache"):
        (victim / inner).mkdir(parents=True)
        for file in ("old.log", "2026-01-01.jsonl", "old.exit"):
            (victim / inner / file).write_text(SECRET)
    for file in ("file", "old.log", "2026-01-01.jsonl"):
        (victim / file).write_text(SECRET)
    for path in victim.rglob("*"):
        os.utime(path, (1_700_000_000, 1_700_000_000))
    return victim


def test_g3_every_command_is_among_those_that_are_tried() -> None:
    assert set(CALLS) == set(COMMANDS)


def test_g3_whatever_is_planted_wherever_and_whichever_command_meets_it(
    world: World, tmp_path: Path
) -> None:
    names = touched(world)
    assert {"scheduled_state.json", "heartbeat", "next-due", "locks/journal"} <= set(names)
    assert {Path(name).suffix for name in names} >= {".log", ".exit", ".result", ".jsonl", ".lock"}
    cases = [*itertools.product(names, WAYS, EVERY_CALL)]
    chance = random.Random(soak.count(1, 2))
    failures = []
    for name, way, call in chance.sample(cases, soak.count(SAMPLE, len(cases))):
        place = tmp_path / "place"
        place.mkdir()
        state = Path(shutil.copytree(world.state, place / "state"))
        plant(state / name, way, victim := a_victim(place))
        before = content(victim)

        with kept(world.root):
            said, _ = forked([*world.options(state), *call], place)

        if not is_well(said) or content(victim) != before or is_told(state):
            failures.append((name, way.__name__, call, said))
        shutil.rmtree(place)
    assert failures == []


def plant(path: Path, way: Callable[[Path, Path], None], victim: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    way(path, victim)


def is_well(said: Said) -> bool:
    """Whether a command ended by itself and said nothing it should not."""
    is_secret = SECRET in said.out + said.err
    return not hangs(said) and said.code >= 0 and said.is_plain_speech and not is_secret


def is_told(state: Path) -> bool:
    """Whether what is secret is in a file that others read."""
    return any(SECRET in path.read_text() for path in state.glob("central/*"))
