"""Key rotation is killed: every file can be read with the ring on the disk, every time."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from scheduled.system import linux
from tests.builders import soak
from tests.builders.beside import wait_for
from tests.builders.key_rings import Vault, read_by_manual, vault

KILLS = soak.count(25, 200)
BOTH = {"databases": ["*.db"], "rotate_database_keys": True}
TEXTS = {f"{number}.token": f"text {number}" for number in range(2)} | {"main.db": "rows"}
CALLS = ("open", "write", "fchmod", "fsync", "rename", "replace", "unlink")
"""What changes the disk, of `os`; swapping two names besides."""


@pytest.mark.parametrize("moment", ["before", "torn", "after"])
@pytest.mark.slow
def test_killed_at_every_step_on_the_disk(tmp_path: Path, moment: str) -> None:
    pattern = vault(_made(tmp_path / "pattern"), TEXTS, **BOTH)
    pattern.rotate(2)
    boundary, killed = 0, True
    while killed:
        root = tmp_path / str(boundary)
        shutil.copytree(pattern.root, root)
        mine = Vault(root, **BOTH)

        killed = _killed(lambda v=mine, b=boundary: _rotate_dying_at(v, b, moment))  # type: ignore[misc]

        _check(mine)
        ids = mine.ids()
        result = mine.rotate(3)
        _check(mine)
        assert result["session_keys_rotated"] is result["database_key_rotated"] is True
        # Killed before the new key was there, or not: it is one, and January's has left.
        assert mine.ids()[1:] == pattern.ids()[:1]
        assert mine.ids()[0] == ids[0] or ids == pattern.ids()
        assert mine.ids(name="ring.json.old") == pattern.ids()[1:]
        assert [path.name for path in root.glob(".*")] == []
        boundary += 1
    assert boundary > 40 or (moment == "torn" and boundary > 4)


@pytest.mark.slow
def test_killed_at_every_step_of_making_a_ring(tmp_path: Path) -> None:
    boundary, killed = 0, True
    while killed:
        mine = Vault(_made(tmp_path / str(boundary)))
        killed = _killed(lambda v=mine, b=boundary: _rotate_dying_at(v, b, "before"))  # type: ignore[misc]
        mine.rotate(2)
        mine.put("a.token", "text")
        mine.rotate(3)
        assert mine.get("a.token") == "text"
        boundary += 1
    assert boundary > 4


@pytest.mark.slow
def test_killed_at_random_moments_beside_a_reader(tmp_path: Path) -> None:
    texts = {f"{number}.token": f"text {number}" * 99 for number in range(20)}
    filled = vault(_made(tmp_path / "vault"), texts, overlap_days=10)
    chance = random.Random(20261129)
    month, seconds = 1, 0.0
    for _ in range(3):
        month += 1
        start = _started(filled, month)
        seconds = max(seconds, _ended(start) - start.began)
    midway = kills = 0
    with _reading(filled.root, texts) as misread:
        while kills < KILLS:
            month = month % 9999 + 1
            start = _started(filled, month)
            time.sleep(chance.uniform(0, seconds))
            start.process.kill()
            kills += start.process.wait() == -signal.SIGKILL
            _check(filled, texts)
            midway += filled.document()["session"]["rotation"]["finished"] is None
        assert misread() == []
    _ended(_started(filled, month + 1))
    _check(filled, texts)
    assert midway > KILLS // 10
    assert sorted({path.name for path in filled.root.iterdir()} - {*texts}) == [
        *("ring.json", "ring.json.lock", "ring.json.old"),
    ]
    assert len(filled.ids()) == 2


def _check(vault: Vault, texts: dict[str, str] = TEXTS) -> None:
    read = {
        name: vault.get(name, "database" if name.endswith(".db") else "session") for name in texts
    }
    assert read == texts


def _made(folder: Path) -> Path:
    folder.mkdir(mode=0o700)
    return folder


# ---------------------------------------------------------------- a process that kills itself


def _rotate_dying_at(vault: Vault, boundary: int, moment: str) -> None:
    """Rotate, and be killed at the given call that changes the disk."""
    count = 0

    def counted(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def dying(*arguments: Any, **options: Any) -> Any:
            nonlocal count
            is_change = name != "open" or arguments[1] & os.O_CREAT
            if moment == "torn":
                is_change = name == "write"
            mine, count = is_change and count == boundary, count + bool(is_change)
            if mine and moment == "torn":
                call(arguments[0], arguments[1][: len(arguments[1]) // 2])
            if mine and moment != "after":
                os.kill(os.getpid(), signal.SIGKILL)
            try:
                return call(*arguments, **options)
            finally:
                if mine:
                    os.kill(os.getpid(), signal.SIGKILL)

        return dying

    for name in CALLS:
        setattr(os, name, counted(name, getattr(os, name)))
    linux.exchange = counted("exchange", linux.exchange)
    vault.rotate(3)


def _killed(action: Callable[[], object]) -> bool:
    """Whether a fork that does `action` was killed."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            action()
            code = 0
        finally:
            os._exit(code)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code in (0, -signal.SIGKILL)
    return code != 0


# ---------------------------------------------------------------- a real handler's process


class _Start:
    """The process of a handler, which has just begun its work."""

    def __init__(self, process: subprocess.Popen[bytes], report: Path) -> None:
        self.process = process
        self.report = report
        self.began = time.monotonic()


def _started(vault: Vault, number: int) -> _Start:
    """Start the handler as a run does, for the given month since 2026; wait until it works."""
    report = vault.root.parent / f"report-{number}"
    report.parent.chmod(0o700)
    now = f"{2026 + number // 12}-{number % 12 + 1:02}-01T01:00:00+00:00"
    description = {
        "handler": "scheduled.handlers.maintenance.key_rotation",
        "owners": [0, os.geteuid()],
        "job": "security.key_rotation",
        "run_id": f"run-{number}",
        "zone": "UTC",
        "now": now,
        "slot": now,
        "attempt": 1,
        "catch_up": False,
        "missed": 0,
        "params": vault.params,
        "memory": {},
        **dict.fromkeys(("root", "central_dir", "state_dir", "cache_dir"), str(vault.root)),
    }
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "scheduled.runs.handler_child", str(report)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
    )
    assert process.stdin is not None
    process.stdin.write(json.dumps(description).encode())
    process.stdin.close()
    lock = (vault.root / "ring.json.lock").stat()
    wait_for(lambda: process.poll() is not None or _has_open(process.pid, lock))
    return _Start(process, report)


def _has_open(process: int, file: os.stat_result) -> bool:
    try:
        return any(
            os.path.samestat(os.stat(f"/proc/{process}/fd/{number}"), file)
            for number in os.listdir(f"/proc/{process}/fd")
        )
    except OSError:
        return False


def _ended(start: _Start) -> float:
    """Wait until a handler has ended; return when that was."""
    assert start.process.wait() == 0
    ended = time.monotonic()
    assert json.loads(start.report.read_text())["result"]["session_keys_rotated"] is True
    return ended


@contextmanager
def _reading(root: Path, texts: dict[str, str]) -> Iterator[Callable[[], list[str]]]:
    """Read all files again and again in another process; yield what asks it for what it misread."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        while True:
            for name, text in texts.items():
                try:
                    found = read_by_manual(root / name, root / "ring.json").decode()
                except Exception as error:
                    found = repr(error)
                if found != text:
                    os.write(writer, f"{name}: {found[:80]}\n".encode())
    os.close(writer)

    def misread() -> list[str]:
        os.kill(child, signal.SIGKILL)
        with os.fdopen(reader) as stream:
            return stream.read().splitlines()

    try:
        yield misread
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
